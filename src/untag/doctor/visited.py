"""The review page under a watch: it is served, and every page of it is asked for, by the very process that is watched.

A browser would be another program. Asking over a socket would be a connection, of which the watches allow none.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from flask import Flask

import untag
from untag.errors import UntagError
from untag.review.app import make_app
from untag.review.parts import make_parts


def main() -> None:
    """Opens the home folder that the arguments name, as `--home DIR`. Raises UntagError for a page that fails."""
    home = Path(sys.argv[2])
    with untag.open(home) as client, suppress(KeyboardInterrupt):
        client.review(_end)
    settings = untag.open(home).settings
    app = make_app(make_parts(settings, lambda _: untag.open(home, tend=False)))
    pages = app.test_client()
    for path in (*_pages(app), *_photos(home)):
        status = pages.get(path).status_code
        if status != 200:
            raise UntagError(f"the page {path} answered with {status}")


def _end(_: str) -> None:
    """The address is there, so it listens: that is all that is asked of the server."""
    raise KeyboardInterrupt


def _pages(app: Flask) -> Iterator[str]:
    """Every page that needs no id."""
    for rule in app.url_map.iter_rules():
        if "GET" in (rule.methods or ()) and not rule.arguments:
            yield rule.rule


def _photos(home: Path) -> Iterator[str]:
    with untag.open(home, tend=False) as client:
        for finding in client.findings():
            yield from (f"/photo/{finding.sha256}/{size}" for size in ("small", "large"))
