"""What jcontini/facebook-photos-download saves: `tagged.json`, and the photos as `photos/<day>_<number>.jpg`.

The fields and names are those of its get-tagged-photos.py of 2019; Facebook's pages have changed since.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

from untag.errors import ReadFailure
from untag.sources.links import page
from untag.sources.reader import AbsentPhoto, Description, Files, photos_of
from untag.sources.text import items, member, read_error, read_json, text, wrong_shape
from untag.support.permalinks import number
from untag.types import LinkConfidence, Origin

FILE = "tagged.json"

_PHOTO = re.compile(r"(?:photos/)?(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})_(?P<number>[0-9]+)\.[^/]+")


class TaggedJson:
    """The list of photos that somebody is tagged in on Facebook, with those of them that were downloaded."""

    name = "tagged_json"
    platform = "facebook"
    top_names = frozenset((FILE,))

    def sniff(self, files: Files) -> bool:
        """Whether the list is here and has an entry. Raises nothing."""
        try:
            return any(_entries(read_json(files, FILE)))
        except ReadFailure:
            return False

    def describe(self, files: Files) -> Description:
        """The photos in the list, those without a file too. Raises nothing."""
        try:
            value = read_json(files, FILE)
        except ReadFailure as failure:
            return Description(errors=(read_error(files, FILE, failure),))
        if not isinstance(member(value, "tagged"), list):
            return Description(errors=(wrong_shape(files, FILE, "a list of tagged photos"),))
        here = _photos(files)
        origins: dict[str, Origin] = {}
        absent: dict[str, AbsentPhoto] = {}
        for position, entry in enumerate(_entries(value)):
            image = _image_number(entry)
            photo, day = here.get(image or "", (None, None))
            if photo is not None:
                origins[photo] = _origin(entry, day)
            else:
                key = _fbid(entry) or image or f"entry {position + 1}"
                absent[key] = AbsentPhoto(FILE, key, _origin(entry, None))
        return Description(origins=origins, absent=tuple(absent.values()), understood=frozenset((FILE,)))


def _entries(value: Any) -> Iterator[dict[str, Any]]:
    """Those of images: of videos nothing is downloaded."""
    for entry in items(member(value, "tagged")):
        if text(entry.get("fb_url")) is not None and entry.get("media_type") != "video":
            yield entry


def _photos(files: Files) -> dict[str, tuple[str, str]]:
    """The photos by the numbers in their names, with the days in them."""
    found = ((name, _PHOTO.fullmatch(name)) for name in photos_of(files))
    return {match["number"]: (name, match["day"]) for name, match in found if match is not None}


def _image_number(entry: dict[str, Any]) -> str | None:
    """The second number in the address of the image, which the tool names the file by. It is not the photo's id."""
    parts = (text(entry.get("media_url")) or "").split("_")
    return parts[1] if len(parts) > 1 and parts[1].isascii() and parts[1].isdigit() else None


def _fbid(entry: dict[str, Any]) -> str | None:
    link = page(entry.get("fb_url"), "facebook.com")
    return None if link is None else number(next(iter(parse_qs(urlsplit(link).query).get("fbid", ())), None))


def _origin(entry: dict[str, Any], day: str | None) -> Origin:
    """`fb_date` and `fb_tags` are sentences in the user's language; the day is taken from the file's name."""
    link = page(entry.get("fb_url"), "facebook.com")
    return Origin(
        platform="facebook",
        permalink=link,
        permalink_confidence=LinkConfidence.NONE if link is None else LinkConfidence.CERTAIN,
        poster=text(entry.get("user_name")),
        caption=text(entry.get("fb_caption")),
        posted_at=day,
    )


READER = TaggedJson()
