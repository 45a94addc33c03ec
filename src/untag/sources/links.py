"""Addresses of photos, built from the ids that sites and download tools write down; nothing else becomes a link."""

from __future__ import annotations

import re
from base64 import urlsafe_b64encode
from typing import Any
from urllib.parse import urlsplit

from untag.support.permalinks import number

_FACEBOOK_SET = re.compile(r"(?:[a-z]{1,5}\.)?[0-9]+(?:\.-?[0-9]+)*")
_INSTAGRAM_CODE = re.compile(r"[A-Za-z0-9_-]{1,64}")
_HANDLE = re.compile(r"[A-Za-z0-9_]{1,40}")


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
