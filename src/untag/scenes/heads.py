"""The heads: for each category linear ones on the first look at a photo, and on the closer look where that is worth it.

Trained by training/train_scenes.py; the parameters ship in models/scene_heads.npz, with their card beside them.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from untag.engine.weights.efficientnet import CLASSES, DETAILS, FEATURES
from untag.errors import ModelError
from untag.scenes.categories import CATEGORIES, Category
from untag.scenes.space import WIDTH
from untag.support.assets import read_asset

_GROUPS = tuple([item.index for item in CATEGORIES[name].classes] for name in (Category.ALCOHOL, Category.WEAPON))
_LEAST_SHARE = 1e-4  # of probability: below, the network has not seen it at all, and by how much means nothing
SEEN = FEATURES + DETAILS + len(_GROUPS)
"""How many numbers the network says of a picture."""

INPUTS = SEEN + WIDTH
"""These, and where the picture lies in the space of pictures and sentences."""

_SHAPES = {
    "first": (INPUTS,),
    "first_biases": (),
    "gates": (),
    "whole": (INPUTS,),
    "closer": (SEEN,),
    "windows": (FEATURES,),
    "odds": (len(_GROUPS),),
    "kinds": (CLASSES,),
    "biases": (),
}
"""Of the arrays in the file, but for the categories, which are the last axis of all, and of `strength` both."""

_STRONGEST = 3  # windows

HEADS_SHA256 = "a4af26f99ac796ac3c657df93596d8f75fbc37792b0ac11a18282c4490c94b0a"
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

    The features, the details, and the `named_odds`.
    """
    return np.hstack([features, details, named_odds(logits)]).astype(np.float32)


def named_odds(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """(N, 2) log-odds that the network names one of the classes of alcohol, or of weapon, from (N, 1000) logits."""
    probabilities = class_probabilities(logits)
    shares = np.stack([probabilities[:, group].sum(axis=1) for group in _GROUPS], axis=1)
    shares = np.clip(shares, _LEAST_SHARE, 1 - _LEAST_SHARE)
    return np.asarray(np.log(shares / (1 - shares)), np.float32)


def pooled(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """(M, C) logits of a photo's windows -> (C,) of the photo: the logarithm of their mean exponential.

    One window in which something shows is enough, and in many it shows more.
    """
    highest = logits.max(axis=0)
    return np.asarray(np.log(np.exp(logits - highest).mean(axis=0)) + highest)


def class_strengths(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """(M, 1000) logits of a photo's windows -> (1000,): how surely any window shows each ImageNet class.

    The mean of the three highest logarithms of its probability.
    """
    shifted = logits - logits.max(axis=1, keepdims=True)
    certain = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return np.asarray(np.maximum(strongest(certain), np.float32(np.log(_LEAST_SHARE))), np.float32)


def strongest(odds: NDArray[np.float32]) -> NDArray[np.float32]:
    """(M, D) of a photo's windows, such as `named_odds` -> (D,): the mean of the three highest of each."""
    return np.asarray(np.sort(odds, axis=0)[-_STRONGEST:].mean(axis=0))


@dataclass(frozen=True, slots=True)
class CloserLook:
    """What the network says of one photo looked at closer: `seen` (SEEN,) of all of it, and of its M windows.

    `windows` (M, 1280) are their features and `window_logits` (M, 1000) their ImageNet classes; all float32.
    """

    seen: NDArray[np.float32]
    windows: NDArray[np.float32]
    window_logits: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Heads:
    """For the C `categories`, all float32.

    The first look: `first` (INPUTS, C) and `first_biases` (C,). `gates` (C,) are the scores of which one, at least, a
    photo must reach to be looked at closer. Then `whole` (INPUTS, C) on the first look counts as well as, of the
    closer one, `closer` (SEEN, C) on all of it, `windows` (1280, C) on its windows, pooled, times `strength` (C, C),
    through which categories lend each other some of it, `odds` (2, C) on what the network names in them, and `kinds`
    (1000, C) on how strongly any shows each of its classes. `biases` (C,).
    """

    categories: tuple[str, ...]
    first: NDArray[np.float32]
    first_biases: NDArray[np.float32]
    gates: NDArray[np.float32]
    whole: NDArray[np.float32]
    closer: NDArray[np.float32]
    windows: NDArray[np.float32]
    strength: NDArray[np.float32]
    odds: NDArray[np.float32]
    kinds: NDArray[np.float32]
    biases: NDArray[np.float32]

    def first_scores(self, whole: NDArray[np.float32]) -> NDArray[np.float64]:
        """(N, C) probabilities, 0 to 1, of what the network says of N photos at the first look, (N, INPUTS)."""
        return logistic((whole @ self.first + self.first_biases).astype(np.float64))

    def worth_a_closer_look(self, first_scores: NDArray[np.float64]) -> NDArray[np.bool_]:
        """(N,): whether any category is likely enough at the first look."""
        return np.asarray((first_scores >= self.gates).any(axis=1))

    def scores(self, whole: NDArray[np.float32], look: CloserLook) -> NDArray[np.float64]:
        """(C,) calibrated probabilities, 0 to 1, of one photo: `whole` (INPUTS,) is the first look."""
        logits = whole @ self.whole + look.seen @ self.closer + self.biases
        logits = logits + pooled(look.windows @ self.windows) @ self.strength
        logits = logits + class_strengths(look.window_logits) @ self.kinds
        return logistic((logits + strongest(named_odds(look.window_logits)) @ self.odds).astype(np.float64))


def load_heads() -> Heads:
    """The heads that ship with untag. Raises ModelError when they are missing or not the pinned ones."""
    return read_heads(read_asset("scene_heads.npz", HEADS_SHA256))


def read_heads(data: bytes) -> Heads:
    """Heads from the bytes of an .npz without pickles. Raises ModelError when they are something else."""
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            categories = tuple(str(name) for name in file["categories"])
            arrays = {name: file[name].astype(np.float32) for name in (*_SHAPES, "strength")}
    except (KeyError, ValueError, OSError, EOFError, BadZipFile) as error:
        raise ModelError("models/scene_heads.npz holds no scene heads; install untag again") from error
    count = len(categories)
    shapes = {**_SHAPES, "strength": (count,)}
    if any(arrays[name].shape != (*rows, count) for name, rows in shapes.items()):
        raise ModelError("models/scene_heads.npz holds heads of another shape; install untag again")
    return Heads(categories, **arrays)
