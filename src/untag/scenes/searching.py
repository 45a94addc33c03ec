"""Photos of you by what they show, in words: from stored vectors, without reading a photo again."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import numpy as np

from untag.findings.filters import FindingFilter
from untag.scenes.space import SPACE_ID, Space
from untag.scenes.words import Sentence
from untag.store import Store, findings, scene_vectors
from untag.types import Finding, SearchHit, SearchResult, Status, Verdict

_PAGE = 1024

LOOKS_LIKE_IT = 2.0
"""Standard deviations above ordinary photos from which a photo is said to look like the words."""


def search_words(store: Store, space: Space, sentence: Sentence, limit: int) -> SearchResult:
    """The `limit` photos of somebody enrolled that are nearest to a sentence; copies of one picture count once."""
    near = dict(_nearness(store, space, sentence))
    own = [
        finding
        for finding in findings(store, FindingFilter(statuses=None, verdicts=frozenset({Verdict.ME})))
        if finding.duplicate_of is None and finding.status is not Status.NOT_ME and not finding.absent
    ]
    found = [finding for finding in own if finding.sha256 in near]
    found.sort(key=lambda finding: (-near[finding.sha256], finding.path))
    hits = tuple(_hit(finding, near[finding.sha256]) for finding in found[:limit])
    near_enough = bool(found) and near[found[0].sha256] >= LOOKS_LIKE_IT
    return SearchResult(hits, len(found), len(own) - len(found), near_enough, tuple(sentence.unknown))


def _hit(finding: Finding, nearness: float) -> SearchHit:
    return SearchHit(
        finding.path,
        finding.sha256,
        finding.origin.permalink,
        finding.taken_at,
        nearness=nearness,
        verdict=finding.verdict,
        person=finding.person,
    )


def _nearness(store: Store, space: Space, sentence: Sentence) -> Iterator[tuple[str, float]]:
    kept = scene_vectors(store, SPACE_ID)
    while page := list(islice(kept, _PAGE)):
        near = space.nearness(np.stack([vector for _, vector in page]), sentence.vector)
        yield from zip((sha256 for sha256, _ in page), map(float, near), strict=True)
