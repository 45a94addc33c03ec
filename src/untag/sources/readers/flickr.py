"""Flickr's "request my Flickr data": `photo_<id>.json` for each photo, and the photos with that id in their names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from untag.errors import ReadFailure
from untag.sources.dates import written_time
from untag.sources.links import page
from untag.sources.reader import AbsentPhoto, Description, Files, photos_of
from untag.sources.text import items, member, read_error, read_json, text, wrong_shape
from untag.support.permalinks import number
from untag.types import LinkConfidence, Origin, ReadError

PLATFORM = "flickr"

MAX_PHOTO_BYTES = 16 * 1024 * 1024
"""The JSON of one photo: some kilobytes, more where it has many comments."""

_PHOTO = re.compile(r"(?:.*/)?photo_([1-9]\d{0,24})\.json", re.IGNORECASE | re.ASCII | re.DOTALL)
_PROFILE = "account_profile.json"
_PERSON_NAMES = ("name", "realname", "username", "screen_name")


class Flickr:
    """A whole download, all parts in one folder."""

    name = "flickr"
    platform = PLATFORM
    top_names = frozenset(
        (_PROFILE, "account_testimonials.json", "albums.json", "galleries.json", "contacts_part001.json")
    )

    def sniff(self, files: Files) -> bool:
        """Whether there is the JSON of a photo."""
        return any(_PHOTO.fullmatch(name) for name in files.names)

    def describe(self, files: Files) -> Description:
        """What Flickr says of each photo; those whose file is not here are reported without one."""
        download = _Download(files)
        for name in files.names:
            if (match := _PHOTO.fullmatch(name)) is not None:
                download.read_photo(name, match[1])
            elif name.rpartition("/")[2].lower() == _PROFILE:
                download.read_profile(name)
        download.name_poster()
        origins = {}
        for name in photos_of(files):
            photo_id = next((part for part in _numbers(name) if part in download.photos), None)
            if photo_id is not None:
                origins[name] = download.photos[photo_id][1]
        here = {part for name in files.names if not _PHOTO.fullmatch(name) for part in _numbers(name)}
        return Description(
            origins=origins,
            absent=tuple(
                AbsentPhoto(file, photo_id, origin)
                for photo_id, (file, origin) in download.photos.items()
                if photo_id not in here
            ),
            understood=frozenset(download.understood),
            owner=download.owner,
            errors=tuple(download.errors),
        )


@dataclass(slots=True)
class _Download:
    files: Files
    photos: dict[str, tuple[str, Origin]] = field(default_factory=dict)
    understood: list[str] = field(default_factory=list)
    owner: tuple[str, ...] = ()
    errors: list[ReadError] = field(default_factory=list)

    def read_photo(self, name: str, photo_id: str) -> None:
        value = self._read(name, "the data of a photo")
        if value is not None:
            self.photos[number(value.get("id")) or photo_id] = (name, _origin(value))

    def read_profile(self, name: str) -> None:
        value = self._read(name, "a profile")
        if value is not None:
            names = (text(value.get("real_name")), text(value.get("screen_name")))
            self.owner = tuple(found for found in names if found is not None)

    def name_poster(self) -> None:
        """A download holds its owner's photos alone."""
        if self.owner:
            self.photos = {
                photo_id: (name, replace(origin, poster=self.owner[0]))
                for photo_id, (name, origin) in self.photos.items()
            }

    def _read(self, name: str, wanted: str) -> dict[str, Any] | None:
        try:
            value = read_json(self.files, name, max_bytes=MAX_PHOTO_BYTES)
        except ReadFailure as failure:
            self.errors.append(read_error(self.files, name, failure))
            return None
        if not isinstance(value, dict):
            self.errors.append(wrong_shape(self.files, name, wanted))
            return None
        self.understood.append(name)
        return value


READER = Flickr()


def _numbers(name: str) -> Iterator[str]:
    """The numbers in the name of a photo, the last one first: `sea-2_5312345678_o.jpg`, `5312345678_3fa9_o.jpg`."""
    stem = name.rpartition("/")[2].rpartition(".")[0]
    yield from (part for part in reversed(stem.split("_")) if number(part) is not None)


def _origin(value: dict[str, Any]) -> Origin:
    link = page(value.get("photopage"), "flickr.com")
    albums = (text(album.get("title")) for album in items(value.get("albums")))
    return Origin(
        platform=PLATFORM,
        permalink=link,
        permalink_confidence=LinkConfidence.NONE if link is None else LinkConfidence.CERTAIN,
        people=tuple(dict.fromkeys(_people(value.get("people")))),
        caption=text(value.get("description")) or text(value.get("name")),
        album=next((title for title in albums if title is not None), None),
        taken_at=written_time(value.get("date_taken")),
        posted_at=written_time(value.get("date_imported")),
        audience=text(value.get("privacy")),
    )


def _people(value: Any) -> Iterator[str]:
    """The names in a list of people, however they are written: no document says how."""
    for person in value if isinstance(value, list) else ():
        found = text(person)
        for key in _PERSON_NAMES:
            found = found or text(member(person, key))
        if found is not None:
            yield found
