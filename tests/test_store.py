"""Recording, reading back, changing, pruning; findings and decisions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from store_samples import ADA_ALONE, MAYBE, ME, ORIGIN, OTHER, analysis, assessment, decisions, record, stored_faces
from untag.errors import StoreError, UsageError
from untag.findings.filters import EVERYTHING
from untag.store import (
    DuePhoto,
    JudgedWith,
    KnownPhoto,
    MatchUpdate,
    Store,
    StoredPhoto,
    due_photos,
    findings,
    finish_run,
    known_file,
    known_files,
    known_photo,
    mark_reported,
    new_findings,
    photo_evidence,
    prune,
    record_batch,
    record_decision,
    replace_findings,
    start_run,
    touch_files,
    undo_decision,
    update_matches,
)
from untag.store.codec import path_key, path_of, signed, text, unsigned
from untag.support.paths import folder_of
from untag.types import Face, Match, Origin, Outcome, SceneScores, Spot, Status, Verdict

BOTH = JudgedWith.of([("Ada", 1), ("Bob", 2)], "fedcba9876543210")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "home") as opened:
        yield opened


def evidence(store: Store, sha256: str) -> StoredPhoto | None:
    return next(photo_evidence(store, [sha256]), None)


def same_face(left: Face, right: Face) -> bool:
    if left.embedding is None or right.embedding is None:
        same = left.embedding is None and right.embedding is None
    else:
        same = np.array_equal(left.embedding, right.embedding)
    return (
        same
        and np.array_equal(left.landmarks, right.landmarks)
        and (left.box, left.score, left.quality) == (right.box, right.score, right.quality)
    )


def test_everything_recorded_comes_back(store: Store) -> None:
    run = start_run(store, ["/a"])
    made = analysis((ME, OTHER), keep=(True, False), found=assessment(), taken_at="2021-05-06T07:08:09")
    record_batch(store, run, [record("/a/1.jpg", "s1", made, origin=ORIGIN)])

    known = known_files(store, "/a")["/a/1.jpg"]
    assert (known.size, known.mtime_ns, known.sha256, known.outcome) == (1000, 1600000000123456789, "s1", Outcome.OK)
    assert known.origin == ORIGIN
    assert known.photo == known_photo(store, "s1")
    assert known.photo == KnownPhoto("dlib+lite2", ADA_ALONE, 1, classified=True, found=True)

    seen = evidence(store, "s1")
    assert seen is not None
    assert (seen.width, seen.height, seen.taken_at, seen.phash) == (640, 480, "2021-05-06T07:08:09", made.phash)
    assert seen.scenes == SceneScores(
        {"alcohol": 0.8, "party": 0.1},
        {"alcohol": ("wine glass", "bottle"), "party": ()},
        "lite2",
        {"alcohol": Spot(0.35, 0.75)},
    )
    assert [stored.match for stored in seen.faces] == [ME, OTHER]
    assert same_face(seen.faces[0].face, made.faces[0])
    assert seen.faces[1].face.embedding is None
    assert seen.faces[1].face.box == made.faces[1].box
    assert [(place.path, place.source, place.origin) for place in seen.places] == [("/a/1.jpg", "folder", ORIGIN)]

    (listed,) = findings(store)
    expected = assessment()
    assert (listed.path, listed.sha256, listed.source, listed.origin) == ("/a/1.jpg", "s1", "folder", ORIGIN)
    assert (listed.categories, listed.reasons, listed.faces) == ({"alcohol": 0.8}, expected.reasons, expected.faces)
    assert (listed.taken_at, listed.status, listed.duplicate_of) == ("2021-05-06T07:08:09", Status.OPEN, None)


def test_a_photo_without_scenes_differs_from_one_in_which_nothing_was_judged(store: Store) -> None:
    run = start_run(store, ["/a"])
    bare = analysis(())
    record_batch(
        store,
        run,
        [
            record("/a/1", "s1", replace(bare, scenes=None)),
            record("/a/2", "s2", replace(bare, scenes=SceneScores({}, {}, "m"))),
        ],
    )
    assert [seen.scenes is None for seen in photo_evidence(store)] == [True, False]


def test_known_files_are_those_directly_in_the_folder(store: Store) -> None:
    run = start_run(store, ["/a"])
    record_batch(store, run, [record(path, None) for path in ("/a/1", "/a/b/2", "/ab/3", "/4")])
    assert set(known_files(store, "/a")) == {"/a/1"}
    assert set(known_files(store, folder_of("/4"))) == {"/4"}
    assert known_file(store, "/a/b/2") is not None
    assert known_file(store, "/a/b") is None
    assert known_photo(store, "s1") is None


def test_a_new_analysis_replaces_the_old_one_wholly(store: Store) -> None:
    run = start_run(store, ["/a"])
    record_batch(store, run, [record("/a/1", "s1", analysis((ME, OTHER, OTHER), found=assessment()))])
    record_batch(store, run, [record("/a/1", "s1", analysis((OTHER,), seed=5, engine="buffalo", pipeline="new"))])
    seen = evidence(store, "s1")
    assert seen is not None
    assert (len(seen.faces), seen.engine, seen.pipeline) == (1, "buffalo", "new")
    assert same_face(seen.faces[0].face, analysis((OTHER,), seed=5).faces[0])
    assert list(findings(store)) == []
    assert list(stored_faces(store, "dlib")) == []
    assert len(list(stored_faces(store, "buffalo"))) == 1


def test_a_batch_is_written_whole_or_not_at_all(store: Store) -> None:
    run = start_run(store, ["/a"])
    lopsided = replace(analysis((ME, ME)), keep=(True,))
    with pytest.raises(ValueError, match="shorter"):
        record_batch(store, run, [record("/a/1", "s1", analysis()), record("/a/2", "s2", lopsided)])
    with pytest.raises(ValueError, match="without a hash"):
        record_batch(store, run, [record("/a/1", "s1", analysis()), record("/a/2", None, analysis())])
    assert known_photo(store, "s1") is None
    assert known_files(store, "/a") == {}
    record_batch(store, run, [record("/a/1", "s1", analysis())])
    assert known_photo(store, "s1") is not None


def test_prune_forgets_only_what_is_below_the_roots_and_was_not_seen(store: Store) -> None:
    first = start_run(store, ["/a", "/b"])
    paths = ("/a/gone", "/a/kept", "/a/deep/gone", "/ab/other", "/a_/other", "/b/other", "/a%/other")
    record_batch(
        store,
        first,
        [record(path, f"s{path}", analysis((), seed=n, found=assessment())) for n, path in enumerate(paths)],
    )
    record_decision(store, "s/a/gone", Status.KEEP)
    second = start_run(store, ["/a"])
    touch_files(store, second, ["/a/kept", "/never/recorded"])
    with pytest.raises(StoreError, match="did not finish"):
        prune(store, second, ["/a"])
    finish_run(store, second, {"photos": 1})
    assert len(prune(store, second, ["/a"])) == 2
    left = {"/a/kept", "/ab/other", "/a_/other", "/b/other", "/a%/other"}
    assert {seen.places[0].path for seen in photo_evidence(store)} == left
    assert {listed.path for listed in findings(store)} == left
    assert known_photo(store, "s/a/gone") is None
    assert [decision.status for decision in decisions(store, "s/a/gone")] == [Status.KEEP]


def test_prune_leaves_what_could_not_be_read_this_time(store: Store) -> None:
    first = start_run(store, ["/a"])
    record_batch(store, first, [record(path, None) for path in ("/a/locked/1", "/a/gone/1", "/a/x.zip/1", "/a/x.zip")])
    second = start_run(store, ["/a"])
    finish_run(store, second, {})
    assert len(prune(store, second, ["/a"], keep=["/a/locked", "/a/x.zip"])) == 1
    assert set(known_files(store, "/a/locked")) | set(known_files(store, "/a/x.zip")) == {"/a/locked/1", "/a/x.zip/1"}
    assert known_file(store, "/a/x.zip") is not None


def test_prune_says_which_photos_lie_elsewhere_too(store: Store) -> None:
    first = start_run(store, ["/a"])
    copies = [
        record("/a/copied", "s1", analysis()),
        record("/b/copy", "s1"),
        record("/a/twice", "s2", analysis(seed=2)),
    ]
    record_batch(store, first, [*copies, record("/a/twice too", "s2"), record("/a/unread", None)])
    second = start_run(store, ["/a"])
    finish_run(store, second, {})
    gone = {removed.path: removed.elsewhere for removed in prune(store, second, ["/a"])}
    assert gone == {"/a/copied": True, "/a/twice": False, "/a/twice too": False, "/a/unread": False}


def test_prune_of_a_single_file_and_of_the_root_folder(store: Store) -> None:
    first = start_run(store, ["/"])
    record_batch(store, first, [record(path, None) for path in ("/a", "/b/c", "/b")])
    second = start_run(store, ["/b"])
    finish_run(store, second, {})
    assert len(prune(store, second, ["/b"])) == 2
    assert len(prune(store, second, ["/"])) == 1


def test_a_file_whose_content_changed_leaves_no_orphan(store: Store) -> None:
    first = start_run(store, ["/a"])
    record_batch(store, first, [record("/a/1", "old", analysis((ME,), found=assessment()))])
    second = start_run(store, ["/a"])
    record_batch(store, second, [record("/a/1", "new", analysis((ME,), seed=2))])
    assert evidence(store, "old") is None, "a photo without a file is no evidence"
    assert list(findings(store)) == []
    finish_run(store, second, {})
    assert len(prune(store, second, ["/a"])) == 0
    assert known_photo(store, "old") is None
    assert {stored.sha256 for stored in stored_faces(store, "dlib")} == {"new"}
    assert not list(store.rows("SELECT 1 FROM scenes WHERE sha256 = 'old'"))


def test_files_of_one_photo_name_the_one_that_was_seen_first(store: Store) -> None:
    first = start_run(store, ["/z"])
    record_batch(store, first, [record("/z/1", "s1", analysis(found=assessment()))])
    second = start_run(store, ["/z", "/a"])
    record_batch(store, second, [record("/a/2", "s1"), record("/a/1", "s1")])
    assert [(listed.path, listed.duplicate_of) for listed in findings(store)] == [
        ("/a/1", "/z/1"),
        ("/a/2", "/z/1"),
        ("/z/1", None),
    ]
    seen = evidence(store, "s1")
    assert seen is not None
    assert [place.path for place in seen.places] == ["/z/1", "/a/1", "/a/2"]
    third = start_run(store, ["/z"])
    record_batch(store, third, [record("/z/1", "s2", analysis(seed=3))])
    record_batch(store, third, [record("/z/1", "s1")])
    assert {listed.path: listed.duplicate_of for listed in findings(store)} == {
        "/a/1": None,
        "/a/2": "/a/1",
        "/z/1": "/a/1",
    }, "a content that came back to a path is new there"


def test_findings_are_sorted_and_filtered(store: Store) -> None:
    run = start_run(store, ["/a"])
    record_batch(
        store,
        run,
        [
            record("/a/low", "s1", analysis(found=assessment(risk=10))),
            record("/a/late", "s2", analysis(seed=1, found=assessment(risk=90), taken_at="2022-01-01T00:00:00")),
            record("/a/early", "s3", analysis(seed=2, found=assessment(risk=90)), origin=ORIGIN),
            record("/a/undated-b", "s4", analysis(seed=3, found=assessment(Verdict.MAYBE, 90))),
            record("/a/undated-a", "s5", analysis(seed=4, found=assessment(Verdict.OTHER, 90, person=None, alcohol=0))),
        ],
    )

    def listed(verdicts: frozenset[Verdict] | None = None, categories: frozenset[str] = frozenset()) -> list[str]:
        rows = findings(store, replace(EVERYTHING, verdicts=verdicts, categories=categories))
        return [found.path.removeprefix("/a/") for found in rows]

    assert listed() == ["early", "late", "undated-a", "undated-b", "low"]
    assert listed(verdicts=frozenset({Verdict.MAYBE})) == ["undated-b"]
    assert listed(verdicts=frozenset({Verdict.ME, Verdict.OTHER})) == ["early", "late", "undated-a", "low"]
    assert listed(verdicts=frozenset()) == []
    assert listed(categories=frozenset({"alcohol", "weapon"})) == ["early", "late", "undated-b", "low"]
    assert listed(categories=frozenset({"weapon"})) == []
    assert next(findings(store)).taken_at == ORIGIN.taken_at, "without EXIF the source's date counts"


def test_decisions_survive_a_new_analysis_and_can_be_undone(store: Store) -> None:
    run = start_run(store, ["/a"])
    record_batch(store, run, [record("/a/1", "s1", analysis(found=assessment()))])

    def status() -> Status:
        return next(findings(store)).status

    assert not undo_decision(store, "s1")
    record_decision(store, "s1", Status.KEEP)
    record_decision(store, "s1", Status.NOT_ME)
    assert status() is Status.NOT_ME
    record_batch(store, run, [record("/a/1", "s1", analysis(found=assessment(risk=99)))])
    assert status() is Status.NOT_ME
    assert undo_decision(store, "s1")
    assert status() is Status.KEEP
    record_decision(store, "s1", Status.DONE)
    assert undo_decision(store, "s1")
    assert undo_decision(store, "s1")
    assert status() is Status.OPEN
    assert not undo_decision(store, "s1")
    assert [(decision.status, decision.undone_at is None) for decision in decisions(store, "s1")] == [
        (Status.KEEP, False),
        (Status.NOT_ME, False),
        (Status.DONE, False),
    ]
    with pytest.raises(UsageError):
        record_decision(store, "s1", Status.OPEN)


def test_new_findings_are_those_since_the_last_reported_run_that_are_open(store: Store) -> None:
    first = start_run(store, ["/a"])
    record_batch(store, first, [record("/a/1", "s1", analysis(found=assessment()))])
    assert len(new_findings(store, first)) == 1
    # A run that was killed reported nothing, so what it found is still news to the next one.
    assert len(new_findings(store, start_run(store, ["/a"]))) == 1
    mark_reported(store, first)
    assert len(new_findings(store, start_run(store, ["/a"]))) == 1, (
        "a run that did not finish cannot have been reported"
    )
    finish_run(store, first, {})
    assert len(new_findings(store, start_run(store, ["/a"]))) == 1, "finished, but killed before anybody was told"
    mark_reported(store, first)
    second = start_run(store, ["/a"])
    record_batch(
        store,
        second,
        [
            record("/a/1", "s1", analysis(found=assessment(risk=99))),
            record("/a/1-copy", "s1"),
            record("/a/2", "s2", analysis(seed=1, found=assessment())),
            record("/a/2-copy", "s2"),
            record("/a/3", "s3", analysis(seed=2)),
        ],
    )
    assert len(new_findings(store, second)) == 1
    record_decision(store, "s2", Status.KEEP)
    assert len(new_findings(store, second)) == 0
    undo_decision(store, "s2")
    assert len(new_findings(store, second)) == 1


def test_matching_and_deciding_again_from_what_is_stored(store: Store) -> None:
    run = start_run(store, ["/a"])
    record_batch(
        store,
        run,
        [
            record(f"/a/{number}", f"s{number:04}", analysis((ME, MAYBE, OTHER), keep=(True, True, False), seed=number))
            for number in range(300)
        ],
    )
    again = start_run(store, ["/a"])
    total = 0
    ada = Match(Verdict.ME, 0.99, "Ada")
    hashes = []
    for stored in stored_faces(store, "dlib"):
        total += 1
        hashes.append(stored.sha256)
        # Writing while reading must neither skip a face nor show one twice.
        update_matches(store, [MatchUpdate(stored.id, ada if stored.ordinal == 1 else OTHER, keep=stored.ordinal == 1)])
    assert total == 900
    assert hashes == sorted(hashes)
    photo = known_photo(store, "s0007")
    assert photo is not None
    assert (photo.judged_with, photo.discarded) == (ADA_ALONE, 2), "an embedding that was gone before counts once"
    assert [seen.discarded for seen in photo_evidence(store, ["s0007"], engine="dlib")] == [2]

    decided = [(seen.sha256, assessment() if seen.sha256 < "s0002" else None) for seen in photo_evidence(store)]
    replace_findings(store, again, decided, judged_with=BOTH)
    assert [listed.sha256 for listed in findings(store)] == ["s0000", "s0001"]
    assert len(new_findings(store, again)) == 2
    photo = known_photo(store, "s0007")
    assert photo is not None
    assert photo.judged_with == BOTH
    record_batch(store, again, [record("/a/late", "late", analysis(seed=301))])
    assert list(due_photos(store, "dlib", BOTH)) == [[DuePhoto("late", ADA_ALONE, 0, shows=True, embedded=True)]]
    assert list(due_photos(store, "another", BOTH)) == []
    assert list(photo_evidence(store, engine="another")) == []
    seen = evidence(store, "s0007")
    assert seen is not None
    assert [stored.match for stored in seen.faces] == [OTHER, ada, OTHER]
    assert [stored.face.embedding is None for stored in seen.faces] == [True, False, True]
    replace_findings(store, again, [("s0000", None), ("s0001", assessment(risk=1))])
    assert [(listed.sha256, listed.risk) for listed in findings(store)] == [("s0001", 1)]


def test_a_run_is_unfinished_until_it_says_what_it_counted(store: Store) -> None:
    first = start_run(store, ["/a", "/b"])
    second = start_run(store, [])
    finish_run(store, first, {"photos": 3})
    oldest, newest = store.rows("SELECT * FROM runs ORDER BY id")
    assert (oldest["id"], oldest["paths"], oldest["counts"]) == (first, '["/a", "/b"]', '{"photos": 3}')
    assert oldest["finished_at"] is not None
    assert (newest["id"], newest["finished_at"]) == (second, None)


def test_hostile_names_and_texts(store: Store) -> None:
    run = start_run(store, ["/a"])
    paths = [
        "/a/'; DROP TABLE files; --",
        "/a/\udcff.jpg",
        "/a/\ud83d.jpg",
        "/a/nul\0.jpg",
        "/a/%_*[a]?",
        "/a/é",
        "/a/e\u0301",
    ]
    record_batch(
        store,
        run,
        [record(path, "s1", origin=Origin(caption="half \ud83d of it", people=("\ud83d",))) for path in paths]
        + [record("/a/1", "s1", analysis(found=assessment()))],
    )
    assert set(known_files(store, "/a")) == {*paths, "/a/1"}
    assert {listed.path for listed in findings(store)} == {*paths, "/a/1"}
    assert known_files(store, "/a")[paths[0]].origin == Origin(caption="half ? of it", people=("\ud83d",))
    second = start_run(store, ["/a"])
    touch_files(store, second, paths[1:3])
    finish_run(store, second, {})
    assert len(prune(store, second, ["/a"])) == len(paths) - 1
    assert set(known_files(store, "/a")) == set(paths[1:3])
    third = start_run(store, ["/a"])
    finish_run(store, third, {})
    assert len(prune(store, third, ["/a"])) == 2


@given(st.text(st.characters()) | st.text("a\ud800\udc00\udcc3\udca9\udfff"))
def test_a_path_survives_its_column(path: str) -> None:
    assert path_of(path_key(path)) == path


@given(st.integers(0, 2**64 - 1))
def test_a_hash_survives_its_column(value: int) -> None:
    stored = signed(value)
    assert stored is not None
    assert -(2**63) <= stored < 2**63
    assert unsigned(stored) == value


@given(st.text(st.characters()))
def test_text_is_kept_unless_it_cannot_be(value: str) -> None:
    kept = text(value)
    assert kept is not None
    assert len(kept) == len(value)
    assert kept == value or any("\ud800" <= letter <= "\udfff" for letter in value)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.lists(st.tuples(st.sampled_from("pqrs"), st.sampled_from([None, "s1", "s2", "s3"])), max_size=4), max_size=5
    )
)
def test_whatever_the_runs_saw_the_tables_agree(
    tmp_path_factory: pytest.TempPathFactory, seen: list[list[tuple[str, str | None]]]
) -> None:
    """After each finished run exactly the files of that run are there, and exactly their contents."""
    with Store.open(tmp_path_factory.mktemp("home")) as store:
        for batch in seen:
            run = start_run(store, ["/a"])
            record_batch(
                store,
                run,
                [
                    record(f"/a/{name}", sha256, None if sha256 is None else analysis((ME, OTHER), found=assessment()))
                    for name, sha256 in batch
                ],
            )
            finish_run(store, run, {})
            prune(store, run, ["/a"])
            places = {f"/a/{name}": sha256 for name, sha256 in batch}
            assert {path: known.sha256 for path, known in known_files(store, "/a").items()} == places
            contents = set(places.values()) - {None}
            for table in ("photos", "faces", "scenes", "findings"):
                rows = store.rows(f"SELECT DISTINCT sha256 FROM {table}")
                assert {row["sha256"] for row in rows} == contents, table
            listed = list(findings(store))
            assert {found.path for found in listed} == {path for path, sha256 in places.items() if sha256 is not None}
            assert len([found for found in listed if found.duplicate_of is None]) == len(contents)
