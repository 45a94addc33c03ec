"""The stand-in for face_recognition: the original's signatures, types and errors. No model is loaded."""

from __future__ import annotations

import inspect
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

import untag.face_recognition as face_recognition
from made_up_faces import drawn_face
from untag.errors import UntagError
from untag.faces.align import DLIB_TEMPLATE
from untag.faces.dlib_detector import DlibDetection, DlibDetector
from untag.faces.jitter import jitter_chip
from untag.types import Box, Pixels

EMPTY = inspect.Parameter.empty
SIGNATURES: Mapping[str, Mapping[str, Any]] = {
    "load_image_file": {"file": EMPTY, "mode": "RGB"},
    "face_locations": {"img": EMPTY, "number_of_times_to_upsample": 1, "model": "hog"},
    "batch_face_locations": {"images": EMPTY, "number_of_times_to_upsample": 1, "batch_size": 128},
    "face_landmarks": {"face_image": EMPTY, "face_locations": None, "model": "large"},
    "face_encodings": {"face_image": EMPTY, "known_face_locations": None, "num_jitters": 1, "model": "small"},
    "compare_faces": {"known_face_encodings": EMPTY, "face_encoding_to_check": EMPTY, "tolerance": 0.6},
    "face_distance": {"face_encodings": EMPTY, "face_to_compare": EMPTY},
}
"""Those of face_recognition 1.3.0, face_recognition/api.py."""


class FakeDetector:
    """Remembers what it is given, and finds a face that hangs over every edge of each image."""

    def __init__(self) -> None:
        self.batches: list[list[tuple[int, ...]]] = []
        self.doublings: list[int] = []

    def detect(self, images: Sequence[Pixels], doublings: int) -> list[list[DlibDetection]]:
        self.batches.append([image.shape for image in images])
        self.doublings.append(doublings)
        return [[DlibDetection(Box(-4, -8, image.shape[1] + 4, image.shape[0] + 8), 1.0)] for image in images]


class FakeSession:
    """Remembers the sizes of the canvases, and finds nothing."""

    def __init__(self) -> None:
        self.sizes: list[tuple[int, ...]] = []

    def run(self, feeds: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
        count, _, height, width = feeds["images"].shape
        self.sizes.append((height, width))
        return [np.full((count, 1, (height - 21) // 8, (width - 21) // 8), -1, np.float32)]


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> FakeDetector:
    detector = FakeDetector()
    monkeypatch.setattr(face_recognition, "_detector", lambda: detector)
    return detector


def blank(height: int, width: int) -> Pixels:
    return np.zeros((height, width, 3), np.uint8)


@pytest.mark.parametrize("name", SIGNATURES)
def test_signatures_are_the_originals(name: str) -> None:
    parameters = inspect.signature(getattr(face_recognition, name)).parameters.values()
    assert [(one.name, one.default) for one in parameters] == list(SIGNATURES[name].items())
    assert {one.kind for one in parameters} == {inspect.Parameter.POSITIONAL_OR_KEYWORD}


def test_nothing_else_is_offered() -> None:
    assert sorted(face_recognition.__all__) == sorted(SIGNATURES)


def test_import_loads_no_model_and_makes_no_folder(tmp_path: Path) -> None:
    folder = tmp_path / "home"
    program = "import sys, untag.face_recognition; print('onnxruntime' in sys.modules)"
    environment = {**os.environ, "UNTAG_HOME": str(folder)}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
    assert not folder.exists()


def test_load_image_file_gives_a_writable_array(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    Image.fromarray(drawn_face()).save(path)
    pixels = face_recognition.load_image_file(str(path))
    assert pixels.dtype == np.uint8
    assert pixels.flags.writeable
    np.testing.assert_array_equal(pixels, drawn_face())
    assert face_recognition.load_image_file(path, mode="L").shape == (240, 240)
    with path.open("rb") as file:
        np.testing.assert_array_equal(face_recognition.load_image_file(file), pixels)


def test_load_image_file_does_not_turn_photos(tmp_path: Path) -> None:
    path, exif = tmp_path / "turned.jpg", Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(blank(20, 60)).save(path, exif=exif)
    assert face_recognition.load_image_file(path).shape == (20, 60, 3)


def test_load_image_file_raises_what_pillow_raises(tmp_path: Path) -> None:
    (tmp_path / "text.jpg").write_text("no picture")
    for name in ("text.jpg", "missing.jpg"):
        with pytest.raises(OSError):
            face_recognition.load_image_file(tmp_path / name)


def test_images_are_doubled_as_often_as_is_asked(fake: FakeDetector) -> None:
    for doublings in (0, 1, 2, -1):
        face_recognition.face_locations(blank(30, 50), doublings)
    assert fake.doublings == [0, 1, 2, 0]
    session = FakeSession()
    DlibDetector(session).detect([blank(30, 50)], 2)
    ((_, width),) = session.sizes
    assert width == 2 * (2 * 50 + 2) + 2 + 22


def test_locations_are_clipped(fake: FakeDetector) -> None:
    assert face_recognition.face_locations(blank(30, 50), 0) == [(0, 50, 30, 0)]
    assert face_recognition.batch_face_locations([blank(30, 50), blank(20, 20)]) == [[(0, 50, 30, 0)], [(0, 20, 20, 0)]]


def test_large_images_are_not_reduced() -> None:
    session = FakeSession()
    DlibDetector(session).detect([blank(60, 4000)])
    assert {width for _, width in session.sizes} == {4022}


def test_batches_are_bounded(fake: FakeDetector, monkeypatch: pytest.MonkeyPatch) -> None:
    images = [blank(30, 50)] * 5
    assert len(face_recognition.batch_face_locations(images, 0, batch_size=2)) == 5
    assert [len(batch) for batch in fake.batches] == [2, 2, 1]
    fake.batches.clear()
    monkeypatch.setattr(face_recognition, "_BATCH_PIXELS", 30 * 50 * 4 * 3)
    face_recognition.batch_face_locations(images, 1)
    assert [len(batch) for batch in fake.batches] == [3, 2]
    fake.batches.clear()
    mixed = [blank(9, 9), blank(9, 9), blank(9, 8), blank(9, 9)]
    assert len(face_recognition.batch_face_locations(mixed, 0)) == 4
    assert [batch[0] for batch in fake.batches] == [(9, 9, 3), (9, 8, 3), (9, 9, 3)], "only those of one size together"
    assert face_recognition.batch_face_locations([]) == []


def test_jitter_disturbs_little_and_mirrors_some() -> None:
    size = DLIB_TEMPLATE.size
    x = np.arange(size)[None, :, None] * np.ones((size, 1, 3))
    copies = [copy.astype(float) for copy in jitter_chip(x.astype(np.uint8), 40)]
    inner = slice(20, -20)
    off = [np.abs(copy - x)[inner, inner].max() for copy in copies]
    off_mirrored = [np.abs(copy[:, ::-1] - x)[inner, inner].max() for copy in copies]
    # A shift of 3 pixels, 3 degrees and a zoom of 3 % at 55 pixels from the centre.
    assert max(min(pair) for pair in zip(off, off_mirrored, strict=True)) < 10
    assert 8 < sum(plain > mirrored for plain, mirrored in zip(off, off_mirrored, strict=True)) < 32
    assert len({copy.tobytes() for copy in copies}) == 40


def test_the_large_model_is_refused_with_the_reason() -> None:
    for call in (
        lambda: face_recognition.face_landmarks(drawn_face()),
        lambda: face_recognition.face_encodings(drawn_face(), model="large"),
    ):
        with pytest.raises(NotImplementedError, match='commercial use; pass model="small"') as raised:
            call()
        assert isinstance(raised.value, UntagError)


def test_wrong_arguments_are_value_errors() -> None:
    for call, message in (
        (lambda: face_recognition.face_landmarks(drawn_face(), model="medium"), "'medium'"),
        (lambda: face_recognition.face_encodings(drawn_face()[:, :, 0]), "RGB"),
        (lambda: face_recognition.face_locations(drawn_face().astype(np.float32)), "float32"),
        (lambda: face_recognition.face_locations(np.zeros((8, 8, 4), np.uint8)), r"\(8, 8, 4\)"),
        (lambda: face_recognition.face_locations(blank(0, 8)), r"\(0, 8, 3\)"),
        (lambda: face_recognition.batch_face_locations([], batch_size=0), "batch_size"),
    ):
        with pytest.raises(ValueError, match=message) as raised:
            call()
        assert isinstance(raised.value, UntagError)


def test_distances() -> None:
    known = [np.zeros(128), np.full(128, 0.5), np.eye(128)[3]]
    distances = face_recognition.face_distance(known, np.zeros(128))
    assert distances.shape == (3,)
    np.testing.assert_allclose(distances, [0, np.sqrt(32), 1])
    np.testing.assert_array_equal(face_recognition.face_distance(np.stack(known), np.zeros(128)), distances)
    none = face_recognition.face_distance([], np.zeros(128))
    assert (none.shape, str(none.dtype)) == ((0,), "float64")


def test_comparisons_include_the_tolerance() -> None:
    known = [np.zeros(128), np.eye(128)[0] * 0.6, np.eye(128)[0] * 0.7]
    result = face_recognition.compare_faces(known, np.zeros(128))
    assert isinstance(result, list)
    assert result == [True, True, False]
    assert {type(one) for one in result} == {np.bool_}
    assert face_recognition.compare_faces(known, np.zeros(128), tolerance=0.8) == [True, True, True]
    assert face_recognition.compare_faces(known, np.zeros(128), 0.0) == [True, False, False]
    assert face_recognition.compare_faces([], np.zeros(128)) == []
