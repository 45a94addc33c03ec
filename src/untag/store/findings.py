"""Findings: what untag makes of a photo, joined with the files it lies in and with what the user decided."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence

from untag.store.codec import json_list, path_of, text
from untag.store.columns import ASSESSMENT, ORIGIN, PLACE
from untag.store.db import Row, Store
from untag.store.judged import JudgedWith
from untag.store.records import ABSENT
from untag.types import Assessment, Finding, Place, Status, Verdict

_COPY_LISTED = """EXISTS (SELECT 1 FROM files AS reported JOIN files AS copy ON copy.link = reported.link
        JOIN findings AS other ON other.sha256 = copy.sha256 AND other.verdict <> :other
            AND other.person IS findings.person
        JOIN photos AS copied ON copied.sha256 = copy.sha256 AND copied.engine <> :absent
    WHERE reported.sha256 = findings.sha256 AND reported.link IS NOT NULL)"""
"""Whether a file of a photo that is reported without one lies elsewhere, and is a finding about the same person."""

_LISTED = f"""WITH places AS (
        SELECT files.*, FIRST_VALUE(path) OVER (PARTITION BY sha256 ORDER BY first_run, path) AS first_path,
            COUNT(*) OVER (PARTITION BY sha256) AS alike
        FROM files WHERE sha256 IN (SELECT sha256 FROM findings)
    ), listed AS (
        SELECT places.*, {ASSESSMENT.of("findings")}, findings.act_on,
            COALESCE(photos.taken_at, places.taken_at) AS taken,
            photos.engine = :absent AS absent,
            alike > 1 OR EXISTS (SELECT 1 FROM near_duplicates WHERE representative = findings.sha256) AS several,
            (SELECT status FROM decisions WHERE decisions.sha256 = findings.sha256 AND undone_at IS NULL
                ORDER BY decisions.id DESC LIMIT 1) AS status,
            COALESCE((SELECT representative FROM near_duplicates
                JOIN findings AS shown ON shown.sha256 = representative
                    AND shown.verdict = findings.verdict AND shown.person IS findings.person
                WHERE near_duplicates.sha256 = findings.sha256
                    AND EXISTS (SELECT 1 FROM files WHERE files.sha256 = representative)), findings.sha256) AS picture
        FROM findings JOIN photos USING (sha256) JOIN places USING (sha256)
        WHERE (:verdicts IS NULL OR findings.verdict IN (SELECT value FROM json_each(:verdicts)))
            AND (:categories IS NULL OR EXISTS (SELECT 1 FROM json_each(findings.categories)
                WHERE key IN (SELECT value FROM json_each(:categories))))
            AND NOT (photos.engine = :absent AND {_COPY_LISTED})
    )
    SELECT listed.*,
        CASE WHEN picture = sha256 THEN first_path ELSE (SELECT files.path FROM files WHERE files.sha256 = picture
            ORDER BY files.first_run, files.path LIMIT 1) END AS picture_path,
        ROW_NUMBER() OVER (PARTITION BY picture ORDER BY sha256 <> picture, path <> first_path, risk DESC, path) = 1
            AS bears_places
    FROM listed
    ORDER BY risk DESC, COALESCE(taken, posted_at) IS NULL, COALESCE(taken, posted_at), path"""  # noqa: S608 - constants

_PLACES = """WITH alike (sha256) AS (
        SELECT :picture
        UNION SELECT near_duplicates.sha256 FROM near_duplicates
            JOIN findings AS other USING (sha256) JOIN findings AS shown ON shown.sha256 = representative
            WHERE representative = :picture AND other.verdict = shown.verdict AND other.person IS shown.person
    )
    SELECT files.* FROM alike JOIN files USING (sha256)
    ORDER BY files.sha256 <> :picture, files.first_run, files.path"""


def findings(
    store: Store,
    *,
    verdicts: frozenset[Verdict] | None = None,
    categories: frozenset[str] = frozenset(),
    places: bool = True,
) -> Iterator[Finding]:
    """The findings, one for each file, by falling risk, then by when they were taken or else posted, then by path.

    `verdicts` None means all, and no `categories` means any; otherwise a finding needs one of them. The file in which a
    photo was seen first has `duplicate_of` None, its other files name that one, and so do all files of its
    near-duplicates, as `replace_groups` has them; a photo that was judged differently since stands for itself.
    A photo that archives report without a file is left out while a copy of it, by its link, is one of the same person.
    `status` is the user's last decision. One finding of each picture, the file that was seen first where it is among
    those asked for, has the `places` of all its files; with `places` false none has.
    """
    rows = store.rows(
        _LISTED,
        {
            "absent": ABSENT,
            "other": Verdict.OTHER,
            "verdicts": None if verdicts is None else json_list(verdicts),
            "categories": json_list(categories) if categories else None,
        },
    )
    return (_finding(row, _places(store, row) if places else ()) for row in rows)


def replace_findings(
    store: Store,
    run_id: int,
    assessed: Sequence[tuple[str, Assessment | None]],
    *,
    judged_with: JudgedWith | None = None,
    placed: Sequence[str] = (),
) -> None:
    """Write what was assessed again for each hash, in one transaction; None means that there is no finding any more.

    With `judged_with` the photos are recorded as judged so: pass it when they were matched again,
    so that a run that ends between `update_matches` and this is done again. `placed` are the `changed_places` that were
    taken into account.
    """
    with store.transaction():
        save_findings(store, run_id, assessed)
        if judged_with is not None:
            keys = [(judged_with.text, sha256) for sha256, _ in assessed]
            store.execute_many("UPDATE photos SET people_key = ? WHERE sha256 = ?", keys)
        store.execute_many("DELETE FROM changed_places WHERE sha256 = ?", ((sha256,) for sha256 in placed))


def new_findings(store: Store, run_id: int) -> frozenset[str]:
    """The SHA-256 of what became a finding since the last run before this one that was reported, and are not decided.

    A near-duplicate of an older finding counts: a picture that was saved anew for another place shows you there too.
    """
    rows = store.rows(
        f"""SELECT findings.sha256 FROM findings JOIN photos USING (sha256)
        WHERE first_run > COALESCE((SELECT MAX(id) FROM runs WHERE id < :run AND reported_at IS NOT NULL), 0)
            AND NOT (photos.engine = :absent AND {_COPY_LISTED})
            AND EXISTS (SELECT 1 FROM files WHERE files.sha256 = findings.sha256)
            AND NOT EXISTS (SELECT 1 FROM decisions WHERE decisions.sha256 = findings.sha256 AND undone_at IS NULL)""",  # noqa: S608 - a constant
        {"run": run_id, "absent": ABSENT, "other": Verdict.OTHER},
    )
    return frozenset(row["sha256"] for row in rows)


def save_findings(store: Store, run_id: int, assessed: Iterable[tuple[str, Assessment | None]]) -> None:
    """Write or remove the findings of contents, inside the caller's transaction; `first_run` stays what it was."""
    found = dict(assessed)
    gone = [(sha256,) for sha256, assessment in found.items() if assessment is None]
    store.execute_many("DELETE FROM findings WHERE sha256 = ?", gone)
    rows = [
        {"sha256": sha256, **ASSESSMENT.values(assessment), "act_on": text(assessment.act_on), "first_run": run_id}
        for sha256, assessment in found.items()
        if assessment is not None
    ]
    store.upsert_all("findings", rows, "sha256", instead={"first_run": "first_run"})


def _places(store: Store, row: Row) -> tuple[Place, ...]:
    """The places of the picture that a row of `_LISTED` bears, the row's own first."""
    if not row["bears_places"]:
        return ()
    own = PLACE.read(row)
    if not row["several"] and row["picture"] == row["sha256"]:
        return (own,)
    places = map(PLACE.read, store.rows(_PLACES, {"picture": row["picture"]}))
    return (own, *(place for place in places if place.path != own.path))


def flagged_from(store: Store, thresholds: Mapping[str, float]) -> int:
    """How many photos of somebody enrolled that show nothing now would show something with these thresholds."""
    row = store.row(
        """SELECT COUNT(*) AS photos FROM findings WHERE categories = '{}' AND verdict <> :other AND EXISTS
            (SELECT 1 FROM scenes JOIN json_each(:thresholds) AS wanted ON wanted.key = category
            WHERE scenes.sha256 = findings.sha256 AND score >= wanted.value)""",
        {"other": Verdict.OTHER, "thresholds": json.dumps(dict(thresholds))},
    )
    return 0 if row is None else int(row["photos"])


def _finding(row: Row, places: tuple[Place, ...]) -> Finding:
    path, first = path_of(row["path"]), path_of(row["picture_path"])
    return Finding(
        path=path,
        sha256=row["sha256"],
        source=row["source"],
        origin=ORIGIN.read(row),
        status=Status.OPEN if row["status"] is None else Status(row["status"]),
        taken_at=row["taken"],
        duplicate_of=None if path == first else first,
        places=places,
        absent=bool(row["absent"]),
        picture=row["picture"],
        act_on=row["act_on"],
        **ASSESSMENT.fields(row),
    )
