"""A photo -> the lines of text in it, with PP-OCR's two networks, which come inside the package rapidocr.

None of that package's code is imported: parts of it use the network. What happens before and after the networks is
written here: boxes by differentiable binarization (Liao et al. 2020), letters by greedy decoding of CTC.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from untag.engine.downloads.registry import OCR_DETECTION, OCR_RECOGNITION
from untag.engine.runtime.models import ModelOptions
from untag.engine.runtime.session import OrtSession, Session, open_session
from untag.errors import ModelError
from untag.types import Pixels

SIDE = 1280
"""Lines are searched with the photo's long side at most this many pixels."""

_STEP = 32  # of the detector: sides are multiples of it
_LEAST_SIDE = 320  # smaller photos are enlarged to this
_TEXT_FROM, _UNCLIP = 0.3, 1.6  # as PP-OCR is published
_LINE_FROM = 0.25  # half of what is published: small or faint letters are seen in pieces, and may be read all the same
_LEAST_HEIGHT = 5.0  # pixels of the map, of a line
_MOST_LINES = 200  # of one photo, the surest

_HEIGHT = 48  # pixels of a line as it is read
_LEAST_WIDTH, _MOST_WIDTH = 160, 2400
_AT_ONCE = 8
_UPRIGHT_TO = 1.5  # a line so many times as tall as wide runs down, or lies on its side
_SURE = 0.5  # the mean probability of its letters, from which a line counts as read

_DETECTOR_INPUTS = (None, 3, None, None)
_READER_INPUTS = (None, 3, _HEIGHT, None)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text: what it says, the mean probability of its letters, and its corners in pixels of the photo.

    `corners` is (4, 2) float32, clockwise from where the line begins, above its first letter.
    """

    text: str
    sureness: float
    corners: NDArray[np.float32]


class LineReader:
    """Finds lines of text in photos, and reads them."""

    def __init__(self, detector: Session, reader: Session, letters: Sequence[str]) -> None:
        """`letters` are what the reader's outputs stand for, after the blank."""
        self._detector = detector
        self._reader = reader
        self._letters = ("", *letters)

    @property
    def letters(self) -> frozenset[str]:
        """All that can be read."""
        return frozenset(self._letters)

    def read(self, photo: Pixels) -> list[Line]:
        """The lines that can be read in a photo, (height, width, 3) uint8, the surest boxes first."""
        return self.read_at(photo, self._boxes(photo))

    def read_at(self, photo: Pixels, boxes: Sequence[NDArray[np.float32]]) -> list[Line]:
        """The lines that can be read within corners as those of `Line`."""
        images = [_upright(photo, box) for box in boxes]
        read: list[tuple[str, float]] = [("", 0.0)] * len(boxes)
        # Sorted, so that lines of about one length are read together.
        order = sorted(range(len(boxes)), key=lambda number: images[number].shape[1])
        for start in range(0, len(order), _AT_ONCE):
            chosen = order[start : start + _AT_ONCE]
            for number, found in zip(chosen, self._texts([images[number] for number in chosen]), strict=True):
                read[number] = found
        return [
            Line(text, sureness, box)
            for (text, sureness), box in zip(read, boxes, strict=True)
            if text and sureness >= _SURE
        ]

    def _boxes(self, photo: Pixels) -> list[NDArray[np.float32]]:
        image = detector_input(photo)
        (found,) = self._detector.run({"x": image})
        likely = np.ascontiguousarray(found[0, 0])
        rows, columns = likely.shape
        scale = np.array([photo.shape[1] / columns, photo.shape[0] / rows], np.float32)
        return [box * scale for box in boxes_of(likely)]

    def _texts(self, images: Sequence[Pixels]) -> Iterator[tuple[str, float]]:
        width = max(_LEAST_WIDTH, max(image.shape[1] for image in images))
        padded = np.zeros((len(images), 3, _HEIGHT, width), np.float32)
        for number, image in enumerate(images):
            padded[number, :, :, : image.shape[1]] = image.transpose(2, 0, 1)[::-1] / np.float32(127.5) - 1
        (probabilities,) = self._reader.run({"x": padded})
        if probabilities.shape[2] != len(self._letters):
            raise ModelError(f"the text model gives {probabilities.shape[2]} letters, not {len(self._letters)}")
        yield from (decoded(row, self._letters) for row in probabilities)


def detector_input(photo: Pixels) -> NDArray[np.float32]:
    """(1, 3, H, W) float32, BGR, -1 to 1, as the detector takes a photo: H and W are multiples of 32."""
    height, width = photo.shape[:2]
    scale = min(1.0, SIDE / max(height, width))
    scale = max(scale, min(_LEAST_SIDE / min(height, width), SIDE / max(height, width)))
    rows, columns = (max(1, round(side * scale / _STEP)) * _STEP for side in (height, width))
    interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    image = cv2.resize(photo, (columns, rows), interpolation=interpolation)
    return np.asarray(image.transpose(2, 0, 1)[np.newaxis, ::-1] / np.float32(127.5) - 1, np.float32)


def boxes_of(likely: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    """Where lines are by how likely text is at each place, (rows, columns) 0 to 1; corners in its cells, surest first.

    Each connected piece of text is a rectangle, turned as it lies, and as much larger as the network was taught to
    draw it too small.
    """
    text = cv2.dilate((likely > _TEXT_FROM).astype(np.uint8), np.ones((2, 2), np.uint8))
    contours, _ = cv2.findContours(text, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    found: list[tuple[float, NDArray[np.float32]]] = []
    for contour in contours:
        middle, (width, height), angle = cv2.minAreaRect(contour)
        if min(width, height) < _LEAST_HEIGHT - 2:
            continue
        sureness = _mean_within(likely, cv2.boxPoints((middle, (width, height), angle)).astype(np.float32))
        if sureness < _LINE_FROM:
            continue
        grown = 2 * width * height * _UNCLIP / (2 * (width + height))
        if min(width, height) + grown < _LEAST_HEIGHT:
            continue
        corners = cv2.boxPoints((middle, (width + grown, height + grown), angle))
        found.append((sureness, _clockwise(corners.astype(np.float32))))
    found.sort(key=lambda each: -each[0])
    return [corners for _, corners in found[:_MOST_LINES]]


def decoded(probabilities: NDArray[np.float32], letters: Sequence[str]) -> tuple[str, float]:
    """The text of (T, 1 + L) probabilities of a blank and letters along a line, and their mean over its letters."""
    best = probabilities.argmax(axis=1)
    counts = best != 0
    counts[1:] &= best[1:] != best[:-1]
    if not counts.any():
        return "", 0.0
    text = "".join(letters[index] for index in best[counts].tolist())
    return text.strip(), float(probabilities.max(axis=1)[counts].mean())


def _mean_within(likely: NDArray[np.float32], corners: NDArray[np.float32]) -> float:
    left, top = np.floor(corners.min(axis=0)).astype(int).clip(0)
    right, bottom = np.ceil(corners.max(axis=0)).astype(int) + 1
    part = likely[top:bottom, left:right]
    mask = np.zeros(part.shape, np.uint8)
    cv2.fillPoly(mask, [(corners - (left, top)).astype(np.int32)], 1)
    return float(cv2.mean(part, mask)[0])


def _clockwise(corners: NDArray[np.float32]) -> NDArray[np.float32]:
    """Four corners from the upper left on: the left two by height, then the right two."""
    left, right = np.split(corners[corners[:, 0].argsort(kind="stable")], 2)
    (upper_left, lower_left), (upper_right, lower_right) = (side[side[:, 1].argsort()] for side in (left, right))
    return np.stack([upper_left, upper_right, lower_right, lower_left])


def _upright(photo: Pixels, corners: NDArray[np.float32]) -> Pixels:
    """The line within four corners as it is read: (48, W, 3), from left to right."""
    width = float(np.linalg.norm(corners[1] - corners[0]))
    height = float(np.linalg.norm(corners[3] - corners[0]))
    if height >= _UPRIGHT_TO * width:
        # What runs down the picture was turned clockwise, as on spines of books.
        corners, width, height = np.roll(corners, 1, axis=0), height, width
    columns = int(np.clip(round(width / max(height, 1.0) * _HEIGHT), 8, _MOST_WIDTH))
    goal = np.array([[0, 0], [columns, 0], [columns, _HEIGHT], [0, _HEIGHT]], np.float32)
    turned = cv2.getPerspectiveTransform(corners.astype(np.float32), goal)
    return np.asarray(
        cv2.warpPerspective(photo, turned, (columns, _HEIGHT), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE),
        np.uint8,
    )


def load_line_reader(options: ModelOptions) -> LineReader:
    """PP-OCR. Raises ModelError when the extra is missing, or a file of it is damaged or of another shape."""
    detector, reader = (
        open_session(weights.read(), device=options.device, threads=options.threads)
        for weights in (OCR_DETECTION, OCR_RECOGNITION)
    )
    _check(detector, _DETECTOR_INPUTS)
    _check(reader, _READER_INPUTS)
    letters = reader.metadata.get("character")
    if not letters:
        raise ModelError("the text model does not say which letters it reads; install untag[ocr] again")
    return LineReader(detector, reader, (*letters.split("\n"), " "))


def _check(session: OrtSession, wanted: tuple[int | None, ...]) -> None:
    if session.inputs != {"x": wanted}:
        raise ModelError(f"a text model has the inputs {session.inputs}, not lines of text; install untag[ocr] again")
