"""The engine against dlib: its answers in tests/golden always, dlib itself where it is installed."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

import real_dlib
from made_up_faces import FACE_BOX, drawn_face, made_up_chips
from untag.faces.align import DLIB_TEMPLATE, cut_chip
from untag.faces.detect import MmodDetector, MmodOptions
from untag.faces.landmarks import predict_landmarks
from untag.imaging.decode import decode
from untag.types import Box, Pixels

GOLDEN = Path(__file__).parent / "golden" / "dlib_faces.npz"
TOLERANCE = 1e-5
"""In any component of an embedding of the same chip; measured 4e-7."""

SAMPLES = Path(__file__).parents[1] / "sample_photos" / "me"


@pytest.fixture(scope="module")
def golden() -> dict[str, NDArray[np.float64]]:
    with np.load(GOLDEN, allow_pickle=False) as arrays:
        return {name: arrays[name] for name in arrays.files}


def faces_like_chips(count: int) -> Pixels:
    """The drawn face, turned and lit in as many ways: (count, 150, 150, 3) uint8."""
    generator = np.random.default_rng(count)
    face, chips = drawn_face(), []
    for _ in range(count):
        turn = cv2.getRotationMatrix2D(
            (120, 130), float(generator.uniform(-30, 30)), float(generator.uniform(0.7, 1.2))
        )
        light = generator.uniform(0.5, 1.2, 3)
        turned = cv2.warpAffine(face, turn, (240, 240))[50:200, 45:195]
        chips.append(np.clip(turned * light, 0, 255).astype(np.uint8))
    return np.stack(chips)


def edges(box: Box) -> list[float]:
    return [box.left, box.top, box.right, box.bottom]


def reference_landmarks(image: Pixels, box: Box) -> tuple[object, NDArray[np.int64]]:
    dlib = real_dlib.reference()
    # dlib's rectangles include their last pixel.
    rectangle = dlib.rectangle(int(box.left), int(box.top), int(box.right) - 1, int(box.bottom) - 1)
    shape = real_dlib.reference_predictor()(image, rectangle)
    return shape, np.array([(point.x, point.y) for point in shape.parts()], np.int64)


def our_landmarks(image: Pixels, box: Box) -> NDArray[np.float32]:
    return np.asarray(np.round(predict_landmarks(real_dlib.predictor(), [image], [(0, box)])[0]), dtype=np.float32)


def test_golden_embeddings(golden: dict[str, NDArray[np.float64]]) -> None:
    np.testing.assert_allclose(real_dlib.embed(made_up_chips()), golden["embeddings"], rtol=0, atol=TOLERANCE)


def test_golden_landmarks(golden: dict[str, NDArray[np.float64]]) -> None:
    np.testing.assert_array_equal(our_landmarks(drawn_face(), FACE_BOX), golden["landmarks"])


def test_golden_face_from_photo_to_embedding(golden: dict[str, NDArray[np.float64]]) -> None:
    image = drawn_face()
    chip = cut_chip(image, our_landmarks(image, FACE_BOX), DLIB_TEMPLATE)
    # dlib rounds its bilinear samples down, OpenCV to the nearest: half a grey level on average.
    assert np.linalg.norm(real_dlib.embed(chip[None])[0] - golden["face_embedding"]) < 0.02


def test_golden_detection(golden: dict[str, NDArray[np.float64]]) -> None:
    (found,) = MmodDetector(real_dlib.detector()).detect([drawn_face()])
    assert len(found) == len(golden["boxes"]) == 1
    # dlib lays the levels of its pyramid out on one canvas, so that its windows have other phases: up to half a stride.
    assert np.abs(np.array(edges(found[0].box)) - golden["boxes"][0]).max() <= 6
    assert found[0].score == pytest.approx(float(golden["scores"][0]), abs=0.05)


@pytest.mark.parametrize("count", [1, 7, 32])
def test_embeddings_are_those_of_dlib(count: int) -> None:
    embedder = real_dlib.reference_embedder()
    chips = faces_like_chips(count)
    chips[0] = np.random.default_rng(count).integers(0, 256, chips[0].shape)
    # dlib takes some 80 ms for a chip, so of a large batch only some are compared: the ends and between.
    some = [0, count // 2, count - 1] if count > 7 else list(range(count))
    expected = [embedder.compute_face_descriptor(chips[index]) for index in some]
    np.testing.assert_allclose(real_dlib.embed(chips)[some], np.array(expected), rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("scale", [0.6, 1.0, 1.7, 1.9933, 2.3, 4.4])
@pytest.mark.parametrize("angle", [0.0, 0.35, -1.2, 3.0])
def test_chips_are_those_of_dlib(scale: float, angle: float) -> None:
    dlib = real_dlib.reference()
    generator = np.random.default_rng(3)
    coarse = generator.integers(0, 256, (50, 50, 3), dtype=np.uint8)
    image = np.asarray(cv2.resize(coarse, (1000, 1000), interpolation=cv2.INTER_CUBIC), dtype=np.uint8)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    points = np.round((DLIB_TEMPLATE.points - 75) @ turn * scale + (500, 490))
    shape = dlib.full_object_detection(dlib.rectangle(0, 0, 9, 9), [dlib.point(int(x), int(y)) for x, y in points])
    expected = dlib.get_face_chip(image, shape, 150, 0.25)
    chip = cut_chip(image, points.astype(np.float32), DLIB_TEMPLATE)
    inside = expected.any(axis=2)  # black outside the image; bilinear samples differ where it begins
    assert np.abs(chip.astype(int) - expected)[inside].mean() < 2
    assert np.percentile(np.abs(chip.astype(int) - expected)[inside], 99) <= 3


def test_landmarks_are_those_of_dlib() -> None:
    image = drawn_face()
    generator = np.random.default_rng(11)
    for _ in range(40):
        left, top = generator.integers(-40, 120, 2)
        side = int(generator.integers(40, 200))
        box = Box(int(left), int(top), int(left) + side, int(top) + side)
        np.testing.assert_array_equal(our_landmarks(image, box), reference_landmarks(image, box)[1])


def test_detections_are_those_of_dlib() -> None:
    image = np.zeros((300, 560, 3), np.uint8) + np.uint8(90)
    image[30:270, 20:260] = drawn_face()
    image[60:204, 330:474] = cv2.resize(drawn_face(), (144, 144), interpolation=cv2.INTER_AREA)
    assert_same_detections(image)


def assert_same_detections(image: Pixels) -> int:
    """The same faces, boxes within half a stride of the network at their level of the pyramid, 6 % of a face's side."""
    (ours,) = MmodDetector(real_dlib.detector(), MmodOptions(enlarge_below=0)).detect([image])
    theirs = real_dlib.reference_detector()(image, 0)
    clear = [found for found in theirs if found.confidence > 0.3]
    assert len([found for found in ours if found.score > 0.3]) == len(clear)
    for found in clear:
        box = np.array([found.rect.left(), found.rect.top(), found.rect.right() + 1, found.rect.bottom() + 1])
        nearest = min(np.abs(np.array(edges(other.box)) - box).max() for other in ours)
        # A neighbouring level of the pyramid may win, whose boxes are 6/5 as large.
        assert nearest <= 0.25 * (box[2] - box[0])
    return len(clear)


def test_sample_photos_have_the_faces_that_dlib_finds() -> None:
    photos = sorted(SAMPLES.glob("*.jpg"))[:1]
    if not photos:
        pytest.skip("the sample photos are not here")
    real_dlib.reference()
    for photo in photos:
        assert assert_same_detections(decode(photo.read_bytes(), max_side=400).pixels) >= 1


def test_photos_give_the_embeddings_of_dlib(shared: Path) -> None:
    """Same photo, same box. Over all photos, reduced to 1600 pixels, 221 faces: median .007, p95 .013, most .039."""
    embedder = real_dlib.reference_embedder()
    detector = MmodDetector(real_dlib.detector())
    distances, differing, points = [], 0, 0
    for photo in sorted((shared / "data" / "faces").rglob("*.jpg"))[::25]:
        image = decode(photo.read_bytes(), max_side=800).pixels
        for found in detector.detect([image])[0][:3]:
            box = Box(*(round(edge) for edge in edges(found.box)))
            shape, expected = reference_landmarks(image, box)
            landmarks = our_landmarks(image, box)
            points += len(expected)
            differing += int((np.abs(landmarks - expected).max(axis=1) > 0).sum())
            vector = real_dlib.embed(cut_chip(image, landmarks, DLIB_TEMPLATE)[None])[0]
            distances.append(np.linalg.norm(vector - np.array(embedder.compute_face_descriptor(image, shape))))
    assert len(distances) >= 4
    assert differing <= 0.01 * points
    assert np.median(distances) < 0.02
    assert np.max(distances) < 0.15
