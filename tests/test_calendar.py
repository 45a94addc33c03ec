"""Due dates as a calendar that calendars can read."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

from fakes import ME, Untag, paint
from untag.actions.tracking import Outcome, TrackedRequest
from untag.library.calendar import calendar
from untag.store import Recipient, Request, Store, record_request

REQUEST = Request(
    id="r1",
    recipient=Recipient.POSTER,
    name="Bea; Müller, the " + "very " * 20 + "long",
    platform="facebook",
    person="me",
    channel="message",
    law="none",
    requested_on="2026-10-26",
    due_on="2026-11-25",
    photos=("a" * 64,),
    links=("https://x.example/1", "https://x.example/2"),
    recorded_at="2026-10-26T00:00:00+00:00",
)


def test_lines_are_folded_and_texts_escaped() -> None:
    one = TrackedRequest(REQUEST, (), Outcome.OPEN, date(2026, 11, 25))
    data = calendar([one], datetime(2026, 11, 1, 12, tzinfo=UTC))
    lines = data.split(b"\r\n")
    assert lines[-1] == b""
    assert all(len(line) <= 75 for line in lines)
    whole = data.replace(b"\r\n ", b"").decode("utf-8").split("\r\n")
    assert "DTSTART;VALUE=DATE:20261125" in whole
    assert "DTEND;VALUE=DATE:20261126" in whole
    (summary,) = [line for line in whole if line.startswith("SUMMARY:")]
    assert summary.startswith("SUMMARY:untag: answer of Bea\\; Müller\\, the very ")
    assert any("x.example/1\\nhttps://x.example/2" in line for line in whole)


def test_only_a_calendar_of_untag_is_replaced(untag: Untag) -> None:
    untag.enroll()
    untag.add("a.png", paint(ME, serial=1))
    untag.scan()
    (found,) = untag.listed()
    assert untag.listed("--due") == []
    with Store.open(untag.home) as store:
        record_request(store, replace(REQUEST, photos=(str(found["sha256"]),), due_on="2020-01-01"))
    assert [one["id"] for one in untag.listed("--due")] == [found["id"]]
    file: Path = untag.root / "due.ics"
    for _ in range(2):
        done = untag.run("export", "--ics", file)
        assert (done.status, "1 due date" in done.err) == (0, True), done.err
    assert b"20200101" in file.read_bytes()
    file.write_text("mine")
    assert untag.run("export", "--ics", file).status == 2
    assert file.read_text() == "mine"
