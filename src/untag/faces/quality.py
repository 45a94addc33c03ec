"""How much a face can be trusted for recognition: its size, its sharpness, and how far it is turned away."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from untag.faces.landmarks import LandmarkLayout
from untag.types import Pixels

SMALL_FACE = 60.0
"""Below this many pixels between its edges a face is too small to be a reference."""

USABLE_QUALITY = 0.35
"""Below this overall quality a face is too blurred, or turned too far away, to be a reference."""


@dataclass(frozen=True, slots=True)
class FaceQuality:
    """`size` is the face's shorter side in pixels; `sharpness` and `frontality` are 0 (worst) to 1."""

    size: float
    sharpness: float
    frontality: float

    @property
    def overall(self) -> float:
        """0 to 1: the product of the three, each with the value at which it stops mattering taken as 1."""
        return min(1.0, self.size / 100.0) * min(1.0, self.sharpness / 0.6) * min(1.0, self.frontality / 0.6)


def measure_quality(chip: Pixels, landmarks: NDArray[np.float32], size: float, layout: LandmarkLayout) -> FaceQuality:
    """Quality of a face from its aligned chip, its landmarks (5, 2) as `layout` orders them, and its size in pixels."""
    return FaceQuality(size, _sharpness(chip), _frontality(landmarks, layout))


def _sharpness(chip: Pixels) -> float:
    # The middle of the chip is all face; what surrounds it may be blurred on purpose.
    margin = chip.shape[0] // 5
    grey = cv2.cvtColor(chip[margin:-margin, margin:-margin], cv2.COLOR_RGB2GRAY).astype(np.float32)
    contrast = max(float(grey.std()), 1.0)
    # Rounding to 8 bits has a variance of 1/12, which the Laplacian's weights (1, 1, 1, 1, -4) enlarge twentyfold.
    variance = float(cv2.Laplacian(grey, cv2.CV_32F).var()) - 20 / 12
    detail = max(variance, 0.0) ** 0.5 / contrast
    # Measured on LFW: a face reduced to 25 px and enlarged again has 0.03, a phone's portrait 0.2 and more.
    return float(np.clip(detail / 0.25, 0.0, 1.0))


def _frontality(landmarks: NDArray[np.float32], layout: LandmarkLayout) -> float:
    """1 when the nose lies midway between the eyes, 0 when it is level with one of them."""
    right_eye, left_eye = (landmarks[list(eye)].mean(axis=0) for eye in (layout.eye_on_right, layout.eye_on_left))
    across = right_eye - left_eye
    span = float(across @ across)
    if span == 0:
        return 0.0
    position = float((landmarks[layout.nose] - left_eye) @ across) / span
    return float(np.clip(1 - abs(2 * position - 1), 0.0, 1.0))
