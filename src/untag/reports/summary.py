"""What a person needs before the single photos: the counts, the dates, and where each photo is online."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from untag.findings.counting import Counts, Group, count
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


def report_summary(groups: Sequence[Group]) -> ReportSummary:
    """What the groups hold."""
    findings = [group.finding for group in groups]
    taken = [finding.taken_at for finding in findings if finding.taken_at is not None]
    posted = [moment for group in groups if (moment := posted_at(group)) is not None]
    days = sorted(moment[:10] for moment in (*taken, *posted))
    return ReportSummary(
        counts=count(finding for group in groups for finding in (group.finding, *group.copies)),
        categories=dict(Counter(name for finding in findings for name in finding.categories).most_common()),
        first_day=days[0] if days else None,
        last_day=days[-1] if days else None,
        all_taken=not posted,
        several_people=len({finding.person for finding in findings if finding.person is not None}) > 1,
    )


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
