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

from untag.assets import read_asset
from untag.errors import ModelError

MAYBE_FMR = 1e-2
ME_FMR = 1e-4
_MAYBE_SIMILARITY = 0.5
_ME_SIMILARITY = 0.9


@dataclass(frozen=True, slots=True)
class Calibration:
    """What distances mean for one engine, all on the scale of one photo against one photo.

    `maybe` and `me` are the distances at `MAYBE_FMR` and `ME_FMR`. `spread` is the mean squared distance of a person's
    embeddings from their own mean: it makes distances to the mean of several references comparable (`pair_distance`).
    """

    maybe: float
    me: float
    spread: float

    def similarity(self, distances: ArrayLike) -> NDArray[np.float64]:
        """Similarity, 0 to 1, of pair distances of any shape."""
        slope = math.log(_ME_SIMILARITY / (1 - _ME_SIMILARITY)) / (self.maybe - self.me)
        centred = np.clip(slope * (np.asarray(distances, np.float64) - self.maybe), -60, 60)
        return np.asarray(1 / (1 + np.exp(centred)))

    def pair_distance(self, distances: ArrayLike, references: ArrayLike) -> NDArray[np.float64]:
        """What a distance to the mean of `references` embeddings would be to a single one, on average.

        The mean of n embeddings lies nearer to the person's true centre: the expected squared distance to it is smaller
        by spread x (1 - 1/n), for everybody alike.
        """
        shift = self.spread * (1 - 1 / np.asarray(references, np.float64))
        return np.asarray(np.sqrt(np.square(np.asarray(distances, np.float64)) + shift))


def calibrate(distances: ArrayLike, same: ArrayLike) -> Calibration:
    """Calibration from labelled pairs: distances (N,) and whether each pair is one person (N,).

    Raises ValueError when there are too few different pairs to tell a false match rate of `ME_FMR`.
    """
    values, labels = np.asarray(distances, np.float64), np.asarray(same, np.bool_)
    different = np.sort(values[~labels])
    if len(different) * ME_FMR < 1 or not labels.any():
        raise ValueError(f"{len(different)} pairs of different people are too few for a false match rate of {ME_FMR}")
    at = {rate: float(different[int(len(different) * rate)]) for rate in (MAYBE_FMR, ME_FMR)}
    # Two embeddings of one person differ by twice the variance of one.
    spread = float(np.mean(np.square(values[labels]))) / 2
    return Calibration(at[MAYBE_FMR], at[ME_FMR], spread)


def load_calibration(engine_id: str) -> Calibration:
    """The calibration that ships with untag for an engine. Raises ModelError when there is none."""
    entry = _shipped().get(engine_id)
    if entry is None:
        raise ModelError(f"the engine {engine_id} has no calibrated thresholds")
    return Calibration(maybe=entry["maybe"], me=entry["me"], spread=entry["spread"])


def is_provisional(engine_id: str) -> bool:
    """Whether an engine's thresholds are derived from published figures, not measured; see `data` in its entry."""
    return bool(_shipped().get(engine_id, {}).get("provisional", False))


def _shipped() -> Mapping[str, Mapping[str, Any]]:
    table: Mapping[str, Mapping[str, Any]] = json.loads(read_asset("calibration.json"))["engines"]
    return table
