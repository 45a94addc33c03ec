"""Slightly disturbed copies of a face chip, whose embeddings are averaged: dlib's num_jitters."""

from __future__ import annotations

import cv2
import numpy as np

from untag.types import Pixels

_SEED = 0

# The constants are those of jitter_image (dlib/image_transforms/interpolation.h).
_INSET = 3
_SHIFT = 0.02
_ZOOM = (0.97, 0.99999)
_DEGREES = 3.0


def jitter_chip(chip: Pixels, count: int) -> list[Pixels]:
    """`count` copies of a square chip (size, size, 3): turned, enlarged and shifted a little, every other one mirrored.

    The distributions are dlib's jitter_image's, the random numbers are not: they begin anew for each chip, so that a
    chip always gives the same copies. What lies outside the chip is black.
    """
    generator = np.random.default_rng(_SEED)
    return [_copy(chip, generator) for _ in range(count)]


def _copy(chip: Pixels, generator: np.random.Generator) -> Pixels:
    size = chip.shape[0]
    inner = size - 2 * _INSET
    centre = np.full(2, (size - 1) / 2)
    shift = np.floor(generator.uniform(-_SHIFT, _SHIFT, 2) * inner + 0.5)  # dlib's points are whole pixels
    side = inner // generator.uniform(*_ZOOM)
    angle = np.deg2rad(generator.uniform(-_DEGREES, _DEGREES))
    turn = np.array([(np.cos(angle), -np.sin(angle)), (np.sin(angle), np.cos(angle))]) * (side - 1) / (size - 1)
    to_chip = np.column_stack([turn, centre + shift - turn @ centre])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    copy = np.asarray(cv2.warpAffine(chip, to_chip, (size, size), flags=flags), dtype=np.uint8)
    return copy[:, ::-1] if generator.random() > 0.5 else copy
