"""Runs: when each scan began, ended and was reported to the user, what it was given, what it counted.

`finished_at` stays NULL for a run that was interrupted, `reported_at` until the user has seen what it found.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from untag.store.codec import now
from untag.store.db import Store
from untag.store.lock import lock_holder


@dataclass(frozen=True, slots=True)
class LastScan:
    """The scan that began last. `process` is the id of the one that runs it now, 0 where that cannot be told.

    Times are ISO 8601; `finished_at` is None for one that runs or was interrupted. `photos` have been seen of it so
    far, and `findings` of them are new since the run began.
    """

    paths: tuple[str, ...]
    started_at: str
    finished_at: str | None
    process: int | None
    photos: int
    findings: int


def last_scan(store: Store) -> LastScan | None:
    """The scan that began last, whoever runs it; None before the first."""
    row = store.row("SELECT * FROM runs WHERE paths <> '[]' ORDER BY id DESC LIMIT 1")
    if row is None:
        return None
    seen = store.row(
        """SELECT COUNT(*) AS photos FROM files WHERE seen_run = :run
            OR folder IN (SELECT path FROM folders WHERE seen_run = :run)""",
        {"run": row["id"]},
    )
    found = store.row("SELECT COUNT(*) AS findings FROM findings WHERE first_run = ?", (row["id"],))
    return LastScan(
        tuple(json.loads(row["paths"])),
        row["started_at"],
        row["finished_at"],
        None if row["finished_at"] is not None else lock_holder(store.home),
        0 if seen is None else int(seen["photos"]),
        0 if found is None else int(found["findings"]),
    )


def scanned_paths(store: Store) -> list[str]:
    """The paths that finished scans were given, the latest first, each once."""
    rows = store.rows("SELECT paths FROM runs WHERE finished_at IS NOT NULL AND paths <> '[]' ORDER BY id DESC")
    return list(dict.fromkeys(path for row in rows for path in json.loads(row["paths"])))


def start_run(store: Store, paths: Sequence[str]) -> int:
    """Record that a scan of `paths` begins; returns its id."""
    return store.insert("runs", {"started_at": now(), "paths": json.dumps(list(paths))})


def finish_run(store: Store, run_id: int, counts: Mapping[str, int]) -> None:
    """Record that the run saw everything it was given."""
    store.execute("UPDATE runs SET finished_at = ?, counts = ? WHERE id = ?", (now(), json.dumps(dict(counts)), run_id))


def mark_reported(store: Store, run_id: int) -> None:
    """Record that the user was shown what the run found, so that it is not new any more.

    Call it when the output has been written and flushed, and as the last thing: a run that is killed earlier leaves its
    findings new for the next one. Better shown twice than never.
    """
    store.execute("UPDATE runs SET reported_at = ? WHERE id = ? AND finished_at IS NOT NULL", (now(), run_id))


def last_run(store: Store) -> int:
    """The id of the last run that began, or 0."""
    row = store.row("SELECT MAX(id) AS last FROM runs")
    return 0 if row is None or row["last"] is None else int(row["last"])


def scan_before_last(store: Store) -> tuple[int, str] | None:
    """The id of the finished run before the last one, and when it ended; None where there is none."""
    row = store.row("SELECT id, finished_at FROM runs WHERE finished_at IS NOT NULL ORDER BY id DESC LIMIT 1 OFFSET 1")
    return None if row is None else (int(row["id"]), row["finished_at"])
