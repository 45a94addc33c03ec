"""Files of one shot: short videos and raw files with the photos of their name, and which finding stands for them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from untag.findings.shots import MOST_BYTES, RAW, STILL, Part, stem_of, suffix_of
from untag.store.codec import Key, json_list, path_key, path_of
from untag.store.columns import spans_of
from untag.store.db import Row, Store
from untag.types import Verdict

_COLUMNS = "files.path, files.sha256, files.size, photos.taken_at, verdict, person, risk, spans"
_JUDGED = "CROSS JOIN photos ON photos.sha256 = files.sha256 LEFT JOIN findings ON findings.sha256 = files.sha256"

_VIDEO = "lower(substr(files.path, -4)) IN ('.mov', '.mp4', '.m4v') OR lower(substr(files.path, -3)) = '.mp'"
_RAW = f"lower(substr(files.path, -4)) IN ({', '.join(repr(f'.{suffix}') for suffix in RAW)})"
_OTHERS = f"""SELECT {_COLUMNS} FROM files {_JUDGED}
    WHERE (({_VIDEO}) AND files.size <= :most OR {_RAW}) AND files.folder IN
    (SELECT found.folder FROM findings JOIN files AS found ON found.sha256 = findings.sha256)"""  # noqa: S608 - constants

# Each wanted range of paths is looked up in their index, many by one query.
_BESIDE = f"""WITH wanted (number, least, most) AS (VALUES %s) SELECT number, {_COLUMNS} FROM wanted
    CROSS JOIN files ON files.path > least AND files.path < most {_JUDGED}"""  # noqa: S608 - constants
_AT_ONCE = 300
"""Ranges of a query; older builds of SQLite take 999 parameters."""


def live_parts(store: Store) -> Iterator[tuple[Part, list[Part]]]:
    """Each short video and raw file in a folder with a finding, with the photos of its name beside it."""
    others = [_part(row) for row in store.rows(_OTHERS, {"most": MOST_BYTES})]
    for start in range(0, len(others), _AT_ONCE):
        page = others[start : start + _AT_ONCE]
        beside: defaultdict[int, list[Part]] = defaultdict(list)
        for row in store.rows(_BESIDE % ", ".join(["(?, ?, ?)"] * len(page)), _ranges(page)):
            if suffix_of(path_of(row["path"])) in STILL:
                beside[row["number"]].append(_part(row))
        for number, other in enumerate(page):
            yield other, [photo for photo in beside[number] if photo.path != other.path]


def _ranges(page: Sequence[Part]) -> list[int | Key]:
    # "/" comes right behind ".": what lies between begins with the stem and its dot.
    ranges = [(number, stem_of(other.path)) for number, other in enumerate(page)]
    return [value for number, stem in ranges for value in (number, path_key(stem + "."), path_key(stem + "/"))]


def replace_live(store: Store, standing: Mapping[str, str]) -> None:
    """Record which finding stands for the parts of Live Photos, inside the caller's transaction."""
    store.execute("DELETE FROM companions")
    store.insert_all("companions", [{"sha256": part, "representative": best} for part, best in standing.items()])


def lesser_parts(store: Store, sha256s: Iterable[str]) -> dict[str, str]:
    """The findings for which these findings stand as for one shot with them: by SHA-256, which."""
    rows = store.rows(
        """SELECT companions.sha256, representative FROM companions
            JOIN findings ON findings.sha256 = companions.sha256 JOIN findings AS shown ON shown.sha256 = representative
            WHERE shown.person IS findings.person AND representative IN (SELECT value FROM json_each(?))""",
        (json_list(sha256s),),
    )
    return {row["sha256"]: row["representative"] for row in rows}


def _part(row: Row) -> Part:
    known = row["verdict"] is not None
    spans = spans_of(row["spans"]) if known else ()
    return Part(
        path=path_of(row["path"]),
        sha256=row["sha256"],
        size=row["size"],
        taken_at=row["taken_at"],
        verdict=Verdict(row["verdict"]) if known else None,
        person=row["person"],
        risk=row["risk"] if known else 0,
        until=max((span.until for span in spans), default=0.0),
    )
