"""What cannot be made again from the photos, as it leaves the store and comes back: references, names, decisions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from untag.store.db import Store
from untag.store.decisions import Decision
from untag.store.people import insert_reference, reference_of
from untag.store.records import Reference
from untag.types import Status


@dataclass(frozen=True, slots=True)
class SavedReference:
    """An enrolled face, and when it was enrolled, ISO 8601 UTC."""

    reference: Reference
    added_at: str


@dataclass(frozen=True, slots=True)
class SavedName:
    """What archives call a person besides the person's own name."""

    person: str
    name: str


Saved = SavedReference | SavedName | Decision
"""One record of what is worth saving."""


@dataclass(frozen=True, slots=True)
class Merged:
    """How many records were new here."""

    references: int = 0
    names: int = 0
    decisions: int = 0


@dataclass(slots=True)
class _Incoming:
    references: list[SavedReference] = field(default_factory=list)
    names: list[SavedName] = field(default_factory=list)
    decisions: defaultdict[str, list[Decision]] = field(default_factory=lambda: defaultdict(list))


def saved_records(store: Store) -> Iterator[Saved]:
    """All that is worth saving, as of one moment: references and decisions in the order in which they were made."""
    with store.snapshot():
        for row in store.rows("SELECT * FROM reference_faces ORDER BY id"):
            # The number is that of a row here, and of another one elsewhere.
            yield SavedReference(replace(reference_of(row), id=None), row["added_at"])
        for row in store.rows("SELECT person, name FROM person_names ORDER BY person, name"):
            yield SavedName(row["person"], row["name"])
        for row in store.rows("SELECT * FROM decisions ORDER BY id"):
            yield Decision(row["sha256"], Status(row["status"]), row["decided_at"], row["undone_at"])


def merge_records(store: Store, records: Iterable[Saved]) -> Merged:
    """Add what is not here yet, in one transaction that is on the disk when this returns; nothing here is lost.

    A reference that is here stays as it is. The decisions about a photo become those of both sides in the order of
    their times, so that the latest counts; one that either side has taken back stays taken back.
    """
    incoming = _sorted_out(records)
    with store.durable():
        references = sum(
            insert_reference(store, saved.reference, saved.added_at, keep=True) for saved in incoming.references
        )
        names = sum(
            store.execute("INSERT OR IGNORE INTO person_names (person, name) VALUES (?, ?)", (saved.person, saved.name))
            for saved in incoming.names
        )
        decisions = sum(_merge_decisions(store, sha256, made) for sha256, made in incoming.decisions.items())
    return Merged(references, names, decisions)


def _sorted_out(records: Iterable[Saved]) -> _Incoming:
    incoming = _Incoming()
    for record in records:
        match record:
            case SavedReference():
                incoming.references.append(record)
            case SavedName():
                incoming.names.append(record)
            case Decision():
                incoming.decisions[record.sha256].append(record)
    return incoming


def _merge_decisions(store: Store, sha256: str, incoming: list[Decision]) -> int:
    """Returns how many decisions about this photo were new."""
    rows = store.rows("SELECT * FROM decisions WHERE sha256 = ? ORDER BY id", (sha256,))
    here = [Decision(sha256, Status(row["status"]), row["decided_at"], row["undone_at"]) for row in rows]
    merged = _joined(here, incoming)
    if merged == here:
        return 0
    # The one with the highest id counts, so all of them are written anew in their order.
    store.execute("DELETE FROM decisions WHERE sha256 = ?", (sha256,))
    store.execute_many(
        "INSERT INTO decisions (sha256, status, decided_at, undone_at) VALUES (?, ?, ?, ?)",
        [(sha256, one.status, one.decided_at, one.undone_at) for one in merged],
    )
    return len(merged) - len(here)


def _joined(here: list[Decision], incoming: list[Decision]) -> list[Decision]:
    """Both histories as one, by time; what both have is one decision, and those here go first within a second."""
    merged, unmatched = list(here), list(range(len(here)))
    for one in incoming:
        same = next((at for at in unmatched if _alike(here[at], one)), None)
        if same is None:
            merged.append(one)
            continue
        unmatched.remove(same)
        undone_at = one.undone_at if here[same].undone_at is None else here[same].undone_at
        merged[same] = Decision(one.sha256, one.status, one.decided_at, undone_at)
    return sorted(merged, key=lambda decision: decision.decided_at)


def _alike(one: Decision, other: Decision) -> bool:
    return (one.status, one.decided_at) == (other.status, other.decided_at)
