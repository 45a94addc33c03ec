"""The list of findings: a filter as SQL, the files that meet it in order, and a page of them at a time in full.

The order comes from an index where it can, so that the first page costs the same whatever the archive's size.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from untag.findings.filters import EVERYTHING, FindingFilter, Sort
from untag.store.codec import json_list, path_of
from untag.store.columns import ASSESSMENT, ORIGIN, PLACE
from untag.store.db import Row, Store
from untag.store.records import ABSENT
from untag.store.requests import DUE_PHOTOS
from untag.support.words import name_key
from untag.types import Finding, Place, Status, Verdict

_PAGE = 200
_MOST_BEARERS = 5000
"""Kept at once; what is forgotten is asked for again."""

COPY_LISTED = """EXISTS (SELECT 1 FROM files AS reported JOIN files AS copy ON copy.link = reported.link
        JOIN findings AS other ON other.sha256 = copy.sha256 AND other.verdict <> :other
            AND other.person IS findings.person
        JOIN photos AS copied ON copied.sha256 = copy.sha256 AND copied.engine <> :absent
    WHERE reported.sha256 = findings.sha256 AND reported.link IS NOT NULL)"""
"""Whether a file of a photo that is reported without one lies elsewhere, and is a finding about the same person."""

STATUS = """(SELECT status FROM decisions WHERE decisions.sha256 = findings.sha256 AND undone_at IS NULL
    ORDER BY decisions.id DESC LIMIT 1)"""
MOMENT = "COALESCE(photos.taken_at, files.taken_at, files.posted_at)"

_ORDERS = {
    Sort.RISK: f"findings.risk DESC, {MOMENT} IS NULL, {MOMENT}, files.path",
    Sort.DATE: f"{MOMENT} IS NULL, {MOMENT} DESC, findings.risk DESC, files.path",
    Sort.POSTER: f"files.poster IS NULL, files.poster COLLATE NOCASE, findings.risk DESC, {MOMENT}, files.path",
}

PICTURE = """COALESCE((SELECT representative FROM companions
        JOIN findings AS shown ON shown.sha256 = representative AND shown.person IS findings.person
        WHERE companions.sha256 = findings.sha256
            AND EXISTS (SELECT 1 FROM files WHERE files.sha256 = representative)),
    (SELECT representative FROM near_duplicates
        JOIN findings AS shown ON shown.sha256 = representative
            AND shown.verdict = findings.verdict AND shown.person IS findings.person
        WHERE near_duplicates.sha256 = findings.sha256
            AND EXISTS (SELECT 1 FROM files WHERE files.sha256 = representative)), findings.sha256)"""

_FIRST = "(SELECT {} FROM files AS alike WHERE alike.sha256 = {} ORDER BY first_run, path LIMIT 1)"

_IN_FULL = f"""WITH listed AS (
        SELECT page.key AS position, files.*, {ASSESSMENT.of("findings")}, findings.act_on,
            COALESCE(photos.taken_at, files.taken_at) AS taken, photos.engine = :absent AS absent,
            {STATUS} AS status, {PICTURE} AS picture, {_FIRST.format("path", "findings.sha256")} AS first_path,
            (SELECT COUNT(*) FROM files AS alike WHERE alike.sha256 = findings.sha256) > 1
                OR EXISTS (SELECT 1 FROM near_duplicates WHERE representative = findings.sha256)
                OR EXISTS (SELECT 1 FROM companions WHERE representative = findings.sha256) AS several
        FROM json_each(:page) AS page JOIN files ON files.rowid = page.value
            JOIN findings ON findings.sha256 = files.sha256 JOIN photos ON photos.sha256 = files.sha256
    )
    SELECT *, CASE WHEN picture = sha256 THEN first_path ELSE {_FIRST.format("path", "picture")} END AS picture_path
    FROM listed ORDER BY position"""  # noqa: S608 - constants

_ALIKE = """WITH alike (sha256) AS (
        SELECT :picture
        UNION SELECT near_duplicates.sha256 FROM near_duplicates
            JOIN findings AS other USING (sha256) JOIN findings AS shown ON shown.sha256 = representative
            WHERE representative = :picture AND other.verdict = shown.verdict AND other.person IS shown.person
        UNION SELECT companions.sha256 FROM companions JOIN findings AS shown ON shown.sha256 = representative
            LEFT JOIN findings AS other ON other.sha256 = companions.sha256
            WHERE representative = :picture AND (other.sha256 IS NULL OR other.person IS shown.person)
    )"""
_PLACES = f"""{_ALIKE} SELECT files.* FROM alike JOIN files USING (sha256)
    ORDER BY files.sha256 <> :picture, files.first_run, files.path"""  # noqa: S608 - constants


@dataclass(frozen=True, slots=True)
class Condition:
    """A filter as SQL on findings, files and photos, with its parameters."""

    sql: str
    parameters: dict[str, Any] = field(default_factory=dict)

    def and_of(self, pictures: Iterable[str]) -> Condition:
        """The same for the findings of these pictures alone."""
        of_these = """findings.sha256 IN (SELECT value FROM json_each(:pictures) UNION
            SELECT sha256 FROM near_duplicates WHERE representative IN (SELECT value FROM json_each(:pictures)) UNION
            SELECT sha256 FROM companions WHERE representative IN (SELECT value FROM json_each(:pictures)))"""
        return Condition(f"{self.sql} AND {of_these}", {**self.parameters, "pictures": json_list(pictures)})


def findings(
    store: Store,
    wanted: FindingFilter = EVERYTHING,
    *,
    places: bool = True,
    pictures: Iterable[str] | None = None,
) -> Iterator[Finding]:
    """The findings that meet a filter, one for each file, in its order; by default all, by falling risk.

    With `pictures` only those of these pictures and their copies, by what `Finding.picture` says.

    Those of equal risk come by when they were taken, or else posted, then by path. The file in which a
    photo was seen first has `duplicate_of` None, its other files name that one, and so do all files of its
    near-duplicates, as `replace_groups` has them; a photo that was judged differently since stands for itself.
    So do both files of a Live Photo, as `replace_live` has them, of which one may be no finding by itself.
    A photo that archives report without a file is left out while a copy of it, by its link, is one of the same person.
    `status` is the user's last decision. One finding of each picture, the file that was seen first where it is among
    those asked for, has the `places` of all its files; with `places` false none has. What is written by others while
    they are read may be among them, unless that is within a `Store.snapshot`.
    """
    condition = condition_of(store, wanted)
    bearers = _Bearers(store, condition) if places else None
    tables = FROM if pictures is not None or wanted.sort is not Sort.RISK else _BY_RISK
    if pictures is not None:
        condition = condition.and_of(pictures)
    page: list[int] = []
    for row in _ordered(store, tables, condition, wanted):
        page.append(row["place"])
        if len(page) == _PAGE:
            yield from _in_full(store, page, bearers)
            page = []
    yield from _in_full(store, page, bearers)


def listed_pictures(store: Store, wanted: FindingFilter) -> Iterator[ListedPicture]:
    """What says of each finding that meets a filter which photo it is one of, in its order, whatever its limit is."""
    tables = FROM if wanted.sort is not Sort.RISK else _BY_RISK
    first = _FIRST.format("rowid", PICTURE)
    rows = _ordered(
        store,
        tables,
        condition_of(store, wanted),
        replace(wanted, limit=None, offset=0),
        f"{first} AS first, findings.person AS person, {STATUS} AS status",
    )
    for row in rows:
        yield ListedPicture(row["first"], row["person"], _status_of(row))


def first_files(store: Store, places: Iterable[int]) -> dict[int, tuple[str, str]]:
    """The path and the SHA-256 of files, by what `ListedPicture.first` says of them."""
    query = "SELECT rowid AS place, path, sha256 FROM files WHERE rowid IN (SELECT value FROM json_each(:places))"
    rows = store.rows(query, {"places": json_list(places)})
    return {row["place"]: (path_of(row["path"]), row["sha256"]) for row in rows}


def count_findings(store: Store, wanted: FindingFilter = EVERYTHING) -> int:
    """How many findings meet a filter, whatever its limit is."""
    condition = condition_of(store, wanted)
    query = f"SELECT COUNT(*) AS found FROM {FROM} WHERE {condition.sql}"  # noqa: S608 - own conditions
    row = store.row(query, condition.parameters)
    return 0 if row is None else int(row["found"])


FROM = """findings CROSS JOIN files ON files.sha256 = findings.sha256
    CROSS JOIN photos ON photos.sha256 = findings.sha256"""
"""CROSS JOIN keeps this order of the tables: SQLite would rather sort everything than follow the index of risks."""
_BY_RISK = FROM.replace("findings ", "findings INDEXED BY findings_risk ", 1)


def _ordered(
    store: Store, tables: str, condition: Condition, wanted: FindingFilter, columns: str = "files.rowid AS place"
) -> Iterator[Row]:
    """What meets the condition, in order: unless other columns are named the rowids in `files`."""
    query = f"""SELECT {columns} FROM {tables} WHERE {condition.sql}
        ORDER BY {_ORDERS[wanted.sort]} LIMIT :limit OFFSET :offset"""  # noqa: S608 - own conditions
    page = {"limit": -1 if wanted.limit is None else wanted.limit, "offset": wanted.offset}
    yield from store.rows(query, condition.parameters | page)


def _in_full(store: Store, page: Sequence[int], bearers: _Bearers | None) -> Iterator[Finding]:
    for row in list(store.rows(_IN_FULL, {"page": json_list(page), "absent": ABSENT})) if page else ():
        yield _finding(row, () if bearers is None else bearers.places(row))


class ListedPicture(NamedTuple):
    """What the findings of one photo have in common: the rowid of its first file, whom it shows, what was decided."""

    first: int
    person: str | None
    status: Status


class _Bearers:
    """Which finding of each picture has the places of all its files."""

    def __init__(self, store: Store, condition: Condition) -> None:
        self._store = store
        self._condition = condition
        self._bearers: dict[str, str] = {}

    def places(self, row: Row) -> tuple[Place, ...]:
        """The places of the picture, the row's own first; none where another row has them."""
        own, picture = PLACE.read(row), row["picture"]
        if not row["several"] and picture == row["sha256"]:
            return (own,)
        if picture not in self._bearers:
            if len(self._bearers) >= _MOST_BEARERS:
                self._bearers.clear()
            self._bearers[picture] = self._bearer(row)
        if self._bearers[picture] != own.path:
            return ()
        places = map(PLACE.read, self._store.rows(_PLACES, {"picture": picture}))
        return (own, *(place for place in places if place.path != own.path))

    def _bearer(self, row: Row) -> str:
        query = f"""{_ALIKE} SELECT files.path FROM alike JOIN findings ON findings.sha256 = alike.sha256
            JOIN files ON files.sha256 = findings.sha256 JOIN photos ON photos.sha256 = findings.sha256
            WHERE {self._condition.sql}
            ORDER BY findings.sha256 <> :picture, files.path <> :first, risk DESC, files.path LIMIT 1"""  # noqa: S608 - own conditions
        asked = {"picture": row["picture"], "first": row["first_path"]}
        found = self._store.row(query, self._condition.parameters | asked)
        return path_of(row["path"] if found is None else found["path"])


def condition_of(store: Store, wanted: FindingFilter) -> Condition:
    """What a finding, its photo and a file of it must meet."""
    parts: list[str] = [f"NOT (photos.engine = :absent AND {COPY_LISTED})"]
    given: dict[str, Any] = {"absent": ABSENT, "other": Verdict.OTHER}

    def ask(sql: str, **parameters: Any) -> None:
        parts.append(sql)
        given.update(parameters)

    if wanted.verdicts is not None:
        ask("findings.verdict IN (SELECT value FROM json_each(:verdicts))", verdicts=json_list(wanted.verdicts))
    if wanted.min_risk > 0:
        ask("findings.risk >= :min_risk", min_risk=wanted.min_risk)
    if wanted.categories:
        ask(
            """EXISTS (SELECT 1 FROM json_each(findings.categories)
                WHERE key IN (SELECT value FROM json_each(:categories)))""",
            categories=json_list(wanted.categories),
        )
    if wanted.statuses is not None:
        ask(
            f"COALESCE({STATUS}, :open) IN (SELECT value FROM json_each(:statuses))",  # noqa: S608 - a constant
            open=Status.OPEN,
            statuses=json_list(wanted.statuses),
        )
    if wanted.contents is not None:
        ask("findings.sha256 IN (SELECT value FROM json_each(:contents))", contents=json_list(wanted.contents))
    if wanted.since is not None:
        ask(f"{MOMENT} >= :since", since=wanted.since)
    if wanted.until is not None:
        ask(f"substr({MOMENT}, 1, length(:until)) <= :until", until=wanted.until)
    if wanted.due is not None:
        ask(f"findings.sha256 IN {DUE_PHOTOS}", due=wanted.due)
    for column, names, key in (
        ("findings.person", wanted.persons, name_key),
        ("files.poster", wanted.posters, name_key),
        ("files.platform", wanted.platforms, platform_key),
    ):
        if names:
            parameter = column.partition(".")[2]
            written = json_list(_written(store, column, names, key))
            ask(f"{column} IN (SELECT value FROM json_each(:{parameter}))", **{parameter: written})  # noqa: S608
    return Condition(" AND ".join(parts), given)


def platform_key(name: str) -> str:
    """What two writings of a platform's name have in common; X was called Twitter."""
    key = name.casefold().replace("-", "_").replace(" ", "_")
    return "x" if key == "twitter" else key


def names_on_record(store: Store, column: str) -> list[str]:
    """What there is in a column of names: "findings.person", "files.poster" or "files.platform"."""
    table = column.partition(".")[0]
    query = f"SELECT DISTINCT {column} AS name FROM {table} WHERE {column} IS NOT NULL"  # noqa: S608 - own names
    return sorted(row["name"] for row in store.rows(query))


def _written(store: Store, column: str, names: frozenset[str], key: Callable[[str], str]) -> list[str]:
    """The names as the column has them."""
    wanted = {key(name) for name in names}
    return [name for name in names_on_record(store, column) if key(name) in wanted]


def _status_of(row: Row) -> Status:
    return Status.OPEN if row["status"] is None else Status(row["status"])


def _finding(row: Row, places: tuple[Place, ...]) -> Finding:
    path, first = path_of(row["path"]), path_of(row["picture_path"])
    return Finding(
        path=path,
        sha256=row["sha256"],
        source=row["source"],
        origin=ORIGIN.read(row),
        status=_status_of(row),
        taken_at=row["taken"],
        duplicate_of=None if path == first else first,
        places=places,
        absent=bool(row["absent"]),
        picture=row["picture"],
        act_on=row["act_on"],
        **ASSESSMENT.fields(row),
    )
