"""Which addresses a download may use, and how they are shown. Pure functions: nothing here uses the network."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

from untag.errors import UsageError


def parse_origin(text: str) -> str | Path:
    """What `--from` means: the address of a mirror, or a folder.

    Raises UsageError when it is an address of another kind than http and https, or no folder.
    """
    if "://" in text:
        mirrored(text, "")
        return text
    folder = Path(text)
    if not text or not folder.is_dir():
        raise UsageError(f"{text or 'nothing'} is neither a folder nor an address that begins with https://")
    return folder


def mirrored(base: str, file: str) -> str:
    """The address of a file on the mirror at `base`. Plain http is allowed: the hash, not the line, proves the bytes.

    Raises UsageError when `base` is not an http or https address, or carries a password.
    """
    try:
        parts = urlsplit(base)
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        valid = False
    if not valid:
        raise UsageError(f"{base} is not the address of a mirror; one looks like https://example.org/models/")
    if "@" in parts.netloc:
        raise UsageError("an address with a name or a password in it is not supported; use a folder instead")
    path = quote(parts.path.rstrip("/") + "/" + file, safe="/%:@!$&'()*+,;=~")
    return urlunsplit((parts.scheme, parts.netloc, path, parts.query, ""))


def is_safe(url: str) -> bool:
    """Whether nobody on the way can read along: https, or this very machine."""
    parts = urlsplit(url)
    return parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(parts.hostname))


def may_follow(asked: str, redirect: str) -> bool:
    """Whether a redirect of `asked` may be followed: to https, or from http to http on the same host."""
    here, there = urlsplit(asked), urlsplit(redirect)
    if there.scheme == "https":
        return True
    same = here.hostname == there.hostname or (_is_loopback(here.hostname) and _is_loopback(there.hostname))
    return here.scheme == there.scheme == "http" and same


def shown(url: str) -> str:
    """The address without what may be secret in it: name, password and query."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{host_of(url)}{parts.path}"


def host_of(url: str) -> str:
    """The host, with the port when it is given."""
    netloc = urlsplit(url if "//" in url else f"//{url}").netloc
    return netloc.rpartition("@")[2]


def _is_loopback(host: str | None) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False
