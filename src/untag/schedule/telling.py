"""What a user is told of scheduled runs: how many, and never who or where."""

from __future__ import annotations

from collections.abc import Sequence

from untag.schedule.history import ScheduledRun
from untag.support.words import counted

_DONE = frozenset({0, 1, 3, 4, 75, 130})
"""Statuses of a scan that was one; any other says that nothing was scanned."""


def news_of(runs: Sequence[ScheduledRun], before: ScheduledRun | None, due: int) -> str | None:
    """One sentence about runs of which nothing was said yet; None where nothing calls for attention.

    `before` is the last run that the user knows of: what was away or due then is no news. `due` requests wait for an
    answer.
    """
    parts = []
    new = sum(run.new for run in runs)
    if new:
        risk = max(run.highest_risk for run in runs)
        parts.append(f"{counted(new, 'new photo')}, the highest risk {risk}")
    known = set() if before is None else set(before.away)
    away = {place for run in runs for place in run.away} - known
    if away:
        parts.append(f"{counted(len(away), 'place')} away")
    killed = sum(run.ended_at is None for run in runs)
    if killed:
        parts.append(f"{counted(killed, 'scan was', 'scans were')} killed")
    failed = sum(run.status is not None and run.status not in _DONE for run in runs)
    if failed:
        parts.append(f"{counted(failed, 'scan')} failed")
    if any(run.before_failed for run in runs):
        parts.append("the command before the scan failed")
    if due > (0 if before is None else before.due):
        parts.append(f"{counted(due, 'request')} due")
    return f"{'; '.join(parts)}. See: untag schedule status" if parts else None
