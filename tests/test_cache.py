"""Files derived from weights: built once, noticed when damaged, never half written, readable by nobody else."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from untag.engine.downloads.registry import DLIB_DETECTOR
from untag.engine.runtime.cache import DerivedFile, derived, is_intact
from untag.errors import ModelError, UntagError, UsageError


@dataclass
class Builder:
    """Builds something recognisable and counts."""

    built: int = 0
    told: list[str] = field(default_factory=list)

    def build(self, weights: bytes) -> bytes:
        self.built += 1
        return b"derived from " + weights[:8]


@pytest.fixture
def builder() -> Builder:
    return Builder()


@pytest.fixture
def file(builder: Builder) -> DerivedFile:
    return DerivedFile(DLIB_DETECTOR, 3, builder.build)


def names(home: Path) -> list[str]:
    return sorted(path.name for path in (home / "cache").iterdir())


def test_it_is_built_once_and_said_so(tmp_path: Path, builder: Builder, file: DerivedFile) -> None:
    first = derived(file, tmp_path, builder.told.append)
    assert derived(file, tmp_path, builder.told.append) == first
    assert builder.built == len(builder.told) == 1
    assert DLIB_DETECTOR.name in builder.told[0]
    assert names(tmp_path) == [file.path(tmp_path).name]
    assert is_intact(file.path(tmp_path))


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "emptied": lambda data: b"",
    "cut off": lambda data: data[:-1],
    "one bit": lambda data: bytes([data[0] ^ 1]) + data[1:],
    "its hash": lambda data: data[:-1] + bytes([data[-1] ^ 1]),
    "longer": lambda data: data + b"\0",
    "only a hash": lambda data: data[-32:],
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_file_is_built_again(
    tmp_path: Path, builder: Builder, file: DerivedFile, damage: Callable[[bytes], bytes]
) -> None:
    content = derived(file, tmp_path, builder.told.append)
    path = file.path(tmp_path)
    path.write_bytes(damage(path.read_bytes()))
    assert not is_intact(path)
    assert derived(file, tmp_path, builder.told.append) == content
    assert builder.built == 2
    assert is_intact(path)


def test_other_weights_or_another_version_are_another_file(tmp_path: Path, file: DerivedFile) -> None:
    others = [replace(file, version=4), replace(file, weights=replace(DLIB_DETECTOR, sha256="0" * 64))]
    assert len({item.path(tmp_path) for item in (file, *others)}) == 3


def test_weights_that_are_not_the_pinned_ones_build_nothing(tmp_path: Path, builder: Builder) -> None:
    wrong = DerivedFile(replace(DLIB_DETECTOR, sha256="0" * 64), 1, builder.build)
    with pytest.raises(ModelError, match="reinstall"):
        derived(wrong, tmp_path, builder.told.append)
    assert builder.built == 0
    assert not (tmp_path / "cache").exists()


def test_nobody_else_may_read(tmp_path: Path, builder: Builder, file: DerivedFile) -> None:
    before = os.umask(0)
    try:
        derived(file, tmp_path / "home", builder.told.append)
    finally:
        os.umask(before)
    assert stat.S_IMODE(file.path(tmp_path / "home").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "home" / "cache").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "home").stat().st_mode) == 0o700


def test_a_home_that_cannot_be_written_serves_this_run(
    tmp_path: Path, builder: Builder, file: DerivedFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "mkdir", refuse)
    assert derived(file, tmp_path / "home", builder.told.append).startswith(b"derived")
    assert builder.built == 1


def test_a_home_that_is_a_file_serves_this_run(tmp_path: Path, builder: Builder, file: DerivedFile) -> None:
    (tmp_path / "home").write_text("in the way")
    assert derived(file, tmp_path / "home", builder.told.append).startswith(b"derived")


def test_a_full_disk_leaves_no_file(
    tmp_path: Path, builder: Builder, file: DerivedFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(UsageError, match="No space left"):
        derived(file, tmp_path, builder.told.append)
    assert names(tmp_path) == []


def test_an_interrupted_write_leaves_no_file_that_counts(
    tmp_path: Path, builder: Builder, file: DerivedFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", interrupt)
        with pytest.raises(KeyboardInterrupt):
            derived(file, tmp_path, builder.told.append)
    assert names(tmp_path) == []
    derived(file, tmp_path, builder.told.append)
    assert names(tmp_path) == [file.path(tmp_path).name]


def test_builders_at_the_same_time_do_not_disturb_each_other(
    tmp_path: Path, builder: Builder, file: DerivedFile
) -> None:
    with ThreadPoolExecutor(8) as pool:
        contents = set(pool.map(lambda _: derived(file, tmp_path, builder.told.append), range(8)))
    assert len(contents) == 1
    assert names(tmp_path) == [file.path(tmp_path).name]
    assert is_intact(file.path(tmp_path))


def test_a_builder_that_fails_leaves_nothing(tmp_path: Path) -> None:
    def fail(_: bytes) -> bytes:
        raise ModelError("damaged")

    with pytest.raises(UntagError, match="damaged"):
        derived(DerivedFile(DLIB_DETECTOR, 1, fail), tmp_path, lambda _: None)
    assert not (tmp_path / "cache").exists()
