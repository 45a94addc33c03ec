"""Photos in a folder and everything below it.

Hidden folders and files (a leading dot: `.thumbnails`, `.Trash-1000`, the `._x.jpg` of macOS) and the folders in
`SKIPPED_FOLDERS` are passed over, unless the folder was itself asked for. Links are followed; each folder is visited
once, under its real path where it has one inside the tree, so loops end and a new link never renames a photo.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from untag.errors import ReadFailure
from untag.imaging.limits import DEFAULT_LIMITS, Limits
from untag.imaging.sniff import sniff
from untag.sources.files import absolute, failure, read_file, read_head
from untag.sources.listing import Listing
from untag.sources.paths import printable_path
from untag.sources.seen import Seen
from untag.types import Origin, Outcome, PhotoRef, ReadError

IMAGE_SUFFIXES = frozenset(
    (
        *("jpg", "jpeg", "jpe", "jfif", "png", "webp", "bmp", "dib", "tif", "tiff", "gif"),
        *("heic", "heics", "heif", "heifs", "hif", "avif", "avifs"),
    )
)
"""Lower-case suffixes, without the dot, of files that are taken for photos. Files with no suffix are looked into."""

SKIPPED_FOLDERS = frozenset(("@eaDir", "__MACOSX", "#recycle", "$RECYCLE.BIN", "System Volume Information"))
"""Folders of thumbnails, resource forks and deleted files that network disks and archives leave among photos."""

_NO_ORIGIN = Origin()


class FolderSource:
    """The photos below one folder. `seen` carries the folders and files that other sources of the same scan gave."""

    name = "folder"

    def __init__(self, root: Path, *, limits: Limits = DEFAULT_LIMITS, seen: Seen | None = None) -> None:
        self._root = absolute(root)
        self._limits = limits
        self._seen = seen

    def folders(self) -> Iterator[Listing]:
        """Each folder with photos or errors, and those in it sorted by name; parents come before what they contain.

        Never raises for what it meets: an unreadable folder or a link to nothing becomes a ReadError. Holds one
        folder's entries at a time.
        """
        seen = Seen() if self._seen is None else self._seen
        real, linked = [self._root], list[str]()
        while real or linked:
            path = real.pop() if real else linked.pop(0)
            found = _Folder(path)
            try:
                found.fill(seen)
            except OSError as error:
                reason = failure(error)
                shown = printable_path(path)
                found = _Folder(path, errors=[ReadError(shown, reason.outcome, f"folder not scanned: {reason}")])
            real.extend(sorted(found.below, reverse=True))
            linked.extend(sorted(found.links))
            if found.files or found.errors:
                yield found.listing(self)

    def photos(self) -> Iterator[PhotoRef | ReadError]:
        """Every photo and every error, in the order of `folders`."""
        for listing in self.folders():
            yield from listing.entries

    def read(self, ref: PhotoRef) -> bytes:
        """The bytes of the photo; raises ReadFailure as `read_file` says."""
        return read_file(ref, self._limits)


@dataclass(slots=True)
class _Folder:
    """One folder: name, size and time of each photo; the errors; the folders in it; the links to folders in it."""

    path: str
    files: list[tuple[str, int, int]] = field(default_factory=list)
    errors: list[ReadError] = field(default_factory=list)
    below: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    whole: bool = True

    def fill(self, seen: Seen) -> None:
        """Notes what the folder holds, unless it was seen. Raises OSError when it cannot be listed."""
        status = Path(self.path).stat()
        identity = (status.st_dev, status.st_ino)
        if not seen.enter(identity):
            return
        given = seen.names_in(identity)
        self.whole = not given
        with os.scandir(self.path) as children:
            for child in children:
                name = child.name
                if name.startswith(".") or name in given:
                    continue
                try:
                    if child.is_dir():
                        if name not in SKIPPED_FOLDERS:
                            (self.links if child.is_symlink() else self.below).append(child.path)
                    else:
                        self._add_file(child, name)
                except OSError as error:
                    self._add_error(name, failure(error))
        self.files.sort()

    def _add_file(self, child: os.DirEntry[str], name: str) -> None:
        """One stat for a photo, none for other files, and one read only when the name has no suffix."""
        suffix = _suffix(name)
        if suffix is not None and suffix not in IMAGE_SUFFIXES:
            return
        status = child.stat()
        # Pipes, sockets and devices are never opened: reading them can wait for ever or do something.
        if stat.S_ISREG(status.st_mode) and (suffix is not None or sniff(read_head(child.path)) is not None):
            self.files.append((name, status.st_size, status.st_mtime_ns))

    def _add_error(self, name: str, reason: ReadFailure) -> None:
        suffix = _suffix(name)
        # A link to nothing with a name that is no photo's is not worth a line; a file that may not be read is.
        if suffix in IMAGE_SUFFIXES or (suffix is None and reason.outcome != Outcome.MISSING):
            self.errors.append(ReadError(self._prefix() + printable_path(name), reason.outcome, str(reason)))

    def _prefix(self) -> str:
        return printable_path(self.path.rstrip(os.sep)) + os.sep

    def listing(self, source: FolderSource) -> Listing:
        shown = printable_path(self.path)
        fingerprint = _fingerprint(self.files) if self.whole and not self.errors else None
        return Listing(source, shown, len(self.files) + len(self.errors), fingerprint, self._entries)

    def _entries(self) -> list[PhotoRef | ReadError]:
        prefix = self._prefix()
        photos = (
            PhotoRef(prefix + printable_path(name), FolderSource.name, size, mtime_ns, _NO_ORIGIN)
            for name, size, mtime_ns in self.files
        )
        return sorted([*self.errors, *photos], key=_path)


def _path(entry: PhotoRef | ReadError) -> str:
    return entry.path


def _fingerprint(files: Sequence[tuple[str, int, int]]) -> bytes:
    names, sizes, times = zip(*files, strict=True)
    # No name holds a zero byte; surrogates stand for the bytes of a name that are not UTF-8.
    text = "\0".join((*names, repr(sizes), repr(times)))
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _suffix(name: str) -> str | None:
    """The lower-case suffix of a file name without its dot, or None when the name has no dot."""
    _, dot, suffix = name.rpartition(".")
    return suffix.lower() if dot else None
