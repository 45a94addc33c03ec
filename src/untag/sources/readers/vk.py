"""VK's archive, pages of HTML that hold links and no pictures: albums, and photos that were attached to messages.

The shape was read in public parsers; no archive of a real account was seen. Dates are read in Russian.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from untag.errors import ReadFailure
from untag.sources.dates import moment
from untag.sources.html_tokens import End, Start, Words, tokens
from untag.sources.reader import AbsentPhoto, Description, Files
from untag.sources.text import read_error, text
from untag.types import LinkConfidence, Origin, ReadError

PLATFORM = "vk"
INDEX, ALBUMS = "index.html", "photos/photo-albums.html"

MAX_PAGE_BYTES = 64 * 1024 * 1024

_ALBUM = re.compile(r"photos/photo-albums/[^/]+\.html")
_ALBUM_LINK = re.compile(r"(?:.*/)?photo-albums/([^/]+\.html)")
_MESSAGES = re.compile(r"messages/[^/]+/messages\d+\.html")
_PHOTO = re.compile(r"https://vk\.com/(photo-?\d{1,20}_\d{1,20})(?:[?#].*)?", re.ASCII)
_DATE = re.compile(r"(\d{1,2}) (\w{3})\w* (\d{4}) в (\d{1,2}):(\d\d)(?::(\d\d))?")
_MONTHS = ("янв", "фев", "мар", "апр", "мая", "июн", "июл", "авг", "сен", "окт", "ноя", "дек")


class Vk:
    """The archive of an account."""

    name = "vk"
    platform = PLATFORM
    top_names = frozenset((INDEX,))

    def sniff(self, files: Files) -> bool:
        """Whether the list of albums or the pages of chats are where VK puts them. Raises nothing."""
        return INDEX in files and any(name == ALBUMS or _MESSAGES.fullmatch(name) for name in files.names)

    def describe(self, files: Files) -> Description:
        """The links to photos, as there are no files: in messages with the sender, and when. Raises nothing."""
        absent: dict[str, AbsentPhoto] = {}
        understood = [name for name in (INDEX, ALBUMS) if name in files]  # they lead to the pages, and hold no photo
        errors: list[ReadError] = []
        albums = _titles(files)
        for name in files.names:
            if not _ALBUM.fullmatch(name) and not _MESSAGES.fullmatch(name):
                continue
            try:
                html = _decoded(files.read(name, MAX_PAGE_BYTES))
            except ReadFailure as failure:
                errors.append(read_error(files, name, failure))
                continue
            understood.append(name)
            album = albums.get(name.rpartition("/")[2]) if _ALBUM.fullmatch(name) else None
            for key, origin in _photos(html):
                absent.setdefault(key, AbsentPhoto(name, key, replace(origin, album=album)))
        return Description(absent=tuple(absent.values()), understood=frozenset(understood), errors=tuple(errors))


READER = Vk()


def _titles(files: Files) -> dict[str, str]:
    """The titles of albums by their pages, as the list of albums links to them; what cannot be read has none."""
    try:
        html = _decoded(files.read(ALBUMS, MAX_PAGE_BYTES)) if ALBUMS in files else ""
    except ReadFailure:
        return {}
    titles: dict[str, list[str]] = {}
    page: str | None = None
    for token in tokens(html):
        match token:
            case Start("a", attributes):
                found = _ALBUM_LINK.fullmatch(attributes.get("href", ""))
                page = None if found is None else found[1]
            case End("a"):
                page = None
            case Words(words) if page is not None:
                titles.setdefault(page, []).append(words)
            case _:
                pass
    return {
        page: title for page, words in titles.items() if (title := text(" ".join("".join(words).split()))) is not None
    }


def _decoded(data: bytes) -> str:
    """VK writes windows-1251, whose Russian is not valid in UTF-8."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1251", "replace")


@dataclass(slots=True)
class _Entry:
    """A photo of an album, or a message: its sender is the link in its header; what one sent oneself has none."""

    sender: list[str] = field(default_factory=list)
    time: str | None = None
    keys: list[str] = field(default_factory=list)


def _photos(html: str) -> Iterator[tuple[str, Origin]]:
    """The photos of a page; a new entry begins with each `item` or `message`."""
    entry, in_header, in_link = _Entry(), False, False
    for token in tokens(html):
        match token:
            case Start("div", attributes) if _classes(attributes.get("class", "")) & {"item", "message"}:
                yield from _found(entry)
                entry, in_header = _Entry(), False
            case Start("div", attributes):
                in_header = "message__header" in _classes(attributes.get("class", ""))
            case Start("a", attributes):
                in_link = in_header
                match_ = _PHOTO.fullmatch(attributes.get("href", ""))
                if match_ is not None:
                    entry.keys.append(match_[1])
            case End("a"):
                in_link = False
            case End("div"):
                in_header = False
            case Words(words):
                if in_link:
                    entry.sender.append(words)
                entry.time = entry.time or _time(words)
            case _:
                pass
    yield from _found(entry)


def _classes(value: str) -> frozenset[str]:
    return frozenset(value.split())


def _found(entry: _Entry) -> Iterator[tuple[str, Origin]]:
    origin = Origin(PLATFORM, poster=text("".join(entry.sender)), posted_at=entry.time)
    for key in dict.fromkeys(entry.keys):
        yield key, replace(origin, permalink=f"https://vk.com/{key}", permalink_confidence=LinkConfidence.CERTAIN)


def _time(words: str) -> str | None:
    """`5 мая 2022 в 1:34:19`, in a time zone that is not said."""
    match = _DATE.search(words)
    if match is None or match[2].lower() not in _MONTHS:
        return None
    clock = (int(match[4]), int(match[5]), int(match[6] or 0))
    return moment(int(match[3]), _MONTHS.index(match[2].lower()) + 1, int(match[1]), clock)
