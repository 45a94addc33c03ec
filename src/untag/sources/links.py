"""Addresses of photos, built from the ids that sites and download tools write down; nothing else becomes a link."""

from __future__ import annotations

import re
from base64 import urlsafe_b64encode
from typing import Any
from urllib.parse import parse_qs, urlsplit

_FACEBOOK_SET = re.compile(r"(?:[a-z]{1,5}\.)?[0-9]+(?:\.-?[0-9]+)*")
_INSTAGRAM_CODE = re.compile(r"[A-Za-z0-9_-]{1,64}")
_NUMBER = re.compile(r"[1-9][0-9]{0,24}")
_HANDLE = re.compile(r"[A-Za-z0-9_]{1,40}")
_FACEBOOK_PATH = re.compile(r"/(?:photo|photo\.php|photos/viewer)/?")
_FACEBOOK_PHOTOS = re.compile(r"/[^/]+/photos/(?:[^/]+/)?([0-9]+)/?")
_INSTAGRAM_PATH = re.compile(r"/(?:[^/]+/)?(?:p|reel|tv)/([A-Za-z0-9_-]{1,64})/?.*")
_TWEET_PATH = re.compile(r"/(?:i/web|i|[A-Za-z0-9_]+)/status(?:es)?/([0-9]+)(?:/.*)?")

_MOST_FIELDS = 64


def page(value: Any, host: str | None = None) -> str | None:
    """`value` when it is an http address, at `host` or below it where one is given: an archive may be hostile."""
    if not isinstance(value, str) or not value.isprintable() or " " in value:
        return None
    try:
        parts = urlsplit(value)
        name = parts.hostname
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or name is None:
        return None
    return value if host is None or name == host or name.endswith(f".{host}") else None


def number(value: Any) -> str | None:
    """The digits of an id, which JSON has as a number or as text; None for what is no id."""
    digits = value if isinstance(value, str) else str(value) if type(value) is int and 0 < value < 10**25 else ""
    return digits if _NUMBER.fullmatch(digits) else None


def facebook_photo(fbid: Any, set_id: Any = None) -> str | None:
    """The page of a photo, within an album or another set where one is known."""
    found = number(fbid)
    if found is None:
        return None
    link = f"https://www.facebook.com/photo/?fbid={found}"
    known = isinstance(set_id, str) and _FACEBOOK_SET.fullmatch(set_id) is not None
    return f"{link}&set={set_id}" if known else link


def instagram_post(code: Any) -> str | None:
    """The page of the post with a shortcode."""
    known = isinstance(code, str) and _INSTAGRAM_CODE.fullmatch(code) is not None
    return f"https://www.instagram.com/p/{code}/" if known else None


def instagram_code(media_id: int) -> str:
    """The shortcode of a post from its number below 2**72, which it is in base64 with the URL alphabet."""
    return urlsafe_b64encode(media_id.to_bytes(9, "big")).decode().lstrip("A")


def tweet(handle: Any, tweet_id: Any) -> str | None:
    """The page of a post on X; the site finds it by its number alone when the author's handle is not known."""
    found = number(tweet_id)
    if found is None:
        return None
    known = isinstance(handle, str) and _HANDLE.fullmatch(handle) is not None
    return f"https://x.com/{handle if known else 'i'}/status/{found}"


def link_key(link: str) -> str:
    """What two addresses of one photo have in common: the same key for each; the address itself where no site is known.

    Facebook's pages are distinguished by the photo's number, whatever set it is shown in; Instagram's and X's by the
    post's code or number, so that all photos of one post have one key.
    """
    try:
        parts = urlsplit(link)
        host = parts.hostname or ""
        asked = parse_qs(parts.query, max_num_fields=_MOST_FIELDS).get("fbid", [])
    except ValueError:
        return link
    if _is_at(host, "facebook.com"):
        named = _FACEBOOK_PHOTOS.fullmatch(parts.path)
        fbid = named[1] if named else asked[0] if asked and _FACEBOOK_PATH.fullmatch(parts.path) else None
        found = number(fbid)
        return link if found is None else f"facebook:{found}"
    if _is_at(host, "instagram.com") and (post := _INSTAGRAM_PATH.fullmatch(parts.path)):
        return f"instagram:{post[1]}"
    if (_is_at(host, "x.com") or _is_at(host, "twitter.com")) and (post := _TWEET_PATH.fullmatch(parts.path)):
        return f"x:{post[1]}"
    return link


def _is_at(host: str, site: str) -> bool:
    return host == site or host.endswith(f".{site}")
