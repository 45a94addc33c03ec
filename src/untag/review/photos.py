"""The pictures themselves: a finding's photo by its id, never by a path."""

from __future__ import annotations

from flask import Blueprint, Response, abort

import untag
from untag.review.parts import home, parts
from untag.review.thumbnails import Side

photos = Blueprint("photos", __name__)

_SIDES = {"small": Side.SMALL, "large": Side.LARGE}


@photos.get("/photo/<string(length=64):sha256>/<any(small, large):size>")
def photo(sha256: str, size: str) -> Response:
    """A JPEG of the photo, upright and without metadata."""
    found = _finding(sha256)
    data = None if found.absent else parts().thumbnails.of(found, _SIDES[size])
    if data is None:
        abort(404, "This photo cannot be read now. Is its disk or archive still where it was?")
    return Response(data, content_type="image/jpeg")


def _finding(sha256: str) -> untag.Finding:
    found = next((item for item in home().findings(verdict=untag.Verdict) if item.sha256 == sha256), None)
    if found is None:
        abort(404, "There is no such finding.")
    return found
