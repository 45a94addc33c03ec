"""Panoramas and scrolling screenshots: every face once, wherever it is, and no second search of other photos."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import made_up_networks
from untag.engine.runtime.models import ModelOptions
from untag.engine.runtime.session import Device, open_session
from untag.faces.align import ARCFACE_TEMPLATE
from untag.faces.composed import ComposedEngine, Embedder
from untag.faces.engine import load_engine
from untag.faces.finder import CropRules, Detections, FoundFace
from untag.faces.geometry import iou
from untag.faces.landmarks import EYES_NOSE_MOUTH, LandmarkLayout
from untag.faces.proposals import Candidate
from untag.faces.tiles import ELONGATED, same_face, tile_spans
from untag.faces.yunet_engines import sface_input
from untag.imaging.decode import decode
from untag.types import Box, Face, Frame, Pixels

PORTRAIT = Path(__file__).parents[1] / "sample_photos" / "me" / "portrait.jpg"
_LEAST = 24
"""What the finder of these tests sees of a photo, in pixels."""


class SquareFinder:
    """Takes every white block for a face, be it cut off by the edge of what it is shown, if it is large enough."""

    layout: LandmarkLayout = EYES_NOSE_MOUTH
    crops = CropRules(side=32, face=16.0, upright=0.0, face_score=0.5)

    def __init__(self) -> None:
        self.shapes: list[tuple[int, ...]] = []

    def find(self, images: Sequence[Pixels], *, quick: bool = False) -> list[Detections]:
        self.shapes += [image.shape for image in images]
        return [self._look(image) for image in images]

    def score_crops(self, crops: Pixels) -> NDArray[np.float32]:
        return np.zeros(len(crops), np.float32)

    def look_closer(self, image: Pixels, enlarged: float, faces: Sequence[FoundFace]) -> list[FoundFace]:
        return list(faces)

    def _look(self, image: Pixels) -> Detections:
        count, _, found, _ = cv2.connectedComponentsWithStats((image[..., 0] > 200).astype(np.uint8))
        faces, hints = [], []
        for left, top, width, height, _ in found[1:count].tolist():
            box = Box(left, top, left + width, top + height)
            hints.append(Candidate(left + width / 2, top + height / 2, max(width, height), 0.9))
            if min(width, height) >= _LEAST:
                corners = [(left, top), (box.right, top), (left + width / 2, top + height / 2)]
                points = np.array([*corners, (left, box.bottom), (box.right, box.bottom)], np.float32)
                faces.append(FoundFace(box, 0.9 + min(width, 900) / 10000, points))
        return Detections(faces, hints)


@dataclass
class Drawn:
    """A photo of some size with white squares, drawn as fine as it is wanted: a `Finer`."""

    width: int
    height: int
    squares: Sequence[Box]
    asked: list[int] = field(default_factory=list)
    nbytes: int = 0

    def pixels(self, max_side: int) -> Pixels:
        self.asked.append(max_side)
        return self._draw(max_side)

    def _draw(self, max_side: int) -> Pixels:
        scale = min(1.0, max_side / max(self.width, self.height))
        image = np.full((max(1, round(self.height * scale)), max(1, round(self.width * scale)), 3), 100, np.uint8)
        for box in self.squares:
            left, top, right, bottom = (round(edge * scale) for edge in (box.left, box.top, box.right, box.bottom))
            image[top:bottom, left:right] = 255
        return image

    def frame(self) -> Frame:
        pixels = self._draw(1600)
        return Frame(pixels, self.width, self.height, pixels.shape[1] / self.width, None, self)


def engine() -> ComposedEngine:
    session = open_session(made_up_networks.embedder("data", "fc1", "N", 128), device=Device.CPU)
    embedder = Embedder(session, "data", ARCFACE_TEMPLATE, 128, prepare=sface_input, unit_length=True)
    return ComposedEngine("toy", Device.CPU, SquareFinder(), embedder)


def finder_of(made: ComposedEngine) -> SquareFinder:
    assert isinstance(made.finder, SquareFinder)
    return made.finder


def elongated(ratio: float, *squares: Box, tall: bool = False, short: int = 2000) -> Drawn:
    """A photo with these squares, given as in the wide one."""
    long = round(short * ratio)
    if not tall:
        return Drawn(long, short, squares)
    return Drawn(short, long, [Box(box.top, box.left, box.bottom, box.right) for box in squares])


def found(photo: Drawn) -> tuple[Face, ...]:
    (faces,) = engine().analyse([photo.frame()])
    return faces


@settings(max_examples=25, deadline=None)
@given(
    ratio=st.sampled_from([2.5, 3.0, 4.0, 6.0, 9.0, 12.0]),
    side=st.sampled_from([90, 125, 250, 500, 900, 1500]),
    along=st.floats(0, 1),
    across=st.floats(0, 1),
    tall=st.booleans(),
)
def test_a_face_of_any_size_anywhere_is_found_once(
    ratio: float, side: int, along: float, across: float, tall: bool
) -> None:
    left, top = along * (2000 * ratio - side), across * (2000 - side)
    photo = elongated(ratio, Box(left, top, left + side, top + side), tall=tall)
    (face,) = found(photo)
    assert iou(face.box, photo.squares[0]) > 0.8
    middle = photo.squares[0]
    assert np.allclose(face.landmarks[2], ((middle.left + middle.right) / 2, (middle.top + middle.bottom) / 2), atol=16)


@pytest.mark.parametrize("tall", [False, True], ids=["wide", "tall"])
@pytest.mark.parametrize("ratio", [3.0, 6.0, 12.0])
def test_faces_across_every_border_of_a_tile_are_found_once(ratio: float, tall: bool) -> None:
    long = round(2000 * ratio)
    borders = sorted({edge for span in tile_spans(round(long * 0.6)) for edge in span} - {0, round(long * 0.6)})
    assert borders
    squares = [
        Box(border / 0.6 + shift - 62, 700.0 * row + 50, border / 0.6 + shift + 63, 700.0 * row + 175)
        for border in borders
        for row, shift in enumerate((-60, 0, 60))
    ]
    faces = found(elongated(ratio, *squares, tall=tall))
    assert len(faces) == len(squares)


def test_two_faces_beside_each_other_stay_two() -> None:
    squares = [Box(5000, 900, 5125, 1025), Box(5135, 900, 5260, 1025)]
    assert len(found(elongated(6, *squares))) == 2


def test_without_finer_pixels_the_reduced_photo_counts() -> None:
    frame = elongated(6, Box(100, 900, 400, 1200)).frame()
    made = engine()
    (faces,) = made.analyse([Frame(frame.pixels, frame.width, frame.height, frame.scale)])
    assert len(faces) == 1
    assert finder_of(made).shapes[:1] == [(267, 1600, 3)]


@pytest.mark.parametrize(
    ("photo", "why"),
    [
        (Drawn(4000, 3000, ()), "an ordinary photo"),
        (Drawn(2532, 1170, ()), "a phone's screen"),
        (Drawn(1950, 600, ()), "hardly reduced"),
        (Drawn(1600, 200, ()), "not reduced"),
    ],
)
def test_other_photos_cost_nothing_more(photo: Drawn, why: str) -> None:
    made = engine()
    made.analyse([photo.frame()])
    assert photo.asked == [], why
    assert len(finder_of(made).shapes) == 1, why


def test_a_batch_keeps_its_order() -> None:
    wide, usual = elongated(6, Box(100, 900, 225, 1025)), Drawn(1200, 900, [Box(500, 500, 600, 600)])
    faces = engine().analyse([usual.frame(), wide.frame(), usual.frame(), Drawn(1200, 900, ()).frame()])
    assert [len(one) for one in faces] == [1, 1, 1, 0]
    assert iou(faces[1][0].box, wide.squares[0]) > 0.8
    assert iou(faces[2][0].box, usual.squares[0]) > 0.8


@settings(max_examples=200, deadline=None)
@given(long_side=st.integers(1601, 200_000))
def test_tiles_cover_an_image_and_overlap_by_what_the_whole_does_not_show(long_side: int) -> None:
    spans = tile_spans(long_side)
    assert spans[0][0] == 0
    assert spans[-1][1] == long_side
    assert {end - start for start, end in spans} == {1600}
    # 40 pixels of the whole, and half as much again; at most half a tile.
    wanted = min(800, round(1.5 * 40 * long_side / 1600))
    assert all(start + wanted <= end + 1 for (_, end), (start, _) in pairwise(spans) if start < end) or wanted == 800
    assert all(end - start >= wanted - 1 for (_, end), (start, _) in pairwise(spans))


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (Box(100, 100, 200, 200), True),
        (Box(149, 100, 249, 200), True),
        (Box(151, 100, 251, 200), False),
        (Box(60, 60, 258, 258), True),
        (Box(60, 60, 262, 262), False),
    ],
)
def test_boxes_of_one_face(other: Box, same: bool) -> None:
    box = Box(100, 100, 200, 200)
    assert same_face(box, other) is same
    assert same_face(other, box) is same


def test_what_is_searched_at_once_is_bounded() -> None:
    made = engine()
    photo = elongated(100, short=1000)
    made.analyse([photo.frame()])
    assert max(photo.asked) ** 2 / 100 <= 24_001_000
    assert ELONGATED > 2532 / 1170


@pytest.mark.parametrize("tall", [False, True], ids=["wide", "tall"])
def test_the_real_engine_finds_a_small_face_in_a_panorama(tmp_path: Path, tall: bool) -> None:
    portrait = decode(PORTRAIT.read_bytes(), max_side=700).pixels
    patch = np.asarray(cv2.resize(portrait, None, fx=0.7, fy=0.7, interpolation=cv2.INTER_AREA), np.uint8)
    whole = np.full((1200, 9600, 3), (150, 170, 190), np.uint8)
    whole = np.ascontiguousarray(whole.transpose(1, 0, 2)) if tall else whole
    top, left = (5000, 300) if tall else (300, 5000)
    whole[top : top + patch.shape[0], left : left + patch.shape[1]] = patch

    class Whole:
        nbytes = whole.nbytes

        def pixels(self, max_side: int) -> Pixels:
            scale = min(1.0, max_side / max(whole.shape))
            return np.asarray(cv2.resize(whole, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)

    real = load_engine("dlib", ModelOptions(tmp_path, Device.CPU, threads=1))
    (alone,) = real.analyse([Frame(patch, patch.shape[1], patch.shape[0], 1.0)])
    frame = Frame(Whole().pixels(1600), whole.shape[1], whole.shape[0], 1600 / 9600, None, Whole())
    (faces,) = real.analyse([frame])
    assert (len(alone), len(faces)) == (1, 1)
    expected = Box(*(edge + by for edge, by in zip(vars_of(alone[0].box), (left, top, left, top), strict=True)))
    assert iou(faces[0].box, expected) > 0.6
    assert alone[0].embedding is not None
    assert faces[0].embedding is not None
    assert np.linalg.norm(faces[0].embedding - alone[0].embedding) < 0.35


def vars_of(box: Box) -> tuple[float, float, float, float]:
    return box.left, box.top, box.right, box.bottom


@pytest.mark.parametrize("name", ["pano_12000x2000.jpg", "shot_1080x9600.png"])
def test_the_real_cases(tmp_path: Path, shared: Path, name: str) -> None:
    case = shared / "cases" / "wide_tall" / name
    if not case.is_file():
        pytest.skip(f"{case} is not here")
    real = load_engine("dlib", ModelOptions(tmp_path, Device.CPU, threads=1))
    (faces,) = real.analyse([decode(case.read_bytes(), max_side=1600)])
    assert len(faces) == 1
