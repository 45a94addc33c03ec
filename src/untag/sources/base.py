"""The choice of the source that reads a path, and the walk over several."""

from __future__ import annotations

import stat
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path

from untag.errors import UsageError
from untag.imaging.limits import DEFAULT_LIMITS, Limits
from untag.sources.file import FileSource
from untag.sources.folder import FolderSource
from untag.sources.listing import Listing, Source
from untag.sources.seen import Seen


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
    sources = [open_source(path, limits=limits, seen=seen) for path in files_first]
    return chain.from_iterable(source.folders() for source in sources)


def _mode(path: Path) -> int:
    try:
        return path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError) as error:
        raise UsageError(f"no such file or folder: {path}") from error
    except OSError as error:
        raise UsageError(f"{path} cannot be opened ({error.strerror})") from error
