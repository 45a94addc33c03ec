"""Composes the stages, and runs them into the store."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from untag.config import Settings
from untag.errors import UsageError
from untag.findings.counting import count_all, news
from untag.findings.filters import EVERYTHING
from untag.scan.away import Missed, is_below_any
from untag.scan.items import Loaded, Seen, Work, cost, weight
from untag.scan.judge import Judge, assess_by_evenings, assess_by_posters, assess_moved, group_copies, judge_again
from untag.scan.local import Here
from untag.scan.moving import ALL_AT_ONCE, Move, judge_moving, still_to_move
from untag.scan.pipeline import Admission, Cancel, Stage, run_pipeline
from untag.scan.recorder import Recorder, ScanSummary
from untag.scan.stages import ScanModels, Stages
from untag.scan.videos import Videos
from untag.scan.workplace import Workplace, each, of_kind
from untag.sources.base import unreachable, walk_all
from untag.sources.kinds import Kind, is_named_video
from untag.sources.reader import Reader
from untag.sources.readers import READERS
from untag.store import (
    Store,
    counted_findings,
    findings,
    finish_run,
    forget_unseen,
    known_below,
    mark_reported,
    new_findings,
    prune,
    references,
    remember_folders,
    remember_unreadable,
    start_run,
    unreadable_before,
)
from untag.support.native_threads import one_thread_each
from untag.support.paths import absolute, printable_path
from untag.support.words import counted
from untag.types import Outcome

_QUEUE_BYTES = 48 * 1024 * 1024
_FILES_BYTES = 128 * 1024 * 1024
"""All files under way together: in queues, at workers, and kept for a second look. A larger one is under way alone."""

_NOT_ENROLLED = "nobody is enrolled yet; show untag your face first: untag enroll PHOTO…"
_NOT_ENROLLED_WITH_THIS_ENGINE = "nobody is enrolled with this engine; give the same --engine to untag enroll first"


def require_enrolled(store: Store) -> None:
    """Raises UsageError when no one is enrolled with any engine: better known before models are loaded."""
    if not references(store):
        raise UsageError(_NOT_ENROLLED)


def require_paths(store: Store, paths: Sequence[Path]) -> list[UsageError]:
    """Why some of `paths` lead nowhere and never did: typing mistakes, or disks that were not scanned yet.

    Raises UsageError when that is so of all of them.
    """
    unknown = [path for path in paths if known_below(store, printable_path(absolute(path))) == 0]
    problems = [problem for path in unknown if (problem := unreachable(path)) is not None]
    if problems and len(problems) == len(paths):
        raise problems[0]
    return problems


def count_photos(paths: Sequence[Path], settings: Settings, readers: Sequence[Reader] = READERS) -> int:
    """About how many photos a scan of `paths` will go through. Raises UsageError for a path that is no place."""
    exclude = settings.exclusions
    listings = walk_all(paths, limits=settings.limits, readers=readers, list_missing=True, exclude=exclude)
    return sum(listing.count for listing in listings)


def scan(
    store: Store,
    paths: Sequence[Path],
    models: ScanModels,
    judge: Judge,
    settings: Settings,
    *,
    readers: Sequence[Reader] = READERS,
    on_photo: Callable[[], None] = lambda: None,
    cancel: Cancel | None = None,
    confirmed_gone: bool = False,
    move: Move = ALL_AT_ONCE,
    place: Workplace | None = None,
    video_hours: float | None = None,
) -> ScanSummary:
    """Scans `paths` into the store and returns what it saw; `on_photo` is called once for every entry.

    `readers` are those that archives among them are tried with. `move` says which photos of earlier engines are read.
    `place` is where photos are read and looked at, this process for None. After `video_hours` no video is
    begun any more.

    What it found stays new, and so does what became unreadable, until the caller has shown it and calls `mark_shown`.
    With `cancel` set it stops early but cleanly, and the summary says so. What it did not see is forgotten, unless it
    lies in a place that is away; with `confirmed_gone` it is forgotten there, too. What `settings` exclude is forgotten
    wherever it lies. Raises UsageError when no path can
    be reached and none is known, or when no one is enrolled, LockedError when another scan runs, and StoreError when
    the disk is full.
    """
    require_paths(store, paths)
    exclude = settings.exclusions
    listings = walk_all(paths, limits=settings.limits, readers=readers, list_missing=True, exclude=exclude)
    if not judge.persons:
        raise UsageError(_NOT_ENROLLED_WITH_THIS_ENGINE)
    with store.exclusive(), store.reader() as walker, store.reader() as recaller:
        roots = [printable_path(absolute(path)) for path in paths]
        run_id = start_run(store, roots)
        judge_again(store, models.faces.id, judge, run_id)
        judge_moving(store, move, run_id)
        under_way: set[str] = set()
        stages = Stages(models, judge, settings, under_way, move.by, move.most)
        recorder = Recorder(store, run_id, under_way)
        cancel = Cancel() if cancel is None else cancel
        place = Here(models, judge.wanted, settings) if place is None else place
        videos = Videos(settings, cancel.is_set, _moment_in(video_hours))
        composed: list[Stage[Any, Any]] = [
            videos.reading(),
            place.reading(),
            Stage("recall", of_kind(Loaded, each(stages.recall_from(recaller)))),
            videos.decoding(),
            *place.looking(),
            Stage("judge", of_kind(Seen, each(stages.judge))),
        ]
        items = run_pipeline(
            stages.walk(walker, listings),
            [replace(stage, run=_until(cancel, stage.run)) for stage in composed],
            threaded=settings.jobs > 0,
            capacity=_QUEUE_BYTES * place.factor,
            cost=cost,
            cancel=cancel,
            admission=Admission(_FILES_BYTES * place.factor, weight),
        )
        # Closed before the readers are: the threads that use them must have ended, whatever goes wrong here.
        with closing(items), one_thread_each():
            try:
                for item in items:
                    for _ in range(recorder.take(item)):
                        on_photo()
            finally:
                recorder.flush()
        summary = recorder.summary
        summary.run = run_id
        summary.strangers = sorted(stages.strangers)
        summary.skipped = dict(stages.skipped)
        summary.notes = [*stages.notes, *_left_of(videos.left)]
        summary.interrupted = cancel.is_set()
        if not summary.interrupted:
            finish_run(store, run_id, recorder.counts())
            summary.removed_excluded = len(_forget_excluded(store, run_id, roots, settings, summary.skipped))
            _forget_missed(Missed(store, run_id, roots, summary.unreadable), summary, confirmed_gone=confirmed_gone)
            # A video that was left may be another than the one on record, whatever that says.
            listed = [folder for folder in recorder.listed if folder.path not in videos.left_in]
            remember_folders(store, run_id, listed, stages.is_settled)
        assess_moved(store, judge, run_id)
        assess_by_evenings(store, judge, run_id)
        assess_by_posters(store, judge, {name for names in stages.strangers for name in names}, run_id)
        group_copies(store)
        new = new_findings(store, run_id)
        summary.findings = count_all(counted_findings(store), new=new)
        summary.new_findings = summary.findings.new
        summary.new = news(findings(store, replace(EVERYTHING, contents=new), places=False), new) if new else []
        if recorder.judged:
            here = count_all(one for one in counted_findings(store) if one.sha256 in recorder.judged)
            summary.me, summary.maybe = here.showing_you, here.unsure
        _note_unreadable(store, roots, summary)
        summary.moved, summary.to_move = len(stages.moving & recorder.judged), still_to_move(store, move)
    return summary


def mark_shown(store: Store, summary: ScanSummary) -> None:
    """Record that a finished scan's summary was shown: what it calls new is not new to the next one."""
    remember_unreadable(store, summary.roots, summary.still_unreadable)
    mark_reported(store, summary.run)


def _forget_excluded(
    store: Store, run_id: int, roots: Sequence[str], settings: Settings, skipped: Mapping[str, int]
) -> list[str]:
    """Forgets what is there and is to be left out now; returns the paths."""
    exclude = settings.exclusions
    videos = not settings.videos and skipped.get(Kind.VIDEO, 0) > 0
    if not videos and not skipped.get(Kind.EXCLUDED):
        return []
    return forget_unseen(
        store, run_id, roots, lambda path: (videos and is_named_video(path)) or exclude.leave_out(path, roots)
    )


def _forget_missed(missed: Missed, summary: ScanSummary, *, confirmed_gone: bool) -> None:
    """Forgets the files that a finished run did not see, but for those that are away, and says so."""
    summary.away = missed.away(confirmed_gone=confirmed_gone)
    if confirmed_gone:
        missing = [error for error in summary.unreadable if error.outcome is Outcome.MISSING]
        gone = {error.path for error in missing if known_below(missed.store, error.path) > 0}
        summary.unreadable = [error for error in summary.unreadable if error.path not in gone]
    unread = [error.path for error in summary.unreadable]
    removed = prune(missed.store, missed.run_id, missed.roots, keep=[*unread, *(place.path for place in summary.away)])
    summary.removed = len(removed)
    summary.removed_elsewhere = sum(file.elsewhere for file in removed)
    summary.removed_paths = [file.path for file in removed]
    missed.remember(summary.away)


def _note_unreadable(store: Store, roots: Sequence[str], summary: ScanSummary) -> None:
    """Notes what became unreadable since the last scan. A path that never led anywhere is reported every time."""
    before = unreadable_before(store)
    away = {place.path for place in summary.away}
    unread = {error.path for error in summary.unreadable if error.path not in away}
    summary.roots = list(roots)
    summary.newly_unreadable = len(unread - before)
    nowhere = {error.path for error in summary.unreadable if error.path in roots and error.outcome is Outcome.MISSING}
    still = {path for path in before if is_below_any(path, away)}
    summary.still_unreadable = sorted((unread - nowhere) | still)


def _moment_in(hours: float | None) -> float:
    return math.inf if hours is None else time.monotonic() + hours * 3600


def _left_of(videos: int) -> list[str]:
    if not videos:
        return []
    return [f"{counted(videos, 'video')} left for the next scheduled scan; to look through all now: untag scan"]


def _until(cancel: Cancel, run: Callable[[list[Any]], Iterable[Any]]) -> Callable[[list[Any]], Iterable[Any]]:
    # The queues may hold a whole archive of photos that were not read yet: Ctrl-C must not wait for them.
    def unless_cancelled(items: list[Any]) -> Iterable[Any]:
        if cancel.is_set():
            items = [item for item in items if not isinstance(item, Work)]
        return run(items)

    return unless_cancelled
