"""What to do about findings: by platform and poster, the riskiest first, each photo with its steps. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from functools import lru_cache
from urllib.parse import quote

from untag.actions.intimacy import Known, known_of, picture_key
from untag.actions.platforms import INTIMATE, Step, StepKind, Whose, platform_called
from untag.actions.words import day_of, name_of, one_line, web_link
from untag.findings.counting import Group, fold
from untag.findings.names import NO_NAMES, Names
from untag.findings.online import opens_only_for_owner
from untag.findings.rules import Audience, audience_of
from untag.findings.shots import other_parts
from untag.store import Answer, StepAnswer
from untag.support.permalinks import link_key
from untag.support.words import name_key
from untag.types import Action, Finding, Origin, Status, Verdict

_REMOVING = frozenset({StepKind.DELETE, StepKind.ASK_POSTER, StepKind.REPORT})
_ON_A_PAGE = frozenset({StepKind.REMOVE_TAG, StepKind.HIDE})


class State(StrEnum):
    """How far a photo at one place has come."""

    OPEN = "open"
    LATER = "later"
    WAITING = "waiting"
    FINISHED = "finished"


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """One thing to do about one photo at one place. `link` is the exact page, None where none is known.

    `answer` is what the user said of it, None while nothing. `held`: it is for when asking did not help, and who was
    asked still has time to answer. `verified` says whether somebody clicked it through, `checked` and `source` when and
    from what it was written down.
    """

    kind: StepKind
    words: str
    link: str | None
    verified: bool
    checked: date
    source: str
    answer: Answer | None = None
    held: bool = False


@dataclass(frozen=True, slots=True)
class PlannedPlace:
    """One place online of a photo: its key, and what there is to do there."""

    key: str
    kinds: tuple[StepKind, ...]


@dataclass(frozen=True, slots=True)
class PlannedPhoto:
    """A photo at one place online. `place` is the key of that place, `contents` the SHA-256 of it and of its copies.

    `places` are all places of the photo, this one among them. `beside` are the files that go with it: the video of a
    Live Photo, or the photo of the video.

    `own` says that the user posted it. `intimate` photos go to the services for these, and never into a letter to the
    poster. `link` is None where the archive has none that can be opened.
    """

    finding: Finding
    origin: Origin
    place: str
    contents: tuple[str, ...]
    link: str | None
    own: bool
    tagged: bool
    intimate: bool
    under_18: bool | None
    audience: Audience
    steps: tuple[PlannedStep, ...]
    state: State
    places: tuple[PlannedPlace, ...] = ()
    beside: tuple[str, ...] = ()

    @property
    def day(self) -> date | None:
        """When it was posted there, else taken."""
        return day_of(self.origin.posted_at) or day_of(self.origin.taken_at) or day_of(self.finding.taken_at)

    @property
    def caption(self) -> str | None:
        return name_of(self.origin.caption)

    @property
    def next_step(self) -> PlannedStep | None:
        """The first step of which nothing was said and that is not held; None where there is nothing left to do now."""
        if self.state is State.FINISHED:
            return None
        return next((step for step in self.steps if step.answer in (None, Answer.LATER) and not step.held), None)


@dataclass(frozen=True, slots=True)
class PlannedGroup:
    """The photos that one person posted on one platform, the riskiest first.

    `platform` is the name that archives give, None where the photos are nowhere online as far as is known. `private`
    ones are online, but open for the user alone.
    """

    platform: str | None
    platform_name: str
    poster: str | None
    own: bool
    private: bool
    photos: tuple[PlannedPhoto, ...]

    @property
    def key(self) -> str:
        """The same for the same poster on the same platform, in every plan."""
        return f"{self.platform or ''}/{name_key(self.poster or '')}/{'own' if self.own else ''}"

    @property
    def risk(self) -> int:
        return max(photo.finding.risk for photo in self.photos)

    @property
    def open_photos(self) -> tuple[PlannedPhoto, ...]:
        return tuple(photo for photo in self.photos if photo.next_step is not None)


@dataclass(frozen=True, slots=True)
class Plan:
    """Every group, the one with the riskiest photo first; those that only the user can see come last.

    `intimate` are the SHA-256 of all that counts as intimate, with copies, planned or only taken into account.
    """

    groups: tuple[PlannedGroup, ...]
    intimate: frozenset[str] = frozenset()

    @property
    def photos(self) -> Iterator[PlannedPhoto]:
        return (photo for group in self.groups for photo in group.photos)

    def count(self, *states: State) -> int:
        """How many photos, at their places, are in one of these states."""
        return sum(photo.state in states for photo in self.photos)


@dataclass(frozen=True, slots=True)
class Background:
    """What the plan takes into account beside the findings.

    `names` is who is called what; `answers` what was said of steps, in that order; `waiting` the ids of requests that
    are open, `overdue` of those whose last day has passed; `born` the user's birthday, None where it was not told.
    `beside` are findings that are not planned and may be of the same pictures: what one copy shows holds for all;
    `alike` has the picture of each lesser copy, by SHA-256.
    """

    names: Names = NO_NAMES
    answers: Sequence[StepAnswer] = ()
    waiting: frozenset[str] = frozenset()
    overdue: frozenset[str] = frozenset()
    born: date | None = None
    beside: Sequence[Finding] = ()
    alike: Mapping[str, str] = field(default_factory=dict)
    _said: Mapping[tuple[str, str, str], StepAnswer] = field(init=False, compare=False)

    def __post_init__(self) -> None:
        said = {(one.sha256, one.place, one.step): one for one in self.answers}
        object.__setattr__(self, "_said", said)

    def answer(self, contents: Iterable[str], place: str, step: str) -> StepAnswer | None:
        """The last thing that was said of this step, for the photo or one of its copies."""
        return next((found for one in contents if (found := self._said.get((one, place, step))) is not None), None)

    def may_still_answer(self, said: StepAnswer | None) -> bool:
        """Whether somebody was asked who has not refused and has time left."""
        return said is not None and said.request in self.waiting - self.overdue


NOTHING_KNOWN = Background()


def make_plan(findings: Iterable[Finding], background: Background = NOTHING_KNOWN) -> Plan:
    """The plan for those of the findings that ask for something: see `asks_for_something`. Copies are folded."""
    chosen = list(findings)
    pictures = known_of([*chosen, *background.beside], background.alike)
    grouped: dict[tuple[str | None, str, bool], list[PlannedPhoto]] = {}
    for group in fold(chosen):
        if asks_for_something(group.finding):
            for photo in _photos(group, pictures[picture_key(group.finding, background.alike)], background):
                known = platform_called(photo.origin.platform)
                platform = known.id if known.is_known else photo.origin.platform
                poster = "" if photo.own else name_key(photo.origin.poster or "")
                grouped.setdefault((platform, poster, photo.own), []).append(photo)
    groups = [_group(platform, own, photos) for (platform, _, own), photos in grouped.items()]
    intimate = [one.contents for one in pictures.values() if one.is_intimate(background.born)]
    return Plan(tuple(sorted(groups, key=_rank)), frozenset().union(*intimate))


def asks_for_something(finding: Finding) -> bool:
    """Whether there is anything to do: it was decided so, or is open and flagged, or only reported by an archive."""
    if finding.status not in (Status.OPEN, Status.IS_ME):
        return finding.status in (Status.UNTAG, Status.REQUEST_REMOVAL)
    if finding.action in (Action.UNTAG, Action.REQUEST_REMOVAL):
        return True
    return finding.action is Action.REVIEW and (finding.absent or _is_flagged(finding))


def _is_flagged(finding: Finding) -> bool:
    return bool(finding.categories) and (finding.verdict is Verdict.ME or finding.status is Status.IS_ME)


def _rank(group: PlannedGroup) -> tuple[bool, bool, int, bool, str, str]:
    return group.platform is None, group.private, -group.risk, group.own, group.platform_name, group.poster or ""


def _group(platform: str | None, own: bool, photos: list[PlannedPhoto]) -> PlannedGroup:
    first = photos[0].origin
    nowhere = platform is None and photos[0].link is None and first.poster is None
    name = "Not known to be online" if nowhere else platform_called(first.platform).name
    ranked = sorted(photos, key=lambda photo: (-photo.finding.risk, photo.day or date.max, photo.finding.path))
    private = own and all(opens_only_for_owner(photo.origin) for photo in photos)
    return PlannedGroup(platform, one_line(name), name_of(first.poster), own, private, tuple(ranked))


def _photos(group: Group, known: Known, background: Background) -> Iterator[PlannedPhoto]:
    contents = tuple(dict.fromkeys(one.sha256 for one in (group.finding, *group.copies)))
    origins = [group.finding.origin, *(place.origin for place in group.places)]
    photos = [_photo(group.finding, contents, origin, known, background) for origin in _online(origins) or [Origin()]]
    places = tuple(PlannedPlace(one.place, tuple(step.kind for step in one.steps)) for one in photos)
    beside = other_parts(group.finding.path, (place.path for place in group.places))
    return (replace(photo, places=places, beside=beside) for photo in photos)


def _online(origins: Sequence[Origin]) -> list[Origin]:
    """One origin for each place online: those with a link, and the others that are not on the same site by the same."""
    found: dict[str, Origin] = {}
    placed = [one for one in origins if one.platform or one.poster or web_link(one.permalink)]
    for origin in sorted(placed, key=lambda one: web_link(one.permalink) is None):
        same_poster = any(_may_be_same(origin, other) for other in found.values())
        if web_link(origin.permalink) is not None or not same_poster:
            found.setdefault(place_key(origin), origin)
    return list(found.values())


def _may_be_same(origin: Origin, other: Origin) -> bool:
    """Whether a place without a link may be the same as another: two downloads tell of one post in different ways."""
    if platform_called(origin.platform).name != platform_called(other.platform).name:
        return False
    return origin.poster is None or name_key(origin.poster) == name_key(other.poster or "")


_key_of = lru_cache(1 << 16)(link_key)


def place_key(origin: Origin) -> str:
    """What names a place online for good: the key of its link, else the platform and who posted it."""
    if web_link(origin.permalink) is not None:
        return _key_of(origin.permalink or "")
    return f"{origin.platform or ''}/{name_key(origin.poster or '')}"


def _photo(
    finding: Finding, contents: tuple[str, ...], origin: Origin, known: Known, background: Background
) -> PlannedPhoto:
    own = background.names.is_own(finding.person, origin.poster) or (
        opens_only_for_owner(origin) and origin.poster is None
    )
    tagged = finding.absent or any(background.names.is_called(finding.person, name) for name in origin.people)
    under_18 = known.was_under_18(background.born)
    intimate = not own and known.is_intimate(background.born)
    link, place = web_link(origin.permalink), place_key(origin)
    steps = tuple(
        _with_answer(step, contents, place, background)
        for step in _steps(origin, link, own=own, tagged=tagged, intimate=intimate, under_18=under_18)
    )
    audience = audience_of(origin.audience)
    state = state_of(PlannedPlace(place, tuple(step.kind for step in steps)), contents, background)
    return PlannedPhoto(finding, origin, place, contents, link, own, tagged, intimate, under_18, audience, steps, state)


def _steps(
    origin: Origin, link: str | None, *, own: bool, tagged: bool, intimate: bool, under_18: bool | None
) -> Iterator[PlannedStep]:
    nowhere = not (origin.platform or origin.poster or link)
    whose = Whose.NOWHERE if nowhere else Whose.OWN if own else Whose.OTHERS
    platform = platform_called(origin.platform)
    if intimate:
        yield from (_step(each, link) for each in _for_intimate(under_18))
    for step in platform.steps:
        if step.whose not in (whose, Whose.ANY) or (
            step.kind is StepKind.ASK_POSTER and (intimate or not origin.poster)
        ):
            continue
        # A site without photos' addresses has no page on which a tag could be.
        if step.kind in _ON_A_PAGE and not (tagged or link):
            continue
        yield _step(step, link)


def _for_intimate(under_18: bool | None) -> Iterator[Step]:
    """StopNCII is for adults, Take It Down for those who were under 18; where that is not known, both are said."""
    adult, minor, *others = platform_called(INTIMATE).steps
    if under_18 is not True:
        yield adult
    if under_18 is not False:
        yield minor
    yield from others


def _step(step: Step, permalink: str | None) -> PlannedStep:
    link = step.link
    if link == "{permalink}":
        link = permalink
    elif link is not None and "{permalink}" in link:
        link = None if permalink is None else link.replace("{permalink}", quote(permalink, safe=""))
    return PlannedStep(step.kind, step.words, link, step.checked.verified, step.checked.on, step.checked.source)


def _with_answer(step: PlannedStep, contents: tuple[str, ...], place: str, background: Background) -> PlannedStep:
    said = background.answer(contents, place, step.kind)
    asked = background.answer(contents, place, StepKind.ASK_POSTER) if step.kind is StepKind.REPORT else None
    return replace(step, answer=None if said is None else said.answer, held=background.may_still_answer(asked))


def state_of(place: PlannedPlace, contents: tuple[str, ...], background: Background) -> State:
    """Finished when the photo was removed, or every step has its answer and nobody still owes one.

    It waits as long as somebody has time to answer, also where there is something to do meanwhile.
    """
    said = [background.answer(contents, place.key, kind) for kind in place.kinds]
    answers = [one for one in said if one is not None]
    if any(one.answer is Answer.DONE and one.step in _REMOVING for one in answers):
        return State.FINISHED
    if any(background.may_still_answer(one) for one in answers):
        return State.WAITING
    if len(answers) < len(said):
        return State.OPEN
    if any(one.answer is Answer.LATER for one in answers):
        return State.LATER
    return State.WAITING if any(one.request in background.waiting for one in answers) else State.FINISHED
