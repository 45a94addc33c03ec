"""Instagram's "download your information", as JSON, or since 2021 as HTML. It holds no photos that others posted.

The files of posts have numbers for names that are not those of the posts, so there is no link unless a newer download
gives it: the poster and the time have to do.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

from untag.sources.links import page
from untag.sources.reader import Description, Files
from untag.sources.readers.facebook import READER as FACEBOOK
from untag.sources.readers.instagram_old import OLD_LIST, OLD_PROFILE, is_old, read_old
from untag.sources.readers.meta import (
    Gathering,
    facebooks,
    joined,
    label_values,
    labelled_caption,
    labelled_media,
    lists_in,
    posted_time,
    site_of,
    taken_time,
)
from untag.sources.readers.meta_html import page_of
from untag.sources.readers.meta_messages import WANTED_BY as BY_MESSAGES
from untag.sources.readers.meta_messages import is_thread, read_thread
from untag.sources.text import items, member, repaired, text, wrong_shape
from untag.sources.tree import Chosen
from untag.types import LinkConfidence, Origin

PLATFORM = "instagram"
WANTED_BY = "your posts and stories"

_NOT_PHOTOS = frozenset(
    (
        *("ads_information", "apps_and_websites_off_of_instagram", "connections", "logged_information"),
        *("preferences", "security_and_login_information", "likes", "saved", "comments"),
    )
)
"""Folders that describe no photo of one's own; in another language their files are read and passed over."""

_ARCHIVE = re.compile(
    r"instagram-([A-Za-z0-9._]{1,30})-\d{4}-\d\d-\d\d(?:-[A-Za-z0-9]{8})?(?: ?\(\d+\)|-\d+)?(?:\.zip)?",
    re.IGNORECASE | re.ASCII,
)
_POSTS = re.compile(r"posts_\d+\.json", re.IGNORECASE)
_THREAD = re.compile(r"message_\d+\.json", re.IGNORECASE)
_MESSAGE_PAGE = re.compile(r"message_\d+\.html?", re.IGNORECASE)
_POST_LINK = re.compile(r"/(p|reel|tv|stories)/")
_USERNAME = re.compile(r"[A-Za-z0-9._]{1,30}")
_USERNAME_LABELS = (
    "user",
    "usuario",
    "usuário",
    "utente",
    "utilisateur",
    "benutzer",
    "gebruiker",
    "użytkownik",
    "kullan",
    *(
        "användar",
        "bruker",
        "bruger",
        "käyttäjä",
        "uživatel",
        "používateľ",
        "felhasználó",
        "utilizator",
        "koris",
        "pengguna",
    ),
    *("пользовател", "користувач", "потребител", "χρήστη", "người dùng", "ชื่อผู้ใช้", "שם משתמש", "اسم المستخدم"),
    *(
        "نام کاربری",
        "ユーザーネーム",
        "ユーザー名",
        "사용자 이름",
        "用户名",
        "用戶名",
        "帳號",
        "帐号",
        "यूज़रनेम",
        "उपयोगकर्ता",
    ),
)
_NAME_LABELS = frozenset(("name", "nombre", "nome", "nom", "naam", "namn", "navn", "nimi", "ad", "imię i nazwisko"))
_AUDIENCES = {"archived_posts": "archived", "recently_deleted_content": "recently deleted"}


class InstagramReader:
    """Reads a whole download, whose parts may be one or many."""

    name = "instagram"
    platform = PLATFORM
    top_names = frozenset(
        (
            *("your_instagram_activity", "content", "media", "messages"),
            *("personal_information", "account_information", "followers_and_following"),
            OLD_LIST,
        )
    )

    def sniff(self, files: Files) -> bool:
        """Whether names are those of an Instagram download, or there is the list of media of one before 2021."""
        site = site_of(files.names)
        return site == self.name or (site is None and is_old(files))

    def describe(self, files: Files) -> Description:
        """The owner's posts, stories and profile photos, and the photos in conversations."""
        others = facebooks(files.names)
        if others:
            # Both downloads of Meta's were unpacked into one folder.
            return joined(
                self.describe(Chosen(files, set(files.names) - others)), FACEBOOK.describe(Chosen(files, others))
            )
        gathering = Gathering(files)
        # Whose download it is must be known before the posts.
        for name in sorted(files.names, key=lambda name: (not _is_owners(name), name)):
            if not gathering.owner and not _is_owners(name):
                gathering.owner = _owner_by_name(files)
            if not _NOT_PHOTOS.isdisjoint(name.lower().split("/")[:-1]):
                continue
            if name.lower().endswith(".json"):
                value = gathering.read_json(name)
                if value is not None:
                    _read(gathering, name, value)
            elif name.lower().endswith((".html", ".htm")):
                _read_page(gathering, name)
        return gathering.description()


READER = InstagramReader()


def _is_owners(name: str) -> bool:
    return "personal_information." in name.lower() or name == OLD_PROFILE


def _owner_by_name(files: Files) -> tuple[str, ...]:
    """The account in the name of the download, which pages do not say in every language."""
    place = files.shown(files.names[0]) if files.names else ""
    found = [match[1] for part in re.split(r"[\\/]", place) if (match := _ARCHIVE.fullmatch(part)) is not None]
    return tuple(found[-1:])


def _owner_on_page(lines: Sequence[str]) -> tuple[str, ...]:
    """The account on the page about it: what follows the label for it."""
    for label, value in pairwise(lines):
        if any(word in label.casefold() for word in _USERNAME_LABELS) and _USERNAME.fullmatch(value) is not None:
            return (value,)
    return ()


def _read(gathering: Gathering, name: str, value: Any) -> None:
    file_name = name.rpartition("/")[2]
    if is_thread(value):
        read_thread(gathering, name, value, PLATFORM)
    elif isinstance(member(value, "profile_user"), list):
        _read_owner(gathering, value["profile_user"])
    elif name in (OLD_LIST, OLD_PROFILE):
        read_old(gathering, name, value)
    elif _THREAD.fullmatch(file_name) is not None:
        gathering.errors.append(wrong_shape(gathering.files, name, "a conversation"))
        return
    elif _POSTS.fullmatch(file_name) is not None and not isinstance(value, list | dict):
        gathering.errors.append(wrong_shape(gathering.files, name, "a list of posts"))
        return
    elif not _read_posts(gathering, name, value):
        return
    gathering.understood.add(name)


def _read_owner(gathering: Gathering, users: list[Any]) -> None:
    for user in items(users):
        data = member(user, "string_map_data")
        fields = data.items() if isinstance(data, dict) else ()
        values = [(repaired(label), repaired(member(below, "value"))) for label, below in fields]
        labelled = [(label.casefold(), value) for label, value in values if label is not None and value is not None]
        handles = [
            value
            for label, value in labelled
            if any(word in label for word in _USERNAME_LABELS) and _USERNAME.fullmatch(value) is not None
        ]
        names = [value for label, value in labelled if label in _NAME_LABELS]
        gathering.owner = tuple(dict.fromkeys((*gathering.owner, *handles[:1], *names[:1])))
        photos = member(user, "media_map_data")
        for media in photos.values() if isinstance(photos, dict) else ():
            _add(gathering, media, Origin())


def _read_posts(gathering: Gathering, name: str, value: Any) -> bool:
    audience = _AUDIENCES.get(name.rpartition("/")[2].partition(".")[0].lower())
    understood = False
    for _, records in lists_in(value):
        for record in items(records):
            if "media" not in record and "uri" not in record:
                continue
            understood = True
            known = replace(_known(record), audience=audience)
            for media in (record, *labelled_media(record)):
                _add(gathering, media, known)
    return understood


def _known(record: dict[str, Any]) -> Origin:
    """What a post says of all its photos: caption and time where there are several, in newer downloads a link."""
    links = (page(text(entry.get("href")), "instagram.com") for entry in label_values(record))
    link = next((link for link in links if link is not None and _POST_LINK.search(link) is not None), None)
    return Origin(
        permalink=link,
        permalink_confidence=LinkConfidence.NONE if link is None else LinkConfidence.CERTAIN,
        caption=repaired(record.get("title")) or labelled_caption(record),
        posted_at=posted_time(record.get("creation_timestamp"), record.get("timestamp")),
    )


def _add(gathering: Gathering, media: Any, known: Origin) -> None:
    posted = member(media, "creation_timestamp")
    origin = replace(
        known,
        platform=PLATFORM,
        poster=gathering.poster,
        caption=repaired(member(media, "title")) or known.caption,
        taken_at=taken_time(media, posted),
        posted_at=known.posted_at or posted_time(posted),
    )
    gathering.add(member(media, "uri"), origin, wanted_by=WANTED_BY)


def _read_page(gathering: Gathering, name: str) -> None:
    page = page_of(gathering, name)
    if page is None:
        return
    if _is_owners(name):
        gathering.owner = gathering.owner or _owner_on_page(page.lines)
    blocks = page.blocks
    messages = _MESSAGE_PAGE.fullmatch(name.rpartition("/")[2]) is not None
    for block in blocks:
        for picture in block.pictures:
            if messages:
                origin = Origin(PLATFORM, poster=block.title, caption=picture.caption, posted_at=block.posted_at)
                gathering.add(picture.uri, origin, wanted_by=BY_MESSAGES)
            else:
                caption = picture.caption or block.title
                origin = Origin(
                    platform=PLATFORM,
                    poster=gathering.poster,
                    caption=caption,
                    taken_at=picture.taken_at,
                    posted_at=block.posted_at,
                )
                gathering.add(picture.uri, origin, wanted_by=WANTED_BY)
    if blocks:
        gathering.understood.add(name)
