"""A chat that WhatsApp exported: its text (`_chat.txt` on iPhones, `WhatsApp Chat with Ana.txt` on Android) and photos.

The words around a photo's name, the name of the text and the order of dates are those of the phone's language, so only
the name itself counts. WhatsApp has no links.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date

from untag.errors import ReadFailure
from untag.sources.dates import moment
from untag.sources.reader import Description, Files, is_photo
from untag.sources.readers.whatsapp_dates import Day, WordedDay, day_in_name, order_of, time_in_name
from untag.sources.readers.whatsapp_lines import Message, messages
from untag.sources.text import read_error, text, wrong_shape
from untag.sources.worded_dates import parse_worded, worded_times
from untag.types import Origin, ReadError

PLATFORM = "whatsapp"

MAX_CHAT_BYTES = 64 * 1024 * 1024
"""The text of a chat: a million messages."""

_TEXT = ".txt"
_FOLDERS = ("whatsapp images", "whatsapp business images")
"""Where phones keep the photos of all chats: nothing says who sent them."""
_OF_WHATSAPP = re.compile(
    r"(?:IMG|STK)-\d{8}-WA\d+\.\w+|\d{8}-(?:PHOTO|STICKER|GIF)-[\d-]+\.\w+|\d{4}-\d\d-\d\d-PHOTO-\d+\.\w+",
    re.IGNORECASE | re.ASCII,
)
_STICKER = re.compile(r"STK-\d{8}-WA\d+\.\w+|\d{8}-STICKER-[\d-]+\.\w+", re.IGNORECASE | re.ASCII)

_ATTACHED = re.compile(r"<([^<>]{1,400})>")
_COLON = re.compile("[:\uff1a]")
_SUFFIXED = re.compile(r"^(.{1,200}?\.\w{2,5})(?=\W|$)")
_NOTE = re.compile(r" (?:\([^()]*\)|<[^<>]*>)$")


class WhatsApp:
    """The text of a chat with the photos beside it."""

    name = "whatsapp"
    marks = frozenset((_TEXT, *_FOLDERS))

    def sniff(self, files: Files) -> bool:
        """Whether there is a text that is called like a chat, or one beside photos that are called like WhatsApp's."""
        texts = [name for name in files.names if name.lower().endswith(_TEXT)]
        ours = any(map(_OF_WHATSAPP.fullmatch, files.names))
        return (ours and _lies_in_its_folder(files)) or (bool(texts) and (ours or any(map(_is_chat, texts))))

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
        for name in files.names:
            if _OF_WHATSAPP.fullmatch(name) and is_photo(files, name):
                origins.setdefault(name, Origin(PLATFORM, posted_at=time_in_name(name)))
        stickers = frozenset(name for name in files.names if _STICKER.fullmatch(name))
        return Description(
            origins={name: origin for name, origin in origins.items() if name not in stickers},
            skipped=stickers,
            understood=frozenset(understood),
            errors=tuple(errors),
        )


READER = WhatsApp()


@dataclass(slots=True)
class _Chat:
    """The days of all lines, as written, and those messages that sent a photo, with what they say of it."""

    files: Files
    days: list[Day | WordedDay] = field(default_factory=list)
    photos: dict[str, tuple[Message, str | None]] = field(default_factory=dict)

    def read(self, chat: str) -> None:
        for message in messages(chat):
            if not self.days or self.days[-1] != message.day:
                self.days.append(message.day)
            if message.sender is not None:
                self._find(message)

    def origins(self) -> dict[str, Origin]:
        date_of = self.calendar()
        return {
            name: Origin(
                PLATFORM, poster=text(message.sender), caption=caption, posted_at=_time(name, message, date_of)
            )
            for name, (message, caption) in self.photos.items()
        }

    def calendar(self) -> Callable[[Day | WordedDay], date | None]:
        """What gives the date that a day of this chat is, or None for one in doubt."""
        named = ((message.day, day_in_name(name)) for name, (message, _) in self.photos.items())
        dated = [(day, known) for day, known in named if known is not None and isinstance(day, Day)]
        order = order_of([day for day in self.days if isinstance(day, Day)], dated)
        words = list(dict.fromkeys(day.words for day in self.days if isinstance(day, WordedDay)))
        times = dict(zip(words, worded_times([parse_worded(one) for one in words]), strict=True))

        def date_of(day: Day | WordedDay) -> date | None:
            if isinstance(day, Day):
                return None if order is None else day.in_order(order)
            return None if (time := times[day.words]) is None else date.fromisoformat(time)

        return date_of

    def _find(self, message: Message) -> None:
        """The photos that a message names, with what else it says: `<…: NAME>`, or `NAME (…)`, `NAME <…>` and then
        other lines."""
        whole = "\n".join(message.lines)
        for match in _ATTACHED.finditer(whole):
            name = _COLON.split(match[1])[-1].strip()
            if self._is_new(name):
                self.photos[name] = (message, text(whole[: match.start()] + whole[match.end() :]))
        first, *more = message.lines
        name = next(filter(self._is_new, _names_at_start(first.strip())), None)
        if name is not None:
            self.photos[name] = (message, text("\n".join(more)))

    def _is_new(self, name: str) -> bool:
        """Whether this is a photo that no earlier message sent; it can be named, but not sent, by a later one."""
        return name not in self.photos and name in self.files and is_photo(self.files, name)


def _lies_in_its_folder(files: Files) -> bool:
    above = re.split(r"[\\/]", files.shown(files.names[0]).lower())
    return any(folder in above for folder in _FOLDERS)


def _names_at_start(line: str) -> Iterator[str]:
    """What a line may begin with as the name of a file: all of it, or what is before a note in brackets, of any kind
    and in any language."""
    yield line
    yield _NOTE.sub("", line).strip()
    yield from (match[1] for match in _SUFFIXED.finditer(line))


def _is_chat(name: str) -> bool:
    return name.lower() == "_chat.txt" or "whatsapp" in name.lower()


def _time(name: str, message: Message, calendar: Callable[[Day | WordedDay], date | None]) -> str | None:
    """When a photo was sent; where the order of the dates is in doubt, what its name says."""
    day = calendar(message.day)
    if day is None:
        return time_in_name(name)
    return moment(day.year, day.month, day.day, message.clock)
