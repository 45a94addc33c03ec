"""Finds faces and five landmarks with YuNet (W. Wu, H. Peng, S. Yu, A Tiny Millisecond-level Face Detector, 2023).

Order of the landmarks: the eye on the left of the picture (the person's right), the other eye, the tip of the nose, and
the corners of the mouth, the left of the picture first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from untag.engine.runtime.session import Session
from untag.faces.finder import CropRules, Detections, FoundFace
from untag.faces.geometry import iou
from untag.faces.landmarks import EYES_NOSE_MOUTH, LandmarkLayout
from untag.faces.proposals import Candidate
from untag.faces.turned import crop_square, cut_crop
from untag.types import Box, Pixels

STRIDES = (8, 16, 32)


@dataclass(frozen=True, slots=True)
class YunetOptions:
    """How hard to look.

    Every photo is searched once for each of `sides`, resized so that its long side is that many pixels, but enlarged at
    most `most_enlarged` times. Where that hints at a face below `small` pixels, the photo is searched at `fine_side` as
    well. `threshold` is the score (0 to 1) from which on a candidate counts, `hint` that from which on it is worth a
    closer look, `max_overlap` the intersection over union of two boxes above which the less certain goes. What is below
    `smallest` pixels of the image searched is mostly no face. Photos of one padded size share a run of at most
    `batch_pixels`: on a CPU a run for each is a third quicker, since what it works on stays in the cache.

    Measured on 141 photos with 802 labelled faces (320 and 1280 for all; 320 and 640, then 1600): .996 and .995 of them
    found, 10 and 7 false; of 84 faces of 35 to 60 pixels in made photos of 12 megapixels 80 either way. One in ten
    photos is searched again, so most cost a quarter.
    """

    sides: tuple[int, ...] = (320, 640)
    fine_side: int = 1600
    small: float = 24.0
    most_enlarged: float = 2.0
    threshold: float = 0.65
    hint: float = 0.3
    max_overlap: float = 0.3
    smallest: float = 10.0
    batch_pixels: int = 350_000


DEFAULT_YUNET = YunetOptions()

_CROPS = CropRules(side=96, face=40.0, upright=0.92, face_score=0.8)
"""Measured: in photos that stand upright the most certain face scores .93 or more (all but one in fifty of LFW and of
`faces`), in the same photos turned by one quarter at most .88, by two at most .92. What scored less than .8 when it
was turned was an animal or nothing (Flickr8k)."""

_SAME_FACE = 0.3
"""Intersection over union of a face with itself, as finer pixels show it, at the least."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """Before suppression: `boxes` (N, 4) left, top, right, bottom; `scores` (N,); `landmarks` (N, 5, 2); float32."""

    boxes: NDArray[np.float32]
    scores: NDArray[np.float32]
    landmarks: NDArray[np.float32]

    def scaled(self, x: float, y: float) -> Candidates:
        """The same in an image enlarged by these factors."""
        factors = np.array([x, y], np.float32)
        return Candidates(self.boxes * np.tile(factors, 2), self.scores, self.landmarks * factors)

    def shifted(self, by: NDArray[np.floating]) -> Candidates:
        """The same in an image that begins at (-x, -y)."""
        shift = by.astype(np.float32)
        return Candidates(self.boxes + np.tile(shift, 2), self.scores, self.landmarks + shift)


@dataclass(frozen=True, slots=True)
class _View:
    """One photo at one working size, padded: `height` and `width` are those of the canvas's part that is photo."""

    image: int
    canvas: Pixels
    height: int
    width: int


class YunetFinder:
    """The finder on a session of a YuNet file with inputs of any size."""

    layout: LandmarkLayout = EYES_NOSE_MOUTH

    def __init__(self, session: Session, options: YunetOptions = DEFAULT_YUNET) -> None:
        self._session = session
        self._options = options

    @property
    def crops(self) -> CropRules:
        return _CROPS

    def find(self, images: Sequence[Pixels], *, quick: bool = False) -> list[Detections]:
        """What is to be seen in each image, in its pixels; `quick` never searches at `fine_side`."""
        return [self._detections(found) for found in self._search(images, quick=quick)]

    def score_crops(self, crops: Pixels) -> NDArray[np.float32]:
        return np.array([max(found.scores, default=0.0) for found in self._run(list(crops))])

    def look_closer(self, image: Pixels, enlarged: float, faces: Sequence[FoundFace]) -> list[FoundFace]:
        """See `FaceFinder`. The frame shows even small faces to YuNet; what finer pixels add is better landmarks."""
        hints = [_hint(face.box, face.score) for face in faces]
        crops = [cut_crop(image, hint, _CROPS) for hint in hints]
        closer = []
        for face, hint, found in zip(faces, hints, self._run(crops), strict=True):
            left, top, side = crop_square(hint, _CROPS)
            scale = side / _CROPS.side
            again = _suppress(found.scaled(scale, scale).shifted(np.array([left, top])), self._options)
            same = max(again, key=lambda one: iou(one.box, face.box), default=face)
            is_same = iou(same.box, face.box) >= _SAME_FACE
            closer.append(FoundFace(same.box, max(face.score, same.score), same.landmarks) if is_same else face)
        return closer

    def _detections(self, found: Candidates) -> Detections:
        seen = _suppress(found, self._options)
        smallest = self._options.smallest
        faces = [face for face in seen if face.score >= self._options.threshold and face.side >= smallest]
        return Detections(faces, [_hint(face.box, face.score) for face in seen])

    def _search(self, images: Sequence[Pixels], *, quick: bool) -> list[Candidates]:
        coarse = [
            joined(parts) for parts in self._search_at(images, dict.fromkeys(range(len(images)), self._options.sides))
        ]
        small = [
            index for index in range(len(images)) if not quick and self._hints_at_small(images[index], coarse[index])
        ]
        fine = self._search_at(images, dict.fromkeys(small, (self._options.fine_side,)))
        return [joined([first, *more]) for first, more in zip(coarse, fine, strict=True)]

    def _hints_at_small(self, image: Pixels, found: Candidates) -> bool:
        long_side = max(image.shape[:2])
        scale = self._scales(long_side, self._options.sides)[-1]
        sizes = found.boxes[:, 2:] - found.boxes[:, :2]
        small = np.sqrt(sizes.prod(axis=1)) * scale < self._options.small
        return bool(small.any()) and self._scales(long_side, (self._options.fine_side,))[-1] > scale

    def _search_at(self, images: Sequence[Pixels], sides: Mapping[int, tuple[int, ...]]) -> list[list[Candidates]]:
        """For each image the candidates at each of its `sides`; some may have none."""
        by_size: dict[tuple[int, ...], list[_View]] = defaultdict(list)
        for index, long_sides in sides.items():
            for view in self._views(index, images[index], long_sides):
                by_size[view.canvas.shape].append(view)
        found: list[list[Candidates]] = [[] for _ in images]
        for views in by_size.values():
            for view, candidates in zip(views, self._run([view.canvas for view in views]), strict=True):
                original_height, original_width = images[view.image].shape[:2]
                found[view.image].append(candidates.scaled(original_width / view.width, original_height / view.height))
        return found

    def _run(self, canvases: Sequence[Pixels]) -> list[Candidates]:
        """The candidates in canvases of one size, whose sides are multiples of the largest stride."""
        if not canvases:
            return []
        height, width = canvases[0].shape[:2]
        batch = max(1, self._options.batch_pixels // (height * width))
        found: list[Candidates] = []
        for start in range(0, len(canvases), batch):
            outputs = self._session.run({"input": _blob(canvases[start : start + batch])})
            found.extend(decode(outputs, width, self._options.hint))
        return found

    def _scales(self, long_side: int, sides: Sequence[int]) -> list[float]:
        """What a photo is resized by for each of `sides`, the largest last, each once."""
        return sorted({min(side / long_side, self._options.most_enlarged) for side in sides})

    def _views(self, index: int, image: Pixels, sides: Sequence[int]) -> Iterator[_View]:
        height, width = image.shape[:2]
        reduced = image
        for scale in self._scales(max(height, width), sides)[::-1]:
            size = (max(1, round(width * scale)), max(1, round(height * scale)))
            # Bilinear uses every pixel down to a half, in a sixth of the time of area averaging (imaging/decode.py).
            while size[0] * 2 <= reduced.shape[1]:
                reduced = _resized(reduced, (reduced.shape[1] // 2, max(1, reduced.shape[0] // 2)))
            reduced = _resized(reduced, size)
            canvas = np.zeros((_padded(size[1]), _padded(size[0]), 3), np.uint8)
            canvas[: size[1], : size[0]] = reduced
            yield _View(index, canvas, size[1], size[0])


def _resized(image: Pixels, size: tuple[int, int]) -> Pixels:
    """`image` as wide and high as `size`."""
    if size == (image.shape[1], image.shape[0]):
        return image
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_LINEAR), np.uint8)


def decode(outputs: Sequence[NDArray[Any]], width: int, threshold: float) -> list[Candidates]:
    """The candidates that score at least `threshold` in each of a batch's inputs, `width` pixels wide.

    `outputs` are the twelve of a YuNet file in its order: class, objectness, box and landmarks, each for `STRIDES`.
    Their rows are cells, row by row. As FaceDetectorYNImpl::postProcess (opencv/modules/objdetect/src/face_detect.cpp).
    """
    found = []
    for image in range(len(outputs[0])):
        parts = []
        for level, stride in enumerate(STRIDES):
            classes, objectness, boxes, landmarks = (outputs[kind * len(STRIDES) + level][image] for kind in range(4))
            scores = np.sqrt(np.clip(classes[:, 0], 0, 1) * np.clip(objectness[:, 0], 0, 1))
            at = np.flatnonzero(scores >= threshold)
            cells = np.stack([at % (width // stride), at // (width // stride)], axis=-1).astype(np.float32)
            centres, halves = (cells + boxes[at, :2]) * stride, np.exp(boxes[at, 2:]) * (stride / 2)
            points = (landmarks[at].reshape(-1, 5, 2) + cells[:, None]) * stride
            parts.append((np.concatenate([centres - halves, centres + halves], axis=1), scores[at], points))
        found.append(Candidates(*(np.concatenate(arrays).astype(np.float32) for arrays in zip(*parts, strict=True))))
    return found


def joined(parts: Sequence[Candidates]) -> Candidates:
    """The candidates of all parts."""
    return Candidates(
        np.concatenate([part.boxes for part in parts]),
        np.concatenate([part.scores for part in parts]),
        np.concatenate([part.landmarks for part in parts]),
    )


def _suppress(candidates: Candidates, options: YunetOptions) -> list[FoundFace]:
    """Greedy non-maximum suppression; the most certain first."""
    boxes, scores = candidates.boxes, candidates.scores
    corner_and_size = np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], axis=1)
    kept = cv2.dnn.NMSBoxes(corner_and_size.tolist(), scores.tolist(), 0.0, options.max_overlap)
    return [
        FoundFace(Box(*(float(edge) for edge in boxes[index])), float(scores[index]), candidates.landmarks[index])
        for index in np.asarray(kept, np.intp).reshape(-1)
    ]


def _hint(box: Box, score: float) -> Candidate:
    size = max(box.width, box.height)
    return Candidate((box.left + box.right) / 2, (box.top + box.bottom) / 2, size, score)


def _padded(pixels: int) -> int:
    return -(-pixels // STRIDES[-1]) * STRIDES[-1]


def _blob(canvases: Sequence[Pixels]) -> NDArray[np.float32]:
    """(N, 3, height, width) BGR, 0 to 255: as cv2.dnn.blobFromImages has it."""
    return np.asarray(cv2.dnn.blobFromImages(list(canvases), swapRB=True), np.float32)
