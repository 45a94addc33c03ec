"""The closer look at a photo: larger, whole, and piece by piece, for what is small in it.

A glass in a hand is a few pixels of what the first look takes in, and the means over a whole photo forget it. Only
photos that may show something are looked at again.
"""

from __future__ import annotations

import cv2
import numpy as np

from untag.types import Pixels

SIDE = 480
"""The side of a square with as many pixels as the closer look takes in. On larger ones less was found, not more."""

_STEP = 32  # of the network: sides are multiples of it
_MOST_ASPECT = 4.0  # panoramas are squashed to this


def closer_input(rgb: Pixels) -> Pixels:
    """Prepare a photo, (height, width, 3) uint8 of any size, for the closer look: all of it, in its own proportions.

    (H, W, 3) uint8 with sides that are multiples of 32 and about `SIDE` squared pixels.
    """
    height, width = rgb.shape[:2]
    aspect = min(_MOST_ASPECT, max(1 / _MOST_ASPECT, width / height))
    rows, columns = (max(1, round(SIDE * factor / _STEP)) * _STEP for factor in (aspect**-0.5, aspect**0.5))
    # Averaging over areas when shrinking avoids aliasing; when enlarging it would give blocks.
    interpolation = cv2.INTER_AREA if rows * columns < height * width else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(rgb, (columns, rows), interpolation=interpolation), np.uint8)
