"""Enrolment from photos in which somebody is named already: by the site they are from, or in their own metadata."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from heapq import nlargest
from pathlib import Path

from untag.errors import ReadFailure, UsageError
from untag.faces.engine import FaceEngine
from untag.faces.geometry import iou
from untag.imaging.decode import decode
from untag.imaging.xmp import may_name_people
from untag.people.enroll import (
    Enrolled,
    EnrolmentOptions,
    EnrolmentResult,
    Photo,
    Proposal,
    analysed,
    check_person,
    usable_face,
)
from untag.sources.base import walk_all
from untag.sources.listing import Listing
from untag.store import Reference
from untag.support.words import counted, name_key
from untag.types import Box, Face, PhotoRef, ReadError

MOST_REFERENCES = 30
"""Of one enrolment. A template is the mean of a few photos; more only take time."""

_LEAST_OVERLAP = 0.1
"""Of a face and the region drawn for it, as intersection over union. What people draw has hair and neck in it."""

_NEAR = 0.65
_ONE_WORD = 0.9
_MOST_SUGGESTED = 5


@dataclass(frozen=True, slots=True)
class NamedIn:
    """Somebody by the name that photos below `paths` give them."""

    paths: Sequence[Path]
    name: str


@dataclass(slots=True)
class _Names:
    """Everybody who is named in a photo: in how many, and how the name is written, by `name_key`."""

    photos: Counter[str] = field(default_factory=Counter)
    written: dict[str, str] = field(default_factory=dict)

    def note(self, names: Iterable[str]) -> frozenset[str]:
        """Counts the people named in one photo, and gives their keys."""
        people = {name_key(name): name for name in names}
        self.photos.update(people.keys())
        for key, name in people.items():
            self.written.setdefault(key, name)
        return frozenset(people)


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A face that can be a reference; `index` is that of the photo's result."""

    index: int
    path: str
    sha256: str
    face: Face


def propose_tagged(
    wanted: NamedIn,
    engine: FaceEngine,
    options: EnrolmentOptions,
    *,
    on_photo: Callable[[], None] = lambda: None,
) -> Proposal:
    """The faces that photos name as references; one result for each photo that has the name.

    A face counts where the name's region in the photo is, or where it is the only one and nobody else is named. Of the
    usable ones the best are proposed, at most `MOST_REFERENCES`, from every folder in turn; `SPARE` are the others.
    Photos that cannot be read are among the results. Raises UsageError as `propose` does, and when no photo has the
    name, with names that are like it.
    """
    check_person(options.person)
    key = name_key(wanted.name)
    names = _Names()
    results: list[EnrolmentResult] = []
    usable: list[_Candidate] = []
    for item, faces in analysed(_photos(wanted, options, names, on_photo), engine):
        if isinstance(item, ReadError):
            results.append(EnrolmentResult(item.path, Enrolled.UNREADABLE, item.error))
            continue
        named = _named_face(item, faces, key)
        face = usable_face([named]) if isinstance(named, Face) else named
        if isinstance(face, Face):
            usable.append(_Candidate(len(results), item.path, item.sha256, face))
            results.append(EnrolmentResult(item.path, Enrolled.SPARE, "there are better ones"))
        else:
            results.append(EnrolmentResult(item.path, *face))
    if key not in names.photos:
        raise UsageError(_no_such_name(wanted.name, names))
    best = _best(usable)
    for chosen in best:
        results[chosen.index] = EnrolmentResult(chosen.path, Enrolled.USED, f"{wanted.name} is named in it")
    references = tuple(Reference(options.person, engine.id, one.sha256, one.path, one.face) for one in best)
    positions = {chosen.sha256: [chosen.index] for chosen in best}
    return Proposal(options.person, engine.id, references, tuple(results), positions)


def _photos(
    wanted: NamedIn, options: EnrolmentOptions, names: _Names, on_photo: Callable[[], None]
) -> Iterator[Photo | ReadError]:
    """The photos in which the name is, each content once; who is named in any photo is noted."""
    key = name_key(wanted.name)
    seen: set[str] = set()
    for listing in walk_all(wanted.paths, limits=options.limits):
        for entry in listing.photos:
            on_photo()
            if isinstance(entry, ReadError):
                yield entry
                continue
            try:
                photo = _read(listing, entry, options, names)
            except ReadFailure as failure:
                yield ReadError(entry.path, failure.outcome, str(failure))
                continue
            if photo is not None and key in photo.people and photo.sha256 not in seen:
                seen.add(photo.sha256)
                yield photo


def _read(listing: Listing, entry: PhotoRef, options: EnrolmentOptions, names: _Names) -> Photo | None:
    """A photo in which somebody is named; None for others, which are not decoded."""
    data = listing.source.read(entry)
    named = entry.origin.people
    if not named and not may_name_people(data):
        return None
    frame = decode(data, max_side=options.search_side, limits=options.limits)
    people = names.note((*named, *(face.name for face in frame.named)))
    return Photo(entry.path, hashlib.sha256(data).hexdigest(), frame, people)


def _named_face(photo: Photo, faces: Sequence[Face], key: str) -> Face | tuple[Enrolled, str]:
    """The face that has the name, or why it is not certain which one has."""
    regions = [(name_key(named.name), named.box) for named in photo.frame.named if named.box is not None]
    if any(name == key for name, _ in regions):
        return _face_in_region(regions, faces, key)
    if len(photo.people) > 1:
        people = counted(len(photo.people), "person", "people")
        return Enrolled.SEVERAL_PEOPLE, f"{people} are named in it, and nothing says which face is whose"
    if not faces:
        return Enrolled.NO_FACE, "no face was found"
    if len(faces) > 1:
        return Enrolled.SEVERAL_FACES, f"{counted(len(faces), 'face')} were found, and nothing says which one is meant"
    return faces[0]


def _face_in_region(regions: Sequence[tuple[str, Box]], faces: Sequence[Face], key: str) -> Face | tuple[Enrolled, str]:
    """The face that overlaps a region of this name best, unless it overlaps somebody else's more."""
    found: list[tuple[float, Face]] = []
    for face in faces:
        overlap, name = max((iou(face.box, box), name) for name, box in regions)
        if name == key and overlap >= _LEAST_OVERLAP:
            found.append((overlap, face))
    if not found:
        return Enrolled.NO_FACE, "no face was found where the name is in the photo"
    return max(found, key=lambda item: item[0])[1]


def _best(usable: Iterable[_Candidate]) -> list[_Candidate]:
    """The clearest faces, the best of each folder before the second of any: folders are occasions and years."""
    folders: defaultdict[Path, list[_Candidate]] = defaultdict(list)
    for candidate in usable:
        folders[Path(candidate.path).parent].append(candidate)
    ranked: list[tuple[int, float, _Candidate]] = []
    for members in folders.values():
        members.sort(key=lambda item: -item.face.quality)
        ranked += ((place, -member.face.quality, member) for place, member in enumerate(members))
    ranked.sort(key=lambda item: item[:2])
    return [candidate for _, _, candidate in ranked[:MOST_REFERENCES]]


def _no_such_name(name: str, names: _Names) -> str:
    if not names.photos:
        return f"nobody is called {name!r}: no photo there says who is in it"
    near = nlargest(_MOST_SUGGESTED, ((_likeness(name_key(name), key), key) for key in names.photos))
    keys = [key for likeness, key in near if likeness >= _NEAR]
    said = "the nearest names are" if keys else "the most frequent names are"
    keys = keys or [key for key, _ in names.photos.most_common(_MOST_SUGGESTED)]
    listed = ", ".join(f"{names.written[key]} ({counted(names.photos[key], 'photo')})" for key in keys)
    return f"nobody is called {name!r} there; {said} {listed}"


def _likeness(name: str, other: str) -> float:
    """0 to 1; names that have a word nearly in common are alike, however long the rest is."""
    words = (_ratio(one, two) for one in name.split() for two in other.split()[:10])
    return max(_ONE_WORD * max(words, default=0.0), _ratio(name, other))


def _ratio(left: str, right: str) -> float:
    return SequenceMatcher(None, left, right).ratio()
