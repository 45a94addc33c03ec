"""Engines put together: alignment, embedders, loading by name, and the real ones on real photos.

The weights of SFace and AuraFace are large and not at hand: they are stood in for by networks of the same inputs and
outputs, which average each channel. What is tested of these two is what reaches the network and what is made of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import made_up_networks
from untag.cli.common import load_faces
from untag.config import Settings
from untag.engine import downloads
from untag.engine.downloads import DOWNLOAD_SETS
from untag.engine.models import ModelOptions
from untag.engine.session import Device, open_session
from untag.errors import ModelError
from untag.faces import yunet_engines
from untag.faces.align import ARCFACE_TEMPLATE, RETAIL_TEMPLATE, ChipTemplate, cut_chip
from untag.faces.composed import ComposedEngine, Embedder, FoundFace
from untag.faces.engine import load_engine
from untag.faces.landmarks import DLIB_LAYOUT, EYES_NOSE_MOUTH, LandmarkLayout
from untag.faces.quality import measure_quality
from untag.faces.yunet_engines import auraface_input, load_yunet_auraface, load_yunet_sface, sface_input
from untag.imaging.decode import decode
from untag.types import Box, Frame, Pixels

CHIPS = np.full((2, 112, 112, 3), (10, 20, 255), np.uint8)


def options(home: Path) -> ModelOptions:
    return ModelOptions(home, Device.CPU, threads=1)


class FixedFinder:
    """Finds what it is told to."""

    layout: LandmarkLayout = EYES_NOSE_MOUTH

    def __init__(self, faces: list[list[FoundFace]]) -> None:
        self.faces = faces

    def find(self, images: Sequence[Pixels]) -> list[list[FoundFace]]:
        return self.faces


def face(template: ChipTemplate, *, left: float, scale: float = 1.0) -> FoundFace:
    points = (template.points * scale + (left, 0)).astype(np.float32)
    return FoundFace(Box(left, 0, left + 10, 20), 0.9, points)


def test_faces_come_back_to_their_frames_in_pixels_of_the_original(tmp_path: Path) -> None:
    made = made_up_networks.embedder("data", "fc1", "N", 128)
    embedder = Embedder(
        open_session(made, device=Device.CPU), "data", ARCFACE_TEMPLATE, 128, prepare=sface_input, unit_length=True
    )
    pixels = np.zeros((112, 400, 3), np.uint8)
    pixels[:, :150] = (200, 0, 0)
    pixels[:, 200:] = (0, 100, 0)
    frames = [Frame(pixels, 800, 224, 0.5), Frame(pixels, 400, 112, 1.0), Frame(pixels, 400, 112, 1.0)]
    red, green = face(ARCFACE_TEMPLATE, left=20), face(ARCFACE_TEMPLATE, left=250)
    engine = ComposedEngine("toy", Device.CPU, FixedFinder([[red, green], [], [green]]), embedder)
    first, second, third = engine.analyse(frames)
    assert (len(first), second, len(third)) == (2, (), 1)
    assert (first[0].box, third[0].box) == (Box(40, 0, 60, 40), Box(250, 0, 260, 20))
    np.testing.assert_allclose(first[0].landmarks, red.landmarks * 2)
    vectors = [found.embedding for found in (*first, *third)]
    for vector, direction in zip(vectors, (0, 1, 1), strict=True):
        assert vector is not None
        np.testing.assert_allclose(vector, np.eye(128)[direction], atol=0.02)


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
    settings = Settings(home, engine="yunet+sface", device=Device.CPU)
    load_faces(settings)  # made-up weights are no engine that thresholds are known of
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(yunet_engines, "engine_id", lambda *_: "yunet+sface-104ee2-0ba9fb")
    load_faces(settings)
    assert "provisional" in capsys.readouterr().err
