"""One scheduled run: what is done of it, what is written down, what the user is told."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from untag.errors import LockedError, UntagError
from untag.library.options import Cancel, ScanOptions
from untag.library.scheduling import ScheduleStep
from untag.reports.scan_text import counts_lines, news_lines, unreadable_here
from untag.reports.skipped import skipped_in_scan
from untag.schedule import history
from untag.schedule.arrivals import QUIET_SECONDS, Looked, load_arrived, look, save_arrived
from untag.schedule.due import is_due
from untag.schedule.history import RunKind, ScheduledRun
from untag.schedule.installation import this_installation
from untag.schedule.isolation import Isolation, isolation_here
from untag.schedule.plan import Schedule
from untag.schedule.programs import lower_priority, notify, on_battery, run_child, without_network
from untag.schedule.telling import news_of
from untag.store.lock import lock_holder
from untag.support.paths import os_path
from untag.support.run_files import RUNS_FOLDER, held
from untag.support.user_command import run_user_command

if TYPE_CHECKING:
    from untag.library.scheduling import Scheduling
    from untag.scan import ScanSummary
    from untag.store import Store

_SANDBOXED = "UNTAG_SANDBOXED"
_BEFORE_FAILED = "before-failed.txt"
_BEFORE_LOCK = "before.lock"
_BEFORE_SECONDS = 20 * 3600.0
"""One that hangs would keep every later scan from beginning."""
_CLOCKS_DIFFER = timedelta(minutes=5)
_MOST_UNREADABLE = 50
_VIDEO_HOURS = 4.0
"""An archive's videos may take days when they are looked through first: what else is new is told each night."""
_LOOKS, _LOOK_SECONDS = 4, QUIET_SECONDS / 3
_LONG_ENOUGH = timedelta(minutes=10)
"""After this a run that has not ended and does not hold the lock is one that was killed."""
_INTERRUPTED = 130
_TEMPORARY_FAILURE = 75
_BUG = 70
_SCANNED = (0, 1, 3, 4)


@dataclass(frozen=True, slots=True)
class Night:
    """What a home does by itself. `seed` tells homes apart; `cancel` ends a scan early but cleanly."""

    client: Scheduling
    opened: Callable[[], Store]
    schedule: Schedule
    seed: str
    cancel: Cancel

    def run(self, step: ScheduleStep | None, *, if_due: bool) -> int:
        """Does one step, or all that is to be done; returns the exit status as `untag scan` has it."""
        if step is None:
            return self._all(if_due=if_due)
        if step is ScheduleStep.NOTIFY:
            return self._tell()
        if step is ScheduleStep.ARRIVALS:
            return self._scan_arrivals()
        if if_due and not self._is_due():
            return 0
        if if_due and self._is_scanning():
            return _TEMPORARY_FAILURE
        return self._run_before() if step is ScheduleStep.BEFORE else self._scan_paths()

    def _all(self, *, if_due: bool) -> int:
        statuses = []
        if if_due and self._is_scanning():
            return _TEMPORARY_FAILURE if self._is_due() else 0
        try:
            found = self._look()
            if found.ready:
                statuses.append(self._apart(ScheduleStep.ARRIVALS))
            else:
                self._settle(found, [])
            if not if_due or self._is_due():
                statuses.append(self._before_and_scan())
        finally:
            self._tell()
        return _of_several(statuses)

    def _is_due(self) -> bool:
        now = datetime.now(UTC)
        done = [run.started for run in history.past_runs(self.client.home) if run.counts_for_today]
        # Where the clock was wrong, a run may seem to be still to come.
        last = max((started for started in done if started <= now + _CLOCKS_DIFFER), default=None)
        return is_due(self.schedule, now, self.seed, last) and not on_battery()

    def _is_scanning(self) -> bool:
        """Whether a scan is under way. What is due comes after it; until then nothing is begun, and on record."""
        return lock_holder(self.client.home) is not None

    def _apart(self, step: ScheduleStep) -> int:
        """Does a step in a process without a network; in this one where none can be had, or it has none itself."""
        here = this_installation(self.client.home, os.environ.get("PATH", os.defpath))
        if isolation_here() is not Isolation.NONE:
            return self.run(step, if_due=False)
        command = without_network(here.run("--only", step.value))
        if command is None:
            return self.run(step, if_due=False)
        self.client.close()
        return run_child(command, {**os.environ, _SANDBOXED: "1"})

    def _before_and_scan(self) -> int:
        status = self._run_before()
        if self.cancel.is_set():
            return _INTERRUPTED
        return status if status == _TEMPORARY_FAILURE else self._apart(ScheduleStep.SCAN)

    def _run_before(self) -> int:
        """Runs the user's command, which has the network; that it failed is said with the scan.

        75 where the one of an earlier run goes on still: that run has the scan to come.
        """
        if self.schedule.before is None:
            return 0
        with held(self.client.home, _BEFORE_LOCK) as is_free:
            if not is_free:
                return _TEMPORARY_FAILURE
            failed = run_user_command(self.schedule.before, seconds=_BEFORE_SECONDS, cancelled=self.cancel.is_set)
        history.write_private(self.client.home, _BEFORE_FAILED, failed or "")
        return 0 if failed is None else 1

    def _scan_paths(self) -> int:
        return self._scan(RunKind.SCAN, self.schedule.paths)

    def _look(self) -> Looked:
        if self.schedule.downloads is None:
            return Looked()
        folder = Path(os_path(self.schedule.downloads))
        try:
            return look(folder, load_arrived(self.client.home), limits=self.client.settings.limits)
        except OSError:
            return Looked()  # it is away, and nothing comes into it

    def _scan_arrivals(self) -> int:
        found = self._look()
        for _ in range(_LOOKS):
            # The event that a file was closed comes once; what was written to just now is looked at again.
            if not found.settling or self.cancel.wait(_LOOK_SECONDS):
                break
            found = self._look()
        done: list[str] = []
        statuses = []
        for group in found.ready:
            status = self._scan(RunKind.ARRIVALS, group)
            statuses.append(status)
            # One that could not be scanned is scanned when it can.
            done += group if status in _SCANNED else ()
        self._settle(found, done)
        return _of_several(statuses)

    def _settle(self, found: Looked, done: Sequence[str]) -> None:
        """Notes what need not be looked into again until it changes, and says what is no whole archive."""
        for path in found.broken:
            history.log(self.client.home, [f"{path} is no whole archive; download it again"])
        settled = [*done, *found.others, *found.broken]
        arrived = load_arrived(self.client.home)
        # Where nothing was seen, the folder may be away, and what has arrived there is remembered.
        if settled or (found.marks and not arrived.keys() <= found.marks.keys()):
            kept = {path: mark for path, mark in arrived.items() if path in found.marks}
            save_arrived(self.client.home, {**kept, **{path: found.marks[path] for path in settled}})

    def _scan(self, kind: RunKind, paths: Sequence[str]) -> int:
        home = self.client.home
        lower_priority()
        isolation = isolation_here(sandboxed=_SANDBOXED in os.environ)
        run = history.begin(home, kind, tuple(paths), isolation)
        before = self._before_failed() if kind is RunKind.SCAN else None
        try:
            return self._scanned(run, paths, before)
        except LockedError as error:
            # The other run says what it finds; this one is done again.
            history.end(home, run, error.exit_status, error=str(error), before_failed=before, told=True)
            return error.exit_status
        except UntagError as error:
            self._ended_by(run, error.exit_status, str(error), before)
            return error.exit_status
        except KeyboardInterrupt:
            self._ended_by(run, _INTERRUPTED, "it was interrupted", before)
            raise
        except Exception as error:
            self._ended_by(run, _BUG, f"something that untag did not expect ({type(error).__name__})", before)
            raise

    def _scanned(self, run: ScheduledRun, paths: Sequence[str], before: str | None) -> int:
        options = ScanOptions(cancel=self.cancel, mark_reported=False, video_hours=_VIDEO_HOURS)
        summary = self.client.prepare_scan([Path(os_path(path)) for path in paths], options).run()
        if summary.interrupted:
            self._ended_by(run, _INTERRUPTED, "it was interrupted", before)
            return _INTERRUPTED
        status = summary.status(fail_on_new=True) or (1 if before else 0)
        self._write(summary, before)
        self.client.mark_reported(summary)
        history.end(self.client.home, run, status, before_failed=before, **_values(summary))
        return status

    def _ended_by(self, run: ScheduledRun, status: int, error: str, before: str | None) -> None:
        # On a full disk the record of how it ended is lost, and the run looks like one that was killed.
        with suppress(OSError):
            history.end(self.client.home, run, status, error=error, before_failed=before)
            history.log(self.client.home, [error])

    def _before_failed(self) -> str | None:
        path = self.client.home / RUNS_FOLDER / _BEFORE_FAILED
        with suppress(OSError):
            said = path.read_text("utf-8", "replace")
            path.unlink()
            return said or None
        return None

    def _write(self, summary: ScanSummary, before: str | None) -> None:
        """What is new since last time, as text and as a page, and the log."""
        from untag.library.reporting import write_new

        home = self.client.home
        lines = [
            *counts_lines(summary),
            *news_lines(summary, whole=True),
            *skipped_in_scan(summary.skipped),
            *summary.notes,
        ]
        lines += [f"{error.path}: {error.error}" for error in unreadable_here(summary)[:_MOST_UNREADABLE]]
        if before is not None:
            lines.append(f"the command before the scan failed: {before}")
        history.log(home, lines)
        if summary.new_findings:
            made_at = datetime.now().strftime("%Y-%m-%d %H:%M")
            text = [f"new on {made_at}, {', '.join(summary.roots)}", *news_lines(summary, whole=True)]
            history.write_private(home, history.NEW_TEXT, "".join(f"{line}\n" for line in text))
            page = home / RUNS_FOLDER / history.NEW_PAGE
            write_new(self.opened(), self.client.settings, page, summary.run)

    def _tell(self) -> int:
        """Tells the user of what nothing was said of yet; one that goes on is told of when it has ended."""
        home = self.client.home
        runs = [run for run in history.past_runs(home) if run.ended_at is not None or self._was_killed(run)]
        untold = [run for run in runs if not run.told]
        if not untold:
            return 0
        before = next((run for run in reversed(runs) if run.told and run.kind is RunKind.SCAN), None)
        due = len(self.client.requests(due=True))
        text = news_of(_worth_telling(untold, [run for run in runs if run.told]), before, due)
        failed = None if text is None or self.schedule.notify == "" else notify(text, self.schedule.notify)
        if failed is not None:
            history.log(home, [f"nobody could be told: {failed}"])
        for run in untold:
            history.record(home, history.told(run, due, failed))
        return 0 if failed is None else 1

    def _was_killed(self, run: ScheduledRun) -> bool:
        old = datetime.now(UTC) - run.started > _LONG_ENOUGH
        return run.ended_at is None and old and lock_holder(self.client.home) != run.process


def _worth_telling(untold: Sequence[ScheduledRun], told: Sequence[ScheduledRun]) -> list[ScheduledRun]:
    """The runs without those that failed as the last one of arrivals did: an export is tried every hour."""
    last = next((run.error for run in reversed(told) if run.kind is RunKind.ARRIVALS), None)
    return [run for run in untold if run.kind is RunKind.SCAN or run.error is None or run.error != last]


def _values(summary: ScanSummary) -> dict[str, Any]:
    return {
        "photos": summary.photos,
        "analysed": summary.analysed,
        "new": summary.new_findings,
        "highest_risk": max((one.risk for one in summary.new), default=0),
        "unreadable": len(summary.unreadable),
        "newly_unreadable": summary.newly_unreadable,
        "removed": summary.removed,
        "moved": summary.moved,
        "to_move": summary.to_move,
        "away": tuple(place.path for place in summary.away),
    }


def _of_several(statuses: Sequence[int]) -> int:
    """Of several exit statuses: what was not done first, then new findings, then what is away."""
    order = (2, 70, _INTERRUPTED, _TEMPORARY_FAILURE, 3, 4, 1)
    return next((status for status in order if status in statuses), max(statuses, default=0))
