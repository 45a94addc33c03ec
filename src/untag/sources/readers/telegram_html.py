"""Telegram Desktop's export as HTML, its default: `messages.html`, `messages2.html` … of one chat or of each."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from posixpath import normpath
from urllib.parse import unquote

from untag.sources.dates import moment
from untag.sources.html_tokens import End, Start, Words, tokens
from untag.sources.text import text

PAGE = re.compile(r"(?:.*/)?messages(\d*)\.html", re.IGNORECASE | re.ASCII | re.DOTALL)
ICON = re.compile(r"(?:.*/)?images/[^/]+\.png", re.IGNORECASE | re.DOTALL)

MAX_PAGE_BYTES = 64 * 1024 * 1024
"""A page: Telegram begins a new one after a thousand messages."""

_MOST_TAGS = 2_000_000
_VOID = frozenset(("br", "hr", "img", "input", "link", "meta", "source"))
_DATE = re.compile(r"(\d\d)\.(\d\d)\.(\d{4}) (\d\d):(\d\d):(\d\d)(?: UTC([+-])(\d\d):(\d\d))?", re.ASCII)
_NOT_SENT = frozenset(("userpic_wrap", "sticker_wrap"))


@dataclass(slots=True)
class Message:
    """One message: when, by whom, its words, the files that it links to by their names in the export, and stickers."""

    sender: str | None = None
    posted_at: str | None = None
    words: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    stickers: list[str] = field(default_factory=list)

    @property
    def caption(self) -> str | None:
        return text("".join(self.words))


@dataclass(frozen=True, slots=True)
class Chat:
    """A page of a chat, with its title."""

    title: str | None
    messages: list[Message]


def page_order(name: str) -> tuple[str, int]:
    """The key that sorts the pages of a chat as they follow each other: `messages.html` is the first."""
    match = PAGE.fullmatch(name)
    return name.rpartition("/")[0], int(match[1][:9] or 1) if match is not None else 0


def read_page(data: bytes, folder: str, sender: str | None) -> Chat:
    """The messages of a page in `folder`; the first ones may be of the last `sender` of the page before."""
    page = _Page(folder, sender)
    for token in islice(tokens(data.decode("utf-8-sig", "replace")), _MOST_TAGS):
        match token:
            case Start(tag, attributes):
                page.start(tag, attributes)
            case End(tag):
                page.end(tag)
            case Words(said):
                page.add(said)
    return Chat(text(" ".join("".join(page.title).split())), page.messages)


class _Page:
    def __init__(self, folder: str, sender: str | None) -> None:
        self.title: list[str] = []
        self.messages: list[Message] = []
        self._folder = folder
        self._sender = sender
        self._named: list[str] = []
        self._stack: list[tuple[str, frozenset[str]]] = []
        self._tags: Counter[str] = Counter()
        self._inside: Counter[str] = Counter()

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        classes = frozenset(attributes.get("class", "").split())
        if tag == "div" and "message" in classes:
            # A service message is nobody's; one that is joined has the sender of the one before.
            self.messages.append(Message(self._sender if "joined" in classes else None))
        elif self.messages:
            self._note(tag, classes, attributes)
        if tag == "br":
            self.add("\n")
        if tag not in _VOID:
            self._stack.append((tag, classes))
            self._tags[tag] += 1
            self._inside.update(classes)

    def end(self, tag: str) -> None:
        if tag in _VOID or not self._tags[tag]:
            return
        ended = ""
        while ended != tag:
            ended, classes = self._stack.pop()
            self._tags[ended] -= 1
            self._inside.subtract(classes)

    def add(self, said: str) -> None:
        if self._inside["page_header"]:
            if self._inside["text"]:
                self.title.append(said)
        elif not self.messages:
            return
        elif self._inside["from_name"]:
            # The name of who wrote what was forwarded comes after the sender's, within a box of its own.
            if not self._inside["forwarded"] and not self._inside["details"]:
                self._name(said)
        elif self._inside["text"]:
            self.messages[-1].words.append(said)

    def _name(self, said: str) -> None:
        name = text(said)
        if name is not None:
            self._sender = self.messages[-1].sender = name

    def _note(self, tag: str, classes: frozenset[str], attributes: Mapping[str, str]) -> None:
        message = self.messages[-1]
        if "date" in classes and message.posted_at is None:
            message.posted_at = _time(attributes.get("title", ""))
        target = attributes.get("href", "") if tag == "a" else ""
        if target and ":" not in target and not target.startswith(("#", "/")):
            name = normpath(f"{self._folder}/{unquote(target)}" if self._folder else unquote(target))
            (message.stickers if classes & _NOT_SENT else message.files).append(name)


def senders(messages: list[Message]) -> Iterator[str]:
    """The senders of messages, the last first."""
    return (message.sender for message in reversed(messages) if message.sender is not None)


def _time(value: str) -> str | None:
    """`01.08.2020 22:03:20 UTC+02:00`; pages before 2022 have no zone."""
    match = _DATE.fullmatch(value.strip())
    if match is None:
        return None
    day, month, year, *clock = (int(group) for group in match.groups()[:6])
    found = moment(year, month, day, clock)
    if found is None or match[7] is None:
        return found
    ahead = timedelta(hours=int(match[8]), minutes=int(match[9])) * (-1 if match[7] == "-" else 1)
    return (datetime.fromisoformat(found).replace(tzinfo=UTC) - ahead).isoformat()
