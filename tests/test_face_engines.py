"""Engines put together: alignment, embedders, loading by name, and the real ones on real photos.

The weights of SFace and AuraFace are large and not at hand: they are stood in for by networks of the same inputs and
outputs, which average each channel. What is tested of these two is what reaches the network and what is made of it.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import made_up_networks
from untag.config import Settings
from untag.engine.downloads import pull as downloads
from untag.engine.downloads.pull import DOWNLOAD_SETS
from untag.engine.runtime.models import ModelOptions
from untag.engine.runtime.session import Device, open_session
from untag.errors import ModelError
from untag.faces import yunet_engines
from untag.faces.align import ARCFACE_TEMPLATE, RETAIL_TEMPLATE, ChipTemplate, cut_chip
from untag.faces.composed import ComposedEngine, Embedder
from untag.faces.engine import load_engine
from untag.faces.finder import CropRules, Detections, FoundFace
from untag.faces.landmarks import DLIB_LAYOUT, EYES_NOSE_MOUTH, LandmarkLayout
from untag.faces.quality import measure_quality
from untag.faces.yunet_engines import auraface_input, load_yunet_auraface, load_yunet_sface, sface_input
from untag.imaging.decode import decode
from untag.library.models import Models
from untag.types import Box, Frame, Pixels

CHIPS = np.full((2, 112, 112, 3), (10, 20, 255), np.uint8)


def options(home: Path) -> ModelOptions:
    return ModelOptions(home, Device.CPU, threads=1)


class FixedFinder:
    """Finds what it is told to; remembers what it looked at more closely."""

    layout: LandmarkLayout = EYES_NOSE_MOUTH
    crops = CropRules(side=32, face=16.0, upright=0.5, face_score=0.5)

    def __init__(self, faces: list[list[FoundFace]]) -> None:
        self.faces = faces
        self.closer: list[tuple[tuple[int, ...], float, list[FoundFace]]] = []

    def find(self, images: Sequence[Pixels], *, quick: bool = False) -> list[Detections]:
        return [Detections(faces, []) for faces, _ in zip(self.faces, images, strict=False)]

    def score_crops(self, crops: Pixels) -> NDArray[np.float32]:
        raise AssertionError("no face is doubtful")

    def look_closer(self, image: Pixels, enlarged: float, faces: Sequence[FoundFace]) -> list[FoundFace]:
        self.closer.append((image.shape, enlarged, list(faces)))
        return list(faces)


@dataclass
class FakeFiner:
    """Finer pixels that are made up, or missing; notes how fine they were wanted."""

    finer: Pixels | None
    asked: list[int] = field(default_factory=list)
    nbytes: int = 0

    def pixels(self, max_side: int) -> Pixels | None:
        self.asked.append(max_side)
        return self.finer


def toy(faces: list[list[FoundFace]]) -> ComposedEngine:
    """An engine that finds these faces, and whose embedding of one is its mean colour."""
    made = made_up_networks.embedder("data", "fc1", "N", 128)
    session = open_session(made, device=Device.CPU)
    embedder = Embedder(session, "data", ARCFACE_TEMPLATE, 128, prepare=sface_input, unit_length=True)
    return ComposedEngine("toy", Device.CPU, FixedFinder(faces), embedder)


def face(template: ChipTemplate, *, left: float, scale: float = 1.0) -> FoundFace:
    points = (template.points * scale + (left, 0)).astype(np.float32)
    return FoundFace(Box(left, 0, left + 16, 32), 0.9, points)


def test_faces_come_back_to_their_frames_in_pixels_of_the_original() -> None:
    pixels = np.full((112, 400, 3), 100, np.uint8)
    pixels[:, :150] = (200, 0, 0)
    pixels[:, 200:] = (0, 100, 0)
    frames = [Frame(pixels, 800, 224, 0.5), Frame(pixels, 400, 112, 1.0), Frame(pixels, 400, 112, 1.0)]
    red, green = face(ARCFACE_TEMPLATE, left=20), face(ARCFACE_TEMPLATE, left=250)
    first, second, third = toy([[red, green], [], [green]]).analyse(frames)
    assert (len(first), second, len(third)) == (2, (), 1)
    assert (first[0].box, third[0].box) == (Box(40, 0, 72, 64), Box(250, 0, 266, 32))
    np.testing.assert_allclose(first[0].landmarks, red.landmarks * 2)
    vectors = [found.embedding for found in (*first, *third)]
    for vector, direction in zip(vectors, (0, 1, 1), strict=True):
        assert vector is not None
        np.testing.assert_allclose(vector, np.eye(128)[direction], atol=0.02)


def test_chips_of_small_faces_are_cut_from_finer_pixels() -> None:
    """The frame is grey, its finer pixels are red."""
    red = np.zeros((448, 1000, 3), np.uint8)
    red[:] = (200, 0, 0)
    finer = FakeFiner(red)
    frame = Frame(np.full((112, 250, 3), 100, np.uint8), 2000, 896, 0.125, None, finer)
    small = face(ARCFACE_TEMPLATE, left=20, scale=0.2)
    engine = toy([[small]])
    ((found,),) = engine.analyse([frame])
    assert finer.asked == [1000]  # four times as fine at most
    assert isinstance(engine.finder, FixedFinder)
    ((shape, enlarged, known),) = engine.finder.closer
    assert (shape, enlarged, known[0].box) == ((448, 1000, 3), 4.0, Box(80, 0, 144, 128))
    assert found.box == Box(160, 0, 288, 256)
    np.testing.assert_allclose(found.landmarks, small.landmarks * 8, rtol=1e-6)
    assert found.embedding is not None
    np.testing.assert_allclose(found.embedding, np.eye(128)[0], atol=0.02)


def test_without_finer_pixels_what_the_frame_showed_counts() -> None:
    small = face(ARCFACE_TEMPLATE, left=20, scale=0.2)
    pixels = np.full((112, 250, 3), 100, np.uint8)
    for finer in (None, FakeFiner(None)):
        engine = toy([[small]])
        ((found,),) = engine.analyse([Frame(pixels, 2000, 896, 0.125, None, finer)])
        assert found.box == Box(160, 0, 288, 256)
        assert isinstance(engine.finder, FixedFinder) and engine.finder.closer == []


@pytest.mark.parametrize("side", [None, 80.0], ids=["nobody", "a large face"])
def test_finer_pixels_are_decoded_for_small_faces_only(side: float | None) -> None:
    finer = FakeFiner(np.zeros((448, 1000, 3), np.uint8))
    frame = Frame(np.full((112, 250, 3), 100, np.uint8), 2000, 896, 0.125, None, finer)
    large = replace(face(ARCFACE_TEMPLATE, left=20), box=Box(20, 0, 100, 100))
    (faces,) = toy([[] if side is None else [large]]).analyse([frame])
    assert (len(faces), finer.asked) == (0 if side is None else 1, [])


def test_a_face_too_small_to_tell_apart_is_left_out_by_its_size_in_the_original() -> None:
    narrow = replace(face(ARCFACE_TEMPLATE, left=20), box=Box(20, 0, 35.5, 30))
    pixels = np.full((112, 400, 3), 100, np.uint8)
    (whole,) = toy([[narrow]]).analyse([Frame(pixels, 400, 112, 1.0)])
    (reduced,) = toy([[narrow]]).analyse([Frame(pixels, 800, 224, 0.5)])
    assert (len(whole), len(reduced)) == (0, 1)


def test_no_face_has_no_embedding() -> None:
    session = open_session(made_up_networks.embedder("data", "fc1", 1, 128), device=Device.CPU)
    assert Embedder(session, "data", ARCFACE_TEMPLATE, 128).embed([]).shape == (0, 128)


def test_the_distance_of_unit_vectors_follows_the_cosine() -> None:
    session = open_session(made_up_networks.embedder("data", "fc1", "N", 128), device=Device.CPU)
    embedder = Embedder(session, "data", ARCFACE_TEMPLATE, 128, prepare=sface_input, unit_length=True)
    a, b = embedder.embed([np.full((112, 112, 3), colour, np.uint8) for colour in ((9, 40, 3), (90, 40, 30))])
    cosine = (9 * 90 + 40 * 40 + 3 * 30) / np.sqrt((81 + 1600 + 9) * (8100 + 1600 + 900))
    assert np.sum((a - b) ** 2) == pytest.approx(2 - 2 * cosine, rel=1e-4)


def test_a_black_chip_has_no_direction_and_is_no_error() -> None:
    session = open_session(made_up_networks.embedder("data", "fc1", "N", 128), device=Device.CPU)
    embedder = Embedder(session, "data", ARCFACE_TEMPLATE, 128, prepare=sface_input, unit_length=True)
    assert np.isfinite(embedder.embed([np.zeros((112, 112, 3), np.uint8)])).all()


@pytest.mark.parametrize("template", [ARCFACE_TEMPLATE, RETAIL_TEMPLATE], ids=["arcface", "retail"])
def test_landmarks_on_the_template_cut_the_picture_itself(template: ChipTemplate) -> None:
    side = template.size
    across = np.linspace(0, 255, side)
    image = np.stack([*np.meshgrid(across, across), np.zeros((side, side))], axis=-1).astype(np.uint8)
    chip = cut_chip(image, template.points.astype(np.float32), template)
    # dlib's chips are half a pixel aside; a pixel is two or three shades here.
    assert np.abs(chip.astype(int) - image)[2:-2, 2:-2].max() <= 3


def test_frontality_reads_the_landmarks_by_their_layout() -> None:
    chip = np.random.default_rng(0).integers(0, 256, (112, 112, 3), dtype=np.uint8)
    five = ARCFACE_TEMPLATE.points.astype(np.float32)
    nose_aside = five.copy()
    nose_aside[2, 0] = five[0, 0]
    frontal, turned = (measure_quality(chip, points, 100, EYES_NOSE_MOUTH) for points in (five, nose_aside))
    assert frontal.frontality > 0.95
    assert turned.frontality < 0.05
    as_dlib = np.stack([five[1], five[1], five[0], five[0], five[2]])
    assert measure_quality(chip, as_dlib, 100, DLIB_LAYOUT) == frontal


def test_what_sface_and_auraface_are_given() -> None:
    assert sface_input(CHIPS).shape == (2, 3, 112, 112)
    assert sface_input(CHIPS)[1, :, 5, 5].tolist() == [10, 20, 255]
    np.testing.assert_allclose(auraface_input(CHIPS)[0, :, 5, 5], [-117.5 / 127.5, -107.5 / 127.5, 1], rtol=1e-6)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder with made-up weights in the place of YuNet's, SFace's and AuraFace's."""
    made = {
        "YUNET": made_up_networks.detector(),
        "SFACE": made_up_networks.embedder("data", "fc1", 1, 128),
        "AURAFACE": made_up_networks.embedder("input.1", "1333", "None", 512),
    }
    for name, data in made.items():
        pinned = made_up_networks.put(tmp_path, getattr(downloads, name), data)
        monkeypatch.setattr(yunet_engines, name, pinned)
    return tmp_path


def embed(engine: ComposedEngine, chips: Pixels) -> NDArray[np.float32]:
    return engine.embedder.embed(list(chips))


def test_loading_sface(home: Path) -> None:
    engine = load_yunet_sface(options(home))
    assert engine.id.startswith("yunet+sface-")
    assert engine.embedder.batch == 1  # as the file says
    colour = np.array([10, 20, 255]) / np.linalg.norm([10, 20, 255])
    np.testing.assert_allclose(embed(engine, CHIPS)[:, :3], [colour, colour], atol=1e-5)


def test_loading_auraface(home: Path) -> None:
    engine = load_yunet_auraface(options(home))
    vectors = embed(engine, CHIPS)
    assert (vectors.shape, engine.embedder.batch > 1) == ((2, 512), True)
    assert vectors[0, 0] < 0 < vectors[0, 2]


def test_an_embedding_of_other_inputs_is_refused(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = made_up_networks.put(home, downloads.SFACE, made_up_networks.detector())
    monkeypatch.setattr(yunet_engines, "SFACE", wrong)
    with pytest.raises(ModelError, match="112 x 112"):
        load_yunet_sface(options(home))


def test_an_engine_finds_faces_through_all_its_parts(home: Path) -> None:
    patches = np.random.default_rng(0).integers(0, 256, (16, 16, 3), dtype=np.uint8)
    frame = Frame(patches.repeat(40, axis=0).repeat(40, axis=1), 640, 640, 1.0)
    (faces,) = load_engine("yunet+sface", options(home)).analyse([frame])
    assert faces  # of noise, to a detector of noise
    assert all(found.embedding is not None and found.embedding.shape == (128,) for found in faces)


@pytest.fixture
def real_home(shared: Path, tmp_path: Path) -> Path:
    """A home folder with the real weights of yunet+0095."""
    (tmp_path / "models").mkdir()
    for weights in DOWNLOAD_SETS["yunet+0095"]:
        if not (shared / "models" / weights.file).is_file():
            pytest.skip(f"{weights.file} is not here")
        weights.path(tmp_path).symlink_to(shared / "models" / weights.file)
    return tmp_path


def test_real_faces(shared: Path, real_home: Path) -> None:
    """Obama is nearer to Obama than to Biden, in photos of 240 to 1,600 pixels."""
    folder = shared / "data/faces/ageitgey"
    names = ("obama.jpg", "obama-240p.jpg", "biden.jpg", "two_people.jpg")
    frames = [decode((folder / f"examples__{name}").read_bytes(), max_side=1600) for name in names]
    engine = load_engine("auto", options(real_home))
    assert engine.id == "yunet+0095-104ee2-241229"
    obama, small, biden, two = engine.analyse(frames)
    assert [len(faces) for faces in (obama, small, biden, two)] == [1, 1, 1, 2]
    (me,), (again,), (other,) = ([found.embedding for found in faces] for faces in (obama, small, biden))
    assert me is not None and again is not None and other is not None
    assert np.linalg.norm(me) == pytest.approx(1, abs=1e-5)
    same, different = np.linalg.norm(me - again), np.linalg.norm(me - other)
    assert same < 0.9 < 1.1 < different
    for faces, frame in zip((obama, two), (frames[0], frames[3]), strict=True):
        for found in faces:
            eye, other_eye, nose, mouth, _ = found.landmarks
            assert found.box.left < eye[0] < nose[0] < other_eye[0] < found.box.right <= frame.width
            assert found.box.top < eye[1] < nose[1] < mouth[1] < found.box.bottom


def test_the_user_is_told_that_thresholds_are_provisional(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def load_faces(settings: Settings) -> None:
        assert Models(settings, lambda message: print(message, file=sys.stderr)).faces

    settings = Settings(home, engine="yunet+sface", device=Device.CPU)
    load_faces(settings)  # made-up weights are no engine that thresholds are known of
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(yunet_engines, "engine_id", lambda *_: "yunet+sface-104ee2-0ba9fb")
    load_faces(settings)
    assert "provisional" in capsys.readouterr().err
