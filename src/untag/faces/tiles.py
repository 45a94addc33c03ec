"""Panoramas and scrolling screenshots: reduced as a whole their faces are too small, so they are searched in parts too.

A photo is searched with its long side at 1600 pixels. Of one six times as long as high that leaves 267 for the short
side, where one of 3 : 4 has 1200. So an elongated photo is decoded again with that many, and searched twice: reduced,
for faces that fill much of it, and in tiles that overlap.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from untag.faces.finder import Detections, FaceFinder, FoundFace
from untag.types import Box, Frame, Pixels

ELONGATED = 2.5
"""From this ratio of the sides on. The longest screens of phones and cinemas have less."""

_SHORT = 1200
_TILE = 1600
_MOST_PIXELS = 24_000_000
"""Of what is searched: 72 MB."""

_WORTHWHILE = 1.3
"""By how much finer the parts must be than the whole."""

_SURE = 40.0
"""Faces of this size in the reduced photo are found there (docs/models.md)."""

_OVERLAP = 1.5
"""Of tiles, in multiples of the largest face that only they show: it lies wholly in one of them, with a margin."""

_MARGIN = 0.1
"""Of its own side: a face that is nearer to where a tile ends may be a part of one."""

_MOST_APART = 2.0


_UNCUT = Box(-np.inf, -np.inf, np.inf, np.inf)


@dataclass(frozen=True, slots=True)
class _View:
    """What is searched of an image: image = view / scale + (left, top). `edges` are where it was cut, in the image."""

    pixels: Pixels
    scale: float = 1.0
    left: int = 0
    top: int = 0
    edges: Box = _UNCUT

    def in_image(self, seen: Detections) -> Detections:
        """What was seen in it where it is in the image, without faces that may go on beyond an edge."""
        faces = [self._moved(face.scaled(1 / self.scale)) for face in seen.faces]
        hints = [
            replace(
                hint, x=hint.x / self.scale + self.left, y=hint.y / self.scale + self.top, size=hint.size / self.scale
            )
            for hint in seen.hints
        ]
        return Detections([face for face in faces if self._holds(face)], hints)

    def _moved(self, face: FoundFace) -> FoundFace:
        box = face.box
        moved = Box(box.left + self.left, box.top + self.top, box.right + self.left, box.bottom + self.top)
        return replace(face, box=moved, landmarks=face.landmarks + np.array([self.left, self.top], np.float32))

    def _holds(self, face: FoundFace) -> bool:
        box, edges, margin = face.box, self.edges, _MARGIN * face.side
        across = edges.left + margin <= box.left and box.right <= edges.right - margin
        return bool(across and edges.top + margin <= box.top and box.bottom <= edges.bottom - margin)


def is_elongated(image: Pixels) -> bool:
    """Whether an image is to be searched in tiles."""
    short, long = sorted((int(image.shape[0]), int(image.shape[1])))
    return long > _TILE and long >= ELONGATED * short


def tileable(frame: Frame) -> Pixels | None:
    """An elongated photo as fine as its tiles should be; None for any other, and where there are no finer pixels."""
    short, long = sorted((frame.width, frame.height))
    if frame.finer is None or long < ELONGATED * short:
        return None
    side = round(long * min(1.0, _SHORT / short, (_MOST_PIXELS / (long * short)) ** 0.5))
    least = _WORTHWHILE * max(frame.pixels.shape[:2])
    finer = frame.finer.pixels(side) if side >= least else None
    return finer if finer is not None and max(finer.shape[:2]) >= least else None


def find(finder: FaceFinder, images: Sequence[Pixels], *, quick: bool = False) -> list[Detections]:
    """What is to be seen in each image, see `FaceFinder.find`; parts of elongated ones are searched with the others."""
    views = [list(_views(image)) if is_elongated(image) else [_View(image)] for image in images]
    seen = iter(finder.find([view.pixels for parts in views for view in parts], quick=quick))
    return [
        _merged([view.in_image(next(seen)) for view in parts], image)
        for parts, image in zip(views, images, strict=True)
    ]


def _views(image: Pixels) -> Iterator[_View]:
    """The whole first, then the tiles along the longer side."""
    height, width = image.shape[:2]
    scale = _TILE / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    yield _View(np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8), scale)
    for start, end in tile_spans(max(height, width)):
        before, after = (-np.inf if start == 0 else start), (np.inf if end == max(height, width) else end)
        if width >= height:
            yield _View(image[:, start:end], 1.0, start, 0, Box(before, -np.inf, after, np.inf))
        else:
            yield _View(image[start:end], 1.0, 0, start, Box(-np.inf, before, np.inf, after))


def tile_spans(long_side: int) -> list[tuple[int, int]]:
    """Where the tiles of an image begin and end; neighbours overlap by what the whole does not show surely."""
    overlap = min(_TILE // 2, round(_OVERLAP * _largest_in_tiles(long_side)))
    count = max(2, -(-(long_side - overlap) // (_TILE - overlap)))
    starts = [round(index * (long_side - _TILE) / (count - 1)) for index in range(count)]
    return [(start, start + _TILE) for start in starts]


def _largest_in_tiles(long_side: int) -> float:
    return _SURE * long_side / _TILE


def _merged(seen: Sequence[Detections], image: Pixels) -> Detections:
    """All that the views show, each face once: as the tile has it, if it is too small for the whole."""
    if len(seen) == 1:
        return seen[0]
    whole, *tiles = seen
    limit = _largest_in_tiles(max(image.shape[:2]))
    large = [face for face in whole.faces if face.side >= limit]
    small = [face for face in whole.faces if face.side < limit]
    in_tiles = sorted((face for tile in tiles for face in tile.faces), key=lambda face: -face.score)
    kept: list[FoundFace] = []
    for face in (*large, *in_tiles, *small):
        if not any(same_face(face.box, other.box) for other in kept):
            kept.append(face)
    hints = sorted((hint for found in seen for hint in found.hints), key=lambda hint: -hint.confidence)
    return Detections(sorted(kept, key=lambda face: -face.score), hints)


def same_face(a: Box, b: Box) -> bool:
    """Whether two boxes mean one face, found at two scales: one has the middle of the other, and they are alike."""
    areas = (a.width * a.height, b.width * b.height)
    return max(areas) <= _MOST_APART**2 * min(areas) and (_holds_middle(a, b) or _holds_middle(b, a))


def _holds_middle(outer: Box, inner: Box) -> bool:
    x, y = (inner.left + inner.right) / 2, (inner.top + inner.bottom) / 2
    return outer.left <= x <= outer.right and outer.top <= y <= outer.bottom
