"""dlib's CNN face detector as it is, for the functions of face_recognition: the same boxes and confidences.

The scanner's own detector (`faces.detect`) runs the same network, looks where a proposal network says, and finds more.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from untag.engine.runtime.session import Session
from untag.engine.weights.dlib_graphs import DETECTOR_OFFSET, DETECTOR_STRIDE
from untag.faces.dlib_pyramid import LEAST_WIDTH, Floats, Layout, doubled, lay_out, paint, undoubled
from untag.types import Box, Pixels

_WINDOW = 80
_MAX_OVERLAP = 0.3382761351109955
"""Both as the weights' `mmod_options` have them."""

_REACH = 10
"""In rows of the result: as far as its four convolutions of stride 1 see (2 + 2 + 2 + 4)."""

_FIELD = 2 * DETECTOR_OFFSET + 1
"""Rows of the canvas that the convolutions of stride 2 see."""

_STRIP_PIXELS = 4_000_000
"""A canvas is searched in strips of about so many pixels, since the network takes a hundred bytes a pixel."""


@dataclass(frozen=True, slots=True)
class DlibDetection:
    """A face: its rectangle in whole pixels, the last ones in it, and the detector's confidence (above 0)."""

    box: Box
    confidence: float


class DlibDetector:
    """`cnn_face_detection_model_v1` on a session of `engine.weights.dlib_graphs.build_canvas_detector`."""

    def __init__(self, session: Session, strip_pixels: int = _STRIP_PIXELS) -> None:
        self._session = session
        self._strip_pixels = strip_pixels

    def detect(self, images: Sequence[Pixels], doublings: int = 0) -> list[list[DlibDetection]]:
        """The faces in each image, which is doubled `doublings` times before, the most certain first; not clipped.

        Images must be of one size, and are searched in one run.
        """
        for _ in range(doublings):
            images = [doubled(image) for image in images]
        height, width = images[0].shape[:2]
        if width < LEAST_WIDTH:
            return [[] for _ in images]
        layout = lay_out(height, width)
        scores = self._scores(np.stack([paint(image, layout) for image in images]))
        return [[_undoubled(found, doublings) for found in _suppress(_windows(one, layout))] for one in scores]

    def _scores(self, canvases: Floats) -> Floats:
        height, width = canvases.shape[2:]
        rows = _result_rows(height)
        if rows < 1 or _result_rows(width) < 1:
            return np.empty((len(canvases), 0, 0), np.float32)
        step = max(1, self._strip_pixels // (len(canvases) * width * DETECTOR_STRIDE) - 2 * _REACH)
        strips = (self._strip(canvases, start, min(start + step, rows), rows) for start in range(0, rows, step))
        return np.concatenate(list(strips), axis=1)

    def _strip(self, canvases: Floats, start: int, end: int, rows: int) -> Floats:
        """The scores in rows `start` to `end`, from the rows of the canvas that these depend on."""
        first, last = max(0, start - _REACH), min(rows, end + _REACH)
        part = canvases[:, :, first * DETECTOR_STRIDE : (last - 1) * DETECTOR_STRIDE + _FIELD]
        (scores,) = self._session.run({"images": np.ascontiguousarray(part)})
        return np.asarray(scores[:, 0, start - first : end - first], np.float32)


def _result_rows(extent: int) -> int:
    return (extent - _FIELD) // DETECTOR_STRIDE + 1


def _windows(scores: NDArray[np.float32], layout: Layout) -> Iterator[DlibDetection]:
    for row, column in np.argwhere(scores > 0):
        x, y = (int(at) * DETECTOR_STRIDE + DETECTOR_OFFSET for at in (column, row))
        yield DlibDetection(layout.to_image(x, y, _WINDOW), float(scores[row, column]))


def _suppress(found: Iterator[DlibDetection]) -> list[DlibDetection]:
    kept: list[DlibDetection] = []
    for one in sorted(found, key=lambda detection: -detection.confidence):
        if all(_overlap(one.box, other.box) <= _MAX_OVERLAP for other in kept):
            kept.append(one)
    return kept


def _overlap(a: Box, b: Box) -> float:
    """The shared pixels among those of the smallest rectangle that holds both."""
    shared = _area(max(a.left, b.left), max(a.top, b.top), min(a.right, b.right), min(a.bottom, b.bottom))
    return shared / _area(min(a.left, b.left), min(a.top, b.top), max(a.right, b.right), max(a.bottom, b.bottom))


def _area(left: float, top: float, right: float, bottom: float) -> float:
    return max(0, right - left + 1) * max(0, bottom - top + 1)


def _undoubled(found: DlibDetection, times: int) -> DlibDetection:
    return DlibDetection(undoubled(found.box, times), found.confidence)
