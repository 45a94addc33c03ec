"""Exports that arrive in the downloads folder: which are new, and which of these are there as a whole.

An export is an archive or a folder of a site that a reader knows. Browsers write to a name of their own and rename the
file at the end; what is written under its last name is believed when it has not changed for a while, and a zip file
when its directory, which lies at its end, can be read.
"""

from __future__ import annotations

import json
import os
import stat
import time
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from untag.imaging.limits import Limits
from untag.schedule.history import write_private
from untag.sources.names import is_named_archive, suffix_of, without_archive_suffix
from untag.sources.parts import part_key
from untag.sources.readers import READERS
from untag.sources.site import PLAIN
from untag.sources.summary import survey
from untag.sources.tree import passed_over
from untag.support.paths import printable_path
from untag.support.run_files import RUNS_FOLDER

UNFINISHED = frozenset(("crdownload", "part", "partial", "download", "opdownload", "tmp", "aria2", "!ut", "filepart"))
"""What browsers and download programs put at the end of a name until all of it is there."""

QUIET_SECONDS = 60.0
"""A file that was not written to for so long is there as a whole."""
_GIVEN_UP_SECONDS = 24 * 3600.0
_FILE = "arrived.json"
_MOST_ENTRIES = 20_000

Mark = tuple[int, int]
"""Bytes in all, and the newest time in nanoseconds: what changes while an export grows."""


@dataclass(frozen=True, slots=True)
class Looked:
    """What a look into the downloads folder gave.

    `ready` are the groups of paths to scan together, such as the parts of one download, with their marks; `coming`
    those that are not there as a whole yet, and `settling` whether that may be a matter of seconds; `broken` archives
    that have not been whole for a day; `others` what is no export, which need not be looked into until it changes.
    """

    ready: tuple[tuple[str, ...], ...] = ()
    coming: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    settling: bool = False
    marks: Mapping[str, Mark] = field(default_factory=dict)


def look(folder: Path, arrived: Mapping[str, Mark], *, limits: Limits, now: float | None = None) -> Looked:
    """Looks for new exports in a folder; `now` is in seconds since 1970. Raises OSError where it cannot be listed."""
    now = time.time() if now is None else now
    with os.scandir(folder) as children:
        names = sorted(child.name for child in children)
    unfinished = [name for name in names if suffix_of(name) in UNFINISHED]
    marks = {name: mark for name in names if name not in unfinished and (mark := _mark(folder, name, now)) is not None}
    ready: list[tuple[str, ...]] = []
    coming: list[str] = []
    broken: list[str] = []
    others: list[str] = []
    settling = False
    for group in _groups(marks):
        new = [name for name in group if arrived.get(_shown(folder, name)) != marks[name]]
        if not new:
            continue
        wrong = [name for name in new if not _is_whole(folder / name)]
        # A time that is still to come, from a camera or another clock, says nothing of when it was written.
        growing = [name for name in new if abs(now - marks[name][1] / 1e9) < QUIET_SECONDS]
        awaited = _is_awaited(group, unfinished)
        settling = settling or bool(growing and not awaited)
        if growing or awaited:
            coming += [_shown(folder, name) for name in group]
        elif wrong:
            late = [name for name in wrong if now - marks[name][1] / 1e9 > _GIVEN_UP_SECONDS]
            broken += [_shown(folder, name) for name in late]
            coming += [_shown(folder, name) for name in wrong if name not in late]
        elif _is_export([folder / name for name in group], limits):
            ready.append(tuple(_shown(folder, name) for name in group))
        else:
            others += [_shown(folder, name) for name in group]
    shown = {_shown(folder, name): mark for name, mark in marks.items()}
    return Looked(tuple(ready), tuple(coming), tuple(broken), tuple(others), settling, shown)


def _shown(folder: Path, name: str) -> str:
    return printable_path(str(folder / name))


def _groups(marks: Mapping[str, Mark]) -> Iterator[list[str]]:
    """The archives that are parts of one download together, and each folder by itself."""
    parts: dict[str, list[str]] = {}
    for name in marks:
        if is_named_archive(name):
            parts.setdefault(part_key(name), []).append(name)
        else:
            yield [name]
    yield from parts.values()


def _mark(folder: Path, name: str, now: float) -> Mark | None:
    """The mark of an archive or of a folder; None for anything else."""
    if passed_over(name) is not None:
        return None
    path = folder / name
    try:
        status = path.lstat()
        if stat.S_ISREG(status.st_mode):
            return (status.st_size, status.st_mtime_ns) if is_named_archive(name) else None
        return _folder_mark(path, now) if stat.S_ISDIR(status.st_mode) else None
    except OSError:
        return None


def _folder_mark(folder: Path, now: float) -> Mark:
    """Of a folder that may be being unpacked: of so many files and folders, those of the top first.

    What unpacks gives files the times that they had; a folder in which one was made tells of it. Times that are still
    to come do not count.
    """
    size, files = 0, _MOST_ENTRIES
    times = [0]
    latest = int((now + QUIET_SECONDS) * 1e9)
    for path, _, names in islice(os.walk(folder), _MOST_ENTRIES):
        times.append(os.lstat(path).st_mtime_ns)
        for name in names[:files]:
            status = os.lstat(os.path.join(path, name))  # noqa: PTH118 - names may hold bytes
            size += status.st_size
            times.append(status.st_mtime_ns)
        files = max(0, files - len(names))
    return size, max(time for time in times if time < latest)


def _is_whole(path: Path) -> bool:
    """Whether an archive has its end; of another archive and of a folder nothing says so but that they do not grow."""
    if suffix_of(path.name) != "zip" or path.is_dir():
        return not path.is_file() or path.stat().st_size > 0
    try:
        with zipfile.ZipFile(path) as archive:
            return bool(archive.namelist())
    except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError):
        return False


def _is_awaited(names: Sequence[str], unfinished: Sequence[str]) -> bool:
    """Whether something that is being downloaded is one of these files, or another part of the same download.

    Firefox keeps an empty `a.zip` beside `a.zip.part`, or `a.Xy12.zip.part`.
    """
    keys = {part_key(name) for name in names}
    stems = tuple(f"{without_archive_suffix(name)}." for name in names if is_named_archive(name))
    for partial in unfinished:
        bare = partial.rpartition(".")[0]
        if part_key(bare) in keys or bare in names or (stems and bare.startswith(stems)):
            return True
    return False


def _is_export(paths: Sequence[Path], limits: Limits) -> bool:
    return any(summary.source != PLAIN for summary in survey(paths, limits, READERS).summaries)


def load_arrived(home: Path) -> dict[str, Mark]:
    """The exports that were scanned, by path as shown, with their marks then."""
    try:
        found = json.loads((home / RUNS_FOLDER / _FILE).read_bytes())
        return {str(path): (int(size), int(newest)) for path, (size, newest) in found.items()}
    except (OSError, ValueError, TypeError, AttributeError, RecursionError):
        return {}  # at worst an export is looked at once more


def save_arrived(home: Path, arrived: Mapping[str, Mark]) -> None:
    """Write it whole, or not at all. Raises OSError."""
    write_private(home, _FILE, json.dumps(dict(sorted(arrived.items())), indent=1))
