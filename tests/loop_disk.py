"""A small ext4 disk in a file, so that a test can look at its raw blocks. Needs root."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

MEGABYTE = 1 << 20


@dataclass(frozen=True)
class Disk:
    """The file with the disk's blocks, and where they are mounted."""

    image: Path
    root: Path

    def blocks(self) -> bytes:
        """Every byte of the disk, after all that is to be written was written."""
        self._flush()
        return self.image.read_bytes()

    def fill_up(self) -> None:
        """Leave not one free block."""
        with (self.root / "filler").open("wb", buffering=0) as filler:
            for size in (MEGABYTE, 4096, 1):
                try:
                    while filler.write(b"f" * size):
                        pass
                except OSError:
                    continue
        self._flush()
        # What was set aside for delayed writes may be free again.
        number = 0
        while True:
            try:
                (self.root / f"filler-{number}").write_bytes(b"f" * 4096)
            except OSError:
                return
            number += 1

    def _flush(self) -> None:
        # This disk alone: others may have much to write.
        subprocess.run(["sync", "--file-system", self.root], check=True)


def make_disk(folder: Path, size: int = 48 * MEGABYTE) -> Path:
    """Make a new, empty disk of `size` bytes in a file; skips the test where it could not be mounted."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        pytest.skip("only root can mount a disk")
    if any(shutil.which(program) is None for program in ("mkfs.ext4", "mount", "umount")):
        pytest.skip("there is no mkfs.ext4 or mount here")
    made = folder / "disk.img"
    with made.open("wb") as image:
        image.truncate(size)
    # No blocks that only root may use, and nothing that is written later in the background.
    options = ["-q", "-m", "0", "-E", "lazy_itable_init=0,lazy_journal_init=0,nodiscard"]
    subprocess.run(["mkfs.ext4", *options, made], check=True)
    return made


@contextmanager
def mounted(image: Path, root: Path) -> Iterator[Disk]:
    """Mount the disk in a file; skips the test where that cannot be done."""
    root.mkdir()
    done = subprocess.run(["mount", "-o", "loop", image, root], capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"a disk cannot be mounted here: {done.stderr.strip()}")
    try:
        yield Disk(image, root)
    finally:
        subprocess.run(["umount", root], check=True)
