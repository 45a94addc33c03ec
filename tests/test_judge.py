"""Matching and deciding again from what is stored, and when the photos must be read again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from fakes import ENGINE_ID, MAYBE, ME, NEAR, STRANGER, Square, Untag, paint
from untag.config import Settings
from untag.findings import Preset, load_preset
from untag.findings.nearness import Nearness
from untag.findings.prominence import Prominence
from untag.findings.rules import Audience
from untag.scan.judge import Judge, judge_again, load_judge, must_read_again
from untag.scenes.categories import AVAILABLE, CATEGORIES
from untag.store import Reference, Store, add_reference, photo_evidence, start_run
from untag.store.judged import judgement_of
from untag.types import Action, Box, Evidence, Face, Match, Origin, SceneScores, Verdict


def face(square: Square) -> Face:
    import numpy as np

    return Face(Box(0, 0, 70, 70), 1.0, np.zeros((5, 2), np.float32), 0.9, square.embedding)


def add(store: Store, square: Square, person: str = "me", *, used: bool = True) -> None:
    name = f"{person}{square.colour}"
    add_reference(store, Reference(person, ENGINE_ID, name, f"/{name}.png", face(square), used))


def judge(untag: Untag, settings: Settings | None = None, **options: bool) -> Judge:
    with Store.open(untag.home) as store:
        return load_judge(store, ENGINE_ID, Settings(untag.home) if settings is None else settings, **options)


def photo(*matches: Match, alcohol: float = 0.0) -> Evidence:
    scores = SceneScores({"alcohol": alcohol}, {"alcohol": ("beer",)}, "fake")
    boxes = tuple(Box(number * 10.0, 0, number * 10.0 + 9, 9) for number in range(len(matches)))
    return Evidence((Origin(),), 100, 100, boxes, matches, scores)


def test_nobody_is_enrolled(untag: Untag) -> None:
    judged = judge(untag)
    assert judged.persons == frozenset()
    assert judged.match([face(ME)]) == (Match(Verdict.OTHER, 0.0),)
    assert judged.match([]) == ()


@pytest.mark.parametrize("quality", [0.0, 0.1, 0.49, 1.0])
def test_one_threshold_serves_faces_of_every_quality(untag: Untag, quality: float) -> None:
    """Measured: blurred faces match others no more often (docs/models.md), and a stricter threshold misses more."""
    with Store.open(untag.home) as store:
        add(store, ME)
    off = next(
        off / 100 for off in range(100, 0, -1) if _similarity(untag, off / 100) >= Settings(Path()).me_similarity
    )
    blurred = replace(face(Square(off=off)), quality=quality)
    (match,) = judge(untag).match([blurred])
    assert match.verdict is Verdict.ME
    assert match.similarity < 0.92


def _similarity(untag: Untag, off: float) -> float:
    (match,) = judge(untag).match([face(Square(off=off))])
    return match.similarity


def test_verdicts_name_the_nearest_person_and_only_used_references_count(untag: Untag) -> None:
    with Store.open(untag.home) as store:
        add(store, ME)
        add(store, Square(person=3), used=False)
        add(store, STRANGER, "Bob")
    judged = judge(untag)
    assert judged.persons == {"me", "Bob"}
    verdicts = [(match.verdict, match.person) for match in judged.match([face(item) for item in (ME, STRANGER, MAYBE)])]
    assert verdicts == [(Verdict.ME, "me"), (Verdict.ME, "Bob"), (Verdict.MAYBE, "me")]
    (unknown,) = judged.match([face(Square(person=3))])
    assert (unknown.verdict, unknown.person) == (Verdict.OTHER, None)


def test_the_thresholds_are_on_the_calibrated_curve(untag: Untag) -> None:
    with Store.open(untag.home) as store:
        add(store, ME)
    at = [face(Square(off=off)) for off in (0.49, 0.51, 0.99, 1.01)]
    verdicts = [match.verdict for match in judge(untag).match(at)]
    assert verdicts == [Verdict.ME, Verdict.MAYBE, Verdict.MAYBE, Verdict.OTHER]
    strict = judge(untag, Settings(untag.home, me_similarity=0.99, maybe_similarity=0.95))
    assert {match.verdict for match in strict.match(at)} == {Verdict.OTHER}


def test_only_embeddings_that_may_matter_are_kept(untag: Untag) -> None:
    with Store.open(untag.home) as store:
        add(store, ME)
    faces = [face(item) for item in (ME, MAYBE, NEAR, Square(off=1.3), STRANGER)]
    usual = judge(untag)
    assert [usual.keeps(match) for match in usual.match(faces)] == [True, True, True, False, False]
    everything = judge(untag, Settings(untag.home, keep_bystanders=True))
    assert all(everything.keeps(match) for match in everything.match(faces))


def test_the_key_changes_with_all_that_a_verdict_follows_from(untag: Untag) -> None:
    settings = Settings(untag.home)
    with Store.open(untag.home) as store:
        add(store, ME)
    first = judge(untag)
    assert judge(untag).key == first.key
    changes = [
        replace(settings, me_similarity=0.8),
        replace(settings, maybe_similarity=0.4),
        replace(settings, thresholds={"alcohol": 0.4}),
        replace(settings, severities={"alcohol": 0.4}),
        replace(settings, preset=Preset.FAMILY),
        replace(settings, act_from=0.4),
        replace(settings, certainty={Verdict.MAYBE: 0.4}),
        replace(settings, exposure={Audience.PUBLIC: 2}),
        replace(settings, prominence={Prominence.CROWD: 0.4}),
        replace(settings, nearness={Nearness.FAR: 0.4}),
        replace(settings, keep_bystanders=True),
    ]
    keys = [judge(untag, changed).key for changed in changes]
    keys += [first.key, judge(untag, settings, all_scenes=True).key]
    with Store.open(untag.home) as store:
        add(store, Square(off=0.1))
    keys.append(judge(untag).key)
    with Store.open(untag.home) as store:
        add(store, STRANGER, "Bob")
    keys.append(judge(untag).key)
    assert len(set(keys)) == len(keys)
    # How many photos are read at a time changes no verdict, and neither does a default that is written down.
    assert judge(untag, replace(settings, jobs=7)).key == keys[-1]
    written = replace(settings, preset=Preset.JOB_HUNT, act_from=0.25, severities={"crowd": 0.1})
    assert judge(untag, written).key == keys[-1]


def test_settings_override_single_categories(untag: Untag) -> None:
    judged = judge(untag, Settings(untag.home, thresholds={"alcohol": 0.2}, severities={"alcohol": 0.1}))
    assert judged.rules.threshold("alcohol") == 0.2
    assert judged.rules.severity("alcohol") == 0.1
    for category in AVAILABLE:
        if category != "alcohol":
            assert judged.rules.threshold(category) == CATEGORIES[category].threshold
            assert judged.rules.severity(category) == load_preset(Preset.JOB_HUNT).severities[category]


def test_a_finding_for_a_photo_that_shows_you(untag: Untag) -> None:
    judged = judge(untag)
    mine = Match(Verdict.ME, 0.95, "me")
    found = judged.assess(photo(Match(Verdict.OTHER, 0.1), mine, alcohol=0.8))
    assert found is not None
    assert (found.verdict, found.person, found.categories) == (Verdict.ME, "me", {"alcohol": 0.8})
    assert (found.action, found.faces) == (Action.REVIEW, (Box(10, 0, 19, 9),))
    assert judged.assess(photo(Match(Verdict.OTHER, 0.1), alcohol=0.8)) is None
    assert judge(untag, all_scenes=True).assess(photo(alcohol=0.8)) is not None


@pytest.mark.parametrize(
    ("key", "discarded", "again"),
    [
        ("me\n#1234", 0, False),
        ("me\n#1234", 2, False),
        ("\n#1234", 2, True),
        ("Bob\n#1234", 2, True),
        ("Bob\nme\n#1234", 2, False),
        (None, 2, True),
        (None, 0, False),
    ],
)
def test_when_photos_must_be_read_again(untag: Untag, key: str | None, discarded: int, again: bool) -> None:
    with Store.open(untag.home) as store:
        add(store, ME)
    assert must_read_again(judgement_of(key), discarded, judge(untag)) is again


def scan(untag: Untag) -> None:
    assert untag.run("scan", untag.photos).status == 0


def again(untag: Untag, settings: Settings | None = None) -> int:
    judged = judge(untag, settings)
    with Store.open(untag.home) as store:
        return judge_again(store, ENGINE_ID, judged, start_run(store, []))


def test_what_was_judged_so_is_left_alone(untag: Untag) -> None:
    untag.enroll()
    untag.add("a.png", paint(ME, serial=1))
    untag.add("b.png", paint(MAYBE, STRANGER, serial=2))
    scan(untag)
    assert again(untag) == 0
    looser = Settings(untag.home, me_similarity=0.6)
    assert again(untag, looser) == 2
    assert untag.found() == {"a.png": "me", "b.png": "me"}
    assert again(untag, looser) == 0
    assert again(untag) == 2
    assert untag.found() == {"a.png": "me", "b.png": "maybe"}


def test_another_preset_weighs_stored_photos_again_without_reading_them(untag: Untag) -> None:
    untag.enroll()
    untag.add("a.png", paint(ME, serial=1, alcohol=0.9))
    scan(untag)
    (before,) = untag.listed()
    untag.engine.analysed.clear()
    (untag.home / "config.toml").write_text('preset = "family"\nact_from = 0.5\n')
    scan(untag)
    assert not untag.engine.analysed
    (after,) = untag.listed()
    assert int(str(after["risk"])) < int(str(before["risk"]))
    # In the family a drink weighs 0.4.
    assert (before["action"], after["action"]) == ("review", "keep")
    (untag.home / "config.toml").unlink()
    scan(untag)
    assert not untag.engine.analysed
    assert untag.listed() == [before]


def test_photos_that_lack_an_embedding_stay_due_for_reading(untag: Untag) -> None:
    untag.enroll()
    untag.add("a.png", paint(ME, STRANGER, serial=1))
    untag.add("b.png", paint(ME, serial=2))
    scan(untag)
    untag.enroll(STRANGER, person="Bob")
    with Store.open(untag.home) as store:
        keys = {Path(item.places[0].path).name: item.judged_with for item in photo_evidence(store)}
    assert keys["b.png"] == judge(untag).key
    assert keys["a.png"] is not None and keys["a.png"] != keys["b.png"]
    scan(untag)
    with Store.open(untag.home) as store:
        (item,) = (item for item in photo_evidence(store) if item.places[0].path.endswith("a.png"))
    assert item.judged_with == judge(untag).key
    assert {stored.match.person for stored in item.faces} == {"me", "Bob"}


def test_an_embedding_no_longer_needed_is_erased(untag: Untag) -> None:
    untag.enroll(ME)
    untag.add("near.png", paint(NEAR, serial=1))
    scan(untag)
    with Store.open(untag.home) as store:
        (before,) = photo_evidence(store)
    assert before.discarded == 0
    assert before.faces[0].face.embedding is not None
    # References in another direction move the mean away.
    untag.enroll(Square(off=0.9, seed=3), Square(off=0.85, seed=3))
    with Store.open(untag.home) as store:
        (after,) = photo_evidence(store)
    assert after.discarded == 1
    assert after.faces[0].face.embedding is None
