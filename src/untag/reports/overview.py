"""What a person needs before the single photos: copies folded together, the riskiest first, and the counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

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

    `first_day` and `last_day` are the ISO dates (YYYY-MM-DD) of the oldest and newest photo; None: no date is known.
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
    """Where a picture is online as far as sources say, each address once, certain links before likely ones."""
    places = group.finding.places or [
        Place(finding.path, finding.source, finding.origin) for finding in (group.finding, *group.copies)
    ]
    known = [place for place in places if place.origin != _NOWHERE]
    ranked = sorted(known, key=lambda place: (place.origin.permalink is None, _sureness(place)))
    unique: dict[str, Place] = {}
    for place in ranked:
        unique.setdefault(place.origin.permalink or place.path, place)
    return list(unique.values())


def _sureness(place: Place) -> int:
    return _SURENESS.index(place.origin.permalink_confidence)


def overview(groups: Sequence[Group]) -> Overview:
    """Counts what the groups hold; photos that the user said do not show them count as decided only."""
    findings = [group.finding for group in groups]
    still_you = [finding for finding in findings if finding.status is not Status.NOT_ME]
    open_ones = [finding for finding in findings if finding.status is Status.OPEN]
    days = sorted(finding.taken_at[:10] for finding in findings if finding.taken_at is not None)
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
        several_people=len({finding.person for finding in findings if finding.person is not None}) > 1,
    )


def is_flagged(finding: Finding) -> bool:
    """Whether the photo shows the person with something that calls for an action."""
    return finding.verdict is Verdict.ME and bool(finding.categories) and finding.action is not Action.KEEP


def _group(members: Sequence[Finding]) -> Group:
    shown = max(members, key=lambda one: (one.risk, one.origin.permalink is not None, one.duplicate_of is None))
    return Group(shown, tuple(finding for finding in members if finding is not shown))
