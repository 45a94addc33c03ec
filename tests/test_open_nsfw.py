"""open_nsfw: what goes in, what comes out, and that none of its package's code is run."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from golden_images import golden_images
from untag.engine.runtime.models import ModelOptions
from untag.engine.runtime.session import Device
from untag.errors import ModelError
from untag.scenes.open_nsfw import SIDE, OpenNsfw, load_open_nsfw, open_nsfw_input
from untag.types import Pixels


@dataclass
class Answers:
    """A session that says the same of every photo."""

    rows: list[float]
    shape: tuple[int | None, ...] = (None, SIDE, SIDE, 3)
    device: Device = Device.CPU

    @property
    def inputs(self) -> dict[str, tuple[int | None, ...]]:
        return {"input:0": self.shape}

    def run(self, feeds: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
        (fed,) = feeds.values()
        assert fed.shape[1:] == (SIDE, SIDE, 3)
        assert fed.dtype == np.float32
        return [np.array([self.rows] * len(fed), np.float32)]


def model(session: Answers) -> OpenNsfw:
    return OpenNsfw(session)  # type: ignore[arg-type]  # an OrtSession as far as it is used


def view(*colour: int) -> Pixels:
    return np.full((90, 120, 3), colour, np.uint8)


def test_the_second_probability_is_that_of_nudity() -> None:
    one, two = model(Answers([0.1, 0.9])).judge([view(0, 0, 0), view(1, 1, 1)])
    assert one.scores == {"nudity": pytest.approx(0.9)}
    assert one.evidence["nudity"]
    assert two.scores == one.scores
    (unlikely,) = model(Answers([0.97, 0.03])).judge([view(0, 0, 0)])
    assert unlikely.evidence["nudity"] == ()
    assert model(Answers([0.1, 0.9])).judge([]) == []


@pytest.mark.parametrize("rows", [[0.5], [0.5, 0.9], [0.2, 0.3, 0.5]], ids=["one", "no probabilities", "three"])
def test_another_network_is_refused(rows: list[float]) -> None:
    with pytest.raises(ModelError, match="two probabilities"):
        model(Answers(rows))


def test_another_input_is_refused() -> None:
    with pytest.raises(ModelError, match="channels last"):
        model(Answers([0.5, 0.5], (None, 3, SIDE, SIDE)))


def test_a_photo_goes_in_as_blue_green_red_less_the_mean() -> None:
    prepared = open_nsfw_input(np.full((300, 500, 3), (200, 100, 50), np.uint8))
    assert prepared.shape == (SIDE, SIDE, 3)
    np.testing.assert_allclose(prepared.mean(axis=(0, 1)), [50 - 104, 100 - 117, 200 - 123], atol=2.5)


def test_the_published_weights_see_nothing_in_made_up_patterns(tmp_path: Path) -> None:
    found = load_open_nsfw(ModelOptions(tmp_path, Device.CPU, threads=1)).judge(list(golden_images()))
    assert all(0 <= scores.scores["nudity"] < 0.8 for scores in found)
    assert len({round(scores.scores["nudity"], 6) for scores in found}) > 1


def test_no_code_of_the_package_is_run(tmp_path: Path) -> None:
    program = (
        "import sys\nfrom pathlib import Path\nimport numpy as np\n"
        "from untag.engine.runtime.models import ModelOptions\n"
        "from untag.scenes.open_nsfw import load_open_nsfw\n"
        f"load_open_nsfw(ModelOptions(Path({str(tmp_path)!r}))).judge([np.zeros((9, 9, 3), np.uint8)])\n"
        "assert not [name for name in sys.modules if name.startswith('opennsfw')]\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
