"""Snapchat's "download my data": saved snaps in `memories/`, photos of chats in `chat_media/`; nothing has a link."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from untag.errors import ReadFailure
from untag.sources.dates import written_time
from untag.sources.reader import Description, Files, photos_of
from untag.sources.readers.snapchat_chats import PLATFORM, Chats, owner_of
from untag.sources.text import items, member, read_error, read_json, text, wrong_shape
from untag.support.words import counted
from untag.types import Origin, ReadError

_ZIP_SECONDS = 2

_HISTORY = re.compile(r"(?:.*/)?memories_history\.json", re.IGNORECASE | re.DOTALL)
_CHATS = re.compile(r"(?:.*/)?(?:chat|snap)_history(?:_\d+)?\.json", re.IGNORECASE | re.ASCII | re.DOTALL)
_ACCOUNT = re.compile(r"(?:json/)?account\.json", re.IGNORECASE)
_MEMORY = re.compile(
    r"(?:.*/)?memories/(\d{4}-\d\d-\d\d)_([0-9a-f-]{36})(?:-(main|overlay|thumbnail|caption|metadata))?\.\w+",
    re.IGNORECASE | re.ASCII | re.DOTALL,
)
_CHAT_MEDIA = re.compile(
    r"(?:.*/)?(?:chat_media|shared_story)/(?:\w+~media_v\d~)?(\d{4}-\d\d-\d\d)[-_](.*)",
    re.IGNORECASE | re.ASCII | re.DOTALL,
)
_OF_SNAPCHAT = re.compile(
    r"(?:(?:.*~)?b~[\w+=-]{8,}|(?:media|overlay|thumbnail|metadata)~[\w+=-]{8,}).*",
    re.IGNORECASE | re.ASCII | re.DOTALL,
)
_NO_PHOTO = re.compile(r"(?:overlay|thumbnail|metadata)~", re.IGNORECASE)
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


class Snapchat:
    """A whole download, with or without its photos."""

    name = "snapchat"
    platform = PLATFORM
    top_names = frozenset(("memories_history.json", "chat_history.json", "memories", "chat_media"))

    def sniff(self, files: Files) -> bool:
        """Whether there is the history of memories, or of chats beside their media, or a file with a name of one."""
        return any(map(_is_telling, files.names)) or any(
            _CHATS.fullmatch(name) and _has_chat_media(files) for name in files.names
        )

    def describe(self, files: Files) -> Description:
        """When photos were taken or came, and who sent them; overlays, drawn over a photo, are none of their own."""
        download = _Download(files)
        download.read()
        origins: dict[str, Origin] = {}
        skipped: set[str] = set()
        for name in photos_of(files):
            if (match := _MEMORY.fullmatch(name)) is not None:
                if (match[3] or "main").lower() != "main":
                    skipped.add(name)
                else:
                    origins[name] = Origin(PLATFORM, taken_at=download.taken(name, match[1], match[2]))
            elif (match := _CHAT_MEDIA.fullmatch(name)) is not None:
                if _NO_PHOTO.match(match[2]):
                    skipped.add(name)
                else:
                    known = download.chats.find(match[2]) or Origin(PLATFORM)
                    origins[name] = replace(known, posted_at=known.posted_at or written_time(match[1]))
        times = download.times
        without = times.images > 0 and not any(_MEMORY.fullmatch(name) for name in files.names)
        images = counted(times.images, "photo")
        return Description(
            origins=origins,
            skipped=frozenset(skipped),
            understood=frozenset(download.understood),
            owner=download.owner,
            missing=(f"{images} of your memories; ask Snapchat to include them in the download",) if without else (),
            errors=tuple(download.errors),
        )


def _is_telling(name: str) -> bool:
    if _HISTORY.fullmatch(name) or _MEMORY.fullmatch(name):
        return True
    chat = _CHAT_MEDIA.fullmatch(name)
    return chat is not None and _OF_SNAPCHAT.fullmatch(chat[2]) is not None


def _has_chat_media(files: Files) -> bool:
    return any(map(_CHAT_MEDIA.fullmatch, files.names))


class _Download:
    """The histories in a download."""

    def __init__(self, files: Files) -> None:
        self.files = files
        self.times = _Times()
        self.chats = Chats()
        self.owner: tuple[str, ...] = ()
        self.understood: list[str] = []
        self.errors: list[ReadError] = []

    def read(self) -> None:
        for name in filter(_ACCOUNT.fullmatch, self.files.names):
            self._read(name, "an account", self._read_account)
        self.chats.owner = self.owner[0] if self.owner else None
        for name in filter(_HISTORY.fullmatch, self.files.names):
            self._read(name, "a list of saved media", self.times.read)
        for name in filter(_CHATS.fullmatch, self.files.names):
            self._read(name, "conversations", self.chats.read)

    def taken(self, name: str, day: str, photo_id: str) -> str | None:
        """When a photo was taken, by its id, else its time of modification, which Snapchat sets since 2026."""
        found = self.times.find(day, photo_id)
        if found is not None and "T" in found:
            return found
        return self.times.near(day, self.files.stat(name)[1] // 10**9) or found

    def _read_account(self, value: Any) -> bool:
        self.owner = self.owner or owner_of(value)
        return isinstance(value, dict)

    def _read(self, name: str, wanted: str, read: Callable[[Any], bool]) -> None:
        try:
            value = read_json(self.files, name)
        except ReadFailure as failure:
            self.errors.append(read_error(self.files, name, failure))
            return
        if read(value):
            self.understood.append(name)
        else:
            self.errors.append(wrong_shape(self.files, name, wanted))


class _Times:
    """When the photos in the history are from, by the ids in their addresses, and by their days."""

    def __init__(self) -> None:
        self.images = 0
        self._by_id: dict[str, str] = {}
        self._by_day: defaultdict[str, set[str]] = defaultdict(set)

    def read(self, value: Any) -> bool:
        """Notes the memories in a history; False when it is none."""
        saved = member(value, "Saved Media")
        for memory in items(saved):
            self.add(memory)
        return isinstance(saved, list)

    def add(self, memory: dict[str, Any]) -> None:
        moment = written_time(memory.get("Date"))
        if (text(memory.get("Media Type")) or "").lower() not in ("image", "photo"):
            return
        self.images += 1
        if moment is None:
            return
        self._by_day[moment[:10]].add(moment)
        for key in ("Download Link", "Media Download Url"):
            for found in _UUID.findall(text(memory.get(key)) or ""):
                self._by_id[found.lower()] = moment

    def find(self, day: str, photo_id: str) -> str | None:
        """The time of a photo; its day alone where several of that day have no known id."""
        same_day = self._by_day.get(day, set())
        known = self._by_id.get(photo_id.lower())
        if known is not None and known in same_day:
            return known
        return next(iter(same_day)) if len(same_day) == 1 else written_time(day)

    def near(self, day: str, modified: int) -> str | None:
        """The only time of a day's photos that is within two seconds of when a file was modified: zip has no finer."""
        moments = ((abs(datetime.fromisoformat(moment).timestamp() - modified), moment) for moment in self._exact(day))
        found = [moment for apart, moment in moments if apart <= _ZIP_SECONDS]
        return found[0] if len(found) == 1 else None

    def _exact(self, day: str) -> list[str]:
        return [moment for moment in self._by_day.get(day, ()) if "T" in moment and moment.endswith("+00:00")]


READER = Snapchat()
