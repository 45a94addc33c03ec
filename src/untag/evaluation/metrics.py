"""How good scores are against labels: pure functions on numpy arrays.

A higher score always means more of it, or more alike. Scores that tie are taken or left together, so no figure depends
on the order of the input.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray


def average_precision(scores: ArrayLike, positive: ArrayLike) -> float:
    """Mean precision over the steps of recall (no interpolation), 0 to 1; nan without a positive.

    `scores` (N,) numbers, `positive` (N,) booleans. Raises ValueError when the lengths differ or a score is not finite.
    """
    _, hits, taken = _steps(scores, positive)
    if len(hits) == 0 or hits[-1] == 0:
        return float("nan")
    return float(np.sum(np.diff(hits, prepend=0) * hits / taken) / hits[-1])


def roc_auc(scores: ArrayLike, positive: ArrayLike) -> float:
    """The chance that a positive scores above a negative, a tie counting half; nan when either is absent.

    Arguments and errors as for `average_precision`.
    """
    _, hits, taken = _steps(scores, positive)
    misses = taken - hits
    if len(hits) == 0 or hits[-1] == 0 or misses[-1] == 0:
        return float("nan")
    above = hits - np.diff(hits, prepend=0) / 2
    return float(np.sum(np.diff(misses, prepend=0) * above) / (hits[-1] * misses[-1]))


def recall_at_precision(scores: ArrayLike, positive: ArrayLike, precision: float) -> float:
    """The highest recall of any threshold with at least this precision; 0 when none has it, nan without a positive.

    Arguments and errors as for `average_precision`.
    """
    _, hits, taken = _steps(scores, positive)
    if len(hits) == 0 or hits[-1] == 0:
        return float("nan")
    good = hits[hits / taken >= precision]
    return float(good[-1] / hits[-1]) if len(good) else 0.0


def tar_at_far(scores: ArrayLike, same: ArrayLike, fars: Sequence[float]) -> dict[float, float]:
    """For each false accept rate, the highest true accept rate of any threshold that accepts no more different pairs.

    `scores` (N,) numbers, `same` (N,) booleans. nan when there are no pairs of one kind. A rate finer than one in the
    number of different pairs cannot be told from 0. Raises ValueError when the lengths differ or a score is not finite.
    """
    _, hits, taken = _steps(scores, same)
    misses = taken - hits
    if len(hits) == 0 or hits[-1] == 0 or misses[-1] == 0:
        return {far: float("nan") for far in fars}
    # The number of accepted different pairs, with room for the rounding of `far * total`.
    return {
        far: float(hits[allowed].max(initial=0) / hits[-1])
        for far in fars
        for allowed in [misses <= far * misses[-1] * (1 + 1e-12)]
    }


def best_accuracy_threshold(scores: ArrayLike, same: ArrayLike) -> tuple[float, float]:
    """The threshold that decides most pairs rightly (`score >= threshold` means same), and its accuracy, 0 to 1.

    The threshold lies half-way between two scores; of equally good ones it is the highest, which accepts least. When
    the best is to accept nothing it is infinity, when it is to accept all it is the lowest score.
    `scores` (N,) numbers, `same` (N,) booleans. Raises ValueError when they are empty, differ in length or are not
    finite.
    """
    values, hits, taken = _steps(scores, same)
    if len(values) == 0:
        raise ValueError("there are no scores")
    total, positives = taken[-1], hits[-1]
    right = np.concatenate([[total - positives], 2 * hits - taken + total - positives])
    best = int(np.argmax(right))
    accuracy = float(right[best] / total)
    if best == 0:
        return float("inf"), accuracy
    if best == len(values):
        return float(values[-1]), accuracy
    middle = float(values[best] + (values[best - 1] - values[best]) / 2)
    # Between neighbouring floats there is no middle: it rounds to one of them, and must not let the lower one in.
    return (middle if middle > values[best] else float(values[best - 1])), accuracy


def _steps(scores: ArrayLike, positive: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
    """The distinct scores, highest first, and how many positives, and items, score at least that much."""
    values = np.asarray(scores, dtype=np.float64)
    labels = np.asarray(positive, dtype=np.bool_)
    if values.ndim != 1 or values.shape != labels.shape:
        raise ValueError(f"scores and labels must be two lists of one length, not {values.shape} and {labels.shape}")
    if not np.isfinite(values).all():
        raise ValueError("a score is not a finite number")
    order = np.argsort(-values, kind="stable")
    values, hits = values[order], np.cumsum(labels[order], dtype=np.int64)
    last = np.flatnonzero(np.diff(values, append=-np.inf))
    return values[last], hits[last], (last + 1).astype(np.int64)
