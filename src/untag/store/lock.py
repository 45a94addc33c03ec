"""The advisory lock that keeps a second scan out. The system drops it when its holder ends, however it ends."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from untag.errors import StoreError

LOCK_NAME = "scan.lock"

if sys.platform == "win32":
    import msvcrt

    # Windows locks are mandatory: a byte far behind the process id leaves the id readable for the message.
    _FAR = 1 << 20

    def _lock(handle: int) -> None:
        os.lseek(handle, _FAR, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
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
