"""Finds faces: dlib's MMOD network over an image pyramid (D. King, Max-Margin Object Detection, 2015)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from untag.engine.dlib_graphs import DETECTOR_OFFSET, DETECTOR_STRIDE, MEAN_RGB
from untag.engine.session import Session
from untag.types import Box, Pixels

_PYRAMID_RATE = 5 / 6
_BORDER = 11
"""dlib's outer padding, so that a face at the edge is centred in some window (dlib/dnn/input.h)."""


@dataclass(frozen=True, slots=True)
class Detection:
    """A face: its box in pixels of the image that was searched, and the detector's score (above 0)."""

    box: Box
    score: float


@dataclass(frozen=True, slots=True)
class MmodOptions:
    """How hard to look.

    Images are searched with their long side at most `max_side`. One whose long side is below `enlarge_below` is first
    doubled, as face_recognition does, since the network's smallest face is its window of `window` pixels.
    `max_overlap` is the detector's own limit for non-maximum suppression. Two levels of the pyramid of one size, from
    different images, share a run of at most `batch_pixels`.
    """

    window: int = 80
    max_overlap: float = 0.3382761351109955
    threshold: float = 0.0
    max_side: int = 1600
    enlarge_below: int = 800
    batch_pixels: int = 4_000_000


DEFAULT_MMOD = MmodOptions()


@dataclass(frozen=True, slots=True)
class _Level:
    image: int
    scale: float
    canvas: Pixels


class MmodDetector:
    """The MMOD detector on a session of `engine.dlib_graphs.build_detector`."""

    def __init__(self, session: Session, options: MmodOptions = DEFAULT_MMOD) -> None:
        self._session = session
        self._options = options

    def detect(self, images: Sequence[Pixels]) -> list[list[Detection]]:
        """The faces in each image, the most certain first. Levels of one size are run together, whatever the photo."""
        by_size: dict[tuple[int, ...], list[_Level]] = defaultdict(list)
        for index, image in enumerate(images):
            for level in self._pyramid(index, image):
                by_size[level.canvas.shape].append(level)
        candidates: list[list[Detection]] = [[] for _ in images]
        for (height, width, _), levels in by_size.items():
            batch = max(1, self._options.batch_pixels // (height * width))
            for start in range(0, len(levels), batch):
                part = levels[start : start + batch]
                (scores,) = self._session.run({"images": np.stack([level.canvas for level in part])})
                for level, score_map in zip(part, scores[:, 0], strict=True):
                    candidates[level.image].extend(self._windows(score_map, level.scale))
        return [suppress(found, self._options.max_overlap) for found in candidates]

    def _pyramid(self, index: int, image: Pixels) -> Iterator[_Level]:
        height, width = image.shape[:2]
        long_side = max(height, width)
        scale = min(1.0, self._options.max_side / long_side)
        if long_side < self._options.enlarge_below:
            scale = 2.0
        # A level whose short side is smaller than this cannot hold a window that is not mostly border.
        smallest = self._options.window // 2
        level = image
        while min(height, width) * scale >= smallest:
            size = (max(1, round(width * scale)), max(1, round(height * scale)))
            if size != (level.shape[1], level.shape[0]):
                reduces_a_lot = size[0] * 1.5 < level.shape[1]
                level = np.asarray(
                    cv2.resize(level, size, interpolation=cv2.INTER_AREA if reduces_a_lot else cv2.INTER_LINEAR),
                    dtype=np.uint8,
                )
            yield _Level(index, scale, _bordered(level))
            scale *= _PYRAMID_RATE

    def _windows(self, score_map: NDArray[np.float32], scale: float) -> Iterator[Detection]:
        half = self._options.window / 2
        for y, x in np.argwhere(score_map > self._options.threshold):
            centre_x = x * DETECTOR_STRIDE + DETECTOR_OFFSET - _BORDER + 0.5
            centre_y = y * DETECTOR_STRIDE + DETECTOR_OFFSET - _BORDER + 0.5
            box = Box(centre_x - half, centre_y - half, centre_x + half, centre_y + half)
            yield Detection(box.scaled(1 / scale), float(score_map[y, x]))


def _bordered(image: Pixels) -> Pixels:
    height, width = image.shape[:2]
    canvas = np.empty((height + 2 * _BORDER, width + 2 * _BORDER, 3), dtype=np.uint8)
    canvas[:] = np.round(MEAN_RGB).astype(np.uint8)
    canvas[_BORDER:-_BORDER, _BORDER:-_BORDER] = image
    return canvas


def suppress(candidates: list[Detection], max_overlap: float) -> list[Detection]:
    """Non-maximum suppression as dlib does it, the most certain first (dlib/image_processing/box_overlap_testing.h).

    The overlap is the intersection over the smallest rectangle that holds both boxes, not over their union.
    """
    kept: list[Detection] = []
    for candidate in sorted(candidates, key=lambda found: -found.score):
        if all(_overlap(candidate.box, other.box) <= max_overlap for other in kept):
            kept.append(candidate)
    return kept


def _overlap(a: Box, b: Box) -> float:
    width = min(a.right, b.right) - max(a.left, b.left)
    height = min(a.bottom, b.bottom) - max(a.top, b.top)
    if width <= 0 or height <= 0:
        return 0.0
    hull = (max(a.right, b.right) - min(a.left, b.left)) * (max(a.bottom, b.bottom) - min(a.top, b.top))
    return width * height / hull
