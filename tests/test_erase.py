"""Overwriting in place, scrubbing the database, and the search for what is left, on any file system."""

from __future__ import annotations

import json
import os
import sqlite3
from base64 import b64encode
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from fakes import ME, STRANGER, Square, Untag, paint
from store_samples import MAYBE, OTHER, analysis, face, record
from store_samples import ME as MATCHED
from untag.errors import StoreError
from untag.store import Needles, Store, check_integrity, forget_bystanders, photo_evidence, record_batch, start_run
from untag.store import search as search_home
from untag.store.scrub import scrub_file
from untag.store.traces import words_of
from untag.support.erase import destroy, replace, shorten
from untag.support.home import MARKS


@pytest.fixture
def blocks(tmp_path: Path) -> Callable[[Path], Path]:
    """A second name for a file's content, by which it can be read when the file is gone."""

    def keep(path: Path) -> Path:
        other = tmp_path / f"blocks-of-{path.name}"
        other.hardlink_to(path)
        return other

    return keep


@pytest.mark.parametrize("size", [0, 1, 4096, (3 << 20) + 5])
def test_destroyed_files_are_zeros_of_the_same_length(
    tmp_path: Path, blocks: Callable[[Path], Path], size: int
) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"x" * size)
    path.chmod(0o400)
    other = blocks(path)
    destroy(path)
    destroy(path)
    assert not path.exists()
    assert other.read_bytes() == bytes(size), "not one byte more: a full disk has no room for it"


def test_what_is_cut_off_was_overwritten_and_flushed_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"kept" + b"x" * 10_000)
    order: list[tuple[str, bytes]] = []
    for name in ("fsync", "ftruncate"):
        real = getattr(os, name)

        def watched(*arguments: int, name: str = name, real: Callable[..., None] = real) -> None:
            order.append((name, path.read_bytes()))
            real(*arguments)

        monkeypatch.setattr(os, name, watched)
    handle = os.open(path, os.O_RDWR)
    shorten(handle, 4)
    os.close(handle)
    assert order == [("fsync", b"kept" + bytes(10_000)), ("ftruncate", b"kept" + bytes(10_000))]
    assert path.read_bytes() == b"kept"


@pytest.mark.parametrize("links", [True, False])
def test_what_is_replaced_is_destroyed(
    tmp_path: Path, blocks: Callable[[Path], Path], monkeypatch: pytest.MonkeyPatch, links: bool
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError("no hard links here")

    path, aside = tmp_path / "a", tmp_path / "a.new"
    aside.write_bytes(b"first")
    replace(aside, path)
    assert path.read_bytes() == b"first"
    other = blocks(path)
    aside.write_bytes(b"second")
    if not links:
        monkeypatch.setattr(Path, "hardlink_to", refuse)
    replace(aside, path)
    assert (path.read_bytes(), other.read_bytes()) == (b"second", bytes(5))
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a", "blocks-of-a"]


def fill(home: Path, photos: int) -> None:
    with Store.open(home) as store:
        run = start_run(store, ["/a"])
        for number in range(photos):
            made = analysis((MATCHED, MAYBE, OTHER), seed=number)
            record_batch(store, run, [record(f"/a/{number:04}", f"s{number * 7919 % 1000:04}", made)])


def test_scrubbing_changes_nothing_but_what_nothing_uses(tmp_path: Path) -> None:
    path = tmp_path / "made.db"
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA secure_delete = OFF")
        db.execute("CREATE TABLE long (id INTEGER PRIMARY KEY, text TEXT)")
        db.execute("CREATE TABLE keyed (name TEXT PRIMARY KEY, text TEXT) WITHOUT ROWID")
        db.execute("CREATE INDEX by_text ON long(text)")
        for number in range(600):
            size = (number * 37) % 9000
            db.execute("INSERT INTO long VALUES (?, ?)", (number, f"SECRET-{number}-" + "s" * size))
            db.execute(
                "INSERT INTO keyed VALUES (?, ?)", (f"{number * 7919 % 1000:04}", f"SECRET-{number}-" + "k" * size)
            )
        db.commit()
        for table, column in (("long", "id"), ("keyed", "name")):
            db.execute(f"DELETE FROM {table} WHERE CAST({column} AS INTEGER) % 3 = 0")
        db.commit()
        roots = [row[0] for row in db.execute("SELECT rootpage FROM sqlite_master")]
        before = list(db.iterdump())
        kept = {text.split("-")[1] for (text,) in db.execute("SELECT text FROM long UNION SELECT text FROM keyed")}
    gone = [f"SECRET-{number}-".encode() for number in range(600) if str(number) not in kept]
    assert any(text in path.read_bytes() for text in gone), "else this proves nothing"
    size = path.stat().st_size
    scrub_file(path, roots)
    assert [text for text in gone if text in path.read_bytes()] == []
    assert path.stat().st_size == size
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert list(db.iterdump()) == before
        db.execute("INSERT INTO long SELECT id + 1000, text FROM long")
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


@pytest.mark.parametrize("place", range(100, 4096 * 3, 997))
def test_a_damaged_database_is_not_scrubbed_worse(tmp_path: Path, place: int) -> None:
    fill(tmp_path, 20)
    path = tmp_path / "untag.db"
    data = bytearray(path.read_bytes())
    data[place : place + 8] = b"\xff" * 8
    path.write_bytes(data)
    try:
        with Store.open(tmp_path) as store:
            forget_bystanders(store)
    except StoreError as error:
        assert "damaged" in str(error)
        assert "doctor --rescue" in str(error)


def test_an_erasure_that_was_interrupted_is_finished_by_the_next_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    fill(tmp_path, 200)
    with monkeypatch.context() as patch, Store.open(tmp_path) as store:
        patch.setattr(Store, "erase_traces", killed)
        with pytest.raises(KeyboardInterrupt):
            forget_bystanders(store)
    with Store.open(tmp_path) as store:
        assert store.row("SELECT 1 FROM unfinished_erasures") is not None
        with store.exclusive():
            pass
        assert store.row("SELECT 1 FROM unfinished_erasures") is None
        assert len(list(photo_evidence(store))) == 200
    assert check_integrity(tmp_path) == []
    vectors = [face(number * 100 + place).embedding for number in range(200) for place in (1, 2)]
    needles = Needles((), words_of(vector for vector in vectors if vector is not None))
    assert search_home(tmp_path, needles).traces == ()


def test_another_connection_does_not_bring_old_pages_back(tmp_path: Path) -> None:
    fill(tmp_path, 200)
    with Store.open(tmp_path) as other, Store.open(tmp_path) as store:
        assert len(list(photo_evidence(other))) == 200, "it has read all pages, and keeps them in memory"
        forget_bystanders(store)
        record_batch(other, start_run(other, ["/a"]), [record("/a/late", "late", analysis((MATCHED,), seed=900))])
        other.execute("UPDATE faces SET similarity = similarity / 2")
    vectors = [face(number * 100 + place).embedding for number in range(200) for place in (1, 2)]
    needles = Needles((), words_of(vector for vector in vectors if vector is not None))
    assert search_home(tmp_path, needles).traces == ()
    assert check_integrity(tmp_path) == []


@pytest.mark.parametrize("kind", ["<f4", "<f2"])
@pytest.mark.parametrize("shift", [0, 3, (1 << 20) - 200, (1 << 20) - 1])
def test_the_search_finds_vectors_at_any_byte(tmp_path: Path, kind: str, shift: int) -> None:
    vector = np.random.default_rng(3).random(128, dtype=np.float32)
    other = np.random.default_rng(4).random(128, dtype=np.float32)
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "file").write_bytes(b"\1" * shift + vector.astype(kind).tobytes() + b"end")
    (found,) = search_home(tmp_path, Needles((), words_of([vector]))).traces
    assert (found.path, found.names) == (tmp_path / "deep" / "file", ())
    assert found.vectors == 4
    assert search_home(tmp_path, Needles((), words_of([other]))).traces == ()


@pytest.mark.parametrize("kind", ["<f4", "<f2"])
def test_the_search_finds_vectors_that_are_written_as_text(tmp_path: Path, kind: str) -> None:
    vector = np.random.default_rng(3).random(128, dtype=np.float32)
    (tmp_path / "file").write_bytes(b'{"embedding": "' + b64encode(vector.astype(kind).tobytes()) + b'"}')
    (found,) = search_home(tmp_path, Needles((), words_of([vector]))).traces
    assert found.vectors == 4


def test_forget_finds_a_person_in_a_backup_that_lies_in_the_home_folder(untag: Untag) -> None:
    untag.enroll()
    assert untag.run("backup", untag.home / "mine.jsonl").status == 0
    said = untag.run("forget", "--person", "me").err
    assert "something is left" in said
    assert f"{untag.home / 'mine.jsonl'} still holds parts of embeddings" in said


@pytest.mark.parametrize("name", ["Zoë Quint", "Zoe\u0308 Quint", "Ωμέγα", 'She said "Hi"'])
def test_the_search_finds_names_however_they_are_written(tmp_path: Path, name: str) -> None:
    (tmp_path / "plain").write_text(f"x{name}x", "utf-8")
    (tmp_path / "escaped").write_text(json.dumps([name]), "utf-8")
    (tmp_path / "cut").write_bytes(b"-" * ((1 << 20) - 2) + name.encode())
    (tmp_path / "none").write_text("Zoe", "utf-8")
    searched = search_home(tmp_path, Needles((name,)))
    assert {trace.path.name for trace in searched.traces} == {"plain", "escaped", "cut"}
    assert all(trace.names == (name,) for trace in searched.traces)
    assert searched.files == 4


def test_forget_says_what_it_found_what_it_cannot_see_and_what_it_wrote(untag: Untag) -> None:
    untag.enroll()
    untag.enroll(STRANGER, Square(person=7, off=0.02), person="Bobrikov")
    untag.add("Bobrikov at the sea.png", paint(ME, STRANGER, serial=1))
    assert untag.run("scan", untag.photos).status == 0
    for name in ("here.html", "gone.html"):
        assert untag.run("report", "--output", untag.root / name).status == 0
    (untag.root / "gone.html").unlink()
    said = untag.run("forget", "--person", "Bobrikov").err
    assert "something is left" in said
    left = "still holds the name Bobrikov, from an archive, a path, a backup or your settings"
    assert f"{untag.home / 'untag.db'} {left}" in said
    assert "parts of embeddings" not in said
    assert f"  {untag.root / 'here.html'} (report of 20" in said
    assert [line.endswith("not there now)") for line in said.splitlines() if ".html" in line] == [True, False]
    assert "not within reach" in said
    said = untag.run("forget", "--all", "--yes").err
    assert "nothing of it is left" in said
    assert str(untag.root / "here.html") in said
    assert "too short to be searched for among other bytes: me" in said
    assert (untag.root / "here.html").exists(), "what lies elsewhere is not untag's to delete"


def test_forget_all_takes_what_was_written_into_the_home_folder(untag: Untag) -> None:
    untag.enroll()
    untag.add("a.png", paint(ME, serial=1))
    assert untag.run("scan", untag.photos).status == 0
    assert untag.run("report", "--output", untag.home / "report.html").status == 0
    assert untag.run("backup", untag.home / "backup.jsonl").status == 0
    said = untag.run("forget", "--all", "--yes").err
    assert {path.name for path in untag.home.iterdir() if path.is_file()} - MARKS.keys() == {"scan.lock"}
    assert "report.html" not in said


def test_forget_all_of_a_damaged_database_says_that_it_cannot_search(untag: Untag) -> None:
    untag.enroll()
    (untag.home / "untag.db").write_bytes(b"junk" * 5000)
    result = untag.run("forget", "--all", "--yes")
    assert result.status == 0
    assert "it is not known what to search for" in result.err
