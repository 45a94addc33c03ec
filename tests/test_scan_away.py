"""Away is not deleted: what cannot be reached tonight is kept and reported, what is deleted is said in words."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fakes import ME, STRANGER, Untag, paint
from untag.scan.away import identify
from untag.store import Store, known_files, places

PHOTOS = ("a/1.png", "a/2.png", "a/deep/3.png", "b/4.png", "b/5.png")


@pytest.fixture
def filled(untag: Untag) -> Untag:
    return fill(untag)


def fill(untag: Untag) -> Untag:
    """Folders a, a/deep and b with a finding in each photo, scanned once."""
    untag.enroll()
    for number, name in enumerate(PHOTOS, start=1):
        untag.add(name, paint(ME, serial=number))
    # They look alike, so they are one photo and its copies to a reader.
    assert untag.scan()["new_findings"] == 1
    assert len(untag.listed()) == len(PHOTOS)
    return untag


def rescan(untag: Untag, *arguments: str | Path, status: int) -> dict[str, Any]:
    """What `--json` says of a scan of the folder of photos, or of the paths among the arguments."""
    paths = [argument for argument in arguments if isinstance(argument, Path)]
    options = [argument for argument in arguments if isinstance(argument, str)]
    result = untag.run("scan", *(paths or [untag.photos]), "--json", *options)
    assert result.status == status, result.err
    summary: dict[str, Any] = json.loads(result.out)
    return summary


def kept(untag: Untag) -> list[str]:
    return sorted(str(Path(str(item["path"])).relative_to(untag.photos)) for item in untag.listed())


def is_away(untag: Untag, *places: str) -> None:
    """Two scans say that these are away, keep everything, and find nothing new; and the text says so, too."""
    for _ in range(2):
        summary = rescan(untag, status=4)
        assert summary["away"] == [str(untag.photos / place) for place in places]
        assert (summary["removed"], summary["new_findings"]) == (0, 0)
        assert kept(untag) == sorted(PHOTOS)
    said = untag.run("scan", untag.photos)
    assert said.status == 4
    assert "could not be read" not in said.out + said.err, "it is said once"
    for place in places:
        assert f"away: {untag.photos / place}: " in said.out
    assert "--prune" in said.out


def comes_back(untag: Untag) -> None:
    """Once it is back, all is as it was: nothing is analysed again or new; what lay there is gone."""
    untag.engine.analysed.clear()
    summary = rescan(untag, status=0)
    assert (summary["away"], summary["new_findings"]) == ([], 0)
    assert {Path(path).name for path in summary["removed_examples"]} <= {"stray.png", "x.png"}
    assert (summary["photos"], summary["unchanged"]) == (len(PHOTOS), len(PHOTOS))
    assert not untag.engine.analysed
    assert kept(untag) == sorted(PHOTOS)


def empty(place: Path) -> None:
    place.mkdir()


def with_hidden_files(place: Path) -> None:
    place.mkdir()
    for name in (".hidden.png", ".mounted-elsewhere", "Thumbs.db", "desktop.ini"):
        (place / name).write_bytes(b"x")
    (place / "lost+found").mkdir()
    (place / "@eaDir").mkdir()


def with_a_note(place: Path) -> None:
    place.mkdir()
    (place / "README").write_text("the disk is not mounted")


def with_another_photo(place: Path) -> None:
    place.mkdir()
    (place / "stray.png").write_bytes(paint(STRANGER, serial=77))


def with_an_empty_folder(place: Path) -> None:
    (place / "deep").mkdir(parents=True)


def link_to_nothing(place: Path) -> None:
    place.symlink_to(place.parent.parent / "nowhere")


def link_to_itself(place: Path) -> None:
    place.symlink_to(place)


def link_to_another_folder(place: Path) -> None:
    other = place.parent.parent / "other"
    other.mkdir(exist_ok=True)
    (other / "x.png").write_bytes(paint(STRANGER, serial=78))
    place.symlink_to(other)


INSTEAD: list[Callable[[Path], None]] = [
    empty,
    with_hidden_files,
    with_a_note,
    with_another_photo,
    with_an_empty_folder,
    link_to_nothing,
    link_to_itself,
    link_to_another_folder,
]


@pytest.mark.parametrize("instead", INSTEAD, ids=lambda one: one.__name__)
@pytest.mark.parametrize("place", ["a", "."])
def test_a_folder_with_something_else_in_its_place_is_away(
    filled: Untag, place: str, instead: Callable[[Path], None]
) -> None:
    where, aside = filled.photos / place, filled.root / "aside"
    where.rename(aside)
    instead(where)
    if place == "." and instead in (link_to_nothing, link_to_itself):
        assert rescan(filled, status=4)["away"] == [str(filled.photos)]
        assert kept(filled) == sorted(PHOTOS)
    else:
        is_away(filled, place)
    (where.unlink if where.is_symlink() else lambda: shutil.rmtree(where))()
    aside.rename(where)
    comes_back(filled)


@pytest.mark.parametrize("place", ["a/deep", "b"])
def test_a_nested_folder_that_lists_as_empty_is_away(filled: Untag, place: str) -> None:
    aside = filled.root / "aside"
    aside.mkdir()
    for photo in (filled.photos / place).iterdir():
        photo.rename(aside / photo.name)
    is_away(filled, place)
    for photo in aside.iterdir():
        photo.rename(filled.photos / place / photo.name)
    comes_back(filled)


def test_a_root_that_is_missing_is_away_and_does_not_stop_the_others(filled: Untag) -> None:
    (filled.photos / "b").rename(filled.root / "aside")
    filled.add("a/new.png", paint(ME, serial=50))
    summary = rescan(filled, filled.photos / "b", filled.photos / "a", status=4)
    assert (summary["away"], summary["new_findings"]) == ([str(filled.photos / "b")], 1)
    assert kept(filled) == sorted([*PHOTOS, "a/new.png"])
    assert rescan(filled, filled.photos / "b", status=4)["away"] == [str(filled.photos / "b")]
    assert rescan(filled, filled.photos / "b" / "4.png", status=4)["away"] == [str(filled.photos / "b" / "4.png")]
    assert kept(filled) == sorted([*PHOTOS, "a/new.png"])


def test_paths_that_never_led_anywhere_are_typing_mistakes(filled: Untag) -> None:
    alone = filled.run("scan", filled.root / "phtos", filled.root / "pics")
    assert alone.status == 2
    assert f"no such file or folder: {filled.root / 'phtos'}" in alone.err
    for _ in range(2):
        beside = filled.run("scan", filled.root / "phtos", filled.photos)
        assert beside.status == 1
        assert "phtos: it does not exist" in beside.err
        assert "5 unchanged" in beside.out


def test_what_a_folder_lost_is_removed_and_said_in_words(filled: Untag) -> None:
    (filled.photos / "a/1.png").unlink()
    shutil.rmtree(filled.photos / "b")
    said = filled.run("scan", filled.photos)
    assert said.status == 0
    gone = [str(filled.photos / name) for name in ("a/1.png", "b/4.png", "b/5.png")]
    assert f"3 photos removed, no longer there: {', '.join(gone)}" in said.out
    assert kept(filled) == ["a/2.png", "a/deep/3.png"]
    filled.add("b/4.png", paint(ME, serial=4))
    (filled.photos / "a/2.png").unlink()
    summary = rescan(filled, status=0)
    assert (summary["removed"], summary["removed_examples"]) == (1, [str(filled.photos / "a/2.png")])


def test_prune_confirms_that_it_is_gone(filled: Untag) -> None:
    (filled.photos / "a").rename(filled.root / "aside")
    (filled.photos / "a").mkdir()
    is_away(filled, "a")
    summary = rescan(filled, "--prune", status=0)
    assert (summary["away"], summary["removed"]) == ([], 3)
    assert kept(filled) == ["b/4.png", "b/5.png"]
    assert rescan(filled, status=0)["removed"] == 0
    shutil.rmtree(filled.photos)
    assert rescan(filled, status=4)["removed"] == 0
    assert rescan(filled, "--prune", status=0)["removed"] == 2
    assert kept(filled) == []
    assert filled.run("scan", filled.photos).status == 2, "nothing is known of it any more"


def test_photos_that_were_moved_are_not_away(filled: Untag) -> None:
    (filled.photos / "sorted").mkdir()
    for photo in (filled.photos / "b").iterdir():
        photo.rename(filled.photos / "sorted" / photo.name)
    summary = rescan(filled, status=0)
    assert (summary["copies"], summary["removed"], summary["removed_elsewhere"], summary["new_findings"]) == (
        2,
        2,
        2,
        0,
    )
    assert "sorted/4.png" in kept(filled)
    (filled.photos / "sorted/5.png").rename(filled.photos / "a/5.png")
    assert "1 photo removed, no longer there (copies elsewhere: 1): " in filled.run("scan", filled.photos).out


def test_copies_that_were_known_before_do_not_make_an_empty_folder_a_moved_one(filled: Untag) -> None:
    for name in ("4.png", "5.png"):
        shutil.copy(filled.photos / "b" / name, filled.photos / "a" / f"copy-{name}")
    rescan(filled, status=0)
    for photo in (filled.photos / "b").iterdir():
        photo.unlink()
    assert rescan(filled, status=4)["away"] == [str(filled.photos / "b")]
    assert {"b/4.png", "b/5.png"} <= set(kept(filled))


def test_a_folder_whose_photos_were_all_replaced_is_no_other_folder(filled: Untag) -> None:
    for photo in (filled.photos / "b").iterdir():
        photo.unlink()
    filled.add("b/6.png", paint(ME, serial=60))
    summary = rescan(filled, status=0)
    assert (summary["removed"], summary["new_findings"]) == (2, 1)


def test_a_photo_that_came_to_an_empty_mount_point_proves_nothing_the_night_after(filled: Untag) -> None:
    (filled.photos / "b").rename(filled.root / "aside")
    with_another_photo(filled.photos / "b")
    for _ in range(3):
        rescan(filled, status=4)
    (filled.photos / "b/stray.png").unlink()
    filled.add("b/second.png", paint(STRANGER, serial=79))
    assert rescan(filled, status=4)["away"] == [str(filled.photos / "b")]
    assert {"b/4.png", "b/5.png"} <= set(kept(filled))


# --- what the disk answers -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "code",
    [
        errno.EACCES,
        errno.EIO,
        errno.ESTALE,
        errno.ETIMEDOUT,
        errno.ENOTCONN,
        errno.ELOOP,
        errno.ENOENT,
        errno.EHOSTDOWN,
    ],
)
@pytest.mark.parametrize("call", ["scandir", "stat"])
def test_a_folder_that_answers_with_an_error_is_away(
    filled: Untag, monkeypatch: pytest.MonkeyPatch, code: int, call: str
) -> None:
    place = str(filled.photos / "b")

    def failing(real: Callable[..., Any]) -> Callable[..., Any]:
        def answer(path: Any = ".", *arguments: Any, **options: Any) -> Any:
            if not isinstance(path, int) and os.fspath(path).rstrip("/") == place:
                raise OSError(code, os.strerror(code))
            return real(path, *arguments, **options)

        return answer

    with monkeypatch.context() as patch:
        patch.setattr(os, call, failing(getattr(os, call)))
        for _ in range(2):
            summary = rescan(filled, status=4)
            assert summary["away"] == [place]
            assert summary["removed"] == 0
        if code not in (errno.ENOENT, errno.ELOOP):
            assert rescan(filled, "--prune", status=4)["removed"] == 0, "it is there, so it is not gone"
    comes_back(filled)


def test_a_photo_that_cannot_be_read_after_it_changed_keeps_its_finding(
    filled: Untag, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = filled.add("a/1.png", paint(STRANGER, serial=90))
    opened = os.open

    def failing(name: Any, *arguments: Any, **options: Any) -> int:
        if str(name) == str(path):
            raise OSError(errno.EIO, "Input/output error")
        return opened(name, *arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", failing)
        for status in (1, 0):
            rescan(filled, status=status)
            assert kept(filled) == sorted(PHOTOS)
    rescan(filled, status=0)
    assert "a/1.png" not in kept(filled)


# --- archives ------------------------------------------------------------------------------------------------------


def pack(path: Path, **photos: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in photos.items():
            archive.writestr(f"Takeout/{name}.png", data)


def test_a_missing_part_of_a_download_is_away(untag: Untag) -> None:
    untag.enroll()
    for number in (1, 2):
        pack(untag.photos / f"takeout-20250104-00{number}.zip", **{f"p{number}": paint(ME, serial=number)})
    untag.scan()
    part = untag.photos / "takeout-20250104-002.zip"
    part.rename(untag.root / "aside.zip")
    summary = rescan(untag, status=4)
    assert (summary["away"], summary["removed"]) == ([str(part)], 0)
    assert len(untag.listed()) == 2
    (untag.root / "aside.zip").rename(part)
    assert rescan(untag, status=0)["unchanged"] == 2


def test_an_archive_of_its_own_that_was_deleted_is_removed(untag: Untag) -> None:
    untag.enroll()
    untag.add("1.png", paint(ME, serial=1))
    pack(untag.photos / "old.zip", p=paint(ME, serial=2))
    untag.scan()
    (untag.photos / "old.zip").unlink()
    assert rescan(untag, status=0)["removed"] == 1


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04 cut off"])
def test_an_archive_that_is_damaged_today_is_away(untag: Untag, data: bytes) -> None:
    untag.enroll()
    untag.add("1.png", paint(ME, serial=1))
    pack(untag.photos / "own.zip", p=paint(ME, serial=2))
    untag.scan()
    (untag.photos / "own.zip").write_bytes(data)
    assert rescan(untag, status=4)["away"] == [str(untag.photos / "own.zip")]
    assert len(untag.listed()) == 2


def test_an_archive_with_nothing_of_what_it_held_is_away(untag: Untag) -> None:
    untag.enroll()
    untag.add("1.png", paint(ME, serial=1))
    pack(untag.photos / "own.zip", p=paint(ME, serial=2))
    untag.scan()
    pack(untag.photos / "own.zip", q=paint(ME, serial=3))
    assert rescan(untag, status=4)["away"] == [str(untag.photos / "own.zip")]
    assert len(untag.listed()) == 3


def test_an_archive_that_was_unpacked_and_deleted_was_moved(untag: Untag) -> None:
    untag.enroll()
    for number in (1, 2):
        pack(untag.photos / f"takeout-20250104-00{number}.zip", **{f"p{number}": paint(ME, serial=number)})
    untag.scan()
    part = untag.photos / "takeout-20250104-002.zip"
    with zipfile.ZipFile(part) as archive:
        archive.extractall(untag.photos)
    part.unlink()
    summary = rescan(untag, status=0)
    assert (summary["removed"], summary["removed_elsewhere"], summary["new_findings"]) == (1, 1, 0)


# --- mounts --------------------------------------------------------------------------------------------------------


@contextmanager
def mounted(place: Path) -> Iterator[None]:
    """A file system of its own at `place`."""
    place.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(["mount", "-t", "tmpfs", "tmpfs", str(place)], capture_output=True, check=False)
    if done.returncode != 0:
        pytest.skip("nothing can be mounted here")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


@pytest.fixture
def disk(untag: Untag) -> Untag:
    """Photos in a folder, and on a disk that is mounted in it."""
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("only root can mount")
    untag.enroll()
    untag.add("a/1.png", paint(ME, serial=1))
    with mounted(untag.photos / "disk"):
        for number, name in enumerate(("disk/2.png", "disk/trip/3.png"), start=2):
            untag.add(name, paint(ME, serial=number))
        untag.scan()
    return untag


def without(place: Path) -> None:
    place.rmdir()


def with_the_same_names(place: Path) -> None:
    (place / "trip").mkdir()
    (place / "trip/9.png").write_bytes(paint(STRANGER, serial=80))


@pytest.mark.parametrize(
    "then",
    [lambda _: None, without, lambda place: (place / "README").write_text("x"), with_the_same_names],
    ids=["empty", "taken away", "a note", "another photo"],
)
@pytest.mark.parametrize("root", [".", "disk", "disk/trip"])
def test_a_disk_that_is_not_mounted_is_away(disk: Untag, then: Callable[[Path], object], root: str) -> None:
    then(disk.photos / "disk")
    for _ in range(2):
        summary = rescan(disk, disk.photos / root, status=4)
        assert len(summary["away"]) == 1
        assert str(disk.photos / "disk") in summary["away"][0]
        assert summary["removed"] == 0
    assert {"disk/2.png", "disk/trip/3.png"} <= set(kept(disk))


def test_another_disk_in_the_same_place_is_not_the_one_that_was_there(disk: Untag) -> None:
    with mounted(disk.photos / "disk"):
        disk.add("disk/other.png", paint(STRANGER, serial=81))
        disk.add("disk/trip/other.png", paint(STRANGER, serial=82))
        for _ in range(2):
            assert rescan(disk, status=4)["away"] == [str(disk.photos / "disk")]
        assert {"disk/2.png", "disk/trip/3.png"} <= set(kept(disk))


def test_a_photo_deleted_on_a_disk_that_is_mounted_is_removed(untag: Untag) -> None:
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("only root can mount")
    untag.enroll()
    with mounted(untag.photos / "disk"):
        for number in (1, 2):
            untag.add(f"disk/{number}.png", paint(ME, serial=number))
        untag.scan()
        (untag.photos / "disk/1.png").unlink()
        assert rescan(untag, status=0)["removed"] == 1


# --- permissions, as somebody who has none -------------------------------------------------------------------------

_AS_NOBODY = """
import importlib, os, sys
from pathlib import Path
tests, root, place, mode = sys.argv[1:5]
sys.path.insert(0, tests)
from fakes import FakeEngine, install
from untag.cli.app import _run
def patch(name, value):
    module, _, attribute = name.rpartition(".")
    setattr(importlib.import_module(module), attribute, value)
install(patch, FakeEngine())
command = ["--home", f"{root}/home", "scan", f"{root}/photos", "--json"]
assert _run([*command, "--quiet"]) == 0, "with permission, and everything is imported now"
print(flush=True)
for path in (Path(root), *Path(root).rglob("*")):
    if path.is_symlink():
        continue
    os.chown(path, 65534, 65534)
Path(place).chmod(int(mode, 8))
os.setgroups([]); os.setgid(65534); os.setuid(65534)
sys.exit(_run(command))
"""


@pytest.fixture
def open_to_all(untag: Untag) -> Iterator[Untag]:
    """Another root: those that pytest makes are closed to others."""
    with tempfile.TemporaryDirectory() as root:
        yield replace(untag, root=Path(root))


@pytest.mark.parametrize("mode", ["000", "444"])
def test_a_folder_without_permission_is_away(open_to_all: Untag, mode: str) -> None:
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("only root can become somebody else")
    filled = fill(open_to_all)
    place = filled.photos / "b"
    arguments = [str(Path(__file__).parent), str(filled.root), str(place), mode]
    done = subprocess.run([sys.executable, "-c", _AS_NOBODY, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 4, done.stderr
    summary = json.loads(done.stdout.splitlines()[-1])
    assert (summary["away"], summary["removed"]) == ([str(place)], 0)
    place.chmod(0o755)
    comes_back(filled)


# --- what is remembered of places ----------------------------------------------------------------------------------


def test_places_are_remembered_and_only_what_a_finished_scan_saw(filled: Untag) -> None:
    with Store.open(filled.home) as store:
        before = places(store)
        assert before == {
            str(place): identify(str(place))
            for place in (filled.photos, *(filled.photos / name for name in ("a", "a/deep", "b")))
        }
    (filled.photos / "b").rename(filled.root / "aside")
    with_another_photo(filled.photos / "b")
    rescan(filled, status=4)
    with Store.open(filled.home) as store:
        assert places(store) == before
        assert set(known_files(store, str(filled.photos / "b"))) == {
            str(filled.photos / "b" / name) for name in ("4.png", "5.png", "stray.png")
        }
