"""The seam between scanning and where photos come from, and the choice of the source that reads a path."""

from __future__ import annotations

import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from untag.errors import UsageError
from untag.imaging.limits import DEFAULT_LIMITS, Limits
from untag.sources.file import FileSource
from untag.sources.folder import FolderSource
from untag.sources.seen import Seen
from untag.types import PhotoRef, ReadError


class Source(Protocol):
    """Photos from one place. Listing reads no pictures; reading goes through the source, which may be an archive."""

    @property
    def name(self) -> str:
        """The kind of source, as `PhotoRef.source` has it."""
        ...

    def folders(self) -> Iterator[tuple[str, list[PhotoRef | ReadError]]]:
        """Each folder's path and everything in it, a folder at a time, in an order that is the same every time."""
        ...

    def photos(self) -> Iterator[PhotoRef | ReadError]:
        """The entries of all folders, in the order of `folders`."""
        ...

    def read(self, ref: PhotoRef) -> bytes:
        """The bytes of one photo, from any thread. Raises ReadFailure with a sentence, and nothing else."""
        ...


@dataclass(frozen=True, slots=True)
class Listing:
    """What one folder holds: enough to compare with what is stored, and the source to read the rest from."""

    source: Source
    folder: str
    entries: list[PhotoRef | ReadError]


def open_source(path: Path, *, limits: Limits = DEFAULT_LIMITS, seen: Seen | None = None) -> Source:
    """The source that reads `path`: a folder, or a single file.

    Sources that share a `seen` never give a photo twice. Raises UsageError when there is nothing at `path`, or neither
    a folder nor a file.
    """
    mode = _mode(path)
    if stat.S_ISDIR(mode):
        return FolderSource(path, limits=limits, seen=seen)
    if stat.S_ISREG(mode):
        return FileSource(path, limits=limits, seen=seen)
    raise UsageError(f"neither a file nor a folder: {path}")


def walk_all(paths: Sequence[Path], *, limits: Limits = DEFAULT_LIMITS) -> Iterator[Listing]:
    """Everything below `paths`, a folder at a time, each photo once however the paths overlap.

    Files that were named come first, then the folders as given. Raises UsageError for a path that does not exist, at
    once and not when the iteration gets there: a scan of hours must not end on a typing mistake.
    """
    seen = Seen()
    files_first = sorted(paths, key=lambda path: stat.S_ISDIR(_mode(path)))
    return _walk([open_source(path, limits=limits, seen=seen) for path in files_first])


def _walk(sources: list[Source]) -> Iterator[Listing]:
    for source in sources:
        for folder, entries in source.folders():
            yield Listing(source, folder, entries)


def _mode(path: Path) -> int:
    try:
        return path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError) as error:
        raise UsageError(f"no such file or folder: {path}") from error
    except OSError as error:
        raise UsageError(f"{path} cannot be opened ({error.strerror})") from error
