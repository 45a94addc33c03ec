"""A photo -> how surely it shows each category, and where, with EfficientNet-Lite2 and heads on its features."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from untag.engine.downloads.registry import EFFICIENTNET_LITE2
from untag.engine.runtime.models import ModelOptions, open_derived
from untag.engine.runtime.session import Device, Session
from untag.engine.weights.efficientnet import FEATURES, INPUT_SIZE
from untag.scenes.backbone import RANGES_SHA256, WINDOW_CLASSES_FILE, open_backbone
from untag.scenes.categories import CATEGORIES, Category, CategorySpec
from untag.scenes.closer import closer_input, reduced, resized
from untag.scenes.heads import HEADS_SHA256, CloserLook, Heads, class_probabilities, head_inputs, load_heads
from untag.scenes.nudity_gate import GATE_SHA256, NudityGate, load_nudity_gate
from untag.scenes.space import SPACE_ID, SPACE_SHA256, Space, load_space
from untag.scenes.taught import TaughtHeads, load_taught
from untag.types import Pixels, SceneScores, Spot

_WORTH_NAMING = 0.02  # a class below this probability explains nothing
_WORTH_A_WORD = 0.1  # a score below this needs no explanation
_MOST_WORDS = 3

ON_A_DEVICE = 32
"""Photos in one run: nine tenths of what an H200 can do. On a CPU 8 took a quarter longer each than one alone."""

_PREPARATION = f"geometric-mean-crop-{INPUT_SIZE}"
_VERSION = 6  # of how evidence and spots are made
_TRAINED = f"{RANGES_SHA256[:8]}+{HEADS_SHA256[:8]}+{SPACE_SHA256[:8]}+{GATE_SHA256[:8]}"
MODEL_ID = f"efficientnet-lite2@{EFFICIENTNET_LITE2.sha256[:12]}+{_TRAINED}+{_PREPARATION}v{_VERSION}"
"""Identifies what is stored of a photo: the hash of the weights, that of the heads, and what is done with them."""

BACKBONE_ID = f"efficientnet-lite2@{EFFICIENTNET_LITE2.sha256[:12]}+{_PREPARATION}"
"""Identifies features: those of another network or of other pixels are not comparable."""


def scene_input(rgb: Pixels) -> Pixels:
    """Prepare a photo, (height, width, 3) uint8 of any size, for the classifier: (320, 320, 3) uint8.

    Crops the middle of the longer side to the geometric mean of both sides, then squashes to a square: half-way
    between a centre crop, which loses what is at the edges, and squashing all of it, which makes things too thin to
    recognise. docs/models.md has it measured against those, letterboxing and the mean of two.
    Raises ValueError for an array of another shape or type.
    """
    if rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.dtype != np.uint8 or rgb.size == 0:
        raise ValueError(f"a photo is (height, width, 3) uint8, not {rgb.shape} {rgb.dtype}")
    height, width = rgb.shape[:2]
    rows, columns = _crop_size(height, width)
    top, left = (height - rows) // 2, (width - columns) // 2
    middle = np.ascontiguousarray(rgb[top : top + rows, left : left + columns])
    return resized(middle, INPUT_SIZE, INPUT_SIZE)


def in_photo(spot: Spot, width: int, height: int) -> Spot:
    """A spot in the `scene_input` of a photo of this size, its middle -> the same spot in the whole photo."""
    rows, columns = _crop_size(height, width)
    return Spot(0.5 + (spot.across - 0.5) * columns / width, 0.5 + (spot.down - 0.5) * rows / height)


def _crop_size(height: int, width: int) -> tuple[int, int]:
    side = max(1, round(math.sqrt(height * width)))
    return min(height, side), min(width, side)


class SceneClassifier:
    """Scores the categories that the embedded model can judge, and those that the user taught it.

    `id` changes whenever a score could; `preferred`: it judges nothing before any other model.
    """

    preferred: frozenset[str] = frozenset()
    only: frozenset[str] = frozenset()

    def __init__(
        self,
        session: Session,
        window_classes: Session,
        heads: Heads,
        space: Space,
        taught: TaughtHeads | None = None,
        at_once: int = 1,
        nudity_gate: NudityGate | None = None,
        closer: Session | None = None,
    ) -> None:
        """`heads` and `space` were trained on what the graphs of `scenes/backbone.py` say, which the sessions run.

        A run of `session` has `at_once` photos. `closer` runs the same graph for photos in their own proportions. Of
        those that `nudity_gate` passes over, the score of nudity is its guess; the others have none.
        """
        self._nudity_gate = nudity_gate
        self._session = session
        self._window_classes = window_classes
        self._closer = session if closer is None else closer
        self._at_once = at_once
        self._heads = heads
        self._space = space
        self._taught = taught
        located = [name for name in heads.categories if CATEGORIES[Category(name)].located]
        self._located = {name: heads.first[:FEATURES, heads.categories.index(name)] for name in located}
        self.id = MODEL_ID if taught is None else f"{MODEL_ID}+{taught.id}"

    def judge(self, photos: Sequence[Pixels]) -> list[SceneScores]:
        """Judge a batch of photos, one SceneScores for each, in order; it may be empty.

        Categories that cannot be judged are absent. Spots are in the `scene_input` of the photo.
        """
        if not photos:
            return []
        logits, features, details, feature_maps, *_ = self._run([scene_input(photo) for photo in photos])
        seen = head_inputs(logits, features, details)
        vectors = self._space.embed(seen)
        whole = np.hstack([seen, vectors])
        scores = self._heads.first_scores(whole)
        for row in np.flatnonzero(self._heads.worth_a_closer_look(scores)).tolist():
            scores[row] = self._heads.scores(whole[row], self._look_closer(photos[row]))
        probabilities = class_probabilities(logits)
        judged = [self._judged(*row) for row in zip(scores, probabilities, feature_maps, vectors, strict=True)]
        if self._nudity_gate is not None:
            guesses = self._nudity_gate.unasked(features)
            judged = [_with_guess(*each) for each in zip(judged, guesses, strict=True)]
        if self._taught is None:
            return judged
        rows = self._taught.scores(features, vectors)
        return [_with_taught(one, self._taught, row) for one, row in zip(judged, rows, strict=True)]

    def _run(self, images: Sequence[Pixels]) -> list[NDArray[np.float32]]:
        parts = [
            self._session.run({"images": np.stack(images[start : start + self._at_once])})
            for start in range(0, len(images), self._at_once)
        ]
        return [np.concatenate(outputs) for outputs in zip(*parts, strict=True)]

    def _look_closer(self, photo: Pixels) -> CloserLook:
        image = closer_input(photo)[np.newaxis]  # one by one, each in its own proportions
        logits, features, details, _, windows = self._closer.run({"images": image})
        (window_logits,) = self._window_classes.run({"images": windows})
        return CloserLook(head_inputs(logits, features, details)[0], windows, window_logits)

    def _judged(
        self,
        row: NDArray[np.float64],
        probabilities: NDArray[np.float64],
        feature_map: NDArray[np.float32],
        vector: NDArray[np.float32],
    ) -> SceneScores:
        scores = {name: float(score) for name, score in zip(self._heads.categories, row, strict=True)}
        evidence: dict[str, tuple[str, ...]] = {}
        spots: dict[str, Spot] = {}
        for name, score in scores.items():
            if score < _WORTH_A_WORD:
                evidence[name] = ()
                continue
            spec = CATEGORIES[Category(name)]
            named = _named(spec, probabilities)
            evidence[name] = named if named else (spec.impression,)
            # An impression is that of the whole picture, and nowhere in it.
            if named and name in self._located:
                spots[name] = _activation_peak(np.tensordot(self._located[name], feature_map, 1))
        return SceneScores(scores, evidence, self.id, spots, vector, SPACE_ID)


class Backbone:
    """The features on which categories are taught, of the network that is always there."""

    id = BACKBONE_ID

    def __init__(self, session: Session) -> None:
        """`session` runs the graph of `untag.engine.weights.efficientnet`."""
        self._session = session

    def features(self, photo: Pixels) -> NDArray[np.float32]:
        """(1280,) of a photo, (height, width, 3) uint8 of any size."""
        _, features, *_ = self._session.run({"images": scene_input(reduced(photo))[np.newaxis]})
        return np.asarray(features[0], np.float32)


def load_classifier(options: ModelOptions) -> SceneClassifier:
    """The classifier, its graph built when it is not cached yet.

    Raises ModelError when the weights or the heads are missing or damaged, StoreError when what was taught is,
    DeviceError when the device does not really run.
    """
    taught = load_taught(options.home, BACKBONE_ID)
    session = open_backbone(options).steadied(ON_A_DEVICE)
    at_once, closer = 1, None
    if session.device is not Device.CPU:
        at_once, closer = ON_A_DEVICE, open_backbone(options.for_any_size)
    classes = open_derived(WINDOW_CLASSES_FILE, options.for_any_size)
    return SceneClassifier(session, classes, load_heads(), load_space(), taught, at_once, load_nudity_gate(), closer)


def load_backbone(options: ModelOptions) -> Backbone:
    """The backbone, its graph built when it is not cached yet.

    Raises ModelError when the weights are missing or damaged, DeviceError when the device does not really run.
    """
    return Backbone(open_backbone(options))


def _with_guess(judged: SceneScores, guess: float | None) -> SceneScores:
    if guess is None:
        return judged
    name = Category.NUDITY.value
    return replace(judged, scores={**judged.scores, name: guess}, evidence={**judged.evidence, name: ()})


def _with_taught(judged: SceneScores, taught: TaughtHeads, row: NDArray[np.float64]) -> SceneScores:
    scores = {name: float(score) for name, score in zip(taught.names, row, strict=True)}
    evidence = {name: (taught.evidence[name],) if score >= _WORTH_A_WORD else () for name, score in scores.items()}
    return replace(judged, scores={**judged.scores, **scores}, evidence={**judged.evidence, **evidence})


def _activation_peak(contributions: NDArray[np.float32]) -> Spot:
    """Where most speaks for a category, of what each cell of the feature map contributes to it, (rows, columns).

    The peak of a class activation map (Zhou et al. 2016): features are means over the cells, so what they add to a
    logit is a mean as well. Averaged over neighbours, as single cells are noisy; what lies outside counts as average.
    """
    smooth = cv2.blur(contributions - contributions.mean(), (3, 3), borderType=cv2.BORDER_CONSTANT)
    down, across = np.unravel_index(int(smooth.argmax()), smooth.shape)
    rows, columns = smooth.shape
    return Spot((float(across) + 0.5) / columns, (float(down) + 0.5) / rows)


def _named(spec: CategorySpec, probabilities: NDArray[np.float64]) -> tuple[str, ...]:
    """The words for the classes that the network sees and that speak for a category, strongest first."""
    found = sorted(((float(probabilities[item.index]), item.word) for item in spec.classes), key=lambda pair: -pair[0])
    return tuple(word for probability, word in found[:_MOST_WORDS] if probability >= _WORTH_NAMING)
