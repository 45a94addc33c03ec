"""What gallery-dl writes of a photo at each site, and what its names of files and folders say without that.

The fields and the default names are those of gallery-dl 1.32 (extractor/facebook.py, instagram.py, twitter.py).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from untag.sources.links import facebook_photo, instagram_code, instagram_post, page, tweet
from untag.sources.readers.gallery_dl_table import NO_POSTS, table_origin
from untag.sources.text import items, member, text
from untag.support.permalinks import number
from untag.types import LinkConfidence, Origin

Entry = Mapping[str, Any]
"""What gallery-dl wrote of one file."""

_SET_FOLDER = re.compile(r"(?P<title>.*?) ?\((?P<set_id>(?:[a-z]{1,5}\.)?[0-9][0-9.-]*)\)")
_FACEBOOK_FILE = re.compile(r"(?P<fbid>[0-9]{6,20})\.[a-z0-9]+", re.IGNORECASE)
_INSTAGRAM_FILE = re.compile(r"(?:(?P<post>[0-9]{15,20})_)?(?P<media>[0-9]{15,20})p?\.[a-z0-9]+", re.IGNORECASE)
_TWITTER_FILE = re.compile(r"(?P<tweet>[0-9]{8,20})_[0-9]{1,3}\.[a-z0-9]+", re.IGNORECASE)

SITES = frozenset(("facebook", "instagram", "twitter"))
"""Folders whose names say a site, below which the names of files are known."""

_TAGGED_SET = "t."
_OWNED_SETS = ("a.", "pb.", "pcb.")
"""Sets of one account: an album, its photos, a post. Into others (groups, tags) several people's photos go."""


def origin_of(entry: Entry) -> Origin:
    """What gallery-dl wrote, as an origin. The ids in links are the site's own, so the links are certain."""
    match entry["category"]:
        case "facebook":
            return _facebook(entry)
        case "instagram":
            return _instagram(entry)
        case "twitter":
            return _twitter(entry)
        case _:
            return table_origin(entry, _time(entry.get("date")))


def file_names(entry: Entry) -> list[str]:
    """What gallery-dl calls the file of an entry by default, likeliest first."""
    extension = text(entry.get("extension"))
    fields = {name: number(entry.get(name)) for name in ("id", "media_id", "sidecar_media_id", "tweet_id", "num")}
    stems: list[str | None] = [text(entry.get("filename"))]
    match entry["category"]:
        case "facebook":
            stems.insert(0, fields["id"])
        case "instagram":
            stems[:0] = [_joined(fields["sidecar_media_id"], fields["media_id"]), fields["media_id"]]
        case "twitter":
            stems.insert(0, _joined(fields["tweet_id"], fields["num"]))
    return [] if extension is None else [f"{stem}.{extension}" for stem in stems if stem and "/" not in stem]


@dataclass(frozen=True, slots=True)
class SiteRule:
    """A folder by its default name: the site, and what else the names of the folder and those above it say."""

    category: str
    poster: str | None = None
    album: str | None = None
    set_id: str | None = None

    def origin(self, name: str) -> Origin | None:
        """The origin that the name of a file lets one expect; None when it is not one of gallery-dl's names."""
        match self.category:
            case "facebook" if match := _FACEBOOK_FILE.fullmatch(name):
                link = facebook_photo(match["fbid"], self.set_id)
            case "instagram" if match := _INSTAGRAM_FILE.fullmatch(name):
                link = _post_of(match["post"] or match["media"])
            case "twitter" if match := _TWITTER_FILE.fullmatch(name):
                link = tweet(self.poster, match["tweet"])
            case _:
                return None
        # A folder of X is that of the account that was downloaded, which need not have written each post.
        poster = None if self.category == "twitter" else self.poster
        probable = LinkConfidence.NONE if link is None else LinkConfidence.PROBABLE
        return Origin(self.category, link, probable, poster=poster, album=self.album)


def rule_of(folders: list[str]) -> SiteRule | None:
    """What the names of a folder and of those that it is in say, the innermost last; None for no site's default."""
    match folders:
        case [*_, "facebook", user, title] if found := _SET_FOLDER.fullmatch(title):
            return SiteRule("facebook", _set_owner(found["set_id"], user), found["title"] or None, found["set_id"])
        case [*_, "instagram", "tag", _]:
            return SiteRule("instagram")
        case [*_, "instagram" | "twitter" as category, user]:
            return SiteRule(category, user)
        case _:
            return None


def _facebook(entry: Entry) -> Origin:
    """In a set, `username` is the set's: of the one who is tagged, where it is one of photos with somebody."""
    set_id, user = text(entry.get("set_id")), text(entry.get("username"))
    tagged = user is not None and set_id is not None and set_id == f"{_TAGGED_SET}{number(entry.get('user_id'))}"
    return _origin(
        "facebook",
        facebook_photo(entry.get("id"), set_id),
        poster=user if entry["subcategory"] == "photo" and not tagged else _set_owner(set_id, user),
        people=(user,) if tagged and user is not None else (),
        caption=_caption(entry, "caption", "post_text"),
        album=text(entry.get("title")),
        posted_at=_time(entry.get("date")),
    )


def _set_owner(set_id: str | None, user: str | None) -> str | None:
    return user if not set_id or set_id.startswith(_OWNED_SETS) else None


def _instagram(entry: Entry) -> Origin:
    """The users tagged are those of the one photo, not of its post. No story or avatar has a page that stays."""
    link = None
    if entry.get("type") != "story" and entry["subcategory"] not in NO_POSTS:
        link = page(entry.get("post_url"), "instagram.com") or instagram_post(entry.get("post_shortcode"))
    names = (text(user.get("username")) for user in items(entry.get("tagged_users")))
    return _origin(
        "instagram",
        link,
        poster=text(entry.get("username")),
        people=tuple(dict.fromkeys(name for name in names if name is not None)),
        caption=_caption(entry, "description"),
        album=text(entry.get("highlight_title")),
        posted_at=_time(entry.get("post_date")) or _time(entry.get("date")),
        audience=text(entry.get("audience")),
    )


def _post_of(media_id: str) -> str | None:
    found = int(media_id)
    return instagram_post(instagram_code(found)) if found.bit_length() <= 64 else None


def _twitter(entry: Entry) -> Origin:
    """Those who are mentioned are not taken for people in the photo. The number of an avatar is not that of a post."""
    author = text(member(entry.get("author"), "name"))
    is_post = entry["subcategory"] not in NO_POSTS
    return _origin(
        "twitter",
        tweet(author, number(entry.get("retweet_id")) or entry.get("tweet_id")) if is_post else None,
        poster=author,
        caption=_caption(entry, "content"),
        posted_at=_time(entry.get("date")),
    )


def _origin(platform: str, link: str | None, **more: Any) -> Origin:
    confidence = LinkConfidence.NONE if link is None else LinkConfidence.CERTAIN
    return Origin(platform=platform, permalink=link, permalink_confidence=confidence, **more)


def _caption(entry: Entry, *keys: str) -> str | None:
    return next((found for key in keys if (found := text(entry.get(key))) is not None), None)


def _time(value: Any) -> str | None:
    """gallery-dl writes UTC without saying so: `2025-05-03 03:42:52`."""
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).isoformat(timespec="seconds")


def _joined(first: str | None, second: str | None) -> str | None:
    return None if first is None or second is None else f"{first}_{second}"
