"""What was asked of whom, and what came of it. Rows are only ever added, or marked as undone; no scan touches them."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from untag.errors import UsageError
from untag.store.codec import json_list, now, path_of
from untag.store.columns import Columns
from untag.store.db import Store
from untag.store.decisions import last_decision, record_decision, undo_decision
from untag.support.permalinks import link_key
from untag.support.words import name_key
from untag.types import Status


class Recipient(StrEnum):
    """Who is asked."""

    POSTER = "poster"
    PLATFORM = "platform"
    SEARCH = "search"
    AUTHORITY = "authority"


class Event(StrEnum):
    """What came of a request later; `done` and `refused` end it."""

    REMINDED = "reminded"
    EXTENDED = "extended"
    DONE = "done"
    REFUSED = "refused"


class Answer(StrEnum):
    """What the user said of a step; `asked` began a request, `later` leaves it open."""

    DONE = "done"
    ASKED = "asked"
    SKIP = "skip"
    LATER = "later"


@dataclass(frozen=True, slots=True)
class Request:
    """One request about photos. Days are dates of the user's own calendar, other times ISO 8601 UTC.

    `id` is drawn when it is made, so that it is the same after a backup was restored. `photos` are SHA-256, `links`
    what was named. `channel` is how it went out, such as a message or a form; `law` what it rests on.
    """

    id: str
    recipient: Recipient
    name: str | None
    platform: str | None
    person: str | None
    channel: str
    law: str
    requested_on: str
    due_on: str
    photos: tuple[str, ...]
    links: tuple[str, ...]
    recorded_at: str
    undone_at: str | None = None


@dataclass(frozen=True, slots=True)
class RequestEvent:
    """Something that happened to a request on a day; `due_on` is the new one where the recipient takes longer.

    `batch` are the answers that followed from it.
    """

    request: str
    event: Event
    happened_on: str
    due_on: str | None
    batch: str | None
    recorded_at: str
    undone_at: str | None = None


@dataclass(frozen=True, slots=True)
class StepAnswer:
    """What the user said of one step for one photo at one place online. Those of one `batch` were said at once.

    `request` is the one that it began; `decided` the status that the photo got with it.
    """

    sha256: str
    person: str | None
    place: str
    step: str
    answer: Answer
    request: str | None
    decided: str | None
    batch: str
    answered_at: str
    undone_at: str | None = None


REQUEST = Columns(Request, columns={"id": "request"})
"""In `requests`."""
REQUEST_EVENT = Columns(RequestEvent)
"""In `request_events`."""
STEP_ANSWER = Columns(StepAnswer)
"""In `step_answers`."""


COLUMNS: Mapping[type, Columns[Any]] = {Request: REQUEST, RequestEvent: REQUEST_EVENT, StepAnswer: STEP_ANSWER}


def new_id() -> str:
    """What tells one request, or one batch of answers, from all others."""
    return secrets.token_hex(6)


def requests(store: Store, *, undone: bool = False) -> Iterator[Request]:
    """The requests in the order in which they were recorded; with `undone` those that were taken back as well."""
    where = None if undone else "undone_at IS NULL"
    return (REQUEST.read(row) for row in store.rows_where("requests", where, order_by="recorded_at, id"))


def request_events(store: Store, *, undone: bool = False) -> Iterator[RequestEvent]:
    """What happened to requests, in the order in which it was recorded."""
    where = None if undone else "undone_at IS NULL"
    return (REQUEST_EVENT.read(row) for row in store.rows_where("request_events", where, order_by="recorded_at, id"))


def step_answers(store: Store, contents: Iterable[str] | None = None, *, undone: bool = False) -> Iterator[StepAnswer]:
    """What the user said of steps, for these photos or for all, in the order in which it was said."""
    where = "(:undone OR undone_at IS NULL) AND (:all OR sha256 IN (SELECT value FROM json_each(:contents)))"
    given = {"undone": undone, "all": contents is None, "contents": json_list(contents or ())}
    return (STEP_ANSWER.read(row) for row in store.rows_where("step_answers", where, given, order_by="answered_at, id"))


def record_request(store: Store, request: Request) -> None:
    """Record a request. It is on the disk when this returns, or when the caller's transaction ends."""
    with store.durable():
        store.insert("requests", REQUEST.values(request))


def record_event(store: Store, event: RequestEvent) -> None:
    """Record what happened to a request. Raises UsageError where there is no such request."""
    with store.durable():
        if store.row("SELECT 1 FROM requests WHERE request = ? AND undone_at IS NULL", (event.request,)) is None:
            raise UsageError(f"there is no request {event.request}; see: untag act --print")
        store.insert("request_events", REQUEST_EVENT.values(event))


def undo_request_event(store: Store, request: str) -> str | None:
    """Take the last thing back that happened to a request, else the request itself, with what followed from it.

    Returns which that was: an event, "requested", or None where there is nothing to take back.
    """
    with store.durable():
        row = store.row(
            """SELECT id, event, batch FROM request_events WHERE request = ? AND undone_at IS NULL
                ORDER BY recorded_at DESC, id DESC LIMIT 1""",
            (request,),
        )
        if row is None:
            _undo_answers(store, "request = ?", request)
            return "requested" if _undo_request(store, request) else None
        store.execute("UPDATE request_events SET undone_at = ? WHERE id = ?", (now(), row["id"]))
        if row["batch"] is not None:
            _undo_answers(store, "batch = ?", row["batch"])
        return str(row["event"])


def _undo_request(store: Store, request: str) -> int:
    return store.execute("UPDATE requests SET undone_at = ? WHERE request = ? AND undone_at IS NULL", (now(), request))


def record_answers(store: Store, answers: Sequence[StepAnswer]) -> None:
    """Record what was said at once. Lasts as `record_request` does."""
    with store.durable():
        store.insert_all("step_answers", [STEP_ANSWER.values(one) for one in answers])


def decide_with(store: Store, batch: str, contents: Sequence[str], status: Status) -> None:
    """Decide photos because of a batch of answers, so that both are taken back together."""
    for sha256 in contents:
        record_decision(store, sha256, status)
        store.execute("UPDATE step_answers SET decided = ? WHERE batch = ? AND sha256 = ?", (status, batch, sha256))


def undo_answers(store: Store) -> tuple[StepAnswer, ...]:
    """Take the last batch of answers back, with the request that it began and what was decided with it."""
    with store.durable():
        last = store.row(
            "SELECT batch FROM step_answers WHERE undone_at IS NULL ORDER BY answered_at DESC, id DESC LIMIT 1"
        )
        if last is None:
            return ()
        # An answer that followed from an event of a request goes with that event.
        event = store.row("SELECT id FROM request_events WHERE batch = ? AND undone_at IS NULL", (last["batch"],))
        if event is not None:
            store.execute("UPDATE request_events SET undone_at = ? WHERE id = ?", (now(), event["id"]))
        undone = _undo_answers(store, "batch = ?", last["batch"])
        if event is None:
            for request in {one.request for one in undone if one.request is not None}:
                _undo_request(store, request)
    return undone


def _undo_answers(store: Store, where: str, value: str) -> tuple[StepAnswer, ...]:
    """Take answers back; a decision that came with one goes too, unless another was made since."""
    rows = store.rows_where("step_answers", f"{where} AND undone_at IS NULL", (value,), order_by="id")
    undone = tuple(map(STEP_ANSWER.read, list(rows)))
    store.execute(f"UPDATE step_answers SET undone_at = ? WHERE {where} AND undone_at IS NULL", (now(), value))  # noqa: S608 - own columns
    decided = {(one.sha256, one.batch): one.decided for one in undone if one.decided is not None}
    for (sha256, _), status in decided.items():
        if last_decision(store, sha256) == status:
            undo_decision(store, sha256)
    return undone


def listed_since(store: Store, request: Request) -> str | None:
    """A file that a scan met for the first time after a request, and that has one of its links; None without any."""
    row = store.row(
        """SELECT path FROM files JOIN runs ON runs.id = first_run
            WHERE link IN (SELECT value FROM json_each(?)) AND started_at > ? ORDER BY path LIMIT 1""",
        (json_list(link_key(link) for link in request.links), request.recorded_at),
    )
    return None if row is None else path_of(row["path"])


def forget_requests(store: Store, person: str, names: Iterable[str]) -> int:
    """Erase the requests about one person, and what was said of the steps; inside the caller's transaction.

    Where the letters' writer has the person's name, or one of `names`, what was remembered of the writer goes too.
    """
    called = {name_key(name) for name in (person, *names)}
    if name_key(sender(store).get("name", "")) in called:
        store.execute("DELETE FROM sender")
    store.execute(
        "DELETE FROM request_events WHERE request IN (SELECT request FROM requests WHERE person = ?)", (person,)
    )
    store.execute("DELETE FROM step_answers WHERE person = ?", (person,))
    return store.execute("DELETE FROM requests WHERE person = ?", (person,))


_KEYS: Mapping[type, tuple[str, tuple[str, ...]]] = {
    Request: ("requests", ("request",)),
    RequestEvent: ("request_events", ("request", "event", "happened_on", "recorded_at")),
    StepAnswer: ("step_answers", ("batch", "sha256", "place", "step")),
}
"""By what a row is the same here and in a backup."""

DUE_PHOTOS = """(SELECT asked.value FROM requests JOIN json_each(requests.photos) AS asked
    WHERE requests.undone_at IS NULL
        AND NOT EXISTS (SELECT 1 FROM request_events AS ended WHERE ended.request = requests.request
            AND ended.undone_at IS NULL AND ended.event IN ('done', 'refused'))
        AND COALESCE((SELECT due_on FROM request_events AS put_off WHERE put_off.request = requests.request
            AND put_off.undone_at IS NULL AND put_off.due_on IS NOT NULL
            ORDER BY recorded_at DESC, id DESC LIMIT 1), requests.due_on) <= :due)"""
"""The SHA-256 of the photos of open requests whose last day is `:due` or earlier, as SQL."""

Tracked = Request | RequestEvent | StepAnswer
"""A row of one of the three tables."""


def all_tracked(store: Store) -> Iterator[Tracked]:
    """Every row of the three tables, also what was taken back."""
    yield from requests(store, undone=True)
    yield from request_events(store, undone=True)
    yield from step_answers(store, undone=True)


def merge_tracked(store: Store, incoming: Iterable[Tracked]) -> int:
    """Add rows that are not here yet, inside the caller's transaction; what either side took back stays taken back.

    Returns how many were added.
    """
    return sum(_merge(store, one) for one in incoming)


def _merge(store: Store, one: Tracked) -> bool:
    table, key = _KEYS[type(one)]
    row = COLUMNS[type(one)].values(one)
    where = " AND ".join(f'"{name}" = :{name}' for name in key)
    if next(store.rows_where(table, where, row), None) is None:
        store.insert(table, row)
        return True
    if one.undone_at is not None:
        store.execute(f'UPDATE "{table}" SET undone_at = :undone_at WHERE undone_at IS NULL AND {where}', row)  # noqa: S608 - own names
    return False


def sender(store: Store) -> dict[str, str]:
    """What the user wanted to be kept about who writes the letters: name, address and the like."""
    return {row["field"]: row["value"] for row in store.rows_where("sender")}


def remember_sender(store: Store, values: dict[str, str]) -> None:
    """Keep them, in place of those of the same name."""
    with store.durable():
        store.insert_all("sender", [{"field": name, "value": value} for name, value in values.items()], replace=True)
