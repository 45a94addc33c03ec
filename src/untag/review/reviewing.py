"""The review page: photos by risk as a grid, one of them large with all that is known of it, and what changed since."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Blueprint, Response, abort, jsonify, render_template, request

import untag
from untag import Status, UsageError
from untag.review import listing
from untag.review.listing import SHOWN, SORTS, VERDICTS, asked_again, page_of, shown_of, wanted_by
from untag.review.parts import home, parts
from untag.review.places import links_of, places_of

reviewing = Blueprint("reviewing", __name__)


@reviewing.get("/")
def review() -> str:
    """The photos that the address asks for; without filters those that are still to be decided, riskiest first."""
    mark = home().changes().mark
    wanted = wanted_by(request.args)
    shown, more = page_of(wanted, 0)
    asked = asked_again(request.args)
    return render_template(
        "review.html",
        title="Review",
        shown=shown,
        more=more,
        mark=mark,
        asked=asked,
        query=urlencode(asked, doseq=True),
        statuses=sorted(wanted.statuses or Status),
        choices=SHOWN,
        verdicts=VERDICTS,
        sorts=SORTS,
        names=home().names(),
        categories=[category.name for category in home().categories()],
        heading=_heading(asked),
        evening=None,
    )


@reviewing.get("/evening/<string(length=64):sha256>")
def evening(sha256: str) -> str:
    """The photos of the same occasion as one, whatever was decided about them."""
    groups = home().evening(finding_of(sha256))
    return render_template(
        "review.html",
        title="One evening",
        shown=shown_of(groups),
        more=False,
        mark=home().changes().mark,
        asked={},
        query="",
        statuses=sorted(Status),
        choices=SHOWN,
        verdicts=VERDICTS,
        sorts=SORTS,
        names=home().names(),
        categories=[],
        heading="Taken on the same occasion",
        evening=sha256,
    )


@reviewing.get("/page")
def page() -> Response:
    """More photos of a filter, after the first `offset`, as HTML."""
    offset = request.args.get("offset", "0")
    if not offset.isascii() or not offset.isdecimal() or len(offset) > 9:
        raise UsageError("the offset is a count")
    shown, more = page_of(wanted_by(request.args), int(offset))
    return jsonify(html=render_template("cards.html", shown=shown, first_page=False), count=len(shown), more=more)


@reviewing.get("/finding/<string(length=64):sha256>")
def finding(sha256: str) -> str:
    """All that is known of one photo, as a part of a page."""
    found = finding_of(sha256)
    group = home().group(found)
    (shown,) = shown_of([group])
    links, look = links_of(group), home().look(found)
    return render_template(
        "finding.html",
        shown=shown,
        finding=found,
        look=look,
        boxes=[[box.left, box.top, box.right, box.bottom] for box in look.faces],
        spots=[[category, spot.across, spot.down] for category, spot in look.spots.items()],
        places=places_of(group),
        links=links,
        link=next((link for link in links if link.url == found.act_on), links[0] if links else None),
        poster=found.origin.poster,
        poster_query=urlencode({"poster": found.origin.poster or "", "show": "all"}),
        moment=found.taken_at or found.origin.posted_at,
    )


@reviewing.get("/state")
def state() -> Response:
    """Asked for by open pages now and then: that the server is there, and what was decided elsewhere since a mark."""
    changes = home().changes(request.args.get("since"))
    learnt = parts().learning.state()
    return jsonify(
        mark=changes.mark,
        statuses=changes.statuses,
        judged=changes.judged,
        learning={"times": learnt.times, "busy": learnt.busy, "trouble": learnt.trouble},
    )


def finding_of(sha256: str) -> untag.Finding:
    """The finding of a content; nothing else can be asked for."""
    if not listing.is_hash(sha256):
        abort(404, "There is no such photo.")
    try:
        return home().finding(sha256)
    except UsageError:
        abort(404, "There is no such photo.")


def _heading(asked: dict[str, str | list[str]]) -> str:
    if asked.get("poster"):
        return f"Photos by {', '.join(asked['poster'])}"
    return {"todo": "Photos to decide", "all": "Photos that show you"}.get(
        str(asked.get("show", "todo")), str(SHOWN[str(asked.get("show", "todo"))][0])
    )
