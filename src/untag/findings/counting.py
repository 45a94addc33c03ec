"""One count of findings for every command: photos, their copies, and photos reported without a file."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import NamedTuple, Protocol

from untag.support.words import counted
from untag.types import Action, Finding, Place, Status, Verdict

Picture = tuple[str, str | None, Status]
Importance = tuple[int, float, str]


@dataclass(frozen=True, slots=True)
class Group:
    """One photo: the finding that shows best what to do, those of its copies, and all places of the picture."""

    finding: Finding
    copies: tuple[Finding, ...]
    places: tuple[Place, ...] = ()


class Groups(Protocol):
    """Photos in an order, of one moment, to go through as often as is wanted."""

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[Group]: ...


class Pictures(Groups, Protocol):
    """The same where some can be had by their numbers."""

    def take(self, numbers: Iterable[int]) -> Iterator[Group]:
        """The photos of these numbers, which count from 0, in their order."""
        ...


class HeldPictures:
    """Photos that are all in memory."""

    def __init__(self, groups: Iterable[Group]) -> None:
        self._groups = list(groups)

    def __len__(self) -> int:
        return len(self._groups)

    def __iter__(self) -> Iterator[Group]:
        return iter(self._groups)

    def take(self, numbers: Iterable[int]) -> Iterator[Group]:
        """As `Pictures` has it."""
        return (self._groups[number] for number in numbers)


@dataclass(frozen=True, slots=True)
class Counts:
    """How many photos findings are about, each with its copies counted once.

    `showing_you`, `unsure` (perhaps you, still open), `without_you` and `decided` are of all `photos`; those that the
    user said do not show them are decided only. `flagged` ones show the person with something that calls for an action
    and are open. `without_file` are only reported by an archive. `new` ones were in no scan reported before. `copies`
    are the files beside the first one of each photo: the findings are `photos + copies`.
    """

    photos: int = 0
    showing_you: int = 0
    flagged: int = 0
    unsure: int = 0
    without_you: int = 0
    decided: int = 0
    without_file: int = 0
    copies: int = 0
    new: int = 0


@dataclass(frozen=True, slots=True)
class NewFinding:
    """A finding that no scan has reported yet, by its first file; `link` is where to act on it, if known."""

    path: str
    risk: int
    categories: Mapping[str, float]
    link: str | None


class Counted(NamedTuple):
    """What is counted of one finding: a library has many. `picture` is what those of one photo have in common.

    The one of the highest `rank` stands for its photo: by risk, whether it has a link, whether it is the first file.
    """

    sha256: str
    picture: Picture
    rank: tuple[int, bool, bool]
    verdict: Verdict
    status: Status
    flagged: bool
    absent: bool


def news(findings: Iterable[Finding], new: Collection[str]) -> list[NewFinding]:
    """Of the findings whose SHA-256 is among `new` the best one of each photo, by falling risk, then by path."""
    best: dict[Picture, Finding] = {}
    for finding in findings:
        if finding.sha256 in new:
            picture = picture_of(finding)
            if picture not in best or _rank(finding) > _rank(best[picture]):
                best[picture] = finding
    return [
        NewFinding(one.path, one.risk, one.categories, one.act_on or one.origin.permalink)
        for one in sorted(best.values(), key=lambda one: (-one.risk, one.path))
    ]


def count(findings: Iterable[Finding], *, new: Collection[str] = frozenset()) -> Counts:
    """Counts findings as they come, keeping little of each; `new` are the SHA-256 of those that are."""
    return count_all((_counted(finding) for finding in findings), new=new)


def count_all(counted: Iterable[Counted], *, new: Collection[str] = frozenset()) -> Counts:
    """The same of what is counted of each finding."""
    photos: dict[Picture, Counted] = {}
    fresh: set[Picture] = set()
    total = 0
    for one in counted:
        total += 1
        if one.sha256 in new:
            fresh.add(one.picture)
        if one.picture not in photos or one.rank > photos[one.picture].rank:
            photos[one.picture] = one
    counting = PhotoCount()
    for photo in photos.values():
        counting.add(photo)
    return replace(counting.counts, copies=total - len(photos), new=len(fresh))


class PhotoCount:
    """Counts photos as they come, each once, and holds none."""

    def __init__(self) -> None:
        self._found = dict.fromkeys((field.name for field in fields(Counts)), 0)

    def add(self, one: Counted, copies: int = 0) -> None:
        """A photo, by the finding that stands for it."""
        is_open, is_you = one.status is Status.OPEN, one.status is not Status.NOT_ME
        found = self._found
        found["photos"] += 1
        found["showing_you"] += is_you and one.verdict is Verdict.ME
        found["flagged"] += is_open and one.flagged
        found["unsure"] += is_open and one.verdict is Verdict.MAYBE
        found["without_you"] += is_you and one.verdict is Verdict.OTHER
        found["decided"] += not is_open
        found["without_file"] += one.absent
        found["copies"] += copies

    def add_group(self, group: Group) -> None:
        """A photo with its copies."""
        self.add(_counted(group.finding), len(group.copies))

    @property
    def counts(self) -> Counts:
        return Counts(**self._found)


def fold(findings: Iterable[Finding], *, in_order: bool = False) -> list[Group]:
    """The findings with copies folded together, highest risk first; `in_order`: as they come, the first of each first.

    Copies with another decision stay apart: a copy that is still open must not hide behind one that is done.
    """
    groups: dict[Picture, list[Finding]] = {}
    places: dict[str, tuple[Place, ...]] = {}
    for finding in findings:
        groups.setdefault(picture_of(finding), []).append(finding)
        if finding.places:
            places[_first_path(finding)] = finding.places
    folded = [_group(members, places.get(picture, ())) for (picture, _, _), members in groups.items()]
    if in_order:
        return folded
    return sorted(folded, key=importance)


def importance(group: Group) -> Importance:
    """What photos are sorted by: the riskiest first, then the surest."""
    return -group.finding.risk, -group.finding.similarity, group.finding.path


def picture_of(finding: Finding) -> Picture:
    """What the findings of one photo have in common."""
    return _first_path(finding), finding.person, finding.status


def is_flagged(finding: Finding) -> bool:
    """Whether the photo shows the person with something that calls for an action."""
    return shows_what_matters(finding.verdict, finding.action, flagged=bool(finding.categories))


def shows_what_matters(verdict: Verdict, action: Action, *, flagged: bool) -> bool:
    """The same by its parts; `flagged` says that it shows any category."""
    return verdict is Verdict.ME and flagged and action is not Action.KEEP


def in_words(counts: Counts) -> str:
    """The counts as one line, such as "23 photos show you; 9 with something you may not want online; 2 to check"."""
    parts = [
        counted(counts.showing_you, "photo shows you", "photos show you"),
        f"{counts.flagged} with something you may not want online",
        f"{counts.unsure} to check",
    ]
    if counts.without_you:
        parts.append(f"{counts.without_you} without you")
    if counts.decided:
        parts.append(f"{counts.decided} decided")
    if counts.without_file:
        parts.append(f"{counts.without_file} reported without a file")
    if counts.copies:
        parts.append(counted(counts.copies, "copy folded in", "copies folded in"))
    return "; ".join(parts)


def _counted(finding: Finding) -> Counted:
    picture, rank = picture_of(finding), _rank(finding)
    return Counted(finding.sha256, picture, rank, finding.verdict, finding.status, is_flagged(finding), finding.absent)


def _first_path(finding: Finding) -> str:
    return finding.path if finding.duplicate_of is None else finding.duplicate_of


def _rank(finding: Finding) -> tuple[int, bool, bool]:
    return finding.risk, finding.origin.permalink is not None, finding.duplicate_of is None


def _group(members: Sequence[Finding], places: tuple[Place, ...]) -> Group:
    shown = max(members, key=_rank)
    copies = tuple(finding for finding in members if finding is not shown)
    known = places or tuple(Place(finding.path, finding.source, finding.origin) for finding in members)
    # The file that is shown comes first.
    return Group(shown, copies, tuple(sorted(known, key=lambda place: place.path != shown.path)))
