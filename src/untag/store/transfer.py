"""What cannot be made again from the photos, as it leaves the store and comes back: people, decisions, requests."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from untag.store.db import Store
from untag.store.decisions import DECISION, Decision
from untag.store.engines import HomeEngine, choose_engine, engine_on_record, home_engine
from untag.store.people import insert_reference, reference_of
from untag.store.records import Reference
from untag.store.requests import Request, RequestEvent, StepAnswer, Tracked, all_tracked, merge_tracked, sender


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


@dataclass(frozen=True, slots=True)
class SavedStranger:
    """The name of the owner of a scanned download that is somebody else's, as the user said."""

    name: str


@dataclass(frozen=True, slots=True)
class SavedSender:
    """What the user wanted to be kept about who writes the letters: one of `SENDER_FIELDS`, and its value."""

    field: str
    value: str


@dataclass(frozen=True, slots=True)
class SavedEngine:
    """The engine that the user chose for the home: its name and its id."""

    name: str
    engine: str


SENDER_FIELDS = frozenset(("name", "email", "address", "country", "born"))

Saved = SavedReference | SavedName | Decision | Tracked | SavedStranger | SavedSender | SavedEngine
"""One record of what is worth saving."""


@dataclass(frozen=True, slots=True)
class Merged:
    """How many records were new here; of `requests` also what came of them, and what was said of steps.

    `answers` are what the user said of accounts, of who writes letters, and of the engine.
    """

    references: int = 0
    names: int = 0
    decisions: int = 0
    requests: int = 0
    answers: int = 0


@dataclass(slots=True)
class _Incoming:
    references: list[SavedReference] = field(default_factory=list)
    names: list[SavedName] = field(default_factory=list)
    decisions: defaultdict[str, list[Decision]] = field(default_factory=lambda: defaultdict(list))
    tracked: list[Tracked] = field(default_factory=list)
    answers: list[SavedStranger | SavedSender | SavedEngine] = field(default_factory=list)


def saved_records(store: Store) -> Iterator[Saved]:
    """All that is worth saving, as of one moment: references and decisions in the order in which they were made."""
    with store.snapshot():
        for row in store.rows_where("reference_faces", order_by="id"):
            # The number is that of a row here, and of another one elsewhere.
            yield SavedReference(replace(reference_of(row), id=None), row["added_at"])
        for row in store.rows_where("person_names", order_by="person, name"):
            yield SavedName(row["person"], row["name"])
        for row in store.rows_where("decisions", order_by="id"):
            yield DECISION.read(row)
        yield from all_tracked(store)
        for row in store.rows_where("account_owners", "mine = 0", order_by="name"):
            yield SavedStranger(row["name"])
        for name, value in sorted(sender(store).items()):
            yield SavedSender(name, value)
        if (chosen := home_engine(store)) is not None:
            yield SavedEngine(chosen.name, chosen.engine)


def merge_records(store: Store, records: Iterable[Saved]) -> Merged:
    """Add what is not here yet, in one transaction that is on the disk when this returns; nothing here is lost.

    A reference that is here stays as it is. The decisions about a photo become those of both sides in the order of
    their times, so that the latest counts; one that either side has taken back stays taken back.
    """
    incoming = _sorted_out(records)
    with store.durable():
        answers = sum(_merge_answer(store, one) for one in incoming.answers)
        before = store.count("reference_faces"), store.count("person_names")
        for saved in incoming.references:
            insert_reference(store, saved.reference, saved.added_at, keep=True)
        names = [{"person": saved.person, "name": saved.name} for saved in incoming.names]
        store.insert_all("person_names", names, ignore=True)
        added = store.count("reference_faces") - before[0], store.count("person_names") - before[1]
        decisions = sum(_merge_decisions(store, sha256, made) for sha256, made in incoming.decisions.items())
        tracked = merge_tracked(store, incoming.tracked)
    return Merged(*added, decisions, tracked, answers)


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
            case Request() | RequestEvent() | StepAnswer():
                incoming.tracked.append(record)
            case SavedStranger() | SavedSender() | SavedEngine():
                incoming.answers.append(record)
    return incoming


def _merge_answer(store: Store, one: SavedStranger | SavedSender | SavedEngine) -> bool:
    """Returns whether it was new. Before the references: what is enrolled here says which engine is the home's."""
    match one:
        case SavedStranger(name):
            if next(store.rows_where("account_owners", "name = ? AND mine = 0", (name,)), None) is not None:
                return False
            store.insert_all("account_owners", [{"name": name, "mine": 0}], replace=True)
        case SavedSender(name, value):
            if name in sender(store):
                return False
            store.insert_all("sender", [{"field": name, "value": value}])
        case SavedEngine(name, engine):
            if home_engine(store) is not None or engine_on_record(store) is not None:
                return False
            choose_engine(store, HomeEngine(name, engine))
    return True


def _merge_decisions(store: Store, sha256: str, incoming: list[Decision]) -> int:
    """Returns how many decisions about this photo were new."""
    here = [DECISION.read(row) for row in store.rows_where("decisions", "sha256 = ?", (sha256,), order_by="id")]
    merged = _joined(here, incoming)
    if merged == here:
        return 0
    # The one with the highest id counts, so all of them are written anew in their order.
    store.execute("DELETE FROM decisions WHERE sha256 = ?", (sha256,))
    store.insert_all("decisions", [DECISION.values(one) for one in merged])
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
