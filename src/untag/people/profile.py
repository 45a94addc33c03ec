"""Profiles: the references of each enrolled person, which of them to trust, and what they make together.

Over the years a person's appearance changes: with and without a beard or glasses, younger and older. References that
are like each other form a cluster; its mean is a template, and a probe is compared with each template of a person.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from untag.people.calibrate import Calibration
from untag.store import JudgedWith, Reference
from untag.types import Vector

_LINKED = 0.75
"""A single reference apart from all clusters is used when it is this similar to another: between `maybe` and `me`.

Measured on LFW with one stranger among 8 references: at 0.5 3.5 % of the strangers stay, at 0.75 0.6 %."""


@dataclass(frozen=True, slots=True)
class Template:
    """The mean of `references` embeddings that are like each other, (dimensions,) float32."""

    mean: Vector
    references: int


@dataclass(frozen=True, slots=True)
class Profile:
    """One person: their templates, at least one, the one with the most references first.

    A probe is compared with means, not with the nearest reference: measured on LFW with three references, recall at a
    false match rate of 1 in 1,000 is .984 against .970. Weights by quality change nothing (.9880 to .9878).
    """

    person: str
    templates: tuple[Template, ...]

    @property
    def references(self) -> int:
        """How many references there are in all templates together."""
        return sum(template.references for template in self.templates)


def embeddings_of(references: Sequence[Reference]) -> NDArray[np.float32]:
    """The embeddings of N references, N at least 1: (N, dimensions)."""
    return np.stack([item.face.embedding for item in references if item.face.embedding is not None])


def make_profile(person: str, embeddings: NDArray[np.float32], calibration: Calibration) -> Profile:
    """The profile of (N, dimensions) embeddings, N at least 1."""
    clusters = cluster_references(embeddings, calibration)
    return Profile(person, tuple(Template(embeddings[one].mean(axis=0), len(one)) for one in clusters))


def cluster_references(embeddings: NDArray[np.float32], calibration: Calibration) -> list[list[int]]:
    """The positions of (N, dimensions) references by cluster, the largest first: see `cluster`.

    They are joined up to the distance `maybe`. One person's photos from one time are then one cluster: in 313 of 315
    cases on LFW, with 3 references and with 8.
    """
    return cluster(embeddings, calibration.maybe)


def cluster(embeddings: NDArray[np.float32], apart: float) -> list[list[int]]:
    """The positions of (N, dimensions) embeddings by cluster, the largest first, of equal ones the earliest first.

    Average linkage (Sokal and Michener 1958): the two clusters whose members are least apart on average are joined, as
    long as that is at most `apart`. Done as a nearest-neighbour chain (Murtagh 1983), in time O(N^2).
    """
    distances = pair_distances(embeddings)
    np.fill_diagonal(distances, np.inf)
    clusters = {position: [position] for position in range(len(embeddings))}
    done: list[list[int]] = []
    chain: list[int] = []
    while clusters:
        chain = chain or [min(clusters)]
        last, before = chain[-1], chain[-2] if len(chain) > 1 else None
        nearest = int(distances[last].argmin())
        if before is not None and distances[last, before] <= distances[last, nearest]:
            nearest = before
        if distances[last, nearest] > apart:
            # Joining others never brings them nearer than their nearest part: this one stays as it is.
            done.append(sorted(clusters.pop(chain.pop())))
            distances[last] = distances[:, last] = np.inf
        elif nearest == before:
            sizes = len(clusters[before]), len(clusters[last])
            joined = (sizes[0] * distances[before] + sizes[1] * distances[last]) / sum(sizes)
            distances[before] = distances[:, before] = joined
            distances[last] = distances[:, last] = np.inf
            clusters[before] += clusters.pop(last)
            del chain[-2:]
        else:
            chain.append(nearest)
    return sorted(done, key=lambda cluster: (-len(cluster), cluster))


def find_outliers(embeddings: NDArray[np.float32], calibration: Calibration) -> NDArray[np.bool_]:
    """Which of (N, dimensions) references are probably of somebody else: (N,) booleans.

    A single reference that is like no other one. Two that are like each other are a cluster, even when they are unlike
    the rest: faces alone do not say whether that is the same person in other years, so the user is asked. When there is
    no cluster of two, the earliest reference has been believed so far, and stays.
    """
    outlier = np.zeros(len(embeddings), dtype=np.bool_)
    distances = pair_distances(embeddings)
    np.fill_diagonal(distances, np.inf)
    for cluster in cluster_references(embeddings, calibration)[1:]:
        if len(cluster) == 1:
            outlier[cluster] = calibration.similarity(distances[cluster].min()) < _LINKED
    return outlier


def agreement(embeddings: NDArray[np.float32], calibration: Calibration) -> float | None:
    """The mean similarity of every pair of (N, dimensions) references, 0 to 1; None for fewer than two."""
    if len(embeddings) < 2:
        return None
    left, right = np.triu_indices(len(embeddings), 1)
    return float(calibration.similarity(pair_distances(embeddings)[left, right]).mean())


def pair_distances(embeddings: NDArray[np.float32]) -> NDArray[np.float64]:
    """(N, N) float64, by a matrix product: the differences themselves would take N x N x dimensions."""
    vectors = embeddings.astype(np.float64)
    squares = np.square(vectors).sum(axis=1)
    return np.asarray(np.sqrt(np.maximum(squares[:, None] + squares - 2 * vectors @ vectors.T, 0)))


def judged_with(profiles: Sequence[Profile], settings: Mapping[str, object]) -> JudgedWith:
    """The templates that faces are compared with, and a digest of all that verdicts follow from."""
    digest = hashlib.sha256(repr(sorted(settings.items())).encode())
    for profile in sorted(profiles, key=lambda item: item.person):
        digest.update(f"{profile.person}\n{len(profile.templates)}\n".encode())
        for template in profile.templates:
            # As many references as there are: the same mean of more of them is another verdict (pair_distance).
            digest.update(f"{template.references}\n".encode())
            digest.update(np.ascontiguousarray(template.mean, "<f4").tobytes())
    return JudgedWith.of(((profile.person, len(profile.templates)) for profile in profiles), digest.hexdigest()[:16])
