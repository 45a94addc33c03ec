"""Every value that crosses a stage: frozen, without behaviour, each array documented by shape, dtype and range."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
"""An RGB image, (height, width, 3), uint8, upright."""

Vector = NDArray[np.float32]

ID_LETTERS = "zyxwvutsrqponmlk"
"""What stands for the digits 0 to f in an id, so that no spreadsheet takes one for a number such as 123e9."""


def short_id(sha256: str) -> str:
    """The id of a content: the first 40 bits of its hash; of 5,000 archives with 20,000 photos one has two alike."""
    return sha256[:10].translate(str.maketrans("0123456789abcdef", ID_LETTERS))


class Outcome(StrEnum):
    """What came of trying to read one photo."""

    OK = "ok"
    EMPTY = "empty"
    NOT_AN_IMAGE = "not-an-image"
    BROKEN = "broken"
    TOO_LARGE = "too-large"
    UNSUPPORTED = "unsupported"
    NO_PERMISSION = "no-permission"
    MISSING = "missing"
    NOT_ANALYSED = "not-analysed"


class Verdict(StrEnum):
    """Whether a face is the enrolled person."""

    ME = "me"
    MAYBE = "maybe"
    OTHER = "other"


class LinkConfidence(StrEnum):
    """How certain a permalink is: given by the source, built from a file name, or not known."""

    CERTAIN = "certain"
    PROBABLE = "probable"
    NONE = "none"


class Action(StrEnum):
    """What untag suggests for a finding."""

    UNTAG = "untag"
    REQUEST_REMOVAL = "request-removal"
    REVIEW = "review"
    KEEP = "keep"


class Status(StrEnum):
    """What the user decided about a photo."""

    OPEN = "open"
    KEEP = "keep"
    UNTAG = "untag"
    REQUEST_REMOVAL = "request-removal"
    DONE = "done"
    NOT_ME = "not-me"
    IS_ME = "is-me"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a photo is online and who put it there, as far as its source says; absent is None, never a guess."""

    platform: str | None = None
    permalink: str | None = None
    permalink_confidence: LinkConfidence = LinkConfidence.NONE
    poster: str | None = None
    people: tuple[str, ...] = ()
    caption: str | None = None
    album: str | None = None
    taken_at: str | None = None
    posted_at: str | None = None
    audience: str | None = None


@dataclass(frozen=True, slots=True)
class PhotoRef:
    """One photo as a source names it, from the walk to the record.

    `path` is what the user sees and the store keys on; `size` is in bytes, `mtime_ns` in nanoseconds. A `video` is read
    in pieces. `found_at` is what its source opens: the system's path, or the name in an archive; empty without a file.
    """

    path: str
    source: str
    size: int
    mtime_ns: int
    origin: Origin = field(default_factory=Origin)
    found_at: str = field(default="", compare=False)
    video: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class ReadError:
    """Something that could not be read, with the reason in words for the list at the end of a run."""

    path: str
    outcome: Outcome
    error: str


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a part of a picture is missing, although the rest of it could be decoded: an outcome, and a sentence."""

    outcome: Outcome
    error: str


class Span(NamedTuple):
    """When something is to be seen in a video or an animation, in seconds; `at` is the moment of the best look."""

    at: float
    since: float
    until: float


@dataclass(frozen=True, slots=True)
class Moment:
    """What a video or an animation shows after its first frame: `at` in seconds, `data` a picture file."""

    at: float
    data: bytes


class Finer(Protocol):
    """The way back to a photo's finer pixels, which are decoded when they are asked for and kept by nobody."""

    @property
    def nbytes(self) -> int:
        """How much memory it holds meanwhile."""

    def pixels(self, max_side: int) -> Pixels | None:
        """The upright photo with its longer side at most `max_side`; None when that is too much, or cannot be read."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A decoded photo.

    `pixels` is the upright photo, reduced to what detection needs; `scale` is pixels.width / width.
    `width` and `height` are those of the upright original. `taken_at` is ISO 8601 from EXIF, local time or a
    date alone, or None. `finer` is None where `pixels` are all that there are. `has_place`: its EXIF says where it was
    taken.
    `named` are the people whom the picture's own metadata name. `fault` is None for a picture that is all there.
    `moments` are what a video or an animation shows after `pixels`, in order; none where nobody asked for them.
    """

    pixels: Pixels
    width: int
    height: int
    scale: float
    taken_at: str | None = None
    finer: Finer | None = None
    has_place: bool = False
    named: tuple[NamedFace, ...] = ()
    fault: Fault | None = None
    moments: tuple[Moment, ...] = ()

    @property
    def nbytes(self) -> int:
        """How much memory it holds."""
        later = sum(len(moment.data) for moment in self.moments)
        return self.pixels.nbytes + (0 if self.finer is None else self.finer.nbytes) + later


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in pixels of the upright original; right and bottom are exclusive."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def height(self) -> float:
        return self.bottom - self.top

    def scaled(self, factor: float) -> Box:
        """The same rectangle in an image enlarged by `factor`."""
        return Box(self.left * factor, self.top * factor, self.right * factor, self.bottom * factor)


@dataclass(frozen=True, slots=True)
class NamedFace:
    """Somebody whom a picture's own metadata name; `box` is None where they do not say where in it."""

    name: str
    box: Box | None


@dataclass(frozen=True, slots=True)
class Face:
    """A detected face. `landmarks` is (5, 2) float32 in pixels of the upright original; `quality` is 0 to 1.

    `span` says when it is to be seen; None where nothing moves.
    """

    box: Box
    score: float
    landmarks: NDArray[np.float32]
    quality: float
    embedding: Vector | None = None
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Match:
    """The verdict on one face: the nearest enrolled person and how alike they are, 0 to 1 on the calibrated curve."""

    verdict: Verdict
    similarity: float
    person: str | None = None


NO_MATCH = Match(Verdict.OTHER, 0.0)


@dataclass(frozen=True, slots=True)
class Spot:
    """A point in a picture, as shares of its width and height, 0 to 1."""

    across: float
    down: float


@dataclass(frozen=True, slots=True)
class SceneScores:
    """What the scene model saw. Only categories that the model can judge are present.

    `scores` maps a category to 0..1; `evidence` maps it to the words for what spoke for it, strongest first; `spots`
    maps one of a thing to roughly where in the picture that is. `vector` (384,) is what the photo shows, in the space
    that pictures and sentences share; `space` names that space. None where no model gives one.
    """

    scores: Mapping[str, float]
    evidence: Mapping[str, tuple[str, ...]]
    model: str
    spots: Mapping[str, Spot] = field(default_factory=dict)
    vector: Vector | None = field(default=None, compare=False)
    space: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """One file in which a photo lies, or a line of an archive that reports it."""

    path: str
    source: str
    origin: Origin


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that is known of one photo. `matches` are the verdicts on the faces in `boxes`, in the same order.

    `origins` are those of all places where it lies, the one seen first first; `named` whom its own metadata name.
    `width` and `height` are those of the original in pixels. `scenes` is None when no scene model ran. `confirmed`: the
    user said that it shows them. `spans` has one entry for each of `boxes`, or none. `evening`: what others of it show.
    """

    origins: tuple[Origin, ...]
    width: int
    height: int
    boxes: tuple[Box, ...]
    matches: tuple[Match, ...]
    scenes: SceneScores | None
    named: tuple[str, ...] = ()
    confirmed: bool = False
    spans: tuple[Span | None, ...] = ()
    evening: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Assessment:
    """What the rules make of one photo, from all that is known of it. `risk` is 0 to 100.

    `categories` holds the categories at or above their thresholds. `faces` are the boxes of the person's own faces.
    `origin` is that of the place to act on, of all places of the photo. `spans` say when they are in a video.
    """

    person: str | None
    verdict: Verdict
    similarity: float
    categories: Mapping[str, float]
    risk: int
    reasons: tuple[str, ...]
    action: Action
    origin: Origin
    faces: tuple[Box, ...] = ()
    spans: tuple[Span, ...] = ()

    @property
    def act_on(self) -> str | None:
        """The permalink of the place to act on."""
        return self.origin.permalink


@dataclass(frozen=True, slots=True)
class Finding:
    """One file as it is listed: the stored assessment of its photo, where the file lies, and what the user decided.

    `person` to `action`, `faces`, `spans`, `act_on` are as in `Assessment`; `act_on` is that of any of `places`.
    `duplicate_of` is the path of the picture that this file is a copy of, identical or nearly so. `places` are all
    files of the picture and of its copies, this one first; empty where another finding of the picture has them.
    `picture` is the SHA-256 that all findings of one picture have in common. `absent` says that an archive reports the
    photo without a file: the path is one in name only, and `sha256` is that of no photo.
    """

    path: str
    sha256: str
    source: str
    origin: Origin
    person: str | None
    verdict: Verdict
    similarity: float
    categories: Mapping[str, float]
    risk: int
    reasons: tuple[str, ...]
    action: Action
    status: Status = Status.OPEN
    taken_at: str | None = None
    duplicate_of: str | None = None
    faces: tuple[Box, ...] = ()
    places: tuple[Place, ...] = ()
    absent: bool = False
    act_on: str | None = None
    picture: str | None = None
    spans: tuple[Span, ...] = ()

    @property
    def id(self) -> str:
        """A short name for the photo, by its content: the same at every place and in every scan."""
        return short_id(self.sha256)


@dataclass(frozen=True, slots=True)
class SearchHit:
    """A photo that a search found, by its first file.

    A search in words gives `nearness`, in standard deviations above ordinary photos. A search by face gives
    `similarity`, 0 to 1, of the most similar face, and `face`, its box in pixels of the upright original; `verdict` and
    `person` are then that face's, else the photo's.
    """

    path: str
    sha256: str
    permalink: str | None
    taken_at: str | None
    nearness: float | None = None
    similarity: float | None = None
    face: Box | None = None
    verdict: Verdict | None = None
    person: str | None = None

    @property
    def id(self) -> str:
        """What the other commands take."""
        return short_id(self.sha256)


@dataclass(frozen=True, slots=True)
class SearchResult:
    """The best photos first. `looks_like_it` says whether the first is near at all, and not only the least far.

    `searched` is how many photos could be found, `passed_over` how many could not, or not by all their faces. Of a
    search in words these are photos of you of which nothing was kept that can be searched, and `unknown` are the words
    that were left out. Of a search by face they have faces whose embeddings were thrown away, and `other_engine` counts
    the photos that were scanned with another engine.
    """

    hits: tuple[SearchHit, ...]
    searched: int
    passed_over: int
    looks_like_it: bool
    unknown: tuple[str, ...] = ()
    other_engine: int = 0
