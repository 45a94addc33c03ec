"""Photos of one evening: those that somebody took one after the other."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

PAUSE = timedelta(hours=3)
"""What lies further apart is another occasion."""
LONGEST = timedelta(hours=16)


def same_evening(moment: str, others: Iterable[str]) -> frozenset[str]:
    """Those of some moments that belong to the evening of one of them, itself included; ISO 8601, local times.

    From one to the next it is at most `PAUSE`, and at most `LONGEST` from the moment. A date without a time is a day of
    its own: it goes with the same date alone.
    """
    if len(moment) <= len("2019-07-14"):
        return frozenset(other for other in others if other == moment)
    start = _time(moment)
    times = {other: _time(other) for other in others if len(other) > len("2019-07-14")} | {moment: start}
    near = {other: time for other, time in times.items() if abs(time - start) <= LONGEST}
    before = sorted((other for other in near if near[other] <= start), key=lambda other: near[other], reverse=True)
    after = sorted((other for other in near if near[other] >= start), key=lambda other: near[other])
    return frozenset(other for way in (before, after) for other in _until_a_pause(way, near, start))


def _until_a_pause(ordered: list[str], times: dict[str, datetime], start: datetime) -> Iterable[str]:
    last = start
    for moment in ordered:
        if abs(times[moment] - last) > PAUSE:
            return
        last = times[moment]
        yield moment


def _time(moment: str) -> datetime:
    """The time as the camera's clock had it: what it says of its zone is left out, since some photos say none."""
    return datetime.fromisoformat(moment).replace(tzinfo=None)
