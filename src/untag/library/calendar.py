"""The days on which answers to requests are due, as a calendar (iCalendar, RFC 5545)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from untag.actions.tracking import Outcome, TrackedRequest
from untag.errors import UsageError
from untag.store import Store, note_written
from untag.support.aside import new_part
from untag.support.words import counted

_PRODUCT = "-//untag//requests//EN"
_LINE = 75
"""Octets, after which a line is folded."""


def write_calendar(store: Store, requests: Iterable[TrackedRequest], file: Path) -> int:
    """Writes an entry for each request that is open; returns how many. A calendar of untag's that is there is replaced.

    Raises UsageError where another file is there, or it cannot be written.
    """
    entries = [one for one in requests if one.outcome is Outcome.OPEN]
    try:
        if file.exists() and _PRODUCT.encode() not in file.read_bytes()[:400]:
            raise UsageError(f"{file} is no calendar of untag's, and is left as it is; choose another name")
        note_written(store, file, "calendar")
        with new_part(store.home) as part:
            part.write(calendar(entries, datetime.now(UTC)))
            part.install(file)
    except OSError as error:
        raise UsageError(f"{file} cannot be written: {error.strerror or error}") from error
    return len(entries)


def calendar(requests: Iterable[TrackedRequest], now: datetime) -> bytes:
    """The calendar: a whole day for each request, the same one when it is written again. `now` is in UTC."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:{_PRODUCT}"]
    for one in requests:
        lines += _entry(one, f"{now:%Y%m%dT%H%M%SZ}")
    return "".join(f"{part}\r\n" for line in (*lines, "END:VCALENDAR") for part in _folded(line)).encode("utf-8")


def _entry(one: TrackedRequest, stamp: str) -> list[str]:
    request = one.request
    whom = request.name or request.platform or str(request.recipient)
    asked = f"{counted(len(request.photos), 'photo')}, asked on {request.requested_on} by {request.channel}"
    return [
        "BEGIN:VEVENT",
        f"UID:{request.id}@untag",
        f"DTSTAMP:{stamp}",
        f"DTSTART;VALUE=DATE:{one.due_on:%Y%m%d}",
        f"DTEND;VALUE=DATE:{one.due_on + timedelta(days=1):%Y%m%d}",
        f"SUMMARY:{_text(f'untag: answer of {whom} is due')}",
        f"DESCRIPTION:{_text(chr(10).join((asked, *request.links)))}",
        "TRANSP:TRANSPARENT",
        "END:VEVENT",
    ]


def _text(text: str) -> str:
    """A text as a value: escaped, and without what steers."""
    escaped = text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")
    return "".join(char for char in escaped if char.isprintable())


def _folded(line: str) -> Iterator[str]:
    """A line in pieces of at most 75 octets, all but the first with a space before; no character is cut."""
    piece = ""
    for char in line:
        if len((piece + char).encode("utf-8", "replace")) > _LINE:
            yield piece
            piece = " "
        piece += char
    yield piece
