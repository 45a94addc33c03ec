"""The database file: permissions, errors in words, one scan at a time, and being killed."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from store_samples import ME, OTHER, analysis, assessment, record, stored_faces
from untag.errors import StoreError
from untag.store import (
    Store,
    check_integrity,
    findings,
    known_files,
    photo_evidence,
    record_batch,
    start_run,
)
from untag.store import db as store_db
from untag.store.db import database_files
from untag.store.migrations import MIGRATIONS
from untag.support.home import MARKS

posix = pytest.mark.skipif(os.name == "nt", reason="Windows has no permission bits")

BATCH = 7

WRITER = """
import sys
from pathlib import Path
from store_samples import ME, OTHER, analysis, assessment, record, stored_faces
from untag.store import Store, record_batch, start_run

with Store.open(Path(sys.argv[1])) as store, store.exclusive():
    run = start_run(store, ["/a"])
    number = int(sys.argv[2])
    while True:
        number += 1
        record_batch(store, run, [
            record(f"/a/{number}/{item}", f"{number}-{item}", analysis((ME, OTHER), found=assessment()))
            for item in range(7)
        ])
        print(number, flush=True)
"""


@contextmanager
def writer(home: Path, first: int = 0) -> Iterator[subprocess.Popen[str]]:
    """Another process that scans without end; killed on leaving."""
    path = os.pathsep.join([str(Path(__file__).parent), *filter(None, sys.path)])
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(home), str(first)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def lines(process: subprocess.Popen[str], count: int) -> list[str]:
    assert process.stdout is not None
    return [process.stdout.readline().strip() for _ in range(count)]


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


@posix
@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_nobody_else_may_read_it_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    home = tmp_path / "new" / "home"
    before = os.umask(umask)
    try:
        with Store.open(home) as store, store.exclusive():
            record_batch(store, start_run(store, ["/a"]), [record("/a/1", "s1", analysis())])
            modes = {path.name: mode(path) for path in home.iterdir() if path.name not in MARKS}
    finally:
        os.umask(before)
    assert mode(home) == 0o700
    assert modes == dict.fromkeys(("untag.db", "untag.db-wal", "untag.db-shm", "scan.lock"), 0o600)
    assert check_integrity(home) == []


@posix
def test_a_folder_of_the_user_keeps_its_permissions_and_the_doctor_says_so(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    Store.open(tmp_path).close()
    assert mode(tmp_path) == 0o755
    assert [problem for problem in check_integrity(tmp_path) if str(tmp_path) in problem and "700" in problem]
    (tmp_path / "untag.db").chmod(0o644)
    assert len(check_integrity(tmp_path)) == 2
    Store.open(tmp_path, create=False).close()
    assert mode(tmp_path / "untag.db") == 0o600


def test_without_create_nothing_is_made(tmp_path: Path) -> None:
    home = tmp_path / "home"
    for folder in (home, tmp_path):
        with pytest.raises(StoreError, match="No photos have been scanned"):
            Store.open(folder, create=False)
        assert check_integrity(folder) == [] or folder == tmp_path
    assert list(tmp_path.iterdir()) == []


def test_a_home_that_is_a_file(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.write_text("not a folder")
    for create in (True, False):
        with pytest.raises(StoreError, match="is a file, not a folder"):
            Store.open(home, create=create)
    assert check_integrity(home) == [f"{home} is a file, not a folder."]
    with pytest.raises(StoreError, match="cannot be opened"):
        Store.open(home / "below")


@contextmanager
def ordinary_user() -> Iterator[None]:
    """The superuser may write anywhere: be somebody else for a while."""
    if sys.platform == "win32" or os.geteuid() != 0:
        yield
        return
    try:
        os.seteuid(65534)
    except OSError:
        pytest.skip("the superuser writes anywhere, and here cannot be anybody else")
    try:
        yield
    finally:
        os.seteuid(0)


@posix
def test_a_read_only_home() -> None:
    # Not below pytest's folder, which only its owner may enter.
    with tempfile.TemporaryDirectory() as folder:
        home, used = Path(folder, "home"), Path(folder, "used")
        Path(folder).chmod(0o755)
        home.mkdir()
        home.chmod(0o555)
        Store.open(used).close()
        (used / "untag.db").chmod(0o444)
        used.chmod(0o555)
        try:
            with ordinary_user():
                for path in (home, home / "below"):
                    with pytest.raises(StoreError, match=r"Permission denied\. Choose another folder"):
                        Store.open(path)
                with pytest.raises(StoreError, match="choose another folder"):
                    Store.open(used)
                assert isinstance(check_integrity(used), list)
        finally:
            home.chmod(0o700)
            used.chmod(0o700)


def test_a_home_on_a_read_only_drive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: object, *_: object) -> int:
        raise OSError(30, "Read-only file system", str(path))

    with monkeypatch.context() as patched, pytest.raises(StoreError, match="Read-only file system"):
        patched.setattr(os, "open", refuse)
        Store.open(tmp_path)
    with Store.open(tmp_path) as store:
        monkeypatch.setattr("untag.store.lock.os.open", refuse)
        with pytest.raises(StoreError, match="Read-only file system"), store.exclusive():
            pass


def test_a_reader_cannot_write_and_works_in_another_thread(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store, store.reader() as reader:
        run = start_run(store, ["/a"])
        record_batch(store, run, [record("/a/1", "s1", analysis())])
        seen: list[str] = []
        thread = threading.Thread(target=lambda: seen.extend(known_files(reader, "/a")))
        thread.start()
        thread.join()
        assert seen == ["/a/1"]
        with pytest.raises(StoreError, match="cannot be written"):
            start_run(reader, ["/a"])
        with pytest.raises(StoreError, match="cannot be written"):
            record_batch(reader, run, [record("/a/2", "s2", analysis())])
        assert known_files(store, "/a").keys() == {"/a/1"}


def test_a_database_of_a_newer_program(tmp_path: Path) -> None:
    Store.open(tmp_path).close()
    with sqlite3.connect(tmp_path / "untag.db") as raw:
        raw.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    raw.close()
    with pytest.raises(StoreError, match=r"newer untag.*Update untag"):
        Store.open(tmp_path)
    assert any("newer untag" in problem for problem in check_integrity(tmp_path))


def test_a_database_of_another_program(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "untag.db") as raw:
        raw.execute("CREATE TABLE cookies (a)")
    raw.close()
    with pytest.raises(StoreError, match="another program"):
        Store.open(tmp_path)


def test_a_migration_that_fails_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def half(db: object) -> None:
        db.execute("CREATE TABLE half (a)")  # type: ignore[attr-defined]
        raise RuntimeError("power cut")

    Store.open(tmp_path).close()
    with monkeypatch.context() as patched, pytest.raises(RuntimeError):
        patched.setattr("untag.store.migrations.MIGRATIONS", (*MIGRATIONS, half))
        Store.open(tmp_path)
    with Store.open(tmp_path) as store:
        assert store.row("SELECT 1 FROM sqlite_master WHERE name = 'half'") is None
        assert store.row("PRAGMA user_version") == {"user_version": len(MIGRATIONS)}


@pytest.mark.parametrize("content", [b"not a database at all" * 100, b"SQLite format 3\0" + b"\xff" * 8000])
def test_a_corrupt_file(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "untag.db").write_bytes(content)
    with pytest.raises(StoreError, match=r"damaged.*Move it aside and scan again"):
        Store.open(tmp_path)
    assert any("Move it aside" in problem for problem in check_integrity(tmp_path))
    assert (tmp_path / "untag.db").read_bytes() == content


def test_damage_inside_the_file_is_found(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        run = start_run(store, ["/a"])
        for number in range(20):
            record_batch(store, run, [record(f"/a/{number}", f"s{number}", analysis((ME, OTHER), seed=number))])
    file = tmp_path / "untag.db"
    content = bytearray(file.read_bytes())
    for page in range(2, len(content) // 4096):
        content[page * 4096 : page * 4096 + 64] = b"\xff" * 64
    file.write_bytes(content)
    assert any("damaged" in problem for problem in check_integrity(tmp_path))
    with pytest.raises(StoreError, match="damaged"), Store.open(tmp_path) as store:
        list(stored_faces(store, "dlib"))


def test_an_empty_file_is_a_new_database(tmp_path: Path) -> None:
    """What a kill between making the file and filling it leaves."""
    (tmp_path / "untag.db").touch()
    with Store.open(tmp_path, create=False) as store:
        assert list(findings(store)) == []


def test_a_full_disk(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        run = start_run(store, ["/a"])
        record_batch(store, run, [record("/a/1", "s1", analysis())])
        pages = store.row("PRAGMA page_count")
        assert pages is not None
        list(store.rows(f"PRAGMA max_page_count = {pages['page_count'] + 2}"))
        batch = [record(f"/a/{number}", f"s{number}", analysis((ME, OTHER), seed=number)) for number in range(2, 200)]
        with pytest.raises(StoreError, match="disk is full"):
            record_batch(store, run, batch)
        assert known_files(store, "/a").keys() == {"/a/1"}
        list(store.rows("PRAGMA max_page_count = 100000"))
        record_batch(store, run, batch)
        assert len(known_files(store, "/a")) == 199


def test_a_database_that_another_program_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_db, "BUSY_SECONDS", 0.01)
    with Store.open(tmp_path) as store, Store.open(tmp_path) as other, other.transaction():
        with pytest.raises(StoreError, match="in use by another program"):
            start_run(store, ["/a"])
        assert list(findings(store)) == [], "reading goes on"


@pytest.mark.parametrize("_", range(15))
def test_opening_at_once(tmp_path: Path, _: int) -> None:
    errors: list[BaseException] = []
    together = threading.Barrier(8)

    def work() -> None:
        together.wait()
        try:
            Store.open(tmp_path / "home").close()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []


def test_a_second_scan_is_refused_and_reading_goes_on(tmp_path: Path) -> None:
    with writer(tmp_path / "home") as process:
        lines(process, 1)
        with Store.open(tmp_path / "home", create=False) as store:
            with pytest.raises(StoreError, match=rf"Another scan is running \(pid {process.pid}\)"), store.exclusive():
                pass
            assert len(list(findings(store))) >= BATCH
    with Store.open(tmp_path / "home") as store, store.exclusive(), store.exclusive():
        assert (tmp_path / "home" / "scan.lock").read_text() == str(os.getpid())
    assert (tmp_path / "home" / "scan.lock").read_text() == ""


def test_the_lock_is_let_go_after_an_error(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store, Store.open(tmp_path) as other:
        with pytest.raises(KeyError), store.exclusive():
            with pytest.raises(StoreError, match="Another scan"), other.exclusive():
                pass
            raise KeyError
        with other.exclusive():
            pass


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_killed_at_any_instant_it_keeps_whole_batches(tmp_path: Path) -> None:
    home = tmp_path / "home"
    reported = 0
    for attempt in range(4):
        with writer(home, reported) as process:
            # A different number of batches each time, so that the kill falls into different moments.
            reported = int(lines(process, 3 + attempt * 2)[-1])
            process.send_signal(signal.SIGKILL)
            process.wait()
        assert check_integrity(home) == []
        with Store.open(home) as store, store.exclusive():
            complete = 0
            while known := known_files(store, f"/a/{complete + 1}"):
                assert len(known) == BATCH
                complete += 1
            # What was reported is there; at most one more was written before its report.
            assert complete >= reported
            reported = complete
            seen = list(photo_evidence(store))
            assert len(seen) == complete * BATCH
            assert all(len(photo.faces) == 2 and photo.scenes is not None for photo in seen)
            assert len(list(findings(store))) == complete * BATCH


def test_the_doctor_finds_a_row_without_its_photo(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        record_batch(store, start_run(store, ["/a"]), [record("/a/1", "s1", analysis(found=assessment()))])
    raw = sqlite3.connect(tmp_path / "untag.db")
    raw.execute("DELETE FROM photos")
    raw.commit()
    raw.close()
    problems = [problem for problem in check_integrity(tmp_path) if "refers to one that is missing" in problem]
    assert len(problems) == 3
    assert database_files(tmp_path) == [tmp_path / "untag.db"]
