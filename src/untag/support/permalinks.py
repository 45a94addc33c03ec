"""Permalinks: what two addresses of one photo have in common, whoever built or wrote them."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

_NUMBER = re.compile(r"[1-9][0-9]{0,24}")
_FACEBOOK_PATH = re.compile(r"/(?:photo|photo\.php|photos/viewer)/?")
_FACEBOOK_PHOTOS = re.compile(r"/[^/]+/photos/(?:[^/]+/)?([0-9]+)/?")
_INSTAGRAM_PATH = re.compile(r"/(?:[^/]+/)?(?:p|reel|tv)/([A-Za-z0-9_-]{1,64})/?.*")
_TWEET_PATH = re.compile(r"/(?:i/web|i|[A-Za-z0-9_]+)/status(?:es)?/([0-9]+)(?:/.*)?")

_MOST_FIELDS = 64


def number(value: Any) -> str | None:
    """The digits of an id, which JSON has as a number or as text; None for what is no id."""
    digits = value if isinstance(value, str) else str(value) if type(value) is int and 0 < value < 10**25 else ""
    return digits if _NUMBER.fullmatch(digits) else None


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


def is_of_one_photo(key: str) -> bool:
    """Whether a `link_key` stands for one photo, and not perhaps for a post with several."""
    return key.startswith("facebook:")


def _is_at(host: str, site: str) -> bool:
    return host == site or host.endswith(f".{site}")
