"""What passes between the stages of a scan: work for a stage further on, or a result for the recorder.

A stage takes one kind of work and makes other work or a result of it. Results pass every later stage as they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never

from untag.sources.content import Content
from untag.sources.listing import Source
from untag.store import ListedFolder, PhotoRecord, Refusal
from untag.types import Face, Fault, Frame, Match, Outcome, PhotoRef, ReadError, SceneScores


@dataclass(frozen=True, slots=True)
class Task:
    """A file to read."""

    source: Source
    ref: PhotoRef


@dataclass(frozen=True, slots=True)
class Loaded:
    """A photo's bytes and their hash. `concerns`: whatever it shows, what is known of it concerns somebody enrolled.

    `shared` is the path by which the workers of a cluster see the file; then no bytes are here.
    """

    ref: PhotoRef
    sha256: str
    data: bytes
    concerns: bool = False
    shared: str | None = None


@dataclass(frozen=True, slots=True)
class VideoTask(Task):
    """A video to look through, which is never held as a whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedVideo(Loaded):
    """A video's hash; `data` is empty, and `content` gives its bytes again."""

    content: Content


@dataclass(frozen=True, slots=True)
class Decoded:
    """A photo ready for the models, with its perceptual hash; `concerns` is as in `Loaded`."""

    ref: PhotoRef
    sha256: str
    frame: Frame
    phash: int
    concerns: bool = False


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen in one photo: all but its pixels.

    `matches` and `keep` have one entry for each face; one that is not kept has no embedding any more. `scenes` is None
    where the photo concerns nobody. `refused_by` is as in `PhotoRecord`.
    """

    ref: PhotoRef
    sha256: str
    width: int
    height: int
    taken_at: str | None
    phash: int
    faces: tuple[Face, ...]
    matches: tuple[Match, ...]
    keep: tuple[bool, ...]
    scenes: SceneScores | None
    named: tuple[str, ...]
    fault: Fault | None = None
    refused_by: str | None = None


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


Work = Task | Loaded | Decoded
"""What a stage has still to do that takes long."""

Result = Known | Unchanged | UnchangedFolder | ListedFolder | WithoutFile | Failed | ReadError | PhotoRecord
"""What only the recorder takes."""


_VIDEO_BYTES = 48 * 1024 * 1024
"""What a video is counted for, whatever its size: the frames that come of it."""


def weight(item: Work | Seen | Result) -> int:
    """How many bytes are held for the file that an item stands for, at most; 0 for what is not one file."""
    match item:
        case Task() | Loaded() | Decoded() | Seen() | Known() | Failed() | PhotoRecord():
            return _VIDEO_BYTES if item.ref.video else item.ref.size
        case Unchanged() | UnchangedFolder() | ListedFolder() | WithoutFile() | ReadError():
            return 0
        case _:
            assert_never(item)


def cost(item: Work | Seen | Result) -> int:
    """About how many bytes an item holds; a path and what little goes with it count as a kibibyte."""
    match item:
        case Loaded(data=data):
            return len(data) + 1024
        case Decoded(frame=frame):
            return frame.nbytes
        case Unchanged(paths=paths):
            return 256 * len(paths)
        case WithoutFile(unchanged=paths, records=records):
            return 256 * len(paths) + 1024 * len(records)
        case Seen(faces=faces):
            return 1024 * (1 + len(faces))
        case Task() | Known() | UnchangedFolder() | ListedFolder() | Failed() | ReadError() | PhotoRecord():
            return 1024
        case _:
            assert_never(item)
