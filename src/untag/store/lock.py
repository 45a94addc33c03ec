"""The lock that keeps a second scan out."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from untag.errors import LockedError, StoreError
from untag.support.file_lock import HELD, lock

LOCK_NAME = "scan.lock"


@contextmanager
def scan_lock(home: Path) -> Iterator[None]:
    """Hold the lock of `home` while inside; raises LockedError when another process holds it."""
    path = home / LOCK_NAME
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error.strerror}.") from error
    try:
        try:
            lock(handle)
        except OSError as error:
            if error.errno not in HELD:
                raise StoreError(f"{path} cannot be locked: {error.strerror}.") from error
            holder = os.read(handle, 32).decode("ascii", "replace").strip() or "unknown"
            raise LockedError(
                f"Another scan is running (pid {holder}). Wait until it ends, or stop it: nothing is lost."
            ) from error
        os.truncate(handle, 0)
        # The number is a courtesy; the lock holds without it, on a full disk too.
        with suppress(OSError):
            os.write(handle, str(os.getpid()).encode("ascii"))
        try:
            yield
        finally:
            os.truncate(handle, 0)
    finally:
        os.close(handle)


def lock_holder(home: Path) -> int | None:
    """The id of the process that scans into `home` now, or None; 0 where it cannot be told which it is.

    Takes the lock for a moment only where a scan was killed and has left its number: a scan that begins just then is
    refused.
    """
    try:
        handle = os.open(home / LOCK_NAME, os.O_RDWR)
    except OSError:
        return None
    try:
        said = os.read(handle, 32).decode("ascii", "replace").strip()
        if not said:
            return None
        try:
            lock(handle)
        except OSError as error:
            return (int(said) if said.isdecimal() else 0) if error.errno in HELD else None
        return None
    finally:
        os.close(handle)
