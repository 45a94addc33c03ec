"""Enrolled faces, and that what is forgotten is in no file any more."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from store_samples import MAYBE, ME, OTHER, analysis, assessment, decisions, face, record, reference
from untag.errors import StoreError
from untag.store import (
    JudgedWith,
    Store,
    add_reference,
    check_integrity,
    findings,
    forget_all,
    forget_bystanders,
    forget_person,
    known_photo,
    photo_evidence,
    record_batch,
    record_decision,
    references,
    set_reference_use,
    start_run,
)
from untag.store import db as store_db
from untag.support.home import MARKS
from untag.types import Face, Match, Status, Verdict

BOB = Match(Verdict.ME, 0.8, "Bob")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "home") as opened:
        yield opened


def nothing_else(home: Path) -> list[Path]:
    return []


def traces(home: Path, needle: bytes) -> list[str]:
    return [path.name for path in home.rglob("*") if path.is_file() and needle in path.read_bytes()]


def numbers(one: Face) -> bytes:
    assert one.embedding is not None
    return one.embedding.astype("<f4").tobytes()


def test_references_come_back_by_person_and_engine(store: Store) -> None:
    ada, bob, other = reference(), reference("Bob", 8, sha256="r2"), reference(engine="buffalo", seed=9)
    for one in (ada, bob, other):
        add_reference(store, one)
    (back,) = references(store, "Ada", "dlib")
    assert replace(back, face=ada.face, id=None) == ada
    assert back.face.embedding is not None
    assert ada.face.embedding is not None
    assert np.array_equal(back.face.embedding, ada.face.embedding)
    assert np.array_equal(back.face.landmarks, ada.face.landmarks)
    assert [one.person for one in references(store)] == ["Ada", "Bob", "Ada"]
    assert [one.person for one in references(store, engine="dlib")] == ["Ada", "Bob"]
    assert references(store, "Cleo") == []
    set_reference_use(store, ada, used=True, note=None)
    assert [(one.used, one.note) for one in references(store, "Ada")] == [(True, None), (False, "blurred")]


def test_a_reference_from_the_same_content_is_replaced(store: Store) -> None:
    add_reference(store, reference(seed=1))
    add_reference(store, reference(seed=2))
    (back,) = references(store)
    assert back.face.box == face(2).box
    with pytest.raises(ValueError, match="embedding"):
        add_reference(store, replace(reference(), face=face(3, embedded=False)))


def fill(store: Store) -> None:
    run = start_run(store, ["/a"])
    for number in range(40):
        made = analysis((ME, MAYBE, OTHER, BOB), seed=number, found=assessment(person="Ada" if number else "Bob"))
        record_batch(store, run, [record(f"/a/{number}", f"s{number:02}", made)])
    add_reference(store, reference("Ada", 90001))
    add_reference(store, reference("Bob", 90002, sha256="r2"))
    record_decision(store, "s01", Status.KEEP)


def test_forgotten_bystanders_are_in_no_file(store: Store) -> None:
    fill(store)
    made = analysis((ME, MAYBE, OTHER, BOB), seed=17).faces
    assert all(traces(store.home, numbers(one)) for one in made), "else the search below proves nothing"
    assert forget_bystanders(store) == 80
    assert [bool(traces(store.home, numbers(one))) for one in made] == [True, False, False, True]
    photo = known_photo(store, "s17")
    assert photo is not None
    assert photo.discarded == 2
    assert forget_bystanders(store) == 0
    assert len(list(findings(store))) == 40
    assert check_integrity(store.home) == []


def test_a_forgotten_person_is_in_no_file(store: Store) -> None:
    fill(store)
    made = analysis((ME, MAYBE, OTHER, BOB), seed=17).faces
    enrolled = reference("Ada", 90001).face
    assert traces(store.home, numbers(enrolled))
    assert forget_person(store, "Ada") == 1
    assert traces(store.home, numbers(enrolled)) == []
    assert traces(store.home, b"Ada") == []
    assert [bool(traces(store.home, numbers(one))) for one in made] == [False, False, True, True]
    assert [one.person for one in references(store)] == ["Bob"]
    assert [found.person for found in findings(store)] == ["Bob"]
    (seen,) = photo_evidence(store, ["s17"])
    assert [stored.match for stored in seen.faces] == [Match(Verdict.OTHER, 0.0), Match(Verdict.OTHER, 0.0), OTHER, BOB]
    assert (seen.judged_with, seen.discarded) == (JudgedWith(frozenset(), "forgotten"), 2)
    assert [decision.status for decision in decisions(store, "s01")] == [Status.KEEP]
    assert forget_person(store, "Ada") == 0


def test_what_photos_were_judged_with_loses_the_name_and_no_other(store: Store) -> None:
    run = start_run(store, ["/a"])
    both = JudgedWith.of([("Ada", 2), ("Adam", 1), ("Bob", 2)], "0123456789abcdef")
    record_batch(store, run, [record("/a/1", "s1", replace(analysis((ME,)), judged_with=both))])
    store.execute(
        "INSERT INTO photos SELECT 's2', width, height, taken_at, phash, pipeline, NULL, engine, scene_model,"
        " discarded, named FROM photos"
    )
    forget_person(store, "Ada")
    keys = [row["people_key"] for row in store.rows("SELECT people_key FROM photos ORDER BY sha256")]
    assert keys == ["Adam\nBob\nBob\t2\n#forgotten", None], "a photo that was never judged stays so"


def test_forgetting_waits_for_no_scan_and_no_reader(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(store)
    with Store.open(store.home) as scan, scan.exclusive():
        with pytest.raises(StoreError, match="Another scan"):
            forget_bystanders(store)
        with pytest.raises(StoreError, match="Another scan"):
            forget_person(store, "Ada")
        with pytest.raises(StoreError, match="Another scan"):
            forget_all(store.home, nothing_else)
    assert len(references(store)) == 2
    monkeypatch.setattr(store_db, "BUSY_SECONDS", 0.01)
    with Store.open(store.home) as quick:
        with store.reader() as reader:
            rows = reader.rows("SELECT * FROM faces")
            next(rows)
            with pytest.raises(StoreError, match="traces remain"):
                forget_bystanders(quick)
            list(rows)
        forget_bystanders(quick)
    assert traces(store.home, numbers(analysis((ME, MAYBE), seed=17).faces[1])) == []


@pytest.mark.parametrize("damaged", [False, True])
def test_forget_all_leaves_no_database(tmp_path: Path, damaged: bool) -> None:
    home = tmp_path / "home"
    assert forget_all(home, nothing_else) == []
    with Store.open(home) as store:
        fill(store)
    (home / "config.toml").write_text("mine")
    if damaged:
        (home / "untag.db").write_bytes(b"junk" + (home / "untag.db").read_bytes())
    # A second name for the same blocks shows what is left in them.
    (tmp_path / "blocks").hardlink_to(home / "untag.db")
    assert forget_all(home, nothing_else) == [home / "untag.db"]
    assert sorted(path.name for path in home.iterdir()) == sorted([*MARKS, "config.toml", "scan.lock"])
    assert not any((tmp_path / "blocks").read_bytes())
    with Store.open(home) as store:
        assert references(store) == []
