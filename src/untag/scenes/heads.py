"""The heads: for each category a linear one on the whole photo, and one for each region around the faces in it.

Trained by training/train_scenes.py; the parameters ship in models/scene_heads.npz, with their card beside them.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from untag.engine.weights.efficientnet import DETAILS, FEATURES
from untag.errors import ModelError
from untag.scenes.categories import CATEGORIES, Category
from untag.scenes.crops import Region
from untag.scenes.space import WIDTH
from untag.support.assets import read_asset

_GROUPS = tuple([item.index for item in CATEGORIES[name].classes] for name in (Category.ALCOHOL, Category.WEAPON))
_LEAST_SHARE = 1e-4  # of probability: below, the network has not seen it at all, and by how much means nothing
SEEN = FEATURES + DETAILS + len(_GROUPS)
"""How many numbers the network says of a picture."""

INPUTS = SEEN + WIDTH
"""These, and where the picture lies in the space of pictures and sentences."""

HEADS_SHA256 = "ce21b2434f2333215929a889f40e51dec08b3666015def191cb3d25f116b204f"
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
    """What the network says of a picture, (N, 1698), from the outputs of the graph.

    The features, the details, and the log-odds that the network names one of the classes of alcohol, or of weapon.
    """
    probabilities = class_probabilities(logits)
    shares = np.stack([probabilities[:, group].sum(axis=1) for group in _GROUPS], axis=1)
    shares = np.clip(shares, _LEAST_SHARE, 1 - _LEAST_SHARE)
    return np.hstack([features, details, np.log(shares / (1 - shares))]).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Looks:
    """What heads look at: `whole` (N, INPUTS) of N photos, and `around`, by region, (K, INPUTS) of their crops.

    `owners` (K,) are the photos of the crops, alike for every region.
    """

    whole: NDArray[np.float32]
    around: Mapping[Region, NDArray[np.float32]]
    owners: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Heads:
    """For the C `categories`: `whole` (INPUTS, C) of the photo and `around` (INPUTS, C) for each region, all float32.

    Of a region the strongest of a photo's crops counts, and `without` (C,) where it has none. `biases` (C,).
    """

    categories: tuple[str, ...]
    whole: NDArray[np.float32]
    around: Mapping[Region, NDArray[np.float32]]
    without: Mapping[Region, NDArray[np.float32]]
    biases: NDArray[np.float32]

    def scores(self, looks: Looks) -> NDArray[np.float64]:
        """(N, C) calibrated probabilities, 0 to 1."""
        logits = looks.whole @ self.whole + self.biases
        for region, weights in self.around.items():
            logits = logits + self._strongest(looks, region, weights)
        return logistic(logits.astype(np.float64))

    def _strongest(self, looks: Looks, region: Region, weights: NDArray[np.float32]) -> NDArray[np.float32]:
        found = np.full((len(looks.whole), len(self.categories)), -np.inf, np.float32)
        if len(looks.owners):
            np.maximum.at(found, looks.owners, looks.around[region] @ weights)
        return np.where(np.isinf(found), self.without[region], found).astype(np.float32)


def load_heads() -> Heads:
    """The heads that ship with untag. Raises ModelError when they are missing or not the pinned ones."""
    return read_heads(read_asset("scene_heads.npz", HEADS_SHA256))


def read_heads(data: bytes) -> Heads:
    """Heads from the bytes of an .npz without pickles. Raises ModelError when they are something else."""
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            categories = tuple(str(name) for name in file["categories"])
            whole, biases = file["whole"].astype(np.float32), file["biases"].astype(np.float32)
            around = {region: file[region.value].astype(np.float32) for region in Region}
            without = {region: file[f"without_{region}"].astype(np.float32) for region in Region}
    except (KeyError, ValueError, OSError, EOFError, BadZipFile) as error:
        raise ModelError("models/scene_heads.npz holds no scene heads; install untag again") from error
    count = len(categories)
    matrices, rows = (whole, *around.values()), (biases, *without.values())
    if any(each.shape != (INPUTS, count) for each in matrices) or any(each.shape != (count,) for each in rows):
        raise ModelError("models/scene_heads.npz holds heads of another shape; install untag again")
    return Heads(categories, whole, around, without, biases)
