"""Which photos the pages show: a filter as the address says it, a page of photos at a time, and each as a card."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from werkzeug.datastructures import MultiDict

import untag
from untag import Status
from untag.reports.cards import Card, card_of
from untag.review.parts import home

PAGE = 60

SHOWN: Mapping[str, tuple[str, frozenset[Status]]] = {
    "todo": ("To decide", frozenset({Status.OPEN, Status.IS_ME})),
    "act": ("To untag or have removed", frozenset({Status.UNTAG, Status.REQUEST_REMOVAL})),
    "kept": ("Kept", frozenset({Status.KEEP})),
    "not-me": ("Not me", frozenset({Status.NOT_ME})),
    "done": ("Done", frozenset({Status.DONE})),
    "all": ("All photos", frozenset(Status)),
}
"""What can be asked for by what was decided, with its name for people."""

VERDICTS = {"": "You, surely or perhaps", "me": "Surely you", "maybe": "Perhaps you"}
SORTS = {"risk": "Riskiest first", "date": "Newest first", "poster": "By who posted it"}
_HASH = re.compile(r"[0-9a-f]{64}")
FIELDS = ("person", "poster", "platform", "category", "since", "until", "min_risk", "verdict", "sort")


@dataclass(frozen=True, slots=True)
class Shown:
    """A photo on a page: `ids` are the SHA-256 of all contents that a decision about it is for."""

    id: str
    ids: tuple[str, ...]
    status: Status
    card: Card


def wanted_by(asked: MultiDict[str, str]) -> untag.FindingFilter:
    """The filter that an address asks for. Raises UsageError for a value that there is not."""
    given: dict[str, Any] = {name: _values(asked, name) for name in ("person", "poster", "platform", "category")}
    given |= {name: asked[name] for name in ("since", "until", "verdict", "sort") if asked.get(name)}
    if asked.get("min_risk"):
        given["min_risk"] = _number(asked["min_risk"])
    wanted = home().filter(**given)
    _, statuses = SHOWN.get(asked.get("show", "todo"), SHOWN["todo"])
    return replace(wanted, statuses=statuses)


def page_of(wanted: untag.FindingFilter, offset: int) -> tuple[list[Shown], bool]:
    """The photos of one page, copies folded, and whether there are more."""
    groups = home().pictures(replace(wanted, limit=PAGE + 1, offset=offset))
    return shown_of(groups[:PAGE]), len(groups) > PAGE


def shown_of(groups: Sequence[untag.Group]) -> list[Shown]:
    """Photos as cards."""
    named = len({group.finding.person for group in groups if group.finding.person is not None}) > 1
    return [
        Shown(group.finding.sha256, contents_of(group), group.finding.status, card_of(group, None, named=named))
        for group in groups
    ]


def contents_of(group: untag.Group) -> tuple[str, ...]:
    """The contents of a photo and its copies, each once."""
    return tuple(dict.fromkeys(one.sha256 for one in (group.finding, *group.copies)))


def asked_again(asked: MultiDict[str, str]) -> dict[str, str | list[str]]:
    """The filters of an address as they are written into another one."""
    kept: dict[str, str | list[str]] = {name: _values(asked, name) for name in FIELDS if _values(asked, name)}
    if asked.get("show") in SHOWN:
        kept["show"] = asked["show"]
    return kept


def _values(asked: MultiDict[str, str], name: str) -> list[str]:
    return [value for value in asked.getlist(name) if value]


def _number(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or len(text) > 3:
        raise untag.UsageError(f"{text!r} is no risk; write a number from 0 to 100")
    return int(text)


def is_hash(text: str) -> bool:
    """Whether a text is the SHA-256 of a content, as all photos are called here."""
    return _HASH.fullmatch(text) is not None
