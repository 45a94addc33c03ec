"""The methods for acting on findings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from untag.errors import UsageError
from untag.library.listing import several
from untag.library.options import AnyPath, path_of
from untag.library.photos import Photos
from untag.types import Finding, Status

if TYPE_CHECKING:
    from untag.actions.files import LettersWritten
    from untag.actions.letters import LetterOptions, Letters
    from untag.actions.plan import Plan, PlannedPhoto
    from untag.actions.sender import Sender
    from untag.actions.tracking import Evidence, TrackedRequest
    from untag.library.acting import Asked


class Actions(Photos):
    """What to do about what was found: the checklist, texts to send, and what became of requests."""

    def plan(self, findings: Iterable[Finding] | None = None, *, born: date | None = None) -> Plan:
        """What to do about findings, or about all: by platform and poster, the riskiest first, photos with their steps.

        Photos that ask for nothing, or are done, are not in it. By `born`, the user's birthday, else the one that was
        remembered for letters, photos from before they were 18 are known as such.
        """
        from untag.actions.plan import make_plan
        from untag.library.acting import background_of
        from untag.store import pictures_of

        store = self._opened()
        chosen, beside = list(self.findings() if findings is None else findings), tuple(self._beside())
        alike = pictures_of(store, {one.sha256 for one in (*chosen, *beside)})
        return make_plan(chosen, replace(background_of(store, born=born), beside=beside, alike=alike))

    def _beside(self) -> Iterator[Finding]:
        """What may be intimate, and what somebody was asked about, whatever was decided: it holds for all copies."""
        from untag.actions.intimacy import INTIMATE_UNDER_18
        from untag.findings.filters import EVERYTHING

        yield from self.findings(replace(EVERYTHING, categories=INTIMATE_UNDER_18))
        asked = frozenset(content for one in self.requests() for content in one.request.photos)
        if asked:
            yield from self.findings(replace(EVERYTHING, contents=asked))

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

    def evidence(self, tracked: TrackedRequest, *, complete: bool = False) -> Evidence:
        """What downloads say that were scanned after a request: its photos are still there, gone, or it cannot be told.

        Only a download that is known to be `complete` tells that something is gone by what is missing in it. No archive
        says that of itself: Google Takeout holds only what is new since June 2026, and no download what friends posted.
        """
        from untag.actions.tracking import is_it_gone
        from untag.store import listed_since

        found = listed_since(self._opened(), tracked.request)
        return is_it_gone(listed=found is not None, complete=complete)

    def note_request(self, request: str, event: str, *, on: date | None = None) -> None:
        """Records what happened to a request: reminded, extended, done or refused; on a day, or today.

        `done` means that the photos are gone. Raises UsageError for an id or an event that there is not, and for
        `extended` a second time.
        """
        from untag.library.acting import record_what_happened
        from untag.store import Event

        (happened,) = several(Event, event)
        record_what_happened(self._opened(create=False), request, happened, on, lambda: self.plan().photos)

    def undo_request(self, request: str) -> str | None:
        """Takes the last thing back that happened to a request, else the request itself; returns which that was."""
        from untag.store import undo_request_event

        return undo_request_event(self._opened(create=False), request)

    def draft_letters(self, options: LetterOptions | None = None, findings: Iterable[Finding] | None = None) -> Letters:
        """The texts to send about what was decided as untag or request-removal, each field ready to be copied.

        Of `findings`, or all. What the options do not say of the sender is as it was remembered. Raises UsageError for
        a language that there is not.
        """
        from untag.actions.letters import LetterOptions, write_letters
        from untag.library.acting import tracked_requests, with_remembered

        store = self._opened()
        chosen = with_remembered(store, LetterOptions() if options is None else options)
        decided = self.findings(status=(Status.UNTAG, Status.REQUEST_REMOVAL)) if findings is None else findings
        return write_letters(self.plan(decided, born=chosen.sender.born), tracked_requests(store), chosen)

    def letters(
        self, output: AnyPath, options: LetterOptions | None = None, findings: Iterable[Finding] | None = None
    ) -> LettersWritten:
        """Writes these texts, and a README that says what to do with each, into a folder that only its owner can read.

        Files that the user has changed stay as they are. Raises UsageError for a folder that holds anything else, and
        where there is nothing to send.
        """
        from untag.actions.files import write_files
        from untag.store import note_written

        letters, folder = self.draft_letters(options, findings), path_of(output)
        if not letters.letters:
            raise UsageError(
                "there is nothing to write: no photo that somebody else posted is decided as request-removal or untag;"
                " decide first: untag decide ID --status request-removal"
            )
        written = write_files(letters, folder, self.home)
        note_written(self._opened(), folder, "letters")
        return written

    def read_sender(self, values: Mapping[str, str]) -> Sender:
        """The sender with these values: name, email, address, country and born, a date. Raises UsageError."""
        from untag.actions.sender import sender_of

        return sender_of(values)

    def sender(self) -> Sender:
        """Who writes the letters, as far as that was to be remembered."""
        from untag.actions.sender import sender_of
        from untag.store import sender

        return sender_of(sender(self._opened()))

    def remember_sender(self, sender: Sender) -> None:
        """Keeps what is said of the sender; what is not said stays as it was. `forget_all` erases it."""
        from untag.store import remember_sender

        remember_sender(self._opened(), sender.said)
