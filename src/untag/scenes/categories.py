"""The categories, and how the embedded model judges them: a table, and nothing else.

The heads (`scenes/heads.py`) give each category its score. Only what was measured has one: how well it does is in
models/scene_heads.md. Thresholds and expected false alarms come from training/train_scenes.py and measure_scenes.py.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
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
    INJURY = "injury"
    TEXT = "text"
    LOCATION = "location"


class Sensitivity(StrEnum):
    """How much is shown: all thresholds move together along the curve in docs/models.md."""

    STRICT = "strict"
    NORMAL = "normal"
    HIGH = "high"


@dataclass(frozen=True, slots=True)
class ImageNetClass:
    """One class of ImageNet-1k: its index in the usual order (sorted by WordNet id), and the word that explains it."""

    index: int
    word: str


@dataclass(frozen=True, slots=True)
class CategorySpec:
    """How the embedded model judges a category; `available` is False when it cannot.

    `threshold` is the score, a calibrated probability, from which a photo counts as showing the category; `strict` and
    `high` are those of the other sensitivities.
    `false_alarms_per_1000` is how many of 1,000 ordinary photos then count wrongly, and `found` the share of photos
    that show it; both of sources that were not learnt from, None where that was not measured. `experimental`
    categories were learnt from too few photos, or too few kinds of photo, to be relied on.
    `located` says that the category is of a thing, whose place in the picture the network tells well enough.
    Evidence is the `classes` that the network names in a photo, else the `impression` that the whole of it makes. The
    heads were trained with the classes of alcohol and weapon as inputs: whoever changes those trains again.
    """

    category: Category
    available: bool = False
    threshold: float = 0.5
    strict: float = 0.5
    high: float = 0.5
    false_alarms_per_1000: float = 0.0
    found: float | None = None
    experimental: bool = False
    located: bool = False
    impression: str = ""
    classes: tuple[ImageNetClass, ...] = ()

    def counts_from(self, sensitivity: Sensitivity) -> float:
        """The score from which a photo counts."""
        by = {Sensitivity.STRICT: self.strict, Sensitivity.NORMAL: self.threshold, Sensitivity.HIGH: self.high}
        return by[sensitivity]


_ALCOHOL = CategorySpec(
    Category.ALCOHOL,
    available=True,
    threshold=0.223,
    strict=0.372,
    high=0.136,
    false_alarms_per_1000=3.4,
    found=0.80,
    located=True,
    impression="looks like photos of drinks or of people drinking",
    classes=(
        ImageNetClass(440, "beer bottle"),
        ImageNetClass(441, "beer glass"),
        ImageNetClass(503, "cocktail shaker"),
        ImageNetClass(572, "wine glass"),  # ImageNet's "goblet", whose photos are mostly wine glasses
        ImageNetClass(907, "wine bottle"),
        ImageNetClass(966, "red wine"),
    ),
)

_PARTY = CategorySpec(
    Category.PARTY,
    available=True,
    threshold=0.533,
    strict=0.864,
    high=0.297,
    false_alarms_per_1000=1.1,
    found=0.25,
    experimental=True,
    impression="looks like photos of parties",
    classes=(ImageNetClass(417, "balloon"), ImageNetClass(470, "candle")),
)

_BAR = CategorySpec(
    Category.BAR,
    available=True,
    threshold=0.354,
    strict=0.626,
    high=0.165,
    false_alarms_per_1000=0.6,
    found=0.23,
    experimental=True,
    impression="looks like photos taken in bars",
)

_SMOKING = CategorySpec(
    Category.SMOKING,
    available=True,
    threshold=0.750,
    strict=0.952,
    high=0.545,
    false_alarms_per_1000=0.6,
    found=0.53,
    experimental=True,
    impression="looks like photos of people who smoke",
)

_WEAPON = CategorySpec(
    Category.WEAPON,
    available=True,
    threshold=0.958,
    strict=0.998,
    high=0.865,
    false_alarms_per_1000=2.8,
    found=0.43,
    located=True,
    impression="looks like photos of people with guns",
    classes=(
        ImageNetClass(413, "assault rifle"),
        ImageNetClass(499, "cleaver"),
        ImageNetClass(597, "holster"),
        ImageNetClass(623, "knife"),  # "letter opener", whose photos are of blades
        ImageNetClass(763, "handgun"),  # "revolver"
        ImageNetClass(764, "rifle"),
    ),
)

_GAMBLING = CategorySpec(
    Category.GAMBLING,
    available=True,
    threshold=0.721,
    strict=0.819,
    high=0.549,
    false_alarms_per_1000=0.0,
    experimental=True,
    impression="looks like photos of playing cards",
    classes=(ImageNetClass(800, "slot machine"),),
)

_CROWD = CategorySpec(
    Category.CROWD,
    available=True,
    threshold=0.999,
    strict=0.999,
    high=0.999,
    false_alarms_per_1000=0.0,
    impression="many people close together",
)

_GESTURE = CategorySpec(
    Category.GESTURE,
    available=True,
    threshold=0.914,
    strict=0.991,
    high=0.781,
    false_alarms_per_1000=0.6,
    found=0.55,
    experimental=True,
    impression="looks like photos of offensive gestures",
)

_DRUGS = CategorySpec(
    Category.DRUGS,
    available=True,
    threshold=0.623,
    strict=0.812,
    high=0.409,
    false_alarms_per_1000=0.0,
    found=0.33,
    experimental=True,
    impression="looks like photos of drugs",
)

_DOCUMENT = CategorySpec(
    Category.DOCUMENT,
    available=True,
    threshold=0.953,
    strict=0.963,
    high=0.725,
    false_alarms_per_1000=0.0,
    found=0.12,
    experimental=True,
    impression="looks like photos of badges and documents",
)

_INJURY = CategorySpec(
    Category.INJURY,
    available=True,
    threshold=0.480,
    strict=0.668,
    high=0.282,
    false_alarms_per_1000=0.0,
    found=0.79,
    experimental=True,
    impression="looks like photos of injuries",
)

_NUDITY = CategorySpec(
    Category.NUDITY,
    available=True,
    threshold=0.8,
    strict=0.9,
    high=0.6,
    false_alarms_per_1000=2.3,
    experimental=True,
    impression="looks like photos of naked people",
)

_JUDGED = {
    spec.category: spec
    for spec in (
        _ALCOHOL,
        _PARTY,
        _BAR,
        _SMOKING,
        _DRUGS,
        _WEAPON,
        _GAMBLING,
        _NUDITY,
        _CROWD,
        _GESTURE,
        _DOCUMENT,
        _INJURY,
    )
}

CATEGORIES: Mapping[Category, CategorySpec] = MappingProxyType(
    {category: _JUDGED.get(category, CategorySpec(category)) for category in Category}
)
"""Every category, in the order in which they are listed everywhere."""

TOGETHER_PER_1000 = {Sensitivity.STRICT: 2.2, Sensitivity.NORMAL: 8.9, Sensitivity.HIGH: 29.6}
"""How many of 1,000 ordinary photos all heads together flag: some photos are flagged for two things."""

AVAILABLE: tuple[Category, ...] = tuple(category for category, spec in CATEGORIES.items() if spec.available)
"""The categories that the embedded model can judge."""


def check_category(name: str, taught: Sequence[str]) -> str:
    """The name as it is kept, of a category that there is or was `taught`, in whatever case and form it is written.

    Raises UsageError that lists them all otherwise.
    """
    kept = unicodedata.normalize("NFC", name).lower()
    if kept not in (*Category, *taught):
        raise UsageError(f"there is no category {name!r}; there are {', '.join((*Category, *taught))}")
    return kept
