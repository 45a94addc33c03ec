"""The reasons of a finding, in plain words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from untag.findings.evenings import OF_OCCASIONS
from untag.findings.nearness import Nearness
from untag.findings.online import Online
from untag.findings.prominence import Prominence
from untag.findings.rules import Audience
from untag.findings.times import when
from untag.support.words import counted
from untag.types import Match, SceneScores, Span, Verdict

_EVIDENCE_WORDS = 3
_MOST_POSTERS = 5

_AUDIENCE_REASONS: Mapping[Audience, str] = {
    Audience.PUBLIC: "anyone can see it",
    Audience.LINK: "anyone with the link can see it",
    Audience.FRIENDS: "friends of the poster can see it",
    Audience.ONLY_ME: "only the account it is in can see it",
}

_PLACE_REASONS: Mapping[Prominence, str] = {
    Prominence.CLOSE: "{} face fills much of the picture",
    Prominence.SMALL: "{} face is small in the picture",
    Prominence.EDGE: "{} face is small and at the edge of the picture",
}

_NEARNESS_REASONS: Mapping[Nearness, str] = {
    Nearness.NEAR: "near {}",
    Nearness.FAR: "not near {}",
}


@dataclass(frozen=True, slots=True)
class Pictured:
    """What the picture itself shows: the categories that count, where the person is, near what, and among how many.

    `own` faces of all `faces` are the person's; `spans` say when they are to be seen, where it is a video.
    `evening` are the flagged categories that other photos of the evening show.
    """

    flagged: Mapping[str, float]
    experimental: frozenset[str]
    scenes: SceneScores | None
    marks: Sequence[Prominence]
    near: Mapping[str, Nearness]
    own: int
    faces: int
    spans: tuple[Span, ...] = ()
    evening: tuple[str, ...] = ()


def reasons_of(best: Match, pictured: Pictured, where: Online, *, confirmed: bool = False) -> tuple[str, ...]:
    """Why a photo is a finding: whose face, what it shows, who posted it, who can see it."""
    by_name = best.verdict is not Verdict.OTHER and pictured.own == 0
    if confirmed and by_name:
        reasons = ["you said that it shows you"]
    else:
        reasons = ["you are tagged in it by name, but your face was not found" if by_name else _face_reason(best)]
    reasons += [_category_reason(name, best, pictured) for name in pictured.flagged]
    if pictured.evening:
        shown = " and ".join(OF_OCCASIONS.get(name, name) for name in pictured.evening)
        reasons.append(f"other photos of this evening show {shown}")
    if pictured.scenes is None:
        reasons.append("what the picture shows was not judged; look at it yourself")
    elif not pictured.flagged:
        reasons.append("nothing found that you may not want online")
    if pictured.spans:
        reasons.append(f"to be seen at {when(pictured.spans)}")
    if pictured.own:
        reasons += _place_reasons(best, pictured)
        if where.tagged:
            reasons.append("you are tagged in it")
    own = ("you can delete or hide it yourself",) if pictured.flagged and where.own and where.only_own else ()
    return (*reasons, *_where(where), *own)


def reasons_without_file(where: Online, *, risky: bool = False) -> tuple[str, ...]:
    """Why a photo is a finding although there is no file of it; `risky`: its poster has others that call for action."""
    reason = "you are tagged here; the download has no copy of the photo"
    reasons = (reason if where.origin.permalink is None else f"{reason}: open the link", *_where(where))
    return (*reasons, "of the same poster are photos of you that you may not want online") if risky else reasons


def _where(where: Online) -> Iterator[str]:
    if where.own:
        yield "posted by you"
    for poster in where.posters[:_MOST_POSTERS]:
        yield f"posted by {poster}"
    more = len(where.posters) - _MOST_POSTERS
    if more > 0:
        yield f"posted by {more} more"
    if where.private:
        yield "the link opens only for you"
    if where.audience in _AUDIENCE_REASONS:
        yield _AUDIENCE_REASONS[where.audience]


def _face_reason(best: Match) -> str:
    if best.verdict is Verdict.ME:
        return f"Your face: {_percent(best.similarity)} alike"
    if best.verdict is Verdict.MAYBE:
        return f"You may be in this picture: {_percent(best.similarity)} alike; check it"
    return "Your face was not found in this picture"


def _place_reasons(best: Match, pictured: Pictured) -> Iterator[str]:
    whose = "your" if best.verdict is Verdict.ME else "the"
    yield from (_PLACE_REASONS[mark].format(whose) for mark in pictured.marks if mark in _PLACE_REASONS)
    others = pictured.faces - pictured.own
    if Prominence.CROWD in pictured.marks:
        yield f"one of {counted(others + 1, 'person', 'people')} in the picture"
    elif others:
        yield f"{counted(others, 'other face')} in the picture"
    else:
        yield "no other face in the picture"


def _category_reason(name: str, best: Match, pictured: Pictured) -> str:
    said = f"{name} {_percent(pictured.flagged[name])}{', experimental' if name in pictured.experimental else ''}"
    words = () if pictured.scenes is None else pictured.scenes.evidence.get(name, ())
    if words:
        said = f"{said}: {', '.join(words[:_EVIDENCE_WORDS])}"
    if name not in pictured.near:
        return said
    whom = "you" if best.verdict is Verdict.ME else "the face"
    return f"{said}; {_NEARNESS_REASONS[pictured.near[name]].format(whom)}"


def _percent(share: float) -> str:
    return f"{round(100 * share)} %"
