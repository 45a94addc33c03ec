"""What a user's decisions say of the score from which a category should count.

Who keeps photos with a category that counts from little wants it to count from more, and who wants photos to go that
hardly count wants it from less. A pure function: undo the decisions, and it says nothing.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

FEWEST = 6
"""Decisions that speak for a category: fewer say nothing."""

_WORTH = 3
"""By how much less must be wrong for a threshold to move."""

_MISSED = 2
"""How much worse it is to hide what should go than to show what may stay."""

_STEP = 0.001


@dataclass(frozen=True, slots=True)
class Decided:
    """A photo about which the user decided: the `scores` of its categories, and whether it should go or may stay."""

    scores: Mapping[str, float]
    unwanted: bool


@dataclass(frozen=True, slots=True)
class Reach:
    """How far the threshold of a category may move."""

    lowest: float
    highest: float


@dataclass(frozen=True, slots=True)
class Learnt:
    """From which score a category counts for this user, and from how many `decisions` that is known."""

    threshold: float
    decisions: int


def learn_thresholds(
    usual: Mapping[str, float], reach: Mapping[str, Reach], decided: Sequence[Decided]
) -> dict[str, Learnt]:
    """The thresholds that decisions move; `usual` ones are those in force without.

    A decision speaks for a category when that is the only one that the photo may show, by the lowest scores in reach:
    otherwise nobody can tell what it was about.
    """
    lowest = lowest_scores(usual, reach)
    speaking: dict[str, list[Decided]] = {name: [] for name in reach}
    for each in decided:
        shown = [name for name, score in each.scores.items() if score >= lowest.get(name, 2.0)]
        if len(shown) == 1 and shown[0] in speaking:
            speaking[shown[0]].append(each)
    found = {}
    for name, spoken in speaking.items():
        threshold = _best(usual[name], reach[name], spoken, name)
        if len(spoken) >= FEWEST and threshold != usual[name]:
            found[name] = Learnt(threshold, len(spoken))
    return found


def lowest_scores(usual: Mapping[str, float], reach: Mapping[str, Reach]) -> dict[str, float]:
    """The scores from which a photo may show each category; lower ones say nothing of what a decision was about."""
    return {name: reach[name].lowest if name in reach else threshold for name, threshold in usual.items()}


def _best(usual: float, reach: Reach, decided: Sequence[Decided], name: str) -> float:
    """The threshold in reach with the least wrong, the nearest to the usual one among equals."""
    wrong = _Wrong(decided, name)
    around = {round(each.scores[name] + step, 3) for each in decided for step in (0.0, _STEP)}
    candidates = [threshold for threshold in around if reach.lowest <= threshold <= reach.highest]
    least, _, threshold = min(
        ((wrong.with_threshold(each), abs(each - usual), each) for each in candidates), default=(0, 0.0, usual)
    )
    return threshold if wrong.with_threshold(usual) - least >= _WORTH else usual


class _Wrong:
    """How much of what was decided a threshold would get wrong."""

    def __init__(self, decided: Sequence[Decided], name: str) -> None:
        # In order, so that every threshold is a matter of two look-ups however much was decided.
        self._kept = sorted(each.scores[name] for each in decided if not each.unwanted)
        self._unwanted = sorted(each.scores[name] for each in decided if each.unwanted)

    def with_threshold(self, threshold: float) -> int:
        shown_in_vain = len(self._kept) - bisect_left(self._kept, threshold)
        missed = bisect_left(self._unwanted, threshold)
        return shown_in_vain + _MISSED * missed
