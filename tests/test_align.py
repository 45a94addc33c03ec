"""Similarity transforms, and chips that do not care how a face lies in its photo."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import real_dlib
from made_up_faces import drawn_face
from untag.faces.align import DLIB_TEMPLATE, ChipTemplate, cut_chip
from untag.faces.geometry import fit_similarity, transform_scale
from untag.types import Pixels

LANDMARKS = np.array([(154, 117), (132, 119), (85, 117), (107, 120), (120, 156)], np.float32)
"""Of `drawn_face()`."""

shifts = st.floats(-1000, 1000)
angles = st.floats(-3.1, 3.1)
scales = st.floats(0.05, 20)


def similarity(angle: float, scale: float, x: float, y: float) -> NDArray[np.float64]:
    a, b = scale * np.cos(angle), scale * np.sin(angle)
    return np.array([[a, -b, x], [b, a, y]])


def moved(points: NDArray[np.floating], matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(points @ matrix[:, :2].T + matrix[:, 2])


@settings(deadline=None)
@given(angles, scales, shifts, shifts)
def test_a_known_similarity_is_recovered(angle: float, scale: float, x: float, y: float) -> None:
    known = similarity(angle, scale, x, y)
    fitted = fit_similarity(DLIB_TEMPLATE.points, moved(DLIB_TEMPLATE.points, known))
    np.testing.assert_allclose(fitted, known, rtol=0, atol=1e-8 * max(1, scale, abs(x), abs(y)) * 100)
    assert transform_scale(fitted) == pytest.approx(scale)


def test_many_similarities_are_fitted_at_once() -> None:
    known = [similarity(0.1 * i, 1 + i, i, -i) for i in range(5)]
    targets = np.stack([moved(DLIB_TEMPLATE.points, matrix) for matrix in known])
    np.testing.assert_allclose(fit_similarity(DLIB_TEMPLATE.points[None], targets), known, atol=1e-9)


def test_the_fit_is_the_least_squares_one() -> None:
    generator = np.random.default_rng(1)
    source, target = generator.normal(size=(2, 5, 2))
    fitted = fit_similarity(source, target)

    def error(matrix: NDArray[np.float64]) -> float:
        return float(((moved(source, matrix) - target) ** 2).sum())

    a, b, x, y = fitted[0, 0], fitted[1, 0], fitted[0, 2], fitted[1, 2]
    for step in (-1e-3, 1e-3):
        for nudge in np.eye(4) * step:
            near = np.array([a, b, x, y]) + nudge
            assert error(fitted) < error(np.array([[near[0], -near[1], near[2]], [near[1], near[0], near[3]]]))


def test_a_reflection_is_not_fitted() -> None:
    mirrored = DLIB_TEMPLATE.points * (-1, 1)
    fitted = fit_similarity(DLIB_TEMPLATE.points, mirrored)
    assert np.linalg.det(fitted[:, :2]) > 0


@pytest.mark.filterwarnings("error")
def test_points_in_one_place_have_a_fit_and_a_chip() -> None:
    same = np.full((5, 2), 7.0)
    assert np.isfinite(fit_similarity(same, DLIB_TEMPLATE.points)).all()
    chip = cut_chip(drawn_face(), same.astype(np.float32), DLIB_TEMPLATE)
    assert chip.shape == (150, 150, 3)


def test_the_landmarks_are_where_the_template_wants_them() -> None:
    image = np.zeros((400, 400, 3), np.uint8)
    points = moved(DLIB_TEMPLATE.points, similarity(0.4, 1.6, 90, 40))
    for x, y in points:
        cv2.circle(image, (round(x), round(y)), 4, (255, 255, 255), -1)
    chip = cut_chip(image, points.astype(np.float32), DLIB_TEMPLATE)
    for x, y in DLIB_TEMPLATE.points:
        bright = np.argwhere(chip[int(y) - 8 : int(y) + 9, int(x) - 8 : int(x) + 9, 0] > 128).mean(axis=0) - 8
        assert np.abs(bright - (y % 1, x % 1)).max() < 1.5


def chip_of(angle: float, scale: float, size: int = 700) -> Pixels:
    matrix = similarity(angle, scale, 0, 0)
    matrix[:, 2] = size / 2 - matrix[:, :2] @ (120, 130)
    image = np.asarray(cv2.warpAffine(drawn_face(), matrix, (size, size), flags=cv2.INTER_CUBIC), dtype=np.uint8)
    return cut_chip(image, moved(LANDMARKS, matrix).astype(np.float32), DLIB_TEMPLATE)


@pytest.mark.parametrize("angle", [-2.5, -0.5, 0.0, 0.3, 1.57])
@pytest.mark.parametrize("scale", [0.9, 1.6, 2.2, 4.5])
def test_chips_of_a_face_are_alike_however_it_is_turned_and_enlarged(angle: float, scale: float) -> None:
    # The face alone: what surrounds it is black where the turned picture ends. Halving shifts by half a pixel.
    middle = np.s_[40:110, 40:110]
    difference = chip_of(angle, scale)[middle].astype(int) - chip_of(0.0, 1.0)[middle]
    assert np.abs(difference).mean() < 4


def test_outside_the_image_is_black() -> None:
    white = np.full((300, 300, 3), 255, np.uint8)
    chip = cut_chip(white, (DLIB_TEMPLATE.points - np.array([75, 0])).astype(np.float32), DLIB_TEMPLATE)
    assert chip[:, :73].max() == 0
    assert chip[:, 77:].min() == 255


@pytest.mark.parametrize("enlarged", [0.01, 1.0, 2.5, 40.0])
@pytest.mark.parametrize("shape", [(1, 1), (3, 60), (200, 10), (30, 600)])
@pytest.mark.parametrize("offset", [-5000.0, 0.0, 5000.0])
def test_any_image_and_place_give_a_chip(shape: tuple[int, int], enlarged: float, offset: float) -> None:
    points = (DLIB_TEMPLATE.points * enlarged + offset).astype(np.float32)
    for exact in (False, True):
        chip = cut_chip(np.full((*shape, 3), 200, np.uint8), points, DLIB_TEMPLATE, exact=exact)
        assert chip.shape == (150, 150, 3)
        assert chip.dtype == np.uint8


@pytest.mark.parametrize("scale", [0.9, 2.2, 4.5, 9.0])
def test_an_exact_chip_is_nowhere_brighter_and_hardly_darker(scale: float) -> None:
    larger = cv2.resize(drawn_face(), None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC).astype(np.uint8)
    exact, rounded = (cut_chip(larger, LANDMARKS * scale, DLIB_TEMPLATE, exact=exact) for exact in (True, False))
    inside = np.s_[10:140, 10:140]
    less = rounded[inside].astype(int) - exact[inside]
    # OpenCV takes 32 steps between two pixels, which shows at edges alone; half a level is cut off for each halving.
    assert 0 < less.mean() < 3
    assert np.percentile(np.abs(less), 95) <= 4


@pytest.mark.parametrize("scale", [0.7, 1.0, 2.5, 5.3, 11.0])
@pytest.mark.parametrize("x", [-60, 0, 35])
def test_an_exact_chip_is_dlibs(scale: float, x: int) -> None:
    dlib = real_dlib.reference()
    image = cv2.resize(drawn_face()[:, max(x, 0) :], None, fx=scale, fy=scale).astype(np.uint8)
    points = np.round((LANDMARKS + np.array([-abs(x), x / 3])) * scale)
    shape = dlib.full_object_detection(dlib.rectangle(0, 0, 9, 9), [dlib.point(int(a), int(b)) for a, b in points])
    theirs = np.asarray(dlib.get_face_chip(image, shape, 150, 0.25))
    np.testing.assert_array_equal(cut_chip(image, points.astype(np.float32), DLIB_TEMPLATE, exact=True), theirs)


def test_a_template_of_another_size() -> None:
    small = ChipTemplate(112, DLIB_TEMPLATE.points / 150 * 112)
    chip = cut_chip(drawn_face(), LANDMARKS, small)
    full = cut_chip(drawn_face(), LANDMARKS, DLIB_TEMPLATE)
    shrunk = cv2.resize(full, (112, 112), interpolation=cv2.INTER_AREA)
    assert chip.shape == (112, 112, 3)
    assert np.abs(chip.astype(int) - shrunk).mean() < 3
