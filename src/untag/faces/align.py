"""Cuts aligned face chips out of photos: upright, of one size, the landmarks where the embedder wants them."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from untag.faces.geometry import fit_similarity, transform_scale
from untag.types import Pixels


@dataclass(frozen=True, slots=True)
class ChipTemplate:
    """Where an embedder wants the landmarks: `points` (landmarks, 2) in pixels of a square chip of `size` pixels."""

    size: int
    points: NDArray[np.float64]


def _dlib_template() -> ChipTemplate:
    """dlib's get_face_chip_details for 5 landmarks (dlib/image_transforms/interpolation.h)."""
    unit = np.array(
        [
            (0.8595674595992, 0.2134981538014),
            (0.6460604764104, 0.2289674387677),
            (0.1205750620789, 0.2137274526848),
            (0.3340850613712, 0.2290642403242),
            (0.4901123135679, 0.6277975316475),
        ]
    )
    size, padding = 150, 0.25
    return ChipTemplate(size, (padding + unit) / (2 * padding + 1) * size)


DLIB_TEMPLATE = _dlib_template()

ARCFACE_TEMPLATE = ChipTemplate(
    112,
    np.array([(38.2946, 51.6963), (73.5318, 51.5014), (56.0252, 71.7366), (41.5493, 92.3655), (70.7299, 92.2041)]),
)
"""Eyes, tip of the nose, corners of the mouth (insightface/utils/face_align.py, arcface_dst), FaceRecognizerSF too."""

RETAIL_TEMPLATE = ChipTemplate(
    128,
    128
    * np.array([(0.31557, 0.46157), (0.68262, 0.46157), (0.50026, 0.64051), (0.34947, 0.82469), (0.65344, 0.82469)]),
)
"""The same points for face-reidentification-retail-0095 (its description in the Open Model Zoo)."""


def cut_chip(image: Pixels, landmarks: NDArray[np.float32], template: ChipTemplate, *, exact: bool = False) -> Pixels:
    """The chip (size, size, 3) uint8 of the face with these landmarks (in pixels of `image`); black outside the image.

    A face about twice the chip's size or more is first halved, with a binomial filter as dlib does it, until it is
    not: a bilinear sample alone would alias. This is dlib's extract_image_chips (dlib/image_transforms/interpolation.h)
    to the last place of rounding, including the half pixel by which it shifts what it halves. `exact` takes a
    millisecond more and rounds as dlib does, too: it cuts what is behind the point off. Three in five bytes are then
    one less, and the embedding is dlib's own to 1e-5, where it is 0.007 away otherwise (median of 106 faces).
    """
    size = template.size
    to_image = fit_similarity(template.points, landmarks.astype(np.float64))
    scale = transform_scale(to_image)
    # dlib's chip rectangle counts its last pixel, so its grid is narrower by one pixel of the image (centered_drect).
    centre = to_image @ np.array([size / 2, size / 2, 1.0])
    shrink = (size - 1 / scale) / (size - 1) if scale > 0 else 1.0
    to_image[:, :2] *= shrink
    to_image[:, 2] = centre - to_image[:, :2] @ np.full(2, (size - 1) / 2)
    halvings = 0
    while (size * scale - 1) / 2 ** (halvings + 1) + 1 > size:
        halvings += 1
    if halvings:
        image, corner = _region(image, to_image, size, halvings)
        to_image[:, 2] -= corner
        for _ in range(halvings):
            image = _halve(image, exact=exact)
            to_image /= 2
            to_image[:, 2] -= _HALVING_SHIFT
    if image.size == 0:
        return np.zeros((size, size, 3), np.uint8)
    if exact:
        return _sampled(image, to_image, size)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    chip = cv2.warpAffine(image, to_image, (size, size), flags=flags)
    return np.asarray(chip, dtype=np.uint8)


_HALVING_SHIFT = (1.25, 0.75)
"""pyramid_down<2>::point_down (dlib/image_transforms/image_pyramid.h). Its pixel 0 lies on pixel 2, so that 1 would be
right for both; but the embedder was trained on chips cut so."""

_SMALLEST_HALVED = 9

_BINOMIAL = np.array([1, 4, 6, 4, 1], np.float32)


def _halve(image: Pixels, *, exact: bool) -> Pixels:
    """Half an image, (y, x) of it lies on (2 y + 2, 2 x + 2); an empty one when there is too little to halve."""
    height, width = image.shape[:2]
    if min(height, width) < _SMALLEST_HALVED:
        return image[:0]
    half = _blurred_half(image) if exact else np.asarray(cv2.pyrDown(image), dtype=np.uint8)
    return half[1 : 1 + (height - 3) // 2, 1 : 1 + (width - 3) // 2]


def _blurred_half(image: Pixels) -> Pixels:
    """As cv2.pyrDown, but cut, not rounded, to whole numbers: the sums are exact in single precision."""
    sums = cv2.sepFilter2D(image, cv2.CV_32F, _BINOMIAL, _BINOMIAL)[::2, ::2]
    return (sums / 256).astype(np.uint8)


def _sampled(image: Pixels, to_image: NDArray[np.float64], size: int) -> Pixels:
    """dlib's transform_image with interpolate_bilinear: a pixel whose four neighbours are not all inside is black."""
    x, y = np.meshgrid(np.arange(size, dtype=np.float64), np.arange(size, dtype=np.float64))
    across, down = (row[0] * x + row[1] * y + row[2] for row in to_image)
    left, top = np.floor(across).astype(np.intp), np.floor(down).astype(np.intp)
    height, width = image.shape[:2]
    inside = (left >= 0) & (top >= 0) & (left + 1 < width) & (top + 1 < height)
    right, below = (across - left)[inside, None], (down - top)[inside, None]
    left, top = left[inside], top[inside]
    upper = (1 - right) * image[top, left] + right * image[top, left + 1]
    lower = (1 - right) * image[top + 1, left] + right * image[top + 1, left + 1]
    chip = np.zeros((size, size, 3), np.uint8)
    chip[inside] = (1 - below) * upper + below * lower
    return chip


def _region(image: Pixels, to_image: NDArray[np.float64], size: int, halvings: int) -> tuple[Pixels, NDArray[np.intp]]:
    """The part of the image that the chip covers, with dlib's margin for the filter, and its top left corner."""
    last = size - 1
    corners = np.array([(0, 0, 1), (last, 0, 1), (0, last, 1), (last, last, 1)], dtype=np.float64) @ to_image.T
    margin = 2 ** (halvings + 2) - 2
    first = np.maximum(np.floor(corners.min(axis=0) - margin + 0.5).astype(np.intp), 0)
    left, top = first.tolist()
    right, bottom = np.maximum(np.floor(corners.max(axis=0) + margin + 0.5).astype(np.intp) + 1, 0).tolist()
    return image[top:bottom, left:right], first
