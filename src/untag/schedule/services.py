"""Hands the units to the system's own service, and takes them back."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from untag.errors import ResourceError, UsageError
from untag.schedule.installation import NAME, Installation
from untag.schedule.plan import Schedule, Service
from untag.schedule.programs import ask, has, must, systemd_answers
from untag.schedule.units import (
    cron_lines,
    label,
    launchd_plist,
    own_cron_lines,
    systemd_units,
    with_cron_lines,
)
from untag.support.aside import new_part
from untag.support.paths import printable_path

_UNITS = (".timer", ".service", "-notify.service", "-before.service", "-arrivals.path", "-arrivals.service")
_NOTHING_HERE = (
    "there is neither systemd with a service manager of yours nor cron here; say --service none, and let what starts "
    "programs on this machine run this every quarter of an hour: untag schedule run --if-due"
)


@dataclass(frozen=True, slots=True)
class Written:
    """Text for a file of a service; `path` is None for lines of the crontab."""

    path: Path | None
    text: str


def service_here() -> Service:
    """What starts programs for this user. Raises UsageError where nothing is known."""
    if sys.platform == "darwin":
        return Service.LAUNCHD
    if os.name == "nt":
        raise UsageError("on Windows say --service none, and let the Task Scheduler start the runs: docs/schedule.md")
    if systemd_answers():
        return Service.SYSTEMD
    if has("crontab"):
        return Service.CRON
    raise UsageError(_NOTHING_HERE)


def files_of(schedule: Schedule, here: Installation) -> list[Written]:
    """What is written for a schedule. Raises UsageError for a path that the service cannot hold."""
    match schedule.service:
        case Service.SYSTEMD:
            return [Written(_systemd_folder() / name, text) for name, text in systemd_units(schedule, here).items()]
        case Service.LAUNCHD:
            return [Written(_launchd_file(here.name), launchd_plist(schedule, here).decode())]
        case Service.CRON:
            return [Written(None, "".join(f"{line}\n" for line in cron_lines(here, idle=has("ionice"))))]
        case Service.NONE:
            return []


def install(home: Path, schedule: Schedule, files: Iterable[Written], note: Callable[[Path], None]) -> None:
    """Writes the files and has the service read them; `note` is told of each first. Raises ResourceError.

    `schedule` says what is installed.
    """
    files, name = list(files), name_of(schedule)
    try:
        for file in files:
            if file.path is not None:
                note(file.path)
                file.path.parent.mkdir(parents=True, exist_ok=True)
                with new_part(home) as part:
                    part.write(file.text.encode())
                    part.install(file.path)
    except OSError as error:
        raise ResourceError(f"{error.filename} cannot be written: {error.strerror}") from error
    match schedule.service:
        case Service.SYSTEMD:
            names = {file.path.name for file in files if file.path is not None}
            _drop_units(_units(name) - names)
            must(["systemctl", "--user", "daemon-reload"])
            must(["systemctl", "--user", "enable", "--now", *sorted(_started(names))])
        case Service.LAUNCHD:
            ask(["launchctl", "bootout", f"{_domain()}/{label(name)}"])
            must(["launchctl", "bootstrap", _domain(), str(_launchd_file(name))])
        case Service.CRON:
            lines = "".join(file.text for file in files).splitlines()
            must(["crontab", "-"], given=with_cron_lines(_crontab(), lines, name))
        case Service.NONE:
            pass


def name_of(schedule: Schedule) -> str:
    """What the units of a schedule are called."""
    return NAME if schedule.installed is None else schedule.installed.name


def remove(schedule: Schedule) -> None:
    """Takes back what `install` has written, as far as it is there. Raises ResourceError."""
    name = name_of(schedule)
    match schedule.service:
        case Service.SYSTEMD:
            _drop_units(_units(name))
            if has("systemctl"):
                must(["systemctl", "--user", "daemon-reload"])
        case Service.LAUNCHD:
            ask(["launchctl", "bootout", f"{_domain()}/{label(name)}"])
            with suppress(FileNotFoundError):
                _launchd_file(name).unlink()
        case Service.CRON:
            before = _crontab()
            after = with_cron_lines(before, [], name)
            if after != before:
                must(["crontab", "-"], given=after)
        case Service.NONE:
            pass


def installed_files(schedule: Schedule) -> list[Path]:
    """The files of its service that are there."""
    name = name_of(schedule)
    match schedule.service:
        case Service.SYSTEMD:
            files = sorted(_systemd_folder() / unit for unit in _units(name))
        case Service.LAUNCHD:
            files = [_launchd_file(name)]
        case Service.CRON | Service.NONE:
            files = []
    return [path for path in files if path.exists()]


def is_active(schedule: Schedule) -> bool:
    """Whether the service will start the next run, as far as it says."""
    name = name_of(schedule)
    match schedule.service:
        case Service.SYSTEMD:
            return ask(["systemctl", "--user", "is-active", "--quiet", f"{name}.timer"]).status == 0
        case Service.LAUNCHD:
            return ask(["launchctl", "print", f"{_domain()}/{label(name)}"]).status == 0
        case Service.CRON:
            said = ask(["crontab", "-l"])
            return said.status == 0 and own_cron_lines(said.output, name) != ""
        case Service.NONE:
            return True  # nothing here can tell


def problems(schedule: Schedule, home: Path) -> Iterator[str]:
    """What stands in the way of the runs, a sentence each: of the files that were written, and of what they start."""
    here = schedule.installed
    if here is None:
        return
    if here.home != str(home.absolute()):
        yield f"it was installed for the home folder {printable_path(here.home)}, which is another one"
    for file in files_of(schedule, here):
        found = _text_of(file, here.name)
        if found != file.text:
            where = "the crontab" if file.path is None else str(file.path)
            what = "is not there" if found == "" else "is not what this untag writes"
            yield f"{where if file.path is not None or found else 'its line in the crontab'} {what}"
    if schedule.service is not Service.NONE and here.program[0] != sys.executable:
        said = ask([*here.program, "--version"])
        if said.status != 0:
            yield f"what it starts cannot be run: {said.text or here.program[0]}"


def _text_of(file: Written, name: str) -> str:
    """What is there in the place of a file; nothing where it cannot be read."""
    if file.path is None:
        return own_cron_lines(ask(["crontab", "-l"]).output, name)
    try:
        return file.path.read_text("utf-8", "replace")
    except OSError:
        return ""


def lingers() -> bool:
    """Whether systemd runs a user's units while nobody is logged in."""
    return ask(["loginctl", "show-user", "--property=Linger", "--value", str(os.getuid())]).text == "yes"


def _units(name: str) -> set[str]:
    return {name + unit for unit in _UNITS}


def _started(names: Iterable[str]) -> set[str]:
    return {name for name in names if name.endswith((".timer", ".path"))}


def _drop_units(names: Iterable[str]) -> None:
    there = sorted(name for name in names if (_systemd_folder() / name).exists())
    if there and has("systemctl"):
        ask(["systemctl", "--user", "disable", "--now", *sorted(_started(there))])
    for name in there:
        (_systemd_folder() / name).unlink(missing_ok=True)


def _systemd_folder(environment: Mapping[str, str] = os.environ) -> Path:
    configured = environment.get("XDG_CONFIG_HOME", "")
    base = Path(configured) if configured.startswith("/") else Path.home() / ".config"
    return base / "systemd" / "user"


def _launchd_file(name: str) -> Path:
    return Path.home() / "Library" / "LaunchAgents" / f"{label(name)}.plist"


def _domain() -> str:
    return f"gui/{os.getuid()}"


def _crontab() -> str:
    """The user's crontab; one that is not there yet is empty. Raises ResourceError where it cannot be read."""
    said = ask(["crontab", "-l"])
    if said.status == 0:
        return said.output
    # Anything else must not be taken for an empty one: that would be written over what is there.
    if any(words in said.text.lower() for words in ("no crontab", "no such file")):
        return ""
    raise ResourceError(f"crontab -l failed: {said.text}")
