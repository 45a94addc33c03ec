"""Perceptual hashes: near-equal numbers for pictures that look alike, such as the copy that a site made smaller."""

from __future__ import annotations

import cv2
import numpy as np

from untag.types import Pixels

_SIDE = 32
_KEPT = 8


def perceptual_hash(pixels: Pixels) -> int:
    """The DCT hash of an RGB image: 64 bits, 0 to 2**64 - 1.

    The picture is averaged to 32x32 grey; each bit says whether one of the 8x8 lowest frequencies (rows first, highest
    bit first) is above their median (Zauner, Implementation and Benchmarking of Perceptual Image Hash Functions, 2010).
    A picture of one colour hashes to 0 or to a single bit: such hashes tell nothing, and are not compared.
    """
    # Bilinear at a half is the mean of four pixels, and much faster than averaging all at once: 1 ms, not 7.
    while min(pixels.shape[:2]) >= 8 * _SIDE:
        half = (pixels.shape[1] // 2, pixels.shape[0] // 2)
        pixels = np.asarray(cv2.resize(pixels, half, interpolation=cv2.INTER_LINEAR), np.uint8)
    grey = cv2.cvtColor(cv2.resize(pixels, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY)
    lowest = cv2.dct(grey.astype(np.float32))[:_KEPT, :_KEPT].ravel()
    # Frequencies that are absent come out as rounding noise around nought, whose sign must not become a bit.
    lowest[np.abs(lowest) < 1e-2] = 0.0
    bits = lowest > np.median(lowest[1:])
    return int.from_bytes(np.packbits(bits).tobytes(), "big")
