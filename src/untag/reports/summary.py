"""What a person needs before the single photos: the counts, the dates, and where each photo is online."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from untag.findings.counting import Counts, Group, Importance, PhotoCount, importance
from untag.support.permalinks import link_key
from untag.types import LinkConfidence, Origin, Place

_SURENESS = (LinkConfidence.CERTAIN, LinkConfidence.PROBABLE, LinkConfidence.NONE)
_NOWHERE = Origin()


@dataclass(frozen=True, slots=True)
class ReportSummary:
    """Of groups: the counts, and how many photos there are of each of `categories`, the commonest first.

    `first_day` and `last_day` are the ISO dates (YYYY-MM-DD) of the oldest and newest photo, of when it was taken or
    else posted; None: no date is known. `all_taken` says that none of all dates is that of a post.
    """

    counts: Counts
    categories: Mapping[str, int]
    first_day: str | None
    last_day: str | None
    all_taken: bool
    several_people: bool


def report_summary(groups: Iterable[Group]) -> ReportSummary:
    """What the groups hold, in whatever order they come."""
    summing = Summing()
    for group in groups:
        summing.add(group)
    return summing.summary()


class Summing:
    """Sums photos up as they come, and holds none."""

    def __init__(self) -> None:
        self._count = PhotoCount()
        self._days = _Days()
        self._categories: Counter[str] = Counter()
        self._first: dict[str, tuple[Importance, int]] = {}
        self._all_taken = True
        # Two tell that there are several.
        self._persons: set[str] = set()

    def add(self, group: Group) -> None:
        """One photo."""
        finding = group.finding
        self._count.add_group(group)
        posted = posted_at(group)
        self._days.add(finding.taken_at)
        self._days.add(posted)
        self._all_taken = self._all_taken and posted is None
        if finding.person is not None and len(self._persons) < 2:
            self._persons.add(finding.person)
        for place, name in enumerate(finding.categories):
            self._categories[name] += 1
            at = importance(group), place
            self._first[name] = min(at, self._first.get(name, at))

    def summary(self) -> ReportSummary:
        """Of the photos so far. Categories that are equally common come as the most important photos have them."""
        ranked = sorted(self._categories, key=lambda name: (-self._categories[name], self._first[name]))
        return ReportSummary(
            counts=self._count.counts,
            categories={name: self._categories[name] for name in ranked},
            first_day=self._days.first,
            last_day=self._days.last,
            all_taken=self._all_taken,
            several_people=len(self._persons) > 1,
        )


class _Days:
    """The first and the last of some days."""

    def __init__(self) -> None:
        self.first: str | None = None
        self.last: str | None = None

    def add(self, moment: str | None) -> None:
        if moment is not None:
            day = moment[:10]
            self.first = day if self.first is None else min(day, self.first)
            self.last = day if self.last is None else max(day, self.last)


def places_online(group: Group) -> list[Place]:
    """Where a picture is online as far as sources say, each page once.

    The place to act on comes first, then certain links before likely ones.
    """
    known = [place for place in group.places if place.origin != _NOWHERE]
    ranked = sorted(known, key=lambda place: _rank(place, group.finding.act_on))
    unique: dict[str, Place] = {}
    for place in ranked:
        link = place.origin.permalink
        unique.setdefault(place.path if link is None else link_key(link), place)
    return list(unique.values())


def posted_at(group: Group) -> str | None:
    """When a photo was posted first, ISO 8601, where it is not known when it was taken; None where that is known."""
    if group.finding.taken_at is not None:
        return None
    origins = (group.finding.origin, *(place.origin for place in group.places))
    return min((origin.posted_at for origin in origins if origin.posted_at is not None), default=None)


def _rank(place: Place, act_on: str | None) -> tuple[bool, bool, int]:
    link = place.origin.permalink
    return link is None or link != act_on, link is None, _SURENESS.index(place.origin.permalink_confidence)
