"""What Telegram Desktop exports: `result.json` of one chat or a whole account, or the pages of each chat as HTML."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from untag.errors import ReadFailure
from untag.sources.dates import written_time
from untag.sources.reader import Description, Files, is_photo
from untag.sources.readers.telegram_html import ICON, MAX_PAGE_BYTES, PAGE, page_order, read_page, senders
from untag.sources.streaming import MAX_STREAMED_BYTES, first_of, streamed, streamed_lists
from untag.sources.text import iso_time, items, member, parse_json, read_error, read_json, text, wrong_shape
from untag.support.permalinks import number
from untag.support.words import counted
from untag.types import LinkConfidence, Origin, Outcome, ReadError

PLATFORM = "telegram"

_RESULT = "result.json"
_OF_CHATS = b'class="page_body chat_page'
_SNIFFED_BYTES = 4 * 1024 * 1024
_PHOTO = re.compile(r"(?:.*/)?photo_\d+@\d\d-\d\d-\d{4}_\d\d-\d\d-\d\d(?:_thumb)?\.jpe?g", re.IGNORECASE | re.ASCII)
_THUMBNAIL = re.compile(r".*_thumb\.(?:jpe?g|png|webp)", re.IGNORECASE | re.DOTALL)
_LINKED_TYPES = frozenset(("private_supergroup", "public_supergroup", "private_channel", "public_channel"))
"""Chats whose messages have numbers of their own at the site; in others every member has different ones."""


class Telegram:
    """A whole export, of one chat or of an account."""

    name = "telegram"
    platform = PLATFORM
    top_names = frozenset((_RESULT, "messages.html", "export_results.html"))

    def sniff(self, files: Files) -> bool:
        """Whether there are Telegram's photos below `result.json` or pages, or one of these holds chats."""
        pages = [name for name in files.names if PAGE.fullmatch(name)]
        if _RESULT not in files and not pages:
            return False
        if any(_PHOTO.fullmatch(name) for name in files.names):
            return True
        try:
            if _RESULT in files:
                if files.stat(_RESULT)[0] > _SNIFFED_BYTES:
                    data = files.read(_RESULT, MAX_STREAMED_BYTES)
                    return first_of(data, "messages.item", "chats.list.item.type") is not None
                return any(True for _ in _chats(read_json(files, _RESULT)))
            return _OF_CHATS in files.read(min(pages, key=page_order), MAX_PAGE_BYTES)
        except ReadFailure:
            return False

    def describe(self, files: Files) -> Description:
        """The photos in messages with who sent them; thumbnails, stickers and icons are no photos of their own."""
        export = _Export(files)
        if _RESULT in files:
            export.read_result()
        export.read_pages()
        return Description(
            origins=export.origins,
            skipped=export.no_photos() - export.origins.keys(),
            understood=frozenset(export.understood),
            owner=export.owner,
            missing=export.missing(),
            errors=tuple(export.errors),
        )


@dataclass(slots=True)
class _Export:
    files: Files
    origins: dict[str, Origin] = field(default_factory=dict)
    stickers: set[str] = field(default_factory=set)
    not_included: int = 0
    owner: tuple[str, ...] = ()
    understood: list[str] = field(default_factory=list)
    errors: list[ReadError] = field(default_factory=list)

    def read_result(self) -> None:
        try:
            data = self.files.read(_RESULT, MAX_STREAMED_BYTES)
        except ReadFailure as failure:
            self.errors.append(read_error(self.files, _RESULT, failure))
            return
        try:
            value = parse_json(data)
        except ReadFailure as failure:
            if failure.outcome is Outcome.TOO_LARGE:
                self.read_large(data)
            else:
                self.errors.append(read_error(self.files, _RESULT, failure))
            return
        if not isinstance(value, dict):
            self.errors.append(wrong_shape(self.files, _RESULT, "chats"))
            return
        for chat in _chats(value):
            for message in items(chat["messages"]):
                self.read_message(chat, message)
        self.owner = _owner(value)
        for picture in items(value.get("profile_pictures")):
            poster = self.owner[0] if self.owner else None
            self.add(picture.get("photo"), Origin(PLATFORM, poster=poster, posted_at=_time(picture)))
        self.understood.append(_RESULT)

    def read_large(self, data: bytes) -> None:
        """The messages one after the other, as all of them at once would take too much memory."""
        self.understood.append(_RESULT)
        try:
            for chat, message in _large_chats(data):
                self.read_message(chat, message)
            self.owner = _owner({"personal_information": first_of(data, "personal_information")})
        except ReadFailure as failure:
            self.errors.append(read_error(self.files, _RESULT, failure))

    def read_pages(self) -> None:
        """The pages of all chats, those of one after each other."""
        last: tuple[str, str | None] = ("", None)
        for name in sorted(filter(PAGE.fullmatch, self.files.names), key=page_order):
            folder = name.rpartition("/")[0]
            try:
                data = self.files.read(name, MAX_PAGE_BYTES)
            except ReadFailure as failure:
                self.errors.append(read_error(self.files, name, failure))
                continue
            chat = read_page(data, folder, last[1] if last[0] == folder else None)
            last = folder, next(senders(chat.messages), None)
            self.understood.append(name)
            for message in chat.messages:
                origin = Origin(
                    PLATFORM,
                    poster=message.sender,
                    caption=message.caption,
                    album=chat.title,
                    posted_at=message.posted_at,
                )
                self.stickers.update(message.stickers)
                for file in message.files:
                    self.add(file, origin, wanted=False)

    def read_message(self, chat: dict[str, Any], message: dict[str, Any]) -> None:
        """Notes the photos of a message in a chat with this name, type and id."""
        chat_id = number(chat.get("id")) if chat.get("type") in _LINKED_TYPES else None
        message_id = number(message.get("id"))
        # Seen in no document of Telegram's; and only members of the chat can open it.
        link = None if chat_id is None or message_id is None else f"https://t.me/c/{chat_id}/{message_id}"
        origin = Origin(
            platform=PLATFORM,
            permalink=link,
            permalink_confidence=LinkConfidence.NONE if link is None else LinkConfidence.PROBABLE,
            poster=text(message.get("from")) or text(message.get("actor")),
            caption=_words(message.get("text")),
            album=text(chat.get("name")),
            posted_at=_time(message),
        )
        if message.get("media_type") == "sticker":
            if isinstance(message.get("file"), str):
                self.stickers.add(message["file"])
            return
        self.add(message.get("photo"), origin)
        self.add(message.get("file"), origin, wanted=_is_image(message))

    def add(self, name: Any, origin: Origin, *, wanted: bool = True) -> None:
        """Notes where a file is from. In place of one that was left out there is a sentence, in brackets."""
        if not isinstance(name, str):
            return
        if name in self.files:
            if is_photo(self.files, name):
                self.origins.setdefault(name, origin)
        elif wanted:
            self.not_included += 1

    def no_photos(self) -> frozenset[str]:
        names = self.files.names
        icons = {name for name in names if ICON.fullmatch(name)} if any(map(PAGE.fullmatch, names)) else set()
        return frozenset((*filter(_THUMBNAIL.fullmatch, names), *icons, *(self.stickers & set(names))))

    def missing(self) -> tuple[str, ...]:
        if not self.not_included:
            return ()
        photos = counted(self.not_included, "photo")
        return (f"{photos} that messages name are not here; export again, with photos and without a limit of size",)


READER = Telegram()


def _chats(value: Any) -> Iterator[dict[str, Any]]:
    """The chats in an export: itself, or those in the lists of an account."""
    candidates = [value, *items(member(value, "chats", "list")), *items(member(value, "left_chats", "list"))]
    for chat in candidates:
        if isinstance(member(chat, "messages"), list) and isinstance(member(chat, "type"), str):
            yield chat


def _large_chats(data: bytes) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """The messages with what their chat says before them. Of one chat alone they are many times as fast to find."""
    if first_of(data, "messages.item") is None:
        yield from streamed_lists(data, ("chats.list.item", "left_chats.list.item"), "messages")
        return
    chat, _ = next(streamed_lists(data, ("",), "messages"))
    yield from ((chat, message) for message in streamed(data, "messages.item"))


def _owner(value: Any) -> tuple[str, ...]:
    about = member(value, "personal_information")
    names = [text(member(about, "first_name")), text(member(about, "last_name"))]
    full = " ".join(name for name in names if name is not None)
    handle = (text(member(about, "username")) or "").removeprefix("@")
    return tuple(name for name in (full, handle) if name)


def _is_image(message: dict[str, Any]) -> bool:
    return (text(message.get("mime_type")) or "").startswith("image/")


def _words(value: Any) -> str | None:
    """The text of a message, which is in pieces where parts of it are links or bold."""
    pieces = value if isinstance(value, list) else [value]
    found = (piece if isinstance(piece, str) else member(piece, "text") for piece in pieces)
    return text("".join(piece for piece in found if isinstance(piece, str)))


def _time(message: dict[str, Any]) -> str | None:
    """`date` is in the time zone of the machine that exported, which is not said."""
    return iso_time(message.get("date_unixtime")) or written_time(message.get("date"))
