"""The functions of the package face_recognition 1.3.0, on untag's engine.

`import untag.face_recognition as face_recognition` is all that a program changes. Names, arguments, defaults and types
are those of face_recognition/api.py; docs/face-recognition.md says what differs. Images are RGB, (height, width, 3)
uint8. A location is (top, right, bottom, left) in whole pixels, of which right and bottom are the last that belong to
the face. Models are loaded by the first call that needs them, and kept; what is derived from their weights is cached in
untag's home folder.
"""

from __future__ import annotations

import functools
import io
import itertools
from collections.abc import Iterator, Sequence
from os import PathLike
from typing import IO, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image

from untag.config import default_home, load_settings
from untag.engine.runtime.cache import derived
from untag.engine.runtime.models import ModelOptions, open_derived
from untag.engine.weights.dlib_weights import ShapePredictor
from untag.errors import UntagError, UsageError
from untag.faces.align import DLIB_TEMPLATE, cut_chip
from untag.faces.composed import Embedder
from untag.faces.dlib_detector import DlibDetector
from untag.faces.dlib_engine import CANVAS_DETECTOR_FILE, EMBEDDER_FILE, LANDMARKS_FILE
from untag.faces.jitter import jitter_chip
from untag.faces.landmarks import predict_landmarks
from untag.types import Box, Pixels

__all__ = [
    "batch_face_locations",
    "compare_faces",
    "face_distance",
    "face_encodings",
    "face_landmarks",
    "face_locations",
    "load_image_file",
]


def __dir__() -> list[str]:
    """The seven functions alone, as in the module that this one stands for."""
    return sorted(__all__)


Location = tuple[int, int, int, int]
Encoding = NDArray[np.float64]

_BATCH_PIXELS = 8_000_000
"""Images are searched together up to this many pixels: their pyramids are in memory at once, forty bytes a pixel."""


class LargeModelError(UntagError, NotImplementedError):
    """The 68-point landmarks were asked for, which untag does not have."""


class ArgumentError(UsageError, ValueError):
    """An image or the name of a model is none that these functions take."""


def load_image_file(file: str | PathLike[str] | IO[bytes], mode: str | None = "RGB") -> NDArray[Any]:
    """The pixels of an image file, in Pillow's `mode`: (height, width, 3) uint8 for RGB, (height, width) for L.

    As in the original, a photo is not turned upright by its EXIF data. Raises what Pillow raises: OSError for a file
    that is missing, no picture, or cut off.
    """
    with Image.open(file) as image:
        return np.array(image.convert(mode) if mode else image)


def face_locations(img: Pixels, number_of_times_to_upsample: int = 1, model: str = "hog") -> list[Location]:
    """The faces in an image, the most certain first, clipped to it: those of the original's model="cnn", to the pixel.

    The image is doubled `number_of_times_to_upsample` times; the smallest faces that are found are then 80 pixels.
    `model` is taken and makes no difference: both names mean the CNN. Raises ArgumentError for what is no image.
    """
    return batch_face_locations([img], number_of_times_to_upsample)[0]


def batch_face_locations(
    images: Sequence[Pixels], number_of_times_to_upsample: int = 1, batch_size: int = 128
) -> list[list[Location]]:
    """The faces in each image, as `face_locations` has them; at most `batch_size` images are searched together.

    Images need not be of one size, but neighbours that are share runs of the network. Raises ArgumentError for
    what is no image, and for a `batch_size` below 1.
    """
    if batch_size < 1:
        raise ArgumentError(f"batch_size is at least 1, not {batch_size}")
    checked = [_image(image) for image in images]
    doublings = max(0, number_of_times_to_upsample)
    boxes = (found for part in _batches(checked, batch_size, 4**doublings) for found in _search(part, doublings))
    return [
        [_clipped(box, image.shape[0], image.shape[1]) for box in found]
        for image, found in zip(checked, boxes, strict=True)
    ]


def face_landmarks(
    face_image: Pixels, face_locations: Sequence[Location] | None = None, model: str = "large"
) -> list[dict[str, list[tuple[int, int]]]]:
    """Five landmarks, (x, y) in whole pixels, of each face: `nose_tip` (1), `left_eye` (2) and `right_eye` (2).

    Faces are searched for when no locations are given. The default of `model` is the original's and raises
    LargeModelError: pass model="small". Raises ArgumentError for another name, and for what is no image.
    """
    _check_model(model)
    found = _landmarks(_image(face_image), face_locations)
    faces = [[(int(x), int(y)) for x, y in points] for points in found]
    return [{"nose_tip": points[4:5], "left_eye": points[2:4], "right_eye": points[0:2]} for points in faces]


def face_encodings(
    face_image: Pixels,
    known_face_locations: Sequence[Location] | None = None,
    num_jitters: int = 1,
    model: str = "small",
) -> list[Encoding]:
    """The embedding, (128,) float64, of each face, which are searched for when no locations are given.

    With `num_jitters` above 1 it is the mean over so many slightly disturbed copies of the face, always the same ones.
    Raises LargeModelError for model="large", and ArgumentError for another name, and for what is no RGB image.
    """
    _check_model(model)
    if np.ndim(face_image) != 3:
        raise ArgumentError("encodings need an RGB image")
    image = _image(face_image)
    chips = [cut_chip(image, points, DLIB_TEMPLATE, exact=True) for points in _landmarks(image, known_face_locations)]
    if num_jitters <= 1:
        vectors = _embedder().embed(chips)
    else:
        vectors = np.array([_embedder().embed(jitter_chip(chip, num_jitters)).mean(axis=0) for chip in chips])
    return [vector.astype(np.float64) for vector in vectors]


def face_distance(face_encodings: Sequence[ArrayLike] | NDArray[Any], face_to_compare: ArrayLike) -> NDArray[Any]:
    """The Euclidean distance of each of N encodings to one: (N,) float64, empty for none."""
    if len(face_encodings) == 0:
        return np.empty(0)
    return np.asarray(np.linalg.norm(np.asarray(face_encodings) - np.asarray(face_to_compare), axis=1))


def compare_faces(
    known_face_encodings: Sequence[ArrayLike] | NDArray[Any], face_encoding_to_check: ArrayLike, tolerance: float = 0.6
) -> list[np.bool_]:
    """Whether each known encoding is at most `tolerance` away from the one to check."""
    return list(face_distance(known_face_encodings, face_encoding_to_check) <= tolerance)


@functools.cache
def _options() -> ModelOptions:
    settings = load_settings(default_home())
    return ModelOptions(settings.home, settings.device)


@functools.cache
def _detector() -> DlibDetector:
    return DlibDetector(open_derived(CANVAS_DETECTOR_FILE, _options()))


@functools.cache
def _predictor() -> ShapePredictor:
    content = derived(LANDMARKS_FILE, _options().home, _options().on_build)
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        return ShapePredictor(**{name: arrays[name] for name in arrays.files})


@functools.cache
def _embedder() -> Embedder:
    return Embedder(open_derived(EMBEDDER_FILE, _options()), "images", DLIB_TEMPLATE, 128)


def _check_model(model: str) -> None:
    if model == "large":
        raise LargeModelError(
            "there are no 68-point landmarks: the data that they were trained on, iBUG 300-W, exclude commercial use;"
            ' pass model="small" for five points'
        )
    if model != "small":
        raise ArgumentError(f"there is no landmarks model {model!r}; there are 'small' and 'large'")


def _image(image: Pixels) -> Pixels:
    """The image as contiguous RGB; grey ones, which dlib takes for all but encodings, become RGB."""
    pixels = np.asarray(image)
    if pixels.dtype != np.uint8 or pixels.size == 0 or not (pixels.ndim == 2 or pixels.shape[2:] == (3,)):
        raise ArgumentError(
            f"an image is (height, width, 3) or (height, width), uint8; this is {pixels.shape}, {pixels.dtype}"
        )
    rgb = pixels if pixels.ndim == 3 else np.repeat(pixels[:, :, None], 3, axis=2)
    # Callers turn BGR round with a view of negative strides.
    return np.ascontiguousarray(rgb)


def _batches(images: Sequence[Pixels], most: int, enlarged: int) -> Iterator[list[Pixels]]:
    """Neighbours of one size, at most `most` of them, and no more than `_BATCH_PIXELS` once they are enlarged."""
    for (height, width), alike in itertools.groupby(images, key=lambda image: image.shape[:2]):
        together = max(1, min(most, _BATCH_PIXELS // (height * width * enlarged)))
        remaining = list(alike)
        yield from (remaining[start : start + together] for start in range(0, len(remaining), together))


def _search(images: Sequence[Pixels], doublings: int) -> list[list[Box]]:
    """The boxes of the faces, in whole pixels of each image, the last ones in them; not clipped. Images of one size."""
    return [[one.box for one in found] for found in _detector().detect(images, doublings)]


def _clipped(box: Box, height: int, width: int) -> Location:
    # The original allows a location one pixel more than the image has.
    top, right, bottom, left = int(box.top), int(box.right), int(box.bottom), int(box.left)
    return max(top, 0), min(right, width), min(bottom, height), max(left, 0)


def _landmarks(image: Pixels, locations: Sequence[Location] | None) -> NDArray[np.float32]:
    """The landmarks (N, 5, 2) of the faces, in whole pixels, in dlib's order."""
    if locations is None:
        # Not clipped: a face that is cut off by the edge has its landmarks where they would be.
        locations = [(int(box.top), int(box.right), int(box.bottom), int(box.left)) for box in _search([image], 1)[0]]
    boxes = [Box(int(left), int(top), int(right) + 1, int(bottom) + 1) for top, right, bottom, left in locations]
    return np.round(predict_landmarks(_predictor(), [image], [(0, box) for box in boxes]))
