"""The first visit: where photos are, which of the people in them is the user, and on to the scan."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flask import Blueprint, Response, abort, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

import untag
from untag.errors import UsageError
from untag.review.parts import home, parts
from untag.review.working import Enrolled

first = Blueprint("first", __name__)

MOST_PLACES = 50
_LONGEST_PATH = 4096
MOST_PICTURES = 20
MOST_PICTURE_BYTES = 64 * 1024 * 1024
"""Of uploaded pictures together: they are held in memory until they are used."""


@first.before_app_request
def _begin_at_the_beginning() -> AnyResponse | None:
    """Who has enrolled nobody is shown how to begin, instead of an empty list."""
    if request.endpoint == "reviewing.review" and home().is_new:
        return redirect(url_for("first.welcome"), 303)
    return None


@first.get("/welcome")
def welcome() -> str:
    """Which folders and archives to look through."""
    progress = parts().working.progress
    return render_template(
        "welcome.html", title="Your photos", paths=progress.paths, failed=progress.failed, is_new=home().is_new
    )


@first.get("/welcome/offered")
def offered() -> Response:
    """What lies in the folders of downloads and pictures."""
    places = home().offer_places()
    return jsonify(
        places=[
            {"paths": place.paths, "name": Path(place.paths[0]).name, "source": place.source, "photos": place.photos}
            for place in places
        ]
    )


@first.get("/welcome/complete")
def complete() -> Response:
    """Folders and archives that begin as what was typed."""
    found = home().complete_path(request.args.get("path", "")[:_LONGEST_PATH])
    return jsonify(paths=found.paths, more=found.more)


@first.post("/welcome/places")
def choose() -> Response:
    """Adds places to those that were named, or takes one away; all of them as they are now."""
    asked = _asked()
    added, taken = _texts(asked, "add"), _texts(asked, "remove")
    places = [home().place_of(text) for text in added]
    working = parts().working
    for path in (*places, *taken):
        parts().surveys.forget(path)
    kept = [path for path in (*working.progress.paths, *places) if path not in taken]
    working.choose(list(dict.fromkeys(kept))[:MOST_PLACES])
    return jsonify(paths=working.progress.paths)


@first.get("/welcome/about/<int:number>")
def about(number: int) -> Response:
    """What `untag sources` says of one of the places that were named, by its number."""
    paths = parts().working.progress.paths
    if number >= len(paths):
        abort(404, "This place was not named.")
    path = paths[number]
    found = parts().surveys.of(path, lambda: _surveyed(path))
    return jsonify(path=path, busy=True) if found is None else jsonify(path=path, **found)


def _surveyed(path: str) -> dict[str, Any]:
    survey = home().sources(home().shown_path(path))
    return {
        "archives": [_archive(summary) for summary in survey.summaries],
        "unreadable": [{"path": error.path, "error": error.error} for error in survey.unreadable[:20]],
        "unread": len(survey.unreadable),
    }


@first.get("/welcome/who")
def who() -> str:
    """Which of these is you?"""
    progress = parts().working.progress
    people = home().people() if not home().is_new else []
    mine = next((person for person in people if person.person == "me"), None)
    return render_template("who.html", title="Which of these is you?", now=progress, mine=mine)


@first.post("/welcome/look")
def look() -> Response:
    """Begins to look for people in a sample of the photos; `seed` chooses which."""
    seed = _asked().get("seed", 0)
    if not parts().working.progress.paths:
        raise UsageError("name a folder or an archive first")
    parts().working.look(seed if isinstance(seed, int) and 0 <= seed < 1000 else 0)
    return state()


@first.post("/welcome/enough")
def enough() -> Response:
    """Ends the look: what was seen counts."""
    parts().working.stop()
    return state()


@first.get("/welcome/state")
def state() -> Response:
    """How far the look is."""
    now = parts().working.progress
    return jsonify(
        version=now.version,
        doing=now.doing,
        done=now.done,
        failed=now.failed,
        people=None if now.people is None else now.people.id,
    )


@first.get("/welcome/face/<int:shown>/<int:group>/<int:number>")
def face(shown: int, group: int, number: int) -> Response:
    """A small picture of somebody in the sample, by numbers."""
    people = parts().working.progress.people
    if people is None or people.id != shown or group >= len(people.groups):
        abort(404, "These pictures are not here any more.")
    pictures = people.groups[group].pictures
    if number >= len(pictures):
        abort(404, "There is no such picture.")
    return Response(pictures[number], content_type="image/jpeg")


@first.post("/welcome/me")
def me() -> Response:
    """Learns the face of the groups that were chosen."""
    asked = _asked()
    shown, groups = asked.get("shown"), asked.get("groups")
    if not isinstance(shown, int) or not isinstance(groups, list) or not all(type(one) is int for one in groups):
        abort(400, "That is not how a choice is sent.")
    return _enrolled(parts().working.enrol(shown, groups, sure=asked.get("sure") is True))


@first.post("/welcome/picture")
def picture() -> Response:
    """Takes one picture of the user, which is held in memory until all are there; the `first` begins anew."""
    name = request.args.get("name", "")[:200] or "picture"
    working = parts().working
    if "first" in request.args:
        working.drop_pictures()
    held = working.hold_picture(name, request.get_data(cache=False), MOST_PICTURES, MOST_PICTURE_BYTES)
    return jsonify(held=held)


@first.post("/welcome/pictures")
def pictures() -> Response:
    """Learns the face on the pictures that were sent."""
    return _enrolled(parts().working.enrol_pictures(sure=_asked().get("sure") is True))


@first.post("/welcome/over")
def start_over() -> Response:
    """Forgets the user's face, so that another one can be chosen."""
    home().forget("me")
    return jsonify(forgotten=True)


def _enrolled(result: Enrolled) -> Response:
    refused = [(path, note) for path, outcome, note in result.results if outcome != untag.PhotoUse.USED]
    return jsonify(
        used=result.used,
        declined=result.declined,
        doubts=result.doubts,
        refused=[{"path": Path(path).name, "note": note} for path, note in refused[:MOST_PICTURES]],
    )


def _archive(summary: untag.ArchiveSummary) -> dict[str, Any]:
    return {
        "source": summary.source,
        "root": summary.root,
        "photos": summary.photos,
        "absent": summary.absent,
        "linked": sum(summary.linked.values()),
        "people": len(summary.people),
        "first": summary.first,
        "last": summary.last,
        "owner": summary.owner,
        "missing": summary.missing,
    }


def _asked() -> dict[str, Any]:
    asked = request.get_json(silent=True)
    if not isinstance(asked, dict):
        abort(400, "That is no question that this page asks.")
    return asked


def _texts(asked: dict[str, Any], name: str) -> list[str]:
    found = asked.get(name, [])
    if not isinstance(found, list) or not all(isinstance(text, str) and len(text) <= _LONGEST_PATH for text in found):
        abort(400, "A path is a text.")
    return found[:MOST_PLACES]
