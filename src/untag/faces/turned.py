"""Photos that lie on their side or head without saying so: which way they stand, and the way back.

Detectors of upright faces miss the others, or find them with landmarks that make their embeddings useless (of 100 LFW
photos turned by 180 degrees YuNet finds 100 faces, none of which resembles its person any more). But they point at
them, and are less sure. So a photo without a certain face is judged by small crops, turned, around what looks most like
one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product

import cv2
import numpy as np
from numpy.typing import NDArray

from untag.faces.finder import CropRules, Detections, FaceFinder, FoundFace
from untag.faces.proposals import Candidate
from untag.types import Box, Pixels

_TURNS = (1, 2, 3)
_SIZES = (0.8, 1.25)
"""The crops have a face of these multiples of what it seems to be, since that is less exact when it is turned. Of LFW's
photos turned by a quarter the dlib engine recognised .93 with these two, .80 with one of the size itself, .95 with
these around two hints."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A turn by `quarters` x 90 degrees, counter-clockwise, of an image of `width` x `height`."""

    quarters: int
    width: float
    height: float

    def back(self, face: FoundFace) -> FoundFace:
        """A face of the turned image where it is in the image itself."""
        box = face.box
        corners = self._points_back(np.array([(box.left, box.top), (box.right, box.bottom)]), 0.0)
        (left, top), (right, bottom) = np.sort(corners, axis=0).tolist()
        # The middle of a pixel has whole coordinates in landmarks, while boxes count from its edge.
        landmarks = self._points_back(face.landmarks, 1.0).astype(np.float32)
        return FoundFace(Box(left, top, right, bottom), face.score, landmarks)

    def _points_back(self, points: NDArray[np.floating], pixel: float) -> NDArray[np.floating]:
        x, y = points[:, 0], points[:, 1]
        match self.quarters % 4:
            case 1:
                x, y = self.width - pixel - y, x
            case 2:
                x, y = self.width - pixel - x, self.height - pixel - y
            case 3:
                x, y = y, self.height - pixel - x
        return np.stack([x, y], axis=-1)


def turned(image: Pixels, quarters: int) -> Pixels:
    """The image turned by `quarters` x 90 degrees counter-clockwise."""
    return np.ascontiguousarray(np.rot90(image, quarters))


def find_turns(finder: FaceFinder, images: Sequence[Pixels], seen: Sequence[Detections]) -> dict[int, int]:
    """By how many quarters to turn which images, by the scores of a few crops; most images are absent."""
    rules = finder.crops
    crops: list[Pixels] = []
    turns: list[tuple[int, int]] = []
    for index, (image, found) in enumerate(zip(images, seen, strict=True)):
        if found.best >= rules.upright:
            continue
        for hint, size in product(found.hints[:1], _SIZES):
            crop = cut_crop(image, replace(hint, size=hint.size * size), rules)
            crops.extend(turned(crop, quarters) for quarters in _TURNS)
            turns.extend((index, quarters) for quarters in _TURNS)
    if not crops:
        return {}
    best: dict[int, tuple[float, int]] = {}
    for (index, quarters), score in zip(turns, finder.score_crops(np.stack(crops)).tolist(), strict=True):
        if score >= rules.face_score and score > seen[index].best:
            best[index] = max(best.get(index, (0.0, 0)), (score, quarters))
    return {index: quarters for index, (_, quarters) in best.items()}


def crop_square(hint: Candidate, rules: CropRules) -> tuple[int, int, int]:
    """Left, top and side of the square of the image that `cut_crop` takes."""
    side = max(1, round(rules.side / rules.face * hint.size))
    return round(hint.x - side / 2), round(hint.y - side / 2), side


def cut_crop(image: Pixels, hint: Candidate, rules: CropRules) -> Pixels:
    """The surroundings of a possible face as the rules want them, (side, side, 3); black outside the image."""
    left, top, side = crop_square(hint, rules)
    region = np.zeros((side, side, 3), np.uint8)
    height, width = image.shape[:2]
    inside = image[max(top, 0) : max(0, min(top + side, height)), max(left, 0) : max(0, min(left + side, width))]
    row, column = max(-top, 0), max(-left, 0)
    region[row : row + inside.shape[0], column : column + inside.shape[1]] = inside
    method = cv2.INTER_AREA if side > rules.side else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(region, (rules.side, rules.side), interpolation=method), np.uint8)
