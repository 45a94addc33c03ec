"""What a user's decisions say of the score from which a category should count.

Who keeps photos with a category that counts from little wants it to count from more, and who wants photos to go that
hardly count wants it from less. A pure function: undo the decisions, and it says nothing.
"""

from __future__ import annotations

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
    found = {}
    for name, own in reach.items():
        spoken = [each for each in decided if _may_show(each, usual, reach) == {name}]
        threshold = _best(usual[name], own, spoken, name)
        if len(spoken) >= FEWEST and threshold != usual[name]:
            found[name] = Learnt(threshold, len(spoken))
    return found


def _may_show(decided: Decided, usual: Mapping[str, float], reach: Mapping[str, Reach]) -> set[str]:
    lowest = {name: reach[name].lowest if name in reach else threshold for name, threshold in usual.items()}
    return {name for name, score in decided.scores.items() if score >= lowest.get(name, 2.0)}


def _best(usual: float, reach: Reach, decided: Sequence[Decided], name: str) -> float:
    """The threshold in reach with the least wrong, the nearest to the usual one among equals."""
    scores = [each.scores[name] for each in decided]
    around = [round(score + step, 3) for score in scores for step in (0.0, _STEP)]
    candidates = [threshold for threshold in around if reach.lowest <= threshold <= reach.highest]
    least, _, threshold = min(
        ((_wrong(each, decided, name), abs(each - usual), each) for each in candidates), default=(0, 0.0, usual)
    )
    return threshold if _wrong(usual, decided, name) - least >= _WORTH else usual


def _wrong(threshold: float, decided: Sequence[Decided], name: str) -> int:
    shown_in_vain = sum(not each.unwanted and each.scores[name] >= threshold for each in decided)
    missed = sum(each.unwanted and each.scores[name] < threshold for each in decided)
    return shown_in_vain + _MISSED * missed
