"""The choice of the source that reads a path, and the walk over several."""

from __future__ import annotations

import stat
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path

from untag.errors import UsageError
from untag.imaging.limits import DEFAULT_LIMITS, Limits
from untag.sources.exclusions import Exclusions
from untag.sources.file import FileSource
from untag.sources.folder import FolderSource
from untag.sources.listing import Listing, Source
from untag.sources.names import is_named_archive
from untag.sources.opening import ZipSource
from untag.sources.parts import group_parts
from untag.sources.reader import Reader
from untag.sources.readers import READERS
from untag.sources.reading import MemberSource, archive_around
from untag.sources.visited import VisitedFiles
from untag.support.paths import absolute, printable_path


def open_source(
    path: Path,
    *,
    limits: Limits = DEFAULT_LIMITS,
    visited: VisitedFiles | None = None,
    readers: Sequence[Reader] = READERS,
) -> Source:
    """The source that reads `path`: a folder, a zip file, or a single photo, which may lie in a zip file.

    Sources that share a `visited` never give a photo twice. Raises UsageError when there is nothing at `path`, or
    neither a folder nor a file.
    """
    (source,) = _open_all([path], limits, visited, readers)
    return source


def walk_all(
    paths: Sequence[Path],
    *,
    limits: Limits = DEFAULT_LIMITS,
    readers: Sequence[Reader] = READERS,
    list_missing: bool = False,
    exclude: Exclusions | None = None,
) -> Iterator[Listing]:
    """Everything below `paths`, a folder at a time, each photo once however the paths overlap.

    Files that were named come first, then the folders as given. Raises UsageError for a path that does not exist, at
    once and not when the iteration gets there: a scan of hours must not end on a typing mistake. With `list_missing`
    a path that cannot be reached becomes a ReadError, and the others are walked. What `exclude` leaves out is counted.
    """
    opened = _open_all(paths, limits, VisitedFiles(), readers, list_missing=list_missing, exclude=exclude)
    return chain.from_iterable(_listings(source, exclude) for source in opened)


def _listings(source: Source, exclude: Exclusions | None) -> Iterator[Listing]:
    if exclude is None or isinstance(source, (FileSource, MemberSource)):
        return source.folders()
    return exclude.below(source.root).filtered(source.folders())


def unreachable(path: Path) -> UsageError | None:
    """Why a path that was given cannot be walked, or None; what leads into a zip archive is reachable."""
    if archive_around(printable_path(absolute(path))) is not None:
        return None
    try:
        _mode(path)
    except UnreachableError as error:
        return error
    return None


def readers_named(name: str | None) -> Sequence[Reader]:
    """The reader called `name` alone, or all for None. Raises UsageError for a name that there is not."""
    if name is None:
        return READERS
    chosen = [reader for reader in READERS if reader.name == name]
    if not chosen:
        raise UsageError(f"there is no source {name!r}; there are {', '.join(reader.name for reader in READERS)}")
    return chosen


class UnreachableError(UsageError):
    """There is nothing at a path that was given, or it cannot be asked what there is."""


def _open_all(
    paths: Sequence[Path],
    limits: Limits,
    visited: VisitedFiles | None,
    readers: Sequence[Reader],
    *,
    list_missing: bool = False,
    exclude: Exclusions | None = None,
) -> list[Source]:
    missing = [path for path in paths if list_missing and unreachable(path) is not None]
    inside = {path: around for path in paths if (around := archive_around(printable_path(absolute(path)))) is not None}
    others = [path for path in paths if path not in inside and path not in missing]
    folders = [path for path in others if stat.S_ISDIR(_mode(path))]
    files = [path for path in others if path not in folders]
    zips = [absolute(path) for path in files if is_named_archive(path.name)]
    photos = [path for path in files if not is_named_archive(path.name)]
    return [
        *(FileSource(path, limits=limits, visited=visited) for path in (*missing, *photos)),
        *(MemberSource(path, around, limits=limits, readers=readers) for path, around in inside.items()),
        *(ZipSource(group, limits=limits, visited=visited, readers=readers) for group in group_parts(zips)),
        *(FolderSource(path, limits=limits, visited=visited, readers=readers, exclude=exclude) for path in folders),
    ]


def _mode(path: Path) -> int:
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError) as error:
        raise UnreachableError(f"no such file or folder: {path}") from error
    except OSError as error:
        raise UnreachableError(f"{path} cannot be opened ({error.strerror})") from error
    if not stat.S_ISDIR(mode) and not stat.S_ISREG(mode):
        raise UsageError(f"neither a file nor a folder: {path}")
    return mode
