"""Links to photos on Facebook: built from the names that a download gives its files, or listed in it."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

from untag.sources.links import facebook_photo, page
from untag.sources.reader import AbsentPhoto
from untag.sources.readers.meta import Gathering, label_values, lists_in, merged, posted_time
from untag.sources.readers.meta_media import words_only
from untag.sources.text import items, repaired, text
from untag.support.permalinks import number
from untag.types import LinkConfidence, Origin

PLATFORM = "facebook"
TAGGED = "the list of photos you are tagged in"

_ALBUM_FOLDER = re.compile(r"(.+)_(\d{5,})")
_OLD_ALBUM_FOLDER = re.compile(r"(.+)_[A-Za-z0-9_-]{10}")
_OLD_NAME = re.compile(r"\d+_\d+_\d+_[a-z]_(\d+)")
_ITEM = re.compile(r"[?&](fbid|story_fbid|v)=|/(photo|photos|posts|videos|permalink|reel|watch|share)\b")
_ID_IN_PATH = re.compile(r"/(\d{5,})/?$")


def permalink_of(uri: str) -> str | None:
    """The link to the media that a download calls `uri`, or None where its name does not hold the photo's own id.

    Never certain: the site nowhere says that the names are ids. New names are `<Album>_<album id>/<photo id>.jpg`, old
    ones end in the id; the second of the three numbers in a name that a browser saved is not it. Pictures in messages
    have no link of their own.
    """
    *folders, file_name = uri.split("/")
    stem = file_name.partition(".")[0]
    folder = folders[-1] if folders else ""
    if "messages" in folders or folder == "stickers_used":
        return None
    if (old := _OLD_NAME.fullmatch(stem)) is not None:
        return facebook_photo(old[1])
    if folder == "videos":
        return None if number(stem) is None else f"https://www.facebook.com/watch/?v={stem}"
    if folder == "your_posts":
        return facebook_photo(stem)
    album = _ALBUM_FOLDER.fullmatch(folder)
    return None if album is None else facebook_photo(stem, f"a.{album[2]}")


def album_matches(title: str, uri: str) -> bool:
    """Whether `title` is the name of the album in whose folder `uri` lies; folders leave out spaces and signs."""
    folder = uri.rpartition("/")[0].rpartition("/")[2]
    album = _ALBUM_FOLDER.fullmatch(folder) or _OLD_ALBUM_FOLDER.fullmatch(folder)
    return album is not None and _ascii_words(title) == _ascii_words(album[1])


def is_tagged_list(name: str) -> bool:
    """Whether a file lists the photos that the owner is tagged in, however its apostrophe is written."""
    *folders, file_name = (words_only(part) for part in name.rpartition(".")[0].split("/"))
    return file_name.endswith("taggedin") and bool(folders) and folders[-1].startswith("activityyou")


def item_link(*values: Any) -> str | None:
    """The first of `values` that leads to a photo, video or post on Facebook."""
    links = (page(text(value), "facebook.com") for value in values)
    return next((link for link in links if link is not None and _ITEM.search(link) is not None), None)


def read_tagged(gathering: Gathering, name: str, value: Any) -> None:
    """The photos that the owner is tagged in: links, and as a rule no pictures.

    The list gives each one a name, probably of who set the tag, and a time of which it does not say what happened
    then; they are passed on as just that, in place of a caption.
    """
    for _, records in lists_in(value):
        for record in items(records):
            entries = list(label_values(record))
            link = item_link(*(entry.get(key) for key in ("href", "value") for entry in entries))
            if link is None:
                continue
            names = {repaired(entry.get("value")) for entry in entries if text(entry.get("href")) is None}
            names -= {None, link}
            name_given = names.pop() if len(names) == 1 else None
            caption = _listed_with(name_given, record.get("timestamp"))
            photo = tagged_photo(gathering, name, link, number(record.get("fbid")), caption)
            uris = [media.get("uri") for media in items(record.get("media"))]
            if not [uri for uri in uris if gathering.add(uri, photo.origin, wanted_by=None)]:
                gathering.absent.setdefault(photo.key, photo)


def tagged_photo(
    gathering: Gathering, file: str, link: str, key: str | None = None, caption: str | None = None
) -> AbsentPhoto:
    """A photo that the owner is tagged in, as `file` says. `key` is its id where it is known."""
    origin = Origin(
        platform=PLATFORM,
        permalink=link,
        permalink_confidence=LinkConfidence.CERTAIN,
        people=gathering.owner[:1],
        caption=caption,
    )
    return AbsentPhoto(file, key or _id_in(link) or re.sub(r"\W+", "_", link.partition("//")[2]), origin)


def recognise_own(gathering: Gathering) -> None:
    """Give the links of the photos that the owner is tagged in to those among the owner's own photos."""
    ids = {_id_in(origin.permalink or ""): name for name, origin in gathering.origins.items()}
    for key, absent in list(gathering.absent.items()):
        photo_id = _id_in(absent.origin.permalink or "")
        own = ids.get(photo_id)
        if photo_id is not None and own is not None:
            del gathering.absent[key]
            gathering.origins[own] = merged(gathering.origins[own], replace(absent.origin, caption=None))


def _listed_with(name: str | None, timestamp: Any) -> str | None:
    time = posted_time(timestamp)
    parts = [*(() if name is None else (f"the name {name}",)), *(() if time is None else (time[:10],))]
    return f"Facebook lists it with {' and '.join(parts)}" if parts else None


def _id_in(link: str) -> str | None:
    parts = urlsplit(link)
    query = parse_qs(parts.query)
    named = [*query.get("fbid", ()), *query.get("v", ())]
    found = _ID_IN_PATH.search(parts.path)
    return number(named[0]) if named else found[1] if found is not None else None


def _ascii_words(name: str) -> str:
    return "".join(char for char in words_only(name) if char.isascii())
