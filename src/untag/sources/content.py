"""What a file holds that is too large to be held: in pieces, or as an open file of the system."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from untag.errors import ReadFailure
from untag.sources.files import OPEN_FLAGS, failure
from untag.types import Outcome

PIECE = 1024 * 1024
_LEFT_FREE = 512 * 1024 * 1024
"""Bytes of the disk that an unpacked file leaves to others."""


@dataclass(frozen=True, slots=True)
class Content:
    """One file: `path` where it lies on a disk as it is, else None. `unpack` gives its bytes in pieces, `size` in all.

    `unpack` is for any thread, and raises ReadFailure.
    """

    size: int
    unpack: Callable[[], Iterator[bytes]]
    path: str | None = None

    def sha256(self, cancelled: Callable[[], bool] = lambda: False) -> str | None:
        """The hash of all bytes; None where it was `cancelled`. Raises ReadFailure."""
        digest = hashlib.sha256()
        for piece in self.unpack():
            if cancelled():
                return None
            digest.update(piece)
        return digest.hexdigest()

    @contextmanager
    def opened(self, room: Path, cancelled: Callable[[], bool] = lambda: False) -> Iterator[IO[bytes]]:
        """The file, open for the system: what lies in an archive is unpacked into one without a name in `room`.

        Raises ReadFailure, TOO_LARGE where the disk has no room for it, and NOT_ANALYSED once it was `cancelled`.
        """
        with self._at_its_place() if self.path is not None else self._unpacked(room, cancelled) as file:
            yield file

    @contextmanager
    def _at_its_place(self) -> Iterator[IO[bytes]]:
        with open_regular(str(self.path)) as file:
            yield file

    @contextmanager
    def _unpacked(self, room: Path, cancelled: Callable[[], bool]) -> Iterator[IO[bytes]]:
        try:
            self._check_room(room, self.size)
            # On Linux it never has a name, elsewhere it loses it at once: nothing is left of it after a kill.
            with tempfile.TemporaryFile(dir=room, prefix="unpacked-") as file:
                for piece in self.unpack():
                    if cancelled():
                        raise ReadFailure(Outcome.NOT_ANALYSED, "the scan was stopped")
                    # Others are unpacked at the same time, and an archive may say less than it holds.
                    self._check_room(room, len(piece))
                    file.write(piece)
                file.flush()
                file.seek(0)
                yield file
        except OSError as error:
            raise failure(error) from error

    def _check_room(self, room: Path, wanted: int) -> None:
        if shutil.disk_usage(room).free < wanted + _LEFT_FREE:
            raise ReadFailure(
                Outcome.TOO_LARGE,
                f"{self.size / 1e9:,.1f} GB inside an archive, for which there is no room in the home folder;"
                " unpack the archive, and scan the folder",
            )


@contextmanager
def open_regular(path: str) -> Iterator[IO[bytes]]:
    """The regular file at a path. Raises ReadFailure."""
    try:
        file = os.fdopen(os.open(path, OPEN_FLAGS), "rb")
    except OSError as error:
        raise failure(error) from error
    with file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise ReadFailure(Outcome.MISSING, "this is no longer a file")
        yield file


def content_on_disk(path: str, size: int) -> Content:
    """That of the file at `path`, as the operating system has it."""

    def unpack() -> Iterator[bytes]:
        read = 0
        try:
            with open_regular(path) as file:
                while piece := file.read(PIECE):
                    read += len(piece)
                    yield piece
        except OSError as error:
            raise failure(error) from error
        if not read:
            raise ReadFailure(Outcome.EMPTY, "the file is empty")

    return Content(size, unpack, path)
