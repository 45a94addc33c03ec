"""The pictures themselves: a finding's photo by its id, never by a path."""

from __future__ import annotations

from flask import Blueprint, Response, abort

from untag.review.parts import home, parts
from untag.review.reviewing import finding_of
from untag.review.thumbnails import Side

photos = Blueprint("photos", __name__)

_SIDES = {"small": Side.SMALL, "large": Side.LARGE}


@photos.get("/photo/<string(length=64):sha256>/<any(small, large):size>")
def photo(sha256: str, size: str) -> Response:
    """A JPEG of the photo, upright and without metadata."""
    shared, side, version = parts().thumbnails, _SIDES[size], home().version()
    data = shared.kept(sha256, side, version)
    if data is None:
        found = finding_of(sha256)
        data = None if found.absent else shared.of(found, side, version)
    if data is None:
        abort(404, "This photo cannot be read now. Is its disk or archive still where it was?")
    return Response(data, content_type="image/jpeg")
