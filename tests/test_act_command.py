"""`untag act` and `untag letters` at the terminal: a whole sitting, answers stored at once, paper, and no terminal."""

from __future__ import annotations

import io
import json
import re
import shlex
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from fakes import ME, Result, Untag, paint
from made_up_findings import finding, origin
from untag.actions.law import Law, due_on
from untag.library.client import Untag as Library
from untag.store import (
    Event,
    Recipient,
    Request,
    RequestEvent,
    Store,
    last_decision,
    record_decision,
    record_event,
    record_request,
    request_events,
    requests,
    step_answers,
    undo_request_event,
)
from untag.types import Finding, Status, Verdict

Answering = Callable[..., Result]


@pytest.fixture
def found(untag: Untag, monkeypatch: pytest.MonkeyPatch) -> list[Finding]:
    """What the list holds; the statuses are those that are on record."""
    untag.enroll()
    assert untag.run("enroll", untag.root / "enrol-me", "--person", "me", "--called", "Ana Doe", "--yes").status == 0
    listed: list[Finding] = []

    def findings(self: Library, wanted: Any = None, **_: Any) -> Iterator[Finding]:
        store = self._opened()
        for one in listed:
            now = replace(one, status=last_decision(store, one.sha256) or one.status)
            if wanted is None or wanted.statuses is None or now.status in wanted.statuses:
                yield now

    monkeypatch.setattr(Library, "findings", findings)
    return listed


@pytest.fixture
def answering(untag: Untag, monkeypatch: pytest.MonkeyPatch) -> Answering:
    """Runs `untag act` at a terminal at which these answers are typed; then it is closed."""

    def run(*answers: str, command: tuple[str, ...] = ("act", "--no-browser")) -> Result:
        monkeypatch.setattr(f"untag.cli.{command[0]}.somebody_answers", lambda: True)
        monkeypatch.setattr("sys.stdin", io.StringIO("".join(f"{answer}\n" for answer in answers)))
        return untag.run(*command)

    return run


def status_of(untag: Untag, one: Finding) -> Status | None:
    with Store.open(untag.home) as store:
        return last_decision(store, one.sha256)


def test_a_sitting(untag: Untag, found: list[Finding], answering: Answering) -> None:
    found += [finding(1, risk=80), finding(2, risk=70), finding(3, origin(3, poster="Ana Doe"), risk=60)]
    first = answering("ask", "done", "done", "quit")
    assert first.status == 0
    assert "posted by Bea Moor: 2 photos, risk up to 80" in first.out
    assert "alcohol 90 %" in first.out and "not verified" in first.out
    assert "https://www.facebook.com/photo/?fbid=1001" in first.out
    assert "recorded for 2 photos" in first.err
    assert "If asking does not help" not in first.out and "2 waiting for an answer, 1 open" in first.err
    with Store.open(untag.home) as store:
        (request,) = requests(store)
        assert (request.name, len(request.photos), request.law) == ("Bea Moor", 2, "none")
        answers = [(one.step, str(one.answer)) for one in step_answers(store) if one.sha256 == found[0].sha256]
    assert answers == [("ask-poster", "asked"), ("remove-tag", "done"), ("hide", "done")]
    assert status_of(untag, found[0]) is Status.REQUEST_REMOVAL

    second = answering("done", "skip", "done", "quit")
    assert "fbid=1002" in second.out and "fbid=1001" not in second.out, "it goes on where it ended"
    assert status_of(untag, found[2]) is Status.DONE, "the own post was deleted"
    assert "1 finished, 2 waiting for an answer, 0 open" in second.err


def test_every_answer_is_stored_before_the_next_question(
    untag: Untag, found: list[Finding], answering: Answering
) -> None:
    found += [finding(1)]
    result = answering("skip")
    assert result.status == 130, "the terminal was closed"
    with Store.open(untag.home) as store:
        assert [one.step for one in step_answers(store)] == ["ask-poster"]


def test_back_takes_the_last_answer_back(untag: Untag, found: list[Finding], answering: Answering) -> None:
    found += [finding(1)]
    result = answering("back", "ask", "back", "quit")
    assert "the first one of this sitting" in result.err
    with Store.open(untag.home) as store:
        assert list(requests(store)) == [] and list(step_answers(store)) == []
    assert status_of(untag, found[0]) is None


def test_later_is_not_asked_again_in_the_same_sitting_but_in_the_next(
    found: list[Finding], answering: Answering
) -> None:
    found += [finding(1, risk=80), finding(2, risk=20)]
    result = answering("later", "later")
    assert result.status == 0
    assert result.out.count("fbid=1001") == result.out.count("fbid=1002") == 1
    assert "0 waiting for an answer, 2 open" in result.err
    assert "fbid=1001" in answering("quit").out


def test_all_is_for_the_photos_of_one_poster(untag: Untag, found: list[Finding], answering: Answering) -> None:
    found += [finding(1, risk=80), finding(2), finding(3, origin(3, poster="Carl"), risk=5)]
    answering("skip all", "gone all", "quit")
    assert [status_of(untag, one) for one in found] == [Status.DONE, Status.DONE, None]


def test_to_have_asked_is_not_to_be_gone(untag: Untag, found: list[Finding], answering: Answering) -> None:
    found += [finding(1)]
    answering("done", "quit")
    with Store.open(untag.home) as store:
        store.execute("UPDATE requests SET due_on = ?", ((date.today() - timedelta(days=1)).isoformat(),))
    assert "If asking does not help" in answering("later", "done", "none", "quit").out
    assert status_of(untag, found[0]) is Status.REQUEST_REMOVAL
    with Store.open(untag.home) as store:
        assert [str(one.recipient) for one in requests(store)] == ["poster", "platform"]


def test_a_wrong_answer_is_asked_for_again(found: list[Finding], answering: Answering) -> None:
    found += [finding(1)]
    result = answering("perhaps", "", "Q")
    assert result.err.count("please answer with one of: ") == 2


def test_a_request_to_a_platform_is_due_by_its_law(untag: Untag, found: list[Finding], answering: Answering) -> None:
    found += [finding(1)]
    answering("skip", "ask", "gdpr", "quit")
    with Store.open(untag.home) as store:
        (request,) = requests(store)
    asked = date.fromisoformat(request.requested_on)
    assert (request.law, request.due_on) == ("gdpr", due_on(Law.GDPR, asked).isoformat())


@pytest.mark.parametrize("law", ["gdpr", "uk", "lgpd"])
def test_a_formal_letter_to_a_poster_is_due_by_its_law(
    untag: Untag, found: list[Finding], answering: Answering, law: str
) -> None:
    found += [finding(1), finding(2)]
    refused = answering("formal", "dsa", law, "quit")
    assert "please answer with one of: " in refused.err, "the DSA is for platforms"
    with Store.open(untag.home) as store:
        (request,) = requests(store)
    due = due_on(Law(law), date.fromisoformat(request.requested_on)).isoformat()
    assert (request.recipient, request.channel, request.law, request.due_on) == ("poster", "letter", law, due)
    assert len(request.photos) == 2 and status_of(untag, found[0]) is Status.REQUEST_REMOVAL


def test_what_is_due_is_asked_about_first(untag: Untag, found: list[Finding], answering: Answering) -> None:
    found += [finding(1)]
    answering("ask", "quit")
    with Store.open(untag.home) as store:
        store.execute("UPDATE requests SET due_on = ?", ((date.today() - timedelta(days=1)).isoformat(),))
    reminded = answering("remind", "quit")
    assert "Bea Moor (Facebook): asked on" in reminded.out
    assert reminded.out.index("asked on") < reminded.out.index("== Facebook")
    done = answering("done", "quit")
    assert "reminded on" in done.out
    with Store.open(untag.home) as store:
        assert [str(one.event) for one in request_events(store)] == ["reminded", "done"]
    assert status_of(untag, found[0]) is Status.DONE
    assert "asked on" not in answering().out


def test_an_answer_is_put_off_once(untag: Untag, found: list[Finding], answering: Answering) -> None:
    found += [finding(1)]
    answering("ask", "quit")
    with Store.open(untag.home) as store:
        store.execute("UPDATE requests SET requested_on = '2020-01-31', due_on = '2020-02-14'")
    assert "takes longer" in answering("extended", "quit").err
    again = answering("extended", "x", "later", "quit")
    assert again.err.count("please answer with one of: ") == 2 and "takes longer" not in again.err
    with Store.open(untag.home) as store:
        assert [one.due_on for one in request_events(store)] == ["2020-02-28"]


def test_pages_are_opened_once(
    untag: Untag, found: list[Finding], answering: Answering, monkeypatch: pytest.MonkeyPatch
) -> None:
    found += [finding(1), finding(2)]
    opened: list[str] = []

    def open_browser(link: str) -> bool:
        opened.append(link)
        return True

    monkeypatch.setattr("untag.cli.act.open_browser", open_browser)
    answering("skip all", "skip all", "quit", command=("act",))
    assert opened == [
        "https://www.facebook.com/photo/?fbid=1001",
        "https://www.facebook.com/help/428478523862899",
    ]
    answering("quit")
    assert len(opened) == 2, "--no-browser opens none"


def test_without_a_screen_it_says_so_once(
    found: list[Finding], answering: Answering, monkeypatch: pytest.MonkeyPatch
) -> None:
    found += [finding(1), finding(2)]
    monkeypatch.setattr("untag.cli.act.open_browser", lambda _: False)
    assert answering("skip", "skip", "quit", command=("act",)).err.count("no browser could be opened") == 1


def test_without_a_terminal_it_points_to_paper(untag: Untag, found: list[Finding]) -> None:
    found += [finding(1)]
    result = untag.run("act")
    assert result.status == 2
    assert "untag act --print" in result.err


def test_paper(untag: Untag, found: list[Finding], answering: Answering) -> None:
    found += [finding(1), finding(2, origin(2, poster="C*rl", caption="[a](javascript:x) <b>"))]
    text = untag.run("act", "--print").out
    assert text.index("Ask the person") < text.index("Remove tag") < text.index("[ ]")
    markdown = untag.run("act", "--format", "md").out
    assert "- [ ] " in markdown and r"C\*rl" in markdown and r"\[a\](javascript:x) \<b\>" in markdown
    answering("ask", "quit")
    as_json = json.loads(untag.run("act", "--format", "json").out)
    assert [group["poster"] for group in as_json["groups"]] == ["Bea Moor", "C*rl"]
    assert as_json["requests"][0]["name"] == "Bea Moor"
    assert as_json["groups"][0]["photos"][0]["steps"][0]["answer"] == "asked"


def test_nothing_to_do(untag: Untag, found: list[Finding], answering: Answering) -> None:
    assert "nothing to do" in untag.run("act", "--print").err
    assert "0 open" in answering().err


def test_letters_are_written_and_nothing_is_remembered(untag: Untag, found: list[Finding]) -> None:
    found += [finding(1, status=Status.REQUEST_REMOVAL), finding(2)]
    out = untag.root / "letters"
    result = untag.run("letters", "--output", out)
    assert result.status == 0, result.err
    assert "message-facebook-bea-moor" in result.out
    assert "begin with README.txt" in result.err and "nothing was sent" in result.err
    (message,) = out.glob("message-*")
    assert "fbid=1001" in message.read_text() and "fbid=1002" not in message.read_text()
    assert "[your name]" in message.read_text()
    again = untag.run("letters", "--output", out, "--name", "Ana")
    assert message.read_text().endswith("Ana\n"), again.err
    assert "already" in again.err
    with Store.open(untag.home) as store:
        assert store.count("sender") == 0


@pytest.mark.parametrize(
    ("change", "arguments"),
    [({"categories": {"nudity": 0.9}}, ()), ({"categories": {"swimwear": 0.9}}, ("--born", "2005-01-01"))],
    ids=["rescan", "birthday"],
)
@pytest.mark.parametrize("status", [Status.REQUEST_REMOVAL, Status.DONE])
def test_a_friend_is_reminded_until_the_photo_counts_as_intimate(
    untag: Untag,
    found: list[Finding],
    answering: Answering,
    change: dict[str, Any],
    arguments: tuple[str, ...],
    status: Status,
) -> None:
    found += [finding(1), finding(2, origin(2, poster="Carl"), status=Status.UNTAG)]
    answering("ask", "quit")
    with Store.open(untag.home) as store:
        store.execute("UPDATE requests SET due_on = ?", ((date.today() - timedelta(days=1)).isoformat(),))
    assert "reminder-" in untag.run("letters", "--output", untag.root / "before").out
    found[0] = replace(found[0], **change)
    with Store.open(untag.home) as store:
        record_decision(store, found[0].sha256, status)
    after = untag.run("letters", "--output", untag.root / "after", *arguments)
    assert after.status == 0 and "reminder-" not in after.out, after.err
    assert "intimate by now" in (untag.root / "after" / "README.txt").read_text()


def test_who_writes_is_remembered_on_demand_alone(untag: Untag, found: list[Finding]) -> None:
    found += [finding(1, status=Status.UNTAG)]
    untag.run("letters", "--output", untag.root / "a", "--name", "Ana Quuxford", "--remember")
    untag.run("letters", "--output", untag.root / "b")
    (message,) = (untag.root / "b").glob("message-*")
    assert message.read_text().endswith("Ana Quuxford\n")
    forgotten = untag.run("forget", "--all", "--yes")
    assert "nothing of it is left" in forgotten.err
    assert str(untag.root / "a") in forgotten.err, "it names what it wrote elsewhere"


def test_a_remembered_birthday_counts_wherever_it_is_planned(untag: Untag, found: list[Finding]) -> None:
    found += [finding(1, categories={"swimwear": 0.9}, status=Status.UNTAG)]
    assert "takeitdown" not in untag.run("act", "--print").out
    untag.run("letters", "--output", untag.root / "a", "--born", "2005-01-01", "--remember")
    assert "takeitdown" in untag.run("act", "--print").out


def test_near_duplicates_of_another_verdict_are_intimate_too(
    untag: Untag, found: list[Finding], monkeypatch: pytest.MonkeyPatch
) -> None:
    nude = finding(1, categories={"nudity": 0.9}, verdict=Verdict.MAYBE, status=Status.KEEP)
    found += [replace(one, picture=one.sha256) for one in (nude, finding(2))]
    assert "takeitdown" not in untag.run("act", "--print").out
    lesser, best = found[1].sha256, found[0].sha256
    monkeypatch.setattr("untag.store.pictures_of", lambda _, asked: {lesser: best} if {lesser, best} == asked else {})
    assert "takeitdown" in untag.run("act", "--print").out


def test_at_a_terminal_it_asks_for_what_the_law_needs(untag: Untag, found: list[Finding], answering: Answering) -> None:
    found += [finding(1, status=Status.UNTAG)]
    out = str(untag.root / "out")
    result = answering("Ana Doe", "ana@example.org", "", command=("letters", "--law", "gdpr", "--output", out))
    assert result.status == 0, result.err
    (form,) = Path(out).glob("form-facebook-gdpr-image*")
    assert "Ana Doe" in form.read_text() and "[your country]" in form.read_text()


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--lang", "xx"), "there are no texts in 'xx'"),
        (("--email", "nobody"), "is no email address"),
        (("--born", "1990"), "is no birthday"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_written(
    untag: Untag, found: list[Finding], arguments: tuple[str, ...], reason: str
) -> None:
    result = untag.run("letters", "--output", untag.root / "out", *arguments)
    assert (result.status, reason in result.err) == (2, True), result.err
    assert not (untag.root / "out").exists()


def test_letters_about_nothing_say_what_to_do_first(untag: Untag, found: list[Finding]) -> None:
    found += [finding(1)]
    result = untag.run("letters", "--output", untag.root / "out")
    assert result.status == 2
    assert "untag decide" in result.err
    assert not (untag.root / "out").exists()


def test_a_nightly_scan_tells_of_what_is_due(untag: Untag, found: list[Finding], answering: Answering) -> None:
    untag.add("a.png", paint(ME, serial=1))
    found += [finding(1)]
    answering("ask", "quit")
    assert "due for an answer" not in untag.run("scan", untag.photos, "--quiet").out
    with Store.open(untag.home) as store:
        store.execute("UPDATE requests SET due_on = ?", (date.today().isoformat(),))
    assert "1 request is due for an answer: untag act" in untag.run("scan", untag.photos, "--quiet").out
    assert json.loads(untag.run("scan", untag.photos, "--json").out)["due_requests"] == 1


def test_statistics_count_requests(untag: Untag, found: list[Finding], answering: Answering) -> None:
    found += [finding(1), finding(2, origin(2, poster="Carl"))]
    assert "asked " not in untag.run("stats").out
    answering("done", "skip", "skip", "done", "quit")
    with Store.open(untag.home) as store:
        first, second = requests(store)
        store.execute("UPDATE requests SET due_on = ? WHERE request = ?", (date.today().isoformat(), first.id))
        record_event(store, RequestEvent(second.id, Event.REFUSED, first.requested_on, None, None, first.recorded_at))
    counts = json.loads(untag.run("stats", "--format", "json").out)["requests"]
    assert counts == {"open": 1, "due": 1, "done": 0, "refused": 1}
    assert "2 requests: 1 open, 1 of them due, 0 done, 1 refused" in untag.run("stats").out


def test_the_list_narrows_to_what_is_due(untag: Untag) -> None:
    untag.enroll()
    untag.add("a.png", paint(ME, serial=1, alcohol=0.9))
    untag.add("b.png", paint(ME, serial=2, alcohol=0.9))
    untag.scan()
    first = next(one for one in untag.listed() if str(one["path"]).endswith("a.png"))
    today, tomorrow = date.today().isoformat(), (date.today() + timedelta(days=1)).isoformat()
    request = Request(
        "r1", Recipient.POSTER, "Bea", "facebook", "me", "message", "none", today, tomorrow,
        (str(first["sha256"]),), (), f"{today}T00:00:00+00:00",
    )  # fmt: skip

    def due() -> list[str]:
        return [Path(str(one["path"])).name for one in untag.listed("--due")]

    def happens(event: Event, new_day: str | None) -> None:
        with Store.open(untag.home) as store:
            at = f"{today}T0{store.count('request_events')}:00:00+00:00"
            record_event(store, RequestEvent("r1", event, today, new_day, None, at))

    with Store.open(untag.home) as store:
        record_request(store, request)
    assert due() == []
    with Store.open(untag.home) as store:
        store.execute("UPDATE requests SET due_on = ?", (today,))
    assert due() == ["a.png"]
    happens(Event.REMINDED, None)
    assert due() == ["a.png"]
    happens(Event.EXTENDED, tomorrow)
    assert due() == []
    happens(Event.EXTENDED, today)
    assert due() == ["a.png"]
    happens(Event.REFUSED, None)
    assert due() == []
    with Store.open(untag.home) as store:
        undo_request_event(store, "r1")
    assert due() == ["a.png"]
    with Store.open(untag.home) as store:
        store.execute("UPDATE requests SET undone_at = ?", (today,))
    assert due() == []


def printed_command(untag: Untag, said: str) -> list[str]:
    """The one command to run next that the last one has printed, without the name of the program."""
    (line,) = [line for line in said.splitlines() if re.search(r": untag --home \S+ (decide|letters)\b", line)]
    words = shlex.split(line.partition(": untag ")[2])
    assert words[:2] == ["--home", str(untag.home)]
    return words[2:]


def test_the_list_proposes_the_first_photo_that_is_not_decided(untag: Untag, monkeypatch: pytest.MonkeyPatch) -> None:
    untag.enroll()
    for number in (1, 2):
        untag.add(f"{number}.png", paint(ME, serial=number, alcohol=0.9))
    untag.scan()
    monkeypatch.setattr("untag.cli.list.somebody_reads", lambda: True)
    first, second = untag.listed()
    untag.run("decide", str(first["id"]), "--status", "untag")
    untag.run("decide", str(second["id"]), "--status", "is-me")
    assert printed_command(untag, untag.run("list").err) == ["decide", str(second["id"]), "--status", "untag"]


def test_from_the_list_to_texts_in_a_folder_in_two_commands_each_printed_by_the_one_before(
    untag: Untag, monkeypatch: pytest.MonkeyPatch
) -> None:
    untag.enroll()
    post = {"category": "facebook", "subcategory": "set", "username": "Bea Moor", "id": "1001", "extension": "png"}
    untag.add("gallery-dl/facebook/Bea Moor/1001.png", paint(ME, serial=1, alcohol=0.9))
    untag.add("gallery-dl/facebook/Bea Moor/1001.png.json", json.dumps(post).encode())
    untag.scan()
    monkeypatch.chdir(untag.root)
    monkeypatch.setattr("untag.cli.list.somebody_reads", lambda: True)
    listed = untag.run("list")
    decided = untag.run(*printed_command(untag, listed.err))
    assert "recorded 1 decision" in decided.err
    then = untag.run("list").err
    assert "untag --home" in then and then.rstrip().endswith(" act") and "decide" not in then.replace("decided", "")
    written = untag.run(*printed_command(untag, decided.err))
    assert written.status == 0, written.err
    (message,) = untag.root.glob("letters/message-facebook-bea-moor-*")
    assert "fbid=1001" in message.read_text()
    assert "untag --home" in written.err and written.err.rstrip().endswith(" act")
