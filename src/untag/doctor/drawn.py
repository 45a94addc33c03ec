"""A picture of a face that is nobody's: for `untag doctor --offline`, which may not need a photo of anybody.

It is drawn in whole numbers by numpy alone, so that every machine and every version draws the same.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from untag.types import Pixels

_SIDE = 480
_BLUR = 13


def drawn_face() -> Pixels:
    """A face of a few ellipses on uneven ground, (240, 240, 3) uint8: nobody's, but the detector takes it for one."""
    return _drawn().copy()


@cache
def _drawn() -> Pixels:
    generator = np.random.default_rng(5)
    ground = generator.integers(60, 140, (6, 6, 3), dtype=np.uint8)
    canvas = ground.repeat(_SIDE // 6, axis=0).repeat(_SIDE // 6, axis=1).astype(np.int64)
    y, x = np.mgrid[0:_SIDE, 0:_SIDE]

    def ellipse(cx: int, cy: int, rx: int, ry: int, colour: tuple[int, int, int]) -> None:
        canvas[((x - cx) * ry) ** 2 + ((y - cy) * rx) ** 2 <= (rx * ry) ** 2] = colour

    ellipse(240, 500, 190, 110, (60, 70, 110))
    ellipse(240, 235, 135, 170, (58, 40, 30))
    ellipse(240, 260, 112, 147, (206, 160, 132))
    ellipse(240, 330, 75, 65, (200, 152, 124))
    ellipse(200, 300, 35, 25, (214, 166, 138))
    ellipse(280, 300, 35, 25, (214, 166, 138))
    for side in (-1, 1):
        eye = 240 + side * 47
        ellipse(eye, 210, 31, 7, (70, 48, 38))
        ellipse(eye, 235, 30, 17, (170, 122, 98))
        ellipse(eye, 236, 24, 10, (236, 232, 228))
        ellipse(eye, 236, 10, 10, (62, 44, 32))
        ellipse(eye, 236, 5, 5, (12, 10, 10))
        ellipse(eye + 3, 233, 2, 2, (250, 250, 250))
        ellipse(240 + side * 20, 299, 8, 11, (184, 134, 108))
        ellipse(240 + side * 12, 306, 7, 4, (110, 70, 58))
    ellipse(240, 270, 11, 35, (220, 174, 146))
    ellipse(240, 298, 16, 12, (214, 164, 138))
    ellipse(240, 350, 40, 13, (168, 84, 80))
    ellipse(240, 349, 38, 3, (98, 44, 44))
    return _reduced(_blurred(canvas))


def _blurred(canvas: NDArray[np.int64]) -> NDArray[np.int64]:
    half = _BLUR // 2
    padded = np.pad(canvas, ((half, half), (half, half), (0, 0)), mode="edge")
    for axis in (0, 1):
        padded = np.lib.stride_tricks.sliding_window_view(padded, _BLUR, axis=axis).sum(axis=-1)
    return np.asarray(padded // _BLUR**2)


def _reduced(canvas: NDArray[np.int64]) -> Pixels:
    side = _SIDE // 2
    return np.asarray(canvas.reshape(side, 2, side, 2, 3).sum(axis=(1, 3)) // 4, dtype=np.uint8)
