"""Photos in a folder and everything below it.

Hidden folders and files (a leading dot: `.thumbnails`, `.Trash-1000`, the `._x.jpg` of macOS) and the folders in
`SKIPPED_FOLDERS` are passed over, unless the folder was itself asked for. Links are followed; each folder is visited
once, under its real path where it has one inside the tree, so loops end and a new link never renames a photo.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from untag.imaging.limits import DEFAULT_LIMITS, Limits
from untag.imaging.sniff import sniff
from untag.sources.files import absolute, failure, read_file, read_head
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

    def folders(self) -> Iterator[tuple[str, list[PhotoRef | ReadError]]]:
        """Each folder with photos or errors, and those in it sorted by name; parents come before what they contain.

        Never raises for what it meets: an unreadable folder or a link to nothing becomes a ReadError. Holds one
        folder's entries at a time.
        """
        seen = Seen() if self._seen is None else self._seen
        real, linked = [self._root], list[str]()
        while real or linked:
            path = real.pop() if real else linked.pop(0)
            entries, below, links = self._list(path, seen)
            real.extend(reversed(below))
            linked.extend(links)
            if entries:
                yield printable_path(path), entries

    def photos(self) -> Iterator[PhotoRef | ReadError]:
        """Every photo and every error, in the order of `folders`."""
        for _, entries in self.folders():
            yield from entries

    def read(self, ref: PhotoRef) -> bytes:
        """The bytes of the photo; raises ReadFailure as `read_file` says."""
        return read_file(ref, self._limits)

    def _list(self, path: str, seen: Seen) -> tuple[list[PhotoRef | ReadError], list[str], list[str]]:
        """The photos and errors in one folder, the folders in it, and the links to folders in it."""
        below, links = list[str](), list[str]()
        try:
            status = Path(path).stat()
            identity = (status.st_dev, status.st_ino)
            if not seen.enter(identity):
                return [], below, links
            with os.scandir(path) as iterator:
                children = sorted(iterator, key=_name)
        except OSError as error:
            reason = failure(error)
            return [ReadError(printable_path(path), reason.outcome, f"folder not scanned: {reason}")], below, links
        entries: list[PhotoRef | ReadError] = []
        given = seen.names_in(identity)
        prefix = printable_path(path.rstrip(os.sep)) + os.sep
        for child in children:
            name = child.name
            if name.startswith(".") or name in given:
                continue
            shown = prefix + printable_path(name)
            try:
                if child.is_dir():
                    if name not in SKIPPED_FOLDERS:
                        (links if child.is_symlink() else below).append(child.path)
                elif (entry := self._photo(child, shown)) is not None:
                    entries.append(entry)
            except OSError as error:
                reason = failure(error)
                # A link to nothing with a name that is no photo's is not worth a line; a file that may not be read is.
                if _suffix(name) in IMAGE_SUFFIXES or (_suffix(name) is None and reason.outcome != Outcome.MISSING):
                    entries.append(ReadError(shown, reason.outcome, str(reason)))
        return entries, below, links

    def _photo(self, child: os.DirEntry[str], shown: str) -> PhotoRef | None:
        """The photo that an entry is, or None; one stat, and one read only when the name has no suffix."""
        suffix = _suffix(child.name)
        if suffix is not None and suffix not in IMAGE_SUFFIXES:
            return None
        status = child.stat()
        # Pipes, sockets and devices are never opened: reading them can wait for ever or do something.
        if not stat.S_ISREG(status.st_mode) or (suffix is None and sniff(read_head(child.path)) is None):
            return None
        return PhotoRef(shown, self.name, status.st_size, status.st_mtime_ns, _NO_ORIGIN)


def _name(entry: os.DirEntry[str]) -> str:
    return entry.name


def _suffix(name: str) -> str | None:
    """The lower-case suffix of a file name without its dot, or None when the name has no dot."""
    _, dot, suffix = name.rpartition(".")
    return suffix.lower() if dot else None
