"""untag act"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

import click

import untag
from untag.cli.app import Context
from untag.cli.browser import open_browser
from untag.cli.common import next_step, opened, say
from untag.cli.filters import Filters, filter_options
from untag.cli.terminal import ask_text, somebody_answers, tell, tell_json
from untag.support.words import counted

_WHO = {
    untag.StepKind.ASK_POSTER: "[d]one: I asked / [f]ormal: I sent the formal letter / it is [g]one already",
    untag.StepKind.REPORT: "[d]one: I sent it / it is [g]one already",
    untag.StepKind.PROTECT: "[d]one / I [a]sked the site itself",
}
_EVIDENCE = {
    untag.Evidence.STILL_THERE: "a download that was scanned since then still has it",
    untag.Evidence.GONE: "it is gone, by a complete download",
    untag.Evidence.COULD_NOT_TELL: "untag could not tell whether it is gone; open the page and look",
}
_SAID = {
    "done": "done",
    "d": "done",
    "skip": "skip",
    "s": "skip",
    "later": "later",
    "l": "later",
    "done all": "done all",
    "skip all": "skip all",
    "later all": "later all",
    "back": "back",
    "b": "back",
    "quit": "quit",
    "q": "quit",
}
_ASKED = {"done": "asked", "d": "asked", "done all": "asked", "ask": "asked", "a": "asked", "asked": "asked"}
_SAID_OF = {
    untag.StepKind.ASK_POSTER: {
        **_SAID,
        **_ASKED,
        "formal": "formal",
        "f": "formal",
        "gone": "done",
        "g": "done",
        "gone all": "done all",
    },
    untag.StepKind.REPORT: {**_SAID, **_ASKED, "gone": "done", "g": "done", "gone all": "done all"},
    untag.StepKind.PROTECT: {**_SAID, "ask": "asked", "a": "asked", "asked": "asked"},
}
"""To have asked is to have done such a step; the photo is gone only when the user says so."""
_LAWS = ("gdpr", "uk", "ccpa", "lgpd", "dsa", "none")
_LAWS_FOR_POSTERS = ("gdpr", "uk", "lgpd")
"""Those of which untag letters writes a formal letter to a private person."""
_HAPPENED = {
    "done": "done",
    "d": "done",
    "reminded": "reminded",
    "remind": "reminded",
    "r": "reminded",
    "extended": "extended",
    "x": "extended",
    "refused": "refused",
    "f": "refused",
    "later": "later",
    "l": "later",
    "quit": "quit",
    "q": "quit",
}


@click.command("act")
@click.option("--print", "on_paper", is_flag=True, help="Print the checklist instead of asking.")
@click.option(
    "--format",
    "style",
    type=click.Choice(["text", "md", "json"]),
    help="How to print it; asks nothing.  [default: text]",
)
@click.option("--no-browser", is_flag=True, help="Only print the pages, open none.")
@filter_options()
@click.pass_obj
def command(context: Context, on_paper: bool, style: str | None, no_browser: bool, filters: Filters) -> int:
    """Go through what to do about the photos, one step after the other, by platform and poster, the riskiest first.

    Each step says what to click, opens the page, and asks what came of it. Every answer is stored at once, so that you
    can stop and go on later. What you asked others for is watched: requests that are due come first.

    What asks for a removal comes before a tag: removing a tag does not remove the photo.

    \b
    Examples:
      untag act
      untag act --poster "Bob Miller" --no-browser
      untag act --print --format md > checklist.md
    """
    with opened(context) as home:
        findings = list(home.findings(filters.of(home)))
        if on_paper or style is not None:
            _print(home.plan(findings), home.requests(), style or "text")
            return 0
        if not somebody_answers():
            raise untag.UsageError(
                "the checklist asks questions, so it needs a terminal; print it with: untag act --print"
            )
        session = _Session(home, findings, browser=not no_browser)
        try:
            session.look_after_requests()
            session.go_through()
        except _Quit:
            pass
        say(f"{session.how_it_stands()}; go on with: {next_step(context, 'act')}")
    return 0


def _print(plan: untag.Plan, tracked: Sequence[untag.TrackedRequest], style: str) -> None:
    from untag.reports.plan_text import plan_markdown, plan_record, plan_text

    if style == "json":
        tell_json(plan_record(plan, tracked), indent=2)
        return
    if not plan.groups and not tracked:
        say("there is nothing to do; see what there is with: untag list")
    for line in (plan_markdown if style == "md" else plan_text)(plan, tracked):
        tell(line)


class _Quit(Exception):  # noqa: N818 - the user's wish, no error
    pass


class _Session:
    """One sitting: what was left for later in it, and which pages were opened."""

    def __init__(self, home: untag.Untag, findings: Iterable[untag.Finding], *, browser: bool) -> None:
        self._home = home
        self._findings = list(findings)
        self._browser = browser
        self._postponed: set[tuple[str, str]] = set()
        self._answered: list[list[tuple[str, str]]] = []
        self._opened: set[str] = set()
        self._shown: str | None = None

    def look_after_requests(self) -> None:
        """Asks what became of the requests that are due."""
        from untag.reports.plan_text import request_words

        for tracked in self._home.requests(due=True):
            tell("")
            tell(request_words(tracked))
            for link in tracked.request.links:
                tell(f"  {link}")
            say(_EVIDENCE[self._home.evidence(tracked)])
            said = _what_happened(tracked)
            if said != "later":
                self._home.note_request(tracked.request.id, said)
            if said in ("reminded", "refused"):
                say("untag letters writes a reminder and, where there is an authority, a complaint")

    def go_through(self) -> None:
        """Step by step, until nothing is open or the user quits."""
        while (turn := self._next()) is not None:
            group, photo, step = turn
            self._show(group, photo, step)
            self._take(group, photo, step, self._answer(step))

    def how_it_stands(self) -> str:
        """What is left, in words."""
        plan, state = self._home.plan(self._findings), untag.PlanState
        return (
            f"{plan.count(state.FINISHED)} finished, {plan.count(state.WAITING)} waiting for an answer,"
            f" {plan.count(state.OPEN, state.LATER)} open"
        )

    def _next(self) -> tuple[untag.PlannedGroup, untag.PlannedPhoto, untag.PlannedStep] | None:
        for group in self._home.plan(self._findings).groups:
            for photo in group.open_photos:
                if _key(photo) not in self._postponed and photo.next_step is not None:
                    return group, photo, photo.next_step
        return None

    def _show(self, group: untag.PlannedGroup, photo: untag.PlannedPhoto, step: untag.PlannedStep) -> None:
        from untag.reports.plan_text import group_title, photo_lines, step_words

        tell("")
        if self._shown != group.key:
            tell(group_title(group), mark="== ")
            self._shown = group.key
        for line in photo_lines(photo):
            tell(f"  {line}")
        for one in photo.steps:
            if one.kind is step.kind:
                tell(step_words(one), mark="-> ")
                if one.link is not None and one.link != photo.link:
                    tell(f"   {one.link}")
        if step.kind is untag.StepKind.ASK_POSTER:
            say(f"untag letters --output DIR writes one message about {_all_of(group, step.kind)}")
        self._open(step.link or photo.link)

    def _open(self, link: str | None) -> None:
        """Opens a page once in a sitting: the same activity log need not come up for every photo."""
        if link is not None and self._browser and link not in self._opened:
            self._opened.add(link)
            if not open_browser(link):
                self._browser = False
                say("no browser could be opened here: open the pages yourself")

    def _answer(self, step: untag.PlannedStep) -> str:
        question = f"{_WHO.get(step.kind, '[d]one')} / [s]kip / [l]ater / [b]ack / [q]uit (with all: for this poster)"
        return _choose(question, _SAID_OF.get(step.kind, _SAID))

    def _take(self, group: untag.PlannedGroup, photo: untag.PlannedPhoto, step: untag.PlannedStep, said: str) -> None:
        if said == "back":
            self._go_back()
            return
        alike = [one for one in group.open_photos if one.next_step is not None and one.next_step.kind is step.kind]
        # A request is about all photos of the poster: one message, and one form.
        photos = alike if said.endswith(" all") or said in ("asked", "formal") else [photo]
        asked = _how(step, formal=said == "formal") if said in ("asked", "formal") else None
        answer = "asked" if said == "formal" else said.removesuffix(" all")
        self._home.answer(photos, step.kind, answer, asked=asked)
        self._answered.append([_key(one) for one in photos])
        if answer == "later":
            self._postponed.update(self._answered[-1])
        if len(photos) > 1:
            say(f"recorded for {counted(len(photos), 'photo')}")

    def _go_back(self) -> None:
        if not self._answered:
            say("this is the first one of this sitting; older answers are taken back with: untag decide ID --undo")
            return
        self._postponed.difference_update(self._answered.pop())
        self._home.undo_answer()
        self._shown = None


def _key(photo: untag.PlannedPhoto) -> tuple[str, str]:
    return photo.contents[0], photo.place


def _how(step: untag.PlannedStep, *, formal: bool) -> untag.Asked:
    if formal:
        return untag.Asked("letter", _law(_LAWS_FOR_POSTERS), date.today())
    if step.kind is not untag.StepKind.REPORT:
        return untag.Asked("message" if step.kind is untag.StepKind.ASK_POSTER else "form")
    return untag.Asked("form", _law(_LAWS, unsaid="none"), date.today())


def _law(laws: Sequence[str], *, unsaid: str | None = None) -> untag.Law:
    words = {law: law for law in laws} | ({} if unsaid is None else {"": unsaid})
    return untag.Law(_choose(f"Which law did you cite: {', '.join(laws)}?", words))


def _what_happened(tracked: untag.TrackedRequest) -> str:
    longer = "" if tracked.is_put_off else "it takes longer: e[x]tended / "
    words = {word: event for word, event in _HAPPENED.items() if longer or event != "extended"}
    return _choose(f"It is [g]one / [r]eminded / {longer}re[f]used / [l]ater / [q]uit", words)


def _all_of(group: untag.PlannedGroup, kind: untag.StepKind) -> str:
    count = sum(one.next_step is not None and one.next_step.kind is kind for one in group.open_photos)
    return counted(count, "photo")


def _choose(question: str, words: dict[str, str]) -> str:
    """One of the answers, asked for until it is one; quitting ends the sitting."""
    while True:
        said = " ".join(ask_text(question).casefold().split())
        if said in words:
            if words[said] == "quit":
                raise _Quit
            return words[said]
        say(f"please answer with one of: {', '.join(word for word in words if len(word) > 1)}")
