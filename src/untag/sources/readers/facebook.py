"""Facebook's "download your information" since 2018, of your own and of additional profiles, as JSON or as HTML.

Files are known by what they hold rather than by their names, most of which changed in 2021, 2022 and 2024.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from untag.errors import ReadFailure
from untag.sources.reader import Description, Files
from untag.sources.readers.facebook_html import WANTED_BY, read_pages
from untag.sources.readers.facebook_links import (
    PLATFORM,
    TAGGED,
    album_matches,
    is_tagged_list,
    permalink_of,
    read_tagged,
    recognise_own,
)
from untag.sources.readers.meta import (
    Gathering,
    labelled_caption,
    labelled_media,
    lists_in,
    posted_time,
    site_of,
    taken_time,
)
from untag.sources.readers.meta_media import is_picture, words_only
from untag.sources.readers.meta_messages import (
    is_empty_encrypted_thread,
    is_encrypted_thread,
    is_thread,
    read_thread,
)
from untag.sources.text import items, member, read_json, repaired, text, wrong_shape
from untag.types import LinkConfidence, Origin, Outcome

_APOSTROPHES = ("'", "\N{RIGHT SINGLE QUOTATION MARK}", "_", "")
_NOT_PHOTOS = frozenset(
    (
        *("ads_information", "apps_and_websites_off_of_facebook", "connections", "facebook_marketplace"),
        *("logged_information", "preferences", "security_and_login_information"),
    )
)
"""Folders of thousands of records that describe no photo; in another language their files are read and passed over."""

_MUST_HOLD = (
    (re.compile(r"(your|profile)_posts.*_\d+\.json", re.IGNORECASE), (list, dict), "a list of posts"),
    (re.compile(r"(your_)?uncategori[sz]ed_photos\.json", re.IGNORECASE), (list, dict), "a list of photos"),
    (re.compile(r"message_\d+\.json", re.IGNORECASE), (), "a conversation"),
)
_OWN_LISTS = ("", "status_updates", "archived_stories")
"""The beginnings of the names of lists that hold only what the owner posted; the file itself is one where it is a list.
In others, of what friends wrote on the timeline or of what was saved, the title of a post has to say so."""

_OWN_LABELLED = ("postsonother", "yourposts", "archivedstories", "youruncategorized", "yourphotos")

_ENCRYPTED_NAME = re.compile(r"(?:messages/)?[^/]+\.json", re.IGNORECASE | re.DOTALL)
_SNIFFED_FILES, _MOST_SNIFFED_FILES = 3, 500
_SNIFFED_BYTES = 4 * 1024 * 1024


class FacebookReader:
    """Reads a whole download, whose parts may be one or many."""

    name = "facebook"
    platform = PLATFORM
    top_names = frozenset(
        (
            *("your_facebook_activity", "your_activity_across_facebook", "start_here.html"),
            *(f"this_profile{apostrophe}s_activity_across_facebook" for apostrophe in _APOSTROPHES),
            *(f"activity_you{apostrophe}re_tagged_in" for apostrophe in _APOSTROPHES),
            *("posts", "photos_and_videos", "messages", "profile_information"),
            "media",  # beside the flat files of end-to-end encrypted conversations
        )
    )

    def sniff(self, files: Files) -> bool:
        """Whether names are those of a Facebook download, or a file at the top is an encrypted conversation."""
        site = site_of(files.names)
        if site is not None:
            return site == self.name
        return _is_encrypted(files, [name for name in files.names if _ENCRYPTED_NAME.fullmatch(name) is not None])

    def describe(self, files: Files) -> Description:
        """The owner's photos, those in conversations, and the links to photos that the owner is tagged in."""
        gathering = Gathering(files)
        # Whose download it is must be known before the posts; of its parts a page says less than JSON.
        for name in sorted(files.names, key=lambda name: ("profile_information" not in name.lower(), name)):
            if name.lower().endswith(".json") and _NOT_PHOTOS.isdisjoint(name.lower().split("/")):
                value = gathering.read_json(name)
                if value is not None:
                    _read(gathering, name, value)
        pages = (name for name in files.names if name.lower().endswith((".html", ".htm")))
        read_pages(gathering, (name for name in pages if _NOT_PHOTOS.isdisjoint(name.lower().split("/"))))
        recognise_own(gathering)
        return gathering.description()


READER = FacebookReader()


def _is_encrypted(files: Files, names: Sequence[str]) -> bool:
    """Whether one of the files is an encrypted conversation; half of them may be empty, and some are large.

    Smaller files first, and of large ones one. Several files of another tool end the search.
    """
    others = 0
    for name in sorted(names, key=lambda name: (files.stat(name)[0], name))[:_MOST_SNIFFED_FILES]:
        large = files.stat(name)[0] > _SNIFFED_BYTES
        others += (_SNIFFED_FILES - 1) * large
        try:
            value = read_json(files, name)
        except ReadFailure as failure:
            others += failure.outcome is not Outcome.EMPTY
        else:
            if is_encrypted_thread(value):
                return True
            others += not is_empty_encrypted_thread(value)
        if others >= _SNIFFED_FILES:
            return False
    return False


def _read(gathering: Gathering, name: str, value: Any) -> None:
    file_name = name.rpartition("/")[2]
    if is_tagged_list(name):
        if not isinstance(value, list | dict):
            gathering.errors.append(wrong_shape(gathering.files, name, TAGGED))
            return
        read_tagged(gathering, name, value)
    elif is_thread(value):
        read_thread(gathering, name, value, PLATFORM)
    elif (owner := _owner(value)) is not None:
        gathering.owner = gathering.owner or owner
    elif isinstance(member(value, "photos"), list):
        _read_album(gathering, value)
    elif not _read_lists(gathering, name, value):
        expected = [(shapes, wanted) for pattern, shapes, wanted in _MUST_HOLD if pattern.fullmatch(file_name)]
        wrong = [wanted for shapes, wanted in expected if not isinstance(value, shapes)]
        gathering.errors += [wrong_shape(gathering.files, name, wanted) for wanted in wrong]
        if wrong or not expected:
            return
    gathering.understood.add(name)


def _owner(value: Any) -> tuple[str, ...] | None:
    for key in ("profile_v2", "profile"):
        profile = member(value, key)
        full_name = repaired(member(profile, "name", "full_name")) or repaired(member(profile, "name"))
        if full_name is not None:
            others = [repaired(other.get("name")) for other in items(member(profile, "other_names"))]
            names = (full_name, *others, repaired(member(profile, "username")))
            return tuple(dict.fromkeys(name for name in names if name is not None))
    return None


def _read_album(gathering: Gathering, value: dict[str, Any]) -> None:
    # photos.json of the earliest downloads is a list of albums.
    for album in (value, *(below for below in items(value["photos"]) if "photos" in below)):
        known = Origin(album=repaired(album.get("name")), poster=gathering.poster)
        for media in (*items(album["photos"]), album.get("cover_photo")):
            _add(gathering, media, known)


def _read_lists(gathering: Gathering, name: str, value: Any) -> bool:
    understood = False
    for key, records in lists_in(value):
        for record in items(records):
            if "attachments" in record:
                _read_post(gathering, record, _poster(gathering, name, key, record))
            elif "uri" in record:
                _add(gathering, record, Origin(poster=gathering.poster))
            elif "label_values" in record and any("uri" in media for media in labelled_media(record)):
                _read_labelled(gathering, name, record)
            else:
                continue
            understood = True
    return understood


def _read_labelled(gathering: Gathering, name: str, record: dict[str, Any]) -> None:
    """A post as labels and values, as since 2024; only of what was posted elsewhere it is known to be the owner's.

    The shape is that of two public table maps; no download with photos was seen.
    """
    own = words_only(name.rpartition("/")[2]).startswith(_OWN_LABELLED)
    known = Origin(
        poster=gathering.poster if own else None,
        caption=labelled_caption(record),
        posted_at=posted_time(record.get("timestamp")),
    )
    for media in labelled_media(record):
        _add(gathering, media, known)


def _poster(gathering: Gathering, name: str, key: str, post: dict[str, Any]) -> str | None:
    """The owner, unless it may be another: a friend on the owner's timeline, or a page that the owner runs."""
    own_profile = not any(words_only(part).startswith("thisprofiles") for part in name.split("/"))
    if own_profile and (not key or key.startswith(_OWN_LISTS[1:])):
        return gathering.poster
    title = repaired(post.get("title")) or ""
    return next((owner for owner in gathering.owner if title.startswith(owner)), None)


def _read_post(gathering: Gathering, post: dict[str, Any], poster: str | None) -> None:
    people = tuple(name for tag in items(post.get("tags")) if (name := repaired(tag.get("name"))) is not None)
    texts = (
        repaired(item.get("post")) or repaired(member(item, "comment", "comment")) for item in items(post.get("data"))
    )
    caption = next((found for found in texts if found is not None), None)
    for media in _attached(post):
        origin = Origin(poster=poster, people=people, caption=caption, posted_at=posted_time(post.get("timestamp")))
        _add(gathering, media, origin)


def _attached(post: dict[str, Any]) -> Iterator[Any]:
    for attachment in items(post.get("attachments")):
        for entry in items(attachment.get("data")):
            yield entry.get("media")
            yield from (item.get("media", item) for item in items(member(entry, "life_event", "photos")))


def _add(gathering: Gathering, media: Any, known: Origin) -> None:
    """Note where the picture or video that `media` describes is from; the thumbnail of a video leads to the video."""
    uri = text(member(media, "uri"))
    if uri is None:
        return
    title = repaired(media.get("title"))
    link = permalink_of(uri)
    posted = media.get("creation_timestamp")
    origin = Origin(
        platform=PLATFORM,
        permalink=link,
        permalink_confidence=LinkConfidence.NONE if link is None else LinkConfidence.PROBABLE,
        poster=known.poster,
        people=known.people,
        caption=repaired(media.get("description")) or known.caption,
        # What a photo is titled is as a rule its album, but that is said nowhere: the folder has to agree.
        album=known.album or (title if title is not None and album_matches(title, uri) else None),
        taken_at=taken_time(media, posted),
        posted_at=posted_time(posted) or known.posted_at,
    )
    thumbnail = text(member(media, "thumbnail", "uri"))
    gathering.add(uri, origin, wanted_by=WANTED_BY)
    if thumbnail is not None and not is_picture(uri):
        gathering.add(thumbnail, origin, wanted_by=WANTED_BY)
