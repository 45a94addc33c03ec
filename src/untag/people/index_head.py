"""Heads: the few coordinates of an embedding that separate most faces, in a basis made for the embeddings themselves.

A projection on orthonormal axes never makes a distance longer, so two faces whose heads are farther apart than a limit
are so themselves. The axes are the principal ones of the index's first faces (Pearson 1901): embeddings of a face
recogniser vary much more along some than along others; dlib's vary to four fifths along 38 of 128.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

ROUNDING = 2.0**-24
"""The largest relative error of rounding a number to float32."""
ENOUGH = 2048
"""Faces that a basis is made from, at least. It outlives faces that are erased, so it must show no single one."""
_HELD = 0.8
"""The share of the variance that heads hold: with fewer axes they leave more pairs than the shorter product spares."""

Basis = NDArray[np.float64]
"""Orthonormal columns, (dimensions, head); none where heads would exclude nothing."""


def choose_basis(embeddings: NDArray[np.float32]) -> Basis:
    """The principal axes of (N, dimensions) embeddings that hold most of their variance, at most half of all axes.

    Two less than a multiple of 8, since a head is stored with two numbers more (`index_file.py`).
    """
    dimensions = embeddings.shape[1]
    if dimensions < 12 or not np.isfinite(embeddings).all():
        return np.empty((dimensions, 0))
    variances, axes = np.linalg.eigh(np.cov(embeddings.astype(np.float64), rowvar=False))
    held = np.cumsum(variances[::-1])
    widths = np.arange(6, dimensions // 2 + 1, 8)
    enough = widths[held[widths - 1] > _HELD * held[-1]]
    return np.ascontiguousarray(axes[:, ::-1][:, : enough[0] if len(enough) else 0])


def project(embeddings: NDArray[np.float32], basis: Basis) -> NDArray[np.float32]:
    """The heads of (N, dimensions) embeddings, (N, head), rounded once."""
    return (embeddings.astype(np.float64) @ basis).astype(np.float32)


def head_limits(references: NDArray[np.float32], limits: NDArray[np.float64]) -> NDArray[np.float64]:
    """How far the stored head of a face within `limits` (R,) of references (R, dimensions) can be from theirs: (R,).

    Both heads were rounded, each by at most `ROUNDING` of the embedding's length, which is at most |r| + L for the
    face. Doubled, for the basis was rounded as well.
    """
    norms = np.linalg.norm(references.astype(np.float64), axis=1)
    return np.asarray(limits + 2 * ROUNDING * (2 * norms + limits))
