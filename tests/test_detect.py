"""The detector around its network: the pyramid, windows to boxes, suppression, and images of any shape."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import real_dlib
from made_up_faces import drawn_face
from untag.engine.weights.dlib_graphs import DETECTOR_OFFSET, DETECTOR_STRIDE
from untag.faces.detect import Detection, MmodDetector, MmodOptions, suppress
from untag.types import Box, Pixels


@dataclass
class FakeNetwork:
    """Sees a face in every window whose middle pixel is pure red; remembers the shapes that it was given."""

    shapes: list[tuple[int, ...]] = field(default_factory=list)

    def run(self, feeds: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
        images = feeds["images"]
        self.shapes.append(images.shape)
        # Three convolutions of 5 without padding and of stride 2, then four that keep the size.
        height, width = (map_size(extent) for extent in images.shape[1:3])
        at = [DETECTOR_OFFSET + DETECTOR_STRIDE * np.arange(extent) for extent in (height, width)]
        middle = images[:, at[0]][:, :, at[1]].astype(np.int64)
        red = (middle[..., 0] > 200) & (middle[..., 1] < 50)
        return [np.where(red, np.float32(1), np.float32(-1))[:, None]]


def map_size(extent: int) -> int:
    for _ in range(3):
        extent = (extent - 5) // 2 + 1
    return extent


def grey(height: int, width: int) -> Pixels:
    return np.full((height, width, 3), 128, np.uint8)


def test_the_fake_has_the_map_of_the_real_network() -> None:
    for height, width in ((62, 99), (100, 221), (119, 80)):
        (scores,) = real_dlib.detector().run({"images": grey(height, width)[None]})
        assert scores.shape == (1, 1, map_size(height), map_size(width))


def test_a_box_is_centred_on_what_the_window_saw() -> None:
    image = grey(900, 1000)
    image[440:460, 700:720] = (255, 0, 0)
    (found,) = MmodDetector(FakeNetwork()).detect([image])
    for detection in found:
        assert (detection.box.left + detection.box.right) / 2 == pytest.approx(710, abs=12)
        assert (detection.box.top + detection.box.bottom) / 2 == pytest.approx(450, abs=12)
        assert detection.box.width == pytest.approx(detection.box.height)
        assert detection.box.width >= 80
    assert found


def test_the_pyramid_shrinks_by_five_sixths_down_to_half_a_window() -> None:
    network = FakeNetwork()
    MmodDetector(network).detect([grey(900, 1200)])
    heights = [shape[1] - 22 for shape in network.shapes]
    assert heights[:3] == [900, 750, 625]
    assert all(abs(small / large - 5 / 6) < 0.02 for large, small in pairwise(heights))
    assert 40 <= heights[-1] < 48


def test_large_images_are_reduced_and_small_ones_doubled() -> None:
    for size, first in (((4000, 2000), (1600, 800)), ((300, 200), (600, 400)), ((800, 800), (800, 800))):
        network = FakeNetwork()
        MmodDetector(network).detect([grey(*size)])
        assert (network.shapes[0][1] - 22, network.shapes[0][2] - 22) == first


def test_levels_of_one_size_share_a_run_up_to_the_limit() -> None:
    network = FakeNetwork()
    MmodDetector(network, MmodOptions(batch_pixels=2 * 922 * 922)).detect([grey(900, 900)] * 5)
    assert [shape[0] for shape in network.shapes[:3]] == [2, 2, 1]
    assert max(shape[0] * shape[1] * shape[2] for shape in network.shapes) <= 2 * 922 * 922


def test_each_image_gets_its_own_faces() -> None:
    marked = [grey(900, 900) for _ in range(3)]
    marked[1][600:620, 300:320] = (255, 0, 0)
    found = MmodDetector(FakeNetwork()).detect(marked)
    assert [len(faces) > 0 for faces in found] == [False, True, False]


def test_nothing_in_nothing_out() -> None:
    network = FakeNetwork()
    assert MmodDetector(network).detect([]) == []
    assert network.shapes == []


@pytest.mark.parametrize(
    "shape", [(1, 1), (1, 900), (19, 19), (20, 20), (40, 900), (100, 2000), (2000, 100), (16, 4000)]
)
def test_images_of_any_shape_are_searched_by_the_real_network(shape: tuple[int, int]) -> None:
    assert MmodDetector(real_dlib.detector()).detect([grey(*shape)]) == [[]]


def test_the_real_network_finds_a_drawn_face_alone_and_in_a_batch() -> None:
    detector = MmodDetector(real_dlib.detector())
    (alone,) = detector.detect([drawn_face()])
    together = detector.detect([grey(240, 240), drawn_face(), np.ascontiguousarray(drawn_face()[:200])])
    assert len(alone) == 1
    assert [len(found) for found in together] == [0, 1, 1]
    assert together[1][0].score == pytest.approx(alone[0].score, abs=1e-4)
    assert together[1][0].box == alone[0].box


def test_crops_are_scored_each_by_its_best_window_in_runs_of_bounded_size() -> None:
    network = FakeNetwork()
    crops = np.stack([grey(160, 160)] * 5)
    crops[3, 60:100, 60:100] = (255, 0, 0)
    detector = MmodDetector(network, MmodOptions(batch_pixels=2 * 160 * 160))
    assert detector.score_crops(crops).tolist() == [-1, -1, -1, 1, -1]
    assert [shape[0] for shape in network.shapes] == [2, 2, 1]
    assert detector.score_crops(crops[:0]).tolist() == []


coordinates = st.integers(0, 60)
sizes = st.integers(1, 40)
detections = st.builds(
    lambda left, top, width, height, score: Detection(Box(left, top, left + width, top + height), score),
    coordinates,
    coordinates,
    sizes,
    sizes,
    st.floats(0.01, 3),
)


def overlap(a: Box, b: Box) -> float:
    """Pixel by pixel: what both boxes hold, over what the rectangle around both holds."""
    canvas = np.zeros((110, 110), np.int64)
    for box in (a, b):
        canvas[int(box.top) : int(box.bottom), int(box.left) : int(box.right)] += 1
    rows, columns = np.flatnonzero(canvas.any(axis=1)), np.flatnonzero(canvas.any(axis=0))
    return float((canvas == 2).sum() / ((rows[-1] - rows[0] + 1) * (columns[-1] - columns[0] + 1)))


@settings(deadline=None)
@given(st.lists(detections, max_size=8), st.sampled_from([0.0, 0.3382761351109955, 0.7]))
def test_suppression_is_dlibs_rule(candidates: list[Detection], limit: float) -> None:
    remaining, expected = sorted(candidates, key=lambda found: -found.score), []
    while remaining:
        best = remaining.pop(0)
        expected.append(best)
        remaining = [other for other in remaining if overlap(best.box, other.box) <= limit]
    assert suppress(candidates, limit) == expected


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 1700), st.integers(1, 1700), st.integers(0, 2**31))
def test_boxes_have_a_size_wherever_they_are(height: int, width: int, seed: int) -> None:
    image = grey(height, width)
    generator = np.random.default_rng(seed)
    y, x = int(generator.integers(height)), int(generator.integers(width))
    image[y : y + 30, x : x + 30] = (255, 0, 0)
    for found in MmodDetector(FakeNetwork()).detect([image])[0]:
        assert found.box.width > 0
        assert found.box.height > 0
        assert found.score > 0
