"""Decisions: about photos that are named, about all of a filter, or from a file that was exported and edited."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from untag.config import Settings
from untag.errors import UsageError
from untag.findings.counting import Group
from untag.library.decision_file import Row
from untag.library.naming import hashes_of
from untag.scan import require_enrolled
from untag.scan.judge import assess_decided, load_judge
from untag.store import (
    Store,
    confirmed_contents,
    engines_of,
    has_verdict,
    last_run,
    lesser_parts,
    record_decisions,
    references,
    statuses_of,
    undo_decision,
)
from untag.types import Action, Status, Verdict

SUGGESTED = {
    Action.UNTAG: Status.UNTAG,
    Action.REQUEST_REMOVAL: Status.REQUEST_REMOVAL,
    Action.KEEP: Status.KEEP,
}
"""The decision that follows from what untag suggests; what it wants to be looked at stays open."""


@dataclass(frozen=True, slots=True)
class EditedDecisions:
    """What a file of decisions changes, by SHA-256: to which status, or back where it says open; `same` change none."""

    decided: Mapping[str, Status]
    undone: tuple[str, ...]
    same: int

    @property
    def count(self) -> int:
        """How many photos are decided anew or undone."""
        return len(self.decided) + len(self.undone)


def decide(store: Store, settings: Settings, decided: Mapping[str, Status], undone: Iterable[str] = ()) -> int:
    """Records all decisions by SHA-256 or none, and judges again what is said to show the person; returns how many."""
    if Status.OPEN in decided.values():
        raise UsageError("a photo cannot be decided as open; undo its decision instead")
    if Status.IS_ME in decided.values():
        require_enrolled(store)
    before = confirmed_contents(store)
    with store.durable():
        record_decisions(store, decided.items())
        count = len(decided) + sum(undo_decision(store, sha256) for sha256 in undone)
    changed = before ^ confirmed_contents(store)
    if changed:
        assess_anew(store, settings, sorted(changed))
    return count


def of_one_shot(store: Store, sha256s: Sequence[str], status: Status | None) -> list[str]:
    """These photos, and the other parts of the shots for which they stand, such as the videos of Live Photos.

    Whether a part shows the person, each says for itself. With `status` None, for undoing, the parts are those of
    which the same was decided. A lesser part decides about itself alone: what stands for it matters more.
    """
    if status in (Status.IS_ME, Status.NOT_ME):
        return list(sha256s)
    parts = lesser_parts(store, sha256s)
    if status is None:
        now = statuses_of(store, [*parts, *parts.values()])
        parts = {part: shown for part, shown in parts.items() if now.get(part) is now.get(shown)}
    return [*sha256s, *(part for part in parts if part not in sha256s)]


def suggested(groups: Iterable[Group]) -> dict[str, Status]:
    """What untag suggests for the photos that are open, by SHA-256."""
    return {
        finding.sha256: SUGGESTED[finding.action]
        for group in groups
        for finding in (group.finding, *group.copies)
        if finding.status in (Status.OPEN, Status.IS_ME) and finding.action in SUGGESTED
    }


def changes_of(store: Store, rows: Sequence[Row], status: Status | None) -> EditedDecisions:
    """What the rows of a file change; `status` is for all of them, else each has its own.

    Raises UsageError, with the line, for a photo that was not scanned, a row without a status, and two rows that want
    different things of one photo.
    """
    hashes = _hashes(store, rows)
    now = statuses_of(store, set(hashes))
    wanted: dict[str, tuple[Status, Row]] = {}
    for sha256, row in zip(hashes, rows, strict=True):
        said = status if status is not None else row.status
        if said is None:
            raise UsageError(f"line {row.line} has no status; add one, or say --status")
        if status is None and said is now.get(sha256, Status.OPEN):
            continue
        other = wanted.setdefault(sha256, (said, row))
        if other[0] is not said:
            raise UsageError(
                f"lines {other[1].line} and {row.line} are one photo, with {other[0]} and {said}; keep one"
            )
    return EditedDecisions(
        decided={sha256: said for sha256, (said, _) in wanted.items() if said is not Status.OPEN},
        undone=tuple(sha256 for sha256, (said, _) in wanted.items() if said is Status.OPEN),
        same=len(set(hashes)) - len(wanted),
    )


def _hashes(store: Store, rows: Sequence[Row]) -> list[str]:
    try:
        return hashes_of(store, [row.photo for row in rows])
    except UsageError:
        # One by one, to say in which line it is.
        for row in rows:
            try:
                hashes_of(store, row.photo)
            except UsageError as error:
                raise UsageError(f"line {row.line}: {error}") from error
        raise


def assess_anew(store: Store, settings: Settings, sha256s: Sequence[str]) -> None:
    """Judge again from what is on record, by the engine that saw each photo, or any that somebody is enrolled with."""
    enrolled = sorted({reference.engine for reference in references(store)})
    seen_by = engines_of(store, sha256s)
    for engine in enrolled:
        others = enrolled[0] == engine
        photos = [one for one in sha256s if seen_by.get(one) == engine or (others and seen_by.get(one) not in enrolled)]
        if photos:
            judge = load_judge(store, engine, settings, all_scenes=has_verdict(store, Verdict.OTHER))
            assess_decided(store, judge, photos, last_run(store))
