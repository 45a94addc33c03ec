"""What is judged again without looking at every photo must be what a look at every photo would give."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fakes import ENGINE_ID, Square, Untag
from store_samples import analysis, record
from untag.config import Settings
from untag.people.calibrate import Calibration
from untag.people.concerned import reach
from untag.people.index import index_path, open_index
from untag.scan import judge as judge_module
from untag.scan.judge import Judge, judge_again, load_judge, must_read_again
from untag.store import (
    Reference,
    Store,
    StoredPhoto,
    add_reference,
    embedded_faces,
    findings,
    finish_run,
    forget_person,
    photo_evidence,
    prune,
    record_batch,
    start_run,
)
from untag.types import Box, Evidence, Face, Finding, Origin, SceneScores

PEOPLE = 4
SEEDS = range(12)


def a_face(square: Square, quality: float = 0.9, *, embedded: bool = True) -> Face:
    return Face(Box(0, 0, 70, 70), 1.0, np.zeros((5, 2), np.float32), quality, square.embedding if embedded else None)


def enrol(store: Store, square: Square, person: str) -> None:
    name = f"{person}{square.colour}"
    add_reference(store, Reference(person, ENGINE_ID, name, f"/{name}.png", a_face(square), used=True))


def fill(store: Store, judge: Judge, random: np.random.Generator, photos: int) -> None:
    """Record photos as a scan with this judge leaves them: of faces near to people and between them, and of nobody."""
    run = start_run(store, ["/a"])
    records = []
    for number in range(photos):
        faces = tuple(
            a_face(
                Square(
                    int(random.integers(PEOPLE + 2)), float(random.choice([0, 0.4, 0.6, 1, 1.2, 1.3, 2])), number % 7
                ),
                float(random.choice([0.1, 0.4, 0.9])),
            )
            for _ in range(random.integers(4))
        )
        matches = judge.match(faces)
        scenes = SceneScores({"alcohol": float(random.choice([0.1, 0.9]))}, {"alcohol": ("beer",)}, "fake")
        evidence = Evidence((Origin(),), 640, 480, tuple(face.box for face in faces), matches, scenes)
        made = replace(
            analysis(found=judge.assess(evidence), engine=ENGINE_ID if number % 9 else "another"),
            faces=faces,
            matches=matches,
            keep=tuple(judge.keeps(match) for match in matches),
            scenes=scenes,
            judged_with=judge.key,
        )
        records.append(record(f"/a/{number}", f"sha{number:04}", made))
    record_batch(store, run, records)


def row_by_row(store: Store, judge: Judge, run: int) -> int:
    """What `judge_again` must come to: every photo that was judged otherwise, looked at as a whole."""
    due = [seen for seen in photo_evidence(store, engine=ENGINE_ID) if seen.judged_with != judge.key]
    judge_module._judge_batch(store, judge, run, due)
    judge_module.group_copies(store)
    return len(due)


def state(store: Store) -> tuple[list[object], list[Finding]]:
    """All that was judged. How alike an `other` is decides nothing, and is not told to anybody."""
    photos: list[object] = []
    for seen in photo_evidence(store):
        faces = [
            (
                stored.id,
                stored.match.verdict,
                stored.match.person,
                stored.match.similarity if stored.match.person is not None else None,
                None if stored.face.embedding is None else stored.face.embedding.tobytes(),
            )
            for stored in seen.faces
        ]
        photos.append((seen.sha256, seen.judged_with, seen.discarded, faces))
    return photos, list(findings(store))


def change_of_profile(store: Store, random: np.random.Generator) -> None:
    for _ in range(random.integers(1, 5)):
        person = int(random.integers(PEOPLE))
        # A second look now and then: far from the first, and of two references.
        off = float(random.choice([0.0, 0.3, 1.5]))
        for seed in range(2):
            enrol(store, Square(person, off, seed), f"person {person % 2}")
    if random.random() < 0.3:
        forget_person(store, "person 0")


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("bystanders", [(False, False), (True, True), (True, False), (False, True)])
def test_it_comes_to_what_looking_at_every_photo_does(untag: Untag, seed: int, bystanders: tuple[bool, bool]) -> None:
    random = np.random.default_rng([seed, *bystanders])
    before, after = (Settings(untag.home, keep_bystanders=keep) for keep in bystanders)
    with Store.open(untag.home) as store:
        enrol(store, Square(0), "person 0")
        fill(store, load_judge(store, ENGINE_ID, before), random, 120)
    other_home = untag.home.with_name("other")
    for turn in range(2):
        if turn:
            maybe = float(random.choice([0.0, 0.1, 0.3, 0.5, 0.7]))
            after = replace(after, maybe_similarity=maybe, me_similarity=float(random.choice([0.7, 0.9, 1.0])))
        with Store.open(untag.home) as store:
            change_of_profile(store, random)
        shutil.rmtree(other_home, ignore_errors=True)
        shutil.copytree(untag.home, other_home)
        all_scenes = bool(random.random() < 0.2)
        results = []
        for home, again in ((untag.home, by_judge_again), (other_home, row_by_row)):
            with Store.open(home) as store:
                judged = load_judge(store, ENGINE_ID, after, all_scenes=all_scenes)
                results.append((again(store, judged, start_run(store, [])), state(store)))
        assert results[0] == results[1]


def by_judge_again(store: Store, judge: Judge, run: int) -> int:
    return judge_again(store, ENGINE_ID, judge, run)


@pytest.fixture
def kept(untag: Untag) -> Iterator[tuple[Store, Callable[..., Judge]]]:
    """A store that keeps bystanders, filled and with another person enrolled since; and its judge."""
    settings = Settings(untag.home, keep_bystanders=True)
    with Store.open(untag.home) as store:
        enrol(store, Square(0), "person 0")
        fill(store, load_judge(store, ENGINE_ID, settings), np.random.default_rng(1), 120)
        enrol(store, Square(1), "person 1")
        yield store, lambda **changes: load_judge(store, ENGINE_ID, replace(settings, **changes))


def test_only_photos_that_somebody_may_be_in_are_looked_at(
    kept: tuple[Store, Callable[..., Judge]], monkeypatch: pytest.MonkeyPatch
) -> None:
    store, judge_with = kept
    looked_at: list[str] = []

    def counted(store: Store, judge: Judge, run: int, batch: list[StoredPhoto]) -> None:
        looked_at.extend(seen.sha256 for seen in batch)

    monkeypatch.setattr(judge_module, "_judge_batch", counted)
    judged = judge_with()
    due = [seen for seen in photo_evidence(store, engine=ENGINE_ID) if seen.judged_with != judged.key]
    expected = [
        seen.sha256
        for seen in due
        if any(match.person for match in judged.match([stored.face for stored in seen.faces]))
        or any(stored.match.person for stored in seen.faces)
    ]
    assert judge_again(store, ENGINE_ID, judged, start_run(store, [])) == len(due)
    assert looked_at == expected
    assert 0 < len(expected) < len(due)


def test_the_index_is_kept_in_step_and_goes_with_the_bystanders(kept: tuple[Store, Callable[..., Judge]]) -> None:
    store, judge_with = kept
    path = index_path(store.home, ENGINE_ID)
    judge_again(store, ENGINE_ID, judge_with(), start_run(store, []))
    assert path.exists()
    # A photo that is gone takes its faces out of the index too, although nothing is judged again.
    run = start_run(store, ["/a/1"])
    finish_run(store, run, {})
    assert len(prune(store, run, ["/a/1"])) == 1
    assert judge_again(store, ENGINE_ID, judge_with(), start_run(store, [])) == 0
    ids = open_index(store, ENGINE_ID).ids
    assert sorted(ids[ids >= 0]) == list(embedded_faces(store, ENGINE_ID))
    judge_again(store, ENGINE_ID, judge_with(keep_bystanders=False), start_run(store, []))
    assert not path.exists()
    assert not list(store.home.glob("faces-*"))


def test_without_the_index_all_embeddings_are_looked_at(kept: tuple[Store, Callable[..., Judge]]) -> None:
    store, judge_with = kept
    judged = judge_with()
    with Store.open(store.home) as scanning, scanning.exclusive():
        assert judge_again(store, ENGINE_ID, judged, start_run(store, [])) > 0
    assert not index_path(store.home, ENGINE_ID).exists()
    for seen in photo_evidence(store, engine=ENGINE_ID):
        assert seen.judged_with == judged.key or must_read_again(seen.judged_with, seen.discarded, judged)
        assert [stored.match for stored in seen.faces] == list(judged.match([stored.face for stored in seen.faces]))


@pytest.mark.parametrize("similarity", [1e-9, 0.1, 0.5, 0.9, 0.999])
def test_reach_is_where_a_similarity_ends(similarity: float) -> None:
    calibration = Calibration(0.6, 0.45, 0.05, 0.02)
    counts = np.array([1, 3, 50])
    limits = reach(calibration, counts, similarity)
    for offset, expected in ((-1e-6, True), (1e-6, False)):
        alike = calibration.similarity(calibration.pair_distance(np.maximum(limits + offset, 0), counts))
        assert ((alike >= similarity) == (expected & (limits + offset > 0))).all()
    assert np.isinf(reach(calibration, counts, 0.0)).all()


def test_a_home_has_no_index_by_default(untag: Untag, tmp_path: Path) -> None:
    settings = Settings(untag.home)
    with Store.open(untag.home) as store:
        enrol(store, Square(0), "person 0")
        fill(store, load_judge(store, ENGINE_ID, settings), np.random.default_rng(2), 60)
        enrol(store, Square(1), "person 1")
        assert judge_again(store, ENGINE_ID, load_judge(store, ENGINE_ID, settings), start_run(store, [])) > 0
    assert not list(untag.home.glob("faces-*"))
