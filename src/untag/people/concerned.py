"""Which stored faces a change of profile can concern: the index of embeddings says it without reading their photos."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from untag.people.calibrate import Calibration
from untag.people.index import FaceIndex
from untag.people.match import Matcher

_MARGIN = 1e-9
"""Of similarity: the index and the matcher round their distances differently, by about 1e-12."""
_HALVINGS = 60


def faces_concerned(index: FaceIndex, matcher: Matcher) -> NDArray[np.int64]:
    """The ids of all faces in the index that `matcher` may call `me` or `maybe`, and hardly any others: (N,) int64."""
    templates = [template for profile in matcher.profiles for template in profile.templates]
    if not templates or len(index) == 0:
        return np.empty(0, np.int64)
    counts = np.array([template.references for template in templates])
    limits = reach(matcher.calibration, counts, min(matcher.me, matcher.maybe) - _MARGIN)
    return np.unique(index.within(np.stack([template.mean for template in templates]), limits).faces)


def reach(calibration: Calibration, references: NDArray[np.int64], similarity: float) -> NDArray[np.float64]:
    """How far a face may be from the mean of (N,) references to be this similar, 0 to 1: (N,), infinite for no limit.

    By halving, for similarity only ever falls with distance, whatever curve the calibration has.
    """

    def similar(distances: NDArray[np.float64]) -> NDArray[np.bool_]:
        alike = calibration.similarity(calibration.pair_distance(distances, references))
        return np.asarray(alike >= similarity)

    near = np.zeros(len(references))
    far = np.full(len(references), 1e6)
    unlimited = similar(far)
    for _ in range(_HALVINGS):
        middle = (near + far) / 2
        near, far = np.where(similar(middle), middle, near), np.where(similar(middle), far, middle)
    return np.where(unlimited, np.inf, far)
