"""Quality falls with blur, with distance, and as a face turns away."""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np
import pytest

from made_up_faces import drawn_face
from untag.faces.align import DLIB_TEMPLATE, cut_chip
from untag.faces.landmarks import DLIB_LAYOUT, EYES_NOSE_MOUTH
from untag.faces.quality import FaceQuality, measure_quality
from untag.types import Pixels

LANDMARKS = np.array([(154, 117), (132, 119), (85, 117), (107, 120), (120, 156)], np.float32)


def chip() -> Pixels:
    """Sharp, as a camera's: with the contrast and the grain that the drawing lacks."""
    smooth = (cut_chip(drawn_face(), LANDMARKS, DLIB_TEMPLATE).astype(np.float64) - 128) * 2.5 + 128
    grain = np.random.default_rng(2).normal(0, 20, (150, 150, 1))
    return np.clip(smooth + grain, 0, 255).astype(np.uint8)


def sharpness(image: Pixels) -> float:
    return measure_quality(image, LANDMARKS, 200.0, DLIB_LAYOUT).sharpness


def test_sharpness_falls_with_every_bit_of_blur() -> None:
    blurred = [np.asarray(cv2.GaussianBlur(chip(), (0, 0), sigma), dtype=np.uint8) for sigma in (0.6, 0.9, 1.5, 3, 5)]
    values = [sharpness(chip()), *map(sharpness, blurred)]
    assert values[0] == 1
    assert all(sharper > softer for sharper, softer in pairwise(values[1:]))
    assert values[-1] < 0.4


def test_a_face_reduced_and_enlarged_again_is_not_sharp() -> None:
    small = cv2.resize(chip(), (25, 25), interpolation=cv2.INTER_AREA)
    assert sharpness(np.asarray(cv2.resize(small, (150, 150), interpolation=cv2.INTER_CUBIC), dtype=np.uint8)) < 0.5


def test_sharpness_does_not_depend_on_contrast() -> None:
    pale = (chip().astype(np.float64) * 0.5 + 60).astype(np.uint8)
    assert sharpness(pale) == pytest.approx(sharpness(chip()), rel=0.1)


@pytest.mark.parametrize("value", [0, 128, 255])
def test_a_plain_chip_is_not_sharp_and_not_a_number_too_many(value: int) -> None:
    assert sharpness(np.full((150, 150, 3), value, np.uint8)) == 0


def frontality(nose_x: float) -> float:
    points = LANDMARKS.copy()
    points[4, 0] = nose_x
    return measure_quality(chip(), points, 200.0, DLIB_LAYOUT).frontality


def test_frontality_falls_as_the_nose_moves_to_either_side() -> None:
    for direction in (-1, 1):
        values = [frontality(119.5 + direction * offset) for offset in (0, 4, 8, 16, 23, 40)]
        assert values == sorted(values, reverse=True)
        assert values[0] > 0.95
        assert values[3] < 0.5
        assert values[-1] == 0


def test_frontality_does_not_depend_on_tilt_or_layout() -> None:
    turn = np.array([[np.cos(0.7), -np.sin(0.7)], [np.sin(0.7), np.cos(0.7)]], np.float32)
    straight = measure_quality(chip(), LANDMARKS, 200.0, DLIB_LAYOUT).frontality
    tilted = measure_quality(chip(), LANDMARKS @ turn.T, 200.0, DLIB_LAYOUT).frontality
    assert tilted == pytest.approx(straight, abs=1e-3)
    eyes = np.stack([LANDMARKS[2:4].mean(axis=0), LANDMARKS[:2].mean(axis=0)])
    five = np.concatenate([eyes, LANDMARKS[4:], [[100, 180], [140, 180]]]).astype(np.float32)
    other = measure_quality(chip(), five, 200.0, EYES_NOSE_MOUTH).frontality
    assert other == pytest.approx(straight, abs=1e-3)


def test_eyes_in_one_place_are_not_frontal() -> None:
    assert measure_quality(chip(), np.zeros((5, 2), np.float32), 200.0, DLIB_LAYOUT).frontality == 0


def test_overall_is_the_worst_of_everything_together() -> None:
    assert FaceQuality(200, 1, 1).overall == 1
    assert FaceQuality(100, 0.6, 0.6).overall == 1
    assert FaceQuality(50, 1, 1).overall == pytest.approx(0.5)
    assert FaceQuality(100, 0.3, 0.6).overall == pytest.approx(0.5)
    assert FaceQuality(100, 0.6, 0.3).overall == pytest.approx(0.5)
    assert FaceQuality(50, 0.3, 0.3).overall == pytest.approx(0.125)
    assert FaceQuality(0, 1, 1).overall == 0


@pytest.mark.parametrize(("sigma", "expected"), [(0.9, 0.715), (1.5, 0.488), (3.0, 0.356)])
def test_sharpness_is_on_the_scale_that_reference_photos_are_judged_by(sigma: float, expected: float) -> None:
    """1 from a phone's portrait on; `USABLE_QUALITY` was set on this scale."""
    assert sharpness(np.asarray(cv2.GaussianBlur(chip(), (0, 0), sigma), np.uint8)) == pytest.approx(expected, abs=0.02)
