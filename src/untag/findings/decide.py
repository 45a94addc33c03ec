"""From the evidence of one photo to its finding. Pure: the same evidence and rules always give the same finding."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod

from untag.findings.prominence import Prominence, prominence
from untag.findings.rules import Audience, Rules, audience_of
from untag.types import NO_MATCH, Action, Box, Finding, Match, Origin, SceneScores, Verdict

_HARMLESS = 0.03
"""The share of risk that any photo of you has, so that it ranks above none."""

_LEAST_CERTAINTY = 0.8
"""A face just over its threshold is already judged to be yours, so similarity only moves the last fifth."""

_EVIDENCE_WORDS = 3

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


@dataclass(frozen=True, slots=True)
class PhotoEvidence:
    """All that is known of one photo. `matches` are the verdicts on the faces in `boxes`, in the same order.

    `width` and `height` are those of the upright original in pixels. `scenes` is None when no scene model ran. Path,
    hash and source only pass into the finding: left empty, they are for the store to fill in.
    """

    origin: Origin
    taken_at: str | None
    width: int
    height: int
    boxes: tuple[Box, ...]
    matches: tuple[Match, ...]
    scenes: SceneScores | None
    path: str = ""
    sha256: str = ""
    source: str = ""


def decide(evidence: PhotoEvidence, rules: Rules) -> Finding | None:
    """The finding for one photo, or None when it does not concern an enrolled person.

    With `rules.all_scenes` a flagged photo without the person is a finding too: verdict `other`, no person. Not for
    categories that hardly matter, or every photo with GPS coordinates would be one.

    Risk is 100 x (1 - (1 - certainty x harm) ** (exposure x prominence)), where certainty is that of the verdict, a
    little less for a face that is less alike; harm the noisy-or over the flagged categories of severity x score;
    exposure that of the audience; and prominence the product over what makes you more or less conspicuous.

    | the photo                                              | action          |
    |--------------------------------------------------------|-----------------|
    | may show you, or does not show you                     | review          |
    | shows you; the scene was not judged                    | review          |
    | shows you; nothing flagged, or only what hardly matters | keep           |
    | shows you; flagged; you posted it yourself             | review          |
    | shows you; flagged; its permalink is known             | untag           |
    | shows you; flagged; no permalink, but the poster       | request-removal |
    | shows you; flagged; not known to be online             | review          |

    Raises ValueError when there is not one match for each box.
    """
    if len(evidence.boxes) != len(evidence.matches):
        raise ValueError(f"{len(evidence.boxes)} boxes but {len(evidence.matches)} matches")
    flagged = _flagged(evidence.scenes, rules)
    best = _best(evidence.matches)
    if best.verdict is Verdict.OTHER and not (rules.all_scenes and _asks_for_action(flagged, rules)):
        return None
    own = tuple(box for box, match in zip(evidence.boxes, evidence.matches, strict=True) if _same(match, best))
    marks = prominence(own, len(evidence.boxes), evidence.width, evidence.height)
    origin = evidence.origin
    return Finding(
        path=evidence.path,
        sha256=evidence.sha256,
        source=evidence.source,
        origin=origin,
        person=best.person,
        verdict=best.verdict,
        similarity=best.similarity,
        categories=flagged,
        risk=_risk(flagged, best, _nudge(audience_of(origin.audience), marks, rules), rules),
        reasons=tuple(_reasons(evidence, best, flagged, marks)),
        action=_action(evidence, best, flagged, rules),
        taken_at=evidence.taken_at if evidence.taken_at is not None else origin.taken_at,
        faces=own,
    )


def _flagged(scenes: SceneScores | None, rules: Rules) -> dict[str, float]:
    """The categories at or above their thresholds, the one that weighs most first."""
    if scenes is None:
        return {}
    found = {str(name): score for name, score in scenes.scores.items() if score >= rules.threshold(name)}
    return dict(sorted(found.items(), key=lambda item: (-rules.severity(item[0]) * item[1], item[0])))


def _best(matches: tuple[Match, ...]) -> Match:
    """The surest match that is not `other`; `other` carries no person and no similarity, since nobody was found."""
    rank = {Verdict.ME: 1, Verdict.MAYBE: 0}
    candidates = [match for match in matches if match.verdict in rank]
    return max(candidates, key=lambda match: (rank[match.verdict], match.similarity), default=NO_MATCH)


def _same(match: Match, best: Match) -> bool:
    return best.verdict is not Verdict.OTHER and match.verdict is best.verdict and match.person == best.person


def _asks_for_action(flagged: Mapping[str, float], rules: Rules) -> bool:
    return any(rules.asks_for_action(name) for name in flagged)


def _nudge(audience: Audience, marks: tuple[Prominence, ...], rules: Rules) -> float:
    return rules.weights.exposure[audience] * prod(rules.weights.prominence[mark] for mark in marks)


def _risk(flagged: Mapping[str, float], best: Match, nudge: float, rules: Rules) -> int:
    certainty = rules.weights.certainty[best.verdict]
    if best.verdict is not Verdict.OTHER:
        certainty *= _LEAST_CERTAINTY + (1 - _LEAST_CERTAINTY) * best.similarity
    harm = 1 - (1 - _HARMLESS) * prod(1 - rules.severity(name) * min(score, 1.0) for name, score in flagged.items())
    spared: float = (1 - certainty * harm) ** nudge
    return round(100 * (1 - spared))


def _action(evidence: PhotoEvidence, best: Match, flagged: Mapping[str, float], rules: Rules) -> Action:
    if best.verdict is not Verdict.ME or evidence.scenes is None:
        return Action.REVIEW
    if not _asks_for_action(flagged, rules):
        return Action.KEEP
    origin = evidence.origin
    # Nobody can be asked to take down your own post, and there may be no tag on it: only you can say.
    if _names(best.person, origin.poster):
        return Action.REVIEW
    if origin.permalink is not None:
        return Action.UNTAG
    if origin.poster is not None:
        return Action.REQUEST_REMOVAL
    return Action.REVIEW


def _reasons(
    evidence: PhotoEvidence, best: Match, flagged: Mapping[str, float], marks: tuple[Prominence, ...]
) -> list[str]:
    origin = evidence.origin
    reasons = [_face_reason(best)]
    reasons += [_category_reason(name, score, evidence.scenes) for name, score in flagged.items()]
    if evidence.scenes is None:
        reasons.append("what the picture shows was not judged; look at it yourself")
    elif not flagged:
        reasons.append("nothing found that you may not want online")
    if best.verdict is not Verdict.OTHER:
        reasons += _place_reasons(evidence, best, marks)
    if any(_names(best.person, name) for name in origin.people):
        reasons.append("you are tagged in it")
    if _names(best.person, origin.poster):
        reasons.append("posted by you")
    elif origin.poster is not None:
        reasons.append(f"posted by {origin.poster}")
    audience = audience_of(origin.audience)
    if audience in _AUDIENCE_REASONS:
        reasons.append(_AUDIENCE_REASONS[audience])
    return reasons


def _face_reason(best: Match) -> str:
    if best.verdict is Verdict.ME:
        return f"Your face: {_percent(best.similarity)} alike"
    if best.verdict is Verdict.MAYBE:
        return f"You may be in this picture: {_percent(best.similarity)} alike; check it"
    return "Your face was not found in this picture"


def _place_reasons(evidence: PhotoEvidence, best: Match, marks: tuple[Prominence, ...]) -> list[str]:
    whose = "your" if best.verdict is Verdict.ME else "the"
    reasons = [_PLACE_REASONS[mark].format(whose) for mark in marks if mark in _PLACE_REASONS]
    others = sum(not _same(match, best) for match in evidence.matches)
    if Prominence.CROWD in marks:
        reasons.append(f"one of {others + 1} people in the picture")
    elif others:
        reasons.append(f"{others} other {'face' if others == 1 else 'faces'} in the picture")
    else:
        reasons.append("no other face in the picture")
    return reasons


def _category_reason(name: str, score: float, scenes: SceneScores | None) -> str:
    said = f"{name} {_percent(score)}"
    words = () if scenes is None else scenes.evidence.get(name, ())
    return f"{said}: {', '.join(words[:_EVIDENCE_WORDS])}" if words else said


def _percent(share: float) -> str:
    return f"{round(100 * share)} %"


def _names(person: str | None, name: str | None) -> bool:
    return person is not None and name is not None and person.casefold() == name.strip().casefold()
