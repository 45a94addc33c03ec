"""The space that pictures and sentences share: a photo is 384 numbers, near those of what people write of it.

Trained by training/joint_space.py on captions; the parameters ship in models/scene_space.npz.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, fields
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from untag.engine.weights.efficientnet import DETAILS, FEATURES
from untag.errors import ModelError
from untag.support.assets import read_asset

SPACE_SHA256 = "658a9fb6884a26ca66d3fb9126a77a9033d8f03af936e4a537d2e327e78de344"
"""Of the shipped parameters: part of the name that vectors are stored under."""

WIDTH = 384
SEEN_BY_SPACE = FEATURES + DETAILS
_HIDDEN = 1024

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Space:
    """Two layers: `first` (1696, 1024) and `second` (1024, 384) with their biases, all float32.

    `mean` and `deviation` (1696,) standardise the square roots of features and details. `usual` (384,) is the mean of
    ordinary photos' vectors and `spread` (384, 384) their covariance: what is near a sentence is nearer than these.
    """

    mean: Floats
    deviation: Floats
    first: Floats
    first_bias: Floats
    second: Floats
    second_bias: Floats
    usual: Floats
    spread: Floats

    def embed(self, seen: Floats) -> Floats:
        """(N, 1696 or more) features and details, as `head_inputs` has them first -> (N, 384) at length 1.

        Details may be negative; the root of the size is taken with the sign.
        """
        roots = (signed_root(seen[:, :SEEN_BY_SPACE]) - self.mean) / self.deviation
        vectors = np.maximum(roots @ self.first + self.first_bias, 0) @ self.second + self.second_bias
        return unit(vectors)

    def nearness(self, vectors: Floats, sentence: Floats) -> Floats:
        """How near photos, (N, 384), are to a sentence, (384,), in standard deviations above ordinary photos: (N,)."""
        deviation = np.sqrt(max(float(sentence @ self.spread @ sentence), 1e-12))
        return np.asarray((vectors - self.usual) @ sentence / deviation, np.float32)


def signed_root(values: Floats) -> Floats:
    """The square root of the size, with the sign."""
    return np.asarray(np.sign(values) * np.sqrt(np.abs(values)), np.float32)


def unit(vectors: Floats) -> Floats:
    """Rows at length 1; a row of zeros stays one."""
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12), np.float32)


SPACE_ID = f"space-{SPACE_SHA256[:12]}"
"""Vectors of another space are not comparable."""


def load_space() -> Space:
    """The space that ships with untag. Raises ModelError when it is missing or not the pinned one."""
    return read_space(read_asset("scene_space.npz", SPACE_SHA256))


def read_space(data: bytes) -> Space:
    """A space from the bytes of an .npz without pickles. Raises ModelError when they are something else."""
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            found = Space(*(file[field.name].astype(np.float32) for field in fields(Space)))
    except (KeyError, ValueError, TypeError, OSError, EOFError, BadZipFile) as error:
        raise ModelError("models/scene_space.npz holds no space; install untag again") from error
    shapes = [getattr(found, field.name).shape for field in fields(Space)]
    layers = [(SEEN_BY_SPACE, _HIDDEN), (_HIDDEN,), (_HIDDEN, WIDTH), (WIDTH,)]
    if shapes != [(SEEN_BY_SPACE,), (SEEN_BY_SPACE,), *layers, (WIDTH,), (WIDTH, WIDTH)]:
        raise ModelError("models/scene_space.npz holds a space of another shape; install untag again")
    return found
