"""Landmarks of many faces at once: in any grouping the same, and in place on a face that is drawn."""

from __future__ import annotations

import cv2
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

import real_dlib
from made_up_faces import FACE_BOX, drawn_face
from untag.faces.landmarks import predict_landmarks
from untag.types import Box

TRUTH = np.array([(151, 118), (132, 118), (88, 118), (108, 118), (120, 155)])
"""The corners of the drawn eyes and the nose's lower end, in the predictor's order."""


def test_points_lie_on_the_drawn_face() -> None:
    (points,) = predict_landmarks(real_dlib.predictor(), [drawn_face()], [(0, FACE_BOX)])
    assert points.shape == (5, 2)
    assert points.dtype == np.float32
    assert np.abs(points - TRUTH).max() < 6


def test_no_faces_have_no_landmarks() -> None:
    assert predict_landmarks(real_dlib.predictor(), [drawn_face()], []).shape == (0, 5, 2)
    assert predict_landmarks(real_dlib.predictor(), [], []).shape == (0, 5, 2)


def test_faces_together_are_faces_one_by_one() -> None:
    images = [drawn_face(), np.ascontiguousarray(drawn_face()[:, ::-1]), np.zeros((1, 1, 3), np.uint8)]
    faces = [
        (1, FACE_BOX),
        (0, FACE_BOX),
        (0, Box(-30, -30, 90, 90)),
        (2, Box(0, 0, 50, 50)),
        (1, Box(50, 60, 150, 160)),
    ]
    together = predict_landmarks(real_dlib.predictor(), images, faces)
    for face, points in zip(faces, together, strict=True):
        np.testing.assert_array_equal(predict_landmarks(real_dlib.predictor(), images, [face])[0], points)


def test_a_larger_face_has_larger_landmarks() -> None:
    large = np.asarray(cv2.resize(drawn_face(), (720, 720), interpolation=cv2.INTER_CUBIC), dtype=np.uint8)
    (points,) = predict_landmarks(real_dlib.predictor(), [large], [(0, FACE_BOX.scaled(3))])
    assert np.abs(points / 3 - TRUTH).max() < 6


@settings(max_examples=15, deadline=None)
@given(st.integers(-300, 400), st.integers(-300, 400), st.integers(1, 500), st.integers(1, 500))
def test_any_box_gives_numbers(left: int, top: int, width: int, height: int) -> None:
    box = Box(left, top, left + width, top + height)
    points = predict_landmarks(real_dlib.predictor(), [drawn_face()], [(0, box)])
    assert np.isfinite(points).all()
