"""The rules that weigh a category: how bad it is, from which score it counts, and how far its photo is seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

SEVERITIES: Mapping[str, float] = MappingProxyType(
    {
        "nudity": 0.95,
        "weapon": 0.95,
        "drugs": 0.90,
        "document": 0.70,
        "smoking": 0.60,
        "gesture": 0.60,
        "gambling": 0.60,
        "alcohol": 0.60,
        "swimwear": 0.50,
        "party": 0.45,
        "bar": 0.45,
        "location": 0.15,
        "crowd": 0.10,
    }
)
"""How much each category may harm you, 0 to 1: what an employer would ask about is high, where you were is low."""

DEFAULT_SEVERITY = 0.60
"""For a category that the user taught: they would not have taught it if it did not matter to them."""

DEFAULT_THRESHOLD = 0.50
"""For a category whose scene model states no threshold."""

ACT_FROM = 0.25
"""Categories below this severity are shown but ask for no action by themselves: a crowd is no reason to untag."""

HARMLESS = 0.03
"""The share of risk that any photo of you has, so that it ranks above none."""


class Audience(StrEnum):
    """Who can see a photo online, as far as its source says."""

    PUBLIC = "public"
    LINK = "link"
    FRIENDS = "friends"
    UNKNOWN = "unknown"
    ONLY_ME = "only-me"


EXPOSURE: Mapping[Audience, float] = MappingProxyType(
    {
        Audience.PUBLIC: 1.25,
        Audience.LINK: 1.20,
        Audience.FRIENDS: 1.10,
        Audience.UNKNOWN: 1.00,
        Audience.ONLY_ME: 0.75,
    }
)
"""Exponents of the chance that no harm is done; 1 changes nothing. They nudge: a risk of 0.5 becomes 0.58 in public."""

_AUDIENCE_WORDS: tuple[tuple[str, Audience], ...] = (
    ("only me", Audience.ONLY_ME),
    ("only you", Audience.ONLY_ME),
    ("private", Audience.ONLY_ME),
    ("link", Audience.LINK),
    ("unlisted", Audience.LINK),
    ("friend", Audience.FRIENDS),
    ("follower", Audience.FRIENDS),
    ("family", Audience.FRIENDS),
    ("contacts", Audience.FRIENDS),
    ("public", Audience.PUBLIC),
    ("everyone", Audience.PUBLIC),
    ("anyone", Audience.PUBLIC),
)


def audience_of(words: str | None) -> Audience:
    """Reads a source's own words. The narrower meaning wins: "anyone with the link" is not public."""
    if words is None:
        return Audience.UNKNOWN
    plain = words.casefold().replace("_", " ").replace("-", " ")
    return next((audience for word, audience in _AUDIENCE_WORDS if word in plain), Audience.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Rules:
    """Severity and threshold of each category, 0 to 1; `all_scenes` keeps flagged photos without the person."""

    severities: Mapping[str, float]
    thresholds: Mapping[str, float]
    all_scenes: bool = False

    def severity(self, category: str) -> float:
        return self.severities.get(category, DEFAULT_SEVERITY)

    def threshold(self, category: str) -> float:
        return self.thresholds.get(category, DEFAULT_THRESHOLD)


def default_rules(
    thresholds: Mapping[str, float], severities: Mapping[str, float] = MappingProxyType({}), *, all_scenes: bool = False
) -> Rules:
    """The built-in severities, where `severities` does not say otherwise, with the thresholds of the scene model."""
    return Rules({**SEVERITIES, **severities}, thresholds, all_scenes)
