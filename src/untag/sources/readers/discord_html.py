"""The pages that DiscordChatExporter saves as HTML, with their media in `NAME.html_Files`.

The names of classes are those of the tool's own templates. A page says neither the number of the server, so that there
are no links, nor a time zone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from untag.sources.html_tokens import End, Start, Words, tokens
from untag.sources.text import text
from untag.sources.worded_dates import WordedDate, parse_worded, worded_times
from untag.types import Origin

PLATFORM = "discord"
MARK = b"chatlog__message"
_VOID = frozenset(("img", "br", "source", "meta", "link", "input", "hr"))
_SHOWN = frozenset(("chatlog__attachment", "chatlog__embed", "chatlog__forwarded", "chatlog__forwarded-content"))


@dataclass(slots=True)
class _Message:
    sender: str | None = None
    time: WordedDate | None = None
    words: list[str] = field(default_factory=list)
    urls: list[str] = field(default_factory=list)


def sent_urls(html: str) -> Iterator[tuple[str, Origin]]:
    """The address of each file that a message sent, as the page has it, with who sent it."""
    page = _Page()
    for token in tokens(html):
        match token:
            case Start(tag, attributes):
                page.start(tag, attributes)
            case End(tag):
                page.end(tag)
            case Words(words):
                page.add(words)
    times = worded_times([message.time for message in page.messages])
    album = text("".join(page.title))
    for message, time in zip(page.messages, times, strict=True):
        caption = text("".join(message.words))
        origin = Origin(PLATFORM, poster=message.sender, caption=caption, album=album, posted_at=time)
        yield from ((url, origin) for url in message.urls)


class _Page:
    def __init__(self) -> None:
        self.messages: list[_Message] = []
        self.title: list[str] = []
        self._stack: list[tuple[str, str]] = []
        self._author: str | None = None
        self._group_time: WordedDate | None = None

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        classes = attributes.get("class", "").split()
        if "chatlog__message-group" in classes:
            self._author = self._group_time = None
        if "chatlog__message-container" in classes:
            self.messages.append(_Message(self._author, self._group_time))
        elif self.messages:
            self._note(tag, classes, attributes)
        if tag not in _VOID:
            self._stack.append((tag, classes[0] if classes else ""))

    def end(self, tag: str) -> None:
        if tag in _VOID or all(opened != tag for opened, _ in self._stack[-64:]):
            return
        while self._stack.pop()[0] != tag:
            pass

    def add(self, words: str) -> None:
        if any(tag == "title" for tag, _ in self._stack[-3:]):
            self.title.append(words)
        elif self.messages and self._inside("chatlog__content"):
            self.messages[-1].words.append(words)

    def _inside(self, *classes: str) -> bool:
        return any(found in classes for _, found in self._stack[-32:])

    def _note(self, tag: str, classes: list[str], attributes: Mapping[str, str]) -> None:
        message = self.messages[-1]
        title = attributes.get("title", "")
        if "chatlog__author" in classes and not self._inside("chatlog__reply"):
            self._author = message.sender = text(title)
        elif "chatlog__timestamp" in classes or "chatlog__short-timestamp" in classes:
            self._group_time = message.time = parse_worded(title) or message.time
        elif self._inside(*_SHOWN):
            url = attributes.get("src" if tag == "img" else "href", "") if tag in ("img", "a") else ""
            if url and url not in message.urls:
                message.urls.append(url)
