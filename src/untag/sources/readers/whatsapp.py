"""A chat that WhatsApp exported: its text (`_chat.txt` on iPhones, `WhatsApp Chat with Ana.txt` on Android) and photos.

The words around a photo's name, the name of the text and the order of dates are those of the phone's language, so only
the name itself counts. WhatsApp has no links.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from untag.errors import ReadFailure
from untag.sources.dates import moment
from untag.sources.reader import Description, Files, is_photo
from untag.sources.text import read_error, text, wrong_shape
from untag.types import Origin, ReadError

PLATFORM = "whatsapp"

MAX_CHAT_BYTES = 64 * 1024 * 1024
"""The text of a chat: a million messages."""

_TEXT = ".txt"
_OF_WHATSAPP = re.compile(
    r"(?:IMG|STK)-\d{8}-WA\d+\.\w+|\d{8}-(?:PHOTO|STICKER|GIF)-[\d-]+\.\w+", re.IGNORECASE | re.ASCII
)
_STICKER = re.compile(r"STK-\d{8}-WA\d+\.\w+|\d{8}-STICKER-[\d-]+\.\w+", re.IGNORECASE | re.ASCII)

_DATE = r"(\d{1,4})[./-] ?(\d{1,2})[./-] ?(\d{1,4})\.?"
_TIME = r"([^\d\]]{0,12}?)(\d{1,2})[:.](\d\d)(?:[:.](\d\d))?(?:\s?([^\d\s\]][^\d\]]{0,11}?))?"
_HEAD = re.compile(rf"(?:\[{_DATE},?\s{_TIME}\]|{_DATE},?\s{_TIME} -)\s", re.ASCII)
# Written around names and brackets so that they stand right in languages from right to left.
_DIRECTIONS = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_SPACES = str.maketrans("\u202f\u00a0", "  ")
_HALF = re.compile(r"([ap])\.? ?m\.?", re.IGNORECASE)
_ATTACHED = re.compile(r"<([^<>]{1,400})>")
_COLON = re.compile("[:\uff1a]")
_FIRST_YEAR, _LAST_YEAR = 2009, 2099
"""WhatsApp is of 2009."""

_ORDERS = ((2, 1, 0), (2, 0, 1), (0, 1, 2))
"""Where year, month and day are: day first, month first, year first."""


class WhatsApp:
    """The text of a chat with the photos beside it."""

    name = "whatsapp"
    marks = frozenset((_TEXT,))

    def sniff(self, files: Files) -> bool:
        """Whether there is a text that is called like a chat, or one beside photos that are called like WhatsApp's."""
        texts = [name for name in files.names if name.lower().endswith(_TEXT)]
        return bool(texts) and (any(map(_is_chat, texts)) or any(map(_OF_WHATSAPP.fullmatch, files.names)))

    def describe(self, files: Files) -> Description:
        """Who sent each photo, and when, where the order of the dates is beyond doubt."""
        origins: dict[str, Origin] = {}
        understood: list[str] = []
        errors: list[ReadError] = []
        for name in files.names:
            if not name.lower().endswith(_TEXT):
                continue
            try:
                data = files.read(name, MAX_CHAT_BYTES)
            except ReadFailure as failure:
                errors.append(read_error(files, name, failure))
                continue
            chat = _Chat(files)
            chat.read(data.decode("utf-8-sig", "replace"))
            if chat.days:
                understood.append(name)
                origins = chat.origins() | origins
            elif _is_chat(name):
                errors.append(wrong_shape(files, name, "a chat"))
        stickers = frozenset(name for name in files.names if _STICKER.fullmatch(name))
        return Description(
            origins={name: origin for name, origin in origins.items() if name not in stickers},
            skipped=stickers,
            understood=frozenset(understood),
            errors=tuple(errors),
        )


READER = WhatsApp()


@dataclass(slots=True)
class _Message:
    """One message: the three numbers of its date as written, its time, and the lines of its text."""

    day: tuple[str, str, str]
    clock: tuple[int, ...]
    sender: str
    lines: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Chat:
    """The days of all messages, as written, and those messages that sent a photo, with what they say of it."""

    files: Files
    days: set[tuple[str, str, str]] = field(default_factory=set)
    photos: dict[str, tuple[_Message, str | None]] = field(default_factory=dict)

    def read(self, chat: str) -> None:
        for message in _messages(chat):
            self.days.add(message.day)
            self._find(message)

    def origins(self) -> dict[str, Origin]:
        order = _order(self.days)
        found = {}
        for name, (message, caption) in self.photos.items():
            when = None if order is None else moment(*_numbers(message.day, order), message.clock)
            found[name] = Origin(PLATFORM, poster=text(message.sender), caption=caption, posted_at=when)
        return found

    def _find(self, message: _Message) -> None:
        """The photos that a message names, with what else it says: `<…: NAME>`, or `NAME (…)` and then other lines."""
        whole = "\n".join(message.lines)
        for match in _ATTACHED.finditer(whole):
            name = _COLON.split(match[1])[-1].strip()
            if self._is_new(name):
                self.photos[name] = (message, text(whole[: match.start()] + whole[match.end() :]))
        first, *more = message.lines
        name = first.rpartition(" (")[0].strip() if first.rstrip().endswith(")") else first.strip()
        if self._is_new(name):
            self.photos[name] = (message, text("\n".join(more)))

    def _is_new(self, name: str) -> bool:
        """Whether this is a photo that no earlier message sent; it can be named, but not sent, by a later one."""
        return name not in self.photos and name in self.files and is_photo(self.files, name)


def _is_chat(name: str) -> bool:
    return name.lower() == "_chat.txt" or "whatsapp" in name.lower()


def _messages(chat: str) -> Iterator[_Message]:
    """The messages in a chat. A line without a date belongs to the one before; one without a sender is WhatsApp's."""
    current: _Message | None = None
    for line in chat.splitlines():
        cleaned = _DIRECTIONS.sub("", line).translate(_SPACES)
        head = _HEAD.match(cleaned)
        if head is None:
            if current is not None:
                current.lines.append(cleaned)
            continue
        if current is not None:
            yield current
        sender, colon, first = cleaned[head.end() :].partition(":")
        groups = head.groups("")[:8] if head[1] is not None else head.groups("")[8:]
        day = (groups[0], groups[1], groups[2])
        # A tilde is before the names that people gave themselves, where they are not among the contacts.
        sender = sender.strip().removeprefix("~").strip()
        current = _Message(day, _clock(groups[3:]), sender, [first.strip()]) if colon else None
    if current is not None:
        yield current


def _clock(parts: Sequence[str]) -> tuple[int, ...]:
    """Hour, minute and second; nothing where a word that is not English says which half of the day it is."""
    before, hour, minute, second, after = parts
    word = before.strip(" ,") or after.strip()
    numbers = [int(hour), int(minute), *([int(second)] if second else [])]
    if word:
        half = _HALF.fullmatch(word)
        if half is None or not 1 <= numbers[0] <= 12:
            return ()
        numbers[0] = numbers[0] % 12 + 12 * (half[1].lower() == "p")
    return tuple(numbers)


def _order(days: set[tuple[str, str, str]]) -> tuple[int, int, int] | None:
    """The only order in which all the days can be read; None when there are two."""
    possible = [order for order in _ORDERS if all(_is_day(day, order) for day in days)]
    return possible[0] if len(possible) == 1 else None


def _numbers(day: tuple[str, str, str], order: tuple[int, int, int]) -> tuple[int, int, int]:
    year, month, number = (int(day[place]) for place in order)
    return year + 2000 if year < 100 else year, month, number


def _is_day(day: tuple[str, str, str], order: tuple[int, int, int]) -> bool:
    if len(day[order[0]]) not in (2, 4):
        return False
    year, month, number = _numbers(day, order)
    try:
        return _FIRST_YEAR <= date(year, month, number).year <= _LAST_YEAR
    except ValueError:
        return False
