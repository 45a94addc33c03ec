"""Scans that run by themselves: installed, run, told of, and taken back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from untag.errors import UsageError
from untag.library.actions import Actions
from untag.library.options import AnyPath, Cancel, paths_of
from untag.library.reports import Reports

if TYPE_CHECKING:
    from pathlib import Path

    from untag.schedule.history import ScheduledRun
    from untag.schedule.plan import Schedule, Service
    from untag.schedule.services import Written as WrittenUnit


class ScheduleStep(StrEnum):
    """The parts of a run, in their order; a service starts them one by one, each with what it needs."""

    BEFORE = "before"
    ARRIVALS = "arrivals"
    SCAN = "scan"
    NOTIFY = "notify"


@dataclass(frozen=True, slots=True)
class ScheduleOptions:
    """How to schedule scans; None is what was chosen before, or else the default.

    `downloads` is the folder that exports come into, "none" to watch none. `at` is HH:MM. `before` is a command that
    runs before the daily scan, `notify` one that tells the user ("none" for nobody). `service` is systemd, launchd,
    cron or none.
    """

    downloads: AnyPath | None = None
    at: str | None = None
    before: str | None = None
    notify: str | None = None
    service: str | None = None


@dataclass(frozen=True, slots=True)
class SchedulePlan:
    """What would be installed: the schedule, and the text of each file. `remarks` are good to know."""

    schedule: Schedule
    files: tuple[WrittenUnit, ...]
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ScheduleStatus:
    """What is installed, when it runs next, whether the service says that it will, and the runs, the newest first.

    `schedule` and `next_due` are None where nothing is installed. `running` is the process that scans now,
    `requests_due` how many requests wait for the user. `problems` are what stands in the way of the runs.
    """

    schedule: Schedule | None
    active: bool
    next_due: datetime | None
    on_battery: bool
    runs: tuple[ScheduledRun, ...]
    running: int | None
    requests_due: int
    problems: tuple[str, ...] = ()


class Scheduling(Reports, Actions):
    """What happens while nobody looks."""

    def plan_schedule(
        self, paths: Sequence[AnyPath] = (), options: ScheduleOptions | None = None, *, ask_system: bool = True
    ) -> SchedulePlan:
        """What `install_schedule` would write; writes nothing.

        Without `paths` they are those that were chosen before, else the folders of earlier scans, else of pictures.
        `ask_system` false is for looking at it: nothing is tried on this machine. Raises UsageError for what cannot be.
        """
        from untag.library.planning import plan
        from untag.store import DATABASE_NAME
        from untag.store.runs import scanned_paths

        known = scanned_paths(self._opened()) if (self.home / DATABASE_NAME).exists() else []
        return plan(self.home, paths_of(paths), options or ScheduleOptions(), known, ask_system=ask_system)

    def install_schedule(self, planned: SchedulePlan) -> None:
        """Writes what was planned, and has the service of the system start it. Raises ResourceError."""
        from untag.schedule.plan import load_schedule, save_schedule
        from untag.schedule.services import install, remove
        from untag.store import note_written

        store = self._opened()
        before = load_schedule(self.home)
        if before is not None and _started_by(before) != _started_by(planned.schedule):
            remove(before)
        save_schedule(self.home, planned.schedule)
        install(self.home, planned.schedule, planned.files, lambda path: note_written(store, path, "schedule"))

    def schedule_files(self) -> list[Path]:
        """The files that were installed and are there; the lines of a crontab are no file."""
        from untag.schedule.services import installed_files

        return installed_files(self._schedule())

    def remove_schedule(self) -> Schedule:
        """Takes back what was installed; what runs have said stays. Raises UsageError where nothing was."""
        self._schedule()
        ended = end_schedule(self.home)
        assert ended is not None
        return ended

    def schedule_status(self) -> ScheduleStatus:
        """What is installed, and what came of the runs."""
        from untag.schedule.due import next_due
        from untag.schedule.history import past_runs
        from untag.schedule.plan import load_schedule
        from untag.schedule.programs import on_battery
        from untag.schedule.services import is_active, problems
        from untag.store import DATABASE_NAME
        from untag.store.lock import lock_holder

        schedule = load_schedule(self.home)
        runs = tuple(reversed(past_runs(self.home)))
        due = None if schedule is None else next_due(schedule, datetime.now(UTC), self._seed)
        active = schedule is not None and is_active(schedule)
        wrong = () if schedule is None else tuple(problems(schedule, self.home))
        waiting = len(self.requests(due=True)) if (self.home / DATABASE_NAME).exists() else 0
        return ScheduleStatus(schedule, active, due, on_battery(), runs, lock_holder(self.home), waiting, wrong)

    def run_schedule(
        self, step: ScheduleStep | None = None, *, if_due: bool = False, cancel: Cancel | None = None
    ) -> int:
        """Does one step of a scheduled run in this process, or all of them; returns the exit status.

        The scan of all steps is a process of its own without a network, where this system can take it away. With
        `if_due` the daily scan and what comes before it run once a day only, and not on the battery.
        """
        from untag.library.nightly import Night

        return Night(self, self._opened, self._schedule(), self._seed, cancel or Cancel()).run(step, if_due=if_due)

    @property
    def _seed(self) -> str:
        return str(self.home.absolute())

    def _schedule(self) -> Schedule:
        from untag.schedule.plan import load_schedule

        schedule = load_schedule(self.home)
        if schedule is None:
            raise UsageError("nothing is scheduled; say which folders with: untag schedule install PATH…")
        return schedule


def end_schedule(home: Path) -> Schedule | None:
    """Takes back what was installed; None where nothing was. Raises UntagError: then it stays on record."""
    from untag.schedule.plan import load_schedule
    from untag.schedule.services import remove
    from untag.support.run_files import SCHEDULE_FILE

    schedule = load_schedule(home)
    if schedule is not None:
        remove(schedule)
        (home / SCHEDULE_FILE).unlink(missing_ok=True)
    return schedule


def _started_by(schedule: Schedule) -> tuple[Service, str]:
    from untag.schedule.services import name_of

    return schedule.service, name_of(schedule)
