"""Photos too dark for the detectors: underexposed ones, and those of somebody in front of a bright window."""

from __future__ import annotations

import cv2
import numpy as np

from untag.types import Pixels

_DARK = 16
"""Levels of brightness, of 256, below which a detector sees little."""

_SHARE = 0.2
"""Of a photo: that much of it is dark where a face may hide."""

_SAMPLE = 128
"""The photo is judged by this many pixels of its longer side."""

_BRIGHTEST = 99.0
"""The percentile of brightness that becomes white: a lamp or two stay what they are."""

_MIDDLE = 0.4
_STRONGEST = 0.3
_CLIP, _FIELDS = 4.0, (8, 8)


def is_dark(image: Pixels) -> bool:
    """Whether much of an image is so dark that faces in it may not be found."""
    step = max(1, max(image.shape[:2]) // _SAMPLE)
    return float((_brightness(image[::step, ::step]) < _DARK).mean()) >= _SHARE


def lifted(image: Pixels) -> Pixels:
    """The image as if it had been exposed for its dark parts.

    The brightest becomes white and half of the pixels lie above 0.4, by an exponent that all channels share; then the
    local contrast is equalised (CLAHE; K. Zuiderveld, Graphics Gems IV, 1994), which shows who stands against a window.
    """
    grey = _brightness(image)
    white = max(16.0, float(np.percentile(grey, _BRIGHTEST)))
    middle = min(max(float(np.median(grey)) / white, 1 / 255), _MIDDLE)
    exponent = max(np.log(_MIDDLE) / np.log(middle), _STRONGEST)
    curve = 255 * np.clip(np.arange(256) / white, 0, 1) ** exponent
    lab = cv2.cvtColor(cv2.LUT(image, curve.astype(np.uint8)), cv2.COLOR_RGB2LAB)
    lab[..., 0] = cv2.createCLAHE(_CLIP, _FIELDS).apply(np.ascontiguousarray(lab[..., 0]))
    return np.asarray(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB), np.uint8)


def _brightness(image: Pixels) -> Pixels:
    return np.asarray(cv2.cvtColor(np.ascontiguousarray(image), cv2.COLOR_RGB2GRAY), np.uint8)
