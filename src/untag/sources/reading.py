"""Photos by the path that a scan has given them, wherever it leads: to a file, or into a zip archive."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from untag.errors import ReadFailure
from untag.imaging.limits import Limits
from untag.sources.archive import ArchiveFiles
from untag.sources.content import Content, content_on_disk
from untag.sources.files import failure, read_file, read_head
from untag.sources.kinds import Kind, content_kind
from untag.sources.listing import AbsentRef, Entry, Listing, Skipped
from untag.sources.names import ARCHIVE_SUFFIXES, is_named_photo
from untag.sources.opening import ZipSource
from untag.sources.reader import Reader
from untag.sources.site import PLAIN
from untag.sources.tar import archive_files
from untag.sources.visited import VisitedFiles
from untag.support.paths import absolute, folder_of, os_path, printable_path
from untag.types import Outcome, PhotoRef, ReadError

_MOST_OPEN = 64
"""A download has tens of parts; a process may have about a thousand files open, on some systems 256."""

_ARCHIVE_END = re.compile(
    rf"\.(?:{'|'.join(map(re.escape, ARCHIVE_SUFFIXES))})(?=[/{re.escape(os.sep)}])", re.IGNORECASE
)
_GONE = "it is not in the archive (any more)"


def archive_around(path: str) -> str | None:
    """The zip file that a path, as shown, leads into: what of it comes before the photo's name in there, or None."""
    starts = (path[: match.end()] for match in _ARCHIVE_END.finditer(path))
    # A folder may be called *.zip too. What cannot be asked is opened as a file next, which then says why it cannot be.
    return next((start for start in starts if os.path.isfile(os_path(start))), None)  # noqa: PTH113 - raises nothing


class StoredPhotos:
    """Reads photos by their paths as shown. Archives stay open from one to the next, the last ones used.

    A name inside an archive is only ever compared with the names that it has: none leads out of it.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._open: dict[str, tuple[ArchiveFiles, dict[str, str]]] = {}

    def read(self, path: str) -> bytes:
        """The bytes of a photo; raises ReadFailure with a sentence."""
        archive = archive_around(path)
        if archive is None:
            return read_file(os_path(path), self._limits)
        files, name = self._member(archive, path)
        return files.read(name, self._limits.max_bytes)

    def is_video(self, path: str) -> bool:
        """Whether a file is a video; raises ReadFailure."""
        archive = archive_around(path)
        if archive is not None:
            files, name = self._member(archive, path)
            return files.kind(name) is Kind.VIDEO
        if is_named_photo(path):
            return False
        try:
            return content_kind(path, read_head(os_path(path))) is Kind.VIDEO
        except OSError as error:
            raise failure(error) from error

    def content(self, path: str) -> Content:
        """The bytes of a file of any size, in pieces, or the file itself; raises ReadFailure."""
        archive = archive_around(path)
        if archive is None:
            return content_on_disk(os_path(path), 0)
        files, name = self._member(archive, path)
        return files.content(name)

    def _member(self, archive: str, path: str) -> tuple[ArchiveFiles, str]:
        files, names = self._opened(archive)
        name = names.get(path[len(archive) + 1 :])
        if name is None:
            raise ReadFailure(Outcome.MISSING, _GONE)
        return files, name

    def _opened(self, archive: str) -> tuple[ArchiveFiles, dict[str, str]]:
        """The archive with its names by how they are shown."""
        opened = self._open.pop(archive, None)
        if opened is None:
            files = archive_files(Path(os_path(archive)))
            opened = files, {printable_path(name): name for name in files.names}
            if len(self._open) >= _MOST_OPEN:
                oldest, _ = self._open.pop(next(iter(self._open)))
                oldest.close()
        self._open[archive] = opened
        return opened

    def close(self) -> None:
        """Closes all archives."""
        while self._open:
            self._open.popitem()[1][0].close()


class MemberSource:
    """One photo inside a zip archive that was asked for by its own path, with what the archive says of it."""

    name = PLAIN
    owner: tuple[str, ...] = ()

    def __init__(self, path: Path, archive: str, *, limits: Limits, readers: Sequence[Reader]) -> None:
        self._path = printable_path(absolute(path))
        self._archive = archive
        self._zip = ZipSource([os_path(archive)], limits=limits, visited=VisitedFiles(), readers=readers)

    @property
    def root(self) -> str:
        return self._path

    def folders(self) -> Iterator[Listing]:
        """The photo, or why it cannot be read, under its folder in the archive."""
        entry = self._entry()
        yield Listing(self, folder_of(self._path), 1, None, partial(list[Entry], [entry]))

    def photos(self) -> Iterator[PhotoRef | ReadError]:
        """The photo, or why it cannot be read."""
        for listing in self.folders():
            yield from listing.photos

    def read(self, ref: PhotoRef) -> bytes:
        """The bytes of the photo; raises ReadFailure as the archive's `read` does."""
        return self._zip.read(ref)

    def content(self, ref: PhotoRef) -> Content:
        """The bytes of a video in pieces; raises ReadFailure."""
        return self._zip.content(ref)

    def _entry(self) -> PhotoRef | Skipped | ReadError:
        folder = folder_of(self._path)
        for listing in self._zip.folders():
            for entry in listing.entries if listing.folder in (folder, self._archive) else ():
                if isinstance(entry, AbsentRef):
                    continue
                if entry.path == self._path:
                    return _no_photo(entry.path) if isinstance(entry, Skipped) and entry.video is None else entry
                if entry.path == self._archive and isinstance(entry, ReadError):
                    return ReadError(self._path, entry.outcome, entry.error)
        return ReadError(self._path, Outcome.MISSING, _GONE)


def _no_photo(path: str) -> ReadError:
    return ReadError(path, Outcome.NOT_AN_IMAGE, "it begins like no photo that untag reads")
