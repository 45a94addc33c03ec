"""The methods for acting on findings."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING

from untag.library.listing import several
from untag.library.photos import Photos
from untag.types import Finding

if TYPE_CHECKING:
    from untag.actions.plan import Plan, PlannedPhoto
    from untag.actions.tracking import TrackedRequest
    from untag.library.acting import Asked


class Actions(Photos):
    """What to do about what was found: the checklist, texts to send, and what became of requests."""

    def plan(self, findings: Iterable[Finding] | None = None, *, born: date | None = None) -> Plan:
        """What to do about findings, or about all: by platform and poster, the riskiest first, photos with their steps.

        Photos that ask for nothing, or are done, are not in it. With `born`, the user's birthday, photos from before
        they were 18 are known as such.
        """
        from untag.actions.plan import make_plan
        from untag.library.acting import background_of

        background = background_of(self._opened(), born=born)
        return make_plan(self.findings() if findings is None else findings, background)

    def answer(
        self, photos: PlannedPhoto | Iterable[PlannedPhoto], step: str, answer: str, *, asked: Asked | None = None
    ) -> str | None:
        """Records what was said of one step, for one photo or several of one group: done, asked, skip or later.

        `asked` begins a request, whose id is returned; how is told by `asked`. A photo with which nothing is left to do
        is decided as done, one that somebody was asked about as request-removal. Raises UsageError for a step that the
        photos do not have.
        """
        from untag.actions.plan import PlannedPhoto
        from untag.actions.platforms import StepKind
        from untag.library.acting import BY_MESSAGE, record_answer
        from untag.store import Answer

        chosen = [photos] if isinstance(photos, PlannedPhoto) else list(photos)
        (kind,), (said,) = several(StepKind, step), several(Answer, answer)
        return record_answer(self._opened(create=False), chosen, kind, said, asked or BY_MESSAGE)

    def undo_answer(self) -> int:
        """Takes the last answer back, with its request and decision; returns for how many photos it was."""
        from untag.library.acting import take_answer_back

        return take_answer_back(self._opened(create=False))

    def requests(self, *, due: bool = False) -> list[TrackedRequest]:
        """What was asked of whom and what came of it, the next one that is due first; with `due`, those alone."""
        from untag.library.acting import tracked_requests

        today = date.today()
        return [one for one in tracked_requests(self._opened()) if not due or one.is_due(today)]

    def note_request(self, request: str, event: str, *, on: date | None = None) -> None:
        """Records what happened to a request: reminded, extended, done or refused; on a day, or today.

        `done` means that the photos are gone. Raises UsageError for an id or an event that there is not.
        """
        from untag.library.acting import record_what_happened
        from untag.store import Event

        (happened,) = several(Event, event)
        record_what_happened(self._opened(create=False), request, happened, on, lambda: self.plan().photos)

    def undo_request(self, request: str) -> str | None:
        """Takes the last thing back that happened to a request, else the request itself; returns which that was."""
        from untag.store import undo_request_event

        return undo_request_event(self._opened(create=False), request)
