"""The image pyramid of dlib's CNN detector, exactly: its sizes, its place on one canvas, its arithmetic.

dlib lays all levels of a photo out on one canvas and runs the network once over it, so that where a level lies decides
at which pixels its windows are, and what is beside it is seen in the margin of a window. An answer that equals dlib's
to the pixel needs the same canvas. From dlib/image_transforms/image_pyramid.h, interpolation.h and dlib/dnn/input.h.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from untag.engine.weights.dlib_graphs import MEAN_RGB
from untag.types import Box, Pixels

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]

_RATE = (6 - 1.0) / 6
_PADDING = 10
_OUTER_PADDING = 11
_LEAST_HEIGHT = 5
LEAST_WIDTH = _PADDING
"""dlib's layout of an image that is narrower lies outside its canvas."""

_UNSIGNED = 2**64
"""dlib's widths and heights are unsigned: a difference below 0 wraps round, and decides where levels go."""

_ROWS_AT_ONCE = 64


@dataclass(frozen=True, slots=True)
class Tile:
    """The place of a level on the canvas, in pixels."""

    left: int
    top: int
    width: int
    height: int

    def distance(self, x: float, y: float) -> float:
        """From a point to the nearest pixel of the tile, 0 inside."""
        across = max(self.left - x, x - (self.left + self.width - 1), 0)
        down = max(self.top - y, y - (self.top + self.height - 1), 0)
        return math.hypot(across, down)

    def meets(self, other: Tile) -> bool:
        """Whether they share a pixel."""
        return (
            self.left < other.left + other.width
            and other.left < self.left + self.width
            and self.top < other.top + other.height
            and other.top < self.top + self.height
        )


@dataclass(frozen=True, slots=True)
class Layout:
    """A canvas of `width` x `height` pixels, and a tile for each level of the pyramid, the image itself first."""

    width: int
    height: int
    tiles: tuple[Tile, ...]

    def to_image(self, x: float, y: float, window: int) -> Box:
        """The rectangle, in whole pixels of the image and with its last ones in it, of a window centred at (x, y)."""
        distances = [tile.distance(x, y) for tile in self.tiles]
        level = distances.index(min(distances))
        half, tile = (window - 1) / 2, self.tiles[level]
        corners = (x - half - tile.left, y - half - tile.top, x + half - tile.left, y + half - tile.top)
        for _ in range(level):
            left, top, right, bottom = (edge * (6 / (6 - 1.0)) + 0.3 for edge in corners)
            corners = left, top, right, bottom
        return Box(*(half_away(edge) for edge in corners))


def half_away(value: float) -> int:
    """The nearest whole number; halves go away from zero, as `std::lround` has it."""
    return int(math.copysign(math.floor(abs(value) + 0.5), value))


def lay_out(height: int, width: int) -> Layout:
    """Where the pyramid of an image of that size goes: the first levels below one another, the rest back up on the
    right, as far as they do not meet the image. The image is at least `LEAST_WIDTH` wide."""
    sizes = list(_sizes(height, width))
    length = _first_column(sizes)
    tiles: list[Tile] = []
    y = _OUTER_PADDING
    for level_height, level_width in sizes:
        if y >= length + _OUTER_PADDING:
            break
        tiles.append(Tile(_OUTER_PADDING, y, level_width, level_height))
        y += level_height + _PADDING
    y -= _PADDING
    for level_height, level_width in sizes[len(tiles) :]:
        tile = Tile(_OUTER_PADDING + width - level_width, y - level_height, level_width, level_height)
        if tile.meets(tiles[0]):
            break
        tiles.append(tile)
        y -= level_height + _PADDING
    return Layout(width + 2 * _OUTER_PADDING, length + 2 * _OUTER_PADDING, tuple(tiles))


def _sizes(height: int, width: int) -> Iterator[tuple[int, int]]:
    yield height, width
    while True:
        height, width = math.floor(_RATE * height), math.floor(_RATE * width)
        if width == 0 or height < _LEAST_HEIGHT:
            return
        yield height, width


def _first_column(sizes: list[tuple[int, int]]) -> int:
    """Its length: up to the level beside which the next one fits, once half of what follows the image is laid out."""
    (first_height, first_width) = sizes[0]
    total = sum(height + _PADDING for height, _ in sizes) - 2 * _PADDING
    length = previous = 0
    for height, width in sizes:
        fits = width <= (first_width - previous - _PADDING) % _UNSIGNED
        if fits and (length - first_height) * 2 % _UNSIGNED >= (total - first_height) % _UNSIGNED:
            break
        length += height + _PADDING
        previous = width
    return length - _PADDING


def paint(image: Pixels, layout: Layout) -> Floats:
    """The canvas (3, height, width) float32, normalised as the network wants it; 0 where no level lies."""
    canvas = np.zeros((3, layout.height, layout.width), np.float32)
    above = _normalised(image)
    for level, tile in enumerate(layout.tiles):
        place = canvas[:, tile.top : tile.top + tile.height, tile.left : tile.left + tile.width]
        if level:
            _resize(above, place)
            above = place
        else:
            place[:] = above
    return canvas


def _normalised(image: Pixels) -> Floats:
    shifted = image.transpose(2, 0, 1) - np.array(MEAN_RGB, np.float32)[:, None, None]
    return np.asarray(shifted / np.float32(256), np.float32)


def doubled(image: Pixels) -> Pixels:
    """The image as dlib enlarges it before it looks for small faces: twice its size and a pixel or two more."""
    height, width = image.shape[:2]
    right, bottom = half_away((width - 1 + 1.25) * 2), half_away((height - 1 + 0.75) * 2)
    larger = np.empty((3, bottom + 1, right + 1), np.uint8)
    _resize(image.transpose(2, 0, 1), larger)
    return np.ascontiguousarray(larger.transpose(1, 2, 0))


def undoubled(box: Box, times: int) -> Box:
    """A rectangle of an image that was doubled so many times, in pixels of the image before."""
    left, top, right, bottom = box.left, box.top, box.right, box.bottom
    for _ in range(times):
        left, top, right, bottom = left / 2 - 1.25, top / 2 - 0.75, right / 2 - 1.25, bottom / 2 - 0.75
    return Box(half_away(left), half_away(top), half_away(right), half_away(bottom))


@dataclass(frozen=True, slots=True)
class _Between:
    """Which two rows or columns of the source each one of the result lies between, and how far towards the second.

    dlib takes columns four at a time in single precision, as long as all four lie inside; `single` is how many.
    """

    first: NDArray[np.int64]
    second: NDArray[np.int64]
    part: Doubles
    single: int


def _between(at: Doubles, source: int, single: int = 0) -> _Between:
    first = np.floor(at).astype(np.int64)
    return _Between(first, np.minimum(first + 1, source - 1), at - first, single)


def _step(source: int, result: int) -> float:
    return (source - 1) / max(result - 1, 1)


def _steps(start: float, step: float, count: int) -> Doubles:
    """`start` and so many steps on, added one at a time: dlib adds up its errors too."""
    return np.add.accumulate(np.concatenate([[start], np.full(count, step)]))[1:]


def _rows(source: int, result: int) -> _Between:
    step = _step(source, result)
    return _between(_steps(-step, step, result), source)


def _columns(source: int, result: int) -> _Between:
    step = _step(source, result)
    fours = _four_at_a_time(step, result)
    outside = fours[:, 3].astype(np.int64) + 1 >= source
    single = min(4 * int(np.argmax(outside)) if outside.any() else fours.size, result)
    rest = _steps(-step + single * step, step, result - single)
    return _between(np.concatenate([fours.ravel()[:single].astype(np.float64), rest]), source, single)


def _four_at_a_time(step: float, result: int) -> Floats:
    """The places of columns (groups, 4), summed up in single precision."""
    places = np.full((result // 4 + 2, 4), np.float32(4 * step), np.float32)
    places[0] += np.array([-4 * step + lane * step for lane in range(4)], np.float32)
    return np.add.accumulate(places, axis=0, dtype=np.float32)


def _resize(source: NDArray[Any], result: NDArray[Any]) -> None:
    """Fills `result` (3, h, w) from `source` (3, H, W) of the same type, bilinear, the corners on the corners.

    Sums are in dlib's order and precision: its bytes are cut, not rounded, so that in an even area the last bit of a
    sum decides between two grey levels.
    """
    rows = _rows(source.shape[1], result.shape[1])
    columns = _columns(source.shape[2], result.shape[2])
    for start in range(0, result.shape[1], _ROWS_AT_ONCE):
        some = slice(start, start + _ROWS_AT_ONCE)
        corners = _corners(source, rows.first[some], rows.second[some], columns)
        y = rows.part[some, None]
        result[:, some, : columns.single] = _single(corners, y, columns.part[: columns.single])
        result[:, some, columns.single :] = _double(corners, y, columns.part[columns.single :])


def _corners(
    source: NDArray[Any], top: NDArray[np.int64], bottom: NDArray[np.int64], columns: _Between
) -> list[Floats]:
    first = int(top[0])
    band = source[:, first : int(bottom[-1]) + 1].astype(np.float32)
    sides = [np.take(band, at, axis=2) for at in (columns.first, columns.second)]
    return [side[:, rows - first] for rows in (top, bottom) for side in sides]


def _single(corners: list[Floats], y: Doubles, x: Doubles) -> Floats:
    below, above, right = y.astype(np.float32), (1 - y).astype(np.float32), x.astype(np.float32)
    left = 1 - right
    weights = (above * left, above * right, below * left, below * right)
    total, *terms = (w * corner[:, :, : len(x)] for w, corner in zip(weights, corners, strict=True))
    for term in terms:
        total += term
    return total


def _double(corners: list[Floats], y: Doubles, x: Doubles) -> Doubles:
    ends = [corner[:, :, corner.shape[2] - len(x) :].astype(np.float64) for corner in corners]
    top, bottom = ((1 - x) * left + x * right for left, right in (ends[:2], ends[2:]))
    return (1 - y) * top + y * bottom
