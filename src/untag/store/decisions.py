"""What the user decided. Decisions are only ever added or marked as undone; no scan touches them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from untag.errors import UsageError
from untag.store.categories import reaches
from untag.store.codec import json_list, now
from untag.store.columns import Columns
from untag.store.db import Store
from untag.types import Status


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision about one content; `undone_at` is None while it counts. Times are ISO 8601 UTC."""

    sha256: str
    status: Status
    decided_at: str
    undone_at: str | None


DECISION = Columns(Decision)
"""In `decisions`."""


def record_decision(store: Store, sha256: str, status: Status) -> None:
    """Record a decision; the latest one counts. It is on the disk when this returns.

    Inside a transaction of the caller's, `Store.durable`, it is when that ends. Raises UsageError for `open`, which is
    what `undo_decision` leads back to.
    """
    if status is Status.OPEN:
        raise UsageError("A photo cannot be decided as open. Undo its decision instead.")
    record_decisions(store, [(sha256, status)])


def record_decisions(store: Store, decided: Iterable[tuple[str, Status]]) -> None:
    """The same for several contents: all of it or nothing."""
    moment = now()
    with store.durable():
        rows = [{"sha256": sha256, "status": status, "decided_at": moment} for sha256, status in decided]
        store.insert_all("decisions", rows)


def confirmed_contents(store: Store) -> frozenset[str]:
    """The SHA-256 of the contents of which the user said, and took back neither so nor by `not-me`, that it is them."""
    rows = store.rows(
        """SELECT sha256, status FROM decisions WHERE undone_at IS NULL AND id IN
            (SELECT MAX(id) FROM decisions WHERE undone_at IS NULL AND status IN (:me, :not_me) GROUP BY sha256)""",
        {"me": Status.IS_ME, "not_me": Status.NOT_ME},
    )
    return frozenset(row["sha256"] for row in rows if row["status"] == Status.IS_ME)


def statuses_of(store: Store, sha256s: Iterable[str]) -> dict[str, Status]:
    """What was decided last about each content; one that is open is absent."""
    rows = store.rows(
        """SELECT sha256, status FROM decisions WHERE id IN (SELECT MAX(id) FROM decisions WHERE undone_at IS NULL
            AND sha256 IN (SELECT value FROM json_each(?)) GROUP BY sha256)""",
        (json_list(sha256s),),
    )
    return {row["sha256"]: Status(row["status"]) for row in rows}


def undo_decision(store: Store, sha256: str) -> bool:
    """Take the latest decision back, so that the one before it counts again; False when there is none. Lasts too."""
    with store.durable():
        undone = store.execute(
            """UPDATE decisions SET undone_at = ? WHERE id =
                (SELECT MAX(id) FROM decisions WHERE sha256 = ? AND undone_at IS NULL)""",
            (now(), sha256),
        )
    return undone > 0


def last_decision(store: Store, sha256: str) -> Status | None:
    """The decision that counts; None while nothing is decided."""
    row = store.row(
        "SELECT status FROM decisions WHERE sha256 = ? AND undone_at IS NULL ORDER BY id DESC LIMIT 1", (sha256,)
    )
    return None if row is None else Status(row["status"])


def decided_since(store: Store, moment: str) -> dict[Status, int]:
    """How many contents have each status by a decision since a time, ISO 8601 UTC, that still counts."""
    rows = store.rows(
        """SELECT status, COUNT(*) AS decided FROM decisions WHERE decided_at >= ? AND id IN
            (SELECT MAX(id) FROM decisions WHERE undone_at IS NULL GROUP BY sha256) GROUP BY status""",
        (moment,),
    )
    found = {Status(row["status"]): int(row["decided"]) for row in rows}
    return {status: found[status] for status in Status if status in found}


@dataclass(frozen=True, slots=True)
class DecidedScores:
    """The decision that counts about a content, its scores, and of which `picture` it is: copies have the same."""

    picture: str
    status: Status
    scores: Mapping[str, float]


def decided_scores(store: Store, least: Mapping[str, float]) -> list[DecidedScores]:
    """Of every content on record that is kept or was decided to go.

    Only scores that are in `least`, by category, or higher; a content without any is left out.
    """
    reached, given = reaches(least)
    rows = store.rows(
        f"""SELECT decisions.sha256, status, category, score, COALESCE(
                (SELECT representative FROM companions WHERE companions.sha256 = decisions.sha256),
                (SELECT representative FROM near_duplicates WHERE near_duplicates.sha256 = decisions.sha256),
                decisions.sha256) AS picture
            FROM decisions JOIN scenes USING (sha256)
            WHERE status IN (:keep, :untag, :request, :done) AND {reached} AND decisions.id =
                (SELECT MAX(id) FROM decisions AS later WHERE later.sha256 = decisions.sha256 AND undone_at IS NULL)
            ORDER BY decisions.sha256, category""",  # noqa: S608 - own names
        {
            "keep": Status.KEEP,
            "untag": Status.UNTAG,
            "request": Status.REQUEST_REMOVAL,
            "done": Status.DONE,
            **given,
        },
    )
    found: dict[str, tuple[str, Status, dict[str, float]]] = {}
    for row in rows:
        known = found.setdefault(row["sha256"], (row["picture"], Status(row["status"]), {}))
        known[2][row["category"]] = row["score"]
    return [DecidedScores(*known) for known in found.values()]
