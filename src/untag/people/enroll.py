"""Enrolment: from photos of one person to references, with a reason for every photo that is not used."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import islice
from pathlib import Path

from untag.errors import ReadFailure, UsageError
from untag.faces.engine import FaceEngine
from untag.faces.quality import SMALL_FACE, USABLE_QUALITY
from untag.imaging.decode import decode
from untag.imaging.limits import Limits
from untag.people.calibrate import Calibration, load_calibration
from untag.people.profile import agreement, embeddings_of, find_looks, find_outliers
from untag.sources.base import walk_all
from untag.store import (
    Reference,
    Store,
    add_reference,
    confirmed_faces,
    denied_references,
    person_names,
    references,
    set_reference_use,
)
from untag.types import Face, Frame, ReadError
from untag.words import counted

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
    calibration: Calibration
    search_side: int
    limits: Limits


def enroll(
    store: Store,
    paths: Sequence[Path],
    engine: FaceEngine,
    options: EnrolmentOptions,
    *,
    on_photo: Callable[[], None] = lambda: None,
) -> list[EnrolmentResult]:
    """Adds the photos in `paths` to a person's references; one result for each photo, in the order they were found.

    References that look like somebody else are recorded but not used. All references are judged again each time: a
    better profile may take back what it had set aside. Raises UsageError for a path that does not exist or a name that
    cannot be one.
    """
    check_person(options.person)
    results: list[EnrolmentResult] = []
    added: dict[str, list[int]] = {}
    for item, faces in analysed(read_photos(paths, options.limits, options.search_side), engine):
        on_photo()
        if isinstance(item, ReadError):
            results.append(EnrolmentResult(item.path, Enrolled.UNREADABLE, item.error))
            continue
        face = usable_face(faces)
        if isinstance(face, Face):
            add_reference(store, Reference(options.person, engine.id, item.sha256, item.path, face))
            added.setdefault(item.sha256, []).append(len(results))
            results.append(EnrolmentResult(item.path, Enrolled.USED, "one clear face"))
        else:
            results.append(EnrolmentResult(item.path, *face))
    return with_outliers(results, added, review_references(store, options.person, engine.id, options.calibration))


def enroll_confirmed(store: Store, person: str, engine_id: str, calibration: Calibration) -> list[EnrolmentResult]:
    """Adds the faces in photos that the user decided show the person; one result for each photo, by hash.

    The photos themselves are not read. What has been added before is not added again, but judged as all references are.
    """
    results: list[EnrolmentResult] = []
    added: dict[str, list[int]] = {}
    known = {reference.sha256 for reference in references(store, person, engine_id)}
    for found in confirmed_faces(store, person, engine_id):
        face = usable_face([found.face])
        if isinstance(face, Face):
            if found.sha256 not in known:
                add_reference(store, found)
            added[found.sha256] = [len(results)]
            results.append(EnrolmentResult(found.path, Enrolled.USED, "confirmed by you"))
        else:
            results.append(EnrolmentResult(found.path, *face))
    return with_outliers(results, added, review_references(store, person, engine_id, calibration))


def check_person(name: str) -> None:
    """Raises UsageError for a name that a person cannot have."""
    if not name.strip() or not name.isprintable():
        raise UsageError("a person's name must be printable and not empty")


_OUTLIER_NOTE = "looks unlike the other references, so it is not used; is it the same person?"
_DENIED_NOTE = "you decided that it is not-me, so it is not used"


def with_outliers(
    results: list[EnrolmentResult], added: Mapping[str, Sequence[int]], aside: Sequence[Reference]
) -> list[EnrolmentResult]:
    """`results`, in which references that were set `aside` say so; `added` has their positions, by hash."""
    for reference in aside:
        for index in added.get(reference.sha256, ()):
            results[index] = EnrolmentResult(results[index].path, Enrolled.OUTLIER, reference.note or "")
    return results


def review_references(store: Store, person: str, engine_id: str, calibration: Calibration) -> list[Reference]:
    """Judges a person's references against each other, records which to use, and returns those set aside, with why.

    A reference in a photo that the user decided is `not-me` is set aside too, and says nothing about the others.
    """
    enrolled = references(store, person, engine_id)
    denied = denied_references(store, person, engine_id)
    trusted = [item for item in enrolled if item.sha256 not in denied]
    outliers = find_outliers(embeddings_of(trusted), calibration) if trusted else ()
    notes = dict.fromkeys(denied, _DENIED_NOTE)
    notes |= {item.sha256: _OUTLIER_NOTE for item, outlier in zip(trusted, outliers, strict=True) if outlier}
    reviewed = [replace(item, used=item.sha256 not in notes, note=notes.get(item.sha256)) for item in enrolled]
    with store.transaction():
        for reference in reviewed:
            set_reference_use(store, reference, used=reference.used, note=reference.note)
    return [reference for reference in reviewed if not reference.used]


@dataclass(frozen=True, slots=True)
class Person:
    """An enrolled person with one engine: the references used, by look, the look with the most first.

    `called` are further names under which archives have the person. `agreement` is that of all references used, 0 to 1,
    None for a single photo.
    """

    person: str
    engine: str
    looks: tuple[tuple[Reference, ...], ...]
    set_aside: int
    agreement: float | None
    called: tuple[str, ...] = ()

    @property
    def used(self) -> int:
        """How many references are used."""
        return sum(len(look) for look in self.looks)


def list_people(store: Store, person: str | None = None, engine_id: str | None = None) -> list[Person]:
    """Everybody enrolled, or one person, by name, once for each engine, or for one."""
    groups: dict[tuple[str, str], list[Reference]] = {}
    for reference in references(store, person, engine_id):
        groups.setdefault((reference.person, reference.engine), []).append(reference)
    called = person_names(store)
    return [replace(_person(*key, members), called=called.get(key[0], ())) for key, members in sorted(groups.items())]


def _person(person: str, engine_id: str, members: Sequence[Reference]) -> Person:
    used = [item for item in members if item.used]
    if not used:
        return Person(person, engine_id, (), len(members), None)
    vectors, calibration = embeddings_of(used), load_calibration(engine_id)
    looks = tuple(tuple(used[position] for position in look) for look in find_looks(vectors, calibration))
    return Person(person, engine_id, looks, len(members) - len(used), agreement(vectors, calibration))


def usable_face(faces: Sequence[Face]) -> Face | tuple[Enrolled, str]:
    """The one usable face of a photo, or why there is none."""
    largest = max((_side(face) for face in faces), default=0.0)
    large = [face for face in faces if _side(face) >= _BACKGROUND * largest]
    if not large:
        return Enrolled.NO_FACE, "no face was found; take a photo in which the face is larger and seen from the front"
    if len(large) > 1:
        return (
            Enrolled.SEVERAL_FACES,
            f"{counted(len(large), 'face')} were found; crop the photo so that only one is left",
        )
    (face,) = large
    if _side(face) < SMALL_FACE:
        return Enrolled.TINY, f"the face is {_side(face):.0f} pixels wide; at least {SMALL_FACE:.0f} are needed"
    if face.quality < USABLE_QUALITY:
        return Enrolled.UNCLEAR, "the face is too blurred, or turned too far away"
    return face


def _side(face: Face) -> float:
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
            try:
                data = listing.source.read(entry)
                frame = decode(data, max_side=search_side, limits=limits)
            except ReadFailure as failure:
                yield ReadError(entry.path, failure.outcome, str(failure))
            else:
                yield Photo(entry.path, hashlib.sha256(data).hexdigest(), frame)
