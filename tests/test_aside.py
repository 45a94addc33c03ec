"""Files on their way to their place: killed at any instant, nothing of them stays where it does not belong."""

from __future__ import annotations

import errno
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from children import killed_on_leaving
from fakes import ME, Untag, paint
from untag.errors import StoreError, UsageError
from untag.support import aside
from untag.support.aside import new_part, part_files, sweep

posix = pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL")
SECRET = b"a photo of mine" * 1000


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def other_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on another file system than pytest's."""
    folder = Path("/dev/shm") / f"untag-test-{os.getpid()}"
    if not folder.parent.is_dir() or folder.parent.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("there is no second file system at hand")
    folder.mkdir()
    yield folder
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()


def write(home: Path, target: Path, content: bytes = SECRET) -> None:
    with new_part(home) as part:
        part.write(content)
        part.install(target)


def left(home: Path) -> list[Path]:
    return sorted((home / "parts").glob("*"))


def test_a_file_is_put_in_place_whole(home: Path, tmp_path: Path) -> None:
    target = tmp_path / "a.html"
    target.write_bytes(b"old")
    with new_part(home) as part:
        part.write(SECRET)
        assert target.read_bytes() == b"old"
        assert [path.parent for path in part_files(home)] == [home / "parts"]
        part.install(target)
    assert target.read_bytes() == SECRET
    assert target.stat().st_mode & 0o777 == 0o600
    assert left(home) == []


@pytest.mark.parametrize("unnamed", [True, False])
@pytest.mark.parametrize("old", [None, b"old"])
def test_on_another_file_system(
    home: Path, other_disk: Path, unnamed: bool, old: bytes | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not unnamed:
        monkeypatch.setattr(aside, "_unnamed", lambda _: None)
    target = other_disk / "a.html"
    if old is not None:
        target.write_bytes(old)
    write(home, target)
    assert target.read_bytes() == SECRET
    assert target.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in other_disk.iterdir()] == ["a.html"]
    assert left(home) == []


@pytest.mark.parametrize("unnamed", [True, False])
def test_a_failure_on_another_file_system_leaves_nothing(
    home: Path, other_disk: Path, unnamed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not unnamed:
        monkeypatch.setattr(aside, "_unnamed", lambda _: None)
    real = Path.replace

    def refuse(path: Path, target: Path) -> Path:
        if target.parent == other_disk and path.parent == other_disk:
            raise OSError(errno.EROFS, "Read-only file system")
        return real(path, target)

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(OSError, match="Read-only"):
        write(home, other_disk / "a.html")
    assert list(other_disk.iterdir()) == []
    assert left(home) == []


def test_a_system_that_links_no_unnamed_file(home: Path, other_disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    write(home, other_disk / "a.html")
    assert [path.name for path in other_disk.iterdir()] == ["a.html"]
    assert left(home) == []


def test_what_a_living_writer_holds_is_not_swept(home: Path, tmp_path: Path) -> None:
    with new_part(home) as part:
        part.write(SECRET)
        assert sweep(home) == 0
        part.install(tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == SECRET


def test_a_note_is_heeded_for_parts_alone(home: Path, tmp_path: Path) -> None:
    """A note that was tampered with, or is damaged, erases nothing but itself."""
    precious = tmp_path / "precious.jpg"
    precious.write_bytes(SECRET)
    link = tmp_path / ".untag-1.part"
    link.symlink_to(precious)
    (home / "parts").mkdir(parents=True)
    for number, text in enumerate([os.fsencode(precious), b"", b"\0", b"a/.untag-1.part", os.fsencode(link), b"\xff"]):
        (home / "parts" / f"{number}.elsewhere").write_bytes(text)
    assert sweep(home) == 0
    assert left(home) == []
    assert precious.read_bytes() == SECRET


def test_a_note_of_a_disk_that_is_away_is_kept(home: Path, tmp_path: Path) -> None:
    away = tmp_path / "usb"
    (home / "parts").mkdir(parents=True)
    (home / "parts" / "1.elsewhere").write_bytes(os.fsencode(away / ".untag-1.part"))
    assert sweep(home) == 0
    assert len(left(home)) == 1
    away.mkdir()
    (away / ".untag-1.part").write_bytes(SECRET)
    assert part_files(home) == [away / ".untag-1.part", home / "parts" / "1.elsewhere"]
    assert sweep(home) == 1
    assert [*left(home), *away.iterdir()] == []


def test_what_is_swept_is_overwritten_first(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "parts").mkdir(parents=True)
    part = home / "parts" / "1.part"
    part.write_bytes(SECRET)
    second = home / "second"
    os.link(part, second)
    assert sweep(home) == 1
    assert b"photo" not in second.read_bytes()


KILLED = """
import sys, time
from pathlib import Path
from untag.support import aside
if "named" in sys.argv:
    aside._unnamed = lambda _: None
home, target = Path(sys.argv[1]), Path(sys.argv[2])
print("ready", flush=True)
while True:
    with aside.new_part(home) as part:
        part.write(b"a photo of mine" * 20000)
        part.install(target)
"""


@posix
@pytest.mark.parametrize("how", ["unnamed", "named"])
def test_forty_kills_leave_no_part_anywhere(home: Path, other_disk: Path, how: str) -> None:
    """Without files that have no name, the moments of a kill leave parts on the other disk; all of them are found."""
    seen = 0
    for number in range(40):
        command = [sys.executable, "-c", KILLED, str(home), str(other_disk / "a.html"), how]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
            assert child.stdout is not None
            child.stdout.readline()
            time.sleep(random.Random(number).uniform(0, 0.02))
            child.send_signal(signal.SIGKILL)
        unfinished = part_files(home)
        seen += len(unfinished)
        sweep(home)
        assert left(home) == []
        assert {path.name for path in other_disk.iterdir()} <= {"a.html"}
    assert seen > 0, "no kill came while a part was there"


CHILD = """
import sys, time
import untag.faces.engine, untag.scenes.classify, untag.people.calibrate
from fakes import FakeEngine, install

def patch(name, value):
    module, _, attribute = name.rpartition(".")
    setattr(sys.modules[module], attribute, value)

install(patch, FakeEngine())
from untag.support.aside import Part
write = Part.write
written = 0
def until_ended(part, data):
    global written
    write(part, data)
    print("written", flush=True)
    written += 1
    if written == 5:
        time.sleep(600)
Part.write = until_ended
from untag.cli import main
main(sys.argv[1:])
"""


def start_report(untag: Untag) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, "--home", str(untag.home), "report", "--output", str(untag.root / "r.html")],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def filled(untag: Untag) -> Untag:
    untag.enroll()
    for number in range(1, 25):
        untag.add(f"{number}.png", paint(ME, serial=number))
    untag.scan()
    return untag


@posix
@pytest.mark.parametrize("kind", [signal.SIGKILL, signal.SIGTERM])
def test_an_ended_report_leaves_no_photo(filled: Untag, kind: signal.Signals) -> None:
    output = filled.root / "r.html"
    before = sorted(filled.root.iterdir())
    with killed_on_leaving(start_report(filled)) as child:
        assert child.stdout is not None
        for _ in range(5):
            child.stdout.readline()
        child.send_signal(kind)
        _, err = child.communicate()
    assert sorted(filled.root.iterdir()) == before
    assert not output.exists()
    if kind == signal.SIGTERM:
        assert (child.returncode, err.strip()) == (130, "untag: interrupted")
        assert left(filled.home) == []
    else:
        assert len(left(filled.home)) == 1
    said = filled.run("people").err
    assert left(filled.home) == []
    assert ("erased 1 unfinished file that a killed untag had left" in said) == (kind == signal.SIGKILL)


@posix
def test_forget_knows_the_parts(filled: Untag) -> None:
    with killed_on_leaving(start_report(filled)) as child:
        assert child.stdout is not None
        child.stdout.readline()
        child.send_signal(signal.SIGKILL)
    (part,) = left(filled.home)
    assert filled.run("forget", "--all", "--yes").status == 0
    assert not part.exists()


def test_a_full_disk_is_said(filled: Untag, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(aside, "_write_all", refuse)
    result = filled.run("report", "--output", filled.root / "r.html")
    assert (result.status, "No space left on device" in result.err) == (2, True)
    assert left(filled.home) == []
    with pytest.raises(UsageError, match="No space left"):
        from untag.engine.runtime.cache import cached

        cached(filled.home / "cache" / "x", lambda: b"x")
    with pytest.raises(StoreError, match="No space left"):
        from test_taught import examples
        from untag.scenes.taught_files import save_examples

        save_examples(filled.home, examples())


def test_a_report_replaces_files_alone(filled: Untag) -> None:
    pipe = filled.root / "pipe"
    os.mkfifo(pipe)
    result = filled.run("report", "--output", pipe)
    assert (result.status, "is no file that a report can replace" in result.err) == (2, True)
    assert pipe.is_fifo()


@pytest.mark.skipif(os.name == "nt", reason="there are no such files")
@pytest.mark.parametrize("linked", [False, True])
def test_a_pipe_or_a_device_is_not_replaced(tmp_path: Path, linked: bool) -> None:
    target = pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    if linked:
        target = tmp_path / "link"
        target.symlink_to(pipe)
    with new_part(tmp_path / "home") as part:
        part.write(b"photos")
        with pytest.raises(UsageError, match="no ordinary file"):
            part.install(target)
    assert pipe.is_fifo() and target.is_symlink() == linked
    assert part_files(tmp_path / "home") == []
