"""Rows of requests from where anything may stand: a backup that somebody has changed, a database that is damaged."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from datetime import date, datetime, timedelta
from typing import Any

from untag.store.requests import Answer, Event, Recipient, Request, RequestEvent, StepAnswer, Tracked

KINDS: Mapping[str, type[Tracked]] = {
    "requests": Request,
    "request_events": RequestEvent,
    "step_answers": StepAnswer,
}
"""The tables, and what their rows are."""

_LISTS = frozenset({"photos", "links"})
_DAYS = frozenset({"requested_on", "due_on", "happened_on"})
_TIMES = frozenset({"recorded_at", "answered_at", "undone_at"})
_MAY_BE_NONE = frozenset({"name", "platform", "person", "undone_at", "batch", "decided"})
_WORDS = {"recipient": Recipient, "event": Event, "answer": Answer}
_LONGEST = 100_000


def tracked_fields(one: Tracked) -> dict[str, Any]:
    """The values of a row for JSON, by the names of its fields."""
    return {each.name: _plain(getattr(one, each.name)) for each in fields(one)}


def tracked_of(table: str, values: Mapping[str, Any]) -> Tracked:
    """The row of these values, the inverse of `tracked_fields`. Raises ValueError for what is no such row."""
    kind = KINDS[table]
    names = [each.name for each in fields(kind)]
    if any(name not in values for name in names):
        raise ValueError("a value is missing")
    for name in names:
        _check(kind, name, values[name])
    return kind(**{name: _made(name, values[name]) for name in names})


def is_of_newer(table: str, values: Mapping[str, Any]) -> bool:
    """Whether a row has a word that only a newer untag knows."""
    names = {each.name for each in fields(KINDS[table])}
    return any(
        isinstance(values.get(name), str) and values[name] not in set(words)
        for name, words in _WORDS.items()
        if name in names
    )


def stored_of(table: str, row: Mapping[str, Any]) -> Tracked:
    """The same of a row as the table has it."""
    values = dict(row)
    for name in _LISTS & values.keys():
        values[name] = json.loads(_text(values[name]))
    if table == "requests":
        values["id"] = values["request"]
    return tracked_of(table, values)


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else None if value is None else str(value)


def _made(name: str, value: Any) -> Any:
    if name in _LISTS:
        return tuple(value)
    return _WORDS[name](value) if name in _WORDS else value


def _check(kind: type[Tracked], name: str, value: Any) -> None:
    if value is None:
        if name in _MAY_BE_NONE or (name, kind) in (("due_on", RequestEvent), ("request", StepAnswer)):
            return
        raise ValueError(f"{name} is missing")
    if name in _LISTS:
        if not isinstance(value, list):
            raise ValueError(f"{name} is no list")
        for item in value:
            _text(item)
        return
    text = _text(value)
    if name in _DAYS and date.fromisoformat(text).isoformat() != text:
        raise ValueError(f"{name} is no day")
    if name in _TIMES and datetime.fromisoformat(text).utcoffset() != timedelta(0):
        raise ValueError(f"{name} is no time of ours: all are in UTC")


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value or "\0" in value or len(value) > _LONGEST:
        raise ValueError("a text that is none")
    value.encode()
    return value
