"""Made-up pictures for the face engine; what dlib answers to them is in tests/golden (see training/golden_faces.py).

They are drawn in whole numbers by numpy alone, so that every machine and every version draws the same.
"""

from __future__ import annotations

import numpy as np

from untag.doctor.drawn import drawn_face
from untag.types import Box, Pixels

__all__ = ["FACE_BOX", "drawn_face", "made_up_chips"]

FACE_BOX = Box(54, 77, 172, 195)
"""Where the face is in `drawn_face()`, about as the detector says."""


def made_up_chips() -> Pixels:
    """Seven chips, (7, 150, 150, 3) uint8: noise, squares, a ramp, black, white, and two that look like a face."""
    generator = np.random.default_rng(20240601)
    noise = generator.integers(0, 256, (150, 150, 3), dtype=np.uint8)
    squares = generator.integers(0, 256, (10, 10, 3), dtype=np.uint8).repeat(15, axis=0).repeat(15, axis=1)
    y, x = np.mgrid[0:150, 0:150]
    ramp = np.stack([x, y, 149 - x], axis=-1).astype(np.uint8)
    face = drawn_face()[50:200, 45:195]
    return np.stack([noise, squares, ramp, np.zeros_like(noise), np.full_like(noise, 255), face, 255 - face[:, ::-1]])
