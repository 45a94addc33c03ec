"""Labelled faces, detections, and which of them belong together."""

from __future__ import annotations

import csv
import hashlib
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from untag.faces.geometry import iou
from untag.types import Box

MIN_IOU = 0.3
MAX_SIZE_RATIO = 2.0
SIZES = (("16-40", 0.0), ("40-80", 40.0), ("80-160", 80.0), ("160+", 160.0))
"""The name of each class of sizes and where it begins, in pixels of the original."""


@dataclass(frozen=True, slots=True)
class LabelledFace:
    """`ignore`: neither a hit when it is found nor a miss when it is not."""

    box: Box
    ignore: bool


@dataclass(frozen=True, slots=True)
class LabelledPhoto:
    """`sha256` is the first 16 hex digits of the file's."""

    path: str
    sha256: str
    faces: tuple[LabelledFace, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """What a detector says: a box in pixels of the original, and a score in its own units."""

    box: Box
    score: float


@dataclass(frozen=True, slots=True)
class Matching:
    """Of one photo: labelled faces that were found and missed, and detections that are no face."""

    hits: tuple[Box, ...]
    misses: tuple[Box, ...]
    false_alarms: tuple[Found, ...]


def read_labels(labels: Path, root: Path) -> list[LabelledPhoto]:
    """The photos of `faces.csv`, each different one once. Raises ValueError when a photo is not the labelled one."""
    rows: dict[tuple[str, str], list[LabelledFace]] = defaultdict(list)
    with labels.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            faces = rows[row["path"], row["sha256"]]
            if row["left"]:
                faces.append(LabelledFace(read_box(row), row["ignore"] == "1"))
    photos: dict[str, LabelledPhoto] = {}
    for (path, sha256), faces in rows.items():
        if hashlib.sha256((root / path).read_bytes()).hexdigest()[:16] != sha256:
            raise ValueError(f"{path} is not the photo that was labelled")
        photos.setdefault(sha256, LabelledPhoto(path, sha256, tuple(faces)))
    return list(photos.values())


def read_box(row: dict[str, str]) -> Box:
    return Box(*(float(row[side]) for side in ("left", "top", "right", "bottom")))


def size_of(box: Box) -> float:
    return float((max(box.width, 0.0) * max(box.height, 0.0)) ** 0.5)


def size_class(box: Box) -> str:
    return next(name for name, begins in reversed(SIZES) if size_of(box) >= begins)


def same_face(a: Box, b: Box) -> bool:
    """Whether two boxes may mean one face, though detectors draw it differently.

    Their intersection over union is at least 0.3, or the centre of one lies in the other and neither is more than
    twice as large: dlib's boxes are squares that end at the brows, others reach from the hair line to the chin.
    """
    if iou(a, b) >= MIN_IOU:
        return True
    if not (_holds_centre(a, b) or _holds_centre(b, a)):
        return False
    smaller, larger = sorted((size_of(a), size_of(b)))
    return larger <= MAX_SIZE_RATIO * smaller


def match(faces: tuple[LabelledFace, ...], found: list[Found]) -> Matching:
    """Each face is matched with one detection at most, the best overlaps first.

    Detections that are left may match any ignored face, however many do; the others are false alarms. So a second box
    on a face is a false alarm.
    """
    counted = [face.box for face in faces if not face.ignore]
    pairs = [
        (iou(box, detection.box), face_index, found_index)
        for face_index, box in enumerate(counted)
        for found_index, detection in enumerate(found)
        if same_face(box, detection.box)
    ]
    of_face: dict[int, int] = {}
    taken: set[int] = set()
    for _, face_index, found_index in sorted(pairs, key=lambda pair: -pair[0]):
        if face_index not in of_face and found_index not in taken:
            of_face[face_index] = found_index
            taken.add(found_index)
    ignored = [face.box for face in faces if face.ignore]
    return Matching(
        tuple(box for index, box in enumerate(counted) if index in of_face),
        tuple(box for index, box in enumerate(counted) if index not in of_face),
        tuple(
            detection
            for index, detection in enumerate(found)
            if index not in taken and not any(same_face(box, detection.box) for box in ignored)
        ),
    )


def _holds_centre(outer: Box, inner: Box) -> bool:
    x, y = (inner.left + inner.right) / 2, (inner.top + inner.bottom) / 2
    return outer.left <= x <= outer.right and outer.top <= y <= outer.bottom
