"""Photos of you by what they show, in words: from stored vectors, without reading a photo again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from untag.scenes.space import SPACE_ID, Space
from untag.scenes.words import Sentence
from untag.store import Store, findings, scene_vectors
from untag.types import Finding, Status, Verdict

LOOKS_LIKE_IT = 2.0
"""Standard deviations above ordinary photos from which a photo is said to look like the words."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A photo and how near it is to the words, in standard deviations above ordinary photos."""

    finding: Finding
    nearness: float


@dataclass(frozen=True, slots=True)
class Found:
    """The nearest photos first; `searched` is how many photos of you could be, `passed_over` how many could not.

    Those were recognised as you after they were read: what they show was not kept then.
    """

    hits: tuple[Hit, ...]
    searched: int
    passed_over: int


def search_words(store: Store, space: Space, sentence: Sentence, limit: int) -> Found:
    """The `limit` photos of somebody enrolled that are nearest to a sentence; copies of one picture count once."""
    near = dict(_nearness(store, space, sentence))
    own = [
        finding
        for finding in findings(store, verdicts=frozenset({Verdict.ME}))
        if finding.duplicate_of is None and finding.status is not Status.NOT_ME and not finding.absent
    ]
    hits = [Hit(finding, near[finding.sha256]) for finding in own if finding.sha256 in near]
    hits.sort(key=lambda hit: (-hit.nearness, hit.finding.path))
    return Found(tuple(hits[:limit]), len(hits), len(own) - len(hits))


def _nearness(store: Store, space: Space, sentence: Sentence) -> Iterator[tuple[str, float]]:
    for sha256, vector in scene_vectors(store, SPACE_ID):
        yield sha256, float(space.nearness(vector[np.newaxis], sentence.vector)[0])
