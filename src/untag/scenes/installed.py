"""The scene models that are installed, used together as one: each category is judged by one of them.

Thresholds are asked for by commands that judge no photo, so what runs models is imported where models are loaded.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from untag.engine.downloads.pull import DOWNLOAD_SETS
from untag.engine.runtime.models import ModelOptions
from untag.errors import UsageError
from untag.scenes.categories import AVAILABLE, CATEGORIES, Category, CategorySpec, Sensitivity
from untag.scenes.prompts import load_prompts
from untag.scenes.taught_files import taught_names
from untag.types import Pixels, SceneScores

_RANKS = {category.value: rank for rank, category in enumerate(Category)}


class SceneModel(Protocol):
    """Judges what photos show. `id` changes whenever a score could; `preferred` it judges before any other model.

    `only` are its categories where it has few: photos of which they are judged already are kept from it. Empty for one
    that sees all photos.
    """

    @property
    def id(self) -> str: ...

    @property
    def preferred(self) -> frozenset[str]: ...

    @property
    def only(self) -> frozenset[str]: ...

    def judge(self, photos: Sequence[Pixels]) -> list[SceneScores]:
        """Judge photos, (height, width, 3) uint8 of any size, one SceneScores for each.

        Spots are in `classify.scene_input` of the photo.
        """
        ...


class SceneModels:
    """Several models as one. Where two can judge a category, the first one does, or the one that it is preferred of."""

    def __init__(self, models: Sequence[SceneModel], thresholds: Mapping[str, float]) -> None:
        """`models`, at least one, in the order of their right to judge; `thresholds` are from when a score counts."""
        self._models = tuple(models)
        self.thresholds = thresholds
        self.id = "+".join(model.id for model in self._models)

    def judge(self, photos: Sequence[Pixels]) -> list[SceneScores]:
        """Judge a batch, in order; it may be empty."""
        if not photos:
            return []
        from untag.scenes.closer import reduced

        smaller = [reduced(photo) for photo in photos]
        judged: list[list[tuple[SceneModel, SceneScores]]] = [[] for _ in photos]
        for model in self._models:
            asked = [number for number, said in enumerate(judged) if _is_needed(model, said)]
            for number, scores in zip(asked, model.judge([smaller[number] for number in asked]), strict=True):
                judged[number].append((model, scores))
        return [self._merge(said) for said in judged]

    def _merge(self, judged: Iterable[tuple[SceneModel, SceneScores]]) -> SceneScores:
        judge: dict[str, SceneScores] = {}
        described = SceneScores({}, {}, self.id)
        for model, found in judged:
            described = found if described.vector is None else described
            for name in found.scores:
                if name not in judge or name in model.preferred:
                    judge[name] = found
        order = sorted(judge, key=lambda name: (_RANKS.get(name, len(_RANKS)), name))  # what was taught comes last
        return SceneScores(
            {name: judge[name].scores[name] for name in order},
            {name: judge[name].evidence.get(name, ()) for name in order},
            self.id,
            {name: judge[name].spots[name] for name in order if name in judge[name].spots},
            described.vector,
            described.space,
        )


def _is_needed(model: SceneModel, said: Iterable[tuple[SceneModel, SceneScores]]) -> bool:
    return not model.only or not model.only <= {name for _, scores in said for name in scores.scores}


@dataclass(frozen=True, slots=True)
class Standing:
    """How a category is judged: from which score it counts, whether little or nothing was measured, and in whose words.

    `in_own_words`: by CLIP, by what the user wrote. `measured` is None for a model that was pulled.
    """

    threshold: float
    experimental: bool
    in_own_words: bool = False
    measured: CategorySpec | None = None

    def counts_from(self, sensitivity: Sensitivity) -> float:
        """The score from which a photo counts."""
        return self.threshold if self.measured is None else self.measured.counts_from(sensitivity)


def load_scene_models(options: ModelOptions) -> SceneModels:
    """Every scene model that is installed: the embedded ones, nsfwjs for open_nsfw and CLIP where they were pulled.

    Those that were measured come first, so that pulling one adds categories and changes none but those that the user
    has put into words.
    Raises ModelError when weights are missing or damaged, StoreError when a taught category is, UsageError for a wrong
    prompts file, DeviceError when the device does not really run.
    """
    from untag.scenes.classify import load_classifier
    from untag.scenes.nudity import load_nudity
    from untag.scenes.open_nsfw import load_open_nsfw
    from untag.scenes.zero_shot import load_zero_shot

    models: list[SceneModel] = [load_classifier(options)]
    models.append(load_nudity(options) if _was_pulled("nsfwjs", options.home) else load_open_nsfw(options))
    if _was_pulled("clip", options.home):
        models.append(load_zero_shot(options))
    return SceneModels(models, installed_thresholds(options.home))


def load_clip(options: ModelOptions) -> SceneModels:
    """CLIP by itself, for a comparison. Raises UsageError where it was not pulled, and as `load_scene_models` does."""
    from untag.scenes.zero_shot import load_zero_shot

    if not _was_pulled("clip", options.home):
        raise UsageError(
            "CLIP is not here to be compared with; get it with: untag models pull clip, or with --from DIR from a"
            " folder that holds its three files"
        )
    thresholds = {name: asked.threshold for name, asked in load_prompts(options.home).categories.items()}
    return SceneModels([load_zero_shot(options)], thresholds)


def installed_thresholds(home: Path, sensitivity: Sensitivity = Sensitivity.NORMAL) -> Mapping[str, float]:
    """From which score each category counts that the installed models can judge; loads none of them.

    What was pulled was not measured, and counts from one score for every sensitivity.
    Raises UsageError for a wrong prompts file, StoreError for a damaged file of a taught category.
    """
    own = {name: standing.counts_from(sensitivity) for name, standing in own_categories(home).items()}
    return {**own, **_taught_thresholds(home, sensitivity)}


def _taught_thresholds(home: Path, sensitivity: Sensitivity) -> Mapping[str, float]:
    if not taught_names(home):
        return {}
    from untag.scenes.classify import BACKBONE_ID
    from untag.scenes.taught import THRESHOLDS, usable_names

    return dict.fromkeys(usable_names(home, BACKBONE_ID), THRESHOLDS[sensitivity])


def experimental_names(home: Path) -> frozenset[str]:
    """The categories that are judged, but were measured on too few photos or not at all."""
    return frozenset(name for name, standing in own_categories(home).items() if standing.experimental)


def own_categories(home: Path) -> Mapping[str, Standing]:
    """Those of untag's own categories that can be judged. Raises UsageError for a wrong prompts file."""
    specs = {name: CATEGORIES[name] for name in AVAILABLE}
    found = {name.value: Standing(spec.threshold, spec.experimental, measured=spec) for name, spec in specs.items()}
    if _was_pulled("nsfwjs", home):
        from untag.scenes.nudity import THRESHOLD

        found[Category.NUDITY.value] = Standing(THRESHOLD, experimental=True)
    if _was_pulled("clip", home):
        prompts = load_prompts(home)
        for name, asked in prompts.categories.items():
            if name not in found or name in prompts.own:
                found[name] = Standing(asked.threshold, experimental=True, in_own_words=name in prompts.own)
    return {name: found[name] for name in _RANKS if name in found}


def _was_pulled(name: str, home: Path) -> bool:
    return all(weights.is_installed(home) for weights in DOWNLOAD_SETS[name])
