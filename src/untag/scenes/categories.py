"""The categories, and which of them the embedded model can judge: a table, and nothing else.

The embedded model knows the 1,000 classes of ImageNet-1k. A category is judged by the sum of the softmax probabilities
of the classes named here. Only categories for which that was measured to work have classes; the figures are in
docs/models.md and come from training/measure_scenes.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from untag.errors import UsageError


class Category(StrEnum):
    """What a photo may show that its owner would rather not have online."""

    ALCOHOL = "alcohol"
    PARTY = "party"
    BAR = "bar"
    SMOKING = "smoking"
    DRUGS = "drugs"
    WEAPON = "weapon"
    GAMBLING = "gambling"
    SWIMWEAR = "swimwear"
    NUDITY = "nudity"
    CROWD = "crowd"
    GESTURE = "gesture"
    DOCUMENT = "document"
    LOCATION = "location"


@dataclass(frozen=True, slots=True)
class ImageNetClass:
    """One class of ImageNet-1k: its index in the usual order (sorted by WordNet id), and the word that explains it."""

    index: int
    word: str


@dataclass(frozen=True, slots=True)
class CategorySpec:
    """How the embedded model judges a category; without classes it cannot.

    `midpoint` is the sum of probabilities that is given a score of 0.5, chosen so that few ordinary photos reach it.
    `threshold` is the score from which a photo counts as showing the category.
    """

    category: Category
    classes: tuple[ImageNetClass, ...] = ()
    midpoint: float = 0.5
    threshold: float = 0.5

    @property
    def available(self) -> bool:
        """Whether the embedded model can judge this category."""
        return bool(self.classes)


_ALCOHOL = CategorySpec(
    Category.ALCOHOL,
    classes=(
        ImageNetClass(440, "beer bottle"),
        ImageNetClass(441, "beer glass"),
        ImageNetClass(503, "cocktail shaker"),
        ImageNetClass(572, "wine glass"),  # ImageNet's "goblet", whose photos are mostly wine glasses
        ImageNetClass(907, "wine bottle"),
        ImageNetClass(966, "red wine"),
    ),
    midpoint=0.10,
)

_WEAPON = CategorySpec(
    Category.WEAPON,
    # Measured and left out: a bulletproof vest (five times the false alarms among ordinary photos), a cannon (no gain).
    classes=(
        ImageNetClass(413, "assault rifle"),
        ImageNetClass(597, "holster"),
        ImageNetClass(763, "handgun"),  # "revolver"
        ImageNetClass(764, "rifle"),
    ),
    midpoint=0.05,
)

_JUDGED = {spec.category: spec for spec in (_ALCOHOL, _WEAPON)}

CATEGORIES: Mapping[Category, CategorySpec] = MappingProxyType(
    {category: _JUDGED.get(category, CategorySpec(category)) for category in Category}
)
"""Every category, in the order in which they are listed everywhere."""

AVAILABLE: tuple[Category, ...] = tuple(category for category, spec in CATEGORIES.items() if spec.available)
"""The categories that the embedded model can judge."""


def check_category(name: str) -> str:
    """The category's name if there is one; raises UsageError that lists them all otherwise."""
    if name not in list(Category):
        raise UsageError(f"there is no category {name!r}; there are {', '.join(Category)}")
    return name
