"""The rules that weigh a photo: how bad a category is, who can see it, how sure it is you, and where in it you are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from untag.findings.nearness import Nearness
from untag.findings.prominence import Prominence
from untag.types import Verdict

DEFAULT_SEVERITY = 0.60
"""For a category that the user taught: they would not have taught it if it did not matter to them."""

DEFAULT_THRESHOLD = 0.50
"""For a category whose scene model states no threshold."""


class Audience(StrEnum):
    """Who can see a photo online, as far as its source says."""

    PUBLIC = "public"
    LINK = "link"
    FRIENDS = "friends"
    UNKNOWN = "unknown"
    ONLY_ME = "only-me"


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
class Weights:
    """All that a preset weighs, and that a user may weigh otherwise.

    `severities` (by category) and `certainty` are shares of the risk, 0 to 1. `exposure` and `prominence` are exponents
    of the chance that no harm is done, `nearness` of the chance that one category does none, 0 to 2: 1 changes nothing,
    above 1 the risk is greater. Categories below the severity `act_from` are shown but ask for no action by themselves.
    """

    severities: Mapping[str, float]
    certainty: Mapping[Verdict, float]
    exposure: Mapping[Audience, float]
    prominence: Mapping[Prominence, float]
    nearness: Mapping[Nearness, float]
    act_from: float


@dataclass(frozen=True, slots=True)
class Rules:
    """The weights, and the score from which each category counts; `all_scenes` keeps flagged photos without you.

    `experimental` are the categories that are said to be so wherever they are a reason.
    """

    weights: Weights
    thresholds: Mapping[str, float]
    all_scenes: bool = False
    experimental: frozenset[str] = frozenset()

    def severity(self, category: str) -> float:
        return self.weights.severities.get(category, DEFAULT_SEVERITY)

    def threshold(self, category: str) -> float:
        return self.thresholds.get(category, DEFAULT_THRESHOLD)

    def asks_for_action(self, category: str) -> bool:
        """Whether this category alone is a reason to do something: a crowd is no reason to untag."""
        return self.severity(category) >= self.weights.act_from
