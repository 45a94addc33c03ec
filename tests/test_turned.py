"""Photos that lie on their side or head: how that is told, and that faces come back to where the photo has them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

import real_dlib
from made_up_faces import drawn_face
from untag.engine.runtime.session import Device, open_session
from untag.engine.weights.proposal_graph import build_proposal_network
from untag.faces.align import DLIB_TEMPLATE
from untag.faces.composed import ComposedEngine, Embedder
from untag.faces.detect import MmodDetector
from untag.faces.dlib_engine import DlibFinder
from untag.faces.finder import CropRules, Detections, FoundFace
from untag.faces.landmarks import EYES_NOSE_MOUTH, LandmarkLayout
from untag.faces.proposals import Candidate, ProposalNetwork
from untag.faces.turned import Turn, cut_crop, find_turns, turned
from untag.support.assets import read_asset
from untag.types import Box, Frame, Pixels

RULES = CropRules(side=32, face=16.0, upright=0.9, face_score=0.5)


class ArrowFinder:
    """Takes a red block above a blue one for a face; another way round it sees it without being sure."""

    layout: LandmarkLayout = EYES_NOSE_MOUTH
    crops = RULES

    def __init__(self, doubtful: float = 0.3) -> None:
        self.doubtful = doubtful
        self.scored = 0

    def find(self, images: Sequence[Pixels], *, quick: bool = False) -> list[Detections]:
        return [self._look(image) for image in images]

    def score_crops(self, crops: Pixels) -> NDArray[np.float32]:
        self.scored += len(crops)
        return np.array([self._score(crop) for crop in crops], np.float32)

    def look_closer(self, image: Pixels, enlarged: float, faces: Sequence[FoundFace]) -> list[FoundFace]:
        return list(faces)

    def _score(self, image: Pixels) -> float:
        red, blue = (np.argwhere(image[..., channel] > 150) for channel in (0, 2))
        if not len(red) or not len(blue):
            return 0.0
        away = red.mean(axis=0) - blue.mean(axis=0)
        return 1.0 if away[0] < -abs(away[1]) else self.doubtful

    def _look(self, image: Pixels) -> Detections:
        at = np.argwhere((image > 150).any(axis=2))
        if not len(at):
            return Detections([], [])
        (top, left), (bottom, right) = at.min(axis=0).tolist(), (at.max(axis=0) + 1).tolist()
        box, score = Box(left, top, right, bottom), self._score(image)
        points = [(left, top), (right - 1, top), (left + 9, top + 9), (left, bottom - 1), (right - 1, bottom - 1)]
        faces = [FoundFace(box, score, np.array(points, np.float32))] if score >= 0.5 else []
        hint = Candidate((left + right) / 2, (top + bottom) / 2, max(right - left, bottom - top), score)
        return Detections(faces, [hint])


def with_arrow(quarters: int = 0) -> Pixels:
    """A photo of 200 x 120 with a face of 20 x 20 at 60, 40, turned."""
    image = np.full((120, 200, 3), 60, np.uint8)
    image[40:50, 60:80] = (200, 0, 0)
    image[50:60, 60:80] = (0, 0, 200)
    return turned(image, quarters)


class MeanColour:
    """A session whose embedding of a chip is its mean colour."""

    def run(self, feeds: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
        return [feeds["images"].mean(axis=(1, 2)).astype(np.float32)]


def engine(finder: ArrowFinder) -> ComposedEngine:
    return ComposedEngine("toy", Device.CPU, finder, Embedder(MeanColour(), "images", DLIB_TEMPLATE, 3))


def whole(pixels: Pixels) -> Frame:
    return Frame(pixels, pixels.shape[1], pixels.shape[0], 1.0)


@given(st.integers(0, 3), st.integers(0, 25), st.integers(0, 15), st.integers(1, 5), st.integers(1, 5))
def test_a_box_goes_back_to_its_pixels(quarters: int, left: int, top: int, width: int, height: int) -> None:
    image = np.zeros((20, 30, 3), np.uint8)
    image[top : top + height, left : left + width] = 255
    at = np.argwhere(turned(image, quarters)[..., 0])
    (first_row, first_column), (last_row, last_column) = at.min(axis=0).tolist(), at.max(axis=0).tolist()
    box = Box(first_column, first_row, last_column + 1, last_row + 1)
    corner = np.array([[first_column, first_row]], np.float32)
    back = Turn(quarters, 30, 20).back(FoundFace(box, 0.5, corner))
    assert back.box == Box(left, top, left + width, top + height)
    x, y = back.landmarks[0].astype(int)
    assert image[y, x, 0] == 255
    assert x in (left, left + width - 1) and y in (top, top + height - 1)


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_a_photo_on_its_side_or_head_is_told_and_its_face_is_that_of_the_upright_photo(quarters: int) -> None:
    (upright,), (lying,) = engine(ArrowFinder()).analyse([whole(with_arrow()), whole(with_arrow(quarters))])
    again = Turn(quarters, 200, 120).back(FoundFace(lying.box, lying.score, lying.landmarks))
    assert again.box == upright.box == Box(60, 40, 80, 60)
    np.testing.assert_array_equal(again.landmarks, upright.landmarks)
    assert lying.embedding is not None and upright.embedding is not None
    np.testing.assert_array_equal(lying.embedding, upright.embedding)
    assert lying.quality == pytest.approx(upright.quality)


def test_boxes_of_a_turned_and_reduced_photo_are_in_pixels_of_the_original() -> None:
    lying = with_arrow(1)
    ((face,),) = engine(ArrowFinder()).analyse([Frame(lying, 480, 800, 0.25)])
    at = np.argwhere((lying > 150).any(axis=2))
    (top, left), (bottom, right) = at.min(axis=0) * 4, (at.max(axis=0) + 1) * 4
    assert face.box == Box(left, top, right, bottom)


def test_a_photo_with_a_certain_face_is_not_looked_at_turned() -> None:
    finder = ArrowFinder()
    assert find_turns(finder, [with_arrow()], finder.find([with_arrow()])) == {}
    assert finder.scored == 0


def test_nothing_that_looks_like_a_face_costs_nothing() -> None:
    finder = ArrowFinder()
    empty = np.zeros((50, 80, 3), np.uint8)
    assert engine(finder).analyse([whole(empty)]) == [()]
    assert finder.scored == 0


def test_only_what_scores_more_turned_is_turned() -> None:
    finder = ArrowFinder(doubtful=0.8)
    images = [with_arrow(2)]
    assert find_turns(finder, images, finder.find(images)) == {0: 2}
    surer = [
        Detections([FoundFace(Box(0, 0, 9, 9), 1.1, np.zeros((5, 2), np.float32))], seen.hints)
        for seen in finder.find(images)
    ]
    assert find_turns(finder, images, surer) == {}


def test_a_crop_holds_the_face_as_large_as_the_rules_say_wherever_it_is() -> None:
    image = with_arrow()
    crop = cut_crop(image, Candidate(70, 50, 20, 1.0), RULES)
    assert crop.shape == (32, 32, 3)
    assert crop[8:24, 8:24].max(axis=2).min() > 90
    assert (crop[0] == 60).all()
    corner = cut_crop(image, Candidate(0, 0, 400, 1.0), RULES)
    assert corner.shape == (32, 32, 3)
    assert (corner[:15, :15] == 0).all()
    assert (cut_crop(image, Candidate(-500, 900, 3, 1.0), RULES) == 0).all()


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_the_dlib_engine_recognises_a_face_that_lies_on_its_side_or_head(quarters: int) -> None:
    proposals = ProposalNetwork(
        open_session(build_proposal_network(read_asset("face_proposals.npz")), device=Device.CPU)
    )
    finder = DlibFinder(MmodDetector(real_dlib.detector(), proposals=proposals), real_dlib.predictor())
    dlib = ComposedEngine("toy", Device.CPU, finder, Embedder(real_dlib.embedder(), "images", DLIB_TEMPLATE, 128))
    photo = np.full((400, 520, 3), 128, np.uint8)
    photo[80:320, 150:390] = drawn_face()
    (upright,), (lying,) = (dlib.analyse([whole(turned(photo, turn))])[0] for turn in (0, quarters))
    again = Turn(quarters, 520, 400).back(FoundFace(lying.box, lying.score, lying.landmarks))
    assert again.box == upright.box
    assert lying.embedding is not None and upright.embedding is not None
    assert np.linalg.norm(lying.embedding - upright.embedding) < 0.05
