"""The measures against values worked out by hand, and against slow definitions of the same thing."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from untag.evaluation.metrics import (
    average_precision,
    best_accuracy_threshold,
    recall_at_precision,
    roc_auc,
    tar_at_far,
)

labelled = st.lists(st.tuples(st.integers(0, 6), st.booleans()), min_size=1, max_size=40)


def test_average_precision_by_hand() -> None:
    # Ranked: hit, miss, hit -> precision 1 and 2/3 at the two hits.
    assert average_precision([0.2, 0.9, 0.5], [True, True, False]) == pytest.approx((1 + 2 / 3) / 2)


def test_average_precision_takes_ties_together() -> None:
    # In one order of the tie this would be 1, in the other 1/2.
    assert average_precision([0.5, 0.5], [True, False]) == 0.5
    assert average_precision([0.5, 0.5], [False, True]) == 0.5


def test_average_precision_of_one_sided_labels() -> None:
    assert average_precision([1, 2], [True, True]) == 1
    assert math.isnan(average_precision([1, 2], [False, False]))
    assert math.isnan(average_precision([], []))


@given(labelled)
def test_auc_is_the_share_of_pairs_in_order(items: list[tuple[int, bool]]) -> None:
    ups = [score for score, positive in items if positive]
    downs = [score for score, positive in items if not positive]
    auc = roc_auc([score for score, _ in items], [positive for _, positive in items])
    if not ups or not downs:
        assert math.isnan(auc)
        return
    wins = sum((up > down) + 0.5 * (up == down) for up in ups for down in downs)
    assert auc == pytest.approx(wins / (len(ups) * len(downs)))


def test_recall_at_precision_by_hand() -> None:
    scores, positive = [0.9, 0.8, 0.7, 0.6, 0.5], [True, True, False, True, False]
    assert recall_at_precision(scores, positive, 0.9) == pytest.approx(2 / 3)
    assert recall_at_precision(scores, positive, 0.75) == 1
    assert recall_at_precision([0.9, 0.1], [False, True], 0.9) == 0
    assert math.isnan(recall_at_precision([0.9], [False], 0.9))


def test_recall_at_precision_cannot_split_a_tie() -> None:
    assert recall_at_precision([0.9, 0.9], [True, False], 0.9) == 0


def test_tar_at_far_by_hand() -> None:
    scores = [0.9, 0.8, 0.7, 0.6, 0.5, 0.4]
    same = [True, False, True, True, False, False]
    assert tar_at_far(scores, same, [0.0, 1 / 3, 0.5, 1.0]) == pytest.approx({0.0: 1 / 3, 1 / 3: 1, 0.5: 1, 1.0: 1})


def test_tar_at_far_cannot_split_a_tie() -> None:
    assert tar_at_far([0.5, 0.5, 0.4], [True, False, True], [0.0]) == {0.0: 0}


def test_tar_at_far_without_different_pairs() -> None:
    assert math.isnan(tar_at_far([0.5], [True], [0.1])[0.1])


@pytest.mark.parametrize(
    ("scores", "same", "threshold", "accuracy"),
    [
        ([0.9, 0.4, 0.6, 0.2], [True, True, False, False], 0.75, 0.75),
        ([0.9, 0.1], [True, False], 0.5, 1.0),
        ([0.9, 0.1], [False, False], math.inf, 1.0),
        ([0.9, 0.1], [True, True], 0.1, 1.0),
        ([0.5, 0.5, 0.5], [True, True, False], 0.5, 2 / 3),
    ],
)
def test_best_accuracy_threshold_by_hand(
    scores: list[float], same: list[bool], threshold: float, accuracy: float
) -> None:
    assert best_accuracy_threshold(scores, same) == pytest.approx((threshold, accuracy))


@given(labelled)
def test_best_accuracy_is_reached_and_not_beaten(items: list[tuple[int, bool]]) -> None:
    scores = np.array([score for score, _ in items], dtype=float)
    same = np.array([positive for _, positive in items])
    threshold, accuracy = best_accuracy_threshold(scores, same)
    assert np.mean((scores >= threshold) == same) == pytest.approx(accuracy)
    assert all(np.mean((scores >= other) == same) <= accuracy + 1e-12 for other in np.arange(-0.5, 8))


def test_threshold_between_neighbouring_floats_keeps_them_apart() -> None:
    low = 0.5
    high = float(np.nextafter(low, 1))
    threshold, accuracy = best_accuracy_threshold([low, high], [False, True])
    assert accuracy == 1
    assert low < threshold <= high


@given(labelled, st.randoms())
def test_no_measure_depends_on_the_order(items: list[tuple[int, bool]], random: object) -> None:
    shuffled = sorted(items, key=lambda _: random.random())  # type: ignore[attr-defined]
    for measure in (average_precision, roc_auc, best_accuracy_threshold):
        first, second = (
            measure([score for score, _ in order], [positive for _, positive in order]) for order in (items, shuffled)
        )
        np.testing.assert_equal(first, second)


def test_unusable_input_is_refused() -> None:
    with pytest.raises(ValueError, match="one length"):
        average_precision([1.0], [True, False])
    with pytest.raises(ValueError, match="finite"):
        roc_auc([1.0, math.nan], [True, False])
    with pytest.raises(ValueError, match="no scores"):
        best_accuracy_threshold([], [])
