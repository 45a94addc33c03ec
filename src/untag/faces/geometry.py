"""Geometry of faces: how far boxes overlap, and similarity transforms (rotation, scale, shift) between point sets."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from untag.types import Box

Points = NDArray[np.floating]


def iou(a: Box, b: Box) -> float:
    """The intersection of two boxes over their union."""
    width = min(a.right, b.right) - max(a.left, b.left)
    height = min(a.bottom, b.bottom) - max(a.top, b.top)
    if width <= 0 or height <= 0:
        return 0.0
    return width * height / (a.width * a.height + b.width * b.height - width * height)


def fit_similarity(source: Points, target: Points) -> NDArray[np.float64]:
    """The least-squares similarities that take `source` to `target`, both (..., points, 2): (..., 2, 3) matrices.

    With points as complex numbers a similarity without reflection is w = a z + b, so that the fit is one division
    (the same minimum as Umeyama 1991 without its reflection case).
    """
    z = source[..., 0] + 1j * source[..., 1]
    w = target[..., 0] + 1j * target[..., 1]
    z_mean, w_mean = z.mean(axis=-1, keepdims=True), w.mean(axis=-1, keepdims=True)
    z_centred = z - z_mean
    spread = (np.abs(z_centred) ** 2).sum(axis=-1)
    a = (z_centred.conj() * (w - w_mean)).sum(axis=-1) / np.maximum(spread, 1e-12)
    b = w_mean[..., 0] - a * z_mean[..., 0]
    rows = [np.stack([a.real, -a.imag, b.real], axis=-1), np.stack([a.imag, a.real, b.imag], axis=-1)]
    return np.stack(rows, axis=-2)


def transform_scale(matrix: NDArray[np.float64]) -> float:
    """By how much one (2, 3) similarity enlarges."""
    return float(np.hypot(matrix[0, 0], matrix[1, 0]))
