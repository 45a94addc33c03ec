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


def _dlib_template(size: int = 150, padding: float = 0.25) -> ChipTemplate:
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
    return ChipTemplate(size, (padding + unit) / (2 * padding + 1) * size)


DLIB_TEMPLATE = _dlib_template()


def cut_chip(image: Pixels, landmarks: NDArray[np.float32], template: ChipTemplate) -> Pixels:
    """The chip (size, size, 3) uint8 of the face with these landmarks (in pixels of `image`); black outside the image.

    A face more than twice the chip's size is first halved, with a binomial filter as dlib does it, until it is not:
    a bilinear sample alone would alias.
    """
    to_image = fit_similarity(template.points, landmarks.astype(np.float64))
    scale = transform_scale(to_image)
    # dlib's chip rectangle counts its last pixel, so its grid is narrower by one pixel of the image (centered_drect).
    centre = to_image @ np.array([template.size / 2, template.size / 2, 1.0])
    shrink = (template.size - 1 / scale) / (template.size - 1)
    to_image[:, :2] *= shrink
    to_image[:, 2] = centre - to_image[:, :2] @ np.full(2, (template.size - 1) / 2)
    halvings = max(0, int(np.log2(max(scale, 1.0))))
    if halvings:
        image, offset = _region(image, to_image, template.size, 2**halvings)
        to_image[:, 2] -= offset
        for _ in range(halvings):
            image = np.asarray(cv2.pyrDown(image), dtype=np.uint8)
        to_image = to_image / 2**halvings
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    chip = cv2.warpAffine(image, to_image, (template.size, template.size), flags=flags)
    return np.asarray(chip, dtype=np.uint8)


def _region(image: Pixels, to_image: NDArray[np.float64], size: int, step: int) -> tuple[Pixels, NDArray[np.float64]]:
    """The part of the image that the chip covers, with a margin for the filter, and its top left corner."""
    corners = np.array([(0, 0, 1), (size, 0, 1), (0, size, 1), (size, size, 1)], dtype=np.float64) @ to_image.T
    height, width = image.shape[:2]
    margin = 4 * step
    left, top = (int(v) for v in np.clip(np.floor(corners.min(axis=0)) - margin, 0, (width - 1, height - 1)))
    right, bottom = (int(v) for v in np.ceil(corners.max(axis=0)) + margin)
    return image[top : max(bottom, top + 1), left : max(right, left + 1)], np.array([left, top], dtype=np.float64)
