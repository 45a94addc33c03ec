"""Opening files safely, and the sentences for those that cannot be: shared by every source that lies on a disk."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from untag.errors import ReadFailure
from untag.imaging.limits import Limits
from untag.imaging.sniff import SNIFF_BYTES
from untag.types import Outcome

# Opening a pipe or a device that took a photo's place after the walk must not wait for somebody to write to it.
OPEN_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)

_MOST_AGAIN = 1024 * 1024
"""Room is made for all that is asked for, however little of it comes: not for a whole file again and again."""


def read_file(path: str, limits: Limits) -> bytes:
    """All bytes of the file at `path`, as the operating system has it.

    Raises ReadFailure: NO_PERMISSION, MISSING, EMPTY, TOO_LARGE above `limits.max_bytes` (nothing is read then), or
    BROKEN when the disk itself fails or gives another number of bytes than the file has.
    """
    try:
        with _opened(path) as descriptor:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise ReadFailure(Outcome.MISSING, "this is no longer a file")
            limits.check_bytes(status.st_size)
            data = _read(descriptor, status.st_size)
            size = os.fstat(descriptor).st_size
    except OSError as error:
        raise failure(error) from error
    if len(data) != size:
        raise ReadFailure(Outcome.BROKEN, f"{len(data):,} of its {size:,} bytes could be read, or it is being written")
    if not data:
        raise ReadFailure(Outcome.EMPTY, "the file is empty")
    return data


def read_head(path: str) -> bytes:
    """The first bytes of the regular file at `path`, enough for `sniff`. Raises OSError."""
    with _opened(path) as descriptor:
        return _read(descriptor, SNIFF_BYTES)


@contextmanager
def _opened(path: str) -> Iterator[int]:
    descriptor = os.open(path, OPEN_FLAGS)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _read(descriptor: int, size: int) -> bytes:
    """`size` bytes, fewer only where the file ends. Raises OSError.

    One call may give fewer: at the edge of a bad sector, over a network, above 2 GiB. The next one then says why.
    """
    pieces: list[bytes] = []
    while size > 0 and (piece := os.read(descriptor, min(size, _MOST_AGAIN) if pieces else size)):
        pieces.append(piece)
        size -= len(piece)
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def failure(error: OSError) -> ReadFailure:
    """The ReadFailure that says in a sentence what `error` means to the user."""
    match error:
        case PermissionError():
            return ReadFailure(Outcome.NO_PERMISSION, "you have no permission to read this")
        case OSError(errno=errno.ELOOP):
            return ReadFailure(Outcome.MISSING, "it is a link that leads back to itself")
        case FileNotFoundError() | NotADirectoryError():
            return ReadFailure(Outcome.MISSING, "it does not exist (any more)")
        case _:
            return ReadFailure(Outcome.BROKEN, f"it cannot be read from the disk ({error.strerror or error})")


def folder_id(path: str) -> tuple[int, int]:
    """Device and inode of the folder that a file lies in. Raises OSError."""
    status = Path(path).parent.stat()
    return status.st_dev, status.st_ino
