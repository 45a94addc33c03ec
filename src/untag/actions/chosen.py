"""Which photos may be written about, to whom, and what is left out of the texts. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from untag.actions.plan import Plan, PlannedPhoto
from untag.actions.platforms import StepKind
from untag.actions.tracking import Outcome, TrackedRequest
from untag.store import Answer, Recipient
from untag.types import Status


def is_decided(photo: PlannedPhoto) -> bool:
    """Whether the user wants it removed."""
    return photo.finding.status in (Status.UNTAG, Status.REQUEST_REMOVAL)


def may_ask_poster(photo: PlannedPhoto) -> bool:
    """Whether who posted it may be asked: where there is somebody to ask who was not asked before."""
    return is_decided(photo) and not _was_said(photo, StepKind.ASK_POSTER)


def may_report(photo: PlannedPhoto) -> bool:
    """Whether a platform may be asked: about what others posted, by an address, where it was not asked before."""
    may = is_decided(photo) and not photo.own and not photo.intimate and photo.link is not None
    return may and not _was_said(photo, StepKind.REPORT)


def is_held_back(plan: Plan, one: TrackedRequest) -> bool:
    """Whether a poster was asked about what counts as intimate by now: nobody writes to them of it again."""
    return one.request.recipient is Recipient.POSTER and not plan.intimate.isdisjoint(one.request.photos)


def left_out(plan: Plan, tracked: Iterable[TrackedRequest], today: date) -> Iterator[tuple[str, int]]:
    """Why photos and requests are in no text, by the keys of the labels, and how many each time."""
    decided = [(group, photo) for group in plan.groups for photo in group.photos if is_decided(photo)]
    others = [(group, photo) for group, photo in decided if not photo.own and not photo.intimate]
    unanswered = [one for one in tracked if one.is_overdue(today) or one.outcome is Outcome.REFUSED]
    counts = {
        "own": sum(photo.own for _, photo in decided),
        "nowhere": sum(group.poster is None and photo.link is None for group, photo in others),
        "asked": sum(group.poster is not None and not may_ask_poster(photo) for group, photo in others),
        "held_back": sum(is_held_back(plan, one) for one in unanswered),
    }
    return ((why, count) for why, count in counts.items() if count)


def _was_said(photo: PlannedPhoto, kind: StepKind) -> bool:
    """Whether something was said of this step already, or the photo has none."""
    step = next((step for step in photo.steps if step.kind is kind), None)
    return step is None or step.answer not in (None, Answer.LATER)
