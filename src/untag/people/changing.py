"""Another face engine for a home: everybody is enrolled again from the photos that enrolled them, or nobody is."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace

from untag.config import Settings
from untag.errors import ReadFailure, UsageError
from untag.faces.engine import FaceEngine, engine_name
from untag.faces.geometry import iou
from untag.imaging.decode import decode
from untag.people.calibrate import load_calibration
from untag.people.enroll import Enrolled, EnrolmentResult, face_side, usable_face
from untag.people.review import review_references
from untag.people.roster import Person, list_people
from untag.scan import SEARCH_SIDE
from untag.scan.judge import judge_again, load_judge
from untag.sources.reading import StoredPhotos
from untag.store import (
    HomeEngine,
    Reference,
    Store,
    add_reference,
    choose_engine,
    engine_on_record,
    home_engine,
    paths_of,
    photos_by_engine,
    references,
    start_run,
)
from untag.types import Box, Face, Outcome

_SAME_FACE = 0.3
"""Intersection over union from which two detectors mean the same face; their boxes differ in what they take for one."""
_ENOUGH_TO_TELL = 3
"""Photos from which a rate says something."""


_Read = tuple[Reference, EnrolmentResult | None]
"""A reference, encoded anew where there is no result that says why not."""


@dataclass(frozen=True, slots=True)
class EngineChange:
    """What became of a change of engine: the names of both, and who is enrolled with the new one.

    `results` have one entry for each photo that was read to enrol somebody. `photos` have the verdicts of earlier
    engines until scans have moved them; `rate` is how many a second the new engine looked at here, None where too few
    were read.
    """

    engine: str
    before: str
    people: Sequence[Person]
    results: Sequence[EnrolmentResult]
    photos: int
    rate: float | None

    @property
    def seconds(self) -> float | None:
        """About how long it takes to move all photos."""
        return None if self.rate is None else self.photos / self.rate


def engine_in_use(store: Store) -> str | None:
    """The id of the engine that this home works with; None for a new home."""
    chosen = home_engine(store)
    return engine_on_record(store) if chosen is None else chosen.engine


def change_engine(
    store: Store,
    name: str,
    engine: FaceEngine,
    settings: Settings,
    *,
    on_photo: Callable[[], None] = lambda: None,
) -> EngineChange:
    """Enrols everybody with another engine and makes it the home's, in one transaction after all photos were read.

    Findings and decisions stay as they are: scans move the photos along. Raises UsageError where somebody could not be
    found any more, since none of their photos can be used, and LockedError while a scan runs.
    """
    # While no scan runs; this also erases what a killed change has left.
    with store.exclusive():
        before = engine_in_use(store)
    if before == engine.id:
        raise UsageError(f"this home uses the engine {name} already")
    start = time.monotonic()
    found = _read_missing(store, before, engine, settings, on_photo)
    rate = len(found) / (time.monotonic() - start) if len(found) >= _ENOUGH_TO_TELL else None
    old_name = None if before is None else engine_name(before)
    with store.exclusive(), store.durable():
        results = _enroll_again(store, engine.id, found)
        _check_everybody(store, before, engine.id, name)
        choose_engine(store, HomeEngine(name, engine.id, old_name, None if old_name is None else before))
        _judge_all(store, engine.id, settings)
    people = list_people(store, engine_id=engine.id)
    return EngineChange(name, old_name or name, people, results, _to_move(store, engine.id), rate)


def change_back(
    store: Store,
    load: Callable[[str], FaceEngine],
    settings: Settings,
    *,
    on_photo: Callable[[], None] = lambda: None,
) -> EngineChange:
    """Makes the engine before the home's again, with what it had said, in one transaction.

    Reads no photo but those that have enrolled somebody since, for which the engine is loaded. Raises UsageError where
    there is none to go back to, or somebody could not be found any more, and LockedError while a scan runs.
    """
    with store.exclusive():
        chosen = home_engine(store)
    if chosen is None or chosen.name_before is None or chosen.engine_before is None:
        raise UsageError("the engine of this home was not changed since, so there is nothing to go back to")
    name, engine_id = chosen.name_before, chosen.engine_before
    found: list[_Read] = []
    if _not_enrolled_with(store, chosen.engine, engine_id):
        found = _read_missing(store, chosen.engine, load(name), settings, on_photo)
    with store.exclusive(), store.durable():
        results = _enroll_again(store, engine_id, found)
        _check_everybody(store, chosen.engine, engine_id, name)
        # Nothing is kept to go forward again, so that going back twice is going back once.
        choose_engine(store, HomeEngine(name, engine_id))
        _judge_all(store, engine_id, settings)
    people = list_people(store, engine_id=engine_id)
    return EngineChange(name, chosen.name, people, results, _to_move(store, engine_id), None)


def _not_enrolled_with(store: Store, before: str | None, engine_id: str) -> list[Reference]:
    """The references of one engine that another has not encoded yet."""
    if before is None:
        return []
    known = {(item.person, item.sha256) for item in references(store, engine=engine_id)}
    return [item for item in references(store, engine=before) if (item.person, item.sha256) not in known]


def _read_missing(
    store: Store, before: str | None, engine: FaceEngine, settings: Settings, on_photo: Callable[[], None]
) -> list[_Read]:
    return list(_read_again(store, _not_enrolled_with(store, before, engine.id), engine, settings, on_photo))


def _to_move(store: Store, engine_id: str) -> int:
    return sum(photos for engine, photos in photos_by_engine(store).items() if engine != engine_id)


def _judge_all(store: Store, engine_id: str, settings: Settings) -> None:
    judge = load_judge(store, engine_id, settings)
    if judge.persons:
        judge_again(store, engine_id, judge, start_run(store, []), indexed=False)


def _read_again(
    store: Store,
    enrolled: Sequence[Reference],
    engine: FaceEngine,
    settings: Settings,
    on_photo: Callable[[], None],
) -> Iterator[_Read]:
    """The same faces of the same photos as another engine encodes them."""
    with closing(StoredPhotos(settings.limits)) as photos:
        for reference in enrolled:
            on_photo()
            try:
                data = _content(store, reference, photos)
                frame = decode(data, max_side=SEARCH_SIDE, limits=settings.limits)
            except ReadFailure as failure:
                yield reference, EnrolmentResult(reference.path, Enrolled.UNREADABLE, str(failure))
            else:
                (faces,) = engine.analyse([frame])
                yield _encoded(reference, faces, engine.id)


def _encoded(reference: Reference, faces: Sequence[Face], engine_id: str) -> _Read:
    face = _same_face(reference.face.box, faces)
    if face is None:
        nowhere = "this engine does not find the face that enrolled somebody"
        return reference, EnrolmentResult(reference.path, Enrolled.NO_FACE, nowhere)
    usable = usable_face([face])
    if not isinstance(usable, Face):
        return reference, EnrolmentResult(reference.path, *usable)
    return replace(reference, engine=engine_id, face=usable, id=None), None


def _content(store: Store, reference: Reference, photos: StoredPhotos) -> bytes:
    """The bytes that enrolled somebody, from where they lay or from any place that a scan has seen them in."""
    failure: ReadFailure | None = None
    for path in dict.fromkeys((reference.path, *paths_of(store, reference.sha256))):
        try:
            data = photos.read(path)
        except ReadFailure as error:
            failure = failure or error
            continue
        if hashlib.sha256(data).hexdigest() == reference.sha256:
            return data
        failure = failure or ReadFailure(Outcome.MISSING, "there is another photo in its place now")
    assert failure is not None
    raise failure


def _same_face(box: Box, faces: Sequence[Face]) -> Face | None:
    alike = [(iou(box, face.box), face_side(face), face) for face in faces]
    best = max(alike, key=lambda one: one[:2], default=None)
    return None if best is None or best[0] < _SAME_FACE else best[2]


def _enroll_again(store: Store, engine_id: str, found: Sequence[_Read]) -> list[EnrolmentResult]:
    for reference, refused in found:
        if refused is None:
            add_reference(store, reference)
    calibration = load_calibration(engine_id)
    persons = sorted({item.person for item in references(store, engine=engine_id)})
    aside = {
        (item.person, item.sha256): item.note or ""
        for person in persons
        for item in review_references(store, person, engine_id, calibration)
    }
    return [_result(reference, refused, aside) for reference, refused in found]


def _result(
    reference: Reference, refused: EnrolmentResult | None, aside: Mapping[tuple[str, str], str]
) -> EnrolmentResult:
    if refused is not None:
        return refused
    note = aside.get((reference.person, reference.sha256))
    if note is not None:
        return EnrolmentResult(reference.path, Enrolled.OUTLIER, note)
    return EnrolmentResult(reference.path, Enrolled.USED, "one clear face")


def _check_everybody(store: Store, before: str | None, engine_id: str, name: str) -> None:
    """Raises UsageError where somebody whom the engine before can find could not be found any more."""
    if before is None:
        return
    found = {person.person for person in list_people(store, engine_id=engine_id) if person.used}
    known = [person.person for person in list_people(store, engine_id=before) if person.used]
    lost = [person for person in known if person not in found]
    if lost:
        who = ", ".join(lost)
        raise UsageError(
            f"none of the photos that enrolled {who} can be used with the engine {name}, so nothing was changed; "
            f"enrol them first: untag enroll --engine {name} --person NAME PHOTO…"
        )
