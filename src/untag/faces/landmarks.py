"""dlib's 5-point landmarks: an ensemble of regression trees, evaluated for many faces at once.

V. Kazemi and J. Sullivan, One Millisecond Face Alignment with an Ensemble of Regression Trees, CVPR 2014, as in
dlib/image_processing/shape_predictor.h. Order of the points: outer and inner corner of the eye on the right of the
picture, outer and inner corner of the eye on the left, and the bottom of the nose.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from untag.engine.weights.dlib_weights import ShapePredictor
from untag.faces.geometry import fit_similarity
from untag.types import Box, Pixels

_TREE_DEPTH = 4


@dataclass(frozen=True, slots=True)
class LandmarkLayout:
    """Which of five landmarks are what: the rows of each eye, as the picture has them, and of the nose."""

    eye_on_right: tuple[int, ...]
    eye_on_left: tuple[int, ...]
    nose: int


DLIB_LAYOUT = LandmarkLayout((0, 1), (2, 3), 4)
EYES_NOSE_MOUTH = LandmarkLayout((1,), (0,), 2)
"""The five points of most detectors since MTCNN: eyes, tip of the nose, corners of the mouth, from left to right."""


def predict_landmarks(
    predictor: ShapePredictor, images: Sequence[Pixels], faces: Sequence[tuple[int, Box]]
) -> NDArray[np.float32]:
    """Landmarks of `faces`, each (index into images, box in its pixels): (N, 5, 2) float32, x and y in those pixels.

    Each cascade reads 800 pixels around every face, walks all 500 trees of all faces together, one depth at a time,
    and adds the leaves that they end in. What dlib holds in single precision is so here, and summed in its order:
    with doubles, one face in thirteen had a point that rounds to another pixel; so, of 384 faces none.
    """
    count = len(faces)
    shape = np.repeat(predictor.mean_shape[None], count, axis=0)
    if count == 0:
        return shape
    corners = np.array([(box.left, box.top) for _, box in faces])
    # dlib's rectangles include their last pixel, so the unit square spans one pixel less than the width.
    extents = np.array([(box.width - 1, box.height - 1) for _, box in faces])
    trees = predictor.split_a.shape[1]
    leaf_offset = 2**_TREE_DEPTH - 1
    tree_rows = np.arange(trees)[None, :]
    face_rows = np.arange(count)[:, None]
    for cascade in range(predictor.split_a.shape[0]):
        turn = fit_similarity(predictor.mean_shape[None].astype(np.float64), shape.astype(np.float64))
        turned = _turn(turn[:, :, :2].astype(np.float32), predictor.deltas[cascade])
        points = (turned + shape[:, predictor.anchors[cascade]]).astype(np.float64)
        positions = np.floor(points * extents[:, None] + corners[:, None] + 0.5).astype(np.intp)
        pixels = np.stack([_sample(images[index], at) for (index, _), at in zip(faces, positions, strict=True)])
        node = np.zeros((count, trees), dtype=np.intp)
        for _ in range(_TREE_DEPTH):
            a = predictor.split_a[cascade][tree_rows, node]
            b = predictor.split_b[cascade][tree_rows, node]
            goes_left = pixels[face_rows, a] - pixels[face_rows, b] > predictor.thresholds[cascade][tree_rows, node]
            node = 2 * node + np.where(goes_left, 1, 2)
        leaves = predictor.leaves[cascade][tree_rows, node - leaf_offset]
        # accumulate adds one leaf after the other; sum would be free to add them in pairs.
        shape = np.add.accumulate(np.concatenate([shape[:, None], leaves], axis=1), axis=1)[:, -1]
    return np.asarray(shape * extents[:, None] + corners[:, None], dtype=np.float32)


def _turn(turn: NDArray[np.float32], deltas: NDArray[np.float32]) -> NDArray[np.float32]:
    """(P, 2) deltas turned by each of (N, 2, 2) matrices: (N, P, 2), without the fused sums of a matrix product."""
    x, y = deltas[:, 0], deltas[:, 1]
    rows = [turn[:, i, 0, None] * x + turn[:, i, 1, None] * y for i in range(2)]
    return np.asarray(np.stack(rows, axis=-1), dtype=np.float32)


def _sample(image: Pixels, at: NDArray[np.intp]) -> NDArray[np.float32]:
    """Grey at (P, 2) positions x, y; 0 outside the image."""
    height, width = image.shape[:2]
    x, y = at[:, 0], at[:, 1]
    inside = (x >= 0) & (y >= 0) & (x < width) & (y < height)
    colours = image[np.clip(y, 0, height - 1), np.clip(x, 0, width - 1)].astype(np.int16)
    # dlib's grey is the plain mean of the channels, rounded down (dlib/pixel.h).
    grey = (colours[:, 0] + colours[:, 1] + colours[:, 2]) // 3
    return np.asarray(np.where(inside, grey, 0), dtype=np.float32)
