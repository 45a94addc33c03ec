"""Files of one shot: short videos and raw files with the photos of their name, and which finding stands for them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from untag.findings.live import MOST_BYTES, RAW, STILL, Part, stem_of, suffix_of
from untag.store.codec import json_list, path_key, path_of
from untag.store.columns import spans_of
from untag.store.db import Row, Store
from untag.types import Verdict

_PART = """SELECT files.path, files.sha256, files.size, photos.taken_at, verdict, person, risk, spans
    FROM files CROSS JOIN photos ON photos.sha256 = files.sha256 LEFT JOIN findings ON findings.sha256 = files.sha256"""

_VIDEO = "lower(substr(files.path, -4)) IN ('.mov', '.mp4', '.m4v') OR lower(substr(files.path, -3)) = '.mp'"
_RAW = f"lower(substr(files.path, -4)) IN ({', '.join(repr(f'.{suffix}') for suffix in RAW)})"
_OTHERS = f"""{_PART} WHERE (({_VIDEO}) AND files.size <= :most OR {_RAW}) AND files.folder IN
    (SELECT found.folder FROM findings JOIN files AS found ON found.sha256 = findings.sha256)"""  # noqa: S608 - constants

_BESIDE = f"{_PART} WHERE files.path > :least AND files.path < :most"


def live_parts(store: Store) -> Iterator[tuple[Part, list[Part]]]:
    """Each short video and raw file in a folder with a finding, with the photos of its name beside it."""
    for row in list(store.rows(_OTHERS, {"most": MOST_BYTES})):
        other = _part(row)
        stem = stem_of(other.path)
        # "/" comes right behind ".": what lies between begins with the stem and its dot.
        beside = store.rows(_BESIDE, {"least": path_key(stem + "."), "most": path_key(stem + "/")})
        photos = [part for part in map(_part, beside) if suffix_of(part.path) in STILL]
        yield other, [photo for photo in photos if photo.path != other.path]


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
