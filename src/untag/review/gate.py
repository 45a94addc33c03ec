"""What stands before the pages: lets nobody else in, and says to the browser what it may do with what it gets."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from html import escape
from typing import TYPE_CHECKING

from untag.review.access import Access, Entry
from untag.review.activity import Activity

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

UNCOUNTED = frozenset({"/state", "/scan/state", "/welcome/state"})
"""What open pages ask for by themselves: nobody has used them for that."""

POLICY = "; ".join(
    (
        "default-src 'none'",
        "img-src 'self'",
        "style-src 'self'",
        "script-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)

HEADERS = (
    ("Cache-Control", "no-store"),
    ("Content-Security-Policy", POLICY),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=()"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
)

_OWN = {name.lower() for name, _ in HEADERS}

_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">{head}<title>untag</title></head>
<body><main><h1>untag</h1><p>{words}</p></main></body></html>
"""


class Gate:
    """A WSGI application around the pages."""

    def __init__(self, pages: WSGIApplication, access: Access, activity: Activity) -> None:
        self._pages = pages
        self._access = access
        self._activity = activity
        self._lock = threading.Lock()
        self._used = False

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path, headers = environ.get("PATH_INFO", ""), _headers(environ)
        method = environ["REQUEST_METHOD"]
        entry = self._access.entry(path, environ.get("QUERY_STRING", "")) if method == "GET" else Entry.NONE
        if entry is not Entry.NONE:
            reason = self._access.wrong_host(headers)
            if reason is None and not self._is_used_up(entry):
                return self._enter(start_response)
            reason = reason or "this address was good for one visit; open the one that untag review printed"
        else:
            reason = self._access.refusal(method, path, headers)
        if reason is not None:
            return _answer(start_response, "403 Forbidden", f"Nothing is shown: {reason}.")
        environ["SCRIPT_NAME"], environ["PATH_INFO"] = self._access.folder, path[len(self._access.folder) :]
        if environ["PATH_INFO"] not in UNCOUNTED:
            self._activity.touch()
        return self._pages(environ, _with_headers(start_response))

    def _is_used_up(self, entry: Entry) -> bool:
        """Whether the token for one visit was brought before; this visit counts."""
        if entry is Entry.ALWAYS:
            return False
        with self._lock:
            used, self._used = self._used, True
        return used

    def _enter(self, start_response: StartResponse) -> Iterable[bytes]:
        """Hands the cookie over. A redirect would not do: a browser that comes from elsewhere would leave it out."""
        self._activity.touch()
        inside = f"{self._access.folder}/"
        head = f'<link rel="icon" href="{inside}static/icon.svg"><meta http-equiv="refresh" content="0; url={inside}">'
        words = f'<a href="{inside}">Go on</a>'
        return _page(start_response, "200 OK", head, words, [("Set-Cookie", self._access.set_cookie)])


def _headers(environ: WSGIEnvironment) -> dict[str, str]:
    names = {"host": "HTTP_HOST", "cookie": "HTTP_COOKIE", "origin": "HTTP_ORIGIN"}
    names["sec-fetch-site"] = "HTTP_SEC_FETCH_SITE"
    return {name: environ[key] for name, key in names.items() if key in environ}


def _with_headers(start_response: StartResponse) -> Callable[..., Callable[[bytes], object]]:
    def start(status: str, headers: list[tuple[str, str]], exc_info: object = None) -> Callable[[bytes], object]:
        kept = [(name, value) for name, value in headers if name.lower() not in _OWN]
        return start_response(status, [*kept, *HEADERS], exc_info)  # type: ignore[arg-type]

    return start


def _answer(start_response: StartResponse, status: str, words: str) -> Iterable[bytes]:
    return _page(start_response, status, "", escape(words), [])


def _page(
    start_response: StartResponse, status: str, head: str, words: str, extra: list[tuple[str, str]]
) -> Iterable[bytes]:
    body = _PAGE.format(head=head, words=words).encode()
    about = [("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(body)))]
    start_response(status, [*about, *extra, *HEADERS])
    return [body]
