"""The record of scheduled runs: one small file for each, so that two at once never write to the same."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from untag.schedule.isolation import Isolation
from untag.support.aside import new_part
from untag.support.erase import destroy
from untag.support.erase import replace as replace_file
from untag.support.home import make_private_folder
from untag.support.run_files import RUNS_FOLDER

LOG_FILE = "log.txt"
NEW_TEXT = "new.txt"
NEW_PAGE = "new.html"
_RUNS = "runs"
_MOST_RUNS = 60
_LOG_BYTES = 512 * 1024
_OLD_LOGS = 3


class RunKind(StrEnum):
    """What a run scanned: the configured paths, or exports that have arrived."""

    SCAN = "scan"
    ARRIVALS = "arrivals"


@dataclass(frozen=True, slots=True)
class ScheduledRun:
    """One run. Times are ISO 8601 in UTC; `ended_at` and `status`, as of `untag scan`, are None until it has ended.

    `error` says why there was no scan, `away` which places were away. `told` says that the user was told, or that
    there was nothing to tell; `due` requests waited for the user then. `untold` is why nobody could be told.
    """

    name: str
    kind: RunKind
    started_at: str
    process: int
    isolation: Isolation
    paths: tuple[str, ...] = ()
    ended_at: str | None = None
    status: int | None = None
    error: str | None = None
    photos: int = 0
    analysed: int = 0
    new: int = 0
    highest_risk: int = 0
    unreadable: int = 0
    newly_unreadable: int = 0
    removed: int = 0
    moved: int = 0
    to_move: int = 0
    away: tuple[str, ...] = ()
    before_failed: str | None = None
    told: bool = False
    due: int = 0
    untold: str | None = None

    @property
    def started(self) -> datetime:
        return datetime.fromisoformat(self.started_at)

    @property
    def counts_for_today(self) -> bool:
        """Whether the day's scan is done: not where another scan ran, or it was interrupted."""
        return self.kind is RunKind.SCAN and self.status is not None and self.status not in (75, 130)


def begin(home: Path, kind: RunKind, paths: tuple[str, ...], isolation: Isolation) -> ScheduledRun:
    """Records that a run begins, and lets go of the oldest records. Raises OSError."""
    now = datetime.now(UTC)
    name = f"{now:%Y%m%dT%H%M%S%f}-{os.getpid()}"
    run = ScheduledRun(name, kind, now.isoformat(timespec="seconds"), os.getpid(), isolation, paths)
    record(home, run)
    # Where the clock was wrong, what came before seems to be still to come; that goes first, and never this one.
    others = [path for path in _record_files(home) if path.stem != name]
    for path in sorted(others, key=lambda path: path.stem <= name)[: max(0, len(others) + 1 - _MOST_RUNS)]:
        with suppress(OSError):
            destroy(path)
    return run


def end(home: Path, run: ScheduledRun, status: int, **values: Any) -> ScheduledRun:
    """Records how a run ended. Raises OSError."""
    ended = replace(run, ended_at=datetime.now(UTC).isoformat(timespec="seconds"), status=status, **values)
    record(home, ended)
    return ended


def told(run: ScheduledRun, due: int, failed: str | None = None) -> ScheduledRun:
    """The same run, of which the user knows, and of so many requests that are due; `failed` says why not."""
    return replace(run, told=True, due=due, untold=failed)


def record(home: Path, run: ScheduledRun) -> None:
    """Writes the record of a run whole, or not at all. Raises OSError."""
    make_private_folder(home / RUNS_FOLDER / _RUNS)
    with new_part(home) as part:
        part.write(json.dumps(asdict(run), indent=1).encode("ascii"))
        part.install(home / RUNS_FOLDER / _RUNS / f"{run.name}.json")


def past_runs(home: Path) -> list[ScheduledRun]:
    """The runs on record, the oldest first; a damaged record is passed over."""
    runs = []
    for path in _record_files(home):
        with suppress(OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
            runs.append(_run_of(json.loads(path.read_bytes())))
    return runs


def _record_files(home: Path) -> list[Path]:
    return sorted((home / RUNS_FOLDER / _RUNS).glob("*.json"))


def _run_of(values: Mapping[str, Any]) -> ScheduledRun:
    known = {item.name for item in fields(ScheduledRun)}
    given = {name: value for name, value in values.items() if name in known}
    lists = {name: tuple(map(str, given[name])) for name in ("paths", "away")}
    run = ScheduledRun(**{**given, **lists, "kind": RunKind(given["kind"]), "isolation": Isolation(given["isolation"])})
    if run.started.tzinfo is None:
        raise ValueError("a time without a zone")
    return run


def write_private(home: Path, name: str, text: str) -> Path:
    """Writes a text among the files of scheduled scans; returns where. Raises OSError."""
    make_private_folder(home / RUNS_FOLDER)
    path = home / RUNS_FOLDER / name
    with new_part(home) as part:
        part.write(text.encode("utf-8", "backslashreplace"))
        part.install(path)
    return path


def log(home: Path, lines: list[str]) -> None:
    """Appends lines with the time in UTC. A log that is long is put aside, and the oldest goes. Raises OSError."""
    folder = home / RUNS_FOLDER
    make_private_folder(folder)
    path = folder / LOG_FILE
    if path.exists() and path.stat().st_size > _LOG_BYTES:
        _rotate(path)
    now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    data = "".join(f"{now} {line}\n" for line in lines).encode("utf-8", "backslashreplace")
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(handle, data)
    finally:
        os.close(handle)


def _rotate(path: Path) -> None:
    names = [path, *(path.with_name(f"{path.name}.{number}") for number in range(1, _OLD_LOGS + 1))]
    for older, newer in zip(reversed(names[1:]), reversed(names[:-1]), strict=True):
        if newer.exists():
            replace_file(newer, older)
