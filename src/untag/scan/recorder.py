"""The end of a scan: counts what comes out of the stages, and records it, a batch in one transaction.

Runs in the caller's thread, the only one that writes.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import assert_never

from untag.findings.counting import Counts, NewFinding
from untag.scan.away import Away
from untag.scan.items import Failed, Known, Result, Unchanged, UnchangedFolder, WithoutFile
from untag.store import ListedFolder, PhotoRecord, Refusal, Store, record_batch, touch_files, touch_folders
from untag.types import Outcome, PhotoRef, ReadError

_RECORD_EVERY = 64
_RECORD_SECONDS = 2.0
_NEW_FINDINGS, _AWAY, _UNREADABLE = 3, 4, 1


@dataclass(slots=True)
class ScanSummary:
    """What a scan saw. `photos` are files; those `without_file`, which archives report, are not among them.

    `me` and `maybe` are of the photos that this run judged; `findings` are the counts of all on record by now.

    `strangers` are the names of archives' owners who are not enrolled: their posts are taken for others'. `new` are
    the new findings. `removed` files are forgotten, `removed_paths`; of these `removed_elsewhere` have photos that lie
    at other places, too. `removed_excluded` more were forgotten because they are excluded now. `away` are the places
    that held photos and are out of reach. `unreadable` is every input that could not be read; `newly_unreadable` of
    them could be, or were not there, at the last finished scan. `skipped` counts by kind the files that are no photos,
    and what is passed over for its name. `notes` are sentences on how archives were read. `moved` photos had the
    verdicts of an earlier engine, and `to_move` have them still. `run`, `roots` and `still_unreadable` are for
    `mark_shown`.
    """

    photos: int = 0
    analysed: int = 0
    unchanged: int = 0
    copies: int = 0
    faces: int = 0
    me: int = 0
    maybe: int = 0
    new_findings: int = 0
    new: list[NewFinding] = field(default_factory=list)
    removed: int = 0
    removed_elsewhere: int = 0
    removed_paths: list[str] = field(default_factory=list)
    removed_excluded: int = 0
    moved: int = 0
    to_move: int = 0
    away: list[Away] = field(default_factory=list)
    newly_unreadable: int = 0
    interrupted: bool = False
    strangers: list[tuple[str, ...]] = field(default_factory=list)
    skipped: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    unreadable: list[ReadError] = field(default_factory=list)
    without_file: int = 0
    findings: Counts = field(default_factory=Counts)
    run: int = 0
    roots: list[str] = field(default_factory=list)
    still_unreadable: list[str] = field(default_factory=list)

    def status(self, *, fail_on_new: bool, strict: bool = False) -> int:
        """The exit status of a scan that was not interrupted, as docs/cli.md has it."""
        if fail_on_new and self.new_findings:
            return _NEW_FINDINGS
        if self.away:
            return _AWAY
        return _UNREADABLE if self.newly_unreadable or (strict and self.unreadable) else 0


class Recorder:
    """Records into one run. `under_way` is shared with the stages: hashes leave it once the store knows them.

    `listed` is what came in as such: the folders to remember once everything is recorded. `judged` are the SHA-256 of
    the photos that were analysed or are reported without a file anew. `clock` counts seconds.
    """

    def __init__(
        self, store: Store, run_id: int, under_way: set[str], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._store = store
        self._run_id = run_id
        self.summary = ScanSummary()
        self.listed: list[ListedFolder] = []
        self.judged: set[str] = set()
        self._records: list[PhotoRecord] = []
        self._touched: list[str] = []
        self._touched_folders: list[str] = []
        self._clock = clock
        self._last_flush = clock()
        self._under_way = under_way
        # Those of them that have arrived and wait in `_records`.
        self._arrived: set[str] = set()
        self._waiting: dict[str, list[PhotoRef]] = {}
        self._failed: dict[str, Refusal] = {}

    def take(self, item: Result) -> int:
        """Counts a result and queues it for the record; returns how many entries it stands for."""
        entries = _entries(item)
        self.summary.photos += entries
        match item:
            case Unchanged(paths, errors):
                self.summary.unchanged += entries
                self._touched.extend(paths)
                self.summary.unreadable.extend(errors)
            case UnchangedFolder(path, _, errors):
                self.summary.unchanged += entries
                self._touched_folders.append(path)
                self.summary.unreadable.extend(errors)
            case WithoutFile(unchanged, records):
                self.summary.without_file += len(unchanged) + len(records)
                self._touched.extend(unchanged)
                self._records.extend(records)
                self.judged.update(record.sha256 for record in records if record.sha256 is not None)
            case ListedFolder():
                self.listed.append(item)
            case ReadError():
                self.summary.unreadable.append(item)
            case Known(ref, sha256, fault):
                self.summary.copies += 1
                if fault is not None:
                    self._failed[sha256] = fault
                if sha256 in self._under_way and sha256 not in self._arrived:
                    self._waiting.setdefault(sha256, []).append(ref)
                else:
                    self._record_copy(ref, sha256)
            case Failed(sha256=sha256):
                if sha256 is not None:
                    self._failed[sha256] = Refusal(item.outcome, item.error, item.refused_by)
                self._record_failure(item)
                self._settle(sha256)
            case PhotoRecord():
                self._count(item)
                self._records.append(item)
                if item.outcome is not Outcome.OK and item.sha256 is not None:
                    self._failed[item.sha256] = Refusal(item.outcome, item.error or "", item.refused_by)
                    self.summary.unreadable.append(ReadError(item.ref.path, item.outcome, item.error or ""))
                self._settle(item.sha256)
            case _:
                assert_never(item)
        touched = len(self._touched) + len(self._touched_folders)
        full = len(self._records) + touched // 16 >= _RECORD_EVERY
        if full or self._clock() - self._last_flush > _RECORD_SECONDS:
            self.flush()
        return entries

    def flush(self) -> None:
        """Records everything that is queued."""
        if self._records:
            record_batch(self._store, self._run_id, self._records)
            # Only now: until then the store does not know the content, and `recall` must not take it for new.
            self._under_way -= self._arrived
            self._arrived.clear()
        if self._touched:
            touch_files(self._store, self._run_id, self._touched)
        if self._touched_folders:
            touch_folders(self._store, self._run_id, self._touched_folders)
        self._records, self._touched, self._touched_folders = [], [], []
        self._last_flush = self._clock()

    def counts(self) -> dict[str, int]:
        summary = self.summary
        unreadable = Counter(error.outcome.value for error in summary.unreadable)
        return {"photos": summary.photos, "analysed": summary.analysed, "unchanged": summary.unchanged, **unreadable}

    def _settle(self, sha256: str | None) -> None:
        """Lets the copies of content that is now queued for the record follow it."""
        if sha256 is None:
            return
        self._arrived.add(sha256)
        for ref in self._waiting.pop(sha256, ()):
            self._record_copy(ref, sha256)

    def _record_copy(self, ref: PhotoRef, sha256: str) -> None:
        if sha256 in self._failed:
            why = self._failed[sha256]
            self._record_failure(Failed(ref, sha256, why.outcome, why.error, why.refused_by))
        else:
            self._records.append(PhotoRecord(ref, sha256, Outcome.OK))

    def _record_failure(self, failed: Failed) -> None:
        self.summary.unreadable.append(ReadError(failed.ref.path, failed.outcome, failed.error))
        self._records.append(
            PhotoRecord(failed.ref, failed.sha256, failed.outcome, failed.error, refused_by=failed.refused_by)
        )

    def _count(self, record: PhotoRecord) -> None:
        analysis = record.analysis
        if analysis is None:
            return
        self.summary.analysed += 1
        self.summary.faces += len(analysis.faces)
        if record.sha256 is not None:
            self.judged.add(record.sha256)


def _entries(item: Result) -> int:
    match item:
        case Unchanged(paths=paths):
            return len(paths)
        case UnchangedFolder(count=count):
            return count
        case ListedFolder() | WithoutFile():
            return 0
        case Known() | Failed() | ReadError() | PhotoRecord():
            return 1
        case _:
            assert_never(item)
