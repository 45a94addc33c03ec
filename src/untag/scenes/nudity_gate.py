"""Whether open_nsfw need look at a photo at all, by what the first look saw: of most it would say next to nothing.

Trained by training/nudity_gate.py to guess what open_nsfw says; the parameters ship in models/nudity_gate.npz.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from untag.engine.weights.efficientnet import FEATURES
from untag.errors import ModelError
from untag.scenes.heads import logistic
from untag.support.assets import read_asset

GATE_SHA256 = "f68e32bc56dba3fe656eedc54754ae5472b70fe8828da77ebacdd0756c5d7009"
"""Of the shipped parameters: part of the name that scores are stored under."""


@dataclass(frozen=True, slots=True)
class NudityGate:
    """A line through the square roots of features: `weights` (1280,) float32 and `bias` give the guess as a logit.

    From the guess `asks_from` on open_nsfw is asked.
    """

    weights: NDArray[np.float32]
    bias: float
    asks_from: float

    def unasked(self, features: NDArray[np.float32]) -> list[float | None]:
        """The guess, 0 to 1, for each of (N, 1280) features; None for what open_nsfw has to judge."""
        guesses = (np.sqrt(features.clip(0)) @ self.weights + self.bias).astype(np.float64)
        chances = logistic(guesses)
        return [
            None if guess >= self.asks_from else float(chance) for guess, chance in zip(guesses, chances, strict=True)
        ]


def load_nudity_gate() -> NudityGate:
    """The gate that ships with untag. Raises ModelError when it is missing or not the pinned one."""
    return read_nudity_gate(read_asset("nudity_gate.npz", GATE_SHA256))


def read_nudity_gate(data: bytes) -> NudityGate:
    """A gate from the bytes of an .npz without pickles. Raises ModelError when they are something else."""
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            weights, bias, asks_from = (file[name].astype(np.float32) for name in ("weights", "bias", "asks_from"))
    except (KeyError, ValueError, OSError, EOFError, BadZipFile) as error:
        raise ModelError("models/nudity_gate.npz holds no gate; install untag again") from error
    if (weights.shape, bias.shape, asks_from.shape) != ((FEATURES,), (), ()):
        raise ModelError("models/nudity_gate.npz holds a gate of another shape; install untag again")
    return NudityGate(weights, float(bias), float(asks_from))
