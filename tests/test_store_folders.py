"""Folders as the store remembers them: what gives a digest, what takes it back, and what seeing a folder means."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from store_samples import ORIGIN, analysis, assessment, record
from untag.store import (
    KnownFile,
    ListedFolder,
    Store,
    finish_run,
    forget_bystanders,
    forget_person,
    known_files,
    prune,
    record_batch,
    remember_folders,
    start_run,
    touch_files,
    touch_folders,
    unchanged_folder,
)
from untag.store.columns import ORIGIN as ORIGIN_COLUMNS
from untag.store.folders import KnownFolder
from untag.types import Outcome, ReadError

DIGEST = b"0123456789abcdef"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Folders /a, with two photos and one that is broken, and /b, with a copy of the first."""
    with Store.open(tmp_path / "home") as opened:
        run = start_run(opened, ["/"])
        record_batch(
            opened,
            run,
            [
                record("/a/1", "s1", analysis(found=assessment())),
                record("/a/2", "s2", analysis(seed=1)),
                record("/a/3", "s3", outcome=Outcome.BROKEN, error="cut short"),
                record("/b/4", "s1"),
            ],
        )
        remember(opened, run)
        yield opened


def remember(
    store: Store, run: int, count: int = 3, settled: Callable[[KnownFile], bool] = lambda file: file.size == 1000
) -> None:
    remember_folders(store, run, [ListedFolder("/a", count, DIGEST), ListedFolder("/b", 1, DIGEST)], settled)


def remembered(store: Store) -> list[bool]:
    return [unchanged_folder(store, folder, DIGEST) is not None for folder in ("/a", "/b")]


def test_a_folder_is_known_by_its_digest_and_tells_what_could_not_be_read(store: Store) -> None:
    broken = ReadError("/a/3", Outcome.BROKEN, "cut short")
    assert unchanged_folder(store, "/a", DIGEST) == KnownFolder(3, (broken,))
    assert unchanged_folder(store, "/b", DIGEST) == KnownFolder(1, ())
    assert unchanged_folder(store, "/a", b"another") is None
    assert unchanged_folder(store, "/c", DIGEST) is None


def test_the_unreadable_files_of_a_folder_are_found_through_their_index(store: Store) -> None:
    statements: list[str] = []
    store._db.conn.set_trace_callback(statements.append)
    unchanged_folder(store, "/a", DIGEST)
    store._db.conn.set_trace_callback(None)
    (query,) = (statement for statement in statements if "FROM folders" in statement)
    plan = [step for *_, step in store._db.execute("EXPLAIN QUERY PLAN " + query).fetchall()]
    assert any("files_unreadable" in step for step in plan), plan
    assert not any("SCAN" in step for step in plan), plan


def test_a_folder_with_more_or_fewer_files_than_were_listed_is_not_remembered(store: Store) -> None:
    for count in (2, 4):
        run = start_run(store, ["/"])
        record_batch(store, run, [record(path, "s1") for path in ("/a/1", "/a/2", "/a/3", "/b/4")])
        remember(store, run, count)
        assert remembered(store) == [False, True]
    remember(store, run, 3)
    assert remembered(store) == [True, True]


def test_a_file_that_the_run_did_not_see_keeps_its_folder_from_being_remembered(store: Store) -> None:
    run = start_run(store, ["/"])
    record_batch(store, run, [record(path, "s1") for path in ("/a/1", "/a/2", "/b/4")])
    remember(store, run)
    assert remembered(store) == [False, True]


@pytest.mark.parametrize(
    "unsettled",
    [
        lambda file: file.outcome is Outcome.BROKEN,
        lambda file: file.sha256 is None,
        lambda file: file.photo is not None and file.photo.pipeline == "other",
        lambda file: file.photo is not None and file.photo.judged_with is None,
        lambda file: file.photo is not None and file.photo.discarded == 1,
    ],
)
def test_one_unsettled_file_keeps_its_folder_from_being_remembered(
    store: Store, unsettled: Callable[[KnownFile], bool]
) -> None:
    """Whichever of the things that decide it is different in one file alone."""
    run = start_run(store, ["/"])
    record_batch(
        store,
        run,
        [
            *(record(f"/a/{number}", f"s{number}", analysis(seed=number)) for number in range(4)),
            record("/a/4", "s4", analysis(seed=4, pipeline="other")),
            record("/a/5", "s5", analysis(seed=5, keep=(False,))),
            record("/a/6", "s6", outcome=Outcome.BROKEN),
            record("/a/7", None, outcome=Outcome.BROKEN),
            record("/a/8", "s8", analysis(seed=8)),
        ],
    )
    store.execute("UPDATE photos SET people_key = NULL WHERE sha256 = 's8'")
    store.execute("UPDATE photos SET pipeline = '' WHERE sha256 = 's1'")
    remember(store, run, 9, lambda file: not unsettled(file))
    assert remembered(store) == [False, False]
    remember(store, run, 9, lambda _: True)
    assert remembered(store) == [True, False], "the other one was not seen"


COLUMNS = ("source", "size", "mtime_ns", "sha256", "outcome", *ORIGIN_COLUMNS.names, "refused_by")


@pytest.mark.parametrize("column", COLUMNS)
def test_a_file_that_changes_takes_its_folders_digest(store: Store, column: str) -> None:
    store.execute(f"UPDATE files SET {column} = 7 WHERE path = '/a/2'")
    assert remembered(store) == [False, True]


def test_no_other_column_of_a_file_decides_whether_it_is_current(store: Store) -> None:
    columns = {row["name"] for row in store.rows("SELECT name FROM pragma_table_info('files')")}
    # `link` follows from the permalink.
    assert columns - set(COLUMNS) == {"path", "folder", "error", "link", "first_run", "seen_run"}


@pytest.mark.parametrize(
    ("statement", "left"),
    [
        ("DELETE FROM files WHERE path = '/a/2'", [False, True]),
        ("UPDATE files SET path = '/a/9' WHERE path = '/a/2'", [False, True]),
        ("UPDATE files SET path = '/b/2', folder = '/b' WHERE path = '/a/2'", [False, False]),
        ("UPDATE photos SET pipeline = 'other' WHERE sha256 = 's2'", [False, True]),
        ("UPDATE photos SET people_key = NULL WHERE sha256 = 's1'", [False, False]),
        ("UPDATE photos SET discarded = 5 WHERE sha256 = 's1'", [False, False]),
        ("UPDATE photos SET phash = 5", [True, True]),
        ("DELETE FROM photos WHERE sha256 = 's1'", [False, False]),
        ("UPDATE files SET seen_run = seen_run", [True, True]),
    ],
)
def test_a_row_that_changes_takes_the_digests_of_its_folders(store: Store, statement: str, left: list[bool]) -> None:
    store.execute(statement)
    assert remembered(store) == left


def test_recording_takes_the_digest_of_the_folder_and_of_the_contents_other_folders(store: Store) -> None:
    run = start_run(store, ["/"])
    record_batch(store, run, [record("/b/new", None, outcome=Outcome.MISSING)])
    assert remembered(store) == [True, False]
    record_batch(store, run, [record("/c/new", "s2", analysis(seed=3))])
    assert remembered(store) == [False, False]


def test_a_new_origin_takes_the_digest(store: Store) -> None:
    record_batch(store, 1, [replace(made, ref=replace(made.ref, origin=ORIGIN)) for made in [record("/b/4", "s1")]])
    assert remembered(store) == [True, False]


@pytest.mark.parametrize("forget", [lambda store: forget_person(store, "Ada"), forget_bystanders])
def test_forgetting_takes_the_digests(store: Store, forget: Callable[[Store], int]) -> None:
    forget(store)
    # Ada is no bystander, so of hers nothing was thrown away; all photos count as changed all the same.
    assert remembered(store) == [False, False]


def test_the_files_of_a_folder_that_was_seen_are_not_forgotten(store: Store) -> None:
    run = start_run(store, ["/"])
    touch_folders(store, run, ["/a", "/never/recorded"])
    finish_run(store, run, {})
    assert len(prune(store, run, ["/a/1", "/b/4"])) == 1
    assert len(prune(store, run, ["/"])) == 0
    assert remembered(store) == [True, False]
    assert len(known_files(store, "/a")) == 3
    last = start_run(store, ["/"])
    touch_files(store, last, ["/a/1"])
    finish_run(store, last, {})
    assert len(prune(store, last, ["/"])) == 2, "having been seen by an earlier run does not count"
    assert set(known_files(store, "/a")) == {"/a/1"}
    assert remembered(store) == [False, False]


def test_a_folder_that_changes_after_it_was_seen_still_counts_as_seen(store: Store) -> None:
    run = start_run(store, ["/"])
    touch_folders(store, run, ["/a", "/b"])
    store.execute("UPDATE photos SET people_key = 'Ada' || char(10) || '#judged by another process meanwhile'")
    finish_run(store, run, {})
    assert len(prune(store, run, ["/"])) == 0
    assert remembered(store) == [False, False]


def test_folders_without_files_are_forgotten(store: Store) -> None:
    run = start_run(store, ["/"])
    touch_folders(store, run, ["/b"])
    finish_run(store, run, {})
    prune(store, run, ["/a"])
    assert [row["path"] for row in store.rows("SELECT path FROM folders")] == ["/b"]


def test_folders_with_hostile_names(store: Store) -> None:
    run = start_run(store, ["/"])
    folders = ["/'; DROP TABLE folders; --", "/\udcff", "/nul\0", "/%_*[a]?"]
    record_batch(store, run, [record(f"{folder}/1", None, outcome=Outcome.EMPTY) for folder in folders])
    remember_folders(store, run, [ListedFolder(folder, 1, DIGEST) for folder in folders], lambda _: True)
    for folder in folders:
        assert unchanged_folder(store, folder, DIGEST) == KnownFolder(1, (ReadError(f"{folder}/1", Outcome.EMPTY, ""),))
    second = start_run(store, ["/"])
    touch_folders(store, second, folders[1:])
    finish_run(store, second, {})
    assert len(prune(store, second, ["/"])) == 5
    assert [folder for folder in folders if known_files(store, folder)] == folders[1:]
