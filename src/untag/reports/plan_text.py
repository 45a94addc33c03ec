"""The checklist for paper and for programs: as text, as Markdown with boxes to tick, and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from untag.actions.plan import Plan, PlannedGroup, PlannedPhoto, PlannedStep, State
from untag.actions.platforms import platform_called
from untag.actions.tracking import Outcome, TrackedRequest
from untag.actions.words import name_of, one_line
from untag.support.words import counted

_MARKS = {State.OPEN: " ", State.LATER: " ", State.WAITING: "…", State.FINISHED: "x"}
NOT_VERIFIED = "not verified"


def plan_text(plan: Plan, tracked: Sequence[TrackedRequest]) -> Iterator[str]:
    """Lines for a terminal or a printer."""
    yield from _lines(plan, tracked, _TEXT)


def plan_markdown(plan: Plan, tracked: Sequence[TrackedRequest]) -> Iterator[str]:
    """Lines of Markdown with boxes to tick."""
    yield "# Checklist"
    yield ""
    yield from _lines(plan, tracked, _MARKDOWN)


@dataclass(frozen=True, slots=True)
class _Style:
    """What stands before each kind of line; Markdown needs escapes as well."""

    heading: str
    box: str
    step: str
    more: str
    escaped: bool

    def shown(self, text: str) -> str:
        # An address is a link as it stands.
        return _escaped(text) if self.escaped and not text.startswith(("https://", "http://")) else text


_TEXT = _Style("", "  [{}] ", "  {}. ", "        ", escaped=False)
_MARKDOWN = _Style("## ", "- [{}] ", "{}. ", "  ", escaped=True)


def _lines(plan: Plan, tracked: Sequence[TrackedRequest], style: _Style) -> Iterator[str]:
    for group in plan.groups:
        yield style.heading + style.shown(group_title(group))
        yield ""
        for number, (step, link) in enumerate(_steps_of(group), start=1):
            yield style.step.format(number) + style.shown(step_words(step))
            if link is not None:
                yield style.more + link
        yield ""
        for photo in group.photos:
            first, *rest = photo_lines(photo)
            yield style.box.format(_MARKS[photo.state]) + style.shown(first)
            yield from (style.more + style.shown(line) for line in rest)
        yield ""
    if tracked:
        yield style.heading + "Asked for"
        yield ""
    for one in tracked:
        yield style.box.format("x" if one.outcome is Outcome.DONE else " ") + style.shown(request_words(one))


def group_title(group: PlannedGroup) -> str:
    """Where the photos of a group are and who posted them, how many they are, and the greatest risk."""
    by = "your own posts" if group.own else f"posted by {group.poster}" if group.poster else "it is not known by whom"
    where = group.platform_name
    if group.private:
        by = "your own account, where you alone see them"
    who = where if group.platform is None and group.poster is None else f"{where}, {by}"
    return f"{who}: {counted(len(group.photos), 'photo')}, risk up to {group.risk}"


def step_words(step: PlannedStep) -> str:
    """What to do, with the page for all photos where there is one, and whether somebody has tried it."""
    sure = "" if step.verified else f" ({NOT_VERIFIED}; {step.checked}, {step.source})"
    return f"{step.words}{sure}"


def photo_lines(photo: PlannedPhoto) -> Iterator[str]:
    """A photo in a few lines: its id, when, what was written under it, why it is listed, and its address."""
    finding = photo.finding
    day = "" if photo.day is None else f"  {photo.day}"
    caption = "" if photo.caption is None else f'  "{photo.caption}"'
    yield f"{finding.id}  risk {finding.risk}{day}{caption}"
    yield one_line("; ".join(finding.reasons), 300)
    yield photo.link or finding.path
    yield from (f"and with it {path}" for path in photo.beside)


def request_words(tracked: TrackedRequest) -> str:
    """Who was asked, when, by what and about how many photos, and how it stands."""
    request = tracked.request
    site = None if request.platform is None else name_of(platform_called(request.platform).name)
    whom = name_of(request.name) or site or "somebody"
    where = f" ({site})" if request.name is not None and site is not None else ""
    how = {Outcome.OPEN: f"due on {tracked.due_on}", Outcome.DONE: "done", Outcome.REFUSED: "refused"}[tracked.outcome]
    reminded = "" if tracked.reminded_on is None else f", reminded on {tracked.reminded_on}"
    about = counted(len(request.links) or len(request.photos), "photo")
    return f"{request.id}  {whom}{where}: asked on {request.requested_on} about {about}{reminded}; {how}"


def due_lines(due: Sequence[TrackedRequest]) -> Iterator[str]:
    """That requests are due, for the end of a scan or of a list; nothing where none is."""
    if due:
        yield f"{counted(len(due), 'request is', 'requests are')} due for an answer: untag act"


def request_counts(tracked: Iterable[TrackedRequest]) -> dict[str, int]:
    """How many requests are open, and of these due by today; how many ended as done, and as refused."""
    listed, today = list(tracked), date.today()
    by_outcome = {str(outcome): sum(one.outcome is outcome for one in listed) for outcome in Outcome}
    return by_outcome | {"due": sum(one.is_due(today) for one in listed)}


def requests_lines(tracked: Sequence[TrackedRequest]) -> Iterator[str]:
    """The same for people; nothing where nobody was asked."""
    if tracked:
        counts = request_counts(tracked)
        yield (
            f"asked     {counted(len(tracked), 'request')}: {counts['open']} open, {counts['due']} of them due,"
            f" {counts['done']} done, {counts['refused']} refused"
        )


def plan_record(plan: Plan, tracked: Iterable[TrackedRequest]) -> dict[str, Any]:
    """The checklist as one object; docs/data.md has its keys."""
    return {
        "groups": [_group(group) for group in plan.groups],
        "requests": [_request(one) for one in tracked],
    }


def _group(group: PlannedGroup) -> dict[str, Any]:
    return {
        "platform": group.platform,
        "platform_name": group.platform_name,
        "poster": group.poster,
        "own": group.own,
        "private": group.private,
        "risk": group.risk,
        "photos": [_photo(photo) for photo in group.photos],
    }


def _photo(photo: PlannedPhoto) -> dict[str, Any]:
    return {
        "id": photo.finding.id,
        "path": photo.finding.path,
        "beside": list(photo.beside),
        "link": photo.link,
        "day": None if photo.day is None else photo.day.isoformat(),
        "caption": photo.caption,
        "risk": photo.finding.risk,
        "categories": {name: round(float(score), 4) for name, score in photo.finding.categories.items()},
        "reasons": list(photo.finding.reasons),
        "status": str(photo.finding.status),
        "tagged": photo.tagged,
        "intimate": photo.intimate,
        "audience": str(photo.audience),
        "state": str(photo.state),
        "steps": [_step(step) for step in photo.steps],
    }


def _step(step: PlannedStep) -> dict[str, Any]:
    return {
        "kind": str(step.kind),
        "words": step.words,
        "link": step.link,
        "verified": step.verified,
        "checked": step.checked.isoformat(),
        "source": step.source,
        "answer": None if step.answer is None else str(step.answer),
    }


def _request(tracked: TrackedRequest) -> dict[str, Any]:
    request = tracked.request
    return {
        "id": request.id,
        "recipient": str(request.recipient),
        "name": request.name,
        "platform": request.platform,
        "channel": request.channel,
        "law": request.law,
        "requested_on": request.requested_on,
        "due_on": tracked.due_on.isoformat(),
        "reminded_on": None if tracked.reminded_on is None else tracked.reminded_on.isoformat(),
        "outcome": str(tracked.outcome),
        "links": list(request.links),
        "photos": list(request.photos),
    }


def _steps_of(group: PlannedGroup) -> Iterator[tuple[PlannedStep, str | None]]:
    """The steps of a group, each once, those of the photo that has the most first; and the page that is for all."""
    most = max(group.photos, key=lambda one: len(one.steps))
    seen: set[tuple[str, str]] = set()
    for photo in (most, *group.photos):
        for step in photo.steps:
            if (step.kind, step.words) not in seen:
                seen.add((step.kind, step.words))
                yield step, None if step.link == photo.link else step.link


def _escaped(text: str) -> str:
    return "".join(f"\\{char}" if char in "\\`*_{}[]<>#|" else char for char in text)
