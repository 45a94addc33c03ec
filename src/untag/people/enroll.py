"""Enrolment: from photos of one person to references, with a reason for every photo that is not used."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from pathlib import Path

from untag.errors import ReadFailure, UsageError
from untag.faces.engine import FaceEngine
from untag.faces.quality import SMALL_FACE, USABLE_QUALITY
from untag.imaging.decode import decode
from untag.imaging.limits import Limits
from untag.sources.base import walk_all
from untag.sources.listing import Source
from untag.store import CONFIRMING, Reference, Store, confirmed_faces, references
from untag.support.words import counted
from untag.types import Face, Frame, PhotoRef, ReadError, Status

_BATCH = 8
_BACKGROUND = 0.3
"""A face below this share of the largest face's side stands in the background and does not count."""


class Enrolled(StrEnum):
    """What became of one reference photo."""

    USED = "used"
    NO_FACE = "no face"
    SEVERAL_FACES = "several faces"
    SEVERAL_PEOPLE = "several people"
    TINY = "tiny face"
    UNCLEAR = "unclear face"
    OUTLIER = "somebody else"
    UNREADABLE = "unreadable"
    SPARE = "not needed"


@dataclass(frozen=True, slots=True)
class EnrolmentResult:
    """One photo and what became of it, with the reason and the remedy in words."""

    path: str
    outcome: Enrolled
    note: str


@dataclass(frozen=True, slots=True)
class EnrolmentOptions:
    """Who is enrolled, and how photos are read. `search_side` is that of a scan, so that the same faces are found."""

    person: str
    search_side: int
    limits: Limits


@dataclass(frozen=True, slots=True)
class Proposal:
    """What enrolment found of a person with one engine, of which nothing is stored yet.

    `references` are the usable faces; `results` has one entry for each photo; `positions` says by hash where in
    `results` a reference's photos are.
    """

    person: str
    engine: str
    references: tuple[Reference, ...]
    results: tuple[EnrolmentResult, ...]
    positions: Mapping[str, Sequence[int]]


def propose(
    paths: Sequence[Path],
    engine: FaceEngine,
    options: EnrolmentOptions,
    *,
    on_photo: Callable[[], None] = lambda: None,
) -> Proposal:
    """The photos in `paths` as references; one result for each photo, in the order they were found.

    Raises UsageError for a path that does not exist or a name that cannot be a person's.
    """
    return _propose(read_photos(paths, options.limits, options.search_side), engine, options, on_photo)


def propose_pictures(pictures: Iterable[tuple[str, bytes]], engine: FaceEngine, options: EnrolmentOptions) -> Proposal:
    """The same of pictures that are in memory, each a name to call it by and its bytes."""
    return _propose((_read_picture(*picture, options) for picture in pictures), engine, options)


def _propose(
    photos: Iterable[Photo | ReadError],
    engine: FaceEngine,
    options: EnrolmentOptions,
    on_photo: Callable[[], None] = lambda: None,
) -> Proposal:
    check_person(options.person)
    results: list[EnrolmentResult] = []
    found: dict[str, Reference] = {}
    positions: dict[str, list[int]] = {}
    for item, faces in analysed(photos, engine):
        on_photo()
        if isinstance(item, ReadError):
            results.append(EnrolmentResult(item.path, Enrolled.UNREADABLE, item.error))
            continue
        face = usable_face(faces)
        if isinstance(face, Face):
            found[item.sha256] = Reference(options.person, engine.id, item.sha256, item.path, face)
            positions.setdefault(item.sha256, []).append(len(results))
            results.append(EnrolmentResult(item.path, Enrolled.USED, "one clear face"))
        else:
            results.append(EnrolmentResult(item.path, *face))
    return Proposal(options.person, engine.id, tuple(found.values()), tuple(results), positions)


def propose_confirmed(store: Store, person: str, engine_id: str, statuses: frozenset[Status] = CONFIRMING) -> Proposal:
    """The faces in photos that the user decided show the person, in one of `statuses`; one result each, by hash.

    The photos themselves are not read. What has been added before is not proposed again, but has its result.
    """
    results: list[EnrolmentResult] = []
    found: list[Reference] = []
    positions: dict[str, list[int]] = {}
    known = {reference.sha256 for reference in references(store, person, engine_id)}
    for confirmed in confirmed_faces(store, person, engine_id, statuses):
        face = usable_face([confirmed.face])
        if isinstance(face, Face):
            if confirmed.sha256 not in known:
                found.append(confirmed)
            positions[confirmed.sha256] = [len(results)]
            results.append(EnrolmentResult(confirmed.path, Enrolled.USED, "confirmed by you"))
        else:
            results.append(EnrolmentResult(confirmed.path, *face))
    return Proposal(person, engine_id, tuple(found), tuple(results), positions)


_LONGEST_NAME = 200


def check_person(name: str) -> None:
    """Raises UsageError for a name that a person cannot have."""
    if not name.strip() or not name.isprintable():
        raise UsageError("a person's name must be printable and not empty")
    if len(name) > _LONGEST_NAME:
        raise UsageError(f"a person's name has at most {_LONGEST_NAME} characters; this one has {len(name):,}")


def usable_face(faces: Sequence[Face]) -> Face | tuple[Enrolled, str]:
    """The one usable face of a photo, or why there is none."""
    largest = max((face_side(face) for face in faces), default=0.0)
    large = [face for face in faces if face_side(face) >= _BACKGROUND * largest]
    if not large:
        return Enrolled.NO_FACE, "no face was found; take a photo in which the face is larger and seen from the front"
    if len(large) > 1:
        return (
            Enrolled.SEVERAL_FACES,
            f"{counted(len(large), 'face')} were found; crop the photo so that only one is left",
        )
    (face,) = large
    if face_side(face) < SMALL_FACE:
        return Enrolled.TINY, f"the face is {face_side(face):.0f} pixels wide; at least {SMALL_FACE:.0f} are needed"
    if face.quality < USABLE_QUALITY:
        return Enrolled.UNCLEAR, "the face is too blurred, or turned too far away"
    return face


def face_side(face: Face) -> float:
    """The shorter side of a face's box, in pixels of the upright original."""
    return min(face.box.width, face.box.height)


@dataclass(frozen=True, slots=True)
class Photo:
    """A decoded photo by path and hash, with the `name_key` of everybody whom something names in it."""

    path: str
    sha256: str
    frame: Frame
    people: frozenset[str] = frozenset()


def analysed(
    photos: Iterable[Photo | ReadError], engine: FaceEngine
) -> Iterator[tuple[Photo | ReadError, tuple[Face, ...]]]:
    """Each of `photos` with its faces, in order; a few are held at a time."""
    rest = iter(photos)
    while batch := list(islice(rest, _BATCH)):
        frames = [item.frame for item in batch if isinstance(item, Photo)]
        faces = iter(engine.analyse(frames) if frames else ())
        yield from ((item, next(faces) if isinstance(item, Photo) else ()) for item in batch)


def read_photos(paths: Sequence[Path], limits: Limits, search_side: int) -> Iterator[Photo | ReadError]:
    """Every photo in `paths`, decoded with its longer side at most `search_side`, or why it cannot be read."""
    for listing in walk_all(paths, limits=limits):
        for entry in listing.photos:
            if isinstance(entry, ReadError):
                yield entry
                continue
            yield read_photo(listing.source, entry, limits, search_side)


def read_photo(source: Source, ref: PhotoRef, limits: Limits, search_side: int) -> Photo | ReadError:
    """One photo of a source, decoded with its longer side at most `search_side`, or why it cannot be read."""
    try:
        return _decoded(ref.path, source.read(ref), limits, search_side)
    except ReadFailure as failure:
        return ReadError(ref.path, failure.outcome, str(failure))


def _read_picture(name: str, data: bytes, options: EnrolmentOptions) -> Photo | ReadError:
    try:
        return _decoded(name, data, options.limits, options.search_side)
    except ReadFailure as failure:
        return ReadError(name, failure.outcome, str(failure))


def _decoded(path: str, data: bytes, limits: Limits, search_side: int) -> Photo:
    frame = decode(data, max_side=search_side, limits=limits)
    return Photo(path, hashlib.sha256(data).hexdigest(), frame)
