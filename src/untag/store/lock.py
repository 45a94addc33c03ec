"""The advisory lock that keeps a second scan out. The system drops it when its holder ends, however it ends."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from untag.errors import StoreError

LOCK_NAME = "scan.lock"

# What the systems answer when another process has the lock; anything else, as on some network drives, is a failure.
_HELD = {errno.EAGAIN, errno.EWOULDBLOCK, errno.EACCES, errno.EDEADLK}

if sys.platform == "win32":
    import msvcrt

    # Windows locks are mandatory: a byte far behind the process id leaves the id readable for the message.
    _FAR = 1 << 20

    def _lock(handle: int) -> None:
        os.lseek(handle, _FAR, os.SEEK_SET)
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        finally:
            os.lseek(handle, 0, os.SEEK_SET)

else:
    import fcntl

    def _lock(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


@contextmanager
def scan_lock(home: Path) -> Iterator[None]:
    """Hold the lock of `home` while inside; raises StoreError when another process holds it."""
    path = home / LOCK_NAME
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error.strerror}.") from error
    try:
        try:
            _lock(handle)
        except OSError as error:
            if error.errno not in _HELD:
                raise StoreError(f"{path} cannot be locked: {error.strerror}.") from error
            holder = os.read(handle, 32).decode("ascii", "replace").strip() or "unknown"
            raise StoreError(
                f"Another scan is running (pid {holder}). Wait until it ends, or stop it: nothing is lost."
            ) from error
        os.truncate(handle, 0)
        os.write(handle, str(os.getpid()).encode("ascii"))
        try:
            yield
        finally:
            os.truncate(handle, 0)
    finally:
        os.close(handle)
