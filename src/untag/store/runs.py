"""Runs: when each scan began, ended and was reported to the user, what it was given, what it counted."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from untag.store.codec import now
from untag.store.db import Row, Store


@dataclass(frozen=True, slots=True)
class Run:
    """One scan; `finished_at` is None while it runs, and for ever when it was interrupted. Times are ISO 8601 UTC.

    `reported_at` is None until the user was told of it: a run that was killed before that told nobody.
    """

    id: int
    started_at: str
    finished_at: str | None
    paths: tuple[str, ...]
    counts: Mapping[str, int]
    reported_at: str | None = None


def start_run(store: Store, paths: Sequence[str]) -> int:
    """Record that a scan of `paths` begins; returns its id."""
    return store.insert("INSERT INTO runs (started_at, paths) VALUES (?, ?)", (now(), json.dumps(list(paths))))


def finish_run(store: Store, run_id: int, counts: Mapping[str, int]) -> None:
    """Record that the run saw everything it was given."""
    store.execute("UPDATE runs SET finished_at = ?, counts = ? WHERE id = ?", (now(), json.dumps(dict(counts)), run_id))


def mark_reported(store: Store, run_id: int) -> None:
    """Record that the user was told what the run found, so that it is not new any more.

    Call it when the output has been written and flushed, and as the last thing: a run that is killed earlier leaves its
    findings new for the next one. Better told twice than never.
    """
    store.execute("UPDATE runs SET reported_at = ? WHERE id = ? AND finished_at IS NOT NULL", (now(), run_id))


def last_run(store: Store) -> Run | None:
    """The newest run, finished or not."""
    row = store.row("SELECT * FROM runs ORDER BY id DESC LIMIT 1")
    return None if row is None else _run(row)


def runs(store: Store) -> Iterator[Run]:
    """All runs, the newest first."""
    return map(_run, store.rows("SELECT * FROM runs ORDER BY id DESC"))


def _run(row: Row) -> Run:
    return Run(
        row["id"],
        row["started_at"],
        row["finished_at"],
        tuple(json.loads(row["paths"])),
        json.loads(row["counts"]),
        row["reported_at"],
    )
