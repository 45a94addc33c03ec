"""The review page: the findings by risk, and what is decided about them."""

from __future__ import annotations

from itertools import islice

from flask import Blueprint, Response, jsonify, render_template

from untag.review.parts import home

reviewing = Blueprint("reviewing", __name__)

PAGE = 60


@reviewing.get("/")
def review() -> str:
    """The riskiest findings."""
    found = list(islice(home().findings(), PAGE))
    return render_template("review.html", title="Review", findings=found)


@reviewing.get("/state")
def state() -> Response:
    """Asked for by open pages now and then: that the server is there."""
    return jsonify(here=True)
