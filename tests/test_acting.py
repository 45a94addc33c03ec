"""Answers, requests and decisions, as the library records them and takes them back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

import untag
from made_up_findings import finding, origin
from store_samples import reference
from untag.actions.plan import PlannedPhoto
from untag.library.actions import Actions
from untag.store import PhotoRecord, Store, add_names, add_reference, last_decision, record_batch
from untag.types import Finding, Outcome, PhotoRef, Status


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[untag.Untag]:
    """A home in which somebody is enrolled, and findings that are made up."""
    with Store.open(tmp_path / "home") as store:
        add_reference(store, reference("me"))
        add_names(store, "me", ["Ana Doe"])
    found = [finding(1), finding(2, origin(2), origin(7, poster="Carl")), finding(3, origin(3, poster="Ana Doe"))]
    with untag.open(tmp_path / "home") as client:

        def findings(*_: object, **__: object) -> Iterator[Finding]:
            return iter(found)

        monkeypatch.setattr(Actions, "findings", findings)
        yield client


def photo(home: untag.Untag, number: int, poster: str = "Bea Moor") -> PlannedPhoto:
    (found,) = [
        one for one in home.plan().photos if one.finding.path == f"/photos/{number}.jpg" and one.origin.poster == poster
    ]
    return found


def decided(home: untag.Untag, number: int, poster: str = "Bea Moor") -> Status | None:
    return last_decision(home._opened(), photo(home, number, poster).contents[0])


def test_asking_a_poster_begins_a_request_and_decides(home: untag.Untag) -> None:
    asked = untag.Asked("email", untag.Law.GDPR, date(2026, 1, 31))
    both = [photo(home, 1), photo(home, 2)]
    assert (request := home.answer(both, "ask-poster", "asked", asked=asked)) is not None
    (tracked,) = home.requests()
    assert (tracked.request.id, tracked.request.name, tracked.due_on) == (request, "Bea Moor", date(2026, 2, 28))
    assert (tracked.request.channel, len(tracked.request.photos), len(tracked.request.links)) == ("email", 2, 2)
    assert decided(home, 1) is Status.REQUEST_REMOVAL
    assert home.undo_answer() == 2
    assert home.requests() == []
    assert decided(home, 1) is None


def test_a_photo_is_done_once_every_place_is(home: untag.Untag) -> None:
    home.answer(photo(home, 2), "ask-poster", "done")
    assert decided(home, 2) is None
    home.answer(photo(home, 2, "Carl"), "report", "done")
    assert decided(home, 2) is Status.DONE
    assert home.undo_answer() == 1
    assert decided(home, 2) is None


def test_an_own_post_that_was_deleted_is_done(home: untag.Untag) -> None:
    home.answer(photo(home, 3, "Ana Doe"), "delete", "done")
    assert decided(home, 3, "Ana Doe") is Status.DONE


def test_who_skips_everything_has_done_nothing(home: untag.Untag) -> None:
    for step in ("delete", "limit-audience"):
        home.answer(photo(home, 3, "Ana Doe"), step, "skip")
    assert photo(home, 3, "Ana Doe").state is untag.PlanState.FINISHED
    assert decided(home, 3, "Ana Doe") is None


def test_a_request_that_was_done_finishes_its_photos_and_can_be_taken_back(home: untag.Untag) -> None:
    request = home.answer(photo(home, 1), "ask-poster", "asked")
    assert request is not None
    home.note_request(request, "reminded", on=date(2026, 2, 1))
    home.note_request(request, "done")
    assert decided(home, 1) is Status.DONE
    assert photo(home, 1).state is untag.PlanState.FINISHED
    assert home.undo_request(request) == "done"
    assert decided(home, 1) is Status.REQUEST_REMOVAL
    assert photo(home, 1).state is untag.PlanState.WAITING
    assert [home.undo_request(request) for _ in range(3)] == ["reminded", "requested", None]
    assert decided(home, 1) is None
    assert home.requests() == []


def test_a_decision_made_since_is_not_taken_back(home: untag.Untag) -> None:
    home.answer(photo(home, 1), "ask-poster", "asked")
    from untag.store import record_decision

    record_decision(home._opened(), photo(home, 1).contents[0], Status.UNTAG)
    home.undo_answer()
    assert decided(home, 1) is Status.UNTAG


def test_taking_longer_puts_the_day_off(home: untag.Untag) -> None:
    asked = untag.Asked("form", untag.Law.GDPR, date(2020, 1, 31))
    request = home.answer(photo(home, 1), "report", "asked", asked=asked)
    assert request is not None
    assert [one.request.id for one in home.requests(due=True)] == [request]
    home.note_request(request, "extended", on=date(2020, 2, 3))
    assert home.requests()[0].due_on == date(2020, 4, 30)
    with pytest.raises(untag.UsageError, match=r"may be put off once.*2020-04-30"):
        home.note_request(request, "extended", on=date(2020, 4, 3))
    assert home.requests()[0].due_on == date(2020, 4, 30)
    assert home.undo_request(request) == "extended"
    home.note_request(request, "extended", on=date(2020, 2, 4))
    home.note_request(request, "refused")
    assert home.requests(due=True) == []
    assert home.requests()[0].outcome is untag.RequestOutcome.REFUSED


@pytest.mark.parametrize(
    ("step", "answer", "reason"),
    [
        ("remove-tag", "asked", "nobody is asked in the step remove-tag"),
        ("delete", "done", "has no step delete"),
        ("untag", "done", "there is no stepkind 'untag'"),
        ("report", "perhaps", "there is no answer 'perhaps'"),
    ],
)
def test_an_answer_that_there_is_not(home: untag.Untag, step: str, answer: str, reason: str) -> None:
    with pytest.raises(untag.UsageError, match=reason):
        home.answer(photo(home, 1), step, answer)


def test_an_answer_is_about_one_poster(home: untag.Untag) -> None:
    with pytest.raises(untag.UsageError, match="one poster"):
        home.answer([photo(home, 1), photo(home, 2, "Carl")], "ask-poster", "asked")
    with pytest.raises(untag.UsageError, match="at least one photo"):
        home.answer([], "ask-poster", "asked")


def test_what_later_downloads_say(home: untag.Untag) -> None:
    request = home.answer(photo(home, 1), "ask-poster", "asked")
    assert request is not None
    (tracked,) = home.requests()
    store = home._opened()

    def meet(path: str, link: str, started_at: str) -> None:
        run = store.insert("runs", {"started_at": started_at, "paths": "[]"})
        there = PhotoRef(path, "facebook", 1, 1, origin(1, permalink=link))
        record_batch(store, run, [PhotoRecord(there, None, Outcome.BROKEN)])

    assert home.evidence(tracked) is untag.Evidence.COULD_NOT_TELL
    assert home.evidence(tracked, complete=True) is untag.Evidence.GONE
    meet("/old/1.jpg", "https://www.facebook.com/photo/?fbid=1001", "2020-01-01T00:00:00+00:00")
    meet("/new/2.jpg", "https://www.facebook.com/photo/?fbid=1002", "2099-01-01T00:00:00+00:00")
    assert home.evidence(tracked) is untag.Evidence.COULD_NOT_TELL, "from before, or another photo"
    meet("/new/1.jpg", "https://www.facebook.com/photo.php?fbid=1001&set=a.7", "2099-01-01T00:00:00+00:00")
    assert home.evidence(tracked) is home.evidence(tracked, complete=True) is untag.Evidence.STILL_THERE


def test_a_request_that_there_is_not(home: untag.Untag) -> None:
    with pytest.raises(untag.UsageError, match="there is no request 12"):
        home.note_request("12", "done")
    assert home.undo_answer() == 0


def test_who_is_forgotten_leaves_no_request(home: untag.Untag) -> None:
    home.answer(photo(home, 1), "ask-poster", "asked")
    home.forget("me")
    store = home._opened()
    assert [store.count(table) for table in ("requests", "request_events", "step_answers")] == [0, 0, 0]
