"""Snapchat's "download my data": saved snaps in `memories/`, photos of chats in `chat_media/`; nothing has a link."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Any

from untag.errors import ReadFailure
from untag.sources.dates import written_time
from untag.sources.reader import Description, Files, photos_of
from untag.sources.text import items, member, read_error, read_json, text, wrong_shape
from untag.support.words import counted
from untag.types import Origin, ReadError

PLATFORM = "snapchat"

_HISTORY = re.compile(r"(?:json/)?memories_history\.json", re.IGNORECASE)
_MEMORY = re.compile(
    r"(?:.*/)?memories/(\d{4}-\d\d-\d\d)_([0-9a-f-]{36})-(main|overlay)\.\w+", re.IGNORECASE | re.ASCII | re.DOTALL
)
_CHAT_MEDIA = re.compile(r"(?:.*/)?chat_media/(\d{4}-\d\d-\d\d)_(.*)", re.IGNORECASE | re.ASCII | re.DOTALL)
_NO_PHOTO = re.compile(r"(?:overlay|thumbnail)~", re.IGNORECASE)
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


class Snapchat:
    """A whole download, with or without its photos."""

    name = "snapchat"
    top_names = frozenset(("memories_history.json", "memories", "chat_media"))

    def sniff(self, files: Files) -> bool:
        """Whether there is the history of memories, or a file with the name of one."""
        return any(_HISTORY.fullmatch(name) or _MEMORY.fullmatch(name) for name in files.names)

    def describe(self, files: Files) -> Description:
        """When photos were taken or came; overlays, which are drawn over a photo, are no photos of their own."""
        understood: list[str] = []
        errors: list[ReadError] = []
        times = _Times()
        for name in filter(_HISTORY.fullmatch, files.names):
            try:
                saved = member(read_json(files, name), "Saved Media")
            except ReadFailure as failure:
                errors.append(read_error(files, name, failure))
                continue
            if not isinstance(saved, list):
                errors.append(wrong_shape(files, name, "a list of saved media"))
                continue
            understood.append(name)
            for memory in items(saved):
                times.add(memory)
        origins: dict[str, Origin] = {}
        skipped: set[str] = set()
        for name in photos_of(files):
            if (match := _MEMORY.fullmatch(name)) is not None:
                if match[3].lower() == "overlay":
                    skipped.add(name)
                else:
                    origins[name] = Origin(PLATFORM, taken_at=times.find(match[1], match[2]))
            elif (match := _CHAT_MEDIA.fullmatch(name)) is not None:
                if _NO_PHOTO.match(match[2]):
                    skipped.add(name)
                else:
                    origins[name] = Origin(PLATFORM, posted_at=written_time(match[1]))
        without = times.images > 0 and not any(_MEMORY.fullmatch(name) for name in files.names)
        images = counted(times.images, "photo")
        return Description(
            origins=origins,
            skipped=frozenset(skipped),
            understood=frozenset(understood),
            missing=(f"{images} of your memories; ask Snapchat to include them in the download",) if without else (),
            errors=tuple(errors),
        )


class _Times:
    """When the photos in the history are from, by the ids in their addresses, and by their days."""

    def __init__(self) -> None:
        self.images = 0
        self._by_id: dict[str, str] = {}
        self._by_day: defaultdict[str, set[str]] = defaultdict(set)

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


READER = Snapchat()
