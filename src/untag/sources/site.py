"""The photos in an archive, with what its site wrote about them or what the sidecars beside them say."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from itertools import groupby

from untag.errors import ReadFailure
from untag.imaging.limits import Limits
from untag.sources.content import Content
from untag.sources.kinds import Kind, named_kind
from untag.sources.listing import AbsentRef, Entry, Listing, Skipped, as_entry
from untag.sources.names import is_named_archive, is_named_photo
from untag.sources.reader import ArchiveReader, Description, Files, SidecarReader
from untag.sources.sidecars import Sidecars, read_sidecars, sidecar_readers
from untag.sources.telling import telling
from untag.sources.tree import Below
from untag.support.paths import folder_of
from untag.types import Origin, PhotoRef, ReadError

PLAIN = "folder"
"""The source of photos of which nothing says where they are from."""

_NO_COPY = "(no copy here)"
"""The folder, in name only, of photos that an archive reports without a file, or the end of their names."""

_NO_ORIGIN = Origin()


@dataclass(frozen=True, slots=True)
class ArchiveSpec:
    """What a SiteSource is made of: the archive's path as shown, its files, what of it cannot be read, and how much is
    passed over for its name. `notes` are sentences on how it is read.

    `archive` reads it as a whole; where that is None the sidecars in each folder are read by `readers`.
    """

    root: str
    files: Files
    archive: ArchiveReader | None
    readers: Sequence[SidecarReader]
    errors: Sequence[ReadError] = ()
    unseen: Mapping[Kind, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


class SiteSource:
    """The photos of one archive. What it says of them is read once, when the first entries are made."""

    def __init__(self, spec: ArchiveSpec, limits: Limits) -> None:
        self._spec = spec
        self._limits = limits

    @property
    def name(self) -> str:
        return PLAIN if self._spec.archive is None else self._spec.archive.name

    @property
    def root(self) -> str:
        return self._spec.root

    @cached_property
    def description(self) -> Description:
        """What the archive says of its photos as a whole; nothing when it is no site's."""
        spec = self._spec
        return Description() if spec.archive is None else spec.archive.describe(spec.files)

    @property
    def owner(self) -> tuple[str, ...]:
        return self.description.owner

    @property
    def unsaid(self) -> Origin:
        """The origin of a photo that no file of the archive says anything of."""
        archive = self._spec.archive
        return _NO_ORIGIN if archive is None else Origin(archive.platform)

    def folders(self) -> Iterator[Listing]:
        """The folders of the archive in order, then the photos that it reports without a file."""
        errors: dict[str, list[ReadError]] = {}
        for error in self._spec.errors:
            errors.setdefault(folder_of(error.path), []).append(error)
        shared = self._metadata_digest()
        for folder, names in groupby(sorted(self._spec.files.names, key=_by_folder), key=_parent):
            inside = _Inside(self, folder, list(names), shared)
            for number, (shown, part) in enumerate(inside.parts()):
                yield inside.listing(shown, part, errors.pop(shown, []), first=number == 0)
        for shown, wrong in errors.items():
            yield Listing(self, shown, len(wrong), None, partial(list[Entry], wrong))
        spec = self._spec
        if spec.archive is not None or spec.unseen or spec.notes:
            yield Listing(self, f"{self.root}/{_NO_COPY}", 0, None, self._absent, spec.unseen, spec.notes)

    def photos(self) -> Iterator[PhotoRef | ReadError]:
        """The photos and errors of all folders, in the order of `folders`."""
        for listing in self.folders():
            yield from listing.photos

    def unknown(self) -> list[str]:
        """The files of a site's archive that were not understood and name a photo of which nothing is known, as shown.

        Reads files.
        """
        if self._spec.archive is None:
            return []
        description, files = self.description, self._spec.files
        known = description.understood | description.origins.keys() | description.skipped
        return [files.shown(name) for name in telling(files, (name for name in files.names if name not in known))]

    def holds(self, ref: PhotoRef) -> bool:
        """Whether a photo is one of these."""
        files = self._spec.files
        return ref.found_at in files and files.shown(ref.found_at) == ref.path

    def read(self, ref: PhotoRef) -> bytes:
        """The bytes of a photo that was listed; raises ReadFailure as `Files.read` does."""
        return self._spec.files.read(ref.found_at, self._limits.max_bytes)

    def content(self, ref: PhotoRef) -> Content:
        """The bytes of a file that was listed, in pieces, or the file itself; raises ReadFailure."""
        return self._spec.files.content(ref.found_at)

    def sidecars(self, folder: str, names: Sequence[str]) -> Sidecars:
        """What is known of the photos in a folder, by their names in it."""
        spec = self._spec
        if spec.archive is None:
            readers = sidecar_readers((*names, *folder.split("/")), spec.readers)
            return read_sidecars(Below(spec.files, folder, deep=False), readers)
        origins = self.description.origins
        known = {name: origin for name in names if (origin := origins.get(_joined(folder, name))) is not None}
        skipped = frozenset(name for name in names if _joined(folder, name) in self.description.skipped)
        return Sidecars(known, dict.fromkeys(names, spec.archive.name), skipped)

    def ref(self, name: str, source: str, origin: Origin) -> PhotoRef:
        """A photo by its name in the archive."""
        files = self._spec.files
        return PhotoRef(files.shown(name), source, *files.stat(name), origin, found_at=name)

    def _absent(self) -> list[Entry]:
        entries: list[Entry] = [*self.description.errors]
        for absent in self.description.absent:
            path = f"{self.root}/{_NO_COPY}/{_as_name(absent.key)}"
            entries.append(AbsentRef(path, self.name, absent.origin))
        return entries

    def _metadata_digest(self) -> bytes:
        """Changes whenever a file does that may describe photos in other folders."""
        spec = self._spec
        if spec.archive is None:
            return b""
        telling = (name for name in spec.files.names if not is_named_photo(name))
        return spec.archive.name.encode() + _digest(spec.files, telling)

    @property
    def files(self) -> Files:
        return self._spec.files


@dataclass(frozen=True)
class _Inside:
    """One folder of an archive, which may lie in several of its parts: its sidecars are read once for all."""

    source: SiteSource
    folder: str
    names: Sequence[str]
    shared: bytes

    @cached_property
    def sidecars(self) -> Sidecars:
        return self.source.sidecars(self.folder, [_last(name) for name in self.names])

    def parts(self) -> Iterator[tuple[str, list[str]]]:
        """The folder as shown in each part that may have photos of it, with the names of all but texts."""
        parts: dict[str, list[str]] = {}
        for name in self.names:
            if named_kind(name) is not Kind.TEXT and not is_opened_apart(name):
                parts.setdefault(folder_of(self.source.files.shown(name)), []).append(name)
        yield from parts.items()

    def listing(self, shown: str, names: Sequence[str], errors: Sequence[ReadError], *, first: bool) -> Listing:
        photos = sum(map(is_named_photo, names))
        fingerprint = None if errors else _digest(self.source.files, self.names, self.shared)

        def entries() -> list[Entry]:
            wrong = [*errors, *self.sidecars.errors] if first else errors
            absent = absent_beside(f"{shown}/", self.sidecars) if first else []
            return [*wrong, *absent, *self._photos(names)]

        return Listing(self.source, shown, photos + len(errors), fingerprint, entries)

    def _photos(self, names: Sequence[str]) -> Iterator[PhotoRef | Skipped | ReadError]:
        files, sidecars = self.source.files, self.sidecars
        for name in names:
            last = _last(name)
            try:
                kind = sidecars.kind(last, files.kind(name))
            except ReadFailure as failure:
                yield ReadError(files.shown(name), failure.outcome, str(failure))
                continue
            if kind is not Kind.TEXT:
                origin = sidecars.origins.get(last, self.source.unsaid)
                yield as_entry(self.source.ref(name, sidecars.readers.get(last, PLAIN), origin), kind)


def is_opened_apart(name: str) -> bool:
    """Whether a file is a zip file in an unpacked archive: the scan opens it as one of its own."""
    return is_named_archive(name)


def absent_beside(prefix: str, sidecars: Sidecars) -> list[AbsentRef]:
    """The photos that sidecars report without a file, as if they lay beside them; `prefix` is their folder's."""
    return [AbsentRef(f"{prefix}{_as_name(one.key)} {_NO_COPY}", reader, one.origin) for reader, one in sidecars.absent]


def _as_name(key: str) -> str:
    return key.replace("/", "_")


def _digest(files: Files, names: Iterable[str], *more: bytes) -> bytes:
    digest = hashlib.blake2b(b"".join(more), digest_size=16)
    for name in names:
        digest.update(f"{name}\0{files.stat(name)}\0".encode("utf-8", "surrogatepass"))
    return digest.digest()


def _by_folder(name: str) -> tuple[str, str]:
    return _parent(name), name


def _parent(path: str) -> str:
    return path.rpartition("/")[0]


def _last(name: str) -> str:
    return name.rpartition("/")[2]


def _joined(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name
