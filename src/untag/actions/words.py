"""Text from archives made fit for letters, file names and addresses: names and captions are whatever others wrote."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from functools import lru_cache
from hashlib import sha256
from urllib.parse import quote, urlsplit

from untag.support.words import printable

MOST_LETTERS = 120
_MOST_SLUG = 40
_LONGEST_LINK = 2000
_NOT_IN_LINKS = re.compile(r"[\s\x00-\x1f]")
_SAFE_IN_LINKS = "!#$%&'()*+,/:;=?@[]~-._"


def one_line(text: str, most: int = MOST_LETTERS) -> str:
    """The text as one line of at most `most` letters, without what hides, steers or turns what follows."""
    plain = " ".join(text.split())
    shown = plain if printable(plain) == plain else "".join(char for char in plain if printable(char) == char)
    return shown if len(shown) <= most else f"{shown[: most - 1].rstrip()}…"


def name_of(text: str | None) -> str | None:
    """A name as it can stand in a letter; None where nothing of it can be seen."""
    return None if text is None else one_line(text) or None


@lru_cache(1 << 16)
def web_link(link: str | None) -> str | None:
    """The address of a page that may be opened and sent, in ASCII; None for what is none."""
    if link is None or len(link) > _LONGEST_LINK or _NOT_IN_LINKS.search(link):
        return None
    try:
        parts = urlsplit(link)
        host = parts.hostname
    except ValueError:
        return None
    if parts.scheme not in ("https", "http") or not host or parts.username is not None or not host.isprintable():
        return None
    try:
        ascii_host = host.encode("idna").decode("ascii") if not host.isascii() else host
    except UnicodeError:
        return None
    netloc = parts.netloc.replace(host, ascii_host) if host in parts.netloc else parts.netloc
    if not netloc.isascii():
        return None
    return quote(parts._replace(netloc=netloc).geturl(), safe=_SAFE_IN_LINKS, errors="replace")


def day_of(moment: str | None) -> date | None:
    """The day of an ISO 8601 time as its source wrote it; None for anything else."""
    try:
        return None if moment is None else date.fromisoformat(moment[:10])
    except ValueError:
        return None


def file_stem(*parts: str | None) -> str:
    """A file name for something that is called so: plain letters, and a few of a digest that tell namesakes apart."""
    said = [part for part in parts if part]
    plain = unicodedata.normalize("NFKD", "-".join(said)).encode("ascii", "ignore").decode().casefold()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:_MOST_SLUG].strip("-")
    digest = sha256("\0".join(part or "" for part in parts).encode("utf-8", "replace")).hexdigest()[:6]
    return f"{slug}-{digest}" if slug else digest
