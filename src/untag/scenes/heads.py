"""The heads: a logistic regression for each category on what EfficientNet-Lite2 computes of a photo.

Trained by training/train_scenes.py; the parameters ship in models/scene_heads.npz, with their card beside them.
"""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from untag.assets import read_asset
from untag.engine.efficientnet import DETAILS, FEATURES
from untag.errors import ModelError
from untag.scenes.categories import CATEGORIES, Category

_GROUPS = tuple([item.index for item in CATEGORIES[name].classes] for name in (Category.ALCOHOL, Category.WEAPON))
_LEAST_SHARE = 1e-4  # of probability: below, the network has not seen it at all, and by how much means nothing
INPUTS = FEATURES + DETAILS + len(_GROUPS)
HEADS_SHA256 = "34d49bdd6267d90dafe9ed5f279fc286dc6bd48b9e4d6eab3b473acde5c91200"
"""Of the shipped heads: part of the name that their scores are stored under, so it cannot drift from the file."""


def class_probabilities(logits: NDArray[np.float32]) -> NDArray[np.float64]:
    """(N, 1000) logits of the ImageNet classes -> their probabilities."""
    exponents = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
    return np.asarray(exponents / exponents.sum(axis=1, keepdims=True))


def logistic(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """The logistic function, 0 to 1, in a form that overflows on neither side."""
    return np.asarray(0.5 * (1 + np.tanh(logits / 2)))


def head_inputs(
    logits: NDArray[np.float32], features: NDArray[np.float32], details: NDArray[np.float32]
) -> NDArray[np.float32]:
    """What the heads look at, (N, 1698), from the outputs of the graph.

    The features, the details, and the log-odds that the network names one of the classes of alcohol, or of weapon.
    """
    probabilities = class_probabilities(logits)
    shares = np.stack([probabilities[:, group].sum(axis=1) for group in _GROUPS], axis=1)
    shares = np.clip(shares, _LEAST_SHARE, 1 - _LEAST_SHARE)
    return np.hstack([features, details, np.log(shares / (1 - shares))]).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Heads:
    """`weights` (1698, C) and `biases` (C,) float32, for the C `categories`."""

    categories: tuple[str, ...]
    weights: NDArray[np.float32]
    biases: NDArray[np.float32]

    def scores(self, inputs: NDArray[np.float32]) -> NDArray[np.float64]:
        """(N, 1698), as `head_inputs` makes them -> (N, C) calibrated probabilities, 0 to 1."""
        return logistic((inputs @ self.weights + self.biases).astype(np.float64))


def load_heads() -> Heads:
    """The heads that ship with untag. Raises ModelError when they are missing or not the pinned ones."""
    data = read_asset("scene_heads.npz")
    if hashlib.sha256(data).hexdigest() != HEADS_SHA256:
        raise ModelError("models/scene_heads.npz is damaged; install untag again")
    return read_heads(data)


def read_heads(data: bytes) -> Heads:
    """Heads from the bytes of an .npz without pickles. Raises ModelError when they are something else."""
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            categories = tuple(str(name) for name in file["categories"])
            weights, biases = file["weights"].astype(np.float32), file["biases"].astype(np.float32)
    except (KeyError, ValueError, OSError, EOFError, BadZipFile) as error:
        raise ModelError("models/scene_heads.npz holds no scene heads; install untag again") from error
    if weights.shape != (INPUTS, len(categories)) or biases.shape != (len(categories),):
        raise ModelError("models/scene_heads.npz holds heads of another shape; install untag again")
    return Heads(categories, weights, biases)
