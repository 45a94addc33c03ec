"""Where to look closer: the picture around a person's body and around the mouth, cut out by the face that was found.

A glass, a cigarette or a finger is a few pixels of a whole photo, and near the person who holds it.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import cv2
import numpy as np

from untag.types import Box, Pixels


class Region(StrEnum):
    """What is cut out around a face."""

    BODY = "body"
    MOUTH = "mouth"


SIDES = {Region.BODY: 160, Region.MOUTH: 128}
"""Of what is cut out, in pixels as the network takes them: multiples of 32."""

_REACH = {Region.BODY: (2.2, 0.8, 3.6), Region.MOUTH: (1.0, 1.0, 1.0)}
"""To each side, up and down, in sizes of the face: from its middle, or from the mouth."""

_MOUTH_AT = 0.76  # of a face's height, from its top; alike in the boxes of MMOD and of YuNet within 0.03
_LEAST_FACE = 12  # pixels: of a smaller face a body is hardly more than the network makes of nothing
_GREY = 127  # what the network takes for nothing: its padding inside is the same


def crop_input(rgb: Pixels, face: Box, region: Region) -> Pixels:
    """What is around a face, (SIDES[region], SIDES[region], 3) uint8; grey where the photo ends.

    `rgb` is a photo, (height, width, 3) uint8 of any size, and `face` a box in its own pixels.
    """
    size = face_size(face)
    middle = (face.left + face.right) / 2
    level = face.top + face.height * (0.5 if region is Region.BODY else _MOUTH_AT)
    aside, up, down = (reach * size for reach in _REACH[region])
    return _cut_out(rgb, Box(middle - aside, level - up, middle + aside, level + down), SIDES[region])


def face_size(face: Box) -> float:
    """How large a face is: the boxes of one detector are squares, those of the other higher than wide."""
    return (face.width + face.height) / 2


def worth_a_look(faces: Sequence[Box]) -> list[int]:
    """The faces large enough for crops, by their place in `faces`, the largest first."""
    large = [number for number, face in enumerate(faces) if face_size(face) >= _LEAST_FACE]
    return sorted(large, key=lambda number: (-face_size(faces[number]), number))


def _cut_out(rgb: Pixels, box: Box, side: int) -> Pixels:
    """A square box of a photo. Only what is inside is resized: around a large face most of it is not."""
    height, width = rgb.shape[:2]
    first, above = round(box.left), round(box.top)
    size = max(1, round(box.width))
    scale = side / size
    left, top, right, bottom = max(0, first), max(0, above), min(width, first + size), min(height, above + size)
    cut = np.full((side, side, 3), _GREY, np.uint8)
    if right <= left or bottom <= top:
        return cut
    across = _span(left - first, right - first, scale, side)
    down = _span(top - above, bottom - above, scale, side)
    interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    cut[down, across] = cv2.resize(
        rgb[top:bottom, left:right],
        (across.stop - across.start, down.stop - down.start),
        interpolation=interpolation,
    )
    return cut


def _span(low: float, high: float, scale: float, side: int) -> slice:
    """Where a stretch of the box lies in the crop: a pixel at least."""
    start = min(side - 1, max(0, round(scale * low)))
    return slice(start, min(side, max(start + 1, round(scale * high))))
