"""What is decided on the pages, for all contents that a photo has: one request, all of it or nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

from flask import Blueprint, Response, jsonify, request
from werkzeug.datastructures import MultiDict

import untag
from untag import Status, UsageError
from untag.review.listing import contents_of, is_hash, wanted_by
from untag.review.parts import home, parts
from untag.support.words import counted, moved_in_words

deciding = Blueprint("deciding", __name__)

MOST = 100_000
"""Contents in one decision."""
_DECIDABLE = frozenset(Status) - {Status.OPEN}


@deciding.post("/decide")
def decide() -> Response:
    """`ids` are decided as `status`. Answers with how many decisions that were, and what each is now.

    Where decisions move a threshold, `moved` says so; in the answers to the others, too.
    """
    told = said()
    ids, status = _ids(told), _status(told)
    before = home().moved_thresholds()
    count = home().decide(ids, status)
    _teach(ids, status)
    return jsonify(count=count, statuses=dict.fromkeys(ids, status), **_moved(before))


@deciding.post("/undo")
def undo() -> Response:
    """The last decision about each of `ids` is taken back."""
    ids = _ids(said())
    before, thresholds = home().changes().mark, home().moved_thresholds()
    count = home().undo(ids)
    parts().learning.forget(ids)
    return jsonify(count=count, statuses=home().changes(before).statuses, **_moved(thresholds))


@deciding.post("/decide-all")
def decide_all() -> Response:
    """All photos that meet `filter`, an address's query, are decided as `status`; there must be `count` of them."""
    told = said()
    status, filters, expected = _status(told), told.get("filter"), told.get("count")
    if not isinstance(filters, str) or not isinstance(expected, int):
        raise UsageError("say which photos, and how many they are")
    found = matching(filters)
    if len(found) != expected:
        now = counted(len(found), "photo fits now", "photos fit now")
        raise UsageError(f"{now}, not {expected}: look at them again. Nothing was decided.")
    ids = list(dict.fromkeys(sha256 for group in found for sha256 in contents_of(group)))
    before = home().moved_thresholds()
    count = home().decide(ids, status)
    _teach(ids, status)
    return jsonify(count=count, photos=len(found), ids=ids, **_moved(before))


@deciding.post("/count")
def count() -> Response:
    """How many photos meet `filter`, copies counted once."""
    filters = said().get("filter")
    return jsonify(count=len(matching(filters if isinstance(filters, str) else "")))


def matching(query: str) -> list[untag.Group]:
    """All photos that meet the filters of an address's query."""
    pairs = parse_qsl(query.removeprefix("?"), max_num_fields=100)
    asked: MultiDict[str, str] = MultiDict(pairs)
    return home().pictures(replace(wanted_by(asked), limit=None, offset=0))


def _moved(before: Mapping[str, float]) -> dict[str, str]:
    """What photos count for is not changed behind anybody's back."""
    sentences = moved_in_words(before, home().moved_thresholds())
    return {"moved": ". ".join(f"{sentence[0].upper()}{sentence[1:]}" for sentence in sentences)} if sentences else {}


def _teach(ids: list[str], status: Status) -> None:
    """What shows the person improves the profile; what was said otherwise before is taken out of it."""
    if status is Status.IS_ME:
        parts().learning.learn(ids)
    else:
        parts().learning.forget(ids)


def said() -> Mapping[str, Any]:
    """What the request says, an object of JSON. Raises UsageError for anything else."""
    told = request.get_json(silent=True)
    if not isinstance(told, dict):
        raise UsageError("this was no question that untag knows")
    return told


def _ids(told: Mapping[str, Any]) -> list[str]:
    ids = told.get("ids")
    if not isinstance(ids, list) or not 0 < len(ids) <= MOST:
        raise UsageError("say which photos")
    if not all(isinstance(one, str) and is_hash(one) for one in ids):
        raise UsageError("photos are named by their ids")
    return list(dict.fromkeys(ids))


def _status(told: Mapping[str, Any]) -> Status:
    status = told.get("status")
    if status not in list(_DECIDABLE):
        raise UsageError(f"decide one of {', '.join(sorted(_DECIDABLE))}")
    return Status(status)
