"""What every source promises: the folders it holds, listed one at a time, and the bytes of each photo."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

from untag.sources.content import Content
from untag.sources.kinds import Kind
from untag.types import Origin, Outcome, PhotoRef, ReadError


class Source(Protocol):
    """Photos from one place. Listing reads no pictures; reading goes through the source, which may be an archive."""

    @property
    def name(self) -> str:
        """The kind of source, as `PhotoRef.source` has it."""
        ...

    @property
    def root(self) -> str:
        """The path of the file, folder or archive, as shown."""
        ...

    @property
    def owner(self) -> tuple[str, ...]:
        """The names of the person whose account an archive is of; none where nothing says so. May read files."""
        ...

    def folders(self) -> Iterator[Listing]:
        """Each folder that holds anything, in an order that is the same every time; no folder comes twice."""
        ...

    def photos(self) -> Iterator[PhotoRef | ReadError]:
        """The photos and errors of all folders, in the order of `folders`."""
        ...

    def read(self, ref: PhotoRef) -> bytes:
        """The bytes of one photo, from any thread. Raises ReadFailure with a sentence, and nothing else."""
        ...

    def content(self, ref: PhotoRef) -> Content:
        """The bytes of one video, from any thread: read when that is asked for. Raises ReadFailure."""
        ...


@dataclass(frozen=True, slots=True)
class AbsentRef:
    """A photo that an archive reports without a file; its `path` is one in name only."""

    path: str
    source: str
    origin: Origin


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that was looked into and is no photo, with its kind; `video` is what a video is read by."""

    path: str
    kind: Kind
    video: PhotoRef | None = None


Entry = PhotoRef | AbsentRef | Skipped | ReadError


def as_entry(ref: PhotoRef, kind: Kind) -> PhotoRef | Skipped:
    """The entry of a file, as if it were a photo, by what it is."""
    if kind is Kind.PHOTO:
        return ref
    return Skipped(ref.path, kind, replace(ref, video=True) if kind is Kind.VIDEO else None)


@dataclass(frozen=True, slots=True)
class Listing:
    """What one folder holds, and the source to read it from.

    `count` is how many photos and errors there are, as far as names say; `list_entries` makes them, and their paths
    lie directly in `folder`. `fingerprint` lets a scan pass over a folder that is as it was without making the
    entries: bytes that differ whenever a path, size, time or origin does. It is None where the entries must be looked
    at every time: where one is a ReadError, or they are not all that the folder holds. `unseen` counts what was not
    even looked into for its name, and `notes` are
    sentences on how the source is read. Nothing is read for a listing; `list_entries` may look into files.
    """

    source: Source
    folder: str
    count: int
    fingerprint: bytes | None
    list_entries: Callable[[], list[Entry]]
    unseen: Mapping[Kind, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def entries(self) -> list[Entry]:
        """The photos and errors in the folder, in order, made anew each time."""
        return self.list_entries()

    @property
    def photos(self) -> list[PhotoRef | ReadError]:
        """The photos of which there is a copy, and the errors; one for a video that was asked for by its own path."""
        found = (self._photo(entry) for entry in self.entries)
        return [entry for entry in found if entry is not None]

    def _photo(self, entry: Entry) -> PhotoRef | ReadError | None:
        if isinstance(entry, Skipped) and entry.path == self.source.root:
            return ReadError(entry.path, Outcome.UNSUPPORTED, "this is a video; only photos are used here")
        return None if isinstance(entry, (AbsentRef, Skipped)) else entry
