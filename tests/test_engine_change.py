"""The engine is the home's: changing it loses no finding and no decision, and going back needs no photo."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fakes import MAYBE, ME, NEAR, STRANGER, FakeEngine, Square, Untag, install, paint
from untag.store import Store, home_engine, photos_by_engine, references
from untag.types import Status, Verdict

BOB = Square(person=5)


@pytest.fixture
def second(untag: Untag, monkeypatch: pytest.MonkeyPatch) -> FakeEngine:
    """Another engine, whose embeddings cannot be compared with those of the first."""
    engine = FakeEngine(id="second-1-1", turned=40)
    install(monkeypatch.setattr, untag.engine, fake=untag.engine, second=engine)
    return engine


PHOTOS = {"me.png": ME, "maybe.png": MAYBE, "near.png": NEAR, "stranger.png": STRANGER, "bob.png": BOB}


@pytest.fixture
def filled(untag: Untag, second: FakeEngine) -> Untag:
    untag.enroll()
    for number, (name, square) in enumerate(PHOTOS.items(), start=1):
        untag.add(name, paint(square, serial=number, alcohol=0.9))
    untag.scan()
    assert untag.run("decide", untag.photos / "me.png", "--status", "keep").status == 0
    second.analysed.clear()
    return untag


def state(untag: Untag) -> list[tuple[Any, ...]]:
    """The findings by name, with what the user decided."""
    keys = ("verdict", "similarity", "risk", "status", "categories")
    every = [part for status in Status for part in ("--status", status)]
    return sorted((Path(str(item["path"])).name, *(str(item[key]) for key in keys)) for item in untag.listed(*every))


def engines(untag: Untag) -> dict[str, int]:
    with Store.open(untag.home, create=False) as store:
        return photos_by_engine(store)


def faces(untag: Untag, table: str = "faces") -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(untag.home / "untag.db")) as db:
        return sorted(
            db.execute(f'SELECT sha256, ordinal, "left", embedding, person, verdict, similarity FROM {table}')
        )


def use(untag: Untag, *arguments: str, status: int = 0) -> str:
    result = untag.run("models", "use", *arguments)
    assert result.status == status, result.err
    return result.out + result.err


def test_findings_and_decisions_are_there_all_the_time(filled: Untag, second: FakeEngine) -> None:
    before = state(filled)
    said = use(filled, "second")
    assert "me is enrolled with 2 photos" in said
    assert "5 photos will be read again" in said
    assert "models use --back" in said
    assert state(filled) == before
    assert set(second.analysed) == {9000, 9001}  # the photos that enrol, and no others
    (filled.home / "config.toml").write_text("move_per_scan = 2\n")
    filled.engine.analysed.clear()
    for moved, left in ((2, 3), (2, 1), (1, 0), (0, 0)):
        summary = filled.scan()
        assert (summary["moved"], summary["to_move"], summary["new_findings"]) == (moved, left, 0)
        assert state(filled) == before
    assert engines(filled) == {"second-1-1": 5}
    assert not filled.engine.analysed
    assert all(second.analysed[number] == 1 for number in range(1, 6))
    assert filled.scan()["unchanged"] == 5


def test_all_at_once(filled: Untag) -> None:
    use(filled, "second")
    (filled.home / "config.toml").write_text("move_per_scan = 0\n")
    assert (filled.scan()["moved"], engines(filled)) == (0, {"fake-1": 5})
    summary = filled.scan("--move-all")
    assert (summary["moved"], summary["to_move"]) == (5, 0)


def test_a_new_photo_is_the_new_engines_and_a_copy_counts_once(filled: Untag, second: FakeEngine) -> None:
    use(filled, "second")
    (filled.home / "config.toml").write_text("move_per_scan = 1\n")
    filled.add("new.png", paint(Square(off=0.1), serial=77))
    filled.add("a-copy.png", (filled.photos / "stranger.png").read_bytes())
    summary = filled.scan()
    assert second.analysed[77] == 1
    assert summary["new_findings"] == 1
    assert sum(engines(filled).values()) == 6
    for _ in range(6):
        filled.scan()
    assert engines(filled) == {"second-1-1": 6}
    assert max(second.analysed.values()) == 1


def test_going_back_is_at_once_and_exact(filled: Untag, second: FakeEngine) -> None:
    before, known = state(filled), faces(filled)
    use(filled, "second")
    (filled.home / "config.toml").write_text("move_per_scan = 3\n")
    filled.scan()
    filled.engine.analysed.clear()
    second.analysed.clear()
    said = use(filled, "--back")
    assert "uses the engine fake again" in said
    assert state(filled) == before
    assert engines(filled) == {"fake-1": 5}
    assert not filled.engine.analysed
    assert not second.analysed
    # But for the embeddings of bystanders, which are not kept twice.
    kept = [row for row in faces(filled) if row[5] != Verdict.OTHER]
    assert kept == [row for row in known if row[5] != Verdict.OTHER]
    assert not faces(filled, "earlier_faces")
    assert filled.scan()["unchanged"] == 5
    assert not filled.engine.analysed


def vectors(untag: Untag) -> set[bytes]:
    with closing(sqlite3.connect(untag.home / "untag.db")) as db:
        return {row[0] for row in db.execute("SELECT vector FROM scene_vectors WHERE vector IS NOT NULL")}


def test_what_photos_show_is_searched_after_going_back_too(filled: Untag) -> None:
    before = vectors(filled)
    assert before
    use(filled, "second")
    filled.scan()
    assert vectors(filled) == before
    use(filled, "--back")
    assert vectors(filled) == before
    assert "could not be searched" not in filled.run("search", "a beer").err


def test_where_the_engine_before_knew_nobody_going_back_keeps_nothing_of_what_a_photo_shows(filled: Untag) -> None:
    use(filled, "second")
    filled.scan()
    with closing(sqlite3.connect(filled.home / "untag.db")) as db, db:
        db.execute("UPDATE earlier_faces SET verdict = 'other', person = NULL")
    use(filled, "--back")
    assert not vectors(filled)


def test_back_and_forth(filled: Untag) -> None:
    before = state(filled)
    for _ in range(2):
        use(filled, "second")
        filled.scan()
        assert (state(filled), engines(filled)) == (before, {"second-1-1": 5})
        use(filled, "--back")
        assert (state(filled), engines(filled)) == (before, {"fake-1": 5})
        assert "nothing to go back to" in use(filled, "--back", status=2)
    use(filled, "second")
    use(filled, "fake")
    assert (state(filled), engines(filled)) == (before, {"fake-1": 5})


def test_who_was_enrolled_meanwhile_is_enrolled_after_going_back(filled: Untag) -> None:
    use(filled, "second")
    filled.enroll(BOB, Square(person=5, off=0.01), person="bob")
    filled.scan()
    assert "bob.png" in filled.found()
    use(filled, "--back")
    filled.scan()
    assert "bob.png" in filled.found()
    with Store.open(filled.home) as store:
        assert {one.person for one in references(store, engine="fake-1")} == {"me", "bob"}
    # Once more in the other direction nothing has to be read, so that nothing can be gone.
    shutil.rmtree(filled.root / "enrol-bob")
    use(filled, "second")


def test_where_going_back_would_lose_somebody_nothing_changes(filled: Untag) -> None:
    use(filled, "second")
    filled.enroll(BOB, Square(person=5, off=0.01), person="bob")
    shutil.rmtree(filled.root / "enrol-bob")
    assert "none of the photos that enrolled bob" in use(filled, "--back", status=2)
    with Store.open(filled.home) as store:
        chosen = home_engine(store)
    assert chosen is not None
    assert chosen.name == "second"


def test_who_is_enrolled_with_another_engine_only_is_named(filled: Untag) -> None:
    photos = filled.root / "bob"
    photos.mkdir()
    (photos / "1.png").write_bytes(paint(BOB, serial=60))
    assert filled.run("enroll", photos, "--person", "bob", "--engine", "second").status == 0
    assert "bob: enrolled with another engine only" in filled.run("scan", filled.photos).err


def test_there_is_nothing_to_go_back_to_at_first(filled: Untag) -> None:
    assert "nothing to go back to" in use(filled, "--back", status=2)
    assert "say either" in use(filled, status=2)
    assert "say either" in use(filled, "second", "--back", status=2)


def test_photos_that_are_gone_are_named_and_the_others_suffice(filled: Untag) -> None:
    gone = filled.root / "enrol-me" / "9001.png"
    gone.unlink()
    said = use(filled, "second", status=1)
    assert f"not used  {gone}: it does not exist" in said
    assert "me is enrolled with 1 photo" in said


def test_a_photo_that_was_moved_is_found_where_a_scan_saw_it(filled: Untag) -> None:
    for path in (filled.root / "enrol-me").iterdir():
        shutil.copy(path, filled.photos)
    filled.scan()
    shutil.rmtree(filled.root / "enrol-me")
    use(filled, "second")
    with Store.open(filled.home) as store:
        assert len(references(store, "me", "second-1-1")) == 2


def test_another_photo_in_its_place_enrols_nobody(filled: Untag) -> None:
    (filled.root / "enrol-me" / "9001.png").write_bytes(paint(BOB, serial=50))
    assert "another photo in its place" in use(filled, "second", status=1)


def test_where_somebody_could_not_be_found_any_more_nothing_changes(filled: Untag, second: FakeEngine) -> None:
    filled.enroll(BOB, Square(person=5, off=0.01), person="bob")
    before = state(filled)
    second.blind_to = frozenset({5})
    said = use(filled, "second", status=2)
    assert "none of the photos that enrolled bob" in said
    with Store.open(filled.home) as store:
        assert home_engine(store) is None
        assert not references(store, engine="second-1-1")
    assert state(filled) == before


def test_thresholds_and_people_hold_for_both_engines_meanwhile(filled: Untag) -> None:
    use(filled, "second")
    (filled.home / "config.toml").write_text("move_per_scan = 2\nme_similarity = 0.95\nmaybe_similarity = 0.6\n")
    filled.scan()
    assert {name: verdict for name, verdict, *_ in state(filled)} == {"me.png": "me", "maybe.png": "maybe"}
    (filled.home / "config.toml").write_text("move_per_scan = 0\nmaybe_similarity = 0.95\nme_similarity = 0.97\n")
    filled.scan()
    assert {name: verdict for name, verdict, *_ in state(filled)} == {"me.png": "me"}
    assert filled.scan()["analysed"] == 0


def test_no_vector_is_compared_with_one_of_another_engine(filled: Untag, monkeypatch: pytest.MonkeyPatch) -> None:
    from untag.people.match import Matcher

    match = Matcher.match
    pairs: list[float] = []

    def watched(self: Matcher, embeddings: np.ndarray) -> Any:
        for profile in self.profiles:
            for template in profile.templates:
                pairs.extend(np.linalg.norm(embeddings - template.mean, axis=1))
        return match(self, embeddings)

    use(filled, "second")
    (filled.home / "config.toml").write_text("move_per_scan = 1\nmaybe_similarity = 0.6\n")
    monkeypatch.setattr(Matcher, "match", watched)
    filled.photos.joinpath("stranger.png").unlink()
    filled.photos.joinpath("bob.png").unlink()
    for _ in range(4):
        filled.scan()
    assert pairs
    assert max(pairs) < 2  # of one person, with one engine; of two engines they are about 16 apart


def test_a_reference_is_taken_back_from_both_engines(filled: Untag) -> None:
    use(filled, "second")
    (filled.home / "config.toml").write_text("move_per_scan = 1\n")
    filled.scan()
    with Store.open(filled.home) as store:
        wrong = next(one.id for one in references(store, engine="second-1-1"))
    assert filled.run("people", "remove", str(wrong)).status == 0
    with Store.open(filled.home) as store:
        assert {one.engine: 1 for one in references(store)} == {"fake-1": 1, "second-1-1": 1}
        assert len({one.sha256 for one in references(store)}) == 1


def test_forgetting_reaches_what_is_kept_of_the_engine_before(filled: Untag) -> None:
    use(filled, "second")
    filled.scan()
    vector = np.asarray(ME.embedding, "<f4").tobytes()
    assert vector in (filled.home / "untag.db").read_bytes()
    assert any(row[3] is not None for row in faces(filled, "earlier_faces"))
    assert filled.run("forget", "--person", "me", "--yes").status == 0
    for path in filled.home.glob("untag.db*"):
        assert vector not in path.read_bytes()
    assert all(row[3] is None and row[4] is None for row in faces(filled, "earlier_faces"))


def test_no_bystander_is_kept_twice(filled: Untag) -> None:
    (filled.home / "config.toml").write_text("keep_bystanders = true\n")
    filled.scan()
    use(filled, "second")
    filled.scan()
    assert {row[5] for row in faces(filled, "earlier_faces") if row[3] is not None} == {"me", "maybe"}
    assert filled.run("forget", "--bystanders", "--yes").status == 0
    assert {row[5] for row in faces(filled, "earlier_faces") if row[3] is not None} == {"me"}
    assert [path.name for path in filled.home.glob("faces-*")] == []


def test_while_a_scan_runs_nothing_changes(filled: Untag) -> None:
    with Store.open(filled.home) as store, store.exclusive():
        assert filled.run("models", "use", "second").status == 75
    with Store.open(filled.home) as store:
        assert home_engine(store) is None
        assert not references(store, engine="second-1-1")


def test_an_engine_in_the_configuration_goes_before(filled: Untag) -> None:
    (filled.home / "config.toml").write_text('engine = "fake"\n')
    assert "out of config.toml" in use(filled, "second", status=2)
    assert "out of config.toml" in use(filled, "--back", status=2)


def test_one_that_is_used_already_or_that_there_is_not(filled: Untag) -> None:
    assert "already" in use(filled, "fake", status=2)
    assert "there is no engine" in use(filled, "arcface", status=2)


def test_trying_one_for_a_scan_says_what_it_does(filled: Untag, second: FakeEngine) -> None:
    assert filled.run("enroll", filled.root / "enrol-me", "--engine", "second").status == 0
    assert filled.run("scan", filled.photos).status == 0  # still the home's own: most photos are its
    assert engines(filled) == {"fake-1": 5}
    result = filled.run("scan", filled.photos, "--engine", "second")
    assert "reads all photos again" in result.err
    assert "untag models use second" in result.err
    assert engines(filled) == {"second-1-1": 5}


def test_a_backup_brings_back_a_home_that_has_moved(filled: Untag, tmp_path: Path) -> None:
    use(filled, "second")
    filled.scan()
    before = state(filled)
    assert filled.run("backup", tmp_path / "b.jsonl").status == 0
    shutil.rmtree(filled.home)
    assert filled.run("restore", tmp_path / "b.jsonl").status == 0
    filled.scan()
    assert engines(filled) == {"second-1-1": 5}
    assert state(filled) == before


@pytest.mark.parametrize("way", ["restore", "rescue"])
@pytest.mark.parametrize("back", [False, True])
def test_a_home_in_the_middle_of_a_move_comes_back_with_its_engine(
    filled: Untag, tmp_path: Path, way: str, back: bool
) -> None:
    before = state(filled)
    use(filled, "second")
    (filled.home / "config.toml").write_text("move_per_scan = 2\n")
    filled.scan()
    if back:
        use(filled, "--back")
    if way == "restore":
        assert filled.run("backup", tmp_path / "b.jsonl").status == 0
        shutil.rmtree(filled.home)
        assert filled.run("restore", tmp_path / "b.jsonl").status == 0
    else:
        assert filled.run("doctor", "--rescue", tmp_path / "new").status == 0
        shutil.rmtree(filled.home)
        shutil.move(tmp_path / "new", filled.home)
    filled.scan()
    assert engines(filled) == {"fake-1" if back else "second-1-1": 5}
    assert state(filled) == before


def test_the_index_of_the_engine_before_is_erased_with_its_last_photo(filled: Untag) -> None:
    (filled.home / "config.toml").write_text("keep_bystanders = true\nmove_per_scan = 3\n")
    filled.scan()
    filled.enroll(Square(person=9), person="other")
    assert len(list(filled.home.glob("faces-*.idx"))) == 1
    use(filled, "second")
    filled.scan()
    filled.scan()
    assert engines(filled) == {"second-1-1": 5}
    for path in filled.home.glob("faces-*"):
        assert np.asarray(STRANGER.embedding, "<f4").tobytes() not in path.read_bytes()


def test_a_photo_of_the_engine_before_is_read_at_once_for_somebody_new(filled: Untag, second: FakeEngine) -> None:
    """Its bystanders' embeddings were thrown away, so only reading it says whether it shows them."""
    use(filled, "second")
    (filled.home / "config.toml").write_text("move_per_scan = 0\n")
    filled.enroll(BOB, Square(person=5, off=0.01), person="bob")
    filled.scan()
    assert second.analysed[5] == 0  # it waits for its turn
    summary = filled.scan("--move-all")
    assert summary["moved"] == 5
    assert "bob.png" in filled.found()


@pytest.mark.parametrize(
    "moment", ["store.engines._mark_due", "people.changing.judge_again", "people.changing._to_move"]
)
def test_killed_at_any_moment_it_is_done_or_not_done(
    filled: Untag, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    use(filled, "second")
    filled.scan()
    known = state(filled), faces(filled), engines(filled)
    with monkeypatch.context() as patch:
        patch.setattr(f"untag.{moment}", killed)
        assert filled.run("models", "use", "--back").status == 130
    with Store.open(filled.home) as store:
        chosen = home_engine(store)
    assert chosen is not None
    done = moment.endswith("_to_move")
    assert chosen.name == ("fake" if done else "second")
    assert ((state(filled), faces(filled), engines(filled)) == known) is not done
    filled.scan()
    assert state(filled) == known[0]


def test_json_says_it(filled: Untag) -> None:
    use(filled, "second")
    out = filled.run("scan", filled.photos).out
    assert "5 photos moved to the home's engine; 0 photos still have the verdicts of the one before" in out
    assert "moved" not in filled.run("scan", filled.photos).out
    assert json.loads(filled.run("scan", filled.photos, "--json").out)["to_move"] == 0
