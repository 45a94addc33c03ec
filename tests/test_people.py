"""From distances to verdicts: calibration, profiles, outliers, matching, and the key of what verdicts follow from."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from untag.errors import ModelError
from untag.faces.dlib_engine import DLIB_ENGINE_ID
from untag.people.calibrate import MAYBE_FMR, ME_FMR, Calibration, calibrate, load_calibration
from untag.people.match import NEAR_MAYBE, Matcher, best_of, keeps_embedding
from untag.people.profile import Profile, agreement, find_outliers, key_persons, make_profile, profiles_key
from untag.types import Match, Verdict

CALIBRATION = Calibration(maybe=0.6, me=0.4, spread=0.1)


def vectors(*rows: tuple[float, ...]) -> NDArray[np.float32]:
    """Embeddings whose first coordinates are given; the others are 0."""
    result = np.zeros((len(rows), 8), np.float32)
    for row, values in zip(result, rows, strict=True):
        row[: len(values)] = values
    return result


def cluster(centre: tuple[float, ...], count: int, seed: int = 0) -> NDArray[np.float32]:
    noise = np.random.default_rng(seed).normal(0, 0.02, (count, 8)).astype(np.float32)
    return vectors(*[centre] * count) + noise


def test_the_curve_passes_through_its_two_points_and_falls() -> None:
    assert CALIBRATION.similarity(0.6) == pytest.approx(0.5)
    assert CALIBRATION.similarity(0.4) == pytest.approx(0.9)
    values = CALIBRATION.similarity(np.linspace(0, 1.2, 60))
    assert (np.diff(values) < 0).all()
    assert CALIBRATION.similarity([0.0, 1e6]).tolist() == pytest.approx([1, 0], abs=0.02)


def test_one_reference_is_a_pair() -> None:
    distances = np.array([0.0, 0.3, 0.6])
    np.testing.assert_allclose(CALIBRATION.pair_distance(distances, 1), distances)


@given(st.floats(0, 2), st.integers(1, 50))
def test_more_references_make_the_same_distance_mean_less(distance: float, count: int) -> None:
    near, far = CALIBRATION.pair_distance([distance, distance], [count, count + 1])
    assert far > near >= distance - 1e-12
    assert far**2 <= distance**2 + CALIBRATION.spread + 1e-9


def test_thresholds_are_at_their_false_match_rates() -> None:
    generator = np.random.default_rng(4)
    different, same = generator.normal(0.9, 0.1, 200_000), generator.normal(0.4, 0.05, 5_000)
    distances = np.concatenate([different, same])
    order = generator.permutation(len(distances))
    labels = np.arange(len(distances)) >= len(different)
    result = calibrate(distances[order], labels[order])
    assert (different < result.maybe).mean() == pytest.approx(MAYBE_FMR, rel=1e-3)
    assert (different < result.me).mean() == pytest.approx(ME_FMR, rel=0.06)
    assert result.spread == pytest.approx((same**2).mean() / 2)


def test_too_few_pairs_cannot_calibrate() -> None:
    with pytest.raises(ValueError, match="too few"):
        calibrate(np.ones(10_000), np.arange(10_000) == 0)
    with pytest.raises(ValueError, match="too few"):
        calibrate(np.ones(20_000), np.zeros(20_000))


def test_the_default_engine_is_calibrated_and_others_are_not() -> None:
    shipped = load_calibration(DLIB_ENGINE_ID)
    assert 0.3 < shipped.me < shipped.maybe < 0.7
    assert 0 < shipped.spread < 0.2
    with pytest.raises(ModelError, match="no calibrated thresholds"):
        load_calibration("dlib-000000-000000")


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


def test_the_smaller_cluster_goes() -> None:
    references = np.concatenate([cluster((0.5,), 2), cluster((-0.6,), 4)])
    assert find_outliers(references, CALIBRATION).tolist() == [True, True, False, False, False, False]


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


def at_similarity(similarity: float) -> float:
    """The distance to a single reference that has this similarity."""
    slope = math.log(9) / (CALIBRATION.maybe - CALIBRATION.me)
    return CALIBRATION.maybe - math.log(similarity / (1 - similarity)) / slope


def matcher(*profiles: Profile, me: float = 0.9, maybe: float = 0.5) -> Matcher:
    return Matcher(profiles, CALIBRATION, me, maybe)


def test_verdicts_change_at_their_thresholds() -> None:
    me = make_profile("me", vectors((0,)))
    for similarity, verdict in (
        (0.901, Verdict.ME),
        (0.899, Verdict.MAYBE),
        (0.501, Verdict.MAYBE),
        (0.499, Verdict.OTHER),
    ):
        (match,) = matcher(me).match(vectors((at_similarity(similarity),)))
        assert match.verdict is verdict
        assert match.similarity == pytest.approx(similarity, abs=1e-5)
        assert match.person == ("me" if verdict is not Verdict.OTHER else None)


def test_a_similarity_at_a_threshold_is_above_it() -> None:
    me = make_profile("me", vectors((0,)))
    probe = vectors((0.47,))
    (exact,) = matcher(me).match(probe)
    assert matcher(me, me=exact.similarity).match(probe)[0].verdict is Verdict.ME
    assert matcher(me, maybe=exact.similarity).match(probe)[0].verdict is Verdict.MAYBE
    above = math.nextafter(exact.similarity, 1)
    assert matcher(me, me=above).match(probe)[0].verdict is Verdict.MAYBE
    assert matcher(me, me=1.0, maybe=above).match(probe)[0].verdict is Verdict.OTHER


def test_the_nearest_of_several_people_is_named() -> None:
    people = matcher(make_profile("ana", cluster((1, 0), 3)), make_profile("ben", cluster((0, 1), 1)))
    matches = people.match(vectors((1, 0), (0, 1), (-1, -1), (0.95, 0.1)))
    assert [match.person for match in matches] == ["ana", "ben", None, "ana"]
    assert people.similarities(vectors((1, 0))).shape == (1, 2)


def test_nobody_enrolled_and_no_faces() -> None:
    assert matcher().match(vectors((1,), (2,))) == [Match(Verdict.OTHER, 0.0)] * 2
    assert matcher(make_profile("me", vectors((0,)))).match(np.zeros((0, 8), np.float32)) == []
    assert best_of([]) is None
    assert best_of([Match(Verdict.OTHER, 0.2), Match(Verdict.ME, 0.95, "me")]) == Match(Verdict.ME, 0.95, "me")


def test_a_profile_is_the_mean() -> None:
    profile = make_profile("me", vectors((1, 0), (0, 1)))
    np.testing.assert_allclose(profile.mean[:3], [0.5, 0.5, 0])
    assert profile.references == 2


def test_bystanders_are_thrown_away() -> None:
    bystander, near = Match(Verdict.OTHER, NEAR_MAYBE - 0.01), Match(Verdict.OTHER, NEAR_MAYBE)
    assert not keeps_embedding(bystander, keep_bystanders=False)
    assert keeps_embedding(bystander, keep_bystanders=True)
    assert keeps_embedding(near, keep_bystanders=False)
    # Whatever thresholds a user has set, a verdict keeps its evidence.
    assert keeps_embedding(Match(Verdict.MAYBE, 0.1, "me"), keep_bystanders=False)


ANA = make_profile("ana", cluster((1, 0), 3))
BEN = make_profile("ben", cluster((0, 1), 2))
SETTINGS = {"me": 0.9, "maybe": 0.5}


def test_the_key_changes_with_each_ingredient_alone() -> None:
    key = profiles_key([ANA, BEN], SETTINGS)
    moved = ANA.mean.copy()
    moved[7] = np.nextafter(moved[7], np.float32(9))
    others = [
        profiles_key([ANA], SETTINGS),
        profiles_key([BEN], SETTINGS),
        profiles_key([], SETTINGS),
        profiles_key([replace(ANA, person="anna"), BEN], SETTINGS),
        profiles_key([replace(ANA, mean=moved), BEN], SETTINGS),
        profiles_key([replace(ANA, mean=BEN.mean), replace(BEN, mean=ANA.mean)], SETTINGS),
        profiles_key([replace(ANA, references=4), BEN], SETTINGS),
        profiles_key([ANA, BEN], {**SETTINGS, "me": 0.91}),
        profiles_key([ANA, BEN], {**SETTINGS, "engine": "x"}),
    ]
    assert len({key, *others}) == len(others) + 1


def test_the_key_does_not_change_with_order() -> None:
    assert profiles_key([BEN, ANA], dict(reversed(SETTINGS.items()))) == profiles_key([ANA, BEN], SETTINGS)


names = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=12)


@given(st.sets(names, max_size=5))
def test_the_key_gives_its_persons_back(persons: set[str]) -> None:
    profiles = [replace(ANA, person=person) for person in persons]
    assert key_persons(profiles_key(profiles, SETTINGS)) == persons


def test_no_key_names_nobody() -> None:
    assert key_persons(None) == frozenset()
