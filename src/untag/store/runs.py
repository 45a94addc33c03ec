"""Runs: when each scan began, ended and was reported to the user, what it was given, what it counted.

`finished_at` stays NULL for a run that was interrupted, `reported_at` until the user has seen what it found.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from untag.store.codec import now
from untag.store.db import Store


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
