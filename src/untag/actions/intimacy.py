"""Which photos count as intimate: a picture with all its copies, whatever was decided about each of them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from untag.actions.words import day_of
from untag.findings.counting import picture_of
from untag.types import Finding

INTIMATE_CATEGORIES = frozenset({"nudity"})
INTIMATE_UNDER_18 = frozenset({"nudity", "swimwear"})
_ADULT_YEARS = 18


@dataclass(frozen=True, slots=True)
class Known:
    """What all findings of one picture say together: what they show, and the first day that one of them names."""

    categories: frozenset[str]
    contents: frozenset[str]
    day: date | None

    def was_under_18(self, born: date | None) -> bool | None:
        """Whether the user was; None where the birthday or the day is not known."""
        if born is None or self.day is None:
            return None
        before_birthday = (self.day.month, self.day.day) < (born.month, born.day)
        return self.day.year - born.year - before_birthday < _ADULT_YEARS

    def is_intimate(self, born: date | None) -> bool:
        """Whether any of them shows what is for no friend; before the user was 18, swimwear counts as well."""
        wanted = INTIMATE_UNDER_18 if self.was_under_18(born) else INTIMATE_CATEGORIES
        return not wanted.isdisjoint(self.categories)


def known_of(findings: Iterable[Finding], alike: Mapping[str, str] = MappingProxyType({})) -> Mapping[str, Known]:
    """What is known of each picture, by `picture_key`."""
    by_picture: dict[str, list[Finding]] = {}
    for finding in findings:
        by_picture.setdefault(picture_key(finding, alike), []).append(finding)
    return {key: _known(members) for key, members in by_picture.items()}


def picture_key(finding: Finding, alike: Mapping[str, str] = MappingProxyType({})) -> str:
    """What the findings of one picture and of its copies have in common.

    `alike` names the picture of copies of which something else was found, such as another person: they are listed for
    themselves, and show the same.
    """
    own = finding.picture or picture_of(finding)[0]
    return alike.get(own, own)


def _known(members: list[Finding]) -> Known:
    return Known(
        frozenset(category for one in members for category in one.categories),
        frozenset(one.sha256 for one in members),
        _first_day(members),
    )


def _first_day(members: list[Finding]) -> date | None:
    """When it was taken by any copy or place, else when it was posted first."""
    origins = [origin for one in members for origin in (one.origin, *(place.origin for place in one.places))]
    taken = [*(one.taken_at for one in members), *(origin.taken_at for origin in origins)]
    for texts in (taken, [origin.posted_at for origin in origins]):
        days = [day for day in map(day_of, texts) if day is not None]
        if days:
            return min(days)
    return None
