"""What changed in the list since somebody looked at it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from untag.store.db import DATABASE_NAME, Store
from untag.types import Status


@dataclass(frozen=True, slots=True)
class Changes:
    """`mark` stands for the moment; `statuses` are the decisions that count now of the contents decided since another.

    `judged` is the number of the last run, of whatever kind, that may have changed findings.
    """

    mark: str
    judged: int
    statuses: Mapping[str, Status]


def written_last(home: Path) -> tuple[int, ...]:
    """What changes of the files of a database when somebody writes to it: which they are, how long, and since when."""
    found: list[int] = []
    for name in (DATABASE_NAME, f"{DATABASE_NAME}-wal"):
        with suppress(OSError):
            seen = (home / name).stat()
            # Who only reads makes an empty log, and takes it away.
            found += [seen.st_ino, seen.st_size, seen.st_mtime_ns] if seen.st_size else []
    return tuple(found)


def changes(store: Store, since: str | None) -> Changes:
    """What was decided or taken back since a mark, by anybody; without one, or one that is none, only the mark."""
    row = store.row(
        """SELECT COALESCE(MAX(id), 0) AS last, COALESCE(MAX(undone_at), '') AS undone, COUNT(undone_at) AS times,
            (SELECT COALESCE(MAX(id), 0) FROM runs) AS judged FROM decisions"""
    )
    assert row is not None
    mark = f"{row['last']}/{row['undone']}/{row['times']}"
    before = None if since is None or since == mark else _read(since)
    return Changes(mark, row["judged"], {} if before is None else _decided(store, *before))


def _read(mark: str) -> tuple[int, str] | None:
    last, _, rest = mark.partition("/")
    return (int(last), rest.partition("/")[0]) if last.isdecimal() and len(last) < 19 else None


def _decided(store: Store, last: int, undone: str) -> dict[str, Status]:
    rows = store.rows(
        """SELECT DISTINCT sha256, (SELECT status FROM decisions AS counting WHERE counting.sha256 = decisions.sha256
                AND counting.undone_at IS NULL ORDER BY counting.id DESC LIMIT 1) AS status
            FROM decisions WHERE id > ? OR undone_at >= ?""",
        (last, undone),
    )
    return {row["sha256"]: Status.OPEN if row["status"] is None else Status(row["status"]) for row in rows}
