"""How many more photos would count by other settings: by what is on record, without judging anything again."""

from __future__ import annotations

from collections.abc import Mapping

from untag.config import Settings
from untag.findings.evenings import OF_OCCASIONS, likelier, spoken_for, without_evening
from untag.findings.rules import Rules
from untag.scenes.in_force import certain_scores, thresholds_in_force
from untag.store import Scored, Store, photos_taken, scored_findings
from untag.types import Status


def count_more(store: Store, settings: Settings) -> int:
    """How many undecided photos, copies counted once, show nothing that calls for an action now, and would.

    That is: after a scan with these settings.
    """
    thresholds = thresholds_in_force(store, settings)
    rules = Rules(settings.weights, thresholds)
    least = {name: _least(name, score, settings) for name, score in thresholds.items() if rules.asks_for_action(name)}
    found = list(scored_findings(store, least))
    now = {one.group for one in found if any(map(rules.asks_for_action, one.categories))}
    others = [one for one in found if one.group not in now and one.scores]
    more = {one.group for one in others if _reaches(one.scores, thresholds)}
    unsure = [one for one in others if one.group not in more]
    if unsure and settings.evenings:
        more |= _of_evenings(store, settings, thresholds, unsure)
    return len(more)


def _least(name: str, threshold: float, settings: Settings) -> float:
    """The score that may be enough."""
    return without_evening(threshold) if settings.evenings and name in OF_OCCASIONS else threshold


def _reaches(scores: Mapping[str, float], thresholds: Mapping[str, float]) -> bool:
    return any(score >= thresholds[name] for name, score in scores.items())


def _of_evenings(
    store: Store, settings: Settings, thresholds: Mapping[str, float], unsure: list[Scored]
) -> set[tuple[str, str | None, Status]]:
    """Those for which other photos of their evening speak."""
    spoken = spoken_for(photos_taken(store), certain_scores(settings, thresholds))

    def raised(one: Scored) -> dict[str, float]:
        return {name: likelier(one.scores[name]) for name in spoken.get(one.sha256, ()) if name in one.scores}

    return {one.group for one in unsure if _reaches(raised(one), thresholds)}
