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

_LEAST_SIDE = 1.2 * SIDE
"""Of a square with as many pixels as a reduced photo: somewhat more than the closer look takes in."""


def reduced(rgb: Pixels) -> Pixels:
    """A photo at a half, a third … of its size, as small as the closer look allows, from which all models take theirs.

    Whole numbers of pixels are averaged in a quarter of the time that other factors take. The last rows and columns
    that make up no whole number are left out.
    """
    height, width = rgb.shape[:2]
    factor = int(np.sqrt(height * width) / _LEAST_SIDE)
    if factor < 2 or min(height, width) < factor:
        return rgb
    rows, columns = height // factor, width // factor
    whole = rgb[: rows * factor, : columns * factor]
    return np.asarray(cv2.resize(whole, (columns, rows), interpolation=cv2.INTER_AREA), np.uint8)


def closer_input(rgb: Pixels) -> Pixels:
    """Prepare a photo, (height, width, 3) uint8 of any size, for the closer look: all of it, in its own proportions.

    (H, W, 3) uint8 with sides that are multiples of 32 and about `SIDE` squared pixels.
    """
    height, width = rgb.shape[:2]
    aspect = min(_MOST_ASPECT, max(1 / _MOST_ASPECT, width / height))
    rows, columns = (max(1, round(SIDE * factor / _STEP)) * _STEP for factor in (aspect**-0.5, aspect**0.5))
    return resized(rgb, rows, columns)


def resized(rgb: Pixels, rows: int, columns: int) -> Pixels:
    """A photo or a part of one, at least one pixel of it, at another size: (rows, columns, 3) uint8."""
    height, width = rgb.shape[:2]
    # Averaging over areas when shrinking avoids aliasing; when enlarging it would give blocks.
    method = cv2.INTER_AREA if rows * columns < height * width else cv2.INTER_CUBIC
    smaller = rows <= height <= 4 * rows and columns <= width <= 4 * columns
    if smaller and height * width >= _LEAST_SIDE**2:
        # Whole numbers of pixels again: half the time, and 0.3 of 255 apart from areas at once.
        rgb = np.asarray(cv2.resize(rgb, (2 * columns, 2 * rows), interpolation=cv2.INTER_LINEAR), np.uint8)
    return np.asarray(cv2.resize(rgb, (columns, rows), interpolation=method), np.uint8)
