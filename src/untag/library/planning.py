"""What is to run by itself: the choices of now, those of before, and what this machine offers."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import platformdirs

from untag.errors import UsageError
from untag.library.options import path_of
from untag.library.scheduling import ScheduleOptions, SchedulePlan
from untag.schedule.installation import this_installation
from untag.schedule.plan import Schedule, Service, check_time, load_schedule
from untag.schedule.programs import has, systemd_can_take_the_network
from untag.schedule.services import files_of, lingers, service_here
from untag.support.paths import absolute, os_path, printable_path
from untag.support.user_command import words_of

NOTHING = "none"


def plan(
    home: Path, paths: Sequence[Path], options: ScheduleOptions, scanned: Sequence[str], *, ask_system: bool
) -> SchedulePlan:
    """The schedule and its files; `scanned` are the paths of earlier scans. Raises UsageError for what cannot be."""
    before = load_schedule(home)
    service = _service(options, before, ask_system=ask_system)
    chosen = tuple(printable_path(absolute(path)) for path in paths) or (
        _usual(scanned) if before is None else before.paths
    )
    if not chosen:
        raise UsageError("say which folders to scan: untag schedule install PATH…")
    schedule = replace(
        Schedule(chosen) if before is None else before,
        paths=chosen,
        service=service,
        namespace=service is Service.SYSTEMD and (not ask_system or systemd_can_take_the_network()),
    )
    here = this_installation(home, os.environ.get("PATH", os.defpath))
    schedule = replace(_with_options(schedule, options, first=before is None), installed=here)
    files = files_of(schedule, here)
    remarks = _remarks(schedule) if ask_system else ()
    return SchedulePlan(schedule, tuple(files), tuple(remarks))


def _usual(scanned: Sequence[str]) -> tuple[str, ...]:
    """The folders that were scanned before and are there, none in another; else the user's folder of pictures."""
    there = [path for path in scanned if Path(os_path(path)).is_dir()]
    outer = [path for path in there if not any(Path(path).is_relative_to(one) for one in there if one != path)]
    pictures = platformdirs.user_pictures_path()
    return tuple(outer) or ((printable_path(absolute(pictures)),) if pictures.is_dir() else ())


def _service(options: ScheduleOptions, before: Schedule | None, *, ask_system: bool) -> Service:
    if options.service is not None:
        if options.service not in list(Service):
            raise UsageError(f"there is no service {options.service!r}; there are {', '.join(Service)}")
        return Service(options.service)
    if before is not None:
        return before.service
    if ask_system:
        return service_here()
    try:
        return service_here()
    except UsageError:
        return Service.SYSTEMD


def _with_options(schedule: Schedule, options: ScheduleOptions, *, first: bool) -> Schedule:
    at = schedule.at if options.at is None else check_time(options.at)
    downloads = schedule.downloads
    if options.downloads is not None:
        downloads = _downloads(path_of(options.downloads))
    elif first:
        usual = platformdirs.user_downloads_path()
        downloads = printable_path(absolute(usual)) if usual.is_dir() else None
    before = _command(options.before, schedule.before)
    notify = _command(options.notify, schedule.notify)
    if options.notify == NOTHING:
        notify = ""
    return replace(schedule, at=at, downloads=downloads, before=before, notify=notify)


def _downloads(path: Path) -> str | None:
    if str(path) == NOTHING:
        return None
    if not path.is_dir():
        raise UsageError(f"{path} is no folder; say where exports come to with --downloads DIR, or --downloads none")
    return printable_path(absolute(path))


def _command(given: str | None, known: str | None) -> str | None:
    if given is None:
        return known
    if given == NOTHING:
        return None
    words_of(given)
    return given


def _remarks(schedule: Schedule) -> Iterator[str]:
    match schedule.service:
        case Service.SYSTEMD:
            if not schedule.namespace:
                yield (
                    "this system gives your units no namespace without a network, so Internet sockets are refused "
                    "instead (RestrictAddressFamilies)"
                )
            if not lingers():
                yield "it runs while you are logged in; to let it run at other times too: loginctl enable-linger"
        case Service.NONE:
            yield "let something start this every quarter of an hour: untag schedule run --if-due"
        case Service.CRON:
            if not has("unshare"):
                yield "nothing here can take the network away from a scan (unshare is missing); untag uses none itself"
        case Service.LAUNCHD:
            yield "the scan runs in a sandbox without a network (sandbox-exec)"
