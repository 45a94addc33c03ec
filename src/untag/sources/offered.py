"""Places that may hold photos of the user: what lies in the folder of downloads, and paths as they are typed.

Bounded in what it looks at, so that a page can ask: a folder may hold a million files, or lie on a slow disk.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

from untag.errors import ReadFailure
from untag.imaging.limits import Limits
from untag.sources.archive import ArchiveFiles
from untag.sources.names import IMAGE_SUFFIXES, is_named_archive, suffix_of
from untag.sources.opening import Downloads, candidates, open_folder
from untag.sources.parts import MergedFiles, are_parts, group_parts
from untag.sources.reader import ArchiveReader, Reader, split
from untag.sources.readers import READERS
from untag.sources.site import SiteSource
from untag.sources.tar import archive_files
from untag.sources.tree import passed_over
from untag.sources.visited import VisitedFiles
from untag.support.paths import printable_path

_MOST_LISTED = 5000
"""Entries of one folder that are looked at."""

_MOST_TRIED = 60
"""Of a folder of downloads, the newest."""

_MOST_COUNTED = 3000
"""Files that are looked at to find out whether a folder has photos."""

_SECONDS = 4.0


@dataclass(frozen=True, slots=True)
class OfferedPlace:
    """Something that holds photos, or a download that tells of some: a folder, or the files of one archive.

    `source` is the kind of download where it is recognised, None else. `photos` is how many there are by their names,
    at least; None where nobody has counted: a compressed archive must be read whole for that.
    """

    paths: tuple[str, ...]
    source: str | None
    photos: int | None


@dataclass(frozen=True, slots=True)
class Completions:
    """Folders and archives whose paths begin as what was typed, sorted. `more` says that these are not all."""

    paths: tuple[str, ...]
    more: bool


def offer_places(
    downloads: Iterable[Path],
    pictures: Iterable[Path],
    limits: Limits,
    readers: Sequence[Reader] = READERS,
    *,
    clock: Callable[[], float] = time.monotonic,
) -> list[OfferedPlace]:
    """What lies directly in `downloads` and holds photos, the newest first, then the folders `pictures` themselves.

    Raises nothing. Ends after a few seconds: what was not tried by then is not offered.
    """
    ends = clock() + _SECONDS
    archive_readers, _ = split(readers)
    found = []
    for tried in chain(_newest(downloads), ([str(folder)] for folder in pictures if folder.is_dir())):
        if clock() > ends:
            break
        is_folder = Path(tried[0]).is_dir()
        found.append(_folder(tried[0], archive_readers, limits) if is_folder else _archive(tried, archive_readers))
    return [place for place in found if place is not None]


def complete(typed: str, most: int = 20) -> Completions:
    """Folders and archives that begin with an absolute path as typed, whatever the case of its last part.

    Names that begin with a dot are left out unless that is typed. A folder that cannot be listed has none.
    """
    folder, prefix = os.path.split(typed)
    if not Path(folder).is_absolute():
        return Completions((), more=False)
    found = sorted(
        (entry for entry in _entries(Path(folder)) if _begins(entry.name, prefix) and _is_place(entry)),
        key=lambda entry: (not _is_folder(entry), entry.name.casefold()),
    )
    paths = [entry.path + (os.sep if _is_folder(entry) else "") for entry in found[:most]]
    return Completions(tuple(map(printable_path, paths)), more=len(found) > most)


def _newest(folders: Iterable[Path]) -> Iterator[list[str]]:
    """Folders one by one, and archives with those that are parts of the same download."""
    entries = sorted((entry for folder in folders for entry in _entries(folder)), key=_modified, reverse=True)
    kept = [entry for entry in entries if passed_over(entry.name) is None and _is_place(entry)][:_MOST_TRIED]
    archives = list(group_parts(entry.path for entry in entries if not _is_folder(entry) and _is_place(entry)))
    given: set[str] = set()
    for entry in kept:
        group = next((group for group in archives if entry.path in group), [entry.path])
        if group[0] not in given:
            given.add(group[0])
            yield group


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as children:
            return list(islice(children, _MOST_LISTED))
    except (OSError, ValueError):
        return []


def _begins(name: str, prefix: str) -> bool:
    return name.casefold().startswith(prefix.casefold()) and (prefix.startswith(".") or not name.startswith("."))


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def _is_place(entry: os.DirEntry[str]) -> bool:
    return is_named_archive(entry.name) or _is_folder(entry)


def _modified(entry: os.DirEntry[str]) -> float:
    try:
        return entry.stat().st_mtime
    except OSError:
        return 0.0


def _folder(path: str, readers: Sequence[ArchiveReader], limits: Limits) -> OfferedPlace | None:
    photos, inside = _counted(Path(path)), _entries(Path(path))
    source = _recognised(path, inside, readers, limits)
    if source is None and len(inside) == 1 and _is_folder(inside[0]):
        # Unpacking makes a folder in a folder.
        source = _recognised(inside[0].path, _entries(Path(inside[0].path)), readers, limits)
    return OfferedPlace((printable_path(path),), source, photos) if source is not None or photos else None


def _recognised(
    path: str, inside: Sequence[os.DirEntry[str]], readers: Sequence[ArchiveReader], limits: Limits
) -> str | None:
    names = frozenset(entry.name.lower() for entry in inside)
    if not candidates(names, readers):
        return None
    archive = open_folder(path, names, readers, limits, VisitedFiles())
    return archive.name if isinstance(archive, SiteSource) else None


def _counted(path: Path) -> int:
    """How many photos are below a folder by their names, as far as is looked."""
    photos = seen = 0
    ahead = [str(path)]
    while ahead and seen < _MOST_COUNTED:
        entries = [entry for entry in _entries(Path(ahead.pop())) if passed_over(entry.name) is None]
        seen += len(entries)
        photos += sum(suffix_of(entry.name) in IMAGE_SUFFIXES for entry in entries)
        ahead += [entry.path for entry in entries if _is_folder(entry) and not entry.is_symlink()]
    return photos


def _archive(paths: Sequence[str], readers: Sequence[ArchiveReader]) -> OfferedPlace | None:
    """The files of one archive, or of several with names as parts of one have."""
    shown = tuple(map(printable_path, paths))
    if any(suffix_of(path) != "zip" for path in paths):
        return OfferedPlace(shown, None, None)
    with ExitStack() as closing:
        opened: list[ArchiveFiles] = []
        for path in paths:
            # One that is broken may be a download that has not ended yet.
            with suppress(ReadFailure):
                opened.append(archive_files(Path(path)))
                closing.callback(opened[-1].close)
        photos = sum(suffix_of(name) in IMAGE_SUFFIXES for one in opened for name in one.names)
        merged = [MergedFiles(opened)] if len(opened) > 1 and are_parts(opened) else opened
        sources = [reader.name for files in merged for reader in Downloads(files, readers).readers.values()]
    return OfferedPlace(shown, next(iter(sources), None), photos) if sources or photos else None
