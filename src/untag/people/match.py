"""The verdict on a face: which enrolled person it is most like, and whether that is enough."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from untag.people.calibrate import Calibration
from untag.people.profile import Profile
from untag.types import Match, Verdict

NEAR_MAYBE = 0.25
"""Faces at least this similar keep their embedding although they are `other`: a better profile may change that."""


@dataclass(frozen=True, slots=True)
class Matcher:
    """Gives verdicts against some profiles, all of one engine. `me` and `maybe` are similarities, 0 to 1.

    One threshold serves faces of every quality: blurred and small ones match others no more often (docs/models.md).
    """

    profiles: tuple[Profile, ...]
    calibration: Calibration
    me: float
    maybe: float

    def match(self, embeddings: NDArray[np.float32]) -> list[Match]:
        """One Match for each of (N, dimensions) embeddings, with the person who is most similar."""
        if not self.profiles or len(embeddings) == 0:
            return [Match(Verdict.OTHER, 0.0) for _ in embeddings]
        best = self.similarities(embeddings)
        nearest = best.argmax(axis=1)
        return [
            self._verdict(self.profiles[index].person, float(row[index]))
            for index, row in zip(nearest, best, strict=True)
        ]

    def similarities(self, embeddings: NDArray[np.float32]) -> NDArray[np.float64]:
        """Similarity of (N, dimensions) embeddings to the best template of each of P profiles: (N, P), 0 to 1."""
        templates = [template for profile in self.profiles for template in profile.templates]
        means = np.stack([template.mean for template in templates]).astype(np.float64)
        counts = np.array([template.references for template in templates])
        distances = np.linalg.norm(embeddings[:, None, :].astype(np.float64) - means[None], axis=2)
        alike = self.calibration.similarity(self.calibration.pair_distance(distances, counts))
        starts = np.cumsum([0, *(len(profile.templates) for profile in self.profiles[:-1])])
        return np.asarray(np.maximum.reduceat(alike, starts, axis=1))

    def _verdict(self, person: str, similarity: float) -> Match:
        if similarity >= self.me:
            return Match(Verdict.ME, similarity, person)
        if similarity >= self.maybe:
            return Match(Verdict.MAYBE, similarity, person)
        return Match(Verdict.OTHER, similarity)


def keeps_embedding(match: Match, *, keep_bystanders: bool) -> bool:
    """Whether a face's embedding is stored: bystanders' are thrown away, unless the user wants otherwise."""
    return keep_bystanders or match.verdict is not Verdict.OTHER or match.similarity >= NEAR_MAYBE
