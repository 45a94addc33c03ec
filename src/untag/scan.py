"""A scan: walk -> read -> recall -> decode -> analyse -> judge -> record, composed of the stages of `pipeline`.

Content that is on record is not analysed again, wherever it lies; files that did not change are not even read. What is
recorded is recorded whole, a batch in one transaction, so a scan may be killed at any instant and run again.
"""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from untag.config import Settings
from untag.errors import ReadFailure, UsageError
from untag.faces.engine import FaceEngine
from untag.imaging.decode import decode
from untag.imaging.phash import perceptual_hash
from untag.judge import Judge, JudgedPhoto, judge_again, must_read_again
from untag.pipeline import Cancel, Stage, run_pipeline
from untag.scenes.classify import MODEL_ID, SceneClassifier, scene_input
from untag.sources.base import Listing, Source, walk_all
from untag.sources.files import absolute
from untag.sources.paths import printable_path
from untag.store import (
    Analysis,
    KnownFile,
    PhotoRecord,
    Store,
    finish_run,
    known_files,
    known_photo,
    new_findings,
    prune,
    record_batch,
    references,
    start_run,
    touch_files,
)
from untag.types import Frame, Outcome, PhotoRef, Pixels, ReadError, Verdict

SEARCH_SIDE = 1600
"""Photos are searched for faces with their long side at most this many pixels."""

_ANALYSIS_VERSION = 1
_QUEUE_BYTES = 192 * 1024 * 1024
_ANALYSE_BATCH = 8
_RECORD_EVERY = 64
_RECORD_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class ScanModels:
    """The loaded models. `pipeline` names them: an analysis by another is done again."""

    faces: FaceEngine
    scenes: SceneClassifier

    @property
    def pipeline(self) -> str:
        return f"{self.faces.id}/{MODEL_ID}/{SEARCH_SIDE}/{_ANALYSIS_VERSION}"


@dataclass(slots=True)
class ScanSummary:
    """What a scan saw. `unreadable` is every input that could not be read, for the list at the end."""

    photos: int = 0
    analysed: int = 0
    unchanged: int = 0
    copies: int = 0
    faces: int = 0
    me: int = 0
    maybe: int = 0
    new_findings: int = 0
    removed: int = 0
    interrupted: bool = False
    unreadable: list[ReadError] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Task:
    source: Source
    ref: PhotoRef


@dataclass(frozen=True, slots=True)
class _Loaded:
    """A photo's bytes and their hash."""

    ref: PhotoRef
    sha256: str
    data: bytes


@dataclass(frozen=True, slots=True)
class _Decoded:
    ref: PhotoRef
    sha256: str
    frame: Frame
    scene: Pixels


@dataclass(frozen=True, slots=True)
class _Known:
    """Content that is on record, or that this run is analysing already."""

    ref: PhotoRef
    sha256: str


@dataclass(frozen=True, slots=True)
class _Unchanged:
    path: str
    error: ReadError | None


@dataclass(frozen=True, slots=True)
class _Failed:
    ref: PhotoRef
    sha256: str | None
    outcome: Outcome
    error: str


_Item = _Task | _Loaded | _Decoded | _Known | _Unchanged | _Failed | ReadError | PhotoRecord


_NOBODY = "nobody is enrolled yet; show untag your face first: untag enroll PHOTO…"
_NOBODY_WITH_THIS_ENGINE = "nobody is enrolled with this engine; give the same --engine to untag enroll first"


def require_enrolled(store: Store) -> None:
    """Raises UsageError when nobody is enrolled with any engine: better known before models are loaded."""
    if not references(store):
        raise UsageError(_NOBODY)


def count_photos(paths: Sequence[Path], settings: Settings) -> int:
    """How many entries a scan of `paths` will go through. Raises UsageError for a path that does not exist."""
    return sum(len(listing.entries) for listing in walk_all(paths, limits=settings.limits))


def scan(
    store: Store,
    paths: Sequence[Path],
    models: ScanModels,
    judge: Judge,
    settings: Settings,
    *,
    on_photo: Callable[[], None] = lambda: None,
    cancel: Cancel | None = None,
) -> ScanSummary:
    """Scans `paths` into the store and returns what it saw; `on_photo` is called once for every entry.

    With `cancel` set it stops early but cleanly, and the summary says so. Raises UsageError for a path that does not
    exist, or when nobody is enrolled, and StoreError when another scan runs or the disk is full.
    """
    listings = walk_all(paths, limits=settings.limits)
    if not judge.persons:
        raise UsageError(_NOBODY_WITH_THIS_ENGINE)
    with store.exclusive(), store.reader() as walker, store.reader() as recaller:
        roots = [printable_path(absolute(path)) for path in paths]
        run_id = start_run(store, roots)
        judge_again(store, models.faces.id, judge, run_id)
        run = _Run(store, run_id, models, judge, settings)
        cancel = Cancel() if cancel is None else cancel
        stages: list[Stage[_Item, _Item]] = [
            Stage("read", _each(run.read), workers=max(1, settings.jobs)),
            Stage("recall", _each(run.recall_from(recaller))),
            Stage("decode", _each(run.decode), workers=max(1, settings.jobs)),
            Stage("analyse", run.analyse, batch=_ANALYSE_BATCH),
        ]
        items = run_pipeline(
            run.walk(walker, listings),
            [replace(stage, run=_until(cancel, stage.run)) for stage in stages],
            threaded=settings.jobs > 0,
            capacity=_QUEUE_BYTES,
            cost=_cost,
            cancel=cancel,
        )
        # Closed before the readers are: the threads that use them must have ended, whatever goes wrong here.
        with closing(items):
            try:
                for item in items:
                    run.take(item)
                    on_photo()
            finally:
                run.flush()
        summary = run.summary
        summary.interrupted = cancel.is_set()
        if not summary.interrupted:
            finish_run(store, run_id, run.counts())
            unread = [error.path for error in summary.unreadable]
            summary.removed = prune(store, run_id, roots, unread=unread)
        summary.new_findings = new_findings(store, run_id)
    return summary


class _Run:
    """One scan under way: what its stages share, and what was not recorded yet."""

    def __init__(self, store: Store, run_id: int, models: ScanModels, judge: Judge, settings: Settings) -> None:
        self._store = store
        self._run_id = run_id
        self._models = models
        self._judge = judge
        self._settings = settings
        self.summary = ScanSummary()
        self._records: list[PhotoRecord] = []
        self._touched: list[str] = []
        self._last_flush = time.monotonic()
        # Hashes whose first file is on its way to the record. Only the recall stage adds, only the recorder removes.
        self._under_way: set[str] = set()
        # Those of them that have arrived and wait in `_records`.
        self._arrived: set[str] = set()
        self._waiting: dict[str, list[PhotoRef]] = {}
        self._failed: dict[str, tuple[Outcome, str]] = {}

    # The stages, in order.

    def walk(self, reader: Store, listings: Iterable[Listing]) -> Iterator[_Item]:
        """Every entry: unchanged ones as such, the rest as tasks."""
        for listing in listings:
            known = known_files(reader, listing.folder)
            for entry in listing.entries:
                if isinstance(entry, ReadError):
                    yield entry
                elif (file := known.get(entry.path)) is not None and self._is_current(file, entry):
                    failed = file.outcome is not Outcome.OK
                    yield _Unchanged(
                        entry.path, ReadError(entry.path, file.outcome, file.error or "") if failed else None
                    )
                else:
                    yield _Task(listing.source, entry)

    def read(self, item: _Item) -> _Item:
        if not isinstance(item, _Task):
            return item
        try:
            data = item.source.read(item.ref)
        except ReadFailure as failure:
            return _Failed(item.ref, None, failure.outcome, str(failure))
        return _Loaded(item.ref, hashlib.sha256(data).hexdigest(), data)

    def recall_from(self, reader: Store) -> Callable[[_Item], _Item]:
        def recall(item: _Item) -> _Item:
            if not isinstance(item, _Loaded):
                return item
            if item.sha256 in self._under_way:
                return _Known(item.ref, item.sha256)
            photo = known_photo(reader, item.sha256)
            if photo is not None and self._is_judged(photo.pipeline, photo.people_key, photo.discarded):
                return _Known(item.ref, item.sha256)
            self._under_way.add(item.sha256)
            return item

        return recall

    def decode(self, item: _Item) -> _Item:
        if not isinstance(item, _Loaded):
            return item
        try:
            frame = decode(item.data, max_side=SEARCH_SIDE, limits=self._settings.limits)
        except ReadFailure as failure:
            return _Failed(item.ref, item.sha256, failure.outcome, str(failure))
        return _Decoded(item.ref, item.sha256, frame, scene_input(frame.pixels))

    def analyse(self, items: list[_Item]) -> Iterator[_Item]:
        decoded = [item for item in items if isinstance(item, _Decoded)]
        yield from (item for item in items if not isinstance(item, _Decoded))
        if not decoded:
            return
        faces = self._models.faces.analyse([item.frame for item in decoded])
        scenes = self._models.scenes.classify(np.stack([item.scene for item in decoded]))
        for item, found, scene in zip(decoded, faces, scenes, strict=True):
            matches = self._judge.match(found)
            frame = item.frame
            boxes = tuple(face.box for face in found)
            photo = JudgedPhoto(item.ref.origin, frame.taken_at, frame.width, frame.height, boxes, matches, scene)
            analysis = Analysis(
                width=frame.width,
                height=frame.height,
                taken_at=frame.taken_at,
                phash=perceptual_hash(frame.pixels),
                pipeline=self._models.pipeline,
                people_key=self._judge.key,
                engine=self._models.faces.id,
                faces=found,
                matches=matches,
                keep=tuple(self._judge.keeps(match) for match in matches),
                scenes=scene,
                finding=self._judge.decide(photo),
            )
            yield PhotoRecord(item.ref, item.sha256, Outcome.OK, None, analysis)

    # In the caller's thread, the only one that writes.

    def take(self, item: _Item) -> None:
        """Counts one result and queues it for the record."""
        self.summary.photos += 1
        match item:
            case _Unchanged(path, error):
                self.summary.unchanged += 1
                self._touched.append(path)
                if error is not None:
                    self.summary.unreadable.append(error)
            case ReadError():
                self.summary.unreadable.append(item)
            case _Known(ref, sha256):
                self.summary.copies += 1
                if sha256 in self._under_way and sha256 not in self._arrived:
                    self._waiting.setdefault(sha256, []).append(ref)
                else:
                    self._record_copy(ref, sha256)
            case _Failed(ref, sha256, outcome, error):
                if sha256 is not None:
                    self._failed[sha256] = (outcome, error)
                self._record_failure(ref, sha256, outcome, error)
                self._settle(sha256)
            case PhotoRecord():
                self._count(item)
                self._records.append(item)
                self._settle(item.sha256)
            case _:
                raise AssertionError(f"a stage let {type(item).__name__} through")
        full = len(self._records) + len(self._touched) // 16 >= _RECORD_EVERY
        if full or time.monotonic() - self._last_flush > _RECORD_SECONDS:
            self.flush()

    def flush(self) -> None:
        """Records everything that is queued."""
        if self._records:
            record_batch(self._store, self._run_id, self._records)
            # Only now: until then the store does not know the content, and `recall` must not take it for new.
            self._under_way -= self._arrived
            self._arrived.clear()
        if self._touched:
            touch_files(self._store, self._run_id, self._touched)
        self._records, self._touched = [], []
        self._last_flush = time.monotonic()

    def counts(self) -> dict[str, int]:
        summary = self.summary
        unreadable = Counter(error.outcome.value for error in summary.unreadable)
        return {"photos": summary.photos, "analysed": summary.analysed, "unchanged": summary.unchanged, **unreadable}

    def _is_current(self, file: KnownFile, ref: PhotoRef) -> bool:
        if (file.size, file.mtime_ns, file.origin) != (ref.size, ref.mtime_ns, ref.origin):
            return False
        if file.outcome is not Outcome.OK:
            # What failed for want of permission, room or software may work today; damaged content stays damaged. What
            # has no hash was never read: the disk may have failed, not the photo.
            read = file.sha256 is not None
            return file.outcome is Outcome.EMPTY or (read and file.outcome in (Outcome.BROKEN, Outcome.NOT_AN_IMAGE))
        return file.pipeline is not None and self._is_judged(file.pipeline, file.people_key, file.discarded)

    def _is_judged(self, pipeline: str, people_key: str | None, discarded: int) -> bool:
        return pipeline == self._models.pipeline and not must_read_again(people_key, discarded, self._judge)

    def _settle(self, sha256: str | None) -> None:
        """Lets the copies of content that is now queued for the record follow it."""
        if sha256 is None:
            return
        self._arrived.add(sha256)
        for ref in self._waiting.pop(sha256, ()):
            self._record_copy(ref, sha256)

    def _record_copy(self, ref: PhotoRef, sha256: str) -> None:
        if sha256 in self._failed:
            self._record_failure(ref, sha256, *self._failed[sha256])
        else:
            self._records.append(PhotoRecord(ref, sha256, Outcome.OK))

    def _record_failure(self, ref: PhotoRef, sha256: str | None, outcome: Outcome, error: str) -> None:
        self.summary.unreadable.append(ReadError(ref.path, outcome, error))
        self._records.append(PhotoRecord(ref, sha256, outcome, error))

    def _count(self, record: PhotoRecord) -> None:
        analysis = record.analysis
        if analysis is None:
            return
        self.summary.analysed += 1
        self.summary.faces += len(analysis.faces)
        verdicts = {match.verdict for match in analysis.matches}
        self.summary.me += Verdict.ME in verdicts
        self.summary.maybe += Verdict.MAYBE in verdicts and Verdict.ME not in verdicts


def _each(step: Callable[[_Item], _Item]) -> Callable[[list[_Item]], Iterator[_Item]]:
    def run(items: list[_Item]) -> Iterator[_Item]:
        return map(step, items)

    return run


def _until(cancel: Cancel, run: Callable[[list[_Item]], Iterable[_Item]]) -> Callable[[list[_Item]], Iterable[_Item]]:
    # The queues may hold a whole archive of photos that were not read yet: Ctrl-C must not wait for them.
    def unless_cancelled(items: list[_Item]) -> Iterable[_Item]:
        if cancel.is_set():
            items = [item for item in items if not isinstance(item, (_Task, _Loaded, _Decoded))]
        return run(items)

    return unless_cancelled


def _cost(item: _Item) -> int:
    """About how many bytes an item holds; the small change of a path counts as a kibibyte."""
    match item:
        case _Loaded(data=data):
            return len(data)
        case _Decoded(frame=frame, scene=scene):
            return frame.pixels.nbytes + scene.nbytes
        case _:
            return 1024
