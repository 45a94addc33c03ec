"""A weights file on its way to its place: written aside, resumable, and moved there only when its hash is right."""

from __future__ import annotations

import errno
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from untag.errors import UsageError
from untag.support.aside import move_into_place
from untag.support.file_lock import lock
from untag.support.home import make_home, make_private_folder

_CHUNK = 1 << 20
_LOCK_NAME = ".pull.lock"
_FULL = {errno.ENOSPC, errno.EDQUOT}


@dataclass(frozen=True, slots=True)
class Version:
    """Which version of a file a part is of: its address, and the ETag or date that its server gave."""

    source: str
    validator: str


class PartFile:
    """What has come so far of the file that is to lie at `target`. Made by `open_part`; `size` is in bytes."""

    def __init__(self, target: Path, handle: int) -> None:
        self.target = target
        self._path = part_path(target)
        self._notes = self._path.with_name(self._path.name + ".json")
        self._handle = handle
        self.size = os.lseek(handle, 0, os.SEEK_END)

    def version(self) -> Version | None:
        """What the part is a part of; None when nothing is there, or nothing that can be resumed."""
        try:
            notes = json.loads(self._notes.read_bytes())
            return Version(str(notes["source"]), str(notes["validator"])) if self.size else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def begin(self, version: Version | None) -> None:
        """Start over with another version; None when it cannot be resumed. Raises UsageError as `write` does."""
        # In this order, so that a part is never taken for one of another version, wherever this is killed.
        with _disk(self._path):
            self._notes.unlink(missing_ok=True)
            os.truncate(self._handle, 0)
            self.size = os.lseek(self._handle, 0, os.SEEK_SET)
            if version is not None:
                notes = json.dumps({"source": version.source, "validator": version.validator})
                aside = os.open(self._notes, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
                with os.fdopen(aside, "w", encoding="utf-8") as file:
                    file.write(notes)

    def write(self, data: bytes) -> None:
        """Append. Raises UsageError when the disk is full or the file cannot be written; what is there is kept."""
        rest = memoryview(data)
        with _disk(self._path):
            while rest:
                count = os.write(self._handle, rest)
                self.size += count
                rest = rest[count:]

    def has_hash(self, sha256: str) -> bool:
        """Whether what has come is exactly the pinned bytes."""
        return has_hash(self._path, sha256)

    def install(self) -> Path:
        """Move the file to its place, surely on the disk. Raises UsageError when that fails."""
        with _disk(self.target):
            os.fsync(self._handle)
            # Windows renames no open file.
            os.close(self._handle)
            self._handle = -1
            move_into_place(self._path, self.target)
            self._notes.unlink(missing_ok=True)
        return self.target

    def discard(self) -> None:
        """Remove what has come. Raises UsageError when that fails."""
        self.begin(None)

    def close(self) -> None:
        """Leave the part for another time, or nothing when it is empty."""
        if self._handle < 0:
            return
        os.close(self._handle)
        self._handle = -1
        if self.size == 0:
            self._path.unlink(missing_ok=True)
            self._notes.unlink(missing_ok=True)


def part_path(target: Path) -> Path:
    """Where the part of a file lies."""
    return target.with_name(target.name + ".part")


def has_hash(path: Path, sha256: str) -> bool:
    """Whether a file is there, can be read, and holds exactly the pinned bytes."""
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
    except OSError:
        return False
    return digest.hexdigest() == sha256


@contextmanager
def open_part(target: Path) -> Iterator[PartFile]:
    """The part of `target`, old or new; the folders are made, for this user alone.

    Raises UsageError when the folder cannot be written to, or another process is filling it.
    """
    folder = target.parent
    with _disk(folder):
        make_home(folder.parent)
        make_private_folder(folder)
        held = os.open(folder / _LOCK_NAME, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            lock(held)
        except OSError as error:
            raise UsageError(f"another untag is writing to {folder}; wait until it is done: {error.strerror}") from None
        with _disk(folder):
            path = part_path(target)
            handle = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600)
        part = PartFile(target, handle)
        try:
            yield part
        finally:
            part.close()
    finally:
        os.close(held)


@contextmanager
def _disk(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise UsageError(
                f"the disk is full: {path} cannot grow; make room and run the same command again: it goes on from here"
            ) from error
        raise UsageError(f"{path} cannot be written: {error.strerror or error}") from error
