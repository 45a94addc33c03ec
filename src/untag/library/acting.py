"""Acting on findings: the checklist, what was answered, and what became of requests."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from untag.actions.law import Law, due_on
from untag.actions.plan import Background, PlannedPhoto, State, state_of
from untag.actions.platforms import StepKind
from untag.actions.sender import sender_of
from untag.actions.tracking import Outcome, TrackedRequest, put_off, track
from untag.errors import UsageError
from untag.findings.names import names_of
from untag.store import (
    Answer,
    Event,
    Recipient,
    Request,
    RequestEvent,
    StepAnswer,
    Store,
    account_owners,
    decide_with,
    last_decision,
    new_id,
    now,
    people_called,
    record_answers,
    record_event,
    record_request,
    request_events,
    requests,
    sender,
    step_answers,
    undo_answers,
)
from untag.types import Status

if TYPE_CHECKING:
    from untag.actions.letters import LetterOptions

_RECIPIENTS = {
    StepKind.ASK_POSTER: Recipient.POSTER,
    StepKind.REPORT: Recipient.PLATFORM,
    StepKind.PROTECT: Recipient.PLATFORM,
}


@dataclass(frozen=True, slots=True)
class Asked:
    """How somebody was asked: by what, citing which law, on which day; None is today, by the user's own calendar."""

    channel: str = "message"
    law: Law = Law.NONE
    on: date | None = None


BY_MESSAGE = Asked()


def tracked_requests(store: Store) -> list[TrackedRequest]:
    """All requests, with what happened since."""
    return track(requests(store), request_events(store))


def background_of(store: Store, contents: Iterable[str] | None = None, *, born: date | None = None) -> Background:
    """What the plan takes into account, for these photos or for all; `born` else as it was remembered."""
    tracked, today = tracked_requests(store), date.today()
    return Background(
        names=names_of(people_called(store), account_owners(store)),
        answers=tuple(step_answers(store, contents)),
        waiting=frozenset(one.request.id for one in tracked if one.outcome is Outcome.OPEN),
        overdue=frozenset(one.request.id for one in tracked if one.is_overdue(today)),
        born=sender_of(sender(store)).born if born is None else born,
    )


def record_answer(
    store: Store, photos: Sequence[PlannedPhoto], step: StepKind, answer: Answer, asked: Asked
) -> str | None:
    """Records what was said of one step for photos of one group; returns the id of the request that it began."""
    _check(photos, step, answer)
    batch, said_at = new_id(), now()
    with store.durable():
        request = _request(photos, step, asked) if answer is Answer.ASKED else None
        began = None if request is None else request.id
        if request is not None:
            record_request(store, request)
        rows = [
            StepAnswer(sha256, photo.finding.person, photo.place, step, answer, began, None, batch, said_at)
            for photo in photos
            for sha256 in photo.contents
        ]
        record_answers(store, rows)
        _decide(store, photos, answer, batch)
    return began


def _check(photos: Sequence[PlannedPhoto], step: StepKind, answer: Answer) -> None:
    if not photos:
        raise UsageError("an answer is about at least one photo")
    if answer is Answer.ASKED and step not in _RECIPIENTS:
        raise UsageError(f"nobody is asked in the step {step}; it is done, skipped or left for later")
    if any(step not in [one.kind for one in photo.steps] for photo in photos):
        raise UsageError(f"{photos[0].finding.path} has no step {step}")
    if len({(photo.origin.platform, photo.own, photo.origin.poster) for photo in photos}) > 1:
        raise UsageError("one answer is about photos of one poster on one platform")


def _request(photos: Sequence[PlannedPhoto], step: StepKind, asked: Asked) -> Request:
    first, day = photos[0], asked.on or date.today()
    law = Law.TAKE_IT_DOWN if step is StepKind.PROTECT else asked.law
    return Request(
        id=new_id(),
        recipient=_RECIPIENTS[step],
        name=first.origin.poster if step is StepKind.ASK_POSTER else None,
        platform=first.origin.platform,
        person=first.finding.person,
        channel=asked.channel,
        law=law,
        requested_on=day.isoformat(),
        due_on=due_on(law, day).isoformat(),
        photos=tuple(sha256 for photo in photos for sha256 in photo.contents),
        links=tuple(dict.fromkeys(photo.link for photo in photos if photo.link is not None)),
        recorded_at=now(),
    )


def _decide(store: Store, photos: Sequence[PlannedPhoto], answer: Answer, batch: str) -> None:
    """Decides photos with which nothing is left to do as done, and those that somebody was asked about as such."""
    if answer is Answer.LATER:
        return
    background = background_of(store, [sha256 for photo in photos for sha256 in photo.contents])
    for photo in photos:
        status = _status(photo, answer, background)
        if status is not None and status is not last_decision(store, photo.finding.sha256):
            decide_with(store, batch, photo.contents, status)


def _status(photo: PlannedPhoto, answer: Answer, background: Background) -> Status | None:
    states = [state_of(place, photo.contents, background) for place in photo.places]
    # Who skips every step has not done anything.
    acted = any(one.answer is Answer.DONE and one.sha256 in photo.contents for one in background.answers)
    if acted and all(state is State.FINISHED for state in states):
        return Status.DONE
    return Status.REQUEST_REMOVAL if answer is Answer.ASKED else None


def take_answer_back(store: Store) -> int:
    """Takes the last answer back, with the request and the decision that came with it; returns for how many photos."""
    return len({one.place + one.sha256 for one in undo_answers(store)})


def record_what_happened(
    store: Store, request: str, event: Event, on: date | None, photos: Callable[[], Iterable[PlannedPhoto]]
) -> None:
    """Records that the recipient was reminded, takes longer, did it or refused.

    Raises UsageError for another id, and where it was to take longer already.

    What was done finishes the photos of the request; `photos` gives all that are planned.
    """
    day = on or date.today()
    with store.durable():
        tracked = next((one for one in tracked_requests(store) if one.request.id == request), None)
        if tracked is None:
            raise UsageError(f"there is no request {request}; see: untag act --print")
        if event is Event.EXTENDED and tracked.is_put_off:
            raise UsageError(
                f"an answer may be put off once, and that was done; it is due on {tracked.due_on.isoformat()}:"
                " note reminded, refused or done instead"
            )
        due = put_off(tracked).isoformat() if event is Event.EXTENDED else None
        batch = _finish(store, tracked, photos()) if event is Event.DONE else None
        record_event(store, RequestEvent(request, event, day.isoformat(), due, batch, now()))


def _finish(store: Store, tracked: TrackedRequest, photos: Iterable[PlannedPhoto]) -> str:
    """Records the steps of a request as done: the photos are gone. Returns the batch of these answers."""
    batch = new_id()
    began = [one for one in step_answers(store, tracked.request.photos) if one.request == tracked.request.id]
    done = {(one.sha256, one.place, one.step): one for one in began}
    record_answers(
        store,
        [replace(one, answer=Answer.DONE, decided=None, batch=batch, answered_at=now()) for one in done.values()],
    )
    places = {(one.sha256, one.place) for one in began}
    _decide(store, [photo for photo in photos if (photo.contents[0], photo.place) in places], Answer.DONE, batch)
    return batch


def with_remembered(store: Store, options: LetterOptions) -> LetterOptions:
    """The options with what was remembered of the sender, where they do not say it."""
    return replace(options, sender=sender_of({**sender(store), **options.sender.said}))
