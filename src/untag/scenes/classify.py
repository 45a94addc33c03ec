"""A photo -> how surely it shows each category, with the embedded ImageNet classifier."""

from __future__ import annotations

import hashlib
import math

import cv2
import numpy as np
from numpy.typing import NDArray

from untag.engine.cache import DerivedFile
from untag.engine.efficientnet import INPUT_SIZE, graph_from_weights
from untag.engine.models import ModelOptions, open_derived
from untag.engine.registry import EFFICIENTNET_LITE0
from untag.engine.session import Session
from untag.scenes.categories import AVAILABLE, CATEGORIES, Category
from untag.types import Pixels, SceneScores

_WORTH_NAMING = 0.01  # a class below this probability explains nothing
_MOST_WORDS = 3


def _model_id() -> str:
    # Scores follow from the weights, the table and the preprocessing: a change in any must not pass for the same model.
    judged = (CATEGORIES[category] for category in AVAILABLE)
    recipe = [(spec.category.value, [item.index for item in spec.classes], spec.midpoint) for spec in judged]
    digest = hashlib.sha256(f"{_PREPARATION} {recipe}".encode()).hexdigest()
    return f"efficientnet-lite0@{EFFICIENTNET_LITE0.sha256[:12]}+{digest[:8]}"


_PREPARATION = "geometric-mean-crop"
MODEL_ID = _model_id()
"""Identifies scores: the hash of the weights, and that of what is summed and of how photos are prepared."""


def scene_input(rgb: Pixels) -> Pixels:
    """Prepare a photo, (height, width, 3) uint8 of any size, for the classifier: (224, 224, 3) uint8.

    Crops the middle of the longer side to the geometric mean of both sides, then squashes to a square: half-way
    between a centre crop, which loses what is at the edges, and squashing all of it, which makes things too thin to
    recognise. docs/models.md has it measured against those, letterboxing and the mean of two.
    Raises ValueError for an array of another shape or type.
    """
    if rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.dtype != np.uint8 or rgb.size == 0:
        raise ValueError(f"a photo is (height, width, 3) uint8, not {rgb.shape} {rgb.dtype}")
    height, width = rgb.shape[:2]
    side = max(1, round(math.sqrt(height * width)))
    rows, columns = min(height, side), min(width, side)
    top, left = (height - rows) // 2, (width - columns) // 2
    middle = np.ascontiguousarray(rgb[top : top + rows, left : left + columns])
    # Averaging over areas when shrinking avoids aliasing; when enlarging it would give blocks.
    interpolation = cv2.INTER_AREA if rows * columns > INPUT_SIZE**2 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(middle, (INPUT_SIZE, INPUT_SIZE), interpolation=interpolation), dtype=np.uint8)


class SceneClassifier:
    """Scores the categories that the embedded model can judge, from its ImageNet probabilities."""

    def __init__(self, session: Session) -> None:
        """`session` runs the graph of `untag.engine.efficientnet`."""
        self._session = session

    def classify(self, images: NDArray[np.uint8]) -> list[SceneScores]:
        """Judge a batch, (N, 224, 224, 3) uint8 RGB as `scene_input` makes them; N may be 0.

        Returns one SceneScores for each image, in order. Categories that cannot be judged are absent from it.
        Raises ValueError for an array of another shape or type.
        """
        if images.ndim != 4 or images.shape[1:] != (INPUT_SIZE, INPUT_SIZE, 3) or images.dtype != np.uint8:
            raise ValueError(f"images are (N, {INPUT_SIZE}, {INPUT_SIZE}, 3) uint8, not {images.shape} {images.dtype}")
        if len(images) == 0:
            return []
        logits = self._session.run({"images": images})[0]
        return [_judge(probabilities) for probabilities in _softmax(logits)]


GRAPH_FILE = DerivedFile(EFFICIENTNET_LITE0, 1, graph_from_weights)


def load_classifier(options: ModelOptions) -> SceneClassifier:
    """The classifier, its graph built when it is not cached yet.

    Raises ModelError when the weights are missing or damaged, DeviceError when the device does not really run.
    """
    return SceneClassifier(open_derived(GRAPH_FILE, options))


def _softmax(logits: NDArray[np.float32]) -> NDArray[np.float64]:
    exponents = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
    return np.asarray(exponents / exponents.sum(axis=1, keepdims=True))


def _judge(probabilities: NDArray[np.float64]) -> SceneScores:
    scores: dict[str, float] = {}
    evidence: dict[str, tuple[str, ...]] = {}
    for category in AVAILABLE:
        scores[category.value], evidence[category.value] = _sum_classes(category, probabilities)
    return SceneScores(scores, evidence, MODEL_ID)


def _sum_classes(category: Category, probabilities: NDArray[np.float64]) -> tuple[float, tuple[str, ...]]:
    spec = CATEGORIES[category]
    found = [(float(probabilities[item.index]), item.word) for item in spec.classes]
    strongest = sorted((pair for pair in found if pair[0] >= _WORTH_NAMING), key=lambda pair: -pair[0])
    words = tuple(word for _, word in strongest[:_MOST_WORDS])
    return _rescale(sum(value for value, _ in found), spec.midpoint), words


def _rescale(total: float, midpoint: float) -> float:
    # Bayes' rule for another prior: the odds are divided by those of the midpoint, so that 0.5 means the same for every
    # category. Order is kept. A sum of nearly all may come out a rounding error above 1.
    shown, absent = min(total, 1.0) * (1 - midpoint), (1 - min(total, 1.0)) * midpoint
    return shown / (shown + absent)
