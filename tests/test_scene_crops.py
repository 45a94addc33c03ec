"""Which faces the scene models look closer around, and what is cut out there."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from untag.scenes.crops import SIDES, Region, crop_input, worth_a_look
from untag.scenes.view import MOST_FACES, view_of
from untag.types import Box, Face, Frame, Match, Verdict


def face(left: float, top: float, size: float) -> Face:
    return Face(Box(left, top, left + size, top + size), 1.0, np.zeros((5, 2), np.float32), 0.9)


def frame(width: int, height: int, scale: float = 1.0) -> Frame:
    return Frame(np.zeros((round(height * scale), round(width * scale), 3), np.uint8), width, height, scale)


ME, MAYBE, OTHER = (Match(verdict, 0.9, "me") for verdict in Verdict)


def lefts(boxes: tuple[Box, ...]) -> list[float]:
    return [box.left for box in boxes]


def test_without_anybody_enrolled_the_largest_faces_count() -> None:
    faces = [face(0, 0, 20), face(100, 0, 60), face(200, 0, 40), face(300, 0, 30), face(400, 0, 5)]
    assert lefts(view_of(frame(500, 100), faces).faces) == [100, 200, 300][:MOST_FACES]


def test_your_own_face_comes_first_and_then_its_neighbours() -> None:
    faces = [face(0, 0, 90), face(300, 0, 20), face(340, 0, 15), face(500, 0, 50), face(250, 0, 20)]
    matches = [OTHER, ME, OTHER, OTHER, OTHER]
    assert lefts(view_of(frame(600, 100), faces, matches).faces) == [300, 340, 250][:MOST_FACES]


def test_who_may_be_you_counts_as_you() -> None:
    faces = [face(0, 0, 90), face(300, 0, 20)]
    assert lefts(view_of(frame(600, 100), faces, [OTHER, MAYBE]).faces) == [300, 0]


def test_where_nobody_is_you_the_largest_count() -> None:
    faces = [face(0, 0, 20), face(100, 0, 60)]
    assert lefts(view_of(frame(600, 100), faces, [OTHER, OTHER]).faces) == [100, 0]


def test_boxes_are_in_the_pixels_that_are_looked_at() -> None:
    view = view_of(frame(800, 400, scale=0.5), [face(100, 40, 60)])
    assert view.faces == (Box(50, 20, 80, 50),)
    assert view.pixels.shape == (200, 400, 3)


def test_a_face_that_is_a_few_pixels_is_not_worth_a_look() -> None:
    assert worth_a_look([Box(0, 0, 8, 8), Box(0, 0, 30, 30)]) == [1]
    assert worth_a_look([]) == []


@pytest.mark.parametrize("region", Region)
def test_a_crop_shows_what_is_around_the_face_and_grey_beyond_the_photo(region: Region) -> None:
    photo = np.zeros((400, 400, 3), np.uint8)
    photo[:, :200] = 200
    crop = crop_input(photo, Box(180, 180, 220, 220), region)
    assert crop.shape == (SIDES[region], SIDES[region], 3)
    middle = SIDES[region] // 2
    assert (crop[:, : middle - 4] == 200).all()
    assert (crop[:, middle + 4 :] == 0).all()
    outside = crop_input(photo, Box(-20, 180, 20, 220), region)
    assert (outside[:, :10] == 127).all()
    assert (outside[middle, middle + 10 :] == 200).all()


def test_the_body_is_below_the_face_and_the_mouth_in_it() -> None:
    photo = np.repeat(np.arange(250, dtype=np.uint8), 4)[:, None, None] * np.ones((1, 1000, 3), np.uint8)
    box = Box(480, 480, 520, 520)  # brightness is the row divided by four
    body, mouth = (crop_input(photo, box, region)[:, 5, 0].astype(float) * 4 for region in Region)
    assert body[0] == pytest.approx(500 - 0.8 * 40, abs=6)
    assert body[-1] == pytest.approx(500 + 3.6 * 40, abs=6)
    assert mouth[0] == pytest.approx(480 + 0.76 * 40 - 40, abs=6)
    assert mouth[-1] == pytest.approx(480 + 0.76 * 40 + 40, abs=6)


edge = st.floats(-3000, 3000)


@given(edge, edge, st.floats(0.1, 2000), st.floats(0.1, 2000), st.sampled_from(Region))
@settings(max_examples=60, deadline=None)
def test_any_box_gives_a_crop(left: float, top: float, width: float, height: float, region: Region) -> None:
    photo = np.full((30, 50, 3), 9, np.uint8)
    crop = crop_input(photo, Box(left, top, left + width, top + height), region)
    assert crop.shape == (SIDES[region], SIDES[region], 3)
    assert crop.dtype == np.uint8
