"""YuNet: decoding against OpenCV's own, working sizes, suppression."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

import made_up_networks
from untag.engine.runtime.session import Device, open_session
from untag.faces.finder import FoundFace
from untag.faces.yunet import STRIDES, YunetFinder, YunetOptions, decode
from untag.imaging.decode import decode as decode_image
from untag.types import Box, Pixels

UPSTREAM = ("face_detection_yunet_2023mar.onnx", "face_detection_yunet_2026may.onnx", "yunet_n_dynamic.onnx")


def noise(height: int, width: int, seed: int = 0) -> Pixels:
    coarse = np.random.default_rng(seed).integers(0, 256, (height // 8 + 1, width // 8 + 1, 3), dtype=np.uint8)
    return np.asarray(coarse.repeat(8, axis=0).repeat(8, axis=1)[:height, :width], np.uint8)


def opencv(path: Path, image: Pixels, *, threshold: float, max_overlap: float) -> NDArray[np.float64]:
    """What FaceDetectorYN finds, the most certain first: rows of left, top, width, height, landmarks, score."""
    if not hasattr(cv2, "FaceDetectorYN"):
        pytest.skip("this OpenCV has no FaceDetectorYN")
    height, width = image.shape[:2]
    detector = cv2.FaceDetectorYN.create(str(path), "", (width, height), threshold, max_overlap, 100_000)
    _, rows = detector.detect(np.ascontiguousarray(image[:, :, ::-1]))
    rows = np.asarray(rows, np.float64)
    return np.asarray(rows[np.argsort(-rows[:, 14], kind="stable")])


def as_rows(faces: list[FoundFace]) -> NDArray[np.float64]:
    return np.array(
        [
            [face.box.left, face.box.top, face.box.width, face.box.height, *face.landmarks.reshape(-1), face.score]
            for face in faces
        ]
    )


def finder(path: Path | bytes, *, sides: tuple[int, ...], threshold: float, max_overlap: float = 0.3) -> YunetFinder:
    options = YunetOptions(sides, fine_side=max(sides), threshold=threshold, max_overlap=max_overlap, smallest=0)
    return YunetFinder(open_session(path, device=Device.CPU, threads=1), options)


@pytest.mark.parametrize("size", [(96, 160), (100, 133)])  # the second is padded
def test_candidates_are_those_of_opencv(tmp_path: Path, size: tuple[int, int]) -> None:
    if cv2.__version__.startswith("4.10."):
        pytest.skip("OpenCV 4.10 itself cannot read a graph whose shapes vary")
    path = tmp_path / "yunet.onnx"
    path.write_bytes(made_up_networks.detector())
    image = noise(*size)
    expected = opencv(path, image, threshold=0.3, max_overlap=1.0)
    found = as_rows(finder(path, sides=(max(size),), threshold=0.3, max_overlap=1.0).find([image])[0].faces)
    assert 20 < len(expected) < 96 * 160 * 1.5 / 64  # some candidates and not all
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, atol=1e-3)


@pytest.mark.parametrize("name", UPSTREAM)
def test_faces_are_those_of_opencv(shared: Path, name: str) -> None:
    image = decode_image((shared / "data/faces/compreface/000_5.jpg").read_bytes(), max_side=640).pixels
    if "dynamic" in name and cv2.__version__.startswith("4.10."):
        pytest.skip("OpenCV 4.10 itself cannot read a graph whose shapes vary")
    expected = opencv(shared / "models" / name, image, threshold=0.6, max_overlap=0.3)
    # 2026may is 2023mar with inputs of any size, which ONNX Runtime needs and OpenCV does not.
    own = shared / "models" / name.replace("2023mar", "2026may")
    found = as_rows(finder(own, sides=(640,), threshold=0.6).find([image])[0].faces)
    assert len(expected) == 5
    np.testing.assert_allclose(found, expected, atol=1e-3)


class Recorder:
    """A session that answers nothing but notes what it is given."""

    def __init__(self) -> None:
        self.shapes: list[tuple[int, ...]] = []
        self.score = 0.0

    def run(self, feeds: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
        count, _, height, width = feeds["input"].shape
        self.shapes.append(feeds["input"].shape)
        cells = [height * width // stride**2 for stride in STRIDES]
        channels = made_up_networks.OUTPUTS.items()
        made = [np.zeros((count, cell, size), np.float32) for _, size in channels for cell in cells]
        for output in made[:6]:
            output[:, :1] = self.score
        return made


def test_photos_of_one_size_share_runs_of_bounded_size() -> None:
    session = Recorder()
    images = [noise(100, 200), noise(100, 200), noise(100, 200), noise(200, 100)]
    options = YunetOptions(sides=(200,), batch_pixels=2 * 128 * 224)
    assert [seen.faces for seen in YunetFinder(session, options).find(images)] == [[], [], [], []]
    assert sorted(session.shapes) == [(1, 3, 128, 224), (1, 3, 224, 128), (2, 3, 128, 224)]


@pytest.mark.parametrize(
    ("side", "sides"),
    [(1600, [320, 1280]), (400, [320, 800]), (160, [320]), (10, [20])],
    ids=["large", "enlarged", "one size is enough", "tiny"],
)
def test_working_sizes(side: int, sides: list[int]) -> None:
    session = Recorder()
    YunetFinder(session, YunetOptions(sides=(320, 1280), most_enlarged=2)).find([noise(side, side)])
    assert sorted(shape[3] for shape in session.shapes) == [-(-side // 32) * 32 for side in sides]


@pytest.mark.parametrize(
    ("small", "searched"),
    [(0.0, [(2, 3, 128, 128)]), (9.0, [(2, 3, 128, 128), (2, 3, 256, 256)])],
    ids=["nothing small", "a small hint"],
)
def test_a_hint_at_a_small_face_is_looked_into(small: float, searched: list[tuple[int, ...]]) -> None:
    session = Recorder()
    session.score = 0.4  # a hint, and no face; the smallest has 8 pixels
    options = YunetOptions(sides=(128,), fine_side=256, small=small)
    assert [seen.faces for seen in YunetFinder(session, options).find([noise(400, 400)] * 2)] == [[], []]
    assert session.shapes == searched


def test_what_is_as_large_already_is_not_searched_again() -> None:
    session = Recorder()
    session.score = 0.4
    YunetFinder(session, YunetOptions(sides=(128,), fine_side=256, small=99)).find([noise(64, 64)])
    assert [shape[3] for shape in session.shapes] == [128]


def test_a_face_comes_back_in_the_pixels_of_its_photo() -> None:
    session = Recorder()
    session.score = 1.0
    (seen,) = YunetFinder(session, YunetOptions(sides=(100,), fine_side=100, max_overlap=1.0)).find([noise(400, 400)])
    faces = seen.faces
    sizes = sorted(face.box.width for face in faces)
    assert sizes == pytest.approx([stride * 4 for stride in STRIDES])  # exp(0) cells, enlarged four times
    assert all(face.landmarks.tolist() == [[0, 0]] * 5 for face in faces)


def test_faces_too_small_to_tell_apart_are_left_out() -> None:
    session = Recorder()
    session.score = 1.0
    options = YunetOptions(sides=(100,), fine_side=100, max_overlap=1.0, smallest=64)
    (seen,) = YunetFinder(session, options).find([noise(400, 400)])
    assert sorted(face.box.width for face in seen.faces) == pytest.approx([64, 128])


def test_one_face_seen_at_two_sizes_is_one() -> None:
    session = Recorder()
    session.score = 0.9
    images = [noise(640, 640)]
    (seen,) = YunetFinder(session, YunetOptions(sides=(320, 640), max_overlap=0.3)).find(images)
    # Boxes of 8 to 32 pixels and of 16 to 64, all centred on the corner; each stride's is suppressed by its double.
    assert len(seen.faces) < 6


def test_a_closer_look_moves_a_face_to_what_the_finer_pixels_show() -> None:
    session = Recorder()
    known = FoundFace(Box(300, 200, 340, 240), 0.7, np.full((5, 2), 320, np.float32))
    finder = YunetFinder(session)
    image = noise(500, 600)
    assert finder.look_closer(image, 2.0, [known]) == [known]  # nothing is seen in its crop: it stays
    assert session.shapes == [(1, 3, 96, 96)]

    class Sees(Recorder):
        def run(self, feeds: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
            outputs = super().run(feeds)
            cell = 6 * 12 + 6  # at 48, 48 of the crop, whose corner is at 272, 172
            outputs[0][:, cell] = outputs[3][:, cell] = 0.9
            outputs[6][:, cell, 2:] = np.log(32 / 8)
            return outputs

    (closer,) = YunetFinder(Sees()).look_closer(image, 2.0, [known])
    assert as_rows([closer])[0, :4].tolist() == pytest.approx([304, 204, 32, 32], abs=0.01)
    assert closer.score == pytest.approx(0.9)
    assert closer.landmarks[0].tolist() == pytest.approx([320, 220])


def test_what_is_less_certain_is_a_hint_and_no_face() -> None:
    session = Recorder()
    session.score = 0.4
    (seen,) = YunetFinder(session, YunetOptions(sides=(100,), fine_side=100, max_overlap=1.0)).find([noise(400, 400)])
    assert seen.faces == []
    assert {round(hint.confidence, 2) for hint in seen.hints} == {0.4}


def test_crops_are_scored_by_their_best_candidate() -> None:
    session = Recorder()
    crops = np.zeros((3, 96, 96, 3), np.uint8)
    assert YunetFinder(session).score_crops(crops).tolist() == [0, 0, 0]
    session.score = 0.7
    assert YunetFinder(session).score_crops(crops).tolist() == pytest.approx([0.7] * 3)


def test_decoding_by_hand() -> None:
    outputs = Recorder().run({"input": np.zeros((1, 3, 64, 96), np.float32)})
    cell = 12 * 3 + 5  # row 3, column 5 of 96 / 8 columns
    outputs[0][0, cell], outputs[3][0, cell] = 0.81, 1.7  # beyond 1 is 1
    outputs[6][0, cell] = [0.5, -0.25, np.log(2), np.log(3)]
    outputs[9][0, cell] = np.arange(10) / 10
    (found,) = decode(outputs, 96, 0.5)
    assert found.scores.tolist() == pytest.approx([0.9])
    assert found.boxes.tolist() == [pytest.approx([44 - 8, 22 - 12, 44 + 8, 22 + 12])]
    expected = [[(5 + 0.2 * point) * 8, (3 + 0.2 * point + 0.1) * 8] for point in range(5)]
    np.testing.assert_allclose(found.landmarks, [expected], rtol=1e-6)


class Scored:
    """A session that sees two faces in whatever it is given, far apart, of these scores."""

    inputs: Mapping[str, Any] = {}

    def __init__(self, *scores: float) -> None:
        self._scores = scores

    def run(self, feeds: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
        count, _, height, width = feeds["input"].shape
        cells = [(height // stride) * (width // stride) for stride in STRIDES]
        classes, boxes, landmarks = (
            [np.zeros((count, number, size), np.float32) for number in cells] for size in (1, 4, 10)
        )
        for index, score in enumerate(self._scores):
            classes[-1][:, (2 + 3 * index) * (width // STRIDES[-1]) + 2 + 3 * index] = score**2
        certain = [np.ones_like(one) for one in classes]
        return [*classes, *certain, *boxes, *landmarks]


def test_a_face_counts_from_the_measured_score_on_and_less_is_a_hint() -> None:
    """0.65, the threshold at which YuNet was measured (docs/models.md)."""
    seen = YunetFinder(Scored(0.64, 0.66)).find([noise(640, 640)])[0]
    assert {round(face.score, 2) for face in seen.faces} == {0.66}
    assert {round(hint.confidence, 2) for hint in seen.hints} == {0.64, 0.66}
    assert YunetFinder(Scored(0.64)).find([noise(640, 640)])[0].faces == []
