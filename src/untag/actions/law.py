"""The laws that texts may cite, and until when an answer is due. Never legal advice."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from untag.findings.rules import Audience


class Law(StrEnum):
    """What a request rests on; `none` is a friendly word."""

    GDPR = "gdpr"
    UK = "uk"
    CCPA = "ccpa"
    LGPD = "lgpd"
    DSA = "dsa"
    NONE = "none"
    TAKE_IT_DOWN = "take-it-down"


CHOICES = (Law.GDPR, Law.UK, Law.CCPA, Law.LGPD, Law.DSA, Law.NONE)
"""Those that a user may choose; the rules on intimate images hold by themselves."""

_EUROPEAN = frozenset({Law.GDPR, Law.UK})
_NOT_PUBLIC = frozenset({Audience.FRIENDS, Audience.ONLY_ME})


@dataclass(frozen=True, slots=True)
class Deadline:
    """Calendar months and days within which an answer is due."""

    months: int = 0
    days: int = 0


DEADLINES = {
    Law.GDPR: Deadline(months=1),  # Art. 12(3)
    Law.UK: Deadline(months=1),
    Law.CCPA: Deadline(days=45),
    Law.TAKE_IT_DOWN: Deadline(days=2),
    # From here on no law has a fixed time; untag chose one.
    Law.LGPD: Deadline(days=15),
    Law.DSA: Deadline(days=14),
    Law.NONE: Deadline(days=14),
}
EXTENSIONS = {Law.GDPR: Deadline(months=2), Law.UK: Deadline(months=2), Law.CCPA: Deadline(days=45)}
"""By how much more the recipient may put an answer off, when it says so and why."""


def due_on(law: Law, requested_on: date) -> date:
    """The last day for an answer: the day of the same number, or the last of the month where there is none."""
    return _after(requested_on, DEADLINES[law])


def extended(law: Law, requested_on: date) -> date:
    """The last day after the recipient said that it takes longer; two weeks more where no law says how long it may.

    All of it counts from the request: a month after 31 January ends early, three months after it do not.
    """
    first, more = DEADLINES[law], EXTENSIONS.get(law, Deadline(days=14))
    return _after(requested_on, Deadline(first.months + more.months, first.days + more.days))


def may_cite_to_poster(audience: Audience) -> bool:
    """Whether a law may be cited to who posted it: what only friends see may be purely household, Art. 2(2)(c)."""
    return audience is Audience.PUBLIC


def may_cite_to_platform(audience: Audience) -> bool:
    """The same towards a company, for which the household is no exception, but for what the public cannot see."""
    return audience not in _NOT_PUBLIC


def has_authority(law: Law) -> bool:
    """Whether an authority takes complaints of single persons about an answer that did not come."""
    return law in {*_EUROPEAN, Law.CCPA, Law.LGPD}


def add_months(day: date, months: int) -> date:
    """The day of the same number so many months later, or the last day of that month where it has none."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _after(day: date, time: Deadline) -> date:
    return add_months(day, time.months) + timedelta(days=time.days)
