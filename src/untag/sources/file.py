"""One photo that was asked for by its own path, whatever it is called."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from untag.imaging.limits import DEFAULT_LIMITS, Limits
from untag.sources.content import Content, content_on_disk
from untag.sources.files import failure, read_file, read_head
from untag.sources.kinds import Kind, content_kind
from untag.sources.listing import Entry, Listing, as_entry
from untag.sources.visited import VisitedFiles
from untag.support.paths import absolute, printable_path
from untag.types import Origin, PhotoRef, ReadError


class FileSource:
    """A single file. Its source is `folder`: a photo is the same photo however it was found."""

    name = "folder"
    owner: tuple[str, ...] = ()

    def __init__(self, path: Path, *, limits: Limits = DEFAULT_LIMITS, visited: VisitedFiles | None = None) -> None:
        self._path = Path(absolute(path))
        self._limits = limits
        self._visited = visited

    @property
    def root(self) -> str:
        return printable_path(str(self._path))

    def folders(self) -> Iterator[Listing]:
        """The file, or the reason why it cannot be read, under its folder; nothing when the scan already gave it."""
        visited = VisitedFiles() if self._visited is None else self._visited
        shown, folder = printable_path(str(self._path)), printable_path(str(self._path.parent))
        entry: Entry
        try:
            parent = self._path.parent.stat()
            if not visited.add_file((parent.st_dev, parent.st_ino), self._path.name):
                return
            status = self._path.stat()
            kind = content_kind(self._path.name, read_head(str(self._path)))
        except OSError as error:
            reason = failure(error)
            entry = ReadError(shown, reason.outcome, str(reason))
        else:
            ref = PhotoRef(shown, self.name, status.st_size, status.st_mtime_ns, Origin(), str(self._path))
            entry = as_entry(ref, kind) if kind is Kind.VIDEO else ref
        yield Listing(self, folder, 1, None, lambda: [entry])

    def photos(self) -> Iterator[PhotoRef | ReadError]:
        """The file, or the reason why it cannot be read."""
        for listing in self.folders():
            yield from listing.photos

    def content(self, ref: PhotoRef) -> Content:
        """The bytes of the file in pieces, or the file itself."""
        return content_on_disk(ref.found_at, ref.size)

    def read(self, ref: PhotoRef) -> bytes:
        """The bytes of the photo; raises ReadFailure as `read_file` says."""
        return read_file(ref.found_at, self._limits)
