"""The scene models that are installed, as one: what each gets, who judges what, and from which score it counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from fakes import ME, Untag, paint
from untag.engine.downloads.pull import DOWNLOAD_SETS
from untag.engine.runtime.models import ModelOptions
from untag.errors import UsageError
from untag.scenes.categories import AVAILABLE, CATEGORIES, Category
from untag.scenes.classify import MODEL_ID
from untag.scenes.installed import SceneModels, installed_thresholds, load_scene_models
from untag.scenes.prompts import ASKED
from untag.types import Pixels, SceneScores, Spot, Vector


@dataclass
class Fake:
    """Gives the scores that it was made with, times the first value of the photo."""

    id: str
    scores: Mapping[str, float]
    preferred: frozenset[str] = frozenset()
    vector: Vector | None = None
    only: frozenset[str] = frozenset()

    def judge(self, photos: Sequence[Pixels]) -> list[SceneScores]:
        return [
            SceneScores(
                {name: score * int(photo[0, 0, 0]) for name, score in self.scores.items()},
                dict.fromkeys(self.scores, (self.id,)),
                self.id,
                {name: Spot(0.1, 0.3) for name in self.scores if name == "weapon" and self.id == "first"},
                self.vector,
                "" if self.vector is None else f"space of {self.id}",
            )
            for photo in photos
        ]


def photo(value: int) -> Pixels:
    return np.full((5, 9, 3), value, np.uint8)


def test_the_first_model_that_can_judge_a_category_does() -> None:
    models = SceneModels([Fake("first", {"weapon": 0.1}), Fake("second", {"alcohol": 0.2, "weapon": 0.3})], {})
    assert models.id == "first+second"
    one, two = models.judge([photo(1), photo(2)])
    assert list(one.scores.items()) == [("alcohol", 0.2), ("weapon", 0.1)]
    assert {type(name) for name in one.scores} == {str}  # as a scene model by itself gives them
    assert dict(two.scores) == {"alcohol": 0.4, "weapon": 0.2}
    assert one.evidence == {"alcohol": ("second",), "weapon": ("first",)}
    assert {one.model, two.model} == {"first+second"}
    assert models.judge([]) == []


def test_what_a_photo_shows_is_said_by_the_one_model_that_can() -> None:
    shown = np.ones(384, np.float32)
    models = SceneModels([Fake("first", {"weapon": 0.1}, vector=shown), Fake("second", {"alcohol": 0.2})], {})
    (one,) = models.judge([photo(1)])
    assert one.vector is shown
    assert one.space == "space of first"
    assert SceneModels([Fake("second", {"alcohol": 0.2})], {}).judge([photo(1)])[0].vector is None


def test_what_a_model_is_preferred_for_it_judges() -> None:
    first = Fake("first", {"weapon": 0.1, "smoking": 0.3})
    words = Fake("words", {"weapon": 0.2, "smoking": 0.4}, frozenset({"smoking"}))
    models = SceneModels([first, words], {})
    (one,) = models.judge([photo(1)])
    assert dict(one.scores) == {"weapon": 0.1, "smoking": 0.4}
    assert one.evidence == {"weapon": ("first",), "smoking": ("words",)}
    assert one.spots == {"weapon": Spot(0.1, 0.3)}


def pull(home: Path, name: str) -> None:
    for weights in DOWNLOAD_SETS[name]:
        weights.path(home).parent.mkdir(exist_ok=True)
        weights.path(home).write_bytes(b"as if")


def test_what_is_pulled_can_be_judged_and_changes_nothing_else(tmp_path: Path) -> None:
    embedded = installed_thresholds(tmp_path)
    assert embedded == {name: CATEGORIES[name].threshold for name in AVAILABLE}
    assert embedded["nudity"] == 0.8
    pull(tmp_path, "nsfwjs")
    assert installed_thresholds(tmp_path) == {**embedded, "nudity": 0.5}
    pull(tmp_path, "clip")
    everything = installed_thresholds(tmp_path)
    assert set(ASKED) <= set(everything)
    assert {name: everything[name] for name in embedded} == {**embedded, "nudity": 0.5}
    assert everything["nudity"] == 0.5
    assert everything["swimwear"] == 0.9


def test_thresholds_are_those_of_the_users_prompts(tmp_path: Path) -> None:
    (tmp_path / "prompts.toml").write_text('[swimwear]\nprompts = ["a sea"]\nthreshold = 0.3\n')
    assert "swimwear" not in installed_thresholds(tmp_path)
    pull(tmp_path, "clip")
    assert installed_thresholds(tmp_path)["swimwear"] == 0.3
    (tmp_path / "prompts.toml").write_text("[drugs\n")
    with pytest.raises(UsageError, match="line 1"):
        installed_thresholds(tmp_path)


def test_what_the_user_puts_into_words_counts_as_they_say(untag: Untag) -> None:
    untag.home.mkdir()
    (untag.home / "prompts.toml").write_text('[smoking]\nprompts = ["a cigarette"]\nthreshold = 0.7\n')
    assert installed_thresholds(untag.home)["smoking"] == CATEGORIES[Category.SMOKING].threshold
    assert "in your own words" not in untag.run("categories").out
    pull(untag.home, "clip")
    assert installed_thresholds(untag.home)["smoking"] == 0.7
    assert installed_thresholds(untag.home)["alcohol"] == CATEGORIES[Category.ALCOHOL].threshold
    assert "smoking     counts from 70%  experimental: CLIP, in your own words" in untag.run("categories").out


def test_measured_models_judge_before_those_that_were_pulled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    everywhere = {"nudity": 0.001, "swimwear": 0.002}
    monkeypatch.setattr("untag.scenes.classify.load_classifier", lambda _: Fake(MODEL_ID, {}))
    monkeypatch.setattr("untag.scenes.open_nsfw.load_open_nsfw", lambda _: Fake("open", {"nudity": 0.001}))
    monkeypatch.setattr("untag.scenes.nudity.load_nudity", lambda _: Fake("nsfwjs", {"nudity": 0.003}))
    monkeypatch.setattr("untag.scenes.zero_shot.load_zero_shot", lambda _: Fake("clip", everywhere))
    assert load_scene_models(ModelOptions(tmp_path)).id == f"{MODEL_ID}+open"
    pull(tmp_path, "clip")
    assert load_scene_models(ModelOptions(tmp_path)).id == f"{MODEL_ID}+open+clip"
    pull(tmp_path, "nsfwjs")
    models = load_scene_models(ModelOptions(tmp_path))
    assert models.id == f"{MODEL_ID}+nsfwjs+clip"
    assert models.thresholds == installed_thresholds(tmp_path)


def test_a_scene_model_that_was_pulled_changes_what_counts_and_is_listed(untag: Untag) -> None:
    before = untag.run("categories").out
    assert "swimwear    unavailable" in before
    untag.home.mkdir()
    pull(untag.home, "clip")
    assert "swimwear    counts from 90%  experimental" in untag.run("categories").out
    (untag.home / "prompts.toml").write_text("[swimwear]\nprompts = 1\n")
    wrong = untag.run("categories")
    assert wrong.status == 2
    assert "prompts.toml: prompts must be a list of texts in quotes, not 1 (at line 2, column 1)" in wrong.err


def test_half_a_model_is_none(tmp_path: Path) -> None:
    pull(tmp_path, "clip")
    DOWNLOAD_SETS["clip"][1].path(tmp_path).unlink()
    assert "swimwear" not in installed_thresholds(tmp_path)


def test_a_wrong_file_of_prompts_keeps_nobody_from_deciding(untag: Untag) -> None:
    untag.enroll()
    untag.add("a.png", paint(ME, serial=1, alcohol=0.9))
    untag.scan()
    pull(untag.home, "clip")
    (untag.home / "prompts.toml").write_text("[swimwear]\nprompts = 1\n")
    assert untag.run("decide", "a.png", "--status", "keep").status == 0
    assert [row["status"] for row in untag.listed("--status", "keep")] == ["keep"]
    assert untag.run("decide", "a.png", "--undo").status == 0
