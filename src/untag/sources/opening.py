"""Archives as sources: which reader reads a folder or some zip files, if any does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from untag.errors import ReadFailure
from untag.imaging.limits import Limits
from untag.sources.archive import MergedFiles, ZipFiles, are_parts
from untag.sources.files import failure, folder_id
from untag.sources.kinds import Kind
from untag.sources.listing import Entry, Listing
from untag.sources.reader import ArchiveReader, Files, Reader, split
from untag.sources.sidecars import KeptFiles
from untag.sources.site import PLAIN, ArchiveSpec, SiteSource
from untag.sources.tree import Below, FolderFiles
from untag.sources.visited import VisitedFiles
from untag.support.paths import printable_path
from untag.types import Outcome, PhotoRef, ReadError


def open_folder(
    path: str, held: frozenset[str], readers: Sequence[ArchiveReader], limits: Limits, visited: VisitedFiles
) -> SiteSource | Sequence[ReadError]:
    """The archive whose top folder is `path`, which directly holds the names `held`.

    When no reader knows it as one, those of its files that could not be read, which may be why.
    """
    if not any(held & reader.top_names for reader in readers):
        return ()
    files = FolderFiles(path, visited=visited)
    reader, errors = recognise(files, readers)
    if reader is None:
        return [*files.errors, *errors]
    for folder in files.folders:
        visited.enter(folder)
    return SiteSource(ArchiveSpec(printable_path(path), files, reader, (), files.errors, files.unseen), limits)


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
        parts: list[ZipFiles] = []
        for path in self._paths:
            try:
                if is_new(path, visited):
                    parts.append(ZipFiles(Path(path)))
            except ReadFailure as reason:
                error = ReadError(printable_path(path), reason.outcome, str(reason))
                yield Listing(self, error.path, 1, None, partial(list[Entry], [error]))
        downloads = [parts] if are_parts(parts) else [[part] for part in parts]
        self._sites = [self._merged(download) for download in downloads if download]
        for site in self._sites:
            yield from site.folders()

    def photos(self) -> Iterator[PhotoRef | ReadError]:
        """The photos and errors of all folders, in the order of `folders`."""
        for listing in self.folders():
            yield from listing.photos

    def read(self, ref: PhotoRef) -> bytes:
        """The bytes of a photo that was listed; raises ReadFailure as `Files.read` does."""
        for site in self._sites:
            if site.holds(ref):
                return site.read(ref)
        raise ReadFailure(Outcome.MISSING, "it is not in the archive (any more)")

    def _merged(self, parts: Sequence[ZipFiles]) -> SiteSource:
        files: Files = parts[0] if len(parts) == 1 else MergedFiles(parts)
        reader, unread = recognise(files, self._archive_readers)
        while reader is None and (wrapping := _wrapping(files)):
            files = Below(files, wrapping)
            reader, unread = recognise(files, self._archive_readers)
        errors = [*(error for part in parts for error in part.errors), *unread]
        unseen = sum((part.unseen for part in parts), Counter[Kind]())
        return SiteSource(
            ArchiveSpec(parts[0].root, files, reader, self._sidecar_readers, errors, unseen), self._limits
        )


def is_new(path: str, visited: VisitedFiles) -> bool:
    """Marks a file as given; False when it already was. Raises ReadFailure where its folder cannot be asked."""
    try:
        return visited.add_file(folder_id(path), Path(path).name)
    except OSError as error:
        raise failure(error) from error


def _wrapping(files: Files) -> str | None:
    """The folder that all files lie in, where there is one."""
    top = {name.partition("/")[0] for name in files.names}
    return top.pop() if len(top) == 1 and all("/" in name for name in files.names) else None


def recognise(files: Files, readers: Sequence[ArchiveReader]) -> tuple[ArchiveReader | None, Sequence[ReadError]]:
    """The first of `readers` that knows `files` for an archive; if there is none, what of them could not be read."""
    held = {name.partition("/")[0].lower() for name in files.names}
    candidates = (reader for reader in readers if held & reader.top_names)
    kept = KeptFiles(files)
    found = next((reader for reader in candidates if reader.sniff(kept)), None)
    return found, kept.errors if found is None else ()
