"""Enrolment from beginning to end: find references, ask where they are doubtful, store them, judge what was scanned."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from untag.config import Settings
from untag.errors import StoreError, UsageError
from untag.faces.engine import FaceEngine
from untag.people.calibrate import load_calibration
from untag.people.enroll import EnrolmentOptions, EnrolmentResult, Proposal, check_person, propose, propose_confirmed
from untag.people.review import Doubts, add_proposal, doubts_about, review_references
from untag.people.roster import Person, list_people
from untag.people.tagged import NamedIn, propose_tagged
from untag.scan import SEARCH_SIDE
from untag.scan.judge import judge_again, load_judge
from untag.store import Reference, Store, add_names, references, remove_reference, start_run


@dataclass(frozen=True, slots=True)
class EnrolmentRequest:
    """Whom to enrol, and from what: photos below `paths`, those that name `tag` if it is given, or confirmed ones.

    `called` are names under which archives have the person.
    """

    person: str
    paths: tuple[Path, ...] = ()
    confirmed: bool = False
    tag: str | None = None
    called: tuple[str, ...] = ()

    def check(self) -> None:
        """Raises UsageError for what cannot be done together, and for a name that cannot be one."""
        if (self.confirmed and self.paths) or not (self.confirmed or self.paths or self.called):
            raise UsageError("say either PHOTO… or --confirmed")
        if self.tag is not None and not self.paths:
            raise UsageError("say where to look for the name: untag enroll --from-tags NAME FOLDER…")
        for name in (self.person, *self.names):
            check_person(name)

    @property
    def names(self) -> tuple[str, ...]:
        return self.called if self.tag is None else (*self.called, self.tag)


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What became of each photo, and the person as enrolled now; None where there is no reference of that engine.

    Nothing was stored where `declined`.
    """

    results: Sequence[EnrolmentResult]
    known: Person | None
    declined: bool = False


def look_for_references(
    store: Store,
    request: EnrolmentRequest,
    engine: FaceEngine,
    settings: Settings,
    *,
    on_photo: Callable[[], None] = lambda: None,
) -> Proposal:
    """What could be enrolled; nothing is stored yet. Raises UsageError for a missing path, and as `check` does."""
    request.check()
    if request.confirmed:
        return propose_confirmed(store, request.person, engine.id)
    options = EnrolmentOptions(request.person, SEARCH_SIDE, settings.limits)
    if request.tag is None:
        return propose(request.paths, engine, options, on_photo=on_photo)
    return propose_tagged(NamedIn(request.paths, request.tag), engine, options, on_photo=on_photo)


def enroll_person(
    store: Store,
    request: EnrolmentRequest,
    proposal: Proposal,
    settings: Settings,
    *,
    accept: Callable[[Doubts], bool] = lambda _: False,
) -> Enrolment:
    """Adds the references that were found, and judges again all that was scanned.

    `accept` says whether to store what is doubtful (see `doubts_about`); what it raises leaves the store as it was.
    """
    engine_id = proposal.engine
    calibration = load_calibration(engine_id)
    doubts = doubts_about(store, proposal, calibration)
    if doubts.reasons and not accept(doubts):
        return Enrolment(proposal.results, _known(store, request.person, engine_id), declined=True)
    results = add_proposal(store, proposal, calibration)
    known = _known(store, request.person, engine_id)
    if known is not None and known.used:
        add_names(store, request.person, request.names)
        judge_again(store, engine_id, load_judge(store, engine_id, settings), start_run(store, []))
    return Enrolment(results, known)


def _known(store: Store, person: str, engine_id: str) -> Person | None:
    return next(iter(list_people(store, person, engine_id)), None)


def take_back(store: Store, reference_id: int, settings: Settings) -> tuple[Reference, Person | None]:
    """Erases one reference, judges the person's others and all that was scanned again; the reference, and who is left.

    Needs no photo and no model. Raises UsageError when there is no reference of that id, StoreError while a scan runs.
    """
    found = next((item for item in references(store) if item.id == reference_id), None)
    if found is None:
        raise UsageError(f"no reference has the id {reference_id}; see: untag people show NAME")
    traces: StoreError | None = None
    try:
        remove_reference(store, reference_id)
    except StoreError as error:
        if any(item.id == reference_id for item in references(store)):
            raise
        traces = error  # it is erased, though traces are left: nothing may stay as it was judged with it
    with store.transaction():
        review_references(store, found.person, found.engine, load_calibration(found.engine))
    judge_again(store, found.engine, load_judge(store, found.engine, settings), start_run(store, []))
    if traces is not None:
        raise traces
    return found, _known(store, found.person, found.engine)
