"""What passes between the stages of a scan: one union, of which each stage handles what is its own."""

from __future__ import annotations

from dataclasses import dataclass

from untag.sources.listing import Source
from untag.store import ListedFolder, PhotoRecord, Refusal
from untag.types import Frame, Outcome, PhotoRef, ReadError


@dataclass(frozen=True, slots=True)
class Task:
    """A file to read."""

    source: Source
    ref: PhotoRef


@dataclass(frozen=True, slots=True)
class Loaded:
    """A photo's bytes and their hash."""

    ref: PhotoRef
    sha256: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Decoded:
    """A photo ready for the models, with its perceptual hash."""

    ref: PhotoRef
    sha256: str
    frame: Frame
    phash: int


@dataclass(frozen=True, slots=True)
class Known:
    """Content that is on record, or that this run is analysing already; `fault` as on record."""

    ref: PhotoRef
    sha256: str
    fault: Refusal | None = None


@dataclass(frozen=True, slots=True)
class Unchanged:
    """The files of one folder that are as they were, and why some of them could not be read then.

    Together, because a rescan is mostly these: one by one they would take longer to pass on than to find.
    """

    paths: tuple[str, ...]
    errors: tuple[ReadError, ...]


@dataclass(frozen=True, slots=True)
class UnchangedFolder:
    """A whole folder that is as it was: how many files, and why some of them could not be read then."""

    path: str
    count: int
    errors: tuple[ReadError, ...]


@dataclass(frozen=True, slots=True)
class WithoutFile:
    """Photos that one folder reports without a file: the paths of unchanged ones, the records of the others."""

    unchanged: tuple[str, ...]
    records: tuple[PhotoRecord, ...]


@dataclass(frozen=True, slots=True)
class Failed:
    """A photo that could not be read, decoded or analysed; `sha256` is None when not even its bytes could be.

    `refused_by` is as in `PhotoRecord`.
    """

    ref: PhotoRef
    sha256: str | None
    outcome: Outcome
    error: str
    refused_by: str | None = None


Item = (
    Task
    | Loaded
    | Decoded
    | Known
    | Unchanged
    | UnchangedFolder
    | ListedFolder
    | WithoutFile
    | Failed
    | ReadError
    | PhotoRecord
)


def weight(item: Item) -> int:
    """How many bytes the file has that an item stands for; 0 for what is not one file."""
    match item:
        case (
            Task(ref=ref) | Loaded(ref=ref) | Decoded(ref=ref) | Known(ref=ref) | Failed(ref=ref) | PhotoRecord(ref=ref)
        ):
            return ref.size
        case _:
            return 0


def cost(item: Item) -> int:
    """About how many bytes an item holds; the small change of a path counts as a kibibyte."""
    match item:
        case Loaded(data=data):
            return len(data)
        case Decoded(frame=frame):
            return frame.nbytes
        case Unchanged(paths=paths):
            return 256 * len(paths)
        case WithoutFile(unchanged=paths, records=records):
            return 256 * len(paths) + 1024 * len(records)
        case _:
            return 1024
