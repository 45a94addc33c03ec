"""Stored photos by the face in a photo: exact, through the index of embeddings; no stored photo is read again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from untag.errors import UsageError
from untag.faces.engine import FaceEngine
from untag.faces.quality import SMALL_FACE, USABLE_QUALITY
from untag.imaging.limits import Limits
from untag.people.calibrate import Calibration, load_calibration
from untag.people.enroll import analysed, face_side, read_photos
from untag.people.index import Hits, discard_index, open_index
from untag.store import Store, comparable_photos, faces_by_id, photo_evidence, pictures_of
from untag.support.words import counted
from untag.types import Face, ReadError, SearchHit, SearchResult

_WIDER = 4
"""How many times as many faces are taken when those of too few photos were found."""


@dataclass(frozen=True, slots=True)
class Probe:
    """The face that is searched for: the one of this `number`, from 1, of the `faces` in a photo, the largest first."""

    faces: tuple[Face, ...]
    number: int

    @property
    def face(self) -> Face:
        """The face itself."""
        return self.faces[self.number - 1]

    @property
    def is_clear(self) -> bool:
        """Whether it is as large and sharp as a reference must be."""
        return face_side(self.face) >= SMALL_FACE and self.face.quality >= USABLE_QUALITY


@dataclass(frozen=True, slots=True)
class ProbeOptions:
    """Which face of a photo is meant, 1 for the largest, and how the photo is read: as a scan does."""

    number: int
    search_side: int
    limits: Limits


@dataclass(frozen=True, slots=True)
class Wanted:
    """How many photos, and from which similarity on, 0 to 1, a face looks like the one that is searched for.

    Without `keep_index` the index, a copy of what the database holds, is destroyed when the search is done.
    """

    limit: int
    similar: float
    keep_index: bool


def read_probe(path: Path, engine: FaceEngine, options: ProbeOptions) -> Probe:
    """The face to search for in a photo.

    Raises UsageError when `path` is no single photo that can be read, or has no face of this number.
    """
    photos = list(islice(read_photos([path], options.limits, options.search_side), 2))
    if len(photos) != 1:
        raise UsageError(f"{path} is not one photo; say which photo has the face")
    ((photo, faces),) = analysed(photos, engine)
    if isinstance(photo, ReadError):
        raise UsageError(f"{photo.path} cannot be read: {photo.error}")
    if not faces:
        raise UsageError(f"no face was found in {path}; take a photo in which it is larger and seen from the front")
    if options.number > len(faces):
        raise UsageError(f"{path} has {counted(len(faces), 'face')}; --face {options.number} is none of them")
    return Probe(tuple(sorted(faces, key=face_side, reverse=True)), options.number)


def search_face(store: Store, engine_id: str, face: Face, wanted: Wanted) -> SearchResult:
    """The photos with the faces that are most similar to one, of all whose embeddings are on record.

    Copies of one picture count once. Raises StoreError while another run is scanning.
    """
    try:
        hits = _nearest_photos(store, engine_id, face, wanted.limit)
    finally:
        if not wanted.keep_index:
            discard_index(store, engine_id)
    counts = comparable_photos(store, engine_id)
    near_enough = bool(hits) and (hits[0].similarity or 0.0) >= wanted.similar
    shown = tuple(hits[: wanted.limit])
    return SearchResult(shown, counts.searched, counts.thrown_away, near_enough, other_engine=counts.other_engine)


def _nearest_photos(store: Store, engine_id: str, face: Face, limit: int) -> list[SearchHit]:
    """At least `limit` photos, the nearest first, or all that there are."""
    assert face.embedding is not None
    index, calibration = open_index(store, engine_id), load_calibration(engine_id)
    faces = limit
    while True:
        hits = list(_hits(store, index.nearest(face.embedding[None], faces), calibration))
        if len(hits) >= limit or faces >= len(index):
            return hits
        faces *= _WIDER


def _hits(store: Store, found: Hits, calibration: Calibration) -> Iterator[SearchHit]:
    """The photos of these faces with the most similar face of each, the nearest first; copies of a picture once."""
    faces = faces_by_id(store, found.faces.tolist())
    hashes = sorted({face.sha256 for face in faces.values()})
    photos = {evidence.sha256: evidence for evidence in photo_evidence(store, hashes)}
    pictures = pictures_of(store, hashes)
    seen: set[str] = set()
    for face_id, similarity in zip(found.faces.tolist(), calibration.similarity(found.distances), strict=True):
        face = faces[face_id]
        picture = pictures.get(face.sha256, face.sha256)
        if face.sha256 not in photos or picture in seen:
            continue
        seen.add(picture)
        photo = photos[face.sha256]
        yield SearchHit(
            photo.places[0].path,
            photo.sha256,
            photo.places[0].origin.permalink,
            photo.taken_at,
            similarity=float(similarity),
            face=face.face.box,
            verdict=face.match.verdict,
            person=face.match.person,
        )
