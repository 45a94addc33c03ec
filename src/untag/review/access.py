"""Who may see the pages: what a request must bring along, decided before anything else looks at it.

The address that is printed has a token. Whoever brings it gets a cookie, and finds the pages below a folder that nobody
can guess. A cookie knows no port: with the folder as its path, no other server of this machine is sent it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from hmac import compare_digest
from http.cookies import CookieError, SimpleCookie
from secrets import token_urlsafe
from urllib.parse import parse_qs

HOST = "127.0.0.1"
COOKIE = "untag-review"
METHODS = frozenset({"GET", "HEAD", "POST"})
_BYTES = 24


def _secret() -> str:
    return token_urlsafe(_BYTES)


class Entry(StrEnum):
    """What a token is good for."""

    NONE = "none"
    ONCE = "once"
    ALWAYS = "always"


@dataclass(frozen=True, slots=True)
class Access:
    """The secrets of one start, each drawn anew: none follows from another."""

    port: int
    token: str = field(default_factory=_secret)
    once: str = field(default_factory=_secret)
    cookie: str = field(default_factory=_secret)
    folder: str = field(default_factory=lambda: f"/{_secret()}")

    @property
    def origin(self) -> str:
        """What a browser says that a request of these pages comes from."""
        return f"http://{HOST}:{self.port}"

    @property
    def address(self) -> str:
        """Where to enter: whoever has it may see and decide everything."""
        return f"{self.origin}/?token={self.token}"

    @property
    def address_once(self) -> str:
        """The same, good for one visit: others can read the command line of the browser that is started with it."""
        return f"{self.origin}/?token={self.once}"

    @property
    def set_cookie(self) -> str:
        """The header that gives the cookie to a browser; it ends with the browser's session."""
        return f"{COOKIE}={self.cookie}; Path={self.folder}/; HttpOnly; SameSite=Strict"

    def entry(self, path: str, query: str) -> Entry:
        """Whether a request is for the front door and brings a token."""
        if path != "/":
            return Entry.NONE
        try:
            given = parse_qs(query, max_num_fields=8).get("token", [])
        except ValueError:  # of too many fields
            return Entry.NONE
        if len(given) != 1:
            return Entry.NONE
        return Entry.ALWAYS if _same(given[0], self.token) else Entry.ONCE if _same(given[0], self.once) else Entry.NONE

    def refusal(self, method: str, path: str, headers: Mapping[str, str]) -> str | None:
        """Why a request below the folder is refused, in words, or None. Headers are by their names in small letters."""
        if method not in METHODS:
            return "this method is not used here"
        if reason := self.wrong_host(headers):
            return reason
        if not _same(path[: len(self.folder) + 1], f"{self.folder}/") or not self._has_cookie(headers.get("cookie")):
            return "open the address that untag review printed; it is another one at each start"
        if headers.get("sec-fetch-site", "none") not in ("same-origin", "none"):
            return "another page asked for it"
        if method == "POST" and headers.get("origin") != self.origin:
            return "another page asked for it"
        return None

    def wrong_host(self, headers: Mapping[str, str]) -> str | None:
        """Why the name by which this server is called is refused: a page elsewhere may point its own name here."""
        return None if headers.get("host") == f"{HOST}:{self.port}" else "this server has another address"

    def _has_cookie(self, header: str | None) -> bool:
        try:
            found = SimpleCookie(header or "").get(COOKIE)
        except CookieError:
            return False
        return found is not None and _same(found.value, self.cookie)


def _same(given: str, secret: str) -> bool:
    """Compares in a time that says nothing of the secret."""
    return compare_digest(given.encode("utf-8", "replace"), secret.encode())
