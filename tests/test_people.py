"""From distances to verdicts: calibration, profiles, outliers, matching, and the key of what verdicts follow from."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from fakes import damage_assets
from made_up_embeddings import CALIBRATION, at_similarity, cluster, make_profile, vectors
from untag.errors import ModelError
from untag.faces.dlib_engine import DLIB_ENGINE_ID
from untag.people.calibrate import MAYBE_FMR, ME_FMR, all_pairs, calibrate, load_calibration
from untag.people.match import NEAR_MAYBE, Matcher, keeps_embedding
from untag.people.profile import Profile, Template, judged_with
from untag.store import Appearance
from untag.store.judged import judged_with as parsed
from untag.store.judged import judgement_of
from untag.types import Match, Verdict


def test_the_curve_passes_through_its_two_points_and_falls() -> None:
    assert CALIBRATION.similarity(0.6) == pytest.approx(0.5)
    assert CALIBRATION.similarity(0.4) == pytest.approx(0.9)
    values = CALIBRATION.similarity(np.linspace(0, 1.2, 60))
    assert (np.diff(values) < 0).all()
    assert CALIBRATION.similarity([0.0, 1e6]).tolist() == pytest.approx([1, 0], abs=0.02)


def test_one_reference_is_a_pair() -> None:
    distances = np.array([0.0, 0.3, 0.6])
    np.testing.assert_allclose(CALIBRATION.pair_distance(distances, 1), distances)


@given(st.floats(0.3, 2), st.integers(1, 50))
def test_more_references_make_the_same_distance_mean_less(distance: float, count: int) -> None:
    near, far = CALIBRATION.pair_distance([distance, distance], [count, count + 1])
    assert far > near >= distance - 1e-12


@pytest.mark.parametrize("count", [2, 3, 10])
def test_the_distances_at_both_rates_are_those_of_pairs(count: int) -> None:
    share = 1 - 1 / count
    squared = [0.6**2 - CALIBRATION.maybe_shift * share, 0.4**2 - CALIBRATION.me_shift * share]
    assert CALIBRATION.pair_distance(np.sqrt(squared), count).tolist() == pytest.approx([0.6, 0.4])


def people(count: int, photos: int, seed: int) -> tuple[NDArray[np.float32], NDArray[np.str_]]:
    """Embeddings in 32 dimensions, (count x photos, 32), and their owners; two of one person are less apart."""
    generator = np.random.default_rng(seed)
    centres = generator.normal(size=(count, 1, 32)) * 0.1
    embeddings = centres + generator.normal(size=(count, photos, 32)) * 0.05
    return embeddings.reshape(-1, 32).astype(np.float32), np.repeat(np.arange(count).astype(str), photos)


def test_thresholds_are_at_their_false_match_rates() -> None:
    embeddings, owners = people(120, 8, seed=4)
    result = calibrate(embeddings, owners)
    distances, same = all_pairs(embeddings, owners)
    assert (distances[~same] < result.maybe).mean() == pytest.approx(MAYBE_FMR, rel=1e-3)
    assert (distances[~same] < result.me).mean() == pytest.approx(ME_FMR, rel=0.06)


@pytest.mark.parametrize("count", [2, 3, 8])
def test_profiles_keep_the_false_match_rates(count: int) -> None:
    result = calibrate(*people(150, 8, seed=4))
    embeddings = people(300, 8, seed=5)[0].reshape(300, 8, 32)
    means = embeddings[:, :count].mean(axis=1)
    apart = np.linalg.norm(embeddings[:, None] - means[None, :, None], axis=3)
    strangers = result.pair_distance(apart[~np.eye(300, dtype=bool)], count)
    assert (strangers < result.maybe).mean() == pytest.approx(MAYBE_FMR, rel=0.25)
    assert (strangers < result.me).mean() == pytest.approx(ME_FMR, rel=0.5)


def test_too_few_photos_cannot_calibrate() -> None:
    with pytest.raises(ValueError, match="too few"):
        calibrate(*people(10, 8, seed=1))
    with pytest.raises(ValueError, match="too few"):
        calibrate(*people(200, 1, seed=1))


def test_the_default_engine_is_calibrated_and_others_are_not() -> None:
    shipped = load_calibration(DLIB_ENGINE_ID)
    assert 0.3 < shipped.me < shipped.maybe < 0.7
    assert 0 < shipped.me_shift < shipped.maybe_shift < 0.2
    with pytest.raises(ModelError, match="no calibrated thresholds"):
        load_calibration("dlib-000000-000000")


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


def test_a_probe_is_like_the_best_template() -> None:
    young, old = cluster((0.8, 0), 3), cluster((0, 0.8), 2, seed=1)
    both = make_profile("me", np.concatenate([old, young]))
    assert [template.references for template in both.templates] == [3, 2]
    assert both.references == 5
    probes = vectors((0.8, 0), (0, 0.8), (0.4, 0.4), (-1, 0))
    people = matcher(both, make_profile("young", young), make_profile("old", old)).similarities(probes)
    assert people.shape == (4, 3)
    np.testing.assert_allclose(people[:, 0], people[:, 1:].max(axis=1))
    assert [match.verdict for match in matcher(both).match(probes)] == [
        Verdict.ME,
        Verdict.ME,
        Verdict.OTHER,
        Verdict.OTHER,
    ]


def test_templates_of_several_people_are_not_mixed_up() -> None:
    one, two, three = (cluster(centre, 2) for centre in ((1.0,), (0, 1.0), (0, 0, 1.0)))
    people = matcher(make_profile("a", one), make_profile("b", np.concatenate([two, -two])), make_profile("c", three))
    probes = vectors((1, 0, 0), (0, 1, 0), (0, -1, 0), (0, 0, 1))
    assert [match.person for match in people.match(probes)] == ["a", "b", "b", "c"]


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
    key = judged_with([ANA, BEN], SETTINGS)
    (ana,), (ben,) = ANA.templates, BEN.templates
    moved = ana.mean.copy()
    moved[7] = np.nextafter(moved[7], np.float32(9))
    others = [
        judged_with([ANA], SETTINGS),
        judged_with([BEN], SETTINGS),
        judged_with([], SETTINGS),
        judged_with([replace(ANA, person="anna"), BEN], SETTINGS),
        judged_with([Profile("ana", (replace(ana, mean=moved),)), BEN], SETTINGS),
        judged_with([Profile("ana", (ben,)), Profile("ben", (ana,))], SETTINGS),
        judged_with([Profile("ana", (Template(ana.mean, 4),)), BEN], SETTINGS),
        judged_with([Profile("ana", (ana, ben)), BEN], SETTINGS),
        judged_with([Profile("ana", (ana,)), Profile("ben", (ben, ana))], SETTINGS),
        judged_with([ANA, BEN], {**SETTINGS, "me": 0.91}),
        judged_with([ANA, BEN], {**SETTINGS, "engine": "x"}),
    ]
    assert len({key, *others}) == len(others) + 1


def test_the_key_does_not_change_with_order() -> None:
    assert judged_with([BEN, ANA], dict(reversed(SETTINGS.items()))) == judged_with([ANA, BEN], SETTINGS)


names = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=12)


@given(st.dictionaries(names, st.integers(1, 3), max_size=5))
def test_the_key_names_every_template_and_is_read_back_from_its_text(templates: dict[str, int]) -> None:
    profiles = [Profile(person, ANA.templates * count) for person, count in templates.items()]
    key = judged_with(profiles, SETTINGS)
    assert key.appearances == {(person, number + 1) for person, count in templates.items() for number in range(count)}
    assert parsed(key.text) == key
    for person in templates:
        rest = judged_with([profile for profile in profiles if profile.person != person], SETTINGS)
        without = key.without(person)
        assert without.appearances == rest.appearances
        assert without != rest
        assert parsed(without.text) == without


@pytest.mark.parametrize(
    ("text", "appearances", "digest"),
    [
        ("\n#0123", set(), "0123"),
        ("Ada\n#0123", {("Ada", 1)}, "0123"),
        ("Ada\nAda\t2\nBob\n#0123", {("Ada", 1), ("Ada", 2), ("Bob", 1)}, "0123"),
        ("#1 fan\n#forgotten", {("#1 fan", 1)}, "forgotten"),
    ],
)
def test_the_text_is_that_of_the_first_release(text: str, appearances: set[tuple[str, int]], digest: str) -> None:
    """A home that was scanned with 0.1.0 would be judged again as a whole if another text came of the same profiles."""
    key = parsed(text)
    assert (set(key.appearances), key.digest) == ({Appearance(*one) for one in appearances}, digest)
    assert key.text == text


@pytest.mark.parametrize("text", ["", "Ada", "#0123", "Ada\n0123", "Ada\tx\n#0123"])
def test_what_is_no_key_counts_as_never_judged(text: str) -> None:
    with pytest.raises(ValueError, match=r"key of a judgement|invalid literal"):
        parsed(text)
    assert judgement_of(text) is None


def test_thresholds_that_are_not_the_pinned_ones_are_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    damage_assets(monkeypatch.setattr, tmp_path)
    with pytest.raises(ModelError, match=r"calibration\.json is damaged"):
        load_calibration(DLIB_ENGINE_ID)
