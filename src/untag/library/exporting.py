"""Photos brought together in a folder, with their keywords if wanted; nothing that is there is ever replaced."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from untag.config import Settings
from untag.errors import ReadFailure, UsageError
from untag.findings.counting import Group
from untag.library.keywords import xmp_keywords
from untag.library.options import ExportOptions
from untag.sources.reading import StoredPhotos, archive_around
from untag.store import Store, note_written
from untag.support.aside import new_part
from untag.support.home import make_private_folder
from untag.support.paths import absolute, os_path

_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]')
"""What Windows has in no name of a file, so that the folder can be copied anywhere."""
_LONGEST_NAME = 120
_NOT_ALONE = 10_000


@dataclass(frozen=True, slots=True)
class Exported:
    """What came into the folder: how many photos were `written`, were `there` already, and have `no_copy` at all.

    `unread` are the paths of those that cannot be read now.
    """

    written: int
    there: int
    no_copy: int
    unread: tuple[str, ...]


def export_photos(
    store: Store,
    settings: Settings,
    groups: Iterable[Group],
    folder: Path,
    options: ExportOptions,
    advance: Callable[[], None],
) -> Exported:
    """Copies or links one file of each photo into a folder, called by risk, id and name; only the owner can read it.

    Raises UsageError where it cannot be written.
    """
    if Path(absolute(folder)).is_relative_to(absolute(settings.home)):
        raise UsageError(f"{folder} is in untag's own folder; name another one")
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file; name a folder")
    note_written(store, folder, "export")
    try:
        make_private_folder(folder)
        with closing(StoredPhotos(settings.limits)) as photos:
            return _export(settings.home, photos, groups, folder, options, advance)
    except OSError as error:
        raise UsageError(f"{folder} cannot be written: {error.strerror or error}") from error


def _export(
    home: Path,
    photos: StoredPhotos,
    groups: Iterable[Group],
    folder: Path,
    options: ExportOptions,
    advance: Callable[[], None],
) -> Exported:
    written = there = no_copy = 0
    unread: list[str] = []
    for group in groups:
        if group.finding.absent:
            no_copy += 1
        else:
            name = f"{group.finding.risk:03d}-{group.finding.id}-{_name(group.finding.path)}"
            try:
                put = _put(home, photos, group, folder / name, link=options.link)
                written, there = written + put.new, there + (not put.new)
            except ReadFailure:
                unread.append(group.finding.path)
            else:
                if options.xmp:
                    _write(home, _whole(xmp_keywords(group)), put.place.with_name(f"{put.place.name}.xmp"))
        advance()
    return Exported(written, there, no_copy, tuple(unread))


class _Put(NamedTuple):
    """Where a file is now, and whether it was put there; not where the very same was there."""

    place: Path
    new: bool


def _put(home: Path, photos: StoredPhotos, group: Group, target: Path, *, link: bool) -> _Put:
    """Raises ReadFailure, OSError."""
    path = group.finding.path
    if link and archive_around(path) is None:
        source = Path(os_path(path))
        if not source.is_file():
            # Reading says why in a sentence.
            photos.read(path)
        return _link(source, target)
    return _write(home, photos.content(path).unpack, target)


def _link(source: Path, target: Path) -> _Put:
    for place in _free(target):
        if place.is_symlink() and place.readlink() == source:
            return _Put(place, new=False)
        if not os.path.lexists(place):
            place.symlink_to(source)
            return _Put(place, new=True)
    raise AssertionError("_free does not end")


def _write(home: Path, pieces: Callable[[], Iterator[bytes]], target: Path) -> _Put:
    """Raises ReadFailure, OSError."""
    for place in _free(target):
        if place.is_file() and not place.is_symlink() and _holds(place, pieces()):
            return _Put(place, new=False)
        if not os.path.lexists(place):
            with new_part(home) as part:
                for piece in pieces():
                    part.write(piece)
                part.install(place)
            return _Put(place, new=True)
    raise AssertionError("_free does not end")


def _whole(data: bytes) -> Callable[[], Iterator[bytes]]:
    return lambda: iter((data,))


def _holds(place: Path, pieces: Iterator[bytes]) -> bool:
    """Whether a file has these bytes, and no others."""
    with place.open("rb") as file:
        return all(file.read(len(piece)) == piece for piece in pieces) and not file.read(1)


def _free(target: Path) -> Iterator[Path]:
    """The name, and others where it is taken."""
    yield target
    for number in range(2, _NOT_ALONE):
        yield target.with_name(f"{target.stem}-{number}{target.suffix}")
    raise UsageError(f"{target.parent} has too many files that are called like {target.name}")


def _name(path: str) -> str:
    """The name of a photo's file, as every system can have it; its end, which has the suffix, where it is too long."""
    name = _FORBIDDEN.sub("_", PurePosixPath(path.replace("\\", "/")).name).rstrip(" .")
    encoded = name.encode("utf-8", "replace")[-_LONGEST_NAME:]
    return encoded.decode("utf-8", "ignore").lstrip(" .") or "photo"
