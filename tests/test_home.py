"""The home folder stays its owner's, is kept out of backups, and is refused where that is not possible."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from fakes import ME, Untag, paint
from untag.support.home import MARKS, HomeRules, OpenToOthersError, foreign, make_home, make_private_folder, tend_home

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture(params=[0, 0o022, 0o077, 0o277, 0o777])
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def test_parents_that_untag_makes_are_private(tmp_path: Path, umask: int) -> None:
    given = tmp_path.stat().st_mode
    make_private_folder(tmp_path / "a" / "b" / "home")
    assert [mode(tmp_path / name) for name in ("a", "a/b", "a/b/home")] == [0o700] * 3
    assert tmp_path.stat().st_mode == given


def test_every_way_to_a_home_makes_it_private(untag: Untag, umask: int) -> None:
    from untag.engine.downloads.partial import open_part
    from untag.engine.runtime.cache import cached
    from untag.store import Store

    Store.open(untag.root / "1" / "home").close()
    cached(untag.root / "2" / "home" / "cache" / "x", lambda: b"x")
    with open_part(untag.root / "3" / "home" / "models" / "x") as part:
        part.write(b"x")
    for number in "123":
        for folder in (untag.root / number, *(untag.root / number).rglob("*")):
            assert mode(folder) == 0o700 if folder.is_dir() else mode(folder) & 0o077 == 0, folder


def test_an_open_home_is_tightened_with_a_word(untag: Untag) -> None:
    untag.enroll()
    untag.home.chmod(0o755)
    (untag.home / "untag.db").chmod(0o644)
    result = untag.run("people")
    assert mode(untag.home) == 0o700
    assert mode(untag.home / "untag.db") == 0o600
    assert f"{untag.home} could be read by others (0755); it is yours alone now (0700)" in result.err
    assert "0755" not in untag.run("people").err


def test_an_empty_folder_given_as_the_home_is_tightened(untag: Untag) -> None:
    untag.home.mkdir(mode=0o755)
    untag.home.chmod(0o755)
    untag.enroll()
    assert mode(untag.home) == 0o700


@pytest.mark.parametrize("made", ["files", "sticky", "own"])
def test_a_folder_that_others_use_is_left_as_it_is(untag: Untag, made: str, monkeypatch: pytest.MonkeyPatch) -> None:
    untag.home.mkdir()
    untag.home.chmod(0o1777 if made == "sticky" else 0o755)
    if made == "files":
        (untag.home / "letter.txt").write_text("")
    if made == "own":
        monkeypatch.setenv("HOME", str(untag.home))
    before = mode(untag.home)
    result = untag.run("people")
    assert mode(untag.home) == before
    assert "is not untag's alone, so its permissions" in result.err
    assert mode(untag.home / "untag.db") == 0o600
    if made == "files":
        assert not any((untag.home / name).exists() for name in MARKS), "the letter would be in no backup"


def test_the_marks_follow_the_setting(untag: Untag) -> None:
    untag.enroll()
    tag = (untag.home / "CACHEDIR.TAG").read_bytes()
    assert tag.startswith(b"Signature: 8a477f597d28d172789f06886806bc55\n")
    assert all((untag.home / name).is_file() for name in MARKS)
    (untag.home / "config.toml").write_text("in_backups = true\n")
    assert untag.run("people").status == 0
    assert not any((untag.home / name).exists() for name in MARKS)
    (untag.home / "config.toml").unlink()
    assert untag.run("people").status == 0
    assert all((untag.home / name).is_file() for name in MARKS)


def test_tar_heeds_the_marks(untag: Untag) -> None:
    untag.enroll()
    command = ["tar", "--exclude-caches-all", "-cf", "-", "-C", str(untag.root), "home"]
    try:
        done = subprocess.run(command, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("there is no GNU tar")
    assert b"untag.db" not in done.stdout


def test_time_machine_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[str]] = []
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(subprocess, "run", lambda command, **_: asked.append(command))
    make_home(tmp_path / "home")
    assert asked == [["/usr/bin/tmutil", "addexclusion", str(tmp_path / "home")]] * len(MARKS)


def test_all_that_untag_keeps_is_known_to_be_its_own(untag: Untag) -> None:
    """A new file in the home folder must be named in `OWN`, or the folder counts as shared with others."""
    untag.enroll()
    untag.add("a.png", paint(ME, serial=1))
    (untag.home / "config.toml").write_text("keep_bystanders = true\n")
    for command in (["scan", untag.photos], ["list"], ["report", "--output", untag.root / "r.html"], ["people"]):
        assert untag.run(*map(str, command)).status == 0
    assert foreign(untag.home) == []


class NoPermissions:
    """A file system that has none: all is 0755, and chmod answers with an error, or forgets what it was told."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, root: Path, answer: int | None) -> None:
        real = Path.stat

        def looks_open(path: Path, *, follow_symlinks: bool = True) -> os.stat_result:
            found = real(path, follow_symlinks=follow_symlinks)
            if not path.is_relative_to(root):
                return found
            return os.stat_result((found.st_mode | 0o055, *found[1:]))

        def chmod(path: Path, *_: object, **__: object) -> None:
            real(path)  # one that is not there is an error of its own
            if answer is not None:
                raise OSError(answer, os.strerror(answer))

        monkeypatch.setattr(Path, "stat", looks_open)
        monkeypatch.setattr(Path, "chmod", chmod)


@pytest.mark.parametrize("answer", [errno.EPERM, errno.EOPNOTSUPP, None])
def test_a_file_system_without_permissions(untag: Untag, monkeypatch: pytest.MonkeyPatch, answer: int | None) -> None:
    photo = untag.root / "me.png"
    photo.write_bytes(paint(ME, serial=1))
    NoPermissions(monkeypatch, untag.home, answer)
    for command in (["people"], ["enroll", photo], ["list"], ["scan", untag.root]):
        result = untag.run(*map(str, command))
        assert result.status == 2, command
        assert "lies on a file system without permissions" in result.err
        assert "without_permissions = true" in result.err
        assert not untag.home.exists(), "an empty home was left behind"
    untag.home.mkdir()
    assert "without permissions" in untag.run("people").err
    assert list(untag.home.iterdir()) == []
    (untag.home / "config.toml").write_text("without_permissions = true\n")
    assert untag.run("enroll", photo).status == 0
    assert untag.run("people").status == 0
    assert untag.run("scan", untag.root).status == 0
    (untag.home / "config.toml").unlink()
    assert untag.run("people").status == 2
    assert untag.run("forget", "--all", "--yes").status == 0, "what lies there can be erased without accepting it"
    assert not (untag.home / "untag.db").exists()


def test_a_model_is_prepared_for_this_run_where_no_home_can_be_private(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from untag.engine.runtime.cache import cached

    NoPermissions(monkeypatch, tmp_path / "home", errno.EPERM)
    assert cached(tmp_path / "home" / "cache" / "x", lambda: b"x") == b"x"
    assert not (tmp_path / "home").exists()


def test_the_home_of_another_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home"
    home.mkdir()
    NoPermissions(monkeypatch, home, errno.EPERM)
    monkeypatch.setattr(os, "geteuid", lambda: home.stat().st_uid + 1)
    with pytest.raises(OpenToOthersError, match="belongs to another user, and others can read it"):
        tend_home(home, HomeRules())
    assert tend_home(home, HomeRules(without_permissions=True)) == []


@pytest.fixture
def stick(tmp_path: Path) -> Iterator[Path]:
    """A mounted FAT file system, as a memory stick has."""
    image, folder = tmp_path / "image", tmp_path / "stick"
    folder.mkdir()
    image.write_bytes(bytes(16 << 20))
    try:
        subprocess.run(["mkfs.vfat", str(image)], capture_output=True, check=True)
        subprocess.run(["mount", "-o", "loop", str(image), str(folder)], capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"no FAT file system can be mounted here: {error}")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_on_a_real_stick(untag: Untag, stick: Path) -> None:
    home = stick / "untag"
    assert untag.invoke(["--home", str(home), "people"]).status == 2
    assert not home.exists()
    home.mkdir()
    (home / "config.toml").write_text("without_permissions = true\n")
    photo = untag.root / "me.png"
    photo.write_bytes(paint(ME, serial=1))
    assert untag.invoke(["--home", str(home), "enroll", str(photo)]).status == 0
    output = stick / "r.html"
    assert untag.invoke(["--home", str(home), "report", "--output", str(output)]).status == 0
    assert output.is_file()
    assert sorted(path.name for path in stick.iterdir()) == ["r.html", "untag"]


def test_windows_is_left_in_peace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "name", "nt")
    folder = tmp_path / "home"
    folder.mkdir()
    folder.chmod(0o755)
    assert tend_home(folder, HomeRules()) == []
