"""The seam between an archive's files and what a site wrote about them: one reader for each site or tool."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from untag.errors import ReadFailure
from untag.sources.content import Content
from untag.sources.kinds import LOOKED_AT, Kind
from untag.types import Origin, ReadError


class Files(Protocol):
    """The files of a folder, of all that lies below it, or of the parts of an archive that belong together.

    Names are relative and have slashes, whatever the system: `posts/media/1.jpg`.
    """

    @property
    def names(self) -> Sequence[str]:
        """All files, sorted; no folders."""
        ...

    def __contains__(self, name: object) -> bool: ...

    def shown(self, name: str) -> str:
        """The path under which the user and the store know a file."""
        ...

    def stat(self, name: str) -> tuple[int, int]:
        """Size in bytes and time of modification in nanoseconds."""
        ...

    def read(self, name: str, max_bytes: int) -> bytes:
        """The bytes of a file, from any thread. Raises ReadFailure with a sentence, TOO_LARGE above `max_bytes`."""
        ...

    def content(self, name: str) -> Content:
        """The same of a file that is too large to be held. Raises ReadFailure for a name that there is not."""
        ...

    def kind(self, name: str) -> Kind:
        """What a file is, by its name or how it begins, which is looked at once. Raises ReadFailure as `read` does."""
        ...


def is_photo(files: Files, name: str) -> bool:
    """Whether a file is a photo or a video; not when that cannot be looked up, which the source that lists it will
    report."""
    try:
        return files.kind(name) in LOOKED_AT
    except ReadFailure:
        return False


def photos_of(files: Files) -> list[str]:
    """The names of those that are photos or videos."""
    return [name for name in files.names if is_photo(files, name)]


@dataclass(frozen=True, slots=True)
class AbsentPhoto:
    """A photo that an archive reports without a file: `file` is the file that says so, `key` its id there."""

    file: str
    key: str
    origin: Origin


@dataclass(frozen=True, slots=True)
class Description:
    """What a reader found out, by the names of its `Files`; what the archive does not say is absent.

    `origins` are those of photos. `absent` are photos reported without a file. `skipped` are images that are not photos
    of their own: thumbnails, overlays. `understood` are the files that were read for this. `owner` are the names and
    handles of the account's owner. `missing` says in sentences which parts of the archive are not here. `errors` are
    files that should have been understood, with the reason.
    """

    origins: Mapping[str, Origin] = field(default_factory=dict)
    absent: tuple[AbsentPhoto, ...] = ()
    skipped: frozenset[str] = frozenset()
    understood: frozenset[str] = frozenset()
    owner: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    errors: tuple[ReadError, ...] = ()


class _Describes(Protocol):
    """What every reader does with `Files`, of whatever they are."""

    @property
    def name(self) -> str:
        """The site or tool, as `PhotoRef.source` and `--source` have it; also the name of its module."""
        ...

    def sniff(self, files: Files) -> bool:
        """Whether the files are of this site or tool, from names and at most a few small files. Raises nothing."""
        ...

    def describe(self, files: Files) -> Description:
        """What the files say of photos. Raises nothing: a file of the wrong shape is one of the `errors`."""
        ...


@runtime_checkable
class ArchiveReader(_Describes, Protocol):
    """Reads the archives of one site. Its `Files` are everything below the archive's top folder."""

    @property
    def platform(self) -> str:
        """The site that its photos are from, where a file says nothing else of a photo."""
        ...

    @property
    def top_names(self) -> frozenset[str]:
        """Names in lower case of files or folders, or their suffixes (`.json_files`, `].json`).

        Only a folder that directly holds one of them is sniffed.
        """
        ...


@runtime_checkable
class SidecarReader(_Describes, Protocol):
    """Reads the files that one tool writes beside photos. Its `Files` are those of one folder."""

    @property
    def marks(self) -> frozenset[str]:
        """Suffixes (`.json`) or names in lower case: only a folder with such a file, or with such a name in its path,
        is sniffed. Photos are not compared."""
        ...


Reader = ArchiveReader | SidecarReader


def split(readers: Iterable[Reader]) -> tuple[list[ArchiveReader], list[SidecarReader]]:
    """The readers of archives and those of sidecars, each in their order."""
    # Once for a source, not for each folder: `isinstance` looks at every member of a protocol.
    readers = list(readers)
    return (
        [reader for reader in readers if isinstance(reader, ArchiveReader)],
        [reader for reader in readers if isinstance(reader, SidecarReader)],
    )
