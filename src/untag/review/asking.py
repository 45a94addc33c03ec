"""The quick pass over faces that may be the person: one at a time, yes or no; each yes makes the next ones surer."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Blueprint, Response, jsonify, render_template, request

import untag
from untag import Status, UsageError, Verdict
from untag.review.listing import PAGE, contents_of
from untag.review.parts import home

asking = Blueprint("asking", __name__)

_MOST_PASSED = 500


@asking.get("/maybe")
def ask() -> str:
    """The page; what it asks it gets from `/maybe/next`."""
    return render_template("asking.html", title="Is this you?", mark=home().changes().mark)


@asking.get("/maybe/next")
def next_face() -> Response:
    """The next face to ask about, and the one after it, without those that were passed over (`passed`, their ids)."""
    passed = frozenset(request.args.getlist("passed"))
    if len(passed) > _MOST_PASSED:
        raise UsageError("So many were passed over that they are asked again: load this page anew.")
    faces = _unsure(passed)
    found = [_asked(group) for group in (next(faces, None), next(faces, None)) if group is not None]
    return jsonify(faces=found)


def _unsure(passed: frozenset[str]) -> Iterator[untag.Group]:
    offset = 0
    while groups := home().pictures(verdict=Verdict.MAYBE, status=Status.OPEN, limit=PAGE, offset=offset):
        offset += len(groups)
        yield from (group for group in groups if group.finding.faces and group.finding.id not in passed)


def _asked(group: untag.Group) -> dict[str, object]:
    finding = group.finding
    look = home().look(finding)
    return {
        "id": finding.id,
        "ids": contents_of(group),
        "html": render_template("face.html", finding=finding, look=look, box=_around(look), named=_named(finding)),
    }


def _named(finding: untag.Finding) -> str:
    """Whom to ask about."""
    return "you" if finding.person in (None, "me") else str(finding.person)


_MARGIN = 0.6
"""Of the face's size, on each side: hair and ears tell as much as the face."""


def _around(look: untag.Look) -> untag.Box:
    """The part of the picture to show: a square around the face, within the picture."""
    face, width, height = look.faces[0], look.width or 1, look.height or 1
    side = min(max(face.width, face.height) * (1 + 2 * _MARGIN), width, height)
    left = min(max((face.left + face.right - side) / 2, 0.0), width - side)
    top = min(max((face.top + face.bottom - side) / 2, 0.0), height - side)
    return untag.Box(left, top, left + side, top + side)
