"""What DiscordChatExporter saves as JSON, or HTML, with `--media`: a channel and its files in `NAME.json_Files`.

The shape is that of the tool's own source (its class JsonMessageWriter); no export of a real account was seen.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from posixpath import normpath
from typing import Any
from urllib.parse import unquote

from untag.errors import ReadFailure
from untag.sources.dates import written_time
from untag.sources.names import is_named_photo
from untag.sources.reader import Description, Files, is_photo
from untag.sources.readers.discord_html import MARK, sent_urls
from untag.sources.text import iso_time, items, member, read_error, read_json, text, wrong_shape
from untag.support.permalinks import number
from untag.support.words import counted
from untag.types import LinkConfidence, Origin, ReadError

PLATFORM = "discord"
FOLDER = "_Files"

_PAGE_SUFFIX = f".html{FOLDER}"
_MOST_PAGE = 256 * 1024 * 1024
_NUMBERED = re.compile(r"\[\d{1,25}\](?: \(.*\))?(?: \[part \d+\])?\.json$", re.ASCII)
_HASHED = re.compile(r"-[0-9A-F]{5}(?:\.\w+)?$", re.ASCII)
_SNIFFED, _SNIFFED_BYTES = 3, 16 * 1024 * 1024
_SUFFIX = f".json{FOLDER}"


class DiscordChatExporter:
    """The channels in one folder, each a JSON file with a folder of its media."""

    name = "discord_chat_exporter"
    platform = PLATFORM
    top_names = frozenset((_SUFFIX.lower(), _PAGE_SUFFIX.lower(), "].json"))

    def sniff(self, files: Files) -> bool:
        """Whether all folders are those of the media of channels, and one such channel is here. Raises nothing."""
        folders = {name.partition("/")[0] for name in files.names if "/" in name}
        channels = [name for name in files.names if "/" not in name and name.endswith(".json")]
        pages = [name for name in files.names if "/" not in name and name.endswith(".html")]
        saved = any(f"{name}{FOLDER}" in folders for name in channels)
        if saved or any(f"{name}{FOLDER}" in folders and _is_page(files, name) for name in pages):
            return all(folder.endswith(FOLDER) for folder in folders)
        # With a folder of media of one's own: a few of the JSON files that are called as the tool calls them.
        return any(_is_channel(files, name) for name in list(filter(_NUMBERED.search, channels))[:_SNIFFED])

    def describe(self, files: Files) -> Description:
        """Who sent each photo, its message's link, the words and when; icons and stickers are no photos.

        Raises nothing.
        """
        export = _Export(files)
        for name in files.names:
            if "/" not in name and name.endswith(".json"):
                export.read(name)
            elif "/" not in name and name.endswith(".html"):
                export.read_page(name)
        origins = {**export.avatars, **export.origins}
        return Description(
            origins=origins,
            skipped=frozenset(export.icons - origins.keys()),
            understood=frozenset(export.understood),
            missing=export.missing(),
            errors=tuple(export.errors),
        )


@dataclass(slots=True)
class _Export:
    files: Files
    origins: dict[str, Origin] = field(default_factory=dict)
    avatars: dict[str, Origin] = field(default_factory=dict)
    icons: set[str] = field(default_factory=set)
    by_last: dict[str, str] = field(default_factory=dict)
    not_saved: int = 0
    understood: list[str] = field(default_factory=list)
    errors: list[ReadError] = field(default_factory=list)

    def __post_init__(self) -> None:
        # The tool ends names with five letters of a checksum of their address: they are one file's.
        self.by_last = {name.rpartition("/")[2]: name for name in self.files.names if _HASHED.search(name)}

    def read(self, name: str) -> None:
        try:
            value = read_json(self.files, name)
        except ReadFailure as failure:
            self.errors.append(read_error(self.files, name, failure))
            return
        if not isinstance(member(value, "messages"), list) or not isinstance(member(value, "channel"), dict):
            self.errors.append(wrong_shape(self.files, name, "the messages of a channel"))
            return
        self.understood.append(name)
        self.icon(member(value, "guild", "iconUrl"))
        self.icon(member(value, "channel", "iconUrl"))
        for message in items(value["messages"]):
            self.read_message(message, value)

    def read_page(self, name: str) -> None:
        """The same of a page, which says less; other pages are left alone."""
        try:
            data = self.files.read(name, _MOST_PAGE)
        except ReadFailure as failure:
            self.errors.append(read_error(self.files, name, failure))
            return
        if MARK not in data:
            return
        self.understood.append(name)
        for url, origin in sent_urls(data.decode("utf-8-sig", "replace")):
            self.add(url, origin)

    def read_message(self, message: dict[str, Any], value: Any) -> None:
        origin = _origin(message, value)
        # What was forwarded or is shown of a linked page was put here by the author of the message all the same.
        forwarded = member(message, "forwardedMessage")
        if forwarded is not None:
            inner = replace(origin, caption=text(member(forwarded, "content")) or origin.caption)
            self.read_attachments(member(forwarded, "attachments"), inner)
        self.read_attachments(message.get("attachments"), origin)
        for part in (message, forwarded):
            for url in _shown(part):
                self.add(url, origin)
            for sticker in items(member(part, "stickers")):
                self.icon(sticker.get("sourceUrl"))
        self.read_emojis(message)
        avatar = self.here(member(message, "author", "avatarUrl"))
        if avatar is not None:
            self.avatars.setdefault(avatar, Origin(PLATFORM, poster=origin.poster))

    def read_attachments(self, attachments: Any, origin: Origin) -> None:
        for attachment in items(attachments):
            saved = self.add(attachment.get("url"), origin)
            if not saved and is_named_photo(text(attachment.get("fileName")) or ""):
                self.not_saved += 1

    def read_emojis(self, message: dict[str, Any]) -> None:
        for reaction in items(message.get("reactions")):
            self.icon(member(reaction, "emoji", "imageUrl"))
        for emoji in items(message.get("inlineEmojis")):
            self.icon(emoji.get("imageUrl"))
        for embed in items(message.get("embeds")):
            self.icon(member(embed, "author", "iconUrl"))
            self.icon(member(embed, "footer", "iconUrl"))

    def add(self, url: Any, origin: Origin) -> bool:
        """Notes where a file is from; whether it is here."""
        name = self.here(url)
        if name is not None and is_photo(self.files, name):
            self.origins.setdefault(name, origin)
        return name is not None

    def icon(self, url: Any) -> None:
        name = self.here(url)
        if name is not None:
            self.icons.add(name)

    def here(self, url: Any) -> str | None:
        """The file that was saved for an address: a path from the JSON on, with the slashes of the system it is of."""
        if not isinstance(url, str):
            return None
        if url in self.files:
            return url
        path = url.replace("\\", "/")
        for name in (normpath(path), normpath(unquote(path))):
            if name in self.files:
                return name
        # A folder of media of one's own is named as it was on the machine that exported.
        return None if "://" in path else self.by_last.get(unquote(path).rpartition("/")[2])

    def missing(self) -> tuple[str, ...]:
        if not self.not_saved:
            return ()
        return (f"{counted(self.not_saved, 'photo')} that messages name are not here; export again, with --media",)


READER = DiscordChatExporter()


def _is_page(files: Files, name: str) -> bool:
    try:
        return MARK in files.read(name, _MOST_PAGE)
    except ReadFailure:
        return False


def _is_channel(files: Files, name: str) -> bool:
    try:
        value = read_json(files, name, max_bytes=_SNIFFED_BYTES)
    except ReadFailure:
        return False
    return isinstance(member(value, "messages"), list) and isinstance(member(value, "channel", "id"), str)


def _origin(message: dict[str, Any], value: Any) -> Origin:
    link = _link(member(value, "guild", "id"), member(value, "channel", "id"), message.get("id"))
    return Origin(
        platform=PLATFORM,
        permalink=link,
        permalink_confidence=LinkConfidence.NONE if link is None else LinkConfidence.CERTAIN,
        poster=text(member(message, "author", "name")),
        caption=text(message.get("content")),
        album=text(member(value, "channel", "name")),
        posted_at=_time(message.get("timestamp")),
    )


def _link(guild: Any, channel: Any, message: Any) -> str | None:
    """The address of a message, as Discord's "Copy message link" has it; direct messages are in the guild 0."""
    guild = "@me" if guild in ("0", 0) else number(guild)
    found = (guild, number(channel), number(message))
    return None if None in found else "https://discord.com/channels/{}/{}/{}".format(*found)


def _shown(part: Any) -> Iterator[Any]:
    """The addresses of the pictures of linked pages."""
    for embed in items(member(part, "embeds")):
        yield member(embed, "thumbnail", "url")
        yield member(embed, "image", "url")
        for image in items(embed.get("images")):
            yield image.get("url")


def _time(value: Any) -> str | None:
    """`2024-05-01T14:00:00.123+02:00`, in UTC; what names no zone as it is."""
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
        return iso_time(found.timestamp()) if found is not None and found.tzinfo is not None else written_time(value)
    except (ValueError, OverflowError):
        return None
