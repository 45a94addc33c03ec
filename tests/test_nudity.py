"""nsfwjs on a network made up here, with the inputs and outputs that it documents; its own weights are not here."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import made_up_networks
from untag.engine.downloads.pull import NSFWJS
from untag.engine.runtime.models import ModelOptions
from untag.engine.runtime.session import Device, open_session
from untag.errors import ModelError
from untag.scenes import nudity
from untag.scenes.nudity import NudityModel, load_nudity, nsfwjs_input


def model(data: bytes) -> NudityModel:
    return NudityModel(open_session(data, device=Device.CPU, threads=1))


def plain(*colour: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.full((224, 224, 3), colour, np.uint8)


def test_nudity_is_what_is_pornographic_and_not_what_is_suggestive() -> None:
    found = model(made_up_networks.nudity_classifier()).classify(
        np.stack([plain(255, 0, 0), plain(0, 255, 0), plain(0, 0, 255)])
    )
    assert [round(scores.scores["nudity"]) for scores in found] == [1, 0, 0]
    assert found[0].evidence["nudity"] == ("porn",)
    assert found[2].evidence["nudity"] == ()
    assert {scores.model for scores in found} == {nudity.MODEL_ID}


def test_colours_go_in_from_0_to_1() -> None:
    (found,) = model(made_up_networks.nudity_classifier()).classify(plain(255, 255, 255)[np.newaxis])
    # Equal logits of 8 for porn, neutral and sexy, 0 for the others.
    porn, none = np.exp(8), 1.0
    assert found.scores["nudity"] == pytest.approx((porn + none) / (3 * porn + 2 * none), abs=1e-5)


def test_a_photo_is_sampled_from_corner_to_corner() -> None:
    ramp = np.repeat(np.arange(0, 224, dtype=np.uint8)[np.newaxis, :, np.newaxis], 3, axis=2).repeat(50, axis=0)
    assert (nsfwjs_input(ramp) == np.arange(224)[np.newaxis, :, np.newaxis]).all()
    corners = nsfwjs_input(np.arange(12, dtype=np.uint8).reshape(2, 2, 3))[[0, 0, -1, -1], [0, -1, 0, -1]]
    assert corners.reshape(-1).tolist() == list(range(12))


@pytest.mark.parametrize("size", [(1, 1), (1, 900), (1600, 2)])
def test_a_photo_of_any_size_can_be_prepared(size: tuple[int, int]) -> None:
    assert (nsfwjs_input(np.full((*size, 3), 77, np.uint8)) == plain(77, 77, 77)).all()


@pytest.mark.parametrize("shape", [("N", 3, 224, 224), ("N", 299, 299, 3), (8, 224, 224, 3)])
def test_a_graph_that_takes_something_else_is_refused(shape: tuple[int | str, ...]) -> None:
    with pytest.raises(ModelError, match="channels last"):
        model(made_up_networks.nudity_classifier(shape))


def test_what_is_no_probability_is_refused() -> None:
    with pytest.raises(ModelError, match="not 5 probabilities"):
        model(made_up_networks.nudity_classifier(softmax=False))


def test_it_is_loaded_from_where_it_was_pulled_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    options = ModelOptions(tmp_path, Device.CPU, 1)
    with pytest.raises(ModelError, match="run: untag models pull nsfwjs"):
        load_nudity(options)
    weights = made_up_networks.put(tmp_path, NSFWJS, made_up_networks.nudity_classifier())
    monkeypatch.setattr("untag.scenes.nudity.NSFWJS", weights)
    assert load_nudity(options).classify(np.zeros((0, 224, 224, 3), np.uint8)) == []
