"""Archives as sources: which reader reads a folder or some zip files, if any does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence, Set
from functools import partial
from pathlib import Path

from untag.errors import ReadFailure
from untag.imaging.limits import Limits
from untag.sources.archive import ArchiveFiles
from untag.sources.content import Content
from untag.sources.files import failure, folder_id
from untag.sources.kinds import Kind, may_be_photo
from untag.sources.listing import Entry, Listing
from untag.sources.names import suffix_of
from untag.sources.parts import MergedFiles, are_parts, wrapping
from untag.sources.reader import ArchiveReader, Files, Reader, split
from untag.sources.sidecars import KeptFiles
from untag.sources.site import PLAIN, ArchiveSpec, SiteSource
from untag.sources.tar import archive_files
from untag.sources.tree import Below, FolderFiles, Outside
from untag.sources.visited import VisitedFiles
from untag.support.paths import printable_path
from untag.support.words import counted
from untag.types import Outcome, PhotoRef, ReadError

_SAYS = frozenset(("json", "js"))


def candidates(held: Set[str], readers: Sequence[ArchiveReader]) -> list[ArchiveReader]:
    """Those of `readers` that a folder may be an archive of, which directly holds the names `held`, in lower case."""
    marks = (
        held | {f".{suffix_of(name)}" for name in held} | {name[name.rindex("]") :] for name in held if "]." in name}
    )
    return [reader for reader in readers if not marks.isdisjoint(reader.top_names)]


def open_folder(
    path: str,
    held: frozenset[str],
    readers: Sequence[ArchiveReader],
    limits: Limits,
    visited: VisitedFiles,
    beside: Sequence[str] = (),
) -> SiteSource | Sequence[ReadError]:
    """The archive whose top folder is `path`, which directly holds the names `held`; with those of the folders `beside`
    it that are other parts of the same download.

    When no reader knows it as one, those of its files that could not be read, which may be why.
    """
    if not candidates(held, readers):
        return ()
    first = FolderFiles(path, visited=visited)
    reader, errors = recognise(first, readers)
    if reader is None:
        return [*first.errors, *errors]
    parts = [first, *_other_parts(first, beside, visited)]
    for part in parts:
        for folder in part.folders:
            visited.enter(folder)
    files: Files = first if len(parts) == 1 else MergedFiles(parts)
    unseen = sum((part.unseen for part in parts), Counter[Kind]())
    wrong = [error for part in parts for error in part.errors]
    return SiteSource(ArchiveSpec(printable_path(path), files, reader, (), wrong, unseen), limits)


def _other_parts(first: FolderFiles, beside: Sequence[str], visited: VisitedFiles) -> list[FolderFiles]:
    """Those folders that can be parts of one download with the first, and are neither a copy nor another account's."""
    found = [first]
    for path in beside:
        try:
            status = Path(path).stat()
        except OSError:
            continue
        if visited.knows((status.st_dev, status.st_ino)):
            continue
        part = FolderFiles(path, visited=visited)
        part.folders.append((status.st_dev, status.st_ino))
        if part.names and not any(_has_the_same(part, one) for one in found) and are_parts([*found, part]):
            found.append(part)
    return found[1:]


def _has_the_same(part: FolderFiles, other: FolderFiles) -> bool:
    """Whether both have a photo of one name, or JSON of one name that differs: two accounts have each their profile."""
    common = [name for name in part.names if name in other]
    return any(
        may_be_photo(name) or (suffix_of(name) in _SAYS and part.checksum(name) != other.checksum(name))
        for name in common
    )


class ZipSource:
    """The photos in zip files whose names are those of parts of one download, whoever made it."""

    name = PLAIN
    owner: tuple[str, ...] = ()

    def __init__(
        self, paths: Sequence[str], *, limits: Limits, visited: VisitedFiles | None, readers: Sequence[Reader]
    ) -> None:
        self._paths = paths
        self._limits = limits
        self._visited = visited
        self._archive_readers, self._sidecar_readers = split(readers)
        self._sites: list[SiteSource] = []

    @property
    def root(self) -> str:
        return printable_path(self._paths[0])

    def folders(self) -> Iterator[Listing]:
        """The folders in the archive; nothing when the scan already gave it."""
        visited = VisitedFiles() if self._visited is None else self._visited
        parts: list[ArchiveFiles] = []
        for path in self._paths:
            try:
                if is_new(path, visited):
                    parts.append(archive_files(Path(path)))
            except ReadFailure as reason:
                error = ReadError(printable_path(path), reason.outcome, str(reason))
                yield Listing(self, error.path, 1, None, partial(list[Entry], [error]))
        downloads = [parts] if are_parts(parts) else [[part] for part in parts]
        self._sites = [site for download in downloads if download for site in self._merged(download)]
        for site in self._sites:
            yield from site.folders()

    def photos(self) -> Iterator[PhotoRef | ReadError]:
        """The photos and errors of all folders, in the order of `folders`."""
        for listing in self.folders():
            yield from listing.photos

    def read(self, ref: PhotoRef) -> bytes:
        """The bytes of a photo that was listed; raises ReadFailure as `Files.read` does."""
        return self._holding(ref).read(ref)

    def content(self, ref: PhotoRef) -> Content:
        """The bytes of a file that was listed, in pieces; raises ReadFailure."""
        return self._holding(ref).content(ref)

    def _holding(self, ref: PhotoRef) -> SiteSource:
        for site in self._sites:
            if site.holds(ref):
                return site
        raise ReadFailure(Outcome.MISSING, "it is not in the archive (any more)")

    def _merged(self, parts: Sequence[ArchiveFiles]) -> list[SiteSource]:
        """The downloads that the parts hold, and then what is in none of them."""
        files: Files = parts[0] if len(parts) == 1 else MergedFiles(parts)
        found = Downloads(files, self._archive_readers)
        root = parts[0].root
        alone = len(found.readers) == 1 and not found.rest.names
        unseen = sum((part.unseen for part in parts), Counter[Kind]())
        errors = [*(error for part in parts for error in part.errors), *found.unread]
        notes = _notes(files, parts)
        specs: list[ArchiveSpec] = []
        for folder, reader in found.readers.items():
            inner = Below(files, folder) if folder else files
            place = root if alone else f"{root}/{printable_path(folder)}"
            inside = [error for error in errors if alone or f"/{folder}/" in error.path]
            errors = [error for error in errors if error not in inside]
            specs.append(
                ArchiveSpec(
                    place, inner, reader, self._sidecar_readers, inside, unseen if alone else {}, notes if alone else ()
                )
            )
        if not alone:
            specs.append(ArchiveSpec(root, found.rest, None, self._sidecar_readers, errors, unseen, notes))
        return [SiteSource(spec, self._limits) for spec in specs]


def _notes(files: Files, parts: Sequence[ArchiveFiles]) -> tuple[str, ...]:
    collapsed = files.collapsed if isinstance(files, MergedFiles) else 0
    counted_once = f"{counted(collapsed, 'file')} that several parts have in common, counted once"
    slow = any(suffix_of(part.root) != "zip" for part in parts)
    faster = "a .zip is read faster than a .tgz or .tar; choose it where the site lets you"
    return (*((counted_once,) if collapsed else ()), *((faster,) if slow else ()))


def is_new(path: str, visited: VisitedFiles) -> bool:
    """Marks a file as given; False when it already was. Raises ReadFailure where its folder cannot be asked."""
    try:
        return visited.add_file(folder_id(path), Path(path).name)
    except OSError as error:
        raise failure(error) from error


_MOST_DEEP = 8
"""How many folders, each with others beside it, are looked into for a download."""


class Downloads:
    """The downloads in `files`, by the folder that each lies in ("" for the top): `readers`.

    `rest` is what is in none of them, and `unread` the errors that were met there.
    """

    def __init__(self, files: Files, readers: Sequence[ArchiveReader]) -> None:
        self.readers: dict[str, ArchiveReader] = {}
        self._unread: dict[str, ReadError] = {}
        self._look(files, "", readers, _MOST_DEEP)
        self.rest: Files = Outside(files, self.readers) if self.readers else files
        # What a download's own reader could not read, it says itself.
        places = tuple(f"/{printable_path(folder)}/" for folder in self.readers)
        self.unread = [error for path, error in self._unread.items() if not any(place in path for place in places)]

    def _look(self, files: Files, folder: str, readers: Sequence[ArchiveReader], depth: int) -> None:
        while True:
            below = Below(files, folder) if folder else files
            reader, unread = recognise(below, readers)
            if reader is not None:
                self.readers[folder] = reader
                return
            self._unread.update({error.path: error for error in unread})
            outer = wrapping(below)
            if outer is None:
                break
            folder = f"{folder}/{outer}" if folder else outer
        inside = sorted({name.partition("/")[0] for name in below.names if "/" in name}) if depth else []
        for name in inside:
            self._look(files, f"{folder}/{name}" if folder else name, readers, depth - 1)


def recognise(files: Files, readers: Sequence[ArchiveReader]) -> tuple[ArchiveReader | None, Sequence[ReadError]]:
    """The first of `readers` that knows `files` for an archive; if there is none, what of them could not be read."""
    held = {name.partition("/")[0].lower() for name in files.names}
    kept = KeptFiles(files)
    found = next((reader for reader in candidates(held, readers) if reader.sniff(kept)), None)
    return found, kept.errors if found is None else ()
