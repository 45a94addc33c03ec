"""Which findings are asked for, in which order: one description for the command line, the page and Python."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from untag.errors import UsageError
from untag.types import Status, Verdict

SHOWING_YOU = frozenset({Verdict.ME, Verdict.MAYBE})

TO_DO = frozenset({Status.OPEN, Status.IS_ME, Status.UNTAG, Status.REQUEST_REMOVAL})
"""What is listed unless something else is asked for: the photos with which something is still to be done."""

_DAY = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?")


class Sort(StrEnum):
    """What comes first: the greatest risk, the newest photo, or the poster's name by the alphabet."""

    RISK = "risk"
    DATE = "date"
    POSTER = "poster"


@dataclass(frozen=True, slots=True)
class FindingFilter:
    """Which findings are asked for; they need to meet all of it.

    `statuses` and `verdicts` None mean any; an empty set of another field means any as well. Persons, posters and
    platforms are compared without case. `since` and `until` are as `day_of` gives them and include their own day, month
    or year; they are of when a photo was taken, or else posted, and leave out photos of which neither is known.
    `due` is a day: only photos about which somebody was asked whose answer is due then or earlier. `contents` are the
    only SHA-256 that count, None for any. At most `limit` findings are given, after the first `offset`.
    """

    statuses: frozenset[Status] | None = TO_DO
    persons: frozenset[str] = frozenset()
    posters: frozenset[str] = frozenset()
    platforms: frozenset[str] = frozenset()
    categories: frozenset[str] = frozenset()
    verdicts: frozenset[Verdict] | None = SHOWING_YOU
    since: str | None = None
    until: str | None = None
    min_risk: int = 0
    due: str | None = None
    contents: frozenset[str] | None = None
    sort: Sort = Sort.RISK
    limit: int | None = None
    offset: int = 0


EVERYTHING = FindingFilter(statuses=None, verdicts=None)
"""All findings there are."""


def day_of(text: str) -> str:
    """A year, month or day as untag compares it: "2024", "2024-05" or "2024-05-03". Raises UsageError for another."""
    match = _DAY.fullmatch(text.strip())
    if match is None:
        raise UsageError(f"{text!r} is no date; write 2024, 2024-05 or 2024-05-03")
    year, month, day = match.groups()
    try:
        whole = date(int(year), int(month or 1), int(day or 1)).isoformat()
    except ValueError as error:
        raise UsageError(f"there is no date {text!r} ({error}); write 2024, 2024-05 or 2024-05-03") from error
    return whole[: 10 if day else 7 if month else 4]
