"""Templates: which references of a person are like each other, and which are probably of somebody else."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from made_up_embeddings import CALIBRATION, at_similarity, cluster, make_profile, vectors
from untag.people.profile import agreement, cluster_references, find_outliers


def test_references_that_agree_are_all_kept() -> None:
    assert not find_outliers(cluster((0.5, 0.5), 6), CALIBRATION).any()
    assert not find_outliers(vectors(*[(1.0,)] * 3), CALIBRATION).any()


def test_one_or_no_reference_is_no_outlier() -> None:
    assert find_outliers(vectors((1,)), CALIBRATION).tolist() == [False]
    assert find_outliers(np.zeros((0, 8), np.float32), CALIBRATION).tolist() == []


@pytest.mark.parametrize("at", range(5))
def test_somebody_else_is_found_wherever_they_stand(at: int) -> None:
    references = np.insert(cluster((0.5,), 4), at, vectors((-0.6,))[0], axis=0)
    assert np.flatnonzero(find_outliers(references, CALIBRATION)).tolist() == [at]


def test_two_that_are_like_each_other_are_a_look() -> None:
    references = np.concatenate([cluster((0.5,), 2), cluster((-0.6,), 4)])
    assert not find_outliers(references, CALIBRATION).any()
    assert cluster_references(references, CALIBRATION) == [[2, 3, 4, 5], [0, 1]]


def test_single_references_unlike_all_clusters_go() -> None:
    references = np.concatenate([cluster((0.5,), 2), vectors((-0.6,), (0, 0.9)), cluster((0.5,), 2, seed=1)])
    assert np.flatnonzero(find_outliers(references, CALIBRATION)).tolist() == [2, 3]


@pytest.mark.parametrize(("similarity", "stays"), [(0.76, True), (0.74, False)])
def test_a_single_reference_stays_when_it_is_linked_to_a_look(similarity: float, stays: bool) -> None:
    # A cluster from -0.55 to 0, and one beyond `maybe` of its mean.
    cluster = [(-0.55,), (-0.5,), (-0.45,), (-0.4,), (0.0,)]
    references = vectors(*cluster, (at_similarity(similarity),))
    assert cluster_references(references, CALIBRATION) == [[0, 1, 2, 3, 4], [5]]
    assert find_outliers(references, CALIBRATION).tolist() == [False] * 5 + [not stays]


def by_definition(embeddings: NDArray[np.float32]) -> list[list[int]]:
    """Average linkage, pair by pair."""
    distances = np.linalg.norm(embeddings[:, None].astype(np.float64) - embeddings[None], axis=2)
    clusters = [[position] for position in range(len(embeddings))]
    while len(clusters) > 1:
        apart, left, right = min(
            (float(distances[np.ix_(clusters[left], clusters[right])].mean()), left, right)
            for left in range(len(clusters))
            for right in range(left + 1, len(clusters))
        )
        if apart > CALIBRATION.maybe:
            break
        clusters[left] = sorted(clusters[left] + clusters.pop(right))
    return sorted(clusters, key=lambda cluster: (-len(cluster), cluster))


@pytest.mark.parametrize("seed", range(20))
def test_clusters_are_those_of_average_linkage(seed: int) -> None:
    generator = np.random.default_rng(seed)
    embeddings = generator.normal(0, 0.22, (generator.integers(1, 25), 8)).astype(np.float32)
    clusters = cluster_references(embeddings, CALIBRATION)
    assert clusters == by_definition(embeddings)
    assert sorted(position for cluster in clusters for position in cluster) == list(range(len(embeddings)))


def test_many_equal_references_are_one_look() -> None:
    assert cluster_references(vectors(*[(0.3, 0.1)] * 2000), CALIBRATION) == [list(range(2000))]
    assert cluster_references(np.zeros((0, 8), np.float32), CALIBRATION) == []


def test_of_two_that_disagree_the_later_goes() -> None:
    assert find_outliers(vectors((0.5,), (-0.5,)), CALIBRATION).tolist() == [False, True]


def test_many_strangers_leave_at_least_one() -> None:
    strangers = (np.eye(8) * 2).astype(np.float32)
    assert (~find_outliers(strangers, CALIBRATION)).sum() == 1


def test_agreement_is_of_pairs() -> None:
    assert agreement(vectors((1,)), CALIBRATION) is None
    assert agreement(vectors((0,), (0.6,)), CALIBRATION) == pytest.approx(0.5)
    assert agreement(vectors((0,), (0,), (0.6,)), CALIBRATION) == pytest.approx(
        (2 * 0.5 + float(CALIBRATION.similarity(0.0))) / 3
    )


def test_a_profile_of_one_template_is_the_mean() -> None:
    references = cluster((1, 0), 5)
    profile = make_profile("me", references)
    (template,) = profile.templates
    assert np.array_equal(template.mean, references.mean(axis=0))
    assert template.references == profile.references == 5
