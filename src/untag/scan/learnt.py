"""The thresholds that the user's own decisions move: what is on record, given to `findings/learning.py`."""

from __future__ import annotations

from collections.abc import Mapping

from untag.config import Settings
from untag.findings.learning import Decided, Learnt, Reach, learn_thresholds, lowest_scores
from untag.scenes.categories import Sensitivity
from untag.scenes.installed import Standing, own_categories
from untag.store import Store, decided_scores
from untag.types import Status


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
    scores = decided_scores(store, lowest_scores(in_force, reach))
    return learn_thresholds(
        in_force, reach, [Decided(each, status is not Status.KEEP) for status, each in scores.values()]
    )


def _reach(standing: Standing) -> Reach:
    """From the threshold of the highest sensitivity to half-way between that of the lowest and certainty."""
    return Reach(standing.counts_from(Sensitivity.HIGH), (1 + standing.counts_from(Sensitivity.STRICT)) / 2)
