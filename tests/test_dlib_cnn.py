"""dlib's CNN detector, rebuilt: the same boxes to the pixel, and confidences within a thousandth."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import real_dlib
from made_up_faces import drawn_face
from untag.engine.downloads import registry
from untag.engine.runtime.session import Device, open_session
from untag.engine.weights.dlib_graphs import build_canvas_detector
from untag.engine.weights.dlib_weights import read_layers
from untag.faces.dlib_detector import DlibDetection, DlibDetector
from untag.faces.dlib_pyramid import doubled, half_away, lay_out, undoubled
from untag.imaging.decode import decode
from untag.types import Box, Pixels

GOLDEN = Path(__file__).parent / "golden" / "dlib_faces.npz"
CLOSE = 1e-3

LAYOUTS = {
    (12, 100): (103, 122, "11,11,100,12 11,33,83,10 11,53,69,8 11,71,57,6 11,87,47,5"),
    (480, 640): (
        1782,
        662,
        "11,11,640,480 11,501,533,400 11,911,444,333 11,1254,370,277 11,1541,308,230 395,1580,256,191 438,1411,213,159",
    ),
}
"""What dlib's compute_tiled_image_pyramid_details answers for (height, width): the canvas, and the first tiles."""


@cache
def detector(strip_pixels: int = 4_000_000) -> DlibDetector:
    graph = build_canvas_detector(read_layers(registry.DLIB_DETECTOR.read()))
    return DlibDetector(open_session(graph, device=Device.CPU), strip_pixels)


def found(image: Pixels, doublings: int) -> list[DlibDetection]:
    return detector().detect([image], doublings)[0]


def assert_equal_to_dlib(image: Pixels, doublings: int) -> int:
    """How many faces there are."""
    theirs = real_dlib.reference_detector()(image, doublings)
    ours = found(image, doublings)
    edges = [(one.box.left, one.box.top, one.box.right, one.box.bottom) for one in ours]
    assert edges == [(one.rect.left(), one.rect.top(), one.rect.right(), one.rect.bottom()) for one in theirs]
    np.testing.assert_allclose([one.confidence for one in ours], [one.confidence for one in theirs], rtol=0, atol=CLOSE)
    return len(ours)


def scene(seed: int, reduced: int = 1) -> Pixels:
    """Drawn faces of many sizes, cut off by the edges too, on a coarse background of any shape."""
    generator = np.random.default_rng(seed)
    height, width = (int(side) // reduced for side in generator.integers(90, 420, 2))
    coarse = generator.integers(0, 256, (5, 4, 3), dtype=np.uint8)
    image = np.array(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)
    for _ in range(3):
        side = int(generator.integers(50, 330)) // reduced
        face = cv2.resize(drawn_face(), (side, side), interpolation=cv2.INTER_AREA)
        top, left = (int(generator.integers(-side // 4, extent)) for extent in (height, width))
        rows = slice(max(top, 0), min(top + side, height))
        columns = slice(max(left, 0), min(left + side, width))
        image[rows, columns] = face[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
    return image


def test_the_drawn_face_is_where_dlib_found_it() -> None:
    with np.load(GOLDEN, allow_pickle=False) as golden:
        boxes, scores = golden["boxes"], golden["scores"]
    (one,) = found(drawn_face(), 1)
    # The golden boxes end after their last pixel.
    np.testing.assert_array_equal(
        [(one.box.left, one.box.top, one.box.right + 1, one.box.bottom + 1)], boxes.astype(int)
    )
    assert one.confidence == pytest.approx(float(scores[0]), abs=CLOSE)


@pytest.mark.parametrize("doublings", [0, 1, 2])
def test_scenes_have_the_faces_of_dlib(doublings: int) -> None:
    assert sum(assert_equal_to_dlib(scene(seed, 2**doublings), doublings) for seed in range(4)) >= 2


def test_photos_have_the_faces_of_dlib(shared: Path) -> None:
    """Over all photos of that folder: `python -m benchmarks.drop_in`."""
    faces = 0
    for index, photo in enumerate(sorted((shared / "data" / "faces").rglob("*.jpg"))[::30]):
        doublings = index % 2
        image = decode(photo.read_bytes(), max_side=300 if doublings else 600).pixels
        faces += assert_equal_to_dlib(image, doublings)
    assert faces >= 3


def test_images_of_one_size_can_be_searched_together() -> None:
    first, second = drawn_face(), np.ascontiguousarray(drawn_face()[:, ::-1])
    together = detector().detect([first, second], 0)
    assert together == [found(first, 0), found(second, 0)]
    assert together[0] != together[1]


def test_strips_give_the_scores_of_the_whole_canvas() -> None:
    image = scene(4, 2)
    whole = found(image, 1)
    assert whole
    for strip_pixels in (1, 60_000):
        (stripped,) = detector(strip_pixels).detect([image], 1)
        assert [one.box for one in stripped] == [one.box for one in whole]
        np.testing.assert_allclose([one.confidence for one in stripped], [one.confidence for one in whole], atol=1e-5)


@pytest.mark.parametrize("shape", [(1, 1), (3, 200), (200, 3), (9, 9), (4, 4)])
def test_images_too_small_for_a_face_have_none(shape: tuple[int, int]) -> None:
    assert found(np.full((*shape, 3), 90, np.uint8), 0) == []


@pytest.mark.parametrize("shape", [(37, 53), (60, 71), (9, 400)])
def test_doubled_images_are_those_of_dlib_to_the_bit(shape: tuple[int, int]) -> None:
    dlib = real_dlib.reference()
    noise = np.random.default_rng(1).integers(0, 256, (*shape, 3), dtype=np.uint8)
    # Where all is one colour, the last bit of a sum decides between two grey levels.
    for image in (noise, np.full((*shape, 3), 90, np.uint8)):
        ours = doubled(image)
        assert ours.shape == (2 * shape[0] + 1, 2 * shape[1] + 2, 3)
        np.testing.assert_array_equal(ours, dlib.resize_image(image, *ours.shape[:2]))


@pytest.mark.parametrize(("size", "expected"), LAYOUTS.items())
def test_layouts_are_those_of_dlib(size: tuple[int, int], expected: tuple[int, int, str]) -> None:
    height, width, tiles = expected
    layout = lay_out(*size)
    assert (layout.height, layout.width) == (height, width)
    described = [f"{one.left},{one.top},{one.width},{one.height}" for one in layout.tiles]
    assert described[: len(tiles.split())] == tiles.split()


@given(st.integers(10, 3000), st.integers(10, 3000))
def test_levels_lie_on_the_canvas_beside_the_image(height: int, width: int) -> None:
    layout = lay_out(height, width)
    for tile in layout.tiles:
        assert 0 <= tile.left <= tile.left + tile.width <= layout.width
        assert 0 <= tile.top <= tile.top + tile.height <= layout.height
    assert not any(tile.meets(layout.tiles[0]) for tile in layout.tiles[1:])


@settings(max_examples=50)
@given(st.floats(-500, 500), st.integers(0, 3))
def test_rectangles_are_rounded_as_dlib_rounds(value: float, times: int) -> None:
    assert abs(half_away(value) - value) <= 0.5
    assert half_away(-value) == -half_away(value)
    box = undoubled(Box(100, 200, 300, 400), times)
    assert box.right - box.left in {200 // 2**times, 200 // 2**times + 1}


def test_halves_are_rounded_away_from_zero() -> None:
    assert [half_away(value) for value in (0.5, -0.5, 1.5, 2.5, -2.5, 2.4)] == [1, -1, 2, 3, -3, 2]
