"""What goes into the store for one photo, and what comes back out of it."""

from __future__ import annotations

from dataclasses import dataclass

from untag.store.judged import JudgedWith
from untag.types import Assessment, Evidence, Face, Match, Origin, Outcome, PhotoRef, Place, SceneScores

ABSENT = "absent"
"""The pipeline and the engine of a photo that an archive reports without a file: no model has seen it."""


@dataclass(frozen=True, slots=True)
class Analysis:
    """Everything the models said about one photo's content.

    `pipeline` names engine, scene model and settings; `judged_with` the persons and settings. `faces`, `matches`
    and `keep` have one entry for each face; a face's embedding is stored only where `keep` is true. `phash` is 64 bits.
    `named` are the people whom the photo's own metadata name. `assessment` is None for a photo that
    concerns no enrolled person.
    """

    width: int
    height: int
    taken_at: str | None
    phash: int | None
    pipeline: str
    judged_with: JudgedWith
    engine: str
    faces: tuple[Face, ...] = ()
    matches: tuple[Match, ...] = ()
    keep: tuple[bool, ...] = ()
    scenes: SceneScores | None = None
    assessment: Assessment | None = None
    named: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PhotoRecord:
    """One file as a scan leaves it. `analysis` is None for content that is on record already, or cannot be read.

    `refused_by` names the software and the limits by which its content is none that can be looked at.
    """

    ref: PhotoRef
    sha256: str | None
    outcome: Outcome
    error: str | None = None
    analysis: Analysis | None = None
    refused_by: str | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a content cannot be looked at, or only in part; `refused_by` is as in `PhotoRecord`."""

    outcome: Outcome
    error: str
    refused_by: str | None


@dataclass(frozen=True, slots=True)
class DuePhoto:
    """A photo that was judged with another key. `discarded` is as in `KnownPhoto`.

    `shows` says that it has a finding, or a face that is not `other`; `embedded` that it has a face with an embedding.
    """

    sha256: str
    judged_with: JudgedWith | None
    discarded: int
    shows: bool
    embedded: bool


@dataclass(frozen=True, slots=True)
class KnownPhoto:
    """Which analysis of a content is on record.

    `discarded` is how many of its faces had an embedding that was not kept, `classified` whether its scene was judged,
    `found` whether it has a finding.
    """

    pipeline: str
    judged_with: JudgedWith | None
    discarded: int
    classified: bool
    found: bool


@dataclass(frozen=True, slots=True)
class KnownFile:
    """A file as it was last seen. `photo` is None when its content was not analysed.

    `refused_by` is as in `PhotoRecord`; None for a file that could not be read, whose `sha256` is an earlier one.
    """

    size: int
    mtime_ns: int
    sha256: str | None
    outcome: Outcome
    error: str | None
    origin: Origin
    photo: KnownPhoto | None
    refused_by: str | None = None


@dataclass(frozen=True, slots=True)
class StoredFace:
    """A face on record; `face.embedding` is None where it was not kept. `ordinal` is its place in the photo, from 0."""

    id: int
    sha256: str
    ordinal: int
    face: Face
    match: Match


@dataclass(frozen=True, slots=True)
class MatchUpdate:
    """A new verdict on a stored face. Its embedding is erased unless `keep`."""

    face_id: int
    match: Match
    keep: bool = True


@dataclass(frozen=True, slots=True)
class StoredPhoto:
    """All that is on record for one photo, wherever it lies.

    `named` is as in `Analysis`. `places` is never empty; the first is the one that was seen earliest. `scenes` is None
    when the photo was not classified.
    """

    sha256: str
    width: int
    height: int
    taken_at: str | None
    phash: int | None
    pipeline: str
    judged_with: JudgedWith | None
    engine: str
    discarded: int
    faces: tuple[StoredFace, ...]
    scenes: SceneScores | None
    places: tuple[Place, ...]
    named: tuple[str, ...] = ()

    @property
    def is_absent(self) -> bool:
        """Whether this is a photo that archives report without a file."""
        return self.engine == ABSENT

    def evidence(self, matches: tuple[Match, ...], *, confirmed: bool = False) -> Evidence:
        """What the photo is assessed from, with these verdicts on its faces; `confirmed` is as in `Evidence`."""
        return Evidence(
            origins=tuple(place.origin for place in self.places),
            width=self.width,
            height=self.height,
            boxes=tuple(stored.face.box for stored in self.faces),
            matches=matches,
            scenes=self.scenes,
            named=self.named,
            confirmed=confirmed,
            spans=tuple(stored.face.span for stored in self.faces),
        )


@dataclass(frozen=True, slots=True)
class Reference:
    """An enrolled face, with its embedding. `used` is false for one that was set aside; `note` says why.

    `id` is None until it is stored.
    """

    person: str
    engine: str
    sha256: str
    path: str
    face: Face
    used: bool = True
    note: str | None = None
    id: int | None = None
