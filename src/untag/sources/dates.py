"""Dates as archives write them in words and digits, in ISO 8601: with a zone only where one is written."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

FIRST_YEAR, LAST_YEAR = 1900, 2199
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WRITTEN = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d):(\d\d)(?:\.\d{1,9})?(?: ?(UTC|Z|\+00:00))?)?", re.ASCII
)


def moment(year: int, month: int, day: int, clock: Sequence[int] = (), *, utc: bool = False) -> str | None:
    """ISO 8601 of a day, or of the hour, minute and second in `clock`; None for no time of a photo."""
    hour, minute, second = (*clock, 0, 0, 0)[:3]
    try:
        found = datetime(year, month, day, hour, minute, second, tzinfo=UTC if utc else None)
    except (ValueError, OverflowError):
        return None
    if not FIRST_YEAR <= year <= LAST_YEAR:
        return None
    return found.isoformat() if clock else found.date().isoformat()


def written_time(value: Any) -> str | None:
    """ISO 8601 of `2021-07-01 12:00:00 UTC`, with `T`, without the zone, or of the day alone; None for another text."""
    match = _WRITTEN.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        return None
    year, month, day, *clock = (int(part) for part in match.groups()[:-1] if part is not None)
    return moment(year, month, day, clock, utc=match[7] is not None)


def english_month(name: str) -> int | None:
    """The number of a month by its English name, whole or its first three letters."""
    key = name[:3].lower()
    return _MONTHS.index(key) + 1 if key in _MONTHS else None
