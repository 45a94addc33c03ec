"""Google Photos in a Google Takeout: the JSON beside each photo, and the album's.

An archived photo, or one in the bin, is read like any other: Google still has it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from heapq import nsmallest
from typing import Any

from untag.errors import ReadFailure
from untag.sources.links import page
from untag.sources.names import suffix_of
from untag.sources.reader import Description, Files, photos_of
from untag.sources.readers.takeout_pairs import media_name, pair
from untag.sources.text import iso_time, items, member, read_error, read_json, text, wrong_shape
from untag.types import LinkConfidence, Origin, ReadError

PLATFORM = "google_photos"

MAX_SIDECAR_BYTES = 16 * 1024 * 1024
"""The JSON of one photo or album: a kilobyte or two, more where an album has many comments."""

_SNIFFED = 4
_KEYS_OF_ALBUMS = frozenset(("title", "description", "access", "date", "location", "geoData", "enrichments"))


@dataclass(frozen=True, slots=True)
class _Album:
    title: str | None
    access: str | None


class GoogleTakeout:
    """The folders of Google Photos in a Takeout, whatever their language: known by what the JSON in them holds."""

    name = "google_takeout"
    marks = frozenset((".json",))

    def sniff(self, files: Files) -> bool:
        """Whether one of a few JSON files is a photo's or an album's. Raises nothing."""
        likely = nsmallest(_SNIFFED, _json_names(files), key=lambda name: media_name(name) not in files)
        for name in likely:
            try:
                value = read_json(files, name, max_bytes=MAX_SIDECAR_BYTES)
            except ReadFailure:
                continue
            if _is_photo(value) or _album_of(value) is not None:
                return True
            if in_takeout(files) and _titled_album(name, value, files) is not None:
                return True
        return False

    def describe(self, files: Files) -> Description:
        """What the JSON files say of the photos beside them; each is read once. Raises nothing."""
        albums: list[_Album] = []
        described: dict[str, Origin] = {}
        titles: dict[str, str | None] = {}
        understood: list[str] = []
        errors: list[ReadError] = []
        for name in _json_names(files):
            try:
                value = read_json(files, name, max_bytes=MAX_SIDECAR_BYTES)
            except ReadFailure as failure:
                errors.append(read_error(files, name, failure))
                continue
            if _is_photo(value):
                described[name] = _origin(value)
                titles[name] = text(member(value, "title"))
            elif (album := _album_of(value) or _titled_album(name, value, files)) is not None:
                albums.append(album)
            elif media_name(name) in files:
                errors.append(wrong_shape(files, name, "the data of a photo"))
                continue
            else:
                continue
            understood.append(name)
        photos = photos_of(files)
        album = albums[0] if albums else _Album(None, None)
        # What nothing is said of is Google's all the same where nothing else lies beside.
        unsaid = dict.fromkeys(photos if in_takeout(files) else (), Origin(PLATFORM, album=album.title))
        origins = unsaid | {
            photo: _placed(described[found.sidecar], album, certain=found.certain)
            for photo, found in pair(photos, titles).items()
        }
        return Description(origins=origins, understood=frozenset(understood), errors=tuple(errors))


def in_takeout(files: Files) -> bool:
    """Whether the folder lies where Google packs everything, which is called so in every language."""
    return "takeout" in re.split(r"[\\/]", files.shown(files.names[0]).lower()) if files.names else False


def _json_names(files: Files) -> Iterable[str]:
    return (name for name in files.names if suffix_of(name) == "json")


def _is_photo(value: Any) -> bool:
    return isinstance(member(value, "photoTakenTime", "timestamp"), str | int)


def _album_of(value: Any) -> _Album | None:
    """An album has a title and a date or who has access; older ones have it all in `albumData`."""
    data = member(value, "albumData")
    inner = value if data is None else data
    title = text(member(inner, "title"))
    known = data is not None or member(inner, "access") is not None or member(inner, "date", "timestamp") is not None
    return _Album(title, text(member(inner, "access"))) if title is not None and known else None


def _titled_album(name: str, value: Any, files: Files) -> _Album | None:
    """An album of a Takeout since 2025 may have a title alone; beside Google's photos nothing else has that."""
    title = text(member(value, "title"))
    alone = isinstance(value, dict) and value.keys() <= _KEYS_OF_ALBUMS and media_name(name) not in files
    return _Album(title, None) if title is not None and alone else None


def _origin(value: Any) -> Origin:
    """What a photo's JSON says. It never names who posted a shared photo, only that somebody did."""
    link = page(member(value, "url"), "photos.google.com")
    names = (text(person.get("name")) for person in items(member(value, "people")))
    return Origin(
        platform=PLATFORM,
        permalink=link,
        permalink_confidence=LinkConfidence.NONE if link is None else LinkConfidence.CERTAIN,
        people=tuple(dict.fromkeys(name for name in names if name is not None)),
        caption=text(member(value, "description")),
        taken_at=_time(member(value, "photoTakenTime", "timestamp")),
        posted_at=_time(member(value, "creationTime", "timestamp")),
    )


def _time(seconds: Any) -> str | None:
    """Google writes 0 for a time that it does not know."""
    return None if seconds in (0, "0") else iso_time(seconds)


def _placed(origin: Origin, album: _Album, *, certain: bool) -> Origin:
    confidence = origin.permalink_confidence
    if not certain and origin.permalink is not None:
        confidence = LinkConfidence.PROBABLE
    return replace(origin, album=album.title, audience=album.access, permalink_confidence=confidence)


READER = GoogleTakeout()
