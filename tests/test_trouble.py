"""Exit status 70 means a bug: wrong input, a damaged database and a machine without room are each a sentence."""

from __future__ import annotations

import errno
import io
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import click
import pytest

from fakes import MAYBE, ME, STRANGER, Result, Untag, paint
from untag.cli import app
from untag.cli.terminal import ask, somebody_answers
from untag.cli.trouble import of_machine

BAD_TEXTS = ["", "a\0b", "\ud800", "\udcff", "x" * 300, "x" * 100_000, "9" * 5000, "/dev/null", "."]


def sentence(result: Result, what: object) -> None:
    """The command ended on purpose."""
    assert result.status != app.BUG, (what, result.err[-3000:])
    assert "Traceback" not in result.err, (what, result.err[-3000:])


@pytest.fixture
def scanned(untag: Untag, monkeypatch: pytest.MonkeyPatch) -> Untag:
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    monkeypatch.chdir(untag.root)
    untag.enroll()
    untag.add("a.png", paint(ME, STRANGER, serial=1, alcohol=0.9))
    untag.add("b.png", paint(MAYBE, serial=2))
    untag.add("copy.png", paint(ME, STRANGER, serial=1, alcohol=0.9))
    untag.add("pairs.csv", b"left,right,same\na.png,b.png,1\na.png,copy.png,1\n")
    assert untag.run("scan", untag.photos).status == 0
    return untag


def usual(untag: Untag) -> dict[str, list[str]]:
    """Each command as it works."""
    photos = str(untag.photos)
    return {
        "enroll": [photos],
        "people": [],
        "forget": ["--bystanders"],
        "sources": [photos],
        "scan": [photos],
        "list": [],
        "search": ["a red square"],
        "report": ["--output", str(untag.root / "report.html")],
        "decide": [f"{photos}/a.png", "--status", "keep"],
        "act": ["--print"],
        "letters": ["--output", str(untag.root / "letters")],
        "stats": [],
        "open": [f"{photos}/a.png", "--print"],
        "export": ["--to-folder", str(untag.root / "copies")],
        "review": ["--no-browser", "--port", "x"],
        "inspect": [f"{photos}/a.png"],
        "evaluate": ["pairs", f"{photos}/pairs.csv"],
        "categories": [],
        "categories forget": ["band"],
        "models list": [],
        "models verify": [],
        "models pull": ["--yes", "--from", photos],
        "schedule install": [photos, "--print", "--service", "systemd"],
        "worker": ["--nas"],
        "doctor": [],
        "backup": [str(untag.root / "saved.backup")],
        "restore": [f"{photos}/pairs.csv"],
    }


def command_of(name: str) -> click.Command:
    found: click.Command = app.untag
    for part in name.split():
        assert isinstance(found, click.Group)
        below = found.get_command(click.Context(found), part)
        assert below is not None
        found = below
    return found


def with_bad(name: str, usual: list[str]) -> Iterator[list[str]]:
    """The command with each bad text in place of each argument and of the value of each option."""
    for bad in BAD_TEXTS:
        for place in range(len(usual)):
            if usual[place].startswith("--"):
                continue
            yield [*name.split(), *usual[:place], bad, *usual[place + 1 :]]
        for option in command_of(name).params:
            if isinstance(option, click.Option) and not option.is_flag:
                yield [*name.split(), *usual, option.opts[0], bad]


def test_all_commands_are_tried(scanned: Untag) -> None:
    assert {name.split()[0] for name in usual(scanned)} == set(app._COMMANDS)


NAMES = (
    *(
        "enroll",
        "people",
        "forget",
        "sources",
        "scan",
        "list",
        "search",
        "report",
        "decide",
        "act",
        "letters",
        "stats",
        "open",
        "export",
        "review",
        "inspect",
        "evaluate",
        "categories",
    ),
    *(
        "categories forget",
        "models list",
        "models verify",
        "models pull",
        "schedule install",
        "worker",
        "doctor",
        "backup",
        "restore",
    ),
)


@pytest.mark.parametrize("name", NAMES)
def test_bad_arguments(scanned: Untag, name: str) -> None:
    for arguments in with_bad(name, usual(scanned)[name]):
        sentence(scanned.run(*arguments), [part[:50] for part in arguments])


def test_a_bad_home(scanned: Untag) -> None:
    for bad in BAD_TEXTS:
        sentence(scanned.invoke(["--home", bad, "people"]), bad[:50])


def columns(db: sqlite3.Connection) -> list[tuple[str, str]]:
    tables = [name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
    return [(table, row[1]) for table in tables for row in db.execute(f'PRAGMA table_info("{table}")')]


def reading(untag: Untag) -> list[list[str]]:
    """The commands that read most of the database."""
    return [
        ["list", "--format", "json"],
        ["list"],
        ["report", "--output", str(untag.root / "report.html"), "--force"],
        ["people"],
        ["scan", str(untag.photos)],
    ]


@pytest.mark.parametrize("value", ["wrong", b"\xff\xfe\x00", 1e300], ids=repr)
def test_a_database_with_wrong_values(scanned: Untag, value: object) -> None:
    """Each column in turn, the database as it was otherwise."""
    path = scanned.home / "untag.db"
    sound = path.read_bytes()
    with closing(sqlite3.connect(path)) as db:
        everywhere = columns(db)
    assert len(everywhere) > 50
    for table, column in everywhere:
        for left in scanned.home.glob("untag.db-*"):
            left.unlink()
        path.write_bytes(sound)
        with closing(sqlite3.connect(path)) as db:
            db.execute("PRAGMA ignore_check_constraints = ON")
            try:
                db.execute(f'UPDATE OR REPLACE "{table}" SET "{column}" = ?', (value,))
            except sqlite3.Error:
                continue
            db.commit()
        for arguments in reading(scanned):
            sentence(scanned.run(*arguments), (table, column, arguments[0]))


@pytest.mark.parametrize(
    ("table", "column", "value", "command"),
    [
        ("scenes", "score", float("inf"), "list"),
        ("scenes", "score", "wrong", "list"),
        ("scene_vectors", "vector", b"\0", "search"),
        ("scene_vectors", "vector", bytes(2 * 384), "search"),
        ("scene_vectors", "vector", b"\0\0\xc0\x7f" * 384, "search"),
    ],
    ids=["infinite", "text", "a byte", "half as many", "no numbers"],
)
def test_wrong_values_of_what_photos_show_are_named(
    scanned: Untag, table: str, column: str, value: object, command: str
) -> None:
    with closing(sqlite3.connect(scanned.home / "untag.db")) as db:
        assert db.execute(f"UPDATE {table} SET {column} = ?", (value,)).rowcount
        db.commit()
    result = scanned.run(command, *(["a beer"] if command == "search" else []))
    assert result.status == 2
    assert f"untag.db is damaged ({table}.{column}" in result.err


def test_a_wrong_value_is_named_with_what_to_do(scanned: Untag) -> None:
    with closing(sqlite3.connect(scanned.home / "untag.db")) as db:
        db.execute("UPDATE findings SET categories = '{\"alcohol\": 1'")
        db.commit()
    result = scanned.run("list")
    assert result.status == 2
    assert "untag.db is damaged (findings: JSONDecodeError)" in result.err
    assert "doctor --rescue" in result.err
    assert "damaged" in scanned.run("doctor").out


def test_a_damaged_page(scanned: Untag) -> None:
    path = scanned.home / "untag.db"
    sound = path.read_bytes()
    for start in range(0, len(sound), 3 * 4096):
        for left in scanned.home.glob("untag.db-*"):
            left.unlink()
        path.write_bytes(sound[:start] + os.urandom(512) + sound[start + 512 :])
        for arguments in reading(scanned):
            sentence(scanned.run(*arguments), start)


@pytest.mark.parametrize("wrong", [b"\xc7", b"\xff", b"\x00", b"'", b"\x1d"], ids=repr)
def test_a_damaged_schema(scanned: Untag, wrong: bytes) -> None:
    """SQLite quotes what it cannot parse, whatever bytes these are."""
    path = scanned.home / "untag.db"
    sound = path.read_bytes()
    with closing(sqlite3.connect(path)) as db:
        statements = [sql.encode() for (sql,) in db.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")]
    for statement in statements[::5]:
        for left in scanned.home.glob("untag.db-*"):
            left.unlink()
        cut = len(statement) // 2
        path.write_bytes(sound.replace(statement, statement[:cut] + wrong + statement[cut + 1 :]))
        for arguments in (["list"], ["doctor"]):
            result = scanned.run(*arguments)
            sentence(result, (statement, arguments))


MACHINE = [
    (MemoryError(), "not enough memory"),
    (OSError(errno.ENOSPC, "No space left on device", "/x"), "the disk is full"),
    (OSError(errno.EDQUOT, "Disk quota exceeded", "/x"), "the disk is full"),
    (OSError(errno.EMFILE, "Too many open files", "/x"), "too many files are open"),
    (OSError(errno.EROFS, "Read-only file system", "/x"), "/x: Read-only file system"),
    (OSError(errno.EIO, "Input/output error", "/x"), "/x: Input/output error"),
    (RuntimeError("can't start new thread"), "not enough memory"),
    (RuntimeError("Failed to allocate memory for requested buffer of size 99"), "not enough memory"),
    (ImportError("libx.so: failed to map segment from shared object"), "not enough memory"),
]


@pytest.mark.parametrize(("error", "said"), MACHINE, ids=lambda value: str(value)[:30])
@pytest.mark.parametrize("name", ["list", "scan", "forget"])
def test_what_the_machine_lacks_is_a_sentence(
    scanned: Untag, monkeypatch: pytest.MonkeyPatch, name: str, error: Exception, said: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("untag.library.client.load_settings", fail)
    result = scanned.run(name, *usual(scanned)[name])
    sentence(result, name)
    assert result.status == 2
    assert said in result.err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
@pytest.mark.parametrize("arguments", [["list"], ["list", "--format", "json"], ["list", "--format", "csv"], ["doctor"]])
def test_a_result_that_cannot_be_delivered(scanned: Untag, arguments: list[str]) -> None:
    code = "from untag.cli import main; main()"
    command = [sys.executable, "-c", code, "--home", str(scanned.home), *arguments]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
        silent = subprocess.run(command, stdout=subprocess.PIPE, stderr=full, text=True, check=False)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
    assert "standard output cannot be written: No space left on device" in done.stderr
    assert silent.returncode in (0, 1)
    closed = subprocess.run(
        ["sh", "-c", 'exec "$@" >&-', "sh", *command], stderr=subprocess.PIPE, text=True, check=False
    )
    assert (closed.returncode, "standard output is closed" in closed.stderr) == (2, True), closed.stderr


@pytest.mark.skipif(os.name == "nt", reason="sh starts it")
def test_a_question_that_nobody_can_answer_is_not_a_yes(scanned: Untag) -> None:
    code = "from untag.cli import main; main()"
    command = [sys.executable, "-c", code, "--home", str(scanned.home), "forget", "--all"]
    closed = subprocess.run(
        ["sh", "-c", 'exec "$@" <&-', "sh", *command], stderr=subprocess.PIPE, text=True, check=False
    )
    assert (closed.returncode, closed.stderr) == (app.INTERRUPTED, "untag: interrupted\n")
    assert (scanned.home / "untag.db").exists()


def test_a_closed_standard_input_is_no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", None)
    assert not somebody_answers()
    with pytest.raises(click.Abort):
        ask("Delete all?")


def test_a_width_of_nothing_hides_no_results(scanned: Untag, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = scanned.run("list").out
    monkeypatch.setenv("COLUMNS", "0")
    assert "a.png" in shown
    assert scanned.run("list").out == shown


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps the folder of a process")
def test_the_current_folder_is_gone(scanned: Untag, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    for name, arguments in usual(scanned).items():
        sentence(scanned.run(*name.split(), *arguments), name)
    result = scanned.run("scan", "photos")
    assert result.status == 2
    assert "current folder does not exist any more" in result.err or "no such file or folder" in result.err


def test_a_table_with_nul(scanned: Untag) -> None:
    path = scanned.add("nul.csv", b"left,right,same\na\0.png,b.png,1\n")
    for kind in ("pairs", "people", "scenes"):
        sentence(scanned.run("evaluate", kind, path), kind)


@pytest.mark.skipif(os.name == "nt", reason="limits of POSIX")
@pytest.mark.parametrize("limit", [8, 12, 16, 24])
def test_too_few_files_may_be_open(scanned: Untag, limit: int) -> None:
    code = f"import resource; resource.setrlimit(resource.RLIMIT_NOFILE, ({limit}, {limit}));" + (
        "from untag.cli import main; main()"
    )
    for arguments in (["list"], ["report", "--output", str(scanned.root / "r.html")]):
        command = [sys.executable, "-c", code, "--home", str(scanned.home), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode != app.BUG, done.stderr[-2000:]


@pytest.mark.skipif(sys.platform != "linux", reason="limits of Linux")
@pytest.mark.parametrize("megabytes", [60, 250, 350])
def test_too_little_memory(scanned: Untag, megabytes: int) -> None:
    code = f"import resource; resource.setrlimit(resource.RLIMIT_AS, ({megabytes << 20},) * 2);" + (
        "from untag.cli import main; main()"
    )
    for arguments in (["list"], ["scan", str(scanned.photos)]):
        command = [sys.executable, "-c", code, "--home", str(scanned.home), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode != app.BUG, done.stderr[-2000:]
        assert "Traceback" not in done.stderr


@pytest.mark.parametrize("error", [ImportError("read the manual"), ImportError("no", name="cv2")])
def test_a_library_that_cannot_be_loaded_is_no_bug(error: ImportError) -> None:
    assert "cannot be loaded" in str(of_machine(error))


def test_a_name_that_untag_itself_lacks_is_a_bug() -> None:
    assert of_machine(ImportError("cannot import name 'x'", name="untag.types")) is None
