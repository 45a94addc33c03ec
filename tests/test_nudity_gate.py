"""Which photos open_nsfw is spared, and the reduced photo that all scene models take theirs from."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest

from untag.engine.weights.efficientnet import FEATURES
from untag.errors import ModelError
from untag.scenes.categories import CATEGORIES, Category
from untag.scenes.closer import SIDE, reduced
from untag.scenes.installed import SceneModels
from untag.scenes.nudity_gate import NudityGate, load_nudity_gate, read_nudity_gate
from untag.types import Pixels, SceneScores


@dataclass
class Counting:
    """Gives the scores of its table by the first value of a photo, and notes which photos it saw."""

    id: str
    table: dict[int, dict[str, float]]
    only: frozenset[str] = frozenset()
    preferred: frozenset[str] = frozenset()
    saw: list[int] = field(default_factory=list)

    def judge(self, photos: Sequence[Pixels]) -> list[SceneScores]:
        values = [int(photo[0, 0, 0]) for photo in photos]
        self.saw += values
        return [SceneScores(self.table[value], dict.fromkeys(self.table[value], ()), self.id) for value in values]


def photo(value: int) -> Pixels:
    return np.full((6, 6, 3), value, np.uint8)


def test_a_model_is_spared_the_photos_that_are_judged_already() -> None:
    first = Counting("first", {1: {"alcohol": 0.1, "nudity": 0.02}, 2: {"alcohol": 0.2}, 3: {"alcohol": 0.3}})
    second = Counting("second", {value: {"nudity": 0.9} for value in (1, 2, 3)}, only=frozenset({"nudity"}))
    judged = SceneModels([first, second], {}).judge([photo(1), photo(2), photo(3)])
    assert second.saw == [2, 3]
    assert [each.scores["nudity"] for each in judged] == [0.02, 0.9, 0.9]
    assert [each.scores["alcohol"] for each in judged] == [0.1, 0.2, 0.3]


def test_a_model_that_sees_all_photos_and_is_preferred_overrules_the_guess() -> None:
    first = Counting("first", {1: {"nudity": 0.02}})
    pulled = Counting("pulled", {1: {"nudity": 0.7}}, preferred=frozenset({"nudity"}))
    assert SceneModels([first, pulled], {}).judge([photo(1)])[0].scores == {"nudity": 0.7}


def test_the_shipped_gate_lets_only_guesses_through_that_count_at_no_sensitivity() -> None:
    gate = load_nudity_gate()
    features = np.abs(np.random.default_rng(0).normal(0.3, 0.5, (200, FEATURES))).astype(np.float32)
    guesses = gate.unasked(features)
    assert len(guesses) == 200
    assert max(guess for guess in (*guesses, 0.0) if guess is not None) < CATEGORIES[Category.NUDITY].high / 2
    assert gate.asks_from < 0
    assert gate.unasked(np.zeros((0, FEATURES), np.float32)) == []


def test_the_gate_asks_from_its_guess_on() -> None:
    weights = np.zeros(FEATURES, np.float32)
    weights[3] = 1
    features = np.zeros((3, FEATURES), np.float32)
    features[:, 3] = (0.0, 1.0, 4.0)  # roots 0, 1, 2
    unasked = NudityGate(weights, -2.0, -1.0).unasked(features)
    assert unasked == [pytest.approx(1 / (1 + np.exp(2))), None, None]


@pytest.mark.parametrize("names", [(), ("weights", "bias"), ("weights", "bias", "asks_from")])
def test_another_file_is_no_gate(names: Sequence[str]) -> None:
    file = io.BytesIO()
    np.savez(file, allow_pickle=False, **{name: np.zeros(7, np.float32) for name in names})
    with pytest.raises(ModelError, match="install untag again"):
        read_nudity_gate(file.getvalue())
    with pytest.raises(ModelError, match="holds no gate"):
        read_nudity_gate(b"nothing")


@pytest.mark.parametrize(
    ("height", "width"),
    [(1200, 1600), (1067, 1600), (4000, 4000), (1, 1), (1, 900_000), (900, 1600), (480, 480), (1600, 400)],
)
def test_a_reduced_photo_is_as_large_as_the_closer_look_needs(height: int, width: int) -> None:
    whole = np.zeros((height, width, 3), np.uint8)
    whole[:, width // 2 :] = 200
    small = reduced(whole)
    rows, columns = small.shape[:2]
    assert rows * columns >= min(height * width, SIDE**2)
    assert columns / rows == pytest.approx(width / height, rel=0.01)
    assert small[:, : columns // 2 - 1].max(initial=0) == 0
    assert small[:, columns // 2 + 1 :].min(initial=200) == 200
    if height * width >= (2.5 * SIDE) ** 2 and min(height, width) > 2:
        assert rows * columns < height * width / 3
