"""Finds faces with dlib's MMOD network (D. King, Max-Margin Object Detection, 2015), in a whole image or in proposals.

Measured on 37 photos: with the proposal network it finds all of the 101 faces that it finds in whole photos enlarged
twice, and three more, in a ninth of the time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

import cv2
import numpy as np
from numpy.typing import NDArray

from untag.engine.runtime.session import Session
from untag.engine.weights.dlib_graphs import DETECTOR_OFFSET, DETECTOR_STRIDE, MEAN_RGB
from untag.faces.proposals import Candidate, ProposalNetwork
from untag.types import Box, Pixels

_PYRAMID_RATE = 5 / 6
_BORDER = 11
"""dlib's outer padding, so that a face at the edge is centred in some window (dlib/dnn/input.h)."""


_MEAN_COLOUR = np.round(MEAN_RGB).astype(np.uint8)


@dataclass(frozen=True, slots=True)
class Detection:
    """A face: its box in pixels of the image that was searched, and the detector's score (above 0)."""

    box: Box
    score: float


@dataclass(frozen=True, slots=True)
class MmodOptions:
    """How hard to look.

    Without a proposal network, images are searched whole with their long side at most `max_side`; one whose long side
    is below `enlarge_below` is first doubled, as face_recognition does, since the network's smallest face is its window
    of `window` pixels. With one, images are searched whole only up to `coarse_side`, for faces that fill much of them,
    and in its candidates except the largest; up to `fallback_side` where that finds no face. The proposal network
    estimates faces that are too small for it at `small` pixels or less: those are tried at `small_scale` as well.
    `max_overlap` is the detector's own limit for non-maximum suppression. Canvases of one size, from whatever image,
    share a run of at most `batch_pixels`.
    """

    window: int = 80
    max_overlap: float = 0.3382761351109955
    threshold: float = 0.0
    max_side: int = 1600
    enlarge_below: int = 800
    coarse_side: int = 320
    fallback_side: int = 640
    small: float = 40.0
    small_scale: float = 1.7
    batch_pixels: int = 4_000_000


DEFAULT_MMOD = MmodOptions()

_CROP = 160
"""Side of a candidate's canvas: the window, and half a face on each side, by which a proposal may be off."""

_CROP_SCALES = (0.87, 1.0, 1.15)
"""The window is tried at these multiples of the proposed size, closer than the levels of the pyramid for a more exact
box: with two of them LFW pairs were judged .0014 worse."""


@dataclass(frozen=True, slots=True)
class _Canvas:
    """Pixels to search, and where they are from: image = (canvas position - shift) / scale."""

    image: int
    pixels: Pixels
    scale: float
    shift: tuple[float, float]


class MmodDetector:
    """The MMOD detector on a session of `engine.weights.dlib_graphs.build_detector`.

    Without a proposal network it searches all of every image at every scale, as dlib does.
    """

    def __init__(
        self,
        session: Session,
        options: MmodOptions = DEFAULT_MMOD,
        proposals: ProposalNetwork | None = None,
        crops: Session | None = None,
    ) -> None:
        """`crops` is a session of the same graph for the surroundings of candidates, which have all the same size."""
        self._session = session
        self._crops = session if crops is None else crops
        self._options = options
        self._proposals = proposals

    @property
    def max_overlap(self) -> float:
        """See `MmodOptions`."""
        return self._options.max_overlap

    def detect(self, images: Sequence[Pixels]) -> list[list[Detection]]:
        """The faces in each image, the most certain first."""
        return [detections for detections, _ in self.search(images)]

    def search(self, images: Sequence[Pixels], *, quick: bool = False) -> list[tuple[list[Detection], list[Candidate]]]:
        """The faces in each image, and what the proposal network proposed, both with the most certain first.

        `quick` leaves out the search up to `fallback_side`.
        """
        if self._proposals is None:
            found = self._search(images, self._whole(images, range(len(images)), self._options.max_side))
            return [(faces, []) for faces in found]
        candidates = self._proposals.candidates(images)
        whole = self._whole(images, range(len(images)), self._options.coarse_side)
        followed = [
            [one for one in proposed if one.size <= self._proposals.largest_followed(image)]
            for image, proposed in zip(images, candidates, strict=True)
        ]
        found = self._search(images, chain(whole, self._around(images, followed)))
        empty = [index for index, faces in enumerate(found) if not faces and not quick]
        more = self._search(images, self._whole(images, empty, self._options.fallback_side))
        return [(faces or others, proposed) for faces, others, proposed in zip(found, more, candidates, strict=True)]

    def detect_smaller(self, image: Pixels, largest: float, known: Sequence[Detection] = ()) -> list[Detection]:
        """The faces of up to `largest` pixels outside the `known` ones, in an image of any size."""
        if self._proposals is None:
            return []
        candidates = [
            one
            for one in self._proposals.in_tiles(image, largest)
            if one.size <= largest and not any(_holds(face.box, one) for face in known)
        ]
        (found,) = self._search([image], self._around([image], [candidates]))
        return found

    def score_crops(self, crops: Pixels) -> NDArray[np.float32]:
        """The best score in each of (N, side, side, 3) crops in which a face is one window large: (N,) float32."""
        if not len(crops):
            return np.empty(0, np.float32)
        batch = max(1, self._options.batch_pixels // (crops.shape[1] * crops.shape[2]))
        parts = [
            self._crops.run({"images": crops[start : start + batch]})[0].max(axis=(1, 2, 3))
            for start in range(0, len(crops), batch)
        ]
        return np.concatenate(parts)

    def _search(self, images: Sequence[Pixels], canvases: Iterable[_Canvas]) -> list[list[Detection]]:
        by_size: dict[tuple[int, ...], list[_Canvas]] = defaultdict(list)
        for canvas in canvases:
            by_size[canvas.pixels.shape].append(canvas)
        candidates: list[list[Detection]] = [[] for _ in images]
        for (height, width, _), members in by_size.items():
            batch = max(1, self._options.batch_pixels // (height * width))
            session = self._crops if (height, width) == (_CROP, _CROP) else self._session
            for start in range(0, len(members), batch):
                part = members[start : start + batch]
                (scores,) = session.run({"images": np.stack([canvas.pixels for canvas in part])})
                for canvas, score_map in zip(part, scores[:, 0], strict=True):
                    candidates[canvas.image].extend(self._windows(score_map, canvas))
        return [suppress(found, self._options.max_overlap) for found in candidates]

    def _whole(self, images: Sequence[Pixels], indices: Iterable[int], max_side: int) -> Iterator[_Canvas]:
        for index in indices:
            yield from self._pyramid(index, images[index], max_side)

    def _around(self, images: Sequence[Pixels], candidates: Sequence[Sequence[Candidate]]) -> Iterator[_Canvas]:
        for index, proposed in enumerate(candidates):
            halves = [images[index]]
            for candidate in proposed:
                more = (self._options.small_scale,) if candidate.size <= self._options.small else ()
                for factor in (*_CROP_SCALES, *more):
                    scale = self._options.window / candidate.size * factor
                    # A large face is cut from a photo that was halved once for all such faces.
                    level = max(0, int(np.log2(1 / scale)))
                    while len(halves) <= level:
                        halves.append(_halved(halves[-1]))
                    yield _crop(index, halves[level], candidate, scale, 2**level)

    def _pyramid(self, index: int, image: Pixels, max_side: int) -> Iterator[_Canvas]:
        height, width = image.shape[:2]
        long_side = max(height, width)
        scale = min(1.0 if long_side >= self._options.enlarge_below else 2.0, max_side / long_side)
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
            yield _Canvas(index, _bordered(level), scale, (_BORDER, _BORDER))
            scale *= _PYRAMID_RATE

    def _windows(self, score_map: NDArray[np.float32], canvas: _Canvas) -> Iterator[Detection]:
        half = self._options.window / 2
        shift_x, shift_y = canvas.shift
        for y, x in np.argwhere(score_map > self._options.threshold):
            centre_x = x * DETECTOR_STRIDE + DETECTOR_OFFSET - shift_x + 0.5
            centre_y = y * DETECTOR_STRIDE + DETECTOR_OFFSET - shift_y + 0.5
            box = Box(centre_x - half, centre_y - half, centre_x + half, centre_y + half)
            yield Detection(box.scaled(1 / canvas.scale), float(score_map[y, x]))


def _holds(box: Box, candidate: Candidate) -> bool:
    return box.left <= candidate.x <= box.right and box.top <= candidate.y <= box.bottom


def _halved(image: Pixels) -> Pixels:
    height, width = image.shape[:2]
    size = (max(1, width // 2), max(1, height // 2))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _crop(index: int, image: Pixels, candidate: Candidate, scale: float, reduced: int) -> _Canvas:
    """The surroundings of a candidate, as large as if the photo were enlarged by `scale`.

    `image` is the photo reduced `reduced` times. What lies outside it is the mean colour.
    """
    side = max(1, round(_CROP / (scale * reduced)))
    left, top = round(candidate.x / reduced - side / 2), round(candidate.y / reduced - side / 2)
    height, width = image.shape[:2]
    inside = image[max(top, 0) : max(0, min(top + side, height)), max(left, 0) : max(0, min(left + side, width))]
    region = inside
    if inside.shape[:2] != (side, side):
        region = np.empty((side, side, 3), dtype=np.uint8)
        region[:] = _MEAN_COLOUR
        row, column = max(-top, 0), max(-left, 0)
        region[row : row + inside.shape[0], column : column + inside.shape[1]] = inside
    pixels = np.asarray(cv2.resize(region, (_CROP, _CROP), interpolation=cv2.INTER_LINEAR), dtype=np.uint8)
    enlarged = _CROP / side
    return _Canvas(index, pixels, enlarged / reduced, (-left * enlarged, -top * enlarged))


def _bordered(image: Pixels) -> Pixels:
    height, width = image.shape[:2]
    canvas = np.empty((height + 2 * _BORDER, width + 2 * _BORDER, 3), dtype=np.uint8)
    canvas[:] = _MEAN_COLOUR
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
