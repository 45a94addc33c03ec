"""The thresholds in force: the usual ones, those that the user's decisions move, and those of the settings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from untag.config import Settings
from untag.findings.learning import Decided, Learnt, Reach, learn_thresholds, lowest_scores
from untag.scenes.categories import Sensitivity
from untag.scenes.installed import Standing, installed_thresholds, own_categories
from untag.store import DecidedScores, Store, decided_scores
from untag.types import Status


def thresholds_in_force(store: Store, settings: Settings) -> Mapping[str, float]:
    """From which score each category counts."""
    learnt = {name: each.threshold for name, each in learnt_thresholds(store, settings).items()}
    return {**installed_thresholds(settings.home, settings.sensitivity), **learnt, **settings.thresholds}


def certain_scores(settings: Settings, thresholds: Mapping[str, float]) -> Mapping[str, float]:
    """The scores from which a photo speaks for others: those of the sensitivity `strict`, or higher ones in force."""
    strict = installed_thresholds(settings.home, Sensitivity.STRICT)
    return {name: max(threshold, strict.get(name, 0.0)) for name, threshold in thresholds.items()}


def learnt_thresholds(store: Store, settings: Settings) -> Mapping[str, Learnt]:
    """By category; none where `learn_from_decisions` is off. A threshold in the settings stays what it is."""
    if not settings.learn_from_decisions:
        return {}
    own = own_categories(settings.home)
    usual = {name: standing.counts_from(settings.sensitivity) for name, standing in own.items()}
    reach = {
        name: _reach(standing)
        for name, standing in own.items()
        if standing.measured is not None and name not in settings.thresholds
    }
    in_force = {**usual, **settings.thresholds}
    return learn_thresholds(in_force, reach, _decided(decided_scores(store, lowest_scores(in_force, reach))))


def _decided(contents: Iterable[DecidedScores]) -> list[Decided]:
    """One for each picture: its copies were decided about once. It may stay when none of them should go."""
    pictures: dict[str, Decided] = {}
    for each in contents:
        known = pictures.get(each.picture, Decided({}, unwanted=False))
        scores = {name: max(known.scores.get(name, 0.0), score) for name, score in each.scores.items()}
        unwanted = known.unwanted or each.status is not Status.KEEP
        pictures[each.picture] = Decided({**known.scores, **scores}, unwanted)
    return list(pictures.values())


def _reach(standing: Standing) -> Reach:
    """From the threshold of the highest sensitivity to half-way between that of the lowest and certainty."""
    return Reach(standing.counts_from(Sensitivity.HIGH), (1 + standing.counts_from(Sensitivity.STRICT)) / 2)
