"""What can be judged, by which model, and how well: one row for each category, untag's own and taught ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from untag.config import Settings
from untag.findings.learning import Learnt
from untag.scenes.categories import CATEGORIES, TOGETHER_PER_1000, Category, CategorySpec
from untag.scenes.classify import BACKBONE_ID
from untag.scenes.installed import Standing, own_categories
from untag.scenes.taught import THRESHOLDS, Taught
from untag.scenes.teaching import list_taught


class JudgedBy(StrEnum):
    """What gives a category its score; `unavailable` and `unusable` categories have none."""

    UNAVAILABLE = "unavailable"
    METADATA = "metadata"
    MEASURED = "measured"
    PULLED = "pulled"
    OWN_WORDS = "own-words"
    TAUGHT = "taught"
    UNUSABLE = "unusable"
    READ = "read"


@dataclass(frozen=True, slots=True)
class CategoryStatus:
    """A category as the installed models and the settings have it.

    A photo counts from the score `threshold` (0 to 1), which is `usual` unless the settings say otherwise; both are
    None where nothing judges it. `decisions` of the user's moved it, where that is not 0. `measured` is there for
    `JudgedBy.MEASURED`, `taught` for `JudgedBy.TAUGHT`.
    """

    name: str
    judged_by: JudgedBy
    threshold: float | None = None
    usual: float | None = None
    measured: CategorySpec | None = None
    taught: Taught | None = None
    decisions: int = 0

    @property
    def is_taught(self) -> bool:
        """Whether the user taught it."""
        return self.judged_by in (JudgedBy.TAUGHT, JudgedBy.UNUSABLE)


def list_categories(settings: Settings, learnt: Mapping[str, Learnt]) -> Iterator[CategoryStatus]:
    """Every category, untag's own first; `learnt` are the thresholds that decisions moved."""
    judged = own_categories(settings.home)
    for category, spec in CATEGORIES.items():
        own = _own(settings, category, spec, judged.get(category))
        moved = learnt.get(category)
        yield own if moved is None else replace(own, threshold=moved.threshold, decisions=moved.decisions)
    for name, taught in list_taught(settings.home, BACKBONE_ID):
        if taught is None:
            yield CategoryStatus(name, JudgedBy.UNUSABLE)
        else:
            yield _counts(
                settings, CategoryStatus(name, JudgedBy.TAUGHT, taught=taught), THRESHOLDS[settings.sensitivity]
            )


def flagged_per_1000(settings: Settings) -> float:
    """How many of 1,000 ordinary photos untag's own measured categories flag together, at the sensitivity in force."""
    return TOGETHER_PER_1000[settings.sensitivity]


def _own(settings: Settings, category: Category, spec: CategorySpec, standing: Standing | None) -> CategoryStatus:
    if category is Category.LOCATION:
        return _counts(settings, CategoryStatus(category, JudgedBy.METADATA), spec.threshold)
    if category is Category.TEXT and (settings.text_words or settings.text_cards):
        return _counts(settings, CategoryStatus(category, JudgedBy.READ), spec.threshold)
    if standing is None:
        return CategoryStatus(category, JudgedBy.UNAVAILABLE)
    if standing.in_own_words:
        return _counts(settings, CategoryStatus(category, JudgedBy.OWN_WORDS), standing.threshold)
    if standing.measured is not None:
        status = CategoryStatus(category, JudgedBy.MEASURED, measured=spec)
        return _counts(settings, status, spec.counts_from(settings.sensitivity))
    return _counts(settings, CategoryStatus(category, JudgedBy.PULLED), standing.threshold)


def _counts(settings: Settings, status: CategoryStatus, usual: float) -> CategoryStatus:
    return replace(status, threshold=settings.thresholds.get(status.name, usual), usual=usual)
