"""When the daily scan is due: once for each day, whatever the machine slept through and whatever the clocks do."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime, time, timedelta

from untag.schedule.plan import Schedule


def last_due(schedule: Schedule, now: datetime, seed: str) -> datetime:
    """The latest moment at or before `now` at which the daily scan was due; both are aware, the result in UTC.

    The time of day is local. One that the clocks leave out comes within an hour of it, and of one that they have twice
    the first counts.
    """
    today = now.astimezone().date()
    moments = (_moment(schedule, today + timedelta(days=days), seed) for days in (0, -1, -2))
    return next(moment for moment in moments if moment <= now)


def next_due(schedule: Schedule, now: datetime, seed: str) -> datetime:
    """The first moment after `now` at which the daily scan is due, in UTC."""
    today = now.astimezone().date()
    moments = (_moment(schedule, today + timedelta(days=days), seed) for days in (-1, 0, 1, 2))
    return next(moment for moment in moments if moment > now)


def is_due(schedule: Schedule, now: datetime, seed: str, last: datetime | None) -> bool:
    """Whether a daily scan is to begin, the last one that counts having begun at `last`."""
    return last is None or last < last_due(schedule, now, seed)


def _moment(schedule: Schedule, day: date, seed: str) -> datetime:
    local = datetime.combine(day, time(schedule.hour, schedule.minute)).astimezone()
    return local.astimezone(UTC) + timedelta(minutes=_later(schedule.spread, day, seed))


def _later(spread: int, day: date, seed: str) -> int:
    """Minutes after the hour: another number each day and in each home, so that not all machines start at once."""
    digest = hashlib.sha256(f"{seed}\n{day.isoformat()}".encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:4], "big") % (spread + 1)
