"""Signal's plain export: `main.jsonl`, a JSON object in each line, and the media in `files/`, called by their SHA-256.

The shape is that of Signal's backups and was seen in excerpts only, in the code of tools that read it.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from itertools import islice
from typing import Any

from untag.errors import ReadFailure
from untag.sources.reader import Description, Files, is_photo, photos_of
from untag.sources.streaming import MAX_STREAMED_BYTES
from untag.sources.text import iso_time, items, member, parse_json, read_error, text, wrong_shape
from untag.support.permalinks import number
from untag.types import Origin, ReadError

PLATFORM = "signal"
FILE, FOLDER = "main.jsonl", "files/"

_SNIFFED_LINES = 20
_FIRST = frozenset(("account", "recipient", "chat", "chatItem"))


class Signal:
    """The export of an account."""

    name = "signal"
    platform = PLATFORM
    top_names = frozenset((FILE,))

    def sniff(self, files: Files) -> bool:
        """Whether one of the first lines is an account, a recipient or a chat of Signal's. Raises nothing."""
        if FILE not in files:
            return False
        try:
            data = files.read(FILE, MAX_STREAMED_BYTES)
        except ReadFailure:
            return False
        values = (_parsed(line) for line in islice(BytesIO(data), _SNIFFED_LINES))
        return any(isinstance(member(value, key), dict) for value in values for key in _FIRST)

    def describe(self, files: Files) -> Description:
        """Who sent each photo, when, the words and the conversation; there are no links. Raises nothing."""
        try:
            data = files.read(FILE, MAX_STREAMED_BYTES)
        except ReadFailure as failure:
            return Description(errors=(read_error(files, FILE, failure),))
        export = _Export(files)
        errors: tuple[ReadError, ...] = ()
        # People and chats first, as no document says that they come before the messages.
        for read in (export.read_name, export.read_message):
            for line in BytesIO(data):  # one at a time: there may be a gigabyte of them
                value = _parsed(line) if line.strip() else {}
                if not isinstance(value, dict):
                    errors = (wrong_shape(files, FILE, "a JSON object in each line"),)
                else:
                    read(value)
        return Description(
            origins=export.origins,
            skipped=frozenset(export.thumbnails - export.origins.keys()),
            understood=frozenset((FILE,)),
            owner=export.owner,
            errors=errors,
        )


@dataclass(slots=True)
class _Export:
    files: Files
    people: dict[str, str] = field(default_factory=dict)
    groups: dict[str, str] = field(default_factory=dict)
    chats: dict[str, str] = field(default_factory=dict)
    self_id: str | None = None
    owner: tuple[str, ...] = ()
    origins: dict[str, Origin] = field(default_factory=dict)
    thumbnails: set[str] = field(default_factory=set)
    by_hash: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        inside = (name for name in photos_of(self.files) if name.startswith(FOLDER))
        self.by_hash = {name.rpartition("/")[2].partition(".")[0].lower(): name for name in inside}

    def read_name(self, value: dict[str, Any]) -> None:
        account, recipient, chat = (value.get(key) for key in ("account", "recipient", "chat"))
        if account is not None:
            names = (_full(account, "givenName", "familyName"), text(member(account, "username")))
            self.owner = tuple(name for name in names if name is not None)
        self.read_recipient(recipient)
        chat_id, whose = number(member(chat, "id")), number(member(chat, "recipientId"))
        if chat_id is not None and whose is not None:
            self.chats[chat_id] = whose

    def read_recipient(self, recipient: Any) -> None:
        found = number(member(recipient, "id"))
        if found is None:
            return
        if member(recipient, "self") is not None:
            self.self_id = found
        person = _person(member(recipient, "contact"))
        if person is not None:
            self.people[found] = person
        title = text(member(recipient, "group", "snapshot", "title", "title"))
        if title is not None:
            self.groups[found] = title

    def read_message(self, value: dict[str, Any]) -> None:
        item = value.get("chatItem")
        message = member(item, "standardMessage")
        pointers = [member(one, "pointer") for one in items(member(message, "attachments"))]
        pointers += [one.get("image") for one in items(member(message, "linkPreview"))]
        pointers.append(member(item, "viewOnceMessage", "attachment", "pointer"))
        shown = [member(one, "thumbnail", "pointer") for one in items(member(message, "quote", "attachments"))]
        shown.append(member(item, "stickerMessage", "sticker", "data"))
        self.thumbnails.update(name for pointer in shown if (name := self.here(pointer)) is not None)
        for pointer in pointers:
            name = self.here(pointer)
            if name is not None and is_photo(self.files, name):
                self.origins.setdefault(name, self.origin(item, message))

    def here(self, pointer: Any) -> str | None:
        """The file that a pointer is to, by the hash of what it holds."""
        return self.by_hash.get(_hex(member(pointer, "locatorInfo", "plaintextHash")) or "")

    def origin(self, item: Any, message: Any) -> Origin:
        whose = self.chats.get(number(member(item, "chatId")) or "", "")
        return Origin(
            platform=PLATFORM,
            poster=self.sender(number(member(item, "authorId"))),
            caption=text(member(message, "text", "body")),
            album=self.groups.get(whose) or self.people.get(whose),
            posted_at=_time(member(item, "dateSent")),
        )

    def sender(self, author: str | None) -> str | None:
        if author is not None and author == self.self_id:
            return next(iter(self.owner), None)
        return self.people.get(author or "")


READER = Signal()


def _parsed(line: bytes) -> Any:
    try:
        return parse_json(line)
    except ReadFailure:
        return None


def _person(contact: Any) -> str | None:
    """The name that somebody chose, else the one in the address book, the user name, or the number."""
    named: Iterator[str | None] = (
        _full(contact, f"{kind}GivenName", f"{kind}FamilyName") for kind in ("profile", "system")
    )
    phone = number(member(contact, "e164"))
    found = next((name for name in named if name is not None), None) or text(member(contact, "username"))
    return found or (None if phone is None else f"+{phone}")


def _full(value: Any, *keys: str) -> str | None:
    names = (text(member(value, key)) for key in keys)
    return text(" ".join(name for name in names if name is not None))


def _hex(hash_in_base64: Any) -> str | None:
    try:
        return b64decode(hash_in_base64, validate=True).hex() if isinstance(hash_in_base64, str) else None
    except ValueError:
        return None


def _time(milliseconds: Any) -> str | None:
    found = number(milliseconds)
    return None if found is None else iso_time(int(found) // 1000)
