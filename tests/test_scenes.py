"""Categories, preparation of photos, and scores: with a session that answers what the test says, and the real one."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import FrozenInstanceError, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from fakes import damage_assets
from golden_images import golden_images
from untag.engine.downloads.registry import EFFICIENTNET_LITE2
from untag.engine.runtime.session import Device, open_session
from untag.engine.weights.efficientnet import CLASSES, DETAILS, FEATURES, INPUT_SIZE, window_classes_from_weights
from untag.errors import ModelError
from untag.evaluation.metrics import average_precision
from untag.imaging.decode import decode
from untag.imaging.limits import Limits
from untag.scenes.backbone import RANGES_SHA256, int8_graph_from_weights
from untag.scenes.categories import AVAILABLE, CATEGORIES, TOGETHER_PER_1000, Category, Sensitivity
from untag.scenes.classify import MODEL_ID, SceneClassifier, in_photo, scene_input
from untag.scenes.closer import SIDE, closer_input, resized
from untag.scenes.heads import (
    HEADS_SHA256,
    INPUTS,
    SEEN,
    CloserLook,
    Heads,
    class_strengths,
    head_inputs,
    load_heads,
    named_odds,
    pooled,
    read_heads,
    strongest,
)
from untag.scenes.photo import of_photo
from untag.scenes.space import SEEN_BY_SPACE, SPACE_ID, WIDTH, Space, load_space
from untag.types import Frame, Pixels, SceneScores, Spot

SHARED = Path(__file__).parent.parent.parent / "shared" / "data"
ORDER = "alcohol party bar smoking drugs weapon gambling swimwear nudity crowd gesture document injury text location"


@dataclass
class FakeSession:
    """Answers with given probabilities and features, whatever it is shown, and remembers the feeds."""

    probabilities: NDArray[np.float64]
    features: NDArray[np.float32]
    maps: NDArray[np.float32] = field(default_factory=lambda: np.zeros((1, FEATURES, 10, 10), np.float32))
    fed: list[Mapping[str, NDArray[Any]]] = field(default_factory=list)

    def run(self, feeds: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
        self.fed.append(feeds)
        # Any constant added to the logarithms is the same distribution; this one overflows a naive softmax.
        logits = np.log(self.probabilities).astype(np.float32) + np.float32(500)
        maps = np.broadcast_to(self.maps, (len(self.features), *self.maps.shape[1:]))
        pooled = [self.features[:, :FEATURES], self.features[:, FEATURES:]]
        return [logits, *pooled, maps, pooled[0]]


class NoClasses:
    """Names nothing in any window."""

    def run(self, feeds: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
        return [np.zeros((len(feeds["images"]), CLASSES), np.float32)]


HEADS = Heads(
    ("alcohol", "weapon"),
    first=np.eye(INPUTS, 2, dtype=np.float32),
    first_biases=np.array([-1, 0], np.float32),
    gates=np.full(2, 2, np.float32),
    whole=np.zeros((INPUTS, 2), np.float32),
    closer=np.zeros((SEEN, 2), np.float32),
    windows=np.eye(FEATURES, 2, dtype=np.float32),
    strength=np.eye(2, dtype=np.float32),
    odds=np.zeros((2, 2), np.float32),
    kinds=np.zeros((1000, 2), np.float32),
    biases=np.zeros(2, np.float32),
)
"""The first feature of the photo is the logit of alcohol plus one, the second that of weapon. The gates let none pass.
At the closer look it is the first feature, and the second, of the windows."""

SPACE = Space(
    np.zeros(SEEN_BY_SPACE, np.float32),
    np.ones(SEEN_BY_SPACE, np.float32),
    np.eye(SEEN_BY_SPACE, 1024, dtype=np.float32),
    np.zeros(1024, np.float32),
    np.eye(1024, WIDTH, dtype=np.float32),
    np.zeros(WIDTH, np.float32),
    np.zeros(WIDTH, np.float32),
    np.eye(WIDTH, dtype=np.float32),
)
"""Vectors are the roots of the first 384 features, at length 1."""


def distribution(**classes: float) -> NDArray[np.float64]:
    """(1, 1000) probabilities: c440=0.3 gives class 440 three tenths, all classes not named share the rest."""
    named = {int(name[1:]): value for name, value in classes.items()}
    result = np.full(CLASSES, (1 - sum(named.values())) / (CLASSES - len(named)))
    for index, value in named.items():
        result[index] = value
    return result[None]


def features(*rows: tuple[float, float]) -> NDArray[np.float32]:
    """Features of which all but the first two are 0."""
    return np.pad(np.array(rows, np.float32), ((0, 0), (0, FEATURES + DETAILS - 2)))


def photos(count: int = 1) -> list[Pixels]:
    return [np.zeros((INPUT_SIZE, INPUT_SIZE, 3), np.uint8)] * count


def classifier_of(session: FakeSession) -> SceneClassifier:
    return SceneClassifier(session, NoClasses(), HEADS, SPACE)


def judge(alcohol: float, **classes: float) -> tuple[Mapping[str, float], Mapping[str, tuple[str, ...]]]:
    """The scores and the evidence for a photo with this feature for alcohol."""
    session = FakeSession(distribution(**classes), features((alcohol, -9)))
    result = classifier_of(session).judge(photos())[0]
    return result.scores, result.evidence


def test_categories_are_complete_and_in_the_documented_order() -> None:
    assert [category.value for category in Category] == ORDER.split()
    assert list(CATEGORIES) == list(Category)


def test_the_table_is_sound_and_frozen() -> None:
    indices = [item.index for spec in CATEGORIES.values() for item in spec.classes]
    assert len(indices) == len(set(indices))
    assert all(0 <= index < CLASSES for index in indices)
    assert [category for category in Category if CATEGORIES[category].available] == list(AVAILABLE)
    assert all(spec.impression for spec in CATEGORIES.values() if spec.available)
    with pytest.raises(FrozenInstanceError):
        CATEGORIES[Category.ALCOHOL].threshold = 0.2  # type: ignore[misc]
    with pytest.raises(TypeError):
        CATEGORIES[Category.PARTY] = CATEGORIES[Category.ALCOHOL]  # type: ignore[index]


def test_all_categories_together_raise_at_most_ten_false_alarms_in_a_thousand_photos() -> None:
    assert TOGETHER_PER_1000[Sensitivity.NORMAL] <= 10
    assert TOGETHER_PER_1000[Sensitivity.STRICT] <= 3
    assert TOGETHER_PER_1000[Sensitivity.HIGH] <= 30
    heads = [spec.false_alarms_per_1000 for name, spec in CATEGORIES.items() if name is not Category.NUDITY]
    assert sum(heads) >= TOGETHER_PER_1000[Sensitivity.NORMAL]  # a photo may be flagged twice, never less than once


def test_a_higher_sensitivity_never_shows_less() -> None:
    for spec in CATEGORIES.values():
        strict, normal, high = (spec.counts_from(sensitivity) for sensitivity in Sensitivity)
        assert strict >= normal >= high > 0


def test_the_shipped_heads_are_those_of_the_table() -> None:
    heads = load_heads()
    assert {*heads.categories, "nudity"} == {category.value for category in AVAILABLE}
    arrays = [getattr(heads, each.name) for each in fields(heads) if each.name != "categories"]
    assert all(np.isfinite(array).all() for array in arrays)
    edges = [CATEGORIES[Category(name)].high for name in heads.categories]
    assert (heads.gates < edges).all()  # what is not looked at closer must not count


def test_heads_that_are_not_the_pinned_ones_are_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    damage_assets(monkeypatch.setattr, tmp_path)
    with pytest.raises(ModelError, match="damaged"):
        load_heads()


def packed(**arrays: NDArray[Any]) -> bytes:
    file = io.BytesIO()
    np.savez(file, **arrays)  # type: ignore[arg-type]  # taken for allow_pickle
    return file.getvalue()


SOUND = {
    "categories": np.array(["bar"]),
    **{name: np.zeros((INPUTS, 1)) for name in ("first", "whole")},
    "closer": np.zeros((SEEN, 1)),
    "windows": np.zeros((FEATURES, 1)),
    "odds": np.zeros((2, 1)),
    "kinds": np.zeros((1000, 1)),
    "strength": np.zeros((1, 1)),
    **{name: np.zeros(1) for name in ("first_biases", "gates", "biases")},
}


def test_sound_heads_are_read() -> None:
    assert read_heads(packed(**SOUND)).categories == ("bar",)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no archive",
        packed(**{name: value for name, value in SOUND.items() if name != "categories"}),
        packed(**{name: value for name, value in SOUND.items() if name != "closer"}),
        packed(**{**SOUND, "whole": np.zeros((INPUTS, 2))}),
        packed(**{**SOUND, "windows": np.zeros((7, 1))}),
        packed(**{**SOUND, "gates": np.zeros(2)}),
        packed(**{**SOUND, "strength": np.zeros(1)}),
        packed(**{**SOUND, "categories": np.array(["bar"], object)}),
    ],
    ids=[
        "empty",
        "no archive",
        "no names",
        "no closer look",
        "too many columns",
        "other inputs",
        "another number",
        "nothing lent",
        "a pickle",
    ],
)
def test_other_bytes_are_no_heads(data: bytes) -> None:
    with pytest.raises(ModelError, match="heads"):
        read_heads(data)


def test_scores_are_the_logistic_function_of_the_head() -> None:
    scores, _ = judge(1.0)
    assert scores == {"alcohol": pytest.approx(0.5), "weapon": pytest.approx(1 / (1 + np.exp(9)))}
    assert judge(3.0)[0]["alcohol"] == pytest.approx(1 / (1 + np.exp(-2)))


def test_what_cannot_be_judged_is_absent_and_not_zero() -> None:
    scores, evidence = judge(0.0)
    assert set(scores) == set(evidence) == {"alcohol", "weapon"}


@given(st.floats(-1e4, 1e4), st.floats(-1e4, 1e4))
@settings(max_examples=30)
def test_more_of_a_feature_never_scores_less_and_nothing_overflows(left: float, right: float) -> None:
    low, high = sorted((left, right))
    assert 0 <= judge(low)[0]["alcohol"] <= judge(high)[0]["alcohol"] <= 1


def test_evidence_names_the_strongest_classes_first() -> None:
    _, evidence = judge(4.0, c572=0.2, c966=0.5, c440=0.05, c907=0.1)
    assert evidence["alcohol"] == ("red wine", "wine glass", "wine bottle")
    assert evidence["weapon"] == ()


def test_evidence_is_the_impression_where_no_class_is_seen() -> None:
    assert judge(4.0)[1]["alcohol"] == (CATEGORIES[Category.ALCOHOL].impression,)
    assert judge(-4.0, c440=0.9)[1]["alcohol"] == ()


def spots(alcohol: float, feature_map: NDArray[np.floating[Any]], **classes: float) -> Mapping[str, Spot]:
    """Where a photo shows what, whose cells (10, 10) contribute so much to alcohol."""
    maps = np.zeros((1, FEATURES, 10, 10), np.float32)
    maps[0, 0] = feature_map
    session = FakeSession(distribution(**classes), features((alcohol, -9)), maps)
    return classifier_of(session).judge(photos())[0].spots


@pytest.mark.parametrize(("row", "column"), [(2, 7), (7, 2), (5, 5), (0, 0), (0, 9), (9, 4), (9, 9)])
def test_a_thing_is_where_the_cells_around_speak_for_it_most(row: int, column: int) -> None:
    down, across = np.mgrid[:10, :10]
    contributions = 3.0 * np.exp(-((down - row) ** 2 + (across - column) ** 2) / 4)
    contributions[(row + 5) % 10, (column + 5) % 10] += 4  # one noisy cell, higher than any
    (spot,) = spots(4.0, contributions, c440=0.3).values()
    assert abs(spot.down - (row + 0.5) / 10) < 0.11
    assert abs(spot.across - (column + 0.5) / 10) < 0.11


def test_noise_is_not_drawn_to_the_edges() -> None:
    generator = np.random.default_rng(0)
    found = [spots(4.0, generator.normal(5, 1, (10, 10)), c440=0.3)["alcohol"] for _ in range(400)]
    edge = [min(spot.across, spot.down, 1 - spot.across, 1 - spot.down) < 0.1 for spot in found]
    assert np.mean(edge) < 0.36  # the share of the cells that lie there


def test_what_is_hardly_seen_or_only_an_impression_is_nowhere() -> None:
    blob = np.pad(np.ones((3, 3)), ((2, 5), (5, 2)))
    assert set(spots(4.0, blob, c440=0.3)) == {"alcohol"}
    assert spots(-4.0, blob, c440=0.3) == {}
    assert spots(4.0, blob) == {}


def test_only_things_are_somewhere() -> None:
    assert {name for name, spec in CATEGORIES.items() if spec.located} == {Category.ALCOHOL, Category.WEAPON}
    assert all(CATEGORIES[name].available for name in CATEGORIES if CATEGORIES[name].located)


@pytest.mark.parametrize(
    ("size", "spot", "whole"),
    [
        ((300, 300), (0.2, 0.9), (0.2, 0.9)),
        # Of 1600 x 400 the model sees the columns 400 to 1199.
        ((1600, 400), (0.0, 0.1), (0.25, 0.1)),
        ((1600, 400), (1.0, 0.1), (0.75, 0.1)),
        ((400, 1600), (0.3, 0.5), (0.3, 0.5)),
        ((400, 1600), (0.3, 0.0), (0.3, 0.25)),
    ],
)
def test_a_spot_in_the_whole_photo(
    size: tuple[int, int], spot: tuple[float, float], whole: tuple[float, float]
) -> None:
    found = in_photo(Spot(*spot), *size)
    assert (found.across, found.down) == pytest.approx(whole)


def test_spots_of_a_photo_are_in_the_whole_of_it() -> None:
    pixels = np.zeros((200, 800, 3), np.uint8)
    seen = SceneScores({"alcohol": 0.9}, {"alcohol": ("red wine",)}, "toy", {"alcohol": Spot(1.0, 0.1)})
    whole = of_photo(seen, Frame(pixels, width=1600, height=400, scale=0.5, has_place=True))
    assert whole.spots == {"alcohol": Spot(0.75, pytest.approx(0.1))}  # type: ignore[arg-type]
    assert whole.scores == {"alcohol": 0.9, "location": 1.0}


def test_a_batch_keeps_its_order() -> None:
    session = FakeSession(np.concatenate([distribution()] * 3), features((5, -5), (-5, 5), (-5, -5)))
    batch = np.random.default_rng(0).integers(0, 256, (3, INPUT_SIZE, INPUT_SIZE, 3), dtype=np.uint8)
    results = SceneClassifier(session, NoClasses(), HEADS, SPACE, at_once=3).judge(list(batch))
    assert [result.scores["alcohol"] > 0.5 for result in results] == [True, False, False]
    assert [result.scores["weapon"] > 0.5 for result in results] == [False, True, False]
    assert {result.model for result in results} == {MODEL_ID}
    np.testing.assert_array_equal(session.fed[0]["images"], batch)


def test_no_photos_need_no_inference() -> None:
    session = FakeSession(distribution(), features((0, 0)))
    assert classifier_of(session).judge([]) == []
    assert session.fed == []


def test_what_a_photo_shows_is_a_vector_of_the_shared_space() -> None:
    (result,) = classifier_of(FakeSession(distribution(), features((9, 16)))).judge(photos())
    assert result.vector is not None
    assert result.space == SPACE_ID
    np.testing.assert_allclose(result.vector[:3], [0.6, 0.8, 0], atol=1e-6)


class SidedSession:
    """Answers with how bright a picture is as the first feature, and with its brightest window at the closer look."""

    def __init__(self) -> None:
        self.shapes: list[tuple[int, ...]] = []

    def run(self, feeds: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
        pictures = feeds["images"]
        self.shapes.append(pictures.shape[:3])
        rows = np.zeros((len(pictures), FEATURES + DETAILS), np.float32)
        rows[:, 0] = pictures.mean(axis=(1, 2, 3)) / 255
        answer = FakeSession(np.concatenate([distribution()] * len(pictures)), rows).run(feeds)
        windows = np.zeros((2, FEATURES), np.float32)
        windows[:, 0] = pictures.min() / 255, pictures.max() / 255
        return [*answer[:4], windows]


def test_only_what_may_show_something_is_looked_at_closer_and_that_counts() -> None:
    dark, half = np.zeros((200, 400, 3), np.uint8), np.zeros((200, 400, 3), np.uint8)
    half[:, 200:] = 255
    gate = 1 / (1 + np.exp(0.7))  # the logit of alcohol is the brightness less one
    heads = replace(HEADS, gates=np.array([gate, 2], np.float32), windows=HEADS.windows * 4)
    session = SidedSession()
    classifier = SceneClassifier(session, NoClasses(), heads, SPACE)
    unseen, seen = (each.scores["alcohol"] for each in classifier.judge([dark, half]))
    assert unseen == pytest.approx(1 / (1 + np.exp(1)))
    assert np.log(seen / (1 - seen)) == pytest.approx(
        np.log((1 + np.exp(4)) / 2), abs=0.01
    )  # of a dark window and a bright one
    assert session.shapes == [*[(1, INPUT_SIZE, INPUT_SIZE)] * 2, (1, *closer_input(half).shape[:2])]
    together = SceneClassifier(SidedSession(), NoClasses(), heads, SPACE, at_once=64).judge([dark, half])
    assert [each.scores["alcohol"] for each in together] == pytest.approx([unseen, seen])


def test_one_window_is_enough_and_more_are_more() -> None:
    one, two, none = (np.array(logits, np.float32)[:, None] for logits in ([9, -9, -9, -9], [9, 9, -9, -9], [-9] * 4))
    assert pooled(none)[0] == pytest.approx(-9)
    assert pooled(one)[0] == pytest.approx(9 - np.log(4), abs=1e-3)
    assert pooled(two)[0] == pytest.approx(9 - np.log(2), abs=1e-3)
    assert np.isfinite(pooled(one * 1000)).all()


def test_what_is_named_in_the_strongest_three_windows_counts_or_in_all_there_are() -> None:
    odds = np.array([[1, 8], [9, 2], [4, 5], [2, -3]], np.float32)
    np.testing.assert_allclose(strongest(odds), [5, 5])
    np.testing.assert_allclose(strongest(odds[:1]), [1, 8])


def test_all_of_a_closer_look_counts() -> None:
    named = distribution(c441=0.5)
    look = CloserLook(
        np.eye(1, SEEN, 3, dtype=np.float32)[0],
        np.zeros((1, FEATURES), np.float32),
        np.log(named).astype(np.float32),
    )
    whole = np.eye(1, INPUTS, 7, dtype=np.float32)[0]
    heads = replace(
        HEADS,
        whole=np.eye(INPUTS, 2, -7, dtype=np.float32),
        closer=2 * np.eye(SEEN, 2, -3, dtype=np.float32),
        odds=np.array([[3, 0], [0, 0]], np.float32),
        kinds=5 * np.eye(1000, 2, -441, dtype=np.float32),
        biases=np.array([-4, -4], np.float32),
    )
    score = heads.scores(whole, look)[0]
    odds = np.log(0.5 / 0.5)
    assert np.log(score / (1 - score)) == pytest.approx(1 + 2 + 3 * odds + 5 * np.log(0.5) - 4, abs=0.05)


@pytest.mark.parametrize(("name", "column"), [("c441", 0), ("c764", 1), ("c499", 1), ("c623", 1), ("c7", None)])
def test_drinks_guns_and_knives_are_named_whatever_the_heads_learnt(name: str, column: int | None) -> None:
    odds = named_odds(np.log(distribution(**{name: 0.6})).astype(np.float32))[0]
    assert (odds > 0).tolist() == [column == 0, column == 1]


def test_how_surely_any_window_shows_a_class_is_the_mean_logarithm_of_the_strongest_three() -> None:
    windows = np.log(np.concatenate([distribution(c7=share) for share in (0.8, 0.02, 0.4, 0.2)])).astype(np.float32)
    windows += np.array([[0], [50], [-900], [9]], np.float32)  # what is added to all logits means nothing
    found = class_strengths(windows)
    assert found.shape == (1000,)
    assert found[7] == pytest.approx(np.log([0.8, 0.4, 0.2]).mean(), abs=1e-3)
    assert (np.delete(found, 7) >= np.float32(np.log(1e-4))).all()
    assert class_strengths(windows[:1])[7] == pytest.approx(np.log(0.8), abs=1e-3)


def test_a_category_lends_another_what_the_heads_say_and_not_the_other_way_round() -> None:
    windows = np.zeros((1, FEATURES), np.float32)
    windows[0, 0] = 3
    look = CloserLook(np.zeros(SEEN, np.float32), windows, np.zeros((1, 1000), np.float32))
    lending = replace(HEADS, strength=np.array([[1, 0.5], [0, 1]], np.float32))
    alcohol, weapon = lending.scores(np.zeros(INPUTS, np.float32), look)
    assert np.log([alcohol / (1 - alcohol), weapon / (1 - weapon)]) == pytest.approx([3, 1.5], abs=0.01)


@given(st.integers(1, 4000), st.integers(1, 4000))
@settings(max_examples=40, deadline=None)
def test_the_closer_look_takes_in_all_of_a_photo_in_its_own_proportions(height: int, width: int) -> None:
    photo = np.broadcast_to(np.uint8(77), (height, width, 3))
    rows, columns = closer_input(photo).shape[:2]
    assert rows % 32 == columns % 32 == 0
    assert 0.8 * SIDE**2 < rows * columns < 1.2 * SIDE**2
    if 1 / 3 < width / height < 3:
        assert columns / rows == pytest.approx(width / height, rel=0.2)


@pytest.mark.parametrize(("height", "width"), [(743, 800), (580, 580), (1150, 600), (400, 1200)])
def test_larger_photos_are_made_smaller_in_two_steps_much_as_in_one(height: int, width: int) -> None:
    coarse = np.random.default_rng(height).integers(0, 256, (height // 4, width // 4, 3), dtype=np.uint8)
    photo = np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)
    for rows, columns in ((320, 320), (320, 480)):
        at_once = cv2.resize(photo, (columns, rows), interpolation=cv2.INTER_AREA)
        apart = np.abs(resized(photo, rows, columns).astype(np.int64) - at_once)
        assert 0 < apart.mean() < 2.5
        assert abs(resized(photo, rows, columns).mean() - at_once.mean()) < 0.5


def test_what_is_many_times_smaller_is_averaged_at_once() -> None:
    fine = np.random.default_rng(1).integers(0, 2, (1400, 1400, 3), dtype=np.uint8) * 255
    np.testing.assert_array_equal(resized(fine, 320, 320), cv2.resize(fine, (320, 320), interpolation=cv2.INTER_AREA))


def test_scores_are_named_by_the_hashes_of_the_weights_and_the_heads() -> None:
    backbone = f"efficientnet-lite2@{EFFICIENTNET_LITE2.sha256[:12]}+{RANGES_SHA256[:8]}"
    assert MODEL_ID.startswith(f"{backbone}+{HEADS_SHA256[:8]}+")


@given(st.integers(1, 500), st.integers(1, 500))
@settings(max_examples=40, deadline=None)
def test_any_size_can_be_prepared(height: int, width: int) -> None:
    prepared = scene_input(np.full((height, width, 3), 77, np.uint8))
    assert prepared.shape == (INPUT_SIZE, INPUT_SIZE, 3)
    assert prepared.dtype == np.uint8
    assert (prepared == 77).all()


@pytest.mark.parametrize("shape", [(1, 1), (1, 4000), (4000, 1), (100, 2000), (2000, 100), (319, 321)])
def test_extreme_shapes_can_be_prepared(shape: tuple[int, int]) -> None:
    generator = np.random.default_rng(1)
    assert scene_input(generator.integers(0, 256, (*shape, 3), dtype=np.uint8)).shape == (INPUT_SIZE, INPUT_SIZE, 3)


def test_preparation_keeps_the_middle_and_the_short_side_whole() -> None:
    photo = np.zeros((400, 1600, 3), np.uint8)  # the geometric mean is 800: columns 400 to 1199 stay
    photo[:, 400:1200] = 100
    photo[:20] = 200
    prepared = scene_input(photo)
    assert (prepared[0] == 200).all()
    assert (prepared[100:] == 100).all()


def test_a_square_of_the_right_size_is_left_alone() -> None:
    image = np.random.default_rng(4).integers(0, 256, (INPUT_SIZE, INPUT_SIZE, 3), dtype=np.uint8)
    np.testing.assert_array_equal(scene_input(image), image)


def test_preparation_reads_views_and_changes_nothing() -> None:
    photo = np.random.default_rng(2).integers(0, 256, (90, 120, 3), dtype=np.uint8)
    before = photo.copy()
    np.testing.assert_array_equal(scene_input(photo[:, ::-1]), scene_input(np.ascontiguousarray(photo[:, ::-1])))
    np.testing.assert_array_equal(photo, before)


@pytest.mark.parametrize(
    "photo",
    [
        np.zeros((9, 9), np.uint8),
        np.zeros((9, 9, 4), np.uint8),
        np.zeros((0, 9, 3), np.uint8),
        np.zeros((9, 9, 3), np.float32),
    ],
)
def test_what_is_no_photo_is_refused(photo: NDArray[Any]) -> None:
    with pytest.raises(ValueError, match="a photo is"):
        scene_input(photo)


@pytest.fixture(scope="module")
def classifier() -> SceneClassifier:
    weights = EFFICIENTNET_LITE2.read()
    graphs = int8_graph_from_weights(weights), window_classes_from_weights(weights)
    network, classes = (open_session(graph, device=Device.CPU, threads=2) for graph in graphs)
    return SceneClassifier(network, classes, load_heads(), load_space())


def flagged(result: SceneScores) -> set[str]:
    return {name for name, score in result.scores.items() if score >= CATEGORIES[Category(name)].threshold}


def test_made_up_patterns_show_nothing(classifier: SceneClassifier) -> None:
    results = classifier.judge(list(golden_images()))
    assert [flagged(result) for result in results] == [set()] * len(results)


def test_heads_see_what_the_network_names() -> None:
    seen, unseen = (
        head_inputs(np.log(distribution(**classes)).astype(np.float32), *np.split(features((0, 0)), [FEATURES], axis=1))
        for classes in ({"c764": 0.5, "c440": 0.2}, {"c0": 1 - 1e-6})
    )
    assert seen.shape == (1, SEEN)
    np.testing.assert_allclose(seen[0, -2:], [np.log(0.2 / 0.8), 0], atol=0.02)
    # One in ten thousand is the least: what is below is not seen at all.
    np.testing.assert_allclose(unseen[0, -2:], np.log(1e-4 / (1 - 1e-4)), atol=1e-4)


def encoded(picture: Image.Image, kind: str = "PNG") -> bytes:
    file = io.BytesIO()
    picture.save(file, kind)
    return file.getvalue()


def odd_pictures() -> dict[str, bytes]:
    """Files of unusual kinds and shapes: a ramp, since one colour would not tell a swapped axis."""
    ramp = np.tile(np.linspace(0, 255, 400), (300, 1)).astype(np.uint8)
    grey = Image.fromarray(ramp)
    clear = grey.convert("RGBA")
    clear.putalpha(0)
    return {
        "one pixel": encoded(Image.new("RGB", (1, 1), (200, 30, 30))),
        "grey": encoded(grey),
        "16 bit": encoded(Image.fromarray(ramp.astype(np.uint16) * 257)),
        "CMYK": encoded(grey.convert("CMYK"), "JPEG"),
        "transparent": encoded(clear),
        "palette": encoded(grey.convert("P")),
        "panorama": encoded(grey.resize((2000, 100))),
        "tower": encoded(grey.resize((100, 2000))),
    }


@pytest.mark.parametrize("kind", odd_pictures())
def test_odd_pictures_are_judged_and_show_nothing(classifier: SceneClassifier, kind: str) -> None:
    frame = decode(odd_pictures()[kind], max_side=1600, limits=Limits())
    (result,) = classifier.judge([frame.pixels])
    assert {*result.scores, "nudity"} == {category.value for category in AVAILABLE}
    assert all(0 <= score <= 1 for score in result.scores.values())
    assert flagged(result) == set()


def test_colour_depth_and_mode_do_not_change_the_scores(classifier: SceneClassifier) -> None:
    pictures = odd_pictures()
    frames = [decode(pictures[kind], max_side=1600, limits=Limits()) for kind in ("grey", "16 bit")]
    grey, deep = classifier.judge([frame.pixels for frame in frames])
    assert grey.scores == pytest.approx(deep.scores, abs=0.05)


def test_real_photos_are_told_apart(classifier: SceneClassifier) -> None:
    """Every tenth labelled photo: enough to notice swapped channels, features or columns.

    The heads were trained on these photos; models/scene_heads.md has the figures on photos they did not see.
    """
    if not (SHARED / "scene_labels.csv").is_file():
        pytest.skip("the labelled photos are not here")
    with (SHARED / "scene_labels.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if "_maybe" not in row["labels"]][::10]
    views = [np.asarray(Image.open(SHARED / row["path"]).convert("RGB")) for row in rows]
    results = [result for start in range(0, len(views), 16) for result in classifier.judge(views[start : start + 16])]
    for category, floor in {"alcohol": 0.9, "weapon": 0.9}.items():
        positive = [category in row["labels"].split("|") for row in rows]
        assert sum(positive) >= 10
        assert average_precision([result.scores[category] for result in results], positive) >= floor
