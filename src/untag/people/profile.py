"""Profiles: the references of each enrolled person, which of them to trust, and what they make together."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from untag.people.calibrate import Calibration
from untag.types import Vector


@dataclass(frozen=True, slots=True)
class Profile:
    """One person: the mean of their `references` embeddings, (dimensions,) float32.

    A probe is compared with the mean, not with the nearest reference: measured on LFW with three references, recall at
    a false match rate of 1 in 1,000 is .984 against .970.
    """

    person: str
    mean: Vector
    references: int


def make_profile(person: str, embeddings: NDArray[np.float32]) -> Profile:
    """The profile of (N, dimensions) embeddings, N at least 1."""
    return Profile(person, embeddings.mean(axis=0), len(embeddings))


def find_outliers(embeddings: NDArray[np.float32], calibration: Calibration) -> NDArray[np.bool_]:
    """Which of (N, dimensions) references are probably of somebody else: (N,) booleans.

    The reference least like the others goes first, until all that are left are like the mean of the others. Of two
    that disagree the later one goes: the earlier has been believed so far.
    """
    outlier = np.zeros(len(embeddings), dtype=np.bool_)
    while (kept := np.flatnonzero(~outlier)).size > 1:
        vectors = embeddings[kept].astype(np.float64)
        others = (vectors.sum(axis=0) - vectors) / (len(kept) - 1)
        distances = calibration.pair_distance(np.linalg.norm(vectors - others, axis=1), len(kept) - 1)
        worst = len(kept) - 1 - int(np.argmax(distances[::-1]))
        if distances[worst] <= calibration.maybe:
            break
        outlier[kept[worst]] = True
    return outlier


def agreement(embeddings: NDArray[np.float32], calibration: Calibration) -> float | None:
    """The mean similarity of every pair of (N, dimensions) references, 0 to 1; None for fewer than two."""
    if len(embeddings) < 2:
        return None
    left, right = np.triu_indices(len(embeddings), 1)
    return float(calibration.similarity(np.linalg.norm(embeddings[left] - embeddings[right], axis=1)).mean())


def profiles_key(profiles: Sequence[Profile], settings: Mapping[str, object]) -> str:
    """Names the persons, and a hash of what verdicts follow from: profiles and `settings`. See `key_persons`."""
    digest = hashlib.sha256(repr(sorted(settings.items())).encode())
    for profile in sorted(profiles, key=lambda item: item.person):
        # As many references as there are: the same mean of more of them is another verdict (pair_distance).
        digest.update(f"{profile.person}\n{profile.references}\n".encode())
        digest.update(np.ascontiguousarray(profile.mean, "<f4").tobytes())
    names = "\n".join(sorted(profile.person for profile in profiles))
    return f"{names}\n#{digest.hexdigest()[:16]}"


def key_persons(key: str | None) -> frozenset[str]:
    """The persons that a key of `profiles_key` names; none for a photo that was never matched."""
    return frozenset() if key is None else frozenset(name for name in key.split("\n")[:-1] if name)


def key_without(key: str, person: str) -> str:
    """A key without `person` that no match will ever make; whoever else it names was considered all the same."""
    names = "\n".join(sorted(key_persons(key) - {person}))
    return f"{names}\n#forgotten"
