"""Erasing files on the disk, as far as software can: overwritten in place, flushed, and only then let go.

The blocks of a file that is merely deleted, shortened or replaced keep their content until something else is written
there. On flash storage, and on file systems that copy on write, the drive may keep old blocks all the same.
"""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from pathlib import Path

_PIECE = 1 << 20


def destroy(path: Path) -> None:
    """Overwrite a file with zeros and delete it. Needs no room on the disk. Raises OSError."""
    with suppress(FileNotFoundError):
        # A file that may only be read is its owner's to delete all the same.
        if not os.access(path, os.W_OK):
            path.chmod(0o600)
        handle = os.open(path, os.O_RDWR | getattr(os, "O_BINARY", 0))
        try:
            overwrite(handle, 0, os.fstat(handle).st_size)
        except OSError as error:
            # Where a file system copies on write, a full disk has no room for zeros; the file must go even so.
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
        finally:
            os.close(handle)
        path.unlink()
        flush_folder(path.parent)


def overwrite(handle: int, start: int, end: int) -> None:
    """Write zeros over the bytes from `start` to `end` of an open file, and flush them to the disk."""
    os.lseek(handle, start, os.SEEK_SET)
    left = end - start
    while left > 0:
        left -= os.write(handle, bytes(min(left, _PIECE)))
    os.fsync(handle)


def shorten(handle: int, size: int) -> None:
    """Cut a file off at `size`; what was behind it is overwritten first."""
    old = os.fstat(handle).st_size
    if old > size:
        # Flushed before the cut: zeros that wait in memory are dropped with the blocks that they are meant for.
        overwrite(handle, size, old)
    os.ftruncate(handle, size)


def replace(aside: Path, path: Path) -> None:
    """Put the file `aside` in the place of `path` at one stroke, and destroy what was there. Raises OSError."""
    old = replaced(path)
    destroy(old)
    try:
        # A second name for the old content: were this interrupted, it would still be known where that is.
        old.hardlink_to(path)
    except FileNotFoundError:
        pass
    except OSError:
        # Without hard links, the window in which an interruption leaves old blocks behind is this one.
        destroy(path)
    aside.replace(path)
    flush_folder(path.parent)
    destroy(old)


def replaced(path: Path) -> Path:
    """The name under which the old content of `path` waits to be destroyed."""
    return path.with_name(path.name + ".old")


def flush_folder(folder: Path) -> None:
    """Bring a folder's list of files to the disk, where the system can do that."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
