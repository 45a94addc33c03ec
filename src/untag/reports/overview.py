"""What a person needs before the single photos: copies folded together, the riskiest first, and the counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from untag.sources.links import link_key
from untag.types import Action, Finding, LinkConfidence, Origin, Place, Status, Verdict

_SURENESS = (LinkConfidence.CERTAIN, LinkConfidence.PROBABLE, LinkConfidence.NONE)
_NOWHERE = Origin()


@dataclass(frozen=True, slots=True)
class Group:
    """One picture: the finding that shows best what to do, and those of its copies."""

    finding: Finding
    copies: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Overview:
    """Counts over groups. `flagged` and `unsure` are still open; `categories` has the commonest first.

    `first_day` and `last_day` are the ISO dates (YYYY-MM-DD) of the oldest and newest photo, of when it was taken or
    else posted; None: no date is known. `all_taken` says that none of all dates is that of a post.
    """

    showing_you: int
    flagged: int
    unsure: int
    without_you: int
    decided: int
    copies: int
    categories: Mapping[str, int]
    first_day: str | None
    last_day: str | None
    all_taken: bool
    several_people: bool


def fold(findings: Iterable[Finding]) -> list[Group]:
    """The findings with copies folded together, highest risk first.

    Copies with another decision stay apart: a copy that is still open must not hide behind one that is done.
    """
    groups: dict[tuple[str, str | None, Status], list[Finding]] = {}
    for finding in findings:
        picture = finding.path if finding.duplicate_of is None else finding.duplicate_of
        groups.setdefault((picture, finding.person, finding.status), []).append(finding)
    folded = [_group(members) for members in groups.values()]
    return sorted(folded, key=lambda group: (-group.finding.risk, -group.finding.similarity, group.finding.path))


def places_online(group: Group) -> list[Place]:
    """Where a picture is online as far as sources say, each page once.

    The place to act on comes first, then certain links before likely ones.
    """
    places = group.finding.places or [
        Place(finding.path, finding.source, finding.origin) for finding in (group.finding, *group.copies)
    ]
    known = [place for place in places if place.origin != _NOWHERE]
    ranked = sorted(known, key=lambda place: _rank(place, group.finding.act_on))
    unique: dict[str, Place] = {}
    for place in ranked:
        link = place.origin.permalink
        unique.setdefault(place.path if link is None else link_key(link), place)
    return list(unique.values())


def posted_at(finding: Finding) -> str | None:
    """When a photo was posted first, ISO 8601, where it is not known when it was taken; None where that is known."""
    if finding.taken_at is not None:
        return None
    origins = (finding.origin, *(place.origin for place in finding.places))
    return min((origin.posted_at for origin in origins if origin.posted_at is not None), default=None)


def _rank(place: Place, act_on: str | None) -> tuple[bool, bool, int]:
    link = place.origin.permalink
    return link is None or link != act_on, link is None, _SURENESS.index(place.origin.permalink_confidence)


def overview(groups: Sequence[Group]) -> Overview:
    """Counts what the groups hold; photos that the user said do not show them count as decided only."""
    findings = [group.finding for group in groups]
    still_you = [finding for finding in findings if finding.status is not Status.NOT_ME]
    open_ones = [finding for finding in findings if finding.status is Status.OPEN]
    taken = [finding.taken_at for finding in findings if finding.taken_at is not None]
    posted = [moment for finding in findings if (moment := posted_at(finding)) is not None]
    days = sorted(moment[:10] for moment in (*taken, *posted))
    return Overview(
        showing_you=sum(finding.verdict is Verdict.ME for finding in still_you),
        flagged=sum(is_flagged(finding) for finding in open_ones),
        unsure=sum(finding.verdict is Verdict.MAYBE for finding in open_ones),
        without_you=sum(finding.verdict is Verdict.OTHER for finding in still_you),
        decided=len(findings) - len(open_ones),
        copies=sum(len(group.copies) for group in groups),
        categories=dict(Counter(name for finding in findings for name in finding.categories).most_common()),
        first_day=days[0] if days else None,
        last_day=days[-1] if days else None,
        all_taken=not posted,
        several_people=len({finding.person for finding in findings if finding.person is not None}) > 1,
    )


def is_flagged(finding: Finding) -> bool:
    """Whether the photo shows the person with something that calls for an action."""
    return finding.verdict is Verdict.ME and bool(finding.categories) and finding.action is not Action.KEEP


def _group(members: Sequence[Finding]) -> Group:
    shown = max(members, key=lambda one: (one.risk, one.origin.permalink is not None, one.duplicate_of is None))
    return Group(shown, tuple(finding for finding in members if finding is not shown))
