"""Near-duplicates among the findings: what they are recognised by, and which of them are copies of which."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from untag.findings.hashes import HashedPhoto
from untag.store.codec import json_list, unsigned
from untag.store.columns import boxes_of
from untag.store.db import Row, Store
from untag.types import Verdict


def hashed_findings(store: Store) -> Iterator[HashedPhoto]:
    """Every photo that has a finding, a perceptual hash and a file, by its SHA-256."""
    rows = store.rows(
        """SELECT findings.sha256, phash, width, height, verdict, person, photos.taken_at, faces,
            (SELECT MIN(first_run) FROM files WHERE files.sha256 = findings.sha256) AS seen
        FROM findings JOIN photos USING (sha256)
        WHERE phash IS NOT NULL AND seen IS NOT NULL ORDER BY findings.sha256"""
    )
    return map(_hashed, rows)


def pictures_of(store: Store, sha256s: Iterable[str]) -> dict[str, str]:
    """The SHA-256 of the representative of each of these photos that is a lesser copy, or a part of a Live Photo."""
    rows = store.rows(
        """SELECT sha256, representative FROM near_duplicates WHERE sha256 IN (SELECT value FROM json_each(:some))
        UNION ALL SELECT sha256, representative FROM companions WHERE sha256 IN (SELECT value FROM json_each(:some))""",
        {"some": json_list(sha256s)},
    )
    return {row["sha256"]: row["representative"] for row in rows}


def replace_groups(store: Store, representatives: Mapping[str, str]) -> None:
    """Record which findings are lesser copies of which, inside the caller's transaction.

    `representatives` maps the SHA-256 of each lesser copy to that of its representative; all others are single.
    """
    store.execute("DELETE FROM near_duplicates")
    rows = [{"sha256": lesser, "representative": best} for lesser, best in representatives.items()]
    store.insert_all("near_duplicates", rows)


def _hashed(row: Row) -> HashedPhoto:
    phash = unsigned(row["phash"])
    assert phash is not None
    return HashedPhoto(
        sha256=row["sha256"],
        phash=phash,
        width=row["width"],
        height=row["height"],
        verdict=Verdict(row["verdict"]),
        person=row["person"],
        seen=row["seen"],
        taken_at=row["taken_at"],
        faces=boxes_of(row["faces"]),
    )
