"""Opening files safely, and the sentences for those that cannot be: shared by every source that lies on a disk."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from untag.errors import ReadFailure
from untag.imaging.limits import Limits
from untag.imaging.sniff import SNIFF_BYTES
from untag.sources.paths import os_path
from untag.types import Outcome, PhotoRef

# Opening a pipe or a device that took a photo's place after the walk must not wait for somebody to write to it.
_OPEN_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)


def read_file(ref: PhotoRef, limits: Limits) -> bytes:
    """All bytes of the file that `ref` names.

    Raises ReadFailure: NO_PERMISSION, MISSING, EMPTY, TOO_LARGE above `limits.max_bytes` (nothing is read then), or
    BROKEN when the disk itself fails.
    """
    try:
        descriptor = os.open(os_path(ref.path), _OPEN_FLAGS)
        with open(descriptor, "rb", buffering=0) as file:  # noqa: PTH123 - a descriptor, not a path
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise ReadFailure(Outcome.MISSING, "this is no longer a file")
            limits.check_bytes(status.st_size)
            data = file.read(status.st_size)
    except OSError as error:
        raise failure(error) from error
    if not data:
        raise ReadFailure(Outcome.EMPTY, "the file is empty")
    return data


def read_head(path: str) -> bytes:
    """The first bytes of the regular file at `path`, enough for `sniff`. Raises OSError."""
    descriptor = os.open(path, _OPEN_FLAGS)
    try:
        return os.read(descriptor, SNIFF_BYTES)
    finally:
        os.close(descriptor)


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
    """Device and inode of the folder that a file lies in, which are (0, 0) when it cannot be asked."""
    try:
        status = Path(path).parent.stat()
    except OSError:
        return 0, 0
    return status.st_dev, status.st_ino


def absolute(path: Path) -> str:
    """`path` made absolute and free of `.` and `..`, with its symbolic links kept as the user wrote them."""
    return os.path.abspath(path)  # noqa: PTH100 - Path.absolute() keeps "..", Path.resolve() follows links
