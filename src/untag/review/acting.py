"""The act page: what was decided becomes steps, one photo after the other, and what was asked of whom is watched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import Blueprint, Response, jsonify, render_template

import untag
from untag import Status, StepKind, UsageError
from untag.reports.cards import day_words
from untag.reports.plan_text import group_title, photo_lines, request_words, step_words
from untag.review.deciding import said
from untag.review.parts import home

acting = Blueprint("acting", __name__)

TO_ACT_ON = (Status.UNTAG, Status.REQUEST_REMOVAL)
LAWS = {
    untag.Law.NONE: "No law, a kind request",
    untag.Law.GDPR: "GDPR (European Union)",
    untag.Law.UK: "UK GDPR",
    untag.Law.DSA: "Digital Services Act (European Union)",
    untag.Law.LGPD: "LGPD (Brazil)",
    untag.Law.CCPA: "CCPA (California; weak against what friends posted)",
}
LAWS_FOR_POSTERS = {
    untag.Law.NONE: "No law, a kind message",
    **{law: LAWS[law] for law in (untag.Law.GDPR, untag.Law.UK, untag.Law.LGPD)},
}
_ANSWERS = {
    StepKind.ASK_POSTER: (("asked", "I asked"), ("done", "It is gone already")),
    StepKind.REPORT: (("asked", "I sent the form"), ("done", "It is gone already")),
    StepKind.PROTECT: (("done", "Done"), ("asked", "I asked the site itself")),
}
_USUAL = (("done", "Done"),)
_LATER = (("skip", "Skip"), ("later", "Later"))
_HAPPENED = (
    ("done", "It is gone"),
    ("reminded", "I reminded them"),
    ("extended", "It takes longer"),
    ("refused", "They refused"),
)


@dataclass(frozen=True, slots=True)
class ActPhoto:
    """A photo of the checklist: where it is, what is known of it, and its next step, None where nothing is left."""

    id: str
    place: str
    absent: bool
    lines: tuple[str, ...]
    link: str | None
    state: str
    step: untag.PlannedStep | None
    step_words: str
    page: str | None
    answers: tuple[tuple[str, str], ...]
    alike: int


@dataclass(frozen=True, slots=True)
class ActGroup:
    """The photos of one poster on one platform."""

    key: str
    title: str
    open: int
    photos: tuple[ActPhoto, ...]


@acting.get("/act")
def act() -> str:
    """The checklist of what was decided, the riskiest poster first, and what is asked of whom."""
    plan = _plan()
    state = untag.PlanState
    tracked = home().requests()
    today = date.today()
    return render_template(
        "act.html",
        title="Act",
        groups=[_group(group) for group in plan.groups],
        finished=plan.count(state.FINISHED),
        waiting=plan.count(state.WAITING),
        left=plan.count(state.OPEN, state.LATER),
        requests=[
            {
                "id": one.request.id,
                "words": request_words(one),
                "links": one.request.links,
                "due": day_words(one.due_on.isoformat()),
                "is_due": one.is_due(today),
                "outcome": one.outcome,
                "happened": [told for told in _HAPPENED if told[0] != "extended" or not one.is_put_off],
            }
            for one in tracked
        ],
        laws={StepKind.REPORT: LAWS, StepKind.ASK_POSTER: LAWS_FOR_POSTERS},
    )


@acting.post("/act/answer")
def answer() -> Response:
    """What was said of the next step of one photo, or with `all` of the same step of all photos of its group."""
    told = said()
    step, given, law = (told.get(name) for name in ("step", "answer", "law"))
    group, photo = _planned(told)
    photos = [photo]
    if told.get("all") is True or given == "asked":
        # A request is one message, and one form: it is about all photos of the poster that are at this step.
        photos = [one for one in group.open_photos if one.next_step is not None and one.next_step.kind == step]
    cited = _law(law)
    message = "message" if cited is untag.Law.NONE else "letter"
    asked = untag.Asked(message if step == StepKind.ASK_POSTER else "form", cited, date.today())
    if not isinstance(step, str) or not isinstance(given, str):
        raise UsageError("say which step, and what came of it")
    home().answer(photos, step, given, asked=asked if given == "asked" else None)
    return jsonify(count=len(photos))


@acting.post("/act/undo")
def undo() -> Response:
    """The last answer is taken back, whichever it was."""
    return jsonify(count=home().undo_answer())


@acting.post("/act/happened")
def happened() -> Response:
    """What happened to a request."""
    told = said()
    number, event = told.get("request"), told.get("event")
    if not isinstance(number, str) or not isinstance(event, str):
        raise UsageError("say which request, and what happened")
    if event == "undo":
        return jsonify(undone=home().undo_request(number))
    home().note_request(number, event)
    return jsonify(noted=event)


@acting.get("/summary")
def summary() -> str:
    """Before, now and after what is decided is done; made to be printed."""
    from untag.reports.stats_text import KEEP_SOME

    found = home().stats()
    return render_template(
        "summary.html",
        title="Summary",
        found=found,
        keep_some=KEEP_SOME,
        today=day_words(date.today().isoformat()),
        tables=[
            ("By year", _bars(found.by_year, "no date")),
            ("By what they show", _bars(found.by_category, "")),
            ("By site", _bars(found.by_platform, "not online, as far as is known")),
            ("By who posted them", _bars(found.by_poster, "nobody named")),
        ],
    )


def _bars(counts: Mapping[str, int], nameless: str) -> list[tuple[str, int, int]]:
    """Names with their counts, and each as a share in percent of the largest."""
    most = max(counts.values(), default=1) or 1
    return [(name or nameless, count, round(100 * count / most)) for name, count in list(counts.items())[:20]]


def _plan() -> untag.Plan:
    return home().plan(home().findings(status=TO_ACT_ON))


def _planned(told: Mapping[str, Any]) -> tuple[untag.PlannedGroup, untag.PlannedPhoto]:
    for group in _plan().groups:
        for photo in group.photos:
            if photo.finding.sha256 == told.get("id") and photo.place == told.get("place"):
                return group, photo
    raise UsageError("This photo is not on the list any more. Load the page anew.")


def _law(value: object) -> untag.Law:
    if value is None:
        return untag.Law.NONE
    if value not in list(untag.Law):
        raise UsageError("there is no such law")
    return untag.Law(str(value))


def _group(group: untag.PlannedGroup) -> ActGroup:
    kinds = [one.next_step.kind for one in group.open_photos if one.next_step is not None]
    photos = tuple(_photo(photo, kinds) for photo in group.photos)
    return ActGroup(group.key, group_title(group), len(kinds), photos)


def _photo(photo: untag.PlannedPhoto, kinds: list[StepKind]) -> ActPhoto:
    step = photo.next_step
    return ActPhoto(
        id=photo.finding.sha256,
        place=photo.place,
        absent=photo.finding.absent,
        lines=tuple(photo_lines(photo))[:2],
        link=photo.link,
        state=str(photo.state),
        step=step,
        step_words="" if step is None else step_words(step),
        page=None if step is None else step.link or photo.link,
        answers=() if step is None else (*_ANSWERS.get(step.kind, _USUAL), *_LATER),
        alike=0 if step is None else kinds.count(step.kind),
    )
