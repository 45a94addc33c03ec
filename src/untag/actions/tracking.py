"""What became of requests: what is open, due or ended, from what was recorded. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from untag.actions.law import Law, extended
from untag.store import Event, Request, RequestEvent


class Outcome(StrEnum):
    """How a request stands."""

    OPEN = "open"
    DONE = "done"
    REFUSED = "refused"


_ENDS = {Event.DONE: Outcome.DONE, Event.REFUSED: Outcome.REFUSED}


@dataclass(frozen=True, slots=True)
class TrackedRequest:
    """A request with what happened since, in order; `due_on` is the last day for an answer as of now."""

    request: Request
    events: tuple[RequestEvent, ...]
    outcome: Outcome
    due_on: date

    @property
    def law(self) -> Law:
        """What it rests on; a law that only a newer untag knows counts as none."""
        return Law(self.request.law) if self.request.law in list(Law) else Law.NONE

    @property
    def reminded_on(self) -> date | None:
        """When the recipient was reminded last."""
        days = [one.happened_on for one in self.events if one.event is Event.REMINDED]
        return date.fromisoformat(days[-1]) if days else None

    @property
    def is_put_off(self) -> bool:
        """Whether the recipient has said that it takes longer, which it may once."""
        return any(one.event is Event.EXTENDED for one in self.events)

    def is_due(self, today: date) -> bool:
        """Whether there is something to look after: it is open, and its last day has come."""
        return self.outcome is Outcome.OPEN and self.due_on <= today

    def is_overdue(self, today: date) -> bool:
        """Whether the last day has passed."""
        return self.outcome is Outcome.OPEN and self.due_on < today


def track(requests: Iterable[Request], events: Iterable[RequestEvent]) -> list[TrackedRequest]:
    """Each request with its history, the one that is due first before others; what ended comes last."""
    happened: dict[str, list[RequestEvent]] = {}
    for event in events:
        happened.setdefault(event.request, []).append(event)
    tracked = [_tracked(request, happened.get(request.id, ())) for request in requests]
    return sorted(tracked, key=lambda one: (one.outcome is not Outcome.OPEN, one.due_on))


def _tracked(request: Request, events: Sequence[RequestEvent]) -> TrackedRequest:
    ends = [_ENDS[one.event] for one in events if one.event in _ENDS]
    put_off = [one.due_on for one in events if one.due_on is not None]
    due = date.fromisoformat(put_off[-1] if put_off else request.due_on)
    return TrackedRequest(request, tuple(events), ends[-1] if ends else Outcome.OPEN, due)


def put_off(tracked: TrackedRequest) -> date:
    """The last day for an answer after the recipient has said, with reasons, that it takes longer."""
    return extended(tracked.law, date.fromisoformat(tracked.request.requested_on))


class Evidence(StrEnum):
    """What a later download says of a photo that was asked to be removed."""

    STILL_THERE = "still there"
    GONE = "gone"
    COULD_NOT_TELL = "could not tell"


def is_it_gone(*, listed: bool, complete: bool) -> Evidence:
    """Whether a photo is gone, by a download made after the request. `listed`: the download has it.

    Only a download that is known to be complete tells of what is missing in it. Google Takeout is not: since June 2026
    later archives of Photos hold only what is new or edited.
    """
    if listed:
        return Evidence.STILL_THERE
    return Evidence.GONE if complete else Evidence.COULD_NOT_TELL
