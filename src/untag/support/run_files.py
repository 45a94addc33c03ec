"""Where scheduled scans leave what they say: a log, and what was new, which names photos and shows some."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from untag.support.file_lock import HELD, lock
from untag.support.home import make_private_folder

RUNS_FOLDER = "scheduled"
SCHEDULE_FILE = "schedule.json"


def run_files(home: Path) -> list[Path]:
    """All that scheduled scans have written."""
    return sorted(path for path in (home / RUNS_FOLDER).rglob("*") if path.is_file() and not path.is_symlink())


@contextmanager
def held(home: Path, name: str) -> Iterator[bool]:
    """Whether this process has the lock of this name while inside, and no other has it. Raises OSError.

    Where the file system has no locks, everybody has it.
    """
    make_private_folder(home / RUNS_FOLDER)
    handle = os.open(home / RUNS_FOLDER / name, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            lock(handle)
        except OSError as error:
            yield error.errno not in HELD
        else:
            yield True
    finally:
        os.close(handle)
