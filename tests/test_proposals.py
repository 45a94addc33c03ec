"""The proposal network: its graph against its parameters, what it proposes, and that no face is lost by it."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

import real_dlib
from fakes import damage_assets
from made_up_faces import drawn_face
from untag.engine.runtime.models import ModelOptions
from untag.engine.runtime.session import Device, open_session
from untag.engine.weights.proposal_graph import LARGEST, SMALLEST, STRIDE, build_proposal_network
from untag.errors import ModelError
from untag.faces.detect import MmodDetector, MmodOptions
from untag.faces.dlib_engine import load_dlib_engine
from untag.faces.proposals import DEFAULT_PROPOSALS, ProposalNetwork
from untag.support.assets import read_asset
from untag.types import Pixels


@pytest.fixture(scope="module")
def proposals() -> ProposalNetwork:
    return ProposalNetwork(open_session(build_proposal_network(read_asset("face_proposals.npz")), device=Device.CPU))


class OneCell:
    """A session that lights up one cell of the first image of every size."""

    def __init__(self, row: int, column: int, size: float) -> None:
        self.row, self.column, self.size = row, column, size

    def run(self, feeds: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
        count, height, width, _ = feeds["images"].shape
        assert height % STRIDE == width % STRIDE == 0
        cells = np.zeros((count, 4, height // STRIDE, width // STRIDE), np.float32)
        cells[:, 0] = -10
        if self.row < cells.shape[2] and self.column < cells.shape[3]:
            cells[:, 0, self.row, self.column] = 3
            cells[:, 1, self.row, self.column] = self.size
        return [cells]


def with_face(side: int, face: int, left: int, top: int) -> Pixels:
    """A grey picture with a made-up face of about `face` pixels, in a patch twice as large at `left`, `top`."""
    picture = np.full((side, side, 3), 128, np.uint8)
    drawn = np.asarray(cv2.resize(drawn_face(), (face * 2, face * 2), interpolation=cv2.INTER_AREA), np.uint8)
    picture[top : top + face * 2, left : left + face * 2] = drawn
    return picture


def test_a_cell_becomes_a_place_and_a_size_in_the_image() -> None:
    image = np.zeros((600, 800, 3), np.uint8)
    (found,) = ProposalNetwork(OneCell(3, 5, 0.0)).candidates([image])
    scale = SMALLEST / DEFAULT_PROPOSALS.smallest
    # One candidate for each octave in which the cell exists: each twice as far from the corner and twice as large.
    nearest = min(found, key=lambda candidate: candidate.size)
    assert nearest.x == pytest.approx(5.5 * STRIDE / scale)
    assert nearest.y == pytest.approx(3.5 * STRIDE / scale)
    assert nearest.size == pytest.approx((SMALLEST * LARGEST) ** 0.5 / scale)
    assert 0.9 < nearest.confidence < 1


def test_the_octaves_reach_from_the_smallest_face_to_the_share_of_the_image() -> None:
    sizes = []

    class Sizes:
        def run(self, feeds: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
            count, height, width, _ = feeds["images"].shape
            sizes.append(max(height, width))
            return [np.full((count, 4, height // STRIDE, width // STRIDE), -10, np.float32)]

    ProposalNetwork(Sizes()).candidates([np.zeros((1200, 1600, 3), np.uint8)])
    scales = sorted(size / 1600 for size in sizes)
    assert SMALLEST / scales[-1] == pytest.approx(DEFAULT_PROPOSALS.smallest, rel=0.02)
    assert LARGEST / scales[0] >= DEFAULT_PROPOSALS.largest_share * 1600
    assert all(LARGEST / big > SMALLEST / small for small, big in pairwise(scales))


@pytest.mark.parametrize("shape", [(1, 1, 3), (3, 900, 3), (60, 1200, 3), (8, 8, 3)])
def test_pictures_of_every_shape(proposals: ProposalNetwork, shape: tuple[int, int, int]) -> None:
    assert len(proposals.candidates([np.full(shape, 90, np.uint8)])) == 1


def test_no_pictures(proposals: ProposalNetwork) -> None:
    assert proposals.candidates([]) == []


@pytest.mark.parametrize(("face", "left", "top"), [(40, 30, 50), (60, 500, 80), (90, 200, 400)])
def test_the_network_proposes_a_face_and_the_detector_confirms_it(
    proposals: ProposalNetwork, face: int, left: int, top: int
) -> None:
    picture = with_face(700, face, left, top)
    session = real_dlib.detector()
    (found,) = MmodDetector(session, proposals=proposals).detect([picture])
    assert len(found) == 1
    box = found[0].box
    assert left < (box.left + box.right) / 2 < left + 2 * face
    assert top < (box.top + box.bottom) / 2 < top + 2 * face


def test_several_pictures_at_once_are_searched_as_each_alone(proposals: ProposalNetwork) -> None:
    pictures = [with_face(700, 60, 300, 80), np.full((500, 400, 3), 90, np.uint8), with_face(420, 40, 10, 200)]
    detector = MmodDetector(real_dlib.detector(), proposals=proposals)
    together = detector.detect(pictures)
    alone = [detector.detect([picture])[0] for picture in pictures]
    assert [len(found) for found in together] == [len(found) for found in alone] == [1, 0, 1]
    for ours, theirs in zip(together, alone, strict=True):
        for one, other in zip(ours, theirs, strict=True):
            assert one.box == other.box
            assert one.score == pytest.approx(other.score, abs=1e-4)


def test_a_small_face_in_a_huge_picture_is_found_in_parts_of_bounded_size(proposals: ProposalNetwork) -> None:
    shapes: list[tuple[int, ...]] = []

    class Watched:
        def run(self, feeds: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
            shapes.append(feeds["images"].shape)
            return session.run(feeds)

    session = open_session(build_proposal_network(read_asset("face_proposals.npz")), device=Device.CPU)
    picture = with_face(2600, 40, 1500, 2400)  # in the overlap of two parts
    found = MmodDetector(real_dlib.detector(), proposals=ProposalNetwork(Watched())).detect_smaller(picture, 60)
    assert len(found) == 1
    box = found[0].box
    assert 1500 < (box.left + box.right) / 2 < 1580
    assert 2400 < (box.top + box.bottom) / 2 < 2480
    again = MmodDetector(real_dlib.detector(), proposals=proposals).detect_smaller(picture, 60, found)
    assert again == []
    assert len(shapes) > 1
    assert max(height * width for _, height, width, _ in shapes) <= 1600**2


def test_a_face_below_the_smallest_that_the_network_knows_is_confirmed_at_a_finer_scale(
    proposals: ProposalNetwork,
) -> None:
    picture = with_face(700, 20, 300, 300)
    (found,) = MmodDetector(real_dlib.detector(), proposals=proposals).detect([picture])
    (without,) = MmodDetector(real_dlib.detector(), MmodOptions(small=0), proposals=proposals).detect([picture])
    assert (len(found), len(without)) == (1, 0)


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 not a zip", read_asset("face_proposals.npz")[:5000]])
def test_damaged_parameters(damage: bytes) -> None:
    with pytest.raises(ModelError, match=r"face_proposals\.npz"):
        build_proposal_network(damage)


def test_a_network_that_is_not_the_pinned_one_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    load_dlib_engine(ModelOptions(tmp_path, Device.CPU, threads=1))
    damage_assets(monkeypatch.setattr, tmp_path / "installed")
    with pytest.raises(ModelError, match=r"face_proposals\.npz is damaged"):
        load_dlib_engine(ModelOptions(tmp_path, Device.CPU, threads=1))
