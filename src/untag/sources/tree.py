"""`Files` on a disk: all that lies below a folder, or those of one folder; and the part of any `Files` below a name."""

from __future__ import annotations

import os
import stat
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path

from untag.errors import ReadFailure
from untag.imaging.limits import Limits
from untag.sources.content import Content, content_on_disk
from untag.sources.files import failure, read_file, read_head
from untag.sources.kinds import Kind, Kinds
from untag.sources.names import is_named_photo
from untag.sources.reader import Files
from untag.sources.visited import VisitedFiles
from untag.support.paths import printable_path
from untag.types import Outcome, ReadError

SKIPPED_FOLDERS = frozenset(("@eaDir", "__MACOSX", "#recycle", "$RECYCLE.BIN", "System Volume Information"))
"""Folders of thumbnails, resource forks and deleted files that network disks and archives leave among photos."""


_NOT_HIDDEN = frozenset((".", "..", ".picasa.ini"))


def passed_over(name: str) -> Kind | None:
    """Why a file or folder is passed over for its name, or None. `.picasa.ini` is hidden, and says who is in photos."""
    if name in SKIPPED_FOLDERS:
        return Kind.SYSTEM
    return Kind.HIDDEN if name.startswith(".") and name not in _NOT_HIDDEN else None


def passed_over_within(name: str) -> Kind | None:
    """The same for a member of an archive: why it, or a folder that it lies in, is passed over."""
    return next((kind for part in name.split("/") if (kind := passed_over(part)) is not None), None)


def folder_error(path: str, error: OSError, *, partly: bool) -> ReadError:
    """What is said of a folder that was not listed, or was only `partly`."""
    reason = failure(error)
    part = "only a part of the folder was scanned" if partly else "folder not scanned"
    return ReadError(printable_path(path), reason.outcome, f"{part}: {reason}")


def leads_nowhere(child: os.DirEntry[str], error: OSError) -> bool:
    """Whether `error` is that of a link to nothing, whose name is no photo's: the one kind that nothing is said of."""
    return failure(error).outcome is Outcome.MISSING and child.is_symlink() and not is_named_photo(child.name)


def head_of(folder: str, name: str) -> bytes:
    """How a file below `folder` begins. Raises ReadFailure."""
    try:
        return read_head(_joined(folder, name))
    except OSError as error:
        raise failure(error) from error


def _joined(folder: str, name: str) -> str:
    return os.path.join(folder, *name.split("/"))  # noqa: PTH118 - names may hold bytes that are not UTF-8


class FolderFiles:
    """The files below `root`, without links to folders and hidden files; with `deep` False only those directly in it.

    `folders` are the device and inode of each folder below it, `errors` what cannot be listed or asked for its size.
    `unseen` counts what is passed over for its name. Folders that were `visited` are left out.
    """

    def __init__(self, root: str, *, deep: bool = True, visited: VisitedFiles | None = None) -> None:
        self._root = root.rstrip(os.sep) or os.sep
        self.root = printable_path(self._root)
        self.errors: list[ReadError] = []
        self.folders: list[tuple[int, int]] = []
        self.unseen: Counter[Kind] = Counter()
        self.kind = Kinds(partial(head_of, self._root)).of
        self._stats: dict[str, tuple[int, int]] = {}
        self._list(deep=deep, visited=visited)
        self._names = sorted(self._stats)

    @property
    def names(self) -> Sequence[str]:
        return self._names

    def __contains__(self, name: object) -> bool:
        return name in self._stats

    def shown(self, name: str) -> str:
        return printable_path(self._path(name))

    def stat(self, name: str) -> tuple[int, int]:
        return self._stats[name]

    def checksum(self, name: str) -> tuple[int, int]:
        """Size and time of a file: parts of a download that were unpacked have those that were packed."""
        return self._stats[name]

    def close(self) -> None:
        """Nothing: files are opened for each reading."""

    def read(self, name: str, max_bytes: int) -> bytes:
        if name not in self._stats:
            raise ReadFailure(Outcome.MISSING, "it does not exist (any more)")
        return read_file(self._path(name), Limits(max_bytes=max_bytes))

    def content(self, name: str) -> Content:
        if name not in self._stats:
            raise ReadFailure(Outcome.MISSING, "it does not exist (any more)")
        return content_on_disk(self._path(name), self._stats[name][0])

    def _path(self, name: str) -> str:
        return _joined(self._root, name)

    def _list(self, *, deep: bool, visited: VisitedFiles | None) -> None:
        folders = [""]
        while folders:
            folder = folders.pop()
            path = self._path(folder) if folder else self._root
            before = len(self._stats)
            try:
                if folder:
                    status = Path(path).stat()
                    if visited is not None and visited.knows((status.st_dev, status.st_ino)):
                        continue
                    self.folders.append((status.st_dev, status.st_ino))
                with os.scandir(path) as children:
                    for child in children:
                        below = self._add(child, f"{folder}/{child.name}" if folder else child.name)
                        if below is not None and deep:
                            folders.append(below)
            except OSError as error:
                self.errors.append(folder_error(path, error, partly=len(self._stats) > before))

    def _add(self, child: os.DirEntry[str], name: str) -> str | None:
        """Notes a file; the name of a folder to go on in."""
        unseen = passed_over(child.name)
        if unseen is not None:
            self.unseen[unseen] += 1
            return None
        try:
            if child.is_dir(follow_symlinks=False):
                return name
            status = child.stat()
        except OSError as error:
            if not leads_nowhere(child, error):
                reason = failure(error)
                self.errors.append(ReadError(self.shown(name), reason.outcome, str(reason)))
            return None
        if stat.S_ISREG(status.st_mode):
            self._stats[name] = (status.st_size, status.st_mtime_ns)
        return None


class _Part:
    """Some of the `Files` of others, which have names that begin after `prefix`."""

    def __init__(self, files: Files, prefix: str, names: Sequence[str]) -> None:
        self._files = files
        self._prefix = prefix
        self._names = names

    @property
    def names(self) -> Sequence[str]:
        return self._names

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self._prefix + name in self._files

    def shown(self, name: str) -> str:
        return self._files.shown(self._prefix + name)

    def stat(self, name: str) -> tuple[int, int]:
        return self._files.stat(self._prefix + name)

    def read(self, name: str, max_bytes: int) -> bytes:
        return self._files.read(self._prefix + name, max_bytes)

    def content(self, name: str) -> Content:
        return self._files.content(self._prefix + name)

    def kind(self, name: str) -> Kind:
        return self._files.kind(self._prefix + name)


class Outside(_Part):
    """The `Files` of others that lie in none of some folders."""

    def __init__(self, files: Files, folders: Iterable[str]) -> None:
        prefixes = tuple(f"{folder}/" if folder else "" for folder in folders)
        super().__init__(files, "", [name for name in files.names if not name.startswith(prefixes)])


class Chosen(_Part):
    """Some of the `Files` of others, by their names."""

    def __init__(self, files: Files, names: Iterable[str]) -> None:
        super().__init__(files, "", sorted(names))


class Below(_Part):
    """The `Files` of others that lie below a folder, under their names from there on."""

    def __init__(self, files: Files, folder: str, *, deep: bool = True) -> None:
        prefix = f"{folder}/" if folder else ""
        start = bisect_left(files.names, prefix)
        end = bisect_left(files.names, prefix[:-1] + "0") if prefix else len(files.names)
        cut = len(prefix)
        names = [name[cut:] for name in files.names[start:end] if deep or "/" not in name[cut:]]
        super().__init__(files, prefix, names)
