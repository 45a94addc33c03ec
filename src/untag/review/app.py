"""The pages as a Flask application: which parts there are, and what is said when something goes wrong."""

from __future__ import annotations

import json

from flask import Flask, Response, render_template, request
from jinja2 import StrictUndefined
from werkzeug.exceptions import HTTPException

from untag.errors import LockedError, StoreError, UntagError, UsageError
from untag.review.acting import acting
from untag.review.asking import asking
from untag.review.deciding import deciding
from untag.review.first import first
from untag.review.limits import MOST_BYTES
from untag.review.parts import Parts, parts, share
from untag.review.photos import photos
from untag.review.reviewing import reviewing
from untag.review.scanning import scanning
from untag.review.texts import texts
from untag.support.words import counted

PAGES = (
    ("reviewing.review", "Review"),
    ("asking.ask", "Is this you?"),
    ("acting.act", "Act"),
    ("scanning.scan", "Scan"),
    ("first.welcome", "Photos and face"),
)
"""What the navigation leads to: endpoints, and their names for people."""


def make_app(shared: Parts) -> Flask:
    """The pages, without the gate: see `untag.review.gate`."""
    app = Flask("untag.review")
    app.config["MAX_CONTENT_LENGTH"] = MOST_BYTES
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals["counted"] = counted
    share(app, shared)
    for blueprint in (first, scanning, reviewing, asking, deciding, acting, texts, photos):
        app.register_blueprint(blueprint)
    app.context_processor(lambda: {"pages": PAGES})
    app.register_error_handler(UntagError, _of_untag)
    app.register_error_handler(HTTPException, _of_http)
    app.register_error_handler(Exception, _of_bug)
    return app


def _of_untag(error: UntagError) -> Response:
    """What the library says: wrong input is 400, what can be tried again later 503."""
    if isinstance(error, UsageError):
        return _told(400, str(error))
    return _told(503 if isinstance(error, (StoreError, LockedError)) else 500, str(error))


def _of_http(error: HTTPException) -> Response | HTTPException:
    if error.code is not None and error.code < 400:
        return error
    return _told(error.code or 500, error.description or error.name)


def _of_bug(error: Exception) -> Response:
    parts().on_bug(error)
    return _told(500, f"This is a bug in untag ({type(error).__name__}). Look whether what you did last was saved.")


def _told(status: int, words: str) -> Response:
    """The sentence, as JSON to a script and as a page to a person."""
    if request.accept_mimetypes.best == "application/json":
        return Response(json.dumps({"error": words}), status, content_type="application/json")
    page = render_template("trouble.html", words=words, title="That did not work")
    return Response(page, status, content_type="text/html; charset=utf-8")
