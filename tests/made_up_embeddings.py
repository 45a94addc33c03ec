"""Embeddings with few coordinates, for tests that do arithmetic on them."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from untag.people.calibrate import Calibration
from untag.people.profile import Profile
from untag.people.profile import make_profile as make_profile_with

CALIBRATION = Calibration(maybe=0.6, me=0.4, maybe_shift=0.1, me_shift=0.05)


def make_profile(person: str, embeddings: NDArray[np.float32]) -> Profile:
    return make_profile_with(person, embeddings, CALIBRATION)


def vectors(*rows: tuple[float, ...]) -> NDArray[np.float32]:
    """Embeddings whose first coordinates are given; the others are 0."""
    result = np.zeros((len(rows), 8), np.float32)
    for row, values in zip(result, rows, strict=True):
        row[: len(values)] = values
    return result


def cluster(centre: tuple[float, ...], count: int, seed: int = 0) -> NDArray[np.float32]:
    noise = np.random.default_rng(seed).normal(0, 0.02, (count, 8)).astype(np.float32)
    return vectors(*[centre] * count) + noise


def at_similarity(similarity: float) -> float:
    """The distance to a single reference that has this similarity."""
    slope = math.log(9) / (CALIBRATION.maybe - CALIBRATION.me)
    return CALIBRATION.maybe - math.log(similarity / (1 - similarity)) / slope
