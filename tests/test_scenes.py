"""Categories, preparation of photos, and scores: with a session that answers what the test says, and the real one."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import FrozenInstanceError, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from golden_images import golden_images
from untag.engine.efficientnet import CLASSES, graph_from_weights
from untag.engine.registry import EFFICIENTNET_LITE0
from untag.engine.session import Device, open_session
from untag.metrics import average_precision
from untag.scenes.categories import AVAILABLE, CATEGORIES, Category
from untag.scenes.classify import MODEL_ID, SceneClassifier, scene_input

SHARED = Path(__file__).parent.parent.parent / "shared" / "data"
ORDER = "alcohol party bar smoking drugs weapon gambling swimwear nudity crowd gesture document location"


@dataclass
class FakeSession:
    """Answers with given probabilities, whatever it is shown, and remembers the feeds."""

    probabilities: NDArray[np.float64]
    fed: list[Mapping[str, NDArray[Any]]] = field(default_factory=list)

    def run(self, feeds: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
        self.fed.append(feeds)
        # Any constant added to the logarithms is the same distribution; this one overflows a naive softmax.
        logits = np.log(self.probabilities).astype(np.float32) + np.float32(500)
        return [logits, np.zeros((len(logits), 1280), np.float32)]


def distribution(**classes: float) -> NDArray[np.float64]:
    """(1, 1000) probabilities: c440=0.3 gives class 440 three tenths, all classes not named share the rest."""
    named = {int(name[1:]): value for name, value in classes.items()}
    result = np.full(CLASSES, (1 - sum(named.values())) / (CLASSES - len(named)))
    for index, value in named.items():
        result[index] = value
    return result[None]


def judge(probabilities: NDArray[np.float64]) -> tuple[Mapping[str, float], Mapping[str, tuple[str, ...]]]:
    images = np.zeros((len(probabilities), 224, 224, 3), np.uint8)
    result = SceneClassifier(FakeSession(probabilities)).classify(images)[0]
    return result.scores, result.evidence


def test_categories_are_complete_and_in_the_documented_order() -> None:
    assert [category.value for category in Category] == ORDER.split()
    assert list(CATEGORIES) == list(Category)


def test_the_table_is_sound_and_frozen() -> None:
    indices = [item.index for spec in CATEGORIES.values() for item in spec.classes]
    assert len(indices) == len(set(indices))
    assert all(0 <= index < CLASSES for index in indices)
    assert [category for category in Category if CATEGORIES[category].available] == list(AVAILABLE)
    with pytest.raises(FrozenInstanceError):
        CATEGORIES[Category.ALCOHOL].midpoint = 0.2  # type: ignore[misc]
    with pytest.raises(TypeError):
        CATEGORIES[Category.PARTY] = CATEGORIES[Category.ALCOHOL]  # type: ignore[index]


def test_what_cannot_be_judged_is_absent_and_not_zero() -> None:
    scores, evidence = judge(distribution(c440=0.4))
    assert set(scores) == {"alcohol", "weapon"}
    assert set(evidence) == {"alcohol", "weapon"}


def test_the_threshold_lies_at_the_midpoint() -> None:
    spec = CATEGORIES[Category.ALCOHOL]
    just = judge(distribution(c440=spec.midpoint / 2, c966=spec.midpoint / 2 - 0.001, c441=0.001 - 1e-6))
    assert just[0]["alcohol"] == pytest.approx(spec.threshold, abs=0.01)
    assert judge(distribution(c440=spec.midpoint * 1.2))[0]["alcohol"] > spec.threshold
    assert judge(distribution(c440=spec.midpoint * 0.8))[0]["alcohol"] < spec.threshold


@given(st.floats(0.0001, 0.9998), st.floats(0.0001, 0.9998))
@settings(max_examples=30)
def test_a_greater_probability_never_scores_less(left: float, right: float) -> None:
    low, high = sorted((left, right))
    first, second = judge(distribution(c413=low))[0]["weapon"], judge(distribution(c413=high))[0]["weapon"]
    assert 0 <= first <= second <= 1


def test_evidence_names_the_strongest_classes_first() -> None:
    _, evidence = judge(distribution(c572=0.2, c966=0.5, c440=0.05, c907=0.1))
    assert evidence["alcohol"] == ("red wine", "wine glass", "wine bottle")
    assert evidence["weapon"] == ()


def test_certainty_is_one_and_not_more() -> None:
    assert judge(distribution(c413=0.4, c764=0.6 - 1e-12))[0]["weapon"] == pytest.approx(1)


def test_a_batch_keeps_its_order() -> None:
    session = FakeSession(np.concatenate([distribution(c440=0.5), distribution(c764=0.5), distribution(c0=0.9)]))
    results = SceneClassifier(session).classify(golden_images()[:3])
    assert [result.scores["alcohol"] > 0.5 for result in results] == [True, False, False]
    assert [result.scores["weapon"] > 0.5 for result in results] == [False, True, False]
    assert {result.model for result in results} == {MODEL_ID}
    np.testing.assert_array_equal(session.fed[0]["images"], golden_images()[:3])


def test_no_images_need_no_inference() -> None:
    session = FakeSession(distribution())
    assert SceneClassifier(session).classify(np.zeros((0, 224, 224, 3), np.uint8)) == []
    assert session.fed == []


@pytest.mark.parametrize(
    "images",
    [
        np.zeros((224, 224, 3), np.uint8),
        np.zeros((1, 3, 224, 224), np.uint8),
        np.zeros((1, 224, 224, 3), np.float32),
        np.zeros((1, 192, 192, 3), np.uint8),
    ],
)
def test_other_arrays_are_refused(images: NDArray[Any]) -> None:
    with pytest.raises(ValueError, match="images are"):
        SceneClassifier(FakeSession(distribution())).classify(images)


def test_the_model_is_named_with_the_hash_of_its_weights() -> None:
    assert MODEL_ID.startswith(f"efficientnet-lite0@{EFFICIENTNET_LITE0.sha256[:12]}+")


@given(st.integers(1, 500), st.integers(1, 500))
@settings(max_examples=40, deadline=None)
def test_any_size_can_be_prepared(height: int, width: int) -> None:
    prepared = scene_input(np.full((height, width, 3), 77, np.uint8))
    assert prepared.shape == (224, 224, 3)
    assert prepared.dtype == np.uint8
    assert (prepared == 77).all()


@pytest.mark.parametrize("shape", [(1, 1), (1, 4000), (4000, 1), (100, 2000), (2000, 100), (223, 225)])
def test_extreme_shapes_can_be_prepared(shape: tuple[int, int]) -> None:
    generator = np.random.default_rng(1)
    assert scene_input(generator.integers(0, 256, (*shape, 3), dtype=np.uint8)).shape == (224, 224, 3)


def test_preparation_keeps_the_middle_and_the_short_side_whole() -> None:
    photo = np.zeros((400, 1600, 3), np.uint8)  # the geometric mean is 800: columns 400 to 1199 stay
    photo[:, 400:1200] = 100
    photo[:20] = 200
    prepared = scene_input(photo)
    assert (prepared[0] == 200).all()
    assert (prepared[100:] == 100).all()


def test_a_square_of_the_right_size_is_left_alone() -> None:
    image = golden_images()[0]
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
    graph = graph_from_weights(EFFICIENTNET_LITE0.read())
    return SceneClassifier(open_session(graph, device=Device.CPU, threads=2))


def test_made_up_patterns_show_nothing(classifier: SceneClassifier) -> None:
    for result in classifier.classify(golden_images()):
        assert all(score < CATEGORIES[Category(name)].threshold for name, score in result.scores.items())


def test_real_photos_are_told_apart(classifier: SceneClassifier) -> None:
    """Every tenth labelled photo: enough to notice swapped channels, classes or columns (see docs/models.md)."""
    if not (SHARED / "scene_labels.csv").is_file():
        pytest.skip("the labelled photos are not here")
    with (SHARED / "scene_labels.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if "_maybe" not in row["labels"]][::10]
    images = [scene_input(np.asarray(Image.open(SHARED / row["path"]).convert("RGB"))) for row in rows]
    results = classifier.classify(np.stack(images))
    for category, floor in {"alcohol": 0.85, "weapon": 0.85}.items():
        positive = [category in row["labels"].split("|") for row in rows]
        assert sum(positive) >= 10
        assert average_precision([result.scores[category] for result in results], positive) >= floor
