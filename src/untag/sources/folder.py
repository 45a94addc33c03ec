"""Photos in a folder and everything below it.

Files are photos by their names, or by what they hold. Hidden folders and files (a leading dot: `.thumbnails`,
`.Trash-1000`, the `._x.jpg` of macOS) and the folders in `SKIPPED_FOLDERS` are counted and passed over, unless the
folder was itself asked for. Links are followed; each folder is visited once, under its real path where it has one
inside the tree, so loops end and a new link never renames a photo.
Archives of sites that are met on the way, unpacked or zipped, are handed to a source of their own.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from untag.errors import ReadFailure
from untag.imaging.limits import DEFAULT_LIMITS, Limits
from untag.sources.content import Content, content_on_disk
from untag.sources.exclusions import Exclusions, left_out
from untag.sources.files import failure, read_file
from untag.sources.kinds import Kind, Kinds, named_kind
from untag.sources.listing import Entry, Listing, as_entry
from untag.sources.names import is_named_archive, is_named_photo
from untag.sources.opening import ZipSource, open_folder
from untag.sources.parts import group_parts, parts_by_folder
from untag.sources.reader import Reader, SidecarReader, split
from untag.sources.sidecars import Sidecars, read_sidecars, sidecar_readers
from untag.sources.site import PLAIN, SiteSource, absent_beside, is_opened_apart
from untag.sources.tree import FolderFiles, folder_error, head_of, leads_nowhere, passed_over
from untag.sources.visited import VisitedFiles
from untag.support.paths import absolute, folder_of, os_path, printable_path
from untag.types import Origin, PhotoRef, ReadError

_NO_ORIGIN = Origin()


class FolderSource:
    """The photos below one folder. `visited` carries the folders and files that other sources of the same scan gave.

    `readers` say where the photos are from; `exclude` what is left out.
    """

    name = PLAIN
    owner: tuple[str, ...] = ()

    def __init__(
        self,
        root: Path,
        *,
        limits: Limits = DEFAULT_LIMITS,
        visited: VisitedFiles | None = None,
        readers: Sequence[Reader] = (),
        exclude: Exclusions | None = None,
    ) -> None:
        self._root = absolute(root)
        self._exclude = None if exclude is None else exclude.below(self.root)
        self._limits = limits
        self._visited = visited
        self._by_link = False
        self._readers = readers
        self._archive_readers, self._sidecar_readers = split(readers)

    @property
    def root(self) -> str:
        return printable_path(self._root)

    def folders(self) -> Iterator[Listing]:
        """Each folder with photos or errors, and those in it sorted by name; parents come before what they contain.

        Never raises for what it meets: an unreadable folder or a link to nothing becomes a ReadError. Holds one
        folder's entries at a time.
        """
        visited = VisitedFiles() if self._visited is None else self._visited
        real, linked = [self._root], list[str]()
        unread: dict[str, list[ReadError]] = {}
        parts: dict[str, list[str]] = {}
        while real or linked:
            self._by_link = self._by_link or not real
            path = real.pop() if real else linked.pop(0)
            if self._leaves_out(path):
                yield left_out(self, printable_path(path))
                continue
            found = _Folder(path)
            try:
                found.fill(visited)
            except OSError as error:
                # What was listed before the disk failed stands.
                found.errors.append(folder_error(path, error, partly=found.holds_anything))
            found.zips = self._wanted(found.zips, found.unseen)
            beside = [other for other in parts.pop(path, []) if other != path and not self._leaves_out(other)]
            archive = open_folder(path, found.held, self._archive_readers, self._limits, visited, beside)
            if isinstance(archive, SiteSource):
                yield from archive.folders()
                inside = [name for name in archive.files.names if "/" in name and is_opened_apart(name)]
                found.zips += self._wanted([os_path(archive.files.shown(name)) for name in inside], Counter())
            else:
                for wrong in archive:
                    unread.setdefault(folder_of(wrong.path), []).append(wrong)
                found.add_errors(unread.pop(printable_path(path), ()))
                real.extend(sorted(found.below, reverse=True))
                # What is called as parts of one download are may have been unpacked each on its own.
                for group in group_parts(found.below):
                    parts.update(dict.fromkeys(group if len(group) > 1 else (), group))
                linked.extend(sorted(found.links))
                sidecars = sidecar_readers((*found.others, *Path(path).parts), self._sidecar_readers)
                if found.files or found.unsure or found.errors or found.unseen or (sidecars and found.others):
                    yield found.listing(self, sidecars)
            # Beside an unpacked archive and in it too: its other parts, or shared albums, may be zipped still.
            for group in parts_by_folder(found.zips):
                yield from ZipSource(group, limits=self._limits, visited=visited, readers=self._readers).folders()

    def _leaves_out(self, folder: str) -> bool:
        if self._exclude is None:
            return False
        return any(self._exclude.folder(printable_path(path)).excluded for path in self._ways_to(folder))

    def _ways_to(self, folder: str) -> Iterator[str]:
        """The path, and the one without links where that is below the root as well: what it leaves out stays out."""
        yield folder
        if not self._by_link:  # links come last
            return
        real, root = os.path.realpath(folder), os.path.realpath(self._root)
        within = real[len(root.rstrip(os.sep)) :]
        if real.startswith(root.rstrip(os.sep) + os.sep) and (path := self._root.rstrip(os.sep) + within) != folder:
            yield path

    def _wanted(self, archives: Sequence[str], unseen: Counter[Kind]) -> list[str]:
        """The archives that are not left out; `unseen` counts the others."""
        out = self._exclude
        wanted = [path for path in archives if out is None or not out.excludes(printable_path(path))]
        if len(wanted) < len(archives):
            unseen[Kind.EXCLUDED] += len(archives) - len(wanted)
        return wanted

    def photos(self) -> Iterator[PhotoRef | ReadError]:
        """The photos and errors of all folders, in the order of `folders`."""
        for listing in self.folders():
            yield from listing.photos

    def content(self, ref: PhotoRef) -> Content:
        """The bytes of the file in pieces, or the file itself."""
        return content_on_disk(ref.found_at, ref.size)

    def read(self, ref: PhotoRef) -> bytes:
        """The bytes of the photo; raises ReadFailure as `read_file` says."""
        return read_file(ref.found_at, self._limits)


@dataclass(slots=True)
class _Folder:
    """One folder: name, size and time of each photo, and of files that may be some; the names of all that are no photos
    by name; the paths of zip archives; the errors; the folders in it; the links to folders in it; the number of what is
    passed over for its name."""

    path: str
    files: list[tuple[str, int, int]] = field(default_factory=list)
    unsure: list[tuple[str, int, int]] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    zips: list[str] = field(default_factory=list)
    errors: list[ReadError] = field(default_factory=list)
    below: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    unseen: Counter[Kind] = field(default_factory=Counter)
    whole: bool = True

    def fill(self, visited: VisitedFiles) -> None:
        """Notes what the folder holds, unless it was visited before. Raises OSError when it cannot be listed whole."""
        status = Path(self.path).stat()
        identity = (status.st_dev, status.st_ino)
        if not visited.enter(identity):
            return
        given = visited.names_in(identity)
        self.whole = not given
        with os.scandir(self.path) as children:
            for child in children:
                name = child.name
                if (unseen := passed_over(name)) is not None:
                    self.unseen[unseen] += 1
                    continue
                if name in given:
                    continue
                try:
                    if child.is_dir():
                        (self.links if child.is_symlink() else self.below).append(child.path)
                    else:
                        self._add_file(child, name)
                except OSError as error:
                    if not leads_nowhere(child, error):
                        self._add_error(name, error)

    def _add_file(self, child: os.DirEntry[str], name: str) -> None:
        """One stat for a photo or what may be one, none for zip files and texts."""
        files = self.files
        if not is_named_photo(name):
            if is_named_archive(name):
                self.zips.append(child.path)
                return
            self.others.append(name)
            if named_kind(name) is Kind.TEXT:
                return
            files = self.unsure
        status = child.stat()
        # Pipes, sockets and devices are never opened: reading them can wait for ever or do something.
        if stat.S_ISREG(status.st_mode):
            files.append((name, status.st_size, status.st_mtime_ns))

    def _add_error(self, name: str, error: OSError) -> None:
        reason = failure(error)
        self.errors.append(ReadError(self._prefix() + printable_path(name), reason.outcome, str(reason)))

    def add_errors(self, errors: Iterable[ReadError]) -> None:
        """Adds what others met in this folder, but for what it reports itself: its own errors and the folders in it."""
        known = {*(error.path for error in self.errors), *map(printable_path, self.below)}
        self.errors.extend(error for error in errors if error.path not in known)

    def _prefix(self) -> str:
        return printable_path(self.path.rstrip(os.sep)) + os.sep

    @property
    def holds_anything(self) -> bool:
        return any((self.files, self.others, self.zips, self.below, self.links))

    @property
    def held(self) -> frozenset[str]:
        """What lies directly in the folder, but for photos, in lower case."""
        return frozenset(name.lower() for name in (*self.others, *map(_last, self.below)))

    def listing(self, source: FolderSource, readers: Sequence[SidecarReader]) -> Listing:
        """The folder with what the sidecars that `readers` read say of its photos."""
        shown = printable_path(self.path)
        self.files.sort()
        self.unsure.sort()
        texts = self._stats_of_texts() if readers else []
        fingerprint = _fingerprint([*self.files, *self.unsure, *texts]) if self.whole and not self.errors else None
        count = len(self.files) + len(self.errors)
        return Listing(source, shown, count, fingerprint, partial(self._entries, readers), self.unseen)

    def _stats_of_texts(self) -> list[tuple[str, int, int]]:
        """Name, size and time of files that may be sidecars."""
        asked = {name for name, _, _ in self.unsure}
        found = []
        prefix = self.path.rstrip(os.sep) + os.sep
        for name in sorted(set(self.others) - asked):
            try:
                status = os.stat(prefix + name)  # noqa: PTH116 - there may be one for each photo
            except FileNotFoundError:  # it is a link to nothing, or was deleted since it was listed
                continue
            except OSError as error:
                self._add_error(name, error)
                continue
            found.append((name, status.st_size, status.st_mtime_ns))
        return found

    def _entries(self, readers: Sequence[SidecarReader]) -> list[Entry]:
        files = FolderFiles(self.path, deep=False) if readers else None
        sidecars = Sidecars() if files is None else read_sidecars(files, readers)
        kind = Kinds(partial(head_of, self.path)).of if files is None else files.kind
        errors = dict.fromkeys((*self.errors, *(() if files is None else files.errors), *sidecars.errors))
        photos = self._photos(kind, sidecars)
        return sorted([*errors, *absent_beside(self._prefix(), sidecars), *photos], key=_path)

    def _photos(self, kind: Callable[[str], Kind], sidecars: Sidecars) -> Iterator[Entry]:
        prefix, os_prefix = self._prefix(), self.path.rstrip(os.sep) + os.sep
        for name, size, mtime_ns in (*self.files, *self.unsure):
            path = prefix + printable_path(name)
            try:
                found = sidecars.kind(name, kind(name))
            except ReadFailure as reason:
                yield ReadError(path, reason.outcome, str(reason))
                continue
            if found is Kind.TEXT:
                continue
            origin = sidecars.origins.get(name, _NO_ORIGIN)
            reader = sidecars.readers.get(name, PLAIN)
            yield as_entry(PhotoRef(path, reader, size, mtime_ns, origin, os_prefix + name), found)


def _path(entry: Entry) -> str:
    return entry.path


def _last(path: str) -> str:
    return path.rpartition(os.sep)[2]


def _fingerprint(files: Sequence[tuple[str, int, int]]) -> bytes:
    names, sizes, times = zip(*files, strict=True) if files else ((), (), ())
    # No name holds a zero byte; surrogates stand for the bytes of a name that are not UTF-8.
    text = "\0".join((*names, repr(sizes), repr(times)))
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
