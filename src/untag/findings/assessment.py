"""From the evidence of one photo to its assessment. Pure: the same evidence and rules give the same assessment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod

from untag.findings.evenings import likelier
from untag.findings.names import NO_NAMES, Names
from untag.findings.nearness import Nearness, nearness
from untag.findings.online import Online, online, opens_only_for_owner
from untag.findings.prominence import Prominence, prominence
from untag.findings.reasons import Pictured, reasons_of, reasons_without_file
from untag.findings.rules import Audience, Rules
from untag.support.words import name_key
from untag.types import NO_MATCH, Action, Assessment, Box, Evidence, Match, Origin, SceneScores, Verdict

_HARMLESS = 0.03
"""The share of risk that any photo of you has, so that it ranks above none."""

_UNSEEN_TAGGED = 0.25
_UNSEEN_RISKY = 0.5
"""The harm of a photo that nobody has seen, tagged by somebody, and by somebody who posted others that do harm."""

_LEAST_CERTAINTY = 0.8
"""A face just over its threshold is already judged to be yours, so similarity only moves the last fifth."""


def assess(evidence: Evidence, rules: Rules, names: Names = NO_NAMES) -> Assessment | None:
    """What one photo means for an enrolled person, or None when it concerns none.

    A photo without a face of an enrolled person is a `maybe` of similarity 0 when a tag in one of its places, or its
    own metadata, has the name of one: `names` says who is called what. One of which the user said that it shows the
    person is `me` whatever the faces say. What other photos of its evening show has twice the odds.

    With `rules.all_scenes` a flagged photo without the person is a finding too: verdict `other`, no person. Not for
    categories that hardly matter, or every photo with GPS coordinates would be one.

    Risk is 100 x (1 - (1 - certainty x harm) ** (exposure x prominence)), where certainty is that of the verdict, a
    little less for a face that is less alike; harm the noisy-or over the flagged categories of severity x score, each
    more or less by the nearness of the thing to the face, where that is known; exposure that of the broadest audience;
    and prominence the product over what makes you more or less conspicuous.

    | the photo                                              | action          |
    |--------------------------------------------------------|-----------------|
    | may show you, or does not show you                     | review          |
    | shows you; the scene was not judged                    | review          |
    | shows you; nothing flagged, or only what hardly matters | keep           |
    | shows you; flagged; only you posted it                 | review          |
    | shows you; flagged; the link opens only for you        | review          |
    | shows you; flagged; a permalink of others is known     | untag           |
    | shows you; flagged; no such permalink, but a poster    | request-removal |
    | shows you; flagged; not known to be online             | review          |

    Raises ValueError when there is not one match for each box.
    """
    if len(evidence.boxes) != len(evidence.matches):
        raise ValueError(f"{len(evidence.boxes)} boxes but {len(evidence.matches)} matches")
    evidence = _with_evening(evidence)
    flagged = _flagged(evidence.scenes, rules)
    evening = tuple(name for name in flagged if name in evidence.evening)
    seen = _best(evidence, names)
    best = _confirmed(seen, names) if evidence.confirmed else seen
    if best.verdict is Verdict.OTHER and not (rules.all_scenes and _asks_for_action(flagged, rules)):
        return None
    own = tuple(box for box, match in zip(evidence.boxes, evidence.matches, strict=True) if _same(match, seen))
    spans = tuple(
        span for span, match in zip(evidence.spans, evidence.matches, strict=False) if span and _same(match, seen)
    )
    marks = prominence(own, len(evidence.boxes), evidence.width, evidence.height)
    where = online(evidence.origins, best.person, names, evidence.named)
    near = _nearness(flagged, evidence, own)
    pictured = Pictured(
        flagged, rules.experimental, evidence.scenes, marks, near, len(own), len(evidence.boxes), spans, evening
    )
    return Assessment(
        person=best.person,
        verdict=best.verdict,
        similarity=best.similarity,
        categories=flagged,
        risk=_risk(_harm(flagged, near, rules), _sure(best, evidence), _nudge(where.audience, marks, rules), rules),
        reasons=reasons_of(best, pictured, where, confirmed=evidence.confirmed),
        action=_action(evidence, best, flagged, where, rules),
        origin=where.origin,
        faces=own,
        spans=spans,
    )


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a photo without a file beside its origins.

    `confirmed`: the user said that it shows the person. `risky_posters`, as `name_key` has them, have photos of
    somebody enrolled that call for an action.
    """

    confirmed: bool = False
    risky_posters: frozenset[str] = frozenset()


def assess_without_file(
    origins: tuple[Origin, ...], rules: Rules, names: Names, known: Known | None = None
) -> Assessment | None:
    """The assessment of a photo that archives report without a file, or None where it cannot be said whom it shows.

    That is the enrolled person whom a tag names. Where none does it is the owner of the archive: whoever is enrolled,
    if that is one person only. Nobody has seen what it shows: its risk follows from who posted it, who can see it, and
    whether its poster has others that call for an action, so that it ranks above harmless ones.
    """
    person = names.among(name for origin in origins for name in origin.people)
    if person is None:
        if len(names.called) != 1:
            return None
        (person,) = names.called
    known = Known() if known is None else known
    best = Match(Verdict.ME if known.confirmed else Verdict.MAYBE, 0.0, person)
    where = online(origins, person, names)
    risky = any(name_key(poster) in known.risky_posters for poster in where.posters)
    return Assessment(
        person=person,
        verdict=best.verdict,
        similarity=best.similarity,
        categories={},
        risk=_risk(_unseen_harm(where, risky=risky), best, _nudge(where.audience, (), rules), rules),
        reasons=reasons_without_file(where, risky=risky),
        action=Action.REVIEW,
        origin=where.origin,
    )


def _with_evening(evidence: Evidence) -> Evidence:
    scenes = evidence.scenes
    if scenes is None or not evidence.evening:
        return evidence
    scores = {name: likelier(score) if name in evidence.evening else score for name, score in scenes.scores.items()}
    return replace(evidence, scenes=replace(scenes, scores=scores))


def _flagged(scenes: SceneScores | None, rules: Rules) -> dict[str, float]:
    """The categories at or above their thresholds, the one that weighs most first."""
    if scenes is None:
        return {}
    found = {str(name): score for name, score in scenes.scores.items() if score >= rules.threshold(name)}
    return dict(sorted(found.items(), key=lambda item: (-rules.severity(item[0]) * item[1], item[0])))


def _best(evidence: Evidence, names: Names) -> Match:
    """The surest match that is not `other`, or else the person whom a tag names.

    `other` carries no person and no similarity, since no enrolled person was found.
    """
    rank = {Verdict.ME: 1, Verdict.MAYBE: 0}
    candidates = [match for match in evidence.matches if match.verdict in rank]
    if candidates:
        return max(candidates, key=lambda match: (rank[match.verdict], match.similarity))
    person = names.among(_tags(evidence))
    return NO_MATCH if person is None else Match(Verdict.MAYBE, 0.0, person)


def _confirmed(seen: Match, names: Names) -> Match:
    """The match of a photo that the user says is of the person; which one of several, where the photo does not tell.

    That is "me", as the first one is called unless another name was given, or else the first by name.
    """
    enrolled = sorted(names.called, key=lambda person: (person != "me", person))
    person = next(iter(enrolled), None) if seen.person is None else seen.person
    return seen if person is None else Match(Verdict.ME, seen.similarity, person)


def _sure(best: Match, evidence: Evidence) -> Match:
    """The match as risk counts it: the user's word is certain."""
    return replace(best, similarity=1.0) if evidence.confirmed else best


def _unseen_harm(where: Online, *, risky: bool) -> float:
    if where.only_own:
        return _HARMLESS
    return _UNSEEN_RISKY if risky else _UNSEEN_TAGGED


def _tags(evidence: Evidence) -> list[str]:
    return [*(name for origin in evidence.origins for name in origin.people), *evidence.named]


def _same(match: Match, best: Match) -> bool:
    return best.verdict is not Verdict.OTHER and match.verdict is best.verdict and match.person == best.person


def _asks_for_action(flagged: Mapping[str, float], rules: Rules) -> bool:
    return any(rules.asks_for_action(name) for name in flagged)


def _nudge(audience: Audience, marks: tuple[Prominence, ...], rules: Rules) -> float:
    return rules.weights.exposure[audience] * prod(rules.weights.prominence[mark] for mark in marks)


def _nearness(flagged: Mapping[str, float], evidence: Evidence, own: Sequence[Box]) -> dict[str, Nearness]:
    spots = {} if evidence.scenes is None else evidence.scenes.spots
    found = {name: nearness(spots[name], own, evidence.width, evidence.height) for name in flagged if name in spots}
    return {name: where for name, where in found.items() if where is not None}


def _harm(flagged: Mapping[str, float], near: Mapping[str, Nearness], rules: Rules) -> float:
    spared = 1 - _HARMLESS
    for name, score in flagged.items():
        exponent = rules.weights.nearness[near[name]] if name in near else 1.0
        spared *= (1 - rules.severity(name) * min(score, 1.0)) ** exponent
    return 1 - spared


def _risk(harm: float, best: Match, nudge: float, rules: Rules) -> int:
    certainty = rules.weights.certainty[best.verdict]
    if best.verdict is not Verdict.OTHER:
        certainty *= _LEAST_CERTAINTY + (1 - _LEAST_CERTAINTY) * best.similarity
    spared: float = (1 - certainty * harm) ** nudge
    return round(100 * (1 - spared))


def _action(evidence: Evidence, best: Match, flagged: Mapping[str, float], where: Online, rules: Rules) -> Action:
    if best.verdict is not Verdict.ME or evidence.scenes is None:
        return Action.REVIEW
    if not _asks_for_action(flagged, rules):
        return Action.KEEP
    # There is no one to ask to take down your own post, or what is in your own account, and there may be no tag on it.
    if where.only_own or opens_only_for_owner(where.origin):
        return Action.REVIEW
    if where.origin.permalink is not None:
        return Action.UNTAG
    if where.origin.poster is not None:
        return Action.REQUEST_REMOVAL
    return Action.REVIEW
