"""The lines of an exported chat as messages, whatever the phone's language, clock and direction of writing."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field

from untag.sources.readers.whatsapp_dates import Day, WordedDay, clock

_MOST_OF_HEAD = 80

_NUMBERS = (
    r"(?P<a>\d{1,4})(?P<separator>(?:[./-]|年|년) ?)(?P<b>\d{1,2})(?:[./-]|月|월) ?(?P<c>\d{1,4})(?:\.(?!\d)|日|일)?"
)
_WORD = r"[^\W\d_][^\d\s,:\[\]()/-]{1,14}"
_WORDED = rf"(?:\d{{1,2}}\.? (?:de )?{_WORD}|{_WORD} \d{{1,2}})(?:,? (?:de )?\d{{4}})?|\d{{4}}\. {_WORD} \d{{1,2}}\."
"""`14 de jun de 2025`, `Jun 14, 2025`; phones wrote dates of the current year without it until 2016."""
_DATE = rf"(?:{_NUMBERS}|(?P<worded>{_WORDED}))"
_TIME = (
    r"(?P<hour>\d{1,2})(?:[:.]| ?h ?)(?P<minute>\d\d)(?:[:.](?P<second>\d\d))?"
    r"(?: ?(?P<after>[^\d\s\[\]:,،–—-]{1,12}(?: [^\d\s\[\]:,،–—-]{1,8})?))?"
)
_END = r"(?(open)\]|(?: [-–—]|(?P<colon>:)))(?: |$)"
_HEADS = (
    re.compile(rf"(?P<open>\[)?{_DATE}(?P<between>[^\d\[\]:]{{1,24}}?){_TIME}{_END}"),
    re.compile(rf"(?P<open>\[)?{_TIME}(?P<between>[ ,،]{{1,3}}){_DATE}{_END}"),
)
"""The date first, or the time (Vietnam). The date and time are in brackets (iPhones), or a dash follows (Android), or a
colon (iPhones before 2018)."""

# Written around names and brackets so that they stand right in languages from right to left.
_DIRECTIONS = re.compile("[\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]")
_SPACES = str.maketrans("\u202f\u00a0", "  ")
# WhatsApp's own words at the end of a line have a mark of direction before them or in them: they were not written by
# the sender. A file's name is none of them.
_OWN_WORDS = re.compile(r"\s*(?:[\u200e\u200f]\s*<|<[\u200e\u200f])(?![^<>]*\.\w{2,5}>)[^<>]{1,80}>\s*$")
_EDITED = re.compile(r"\s*<(?![^<>]*\.\w{2,5}>)[^<>\d]{5,80}>\s*$")
"""`<This message was edited>` in any language, which is all that stands between such signs without a file's name."""


@dataclass(slots=True)
class Message:
    """One message: its day as written, its time, who sent it (None for WhatsApp's own lines), the lines of its text."""

    day: Day | WordedDay
    clock: tuple[int, ...]
    sender: str | None
    lines: list[str] = field(default_factory=list)


def messages(chat: str) -> Iterator[Message]:
    """The messages in a chat. A line without a date belongs to the one before; one without a sender is WhatsApp's.

    The first dated line says how dates begin and end; what is written otherwise is text that somebody pasted.
    """
    current: Message | None = None
    style: tuple[object, ...] | None = None
    for line in chat.splitlines():
        cleaned = _DIRECTIONS.sub("", _OWN_WORDS.sub("", line)).translate(_SPACES)
        head, found = _head(cleaned)
        if head is None or (style is not None and found != style):
            if current is not None:
                current.lines.append(_EDITED.sub("", cleaned))
            continue
        style = found
        if current is not None:
            yield current
        current = _message(head, _EDITED.sub("", cleaned[head.end() :]))
    if current is not None:
        yield current


def _head(line: str) -> tuple[re.Match[str] | None, tuple[object, ...]]:
    """How a line begins, if with a date and time; and in which style."""
    start = "".join(map(_ascii_digit, line[:_MOST_OF_HEAD]))
    for number, pattern in enumerate(_HEADS):
        head = pattern.match(start)
        if head is not None:
            return head, (number, head["open"], head["colon"], head["worded"] is None)
    return None, ()


def _ascii_digit(sign: str) -> str:
    """A digit of any script (Arabic, Persian, Bengali …) as one of ASCII; anything else as it is."""
    if sign.isascii():
        return sign
    value = unicodedata.decimal(sign, None)
    return sign if value is None else str(value)


def _message(head: re.Match[str], said: str) -> Message:
    sender, colon, first = said.partition(":")
    if head["worded"] is None:
        day: Day | WordedDay = Day((head["a"], head["b"], head["c"]), head["separator"])
    else:
        day = WordedDay(head["worded"])
    numbers = [int(head[part]) for part in ("hour", "minute", "second") if head[part] is not None]
    time = clock(f"{head['between']} {head['after'] or ''}", numbers)
    if not colon:
        return Message(day, time, None, [said.strip()])
    # A tilde is before the names that people gave themselves, where they are not among the contacts.
    return Message(day, time, sender.strip().removeprefix("~").strip(), [first.strip()])
