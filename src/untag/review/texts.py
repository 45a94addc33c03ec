"""The texts to send, each field with a button that copies it; nothing is sent, and nothing is stored unasked."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, render_template

import untag
from untag import UsageError
from untag.review.acting import LAWS, TO_ACT_ON
from untag.review.deciding import said
from untag.review.parts import home

texts = Blueprint("texts", __name__)

FIELDS = {
    "name": ("Your name", "name"),
    "email": ("Your email address", "email"),
    "address": ("Your postal address", "street-address"),
    "country": ("Your country", "country-name"),
    "born": ("Your birthday, as 1990-12-31", "bday"),
}
LANGUAGES = {"en": "English", "de": "Deutsch"}


@texts.get("/texts")
def show() -> str:
    """The texts without anything that was not remembered: what is to be filled in is asked on the page."""
    return render_template(
        "texts.html",
        title="Texts",
        fields=FIELDS,
        languages=LANGUAGES,
        laws=LAWS,
        sender=home().sender().said,
        drafted=_drafted({}),
        law=untag.Law.NONE,
        language="en",
    )


@texts.post("/texts/draft")
def draft() -> Response:
    """The texts with what was filled in, as HTML. With `remember`, that is kept."""
    told = said()
    drafted = _drafted(told)
    if told.get("remember") is True:
        home().remember_sender(_sender(told))
    return jsonify(html=render_template("drafted.html", drafted=drafted))


def _drafted(told: dict[str, Any] | Any) -> untag.Letters:
    law, language = told.get("law") or untag.Law.NONE, told.get("language") or "en"
    if law not in list(untag.Law) or not isinstance(language, str):
        raise UsageError("there is no such law, or no such language")
    options = untag.LetterOptions(
        untag.Law(law), language, _sender(told), unknown_is_public=told.get("unknown_is_public") is True
    )
    return home().draft_letters(options, home().findings(status=TO_ACT_ON))


def _sender(told: Any) -> untag.Sender:
    given = {name: told.get(name) or "" for name in FIELDS}
    if not all(isinstance(value, str) for value in given.values()):
        raise UsageError("what you fill in is text")
    return home().read_sender(given)
