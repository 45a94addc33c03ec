"""Heads on the windows of the closer look: of all squares of a photo, those count in which something shows.

What a label says holds for the photo, and not for which of its windows: multiple instances (Dietterich et al. 1997),
pooled by the logarithm of the mean exponential, which weighs windows by how much they show.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from heads import Floats, weights_of
from scene_data import TRAINED, Photos, class_logits
from untag.engine.weights.efficientnet import CLASSES
from untag.scenes.heads import class_strengths, pooled

DIRECTIONS = 256
"""The principal components of windows that heads are fitted in: 0.6 of the variance, and a fifth of the work."""

RIDGE = 0.1  # 0.03 found less of the sources left out
_STEPS = 40  # of the optimiser: what more would change ranks hardly anything


@dataclass(frozen=True)
class WindowHead:
    """Logits of a window are `features @ weights`, (1280, categories); of a photo, these pooled, and `biases`."""

    weights: NDArray[np.float64]
    biases: NDArray[np.float64]


class Windows:
    """The windows of the photos that were looked at closer, in their principal components."""

    def __init__(self, photos: Photos) -> None:
        """`photos.windows` (W, 1280) of half precision, one photo's after the other's, in the order of `closer`."""
        sample = photos.windows[::5].astype(np.float32)
        self._mean, self._deviation = sample.mean(axis=0), sample.std(axis=0) + np.float32(0.02)
        sample = (sample - self._mean) / self._deviation
        _, vectors = np.linalg.eigh(sample.T @ sample)
        self._vectors = np.ascontiguousarray(vectors[:, ::-1][:, :DIRECTIONS])
        self._scale = np.float32(1)
        rows = np.concatenate(
            [self._turned(photos.windows[at : at + 20000]) for at in range(0, len(photos.windows), 20000)]
        )
        self._scale = np.float32(30 / np.sqrt((rows[::7] ** 2).sum(axis=1).mean()))
        self.rows = rows * self._scale
        self.photos = photos

    def _turned(self, windows: NDArray[np.float16]) -> Floats:
        return np.asarray(((windows.astype(np.float32) - self._mean) / self._deviation) @ self._vectors)

    def fit(self, trained: NDArray[np.bool_]) -> WindowHead:
        """Ridge-penalised logistic regressions on pooled windows of the photos that are `trained` on."""
        photos = self.photos
        chosen = trained[photos.closer]
        rows = np.ascontiguousarray(self.rows[np.repeat(chosen, photos.counts)])
        counts, own = photos.counts[chosen], photos.closer[chosen]
        starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
        truth = photos.truth[own]
        weight = weights_of(truth, photos.source[own])
        shown = (truth == 1).astype(np.float64)
        shape = (DIRECTIONS + 1, len(TRAINED))

        def loss_and_slope(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
            parameters = flat.reshape(shape)
            logits = rows @ parameters[:-1].astype(np.float32)
            highest = np.maximum.reduceat(logits, starts, axis=0)
            shares = np.exp(logits - np.repeat(highest, counts, axis=0))
            sums = np.add.reduceat(shares, starts, axis=0)
            scores = (np.log(sums / counts[:, None]) + highest).astype(np.float64) + parameters[-1]
            loss = float((weight * (np.logaddexp(0, scores) - shown * scores)).sum())
            loss += 0.5 * RIDGE * float((parameters[:-1] ** 2).sum())
            error = weight * (0.5 * (1 + np.tanh(scores / 2)) - shown)
            blame = shares * np.repeat((error / sums).astype(np.float32), counts, axis=0)
            return loss, np.vstack([rows.T @ blame + RIDGE * parameters[:-1], error.sum(axis=0)]).ravel()

        options = {"maxiter": _STEPS, "maxcor": 15}
        found = minimize(loss_and_slope, np.zeros(shape).ravel(), jac=True, method="L-BFGS-B", options=options)
        parameters = found.x.reshape(shape)
        weights = self._vectors @ parameters[:-1] * self._scale / self._deviation[:, None]
        return WindowHead(weights, parameters[-1] - self._mean @ weights)

    def scores(self, head: WindowHead) -> Floats:
        """(photos, TRAINED), NaN for photos that were not looked at closer."""
        found = np.full(self.photos.truth.shape, np.nan, np.float32)
        weights = head.weights.astype(np.float32)
        at = 0
        for photo, count in zip(self.photos.closer.tolist(), self.photos.counts.tolist(), strict=True):
            found[photo] = pooled(self.photos.windows[at : at + count].astype(np.float32) @ weights) + head.biases
            at += count
        return found


def strengths_of(photos: Photos) -> Floats:
    """(photos, 1000) `class_strengths` of the windows of the photos that were looked at closer, 0 for others."""
    found = np.zeros((len(photos.paths), CLASSES), np.float32)
    ends = np.cumsum(photos.counts)
    for photo, end, count in zip(photos.closer, ends, photos.counts, strict=True):
        found[photo] = class_strengths(class_logits(photos.windows[end - count : end].astype(np.float32)))
    return found
