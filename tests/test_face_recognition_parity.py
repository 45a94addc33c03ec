"""The stand-in for face_recognition with its models: dlib's answers to a drawn face."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

import real_dlib
import untag.face_recognition as face_recognition
from made_up_faces import FACE_BOX, drawn_face
from untag.types import Pixels

GOLDEN = Path(__file__).parent / "golden" / "dlib_faces.npz"
LOCATION = (int(FACE_BOX.top), int(FACE_BOX.right) - 1, int(FACE_BOX.bottom) - 1, int(FACE_BOX.left))
SAME = 1e-5
"""Distance between an encoding and dlib's own, at most; another photo of the same person is at 0.3 or more."""

NEAR = 0.05
"""The same with jitter, whose random numbers are others."""

MODEL_CACHES = (
    face_recognition._options,
    face_recognition._detector,
    face_recognition._predictor,
    face_recognition._embedder,
)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("home") / "untag"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UNTAG_HOME", str(folder))
        for function in MODEL_CACHES:
            function.cache_clear()
        yield folder
    for function in MODEL_CACHES:
        function.cache_clear()


@pytest.fixture(scope="module")
def golden() -> dict[str, NDArray[np.float64]]:
    with np.load(GOLDEN, allow_pickle=False) as arrays:
        return {name: arrays[name] for name in arrays.files}


@cache
def picture() -> Pixels:
    return drawn_face()


def test_finds_the_face_where_dlib_does(home: Path, golden: dict[str, NDArray[np.float64]]) -> None:
    image = picture()
    (location,) = face_recognition.face_locations(image)
    left, top, right, bottom = golden["boxes"][0]
    assert all(type(edge) is int for edge in location)
    np.testing.assert_allclose(location, (top, right - 1, bottom - 1, left), atol=4)
    assert face_recognition.face_locations(image, 1, "cnn") == [location]
    assert face_recognition.face_locations(image[:, :, ::-1][:, :, ::-1]) == [location]
    assert face_recognition.batch_face_locations([image, np.zeros((90, 90, 3), np.uint8)]) == [[location], []]


def test_doubling_finds_smaller_faces(home: Path) -> None:
    half = cv2.resize(picture(), (120, 120), interpolation=cv2.INTER_AREA)  # the face is 59 pixels
    small = half.astype(np.uint8)
    assert face_recognition.face_locations(small, number_of_times_to_upsample=0) == []
    (location,) = face_recognition.face_locations(small, number_of_times_to_upsample=1)
    np.testing.assert_allclose(location, np.array(LOCATION) / 2, atol=6)


def test_small_landmarks_are_dlibs(home: Path, golden: dict[str, NDArray[np.float64]]) -> None:
    (face,) = face_recognition.face_landmarks(picture(), [LOCATION], model="small")
    assert list(face) == ["nose_tip", "left_eye", "right_eye"]
    points = [tuple(point) for point in golden["landmarks"].tolist()]
    assert face == {"nose_tip": points[4:5], "left_eye": points[2:4], "right_eye": points[0:2]}
    assert {type(value) for part in face.values() for point in part for value in point} == {int}
    assert len(face_recognition.face_landmarks(picture(), model="small")) == 1
    assert face_recognition.face_landmarks(picture(), [], "small") == []
    grey = face_recognition.face_landmarks(picture().mean(axis=2).astype(np.uint8), [LOCATION], "small")
    assert grey == [face]


def test_encodings_are_dlibs(home: Path, golden: dict[str, NDArray[np.float64]]) -> None:
    encodings = face_recognition.face_encodings(picture(), [LOCATION, LOCATION])
    assert isinstance(encodings, list)
    assert [(one.shape, str(one.dtype)) for one in encodings] == [((128,), "float64")] * 2
    distances = face_recognition.face_distance(encodings, golden["face_embedding"])
    assert distances.max() < SAME
    (searched,) = face_recognition.face_encodings(picture())
    assert np.linalg.norm(searched - golden["face_embedding"]) < 0.15  # another box, so other landmarks
    assert face_recognition.face_encodings(picture(), []) == []
    assert list((home / "cache").iterdir()), "what was derived is kept in untag's home"


@pytest.mark.parametrize("location", [LOCATION, (70, 180, 200, 50), (90, 165, 188, 67)])
def test_encodings_of_given_locations_agree_with_dlib(home: Path, location: tuple[int, int, int, int]) -> None:
    dlib = real_dlib.reference()
    image, (top, right, bottom, left) = picture(), location
    shape = real_dlib.reference_predictor()(image, dlib.rectangle(left, top, right, bottom))
    theirs = np.array(real_dlib.reference_embedder().compute_face_descriptor(image, shape, 1))
    (ours,) = face_recognition.face_encodings(image, [location])
    assert ours.dtype == theirs.dtype
    assert ours.shape == theirs.shape
    assert np.linalg.norm(ours - theirs) < SAME


def test_jittered_encodings_are_repeatable_and_near(home: Path) -> None:
    (plain,) = face_recognition.face_encodings(picture(), [LOCATION])
    first, second = (face_recognition.face_encodings(picture(), [LOCATION], num_jitters=4)[0] for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert (first.shape, str(first.dtype)) == ((128,), "float64")
    assert 1e-3 < np.linalg.norm(first - plain) < 0.3


def test_jittered_encodings_are_near_dlibs(home: Path) -> None:
    dlib = real_dlib.reference()
    top, right, bottom, left = LOCATION
    shape = real_dlib.reference_predictor()(picture(), dlib.rectangle(left, top, right, bottom))
    theirs = np.array(real_dlib.reference_embedder().compute_face_descriptor(picture(), shape, 12))
    (plain,) = face_recognition.face_encodings(picture(), [LOCATION])
    (ours,) = face_recognition.face_encodings(picture(), [LOCATION], num_jitters=12)
    # Measured 0.03, and 0.08: other random numbers of one distribution come nearer to dlib's mean than none do.
    assert np.linalg.norm(ours - theirs) < NEAR < np.linalg.norm(plain - theirs)


@pytest.fixture
def portraits(home: Path, shared: Path) -> dict[str, Pixels]:
    """The test images of face_recognition, loaded."""
    folder = shared / "data" / "faces" / "ageitgey"
    if not (folder / "tests__test_images__obama.jpg").is_file():
        pytest.skip("the test images of face_recognition are not here")
    names = ("obama", "obama2", "obama3", "biden", "32bit", "obama_partial_face", "obama_partial_face2")
    return {name: face_recognition.load_image_file(folder / f"tests__test_images__{name}.jpg") for name in names}


def test_the_originals_own_tests_hold(portraits: dict[str, Pixels]) -> None:
    """tests/test_face_recognition.py of face_recognition, but for HOG's boxes, 68 points and private helpers."""
    assert portraits["obama"].shape == (1137, 910, 3)
    assert portraits["32bit"].shape == (1200, 626, 3)
    encodings = {}
    for name in ("obama", "obama2", "obama3", "biden"):
        (encodings[name],) = face_recognition.face_encodings(portraits[name])
        assert len(encodings[name]) == 128
    first, *others = encodings.values()
    distances = face_recognition.face_distance(others, first)
    assert type(distances) is np.ndarray
    assert (distances <= 0.6).tolist() == [True, True, False]
    matches = face_recognition.compare_faces(others, first)
    assert type(matches) is list
    assert matches == [True, True, False]
    nothing: tuple[list[NDArray[np.float64]], NDArray[np.float64]] = ([], np.array([]))
    for none in nothing:
        assert type(face_recognition.face_distance(none, first)) is np.ndarray
        assert face_recognition.face_distance(none, first).tolist() == []
        assert face_recognition.compare_faces(none, first) == []


ORIGINALS_LOCATIONS = {
    "obama": [(154, 611, 390, 375)],
    "obama_partial_face": [(117, 199, 400, 0)],
    "obama_partial_face2": [(130, 551, 366, 348)],
    "32bit": [(278, 454, 561, 170)],
}
"""Of face_recognition 1.3.0 with dlib 20.0.1: model="cnn", not enlarged. A face that is cut off is clipped."""


def test_locations_are_those_of_the_originals_cnn(portraits: dict[str, Pixels]) -> None:
    for name, locations in ORIGINALS_LOCATIONS.items():
        assert face_recognition.face_locations(portraits[name], 0, "cnn") == locations
