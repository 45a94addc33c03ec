"""When an answer is due, and how a request stands after what happened."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from untag.actions.law import CHOICES, DEADLINES, Law, add_months, due_on
from untag.actions.tracking import Evidence, Outcome, is_it_gone, put_off, track
from untag.store import Event, Recipient, Request, RequestEvent

AT = "2026-01-31T23:30:00+00:00"


def request(number: int = 1, law: Law = Law.GDPR, day: date = date(2026, 1, 31)) -> Request:
    due = due_on(law, day).isoformat()
    return Request(
        f"r{number}", Recipient.PLATFORM, None, "facebook", "me", "form", law, day.isoformat(), due, ("s1",), (), AT
    )


def happened(event: Event, day: str, due: str | None = None, number: int = 1) -> RequestEvent:
    return RequestEvent(f"r{number}", event, day, due, None, AT)


@pytest.mark.parametrize(
    ("law", "asked", "due"),
    [
        (Law.GDPR, date(2026, 1, 31), date(2026, 2, 28)),
        (Law.GDPR, date(2028, 1, 31), date(2028, 2, 29)),
        (Law.GDPR, date(2028, 2, 29), date(2028, 3, 29)),
        (Law.GDPR, date(2026, 3, 31), date(2026, 4, 30)),
        (Law.GDPR, date(2026, 12, 31), date(2027, 1, 31)),
        (Law.UK, date(2026, 8, 31), date(2026, 9, 30)),
        (Law.CCPA, date(2026, 1, 31), date(2026, 3, 17)),
        (Law.CCPA, date(2028, 1, 31), date(2028, 3, 16)),
        (Law.TAKE_IT_DOWN, date(2026, 12, 30), date(2027, 1, 1)),
        (Law.NONE, date(2026, 12, 20), date(2027, 1, 3)),
    ],
)
def test_a_month_ends_where_it_ends(law: Law, asked: date, due: date) -> None:
    assert due_on(law, asked) == due


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.integers(0, 30))
def test_months_are_added_within_the_month(day: date, months: int) -> None:
    later = add_months(day, months)
    assert (later.year * 12 + later.month) - (day.year * 12 + day.month) == months
    assert later.day == day.day or (later.day < day.day and (later.replace(day=28) <= later))


def test_every_law_has_a_time() -> None:
    assert set(DEADLINES) == set(Law)
    assert set(CHOICES) == set(Law) - {Law.TAKE_IT_DOWN}


def test_it_is_due_on_its_last_day_and_overdue_after_it() -> None:
    (tracked,) = track([request()], [])
    assert [tracked.is_due(date(2026, 2, day)) for day in (27, 28)] == [False, True]
    assert [tracked.is_overdue(day) for day in (date(2026, 2, 28), date(2026, 3, 1))] == [False, True]


def test_what_happened_tells_how_it_stands() -> None:
    events = [happened(Event.REMINDED, "2026-03-01"), happened(Event.REFUSED, "2026-03-05")]
    (tracked,) = track([request()], events)
    assert (tracked.outcome, tracked.reminded_on) == (Outcome.REFUSED, date(2026, 3, 1))
    assert not tracked.is_due(date(2030, 1, 1))
    (tracked,) = track([request()], [*events, happened(Event.DONE, "2026-03-09")])
    assert tracked.outcome is Outcome.DONE


def test_two_more_months_when_told() -> None:
    (tracked,) = track([request()], [])
    later = put_off(tracked)
    assert later == date(2026, 4, 30), "counted from the request, not from the last day of February"
    (tracked,) = track([request()], [happened(Event.EXTENDED, "2026-02-10", later.isoformat())])
    assert tracked.due_on == later
    assert not tracked.is_due(date(2026, 3, 1))


@pytest.mark.parametrize(
    ("law", "asked", "due"),
    [
        (Law.GDPR, date(2026, 11, 30), date(2027, 2, 28)),
        (Law.UK, date(2025, 12, 31), date(2026, 3, 31)),
        (Law.CCPA, date(2026, 1, 31), date(2026, 5, 1)),
        (Law.LGPD, date(2026, 1, 31), date(2026, 3, 1)),
        (Law.NONE, date(2026, 1, 31), date(2026, 2, 28)),
    ],
)
def test_an_extension_counts_from_the_request(law: Law, asked: date, due: date) -> None:
    (tracked,) = track([request(1, law, asked)], [])
    assert put_off(tracked) == due


def test_what_is_due_first_comes_first_and_what_ended_last() -> None:
    ended, late, soon = request(1), request(2, day=date(2026, 3, 1)), request(3, day=date(2026, 2, 1))
    order = [one.request.id for one in track([ended, late, soon], [happened(Event.DONE, "2026-02-02")])]
    assert order == ["r3", "r2", "r1"]


@pytest.mark.parametrize(
    ("listed", "complete", "says"),
    [
        (True, True, Evidence.STILL_THERE),
        (True, False, Evidence.STILL_THERE),
        (False, True, Evidence.GONE),
        (False, False, Evidence.COULD_NOT_TELL),
    ],
)
def test_only_a_complete_download_says_that_something_is_gone(listed: bool, complete: bool, says: Evidence) -> None:
    assert is_it_gone(listed=listed, complete=complete) is says
