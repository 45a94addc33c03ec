"""From distances to a similarity that means the same for every engine, by thresholds measured on labelled pairs.

A threshold is stated as the false match rate that it had on those pairs. The similarity that users see is a logistic
curve through two of them: 50 % at a false match rate of 1 in 100, 90 % at 1 in 10,000.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from untag.errors import ModelError
from untag.support.assets import read_asset

MAYBE_FMR = 1e-2
ME_FMR = 1e-4
_MAYBE_SIMILARITY = 0.5
_ME_SIMILARITY = 0.9
CALIBRATION_SHA256 = "4558e954184276a60b114b811cdf11f6d2787efda9d48698634062b7ea60c7b5"
"""Of models/calibration.json: a threshold that changed by accident would change verdicts in silence."""

PROFILE_SIZES = (2, 3, 5, 8)
"""How many references the profiles have from which the shifts are measured."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """What distances mean for one engine, all on the scale of one photo against one photo.

    `maybe` and `me` are the distances at `MAYBE_FMR` and `ME_FMR`. The mean of n embeddings lies nearer to everybody
    than a single one does: at those rates the squared distance to it is smaller by `maybe_shift` and `me_shift` times
    1 - 1/n (`pair_distance`).
    """

    maybe: float
    me: float
    maybe_shift: float
    me_shift: float

    def similarity(self, distances: ArrayLike) -> NDArray[np.float64]:
        """Similarity, 0 to 1, of pair distances of any shape."""
        slope = math.log(_ME_SIMILARITY / (1 - _ME_SIMILARITY)) / (self.maybe - self.me)
        centred = np.clip(slope * (np.asarray(distances, np.float64) - self.maybe), -60, 60)
        return np.asarray(1 / (1 + np.exp(centred)))

    def distance(self, similarity: float) -> float:
        """The pair distance at which the similarity is so much, above 0 and below 1."""
        slope = math.log(_ME_SIMILARITY / (1 - _ME_SIMILARITY)) / (self.maybe - self.me)
        return self.maybe + math.log((1 - similarity) / similarity) / slope

    def pair_distance(self, distances: ArrayLike, references: ArrayLike) -> NDArray[np.float64]:
        """What distances to the mean of `references` embeddings would be to a single one, at the same false match rate.

        Linear in the squared distance, through the two rates. One shift for both, from the variance of a person's
        embeddings, left a false match rate of 1.8e-5 instead of 1e-4 with three references (LFW).
        """
        share = 1 - 1 / np.asarray(references, np.float64)
        near, far = self.me**2 - self.me_shift * share, self.maybe**2 - self.maybe_shift * share
        slope = (self.maybe**2 - self.me**2) / (far - near)
        squared = self.me**2 + (np.square(np.asarray(distances, np.float64)) - near) * slope
        return np.asarray(np.sqrt(np.maximum(squared, 0)))


def calibrate(embeddings: NDArray[np.float32], persons: NDArray[np.str_]) -> Calibration:
    """Calibration from the embeddings (N, dimensions) of labelled photos, `persons` (N,) saying whose each is.

    Raises ValueError when there are too few photos to tell a false match rate of `ME_FMR`, or nobody has two.
    """
    distances, same = all_pairs(embeddings, persons)
    if (~same).sum() * ME_FMR < 1 or not same.any():
        raise ValueError(f"{len(same)} pairs are too few for a false match rate of {ME_FMR}")
    maybe, me = _at_rates(distances[~same])
    shares, shifts = [], []
    for count in PROFILE_SIZES:
        apart = _to_profiles(embeddings, persons, count)
        if len(apart) * ME_FMR >= 1:
            shares.append(1 - 1 / count)
            shifts.append(np.array([maybe, me]) ** 2 - np.square(_at_rates(apart)))
    if not shares:
        raise ValueError(f"nobody has {PROFILE_SIZES[0]} photos")
    # Least squares through the origin: a single reference is not shifted.
    maybe_shift, me_shift = (float(shift) for shift in np.array(shares) @ np.array(shifts) / np.square(shares).sum())
    return Calibration(maybe, me, maybe_shift, me_shift)


def all_pairs(
    embeddings: NDArray[np.float32], persons: NDArray[np.str_]
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """The distance of every two of (N, dimensions) embeddings, and whether they are one person's."""
    exact = embeddings.astype(np.float64)
    distances, same = [np.empty(0, np.float32)], [np.empty(0, np.bool_)]
    for index in range(len(exact) - 1):
        distances.append(np.linalg.norm(exact[index + 1 :] - exact[index], axis=1).astype(np.float32))
        same.append(persons[index + 1 :] == persons[index])
    return np.concatenate(distances), np.concatenate(same)


def _to_profiles(embeddings: NDArray[np.float32], persons: NDArray[np.str_], count: int) -> NDArray[np.float64]:
    """The distances from the mean of `count` photos of a person to all photos of others, for every such group."""
    exact = embeddings.astype(np.float64)
    shuffled = np.random.default_rng(0).permutation(len(persons))
    apart = [np.empty(0)]
    for person in np.unique(persons):
        own = shuffled[persons[shuffled] == person]
        others = exact[persons != person]
        for start in range(0, len(own) - count + 1, count):
            mean = exact[own[start : start + count]].mean(axis=0)
            apart.append(np.linalg.norm(others - mean, axis=1))
    return np.concatenate(apart)


def _at_rates(different: NDArray[Any]) -> tuple[float, float]:
    ordered = np.sort(different)
    maybe, me = (float(ordered[int(len(ordered) * rate)]) for rate in (MAYBE_FMR, ME_FMR))
    return maybe, me


def load_calibration(engine_id: str) -> Calibration:
    """The calibration that ships with untag for an engine. Raises ModelError when there is none, or it is damaged."""
    entry = _shipped().get(engine_id)
    if entry is None:
        raise ModelError(f"the engine {engine_id} has no calibrated thresholds")
    return Calibration(*(float(entry[name]) for name in ("maybe", "me", "maybe_shift", "me_shift")))


def is_provisional(engine_id: str) -> bool:
    """Whether an engine's thresholds are derived from published figures, not measured; see `data` in its entry."""
    return bool(_shipped().get(engine_id, {}).get("provisional", False))


def _shipped() -> Mapping[str, Mapping[str, Any]]:
    table: Mapping[str, Mapping[str, Any]] = json.loads(read_asset("calibration.json", CALIBRATION_SHA256))["engines"]
    return table
