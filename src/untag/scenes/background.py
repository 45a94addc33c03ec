"""What the features of ordinary photos are like: their mean and how they vary, and nothing of any one photo.

Ten examples say what a taught category looks like; this says what everything else does. Made by
training/scene_background.py; the statistics ship in models/scene_background.npz.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from untag.errors import ModelError
from untag.support.assets import read_asset

BACKGROUND_SHA256 = "697baa3edcd2226aab1243cee22d3b3e48d6008a9ce43a797eaf9157f4073fea"

_SHRINKAGE = 0.9
"""How far the covariance is drawn towards a sphere before its inverse is taken. From 0.03 to 0.6 recall rises from
0.33 to 0.54, above it hardly changes (docs/models.md)."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Background:
    """The distribution of the square roots of D features, which are never negative.

    `mean` and `deviation` (D,) standardise them; of their correlations, `axes` (R, D) are the strongest principal axes,
    `spread` (R,) the variances along these, `rest` the mean variance along all others. `backbone` names the network.
    """

    backbone: str
    mean: Floats
    deviation: Floats
    axes: Floats
    spread: Floats
    rest: float

    def whiten(self, features: NDArray[np.float32]) -> Floats:
        """(N, D) features -> (N, D), of which no direction is more usual than another, but for the shrinkage."""
        roots = np.sqrt(np.maximum(features.astype(np.float64), 0))
        standard = (roots - self.mean) / self.deviation
        along, across = self._shrunk()
        return np.asarray(standard / np.sqrt(across) + (standard @ self.axes.T) * _between(along, across) @ self.axes)

    def covariance(self, left: Floats, right: Floats) -> Floats:
        """(N, D) and (M, D) whitened vectors -> (N, M): u C v, C being the covariance of ordinary photos, whitened."""
        along, across = self._shrunk()
        rest = self.rest / across
        own, other = left @ self.axes.T, right @ self.axes.T
        return np.asarray((own * (self.spread / along - rest)) @ other.T + rest * (left @ right.T))

    def _shrunk(self) -> tuple[Floats, float]:
        count, size = self.axes.shape
        sphere = (self.spread.sum() + self.rest * (size - count)) / size
        return (1 - _SHRINKAGE) * self.spread + _SHRINKAGE * sphere, (1 - _SHRINKAGE) * self.rest + _SHRINKAGE * sphere


def _between(along: Floats, across: float) -> Floats:
    return np.asarray(1 / np.sqrt(along) - 1 / np.sqrt(across))


def load_background(backbone: str) -> Background:
    """The statistics that ship with untag. Raises ModelError when they are damaged or of another backbone."""
    found = read_background(read_asset("scene_background.npz", BACKGROUND_SHA256))
    if found.backbone != backbone:
        raise ModelError(f"models/scene_background.npz is of {found.backbone}, not of {backbone}")
    return found


def read_background(data: bytes) -> Background:
    """Statistics from the bytes of an .npz without pickles. Raises ModelError when they are something else."""
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            mean, deviation, axes, spread, rest = (
                file[name].astype(np.float64) for name in ("mean", "deviation", "axes", "spread", "rest")
            )
            found = Background(str(file["backbone"]), mean, deviation, axes, spread, float(rest))
    except (KeyError, ValueError, TypeError, OSError, EOFError, BadZipFile) as error:
        raise ModelError("models/scene_background.npz holds no statistics; install untag again") from error
    if not (axes.ndim == 2 and mean.shape == deviation.shape == axes.shape[1:] and spread.shape == axes.shape[:1]):
        raise ModelError("models/scene_background.npz holds statistics of another shape; install untag again")
    return found
