"""Away is not deleted: which places that held photos cannot be reached tonight, and what is really gone.

A photo that a finished scan did not see is gone where its folder, or one above it, still holds what was beside it, or
is absent from a folder that does. Where a folder is empty, cannot be reached, or holds nothing that was there before
(an unmounted disk, a link that leads elsewhere), it is away: what is on record below it is kept.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from untag.sources.files import failure
from untag.sources.names import is_named_archive
from untag.sources.parts import part_key
from untag.sources.tree import passed_over
from untag.store import (
    Identity,
    Store,
    all_moved,
    has_survivor,
    holds_photos,
    known_below,
    places,
    remember_places,
    seen_folders,
    unseen_folders,
)
from untag.support.paths import os_path
from untag.types import Outcome, ReadError

_SYSTEM_NAMES = frozenset(("lost+found", "thumbs.db", "desktop.ini"))
_SEPARATORS = re.compile(rf"[/{re.escape(os.sep)}]")


@dataclass(frozen=True, slots=True)
class Away:
    """A place that held photos and is away: `kept` files stay on record, `reason` says in words what it is like now."""

    path: str
    reason: str
    kept: int


@dataclass(frozen=True, slots=True)
class _Lost:
    """Why a place is away. `shut`: it is there, but closed to us. `movable`: what was in it may lie elsewhere."""

    reason: str
    shut: bool = False
    movable: bool = False


_NOT_THERE = _Lost("it is not there")
_UNMOUNTED = _Lost("the disk that was mounted there is not")
_PART = _Lost("it is not there, and other parts of the same download are", movable=True)
_EMPTY = _Lost("it is empty", movable=True)
_NO_PHOTOS = _Lost("there are no photos in it now", movable=True)
_NOTHING_LEFT = _Lost("none of the photos that were in it are there", movable=True)


@dataclass
class Missed:
    """What a finished run did not see below `roots`; `unreadable` is what it met and could not read."""

    store: Store
    run_id: int
    roots: Sequence[str]
    unreadable: Sequence[ReadError]

    def away(self, *, confirmed_gone: bool) -> list[Away]:
        """The places that are away, none below another. With `confirmed_gone` only those that are there, but shut."""
        found = {place: lost for root in self.roots for place, lost in self._lost_below(root)}
        found |= {error.path: _lost_to(error) for error in self.unreadable if self._is_place(error)}
        if confirmed_gone:
            found = {path: lost for path, lost in found.items() if lost.shut}
        highest = [path for path in found if not is_below_any(path, found)]
        return [Away(path, found[path].reason, known_below(self.store, path)) for path in sorted(highest)]

    def remember(self, away: Sequence[Away]) -> None:
        """Note which directories lead to the photos that the run saw, to know them again; not those `away`."""
        folders = {(root, folder) for root in self.roots for folder in seen_folders(self.store, self.run_id, root)}
        leading = {place for root, folder in folders for place in _chain(root, folder)}
        lost = {place.path for place in away}
        here = {path for path in leading if path not in lost and not is_below_any(path, lost)}
        found = {path: identity for path in here if (identity := identify(path)) is not None}
        changed = {path: identity for path, identity in found.items() if self._known.get(path) != identity}
        if changed:
            remember_places(self.store, changed)

    @cached_property
    def _known(self) -> dict[str, Identity]:
        return places(self.store)

    @cached_property
    def _states(self) -> dict[str, _Lost | None]:
        return {}

    def _is_place(self, error: ReadError) -> bool:
        """Whether something unreadable is a place that held photos, and not one photo."""
        given = error.path in self.roots and error.outcome is Outcome.MISSING
        return known_below(self.store, error.path, itself=given) > 0

    def _lost_below(self, root: str) -> Iterator[tuple[str, _Lost]]:
        for folder in unseen_folders(self.store, self.run_id, root):
            for place in _chain(root, folder):
                if not os.path.lexists(os_path(place)):
                    lost = self._why_absent(root, place)
                    break
                if place not in self._states:
                    self._states[place] = self._why_present(place)
                lost = self._states[place]
                if lost is not None:
                    break
            if lost is not None and not (lost.movable and all_moved(self.store, self.run_id, folder)):
                yield place, lost

    def _why_absent(self, root: str, place: str) -> _Lost | None:
        """Why a path that leads nowhere may come back; None where it was deleted, what holds it being there."""
        if place == root:
            return _NOT_THERE
        if self._was_mounted(place):
            return _UNMOUNTED
        return _PART if _has_other_parts(place) else None

    def _why_present(self, place: str) -> _Lost | None:
        """Why a path that leads somewhere may not lead to where it did; None when it does."""
        try:
            names = _visible(os_path(place))
        except OSError as error:
            return _Lost(str(failure(error)), shut=not isinstance(error, (FileNotFoundError, NotADirectoryError)))
        now = identify(place)
        if self._was_mounted(place) and (now is None or not now.mounted):
            return _UNMOUNTED
        if names is not None and not names:
            return _EMPTY
        if has_survivor(self.store, self.run_id, place):
            return None
        filled = holds_photos(self.store, self.run_id, place)
        shut = next((error for error in self.unreadable if is_below(error.path, place)), None)
        if shut is not None and not filled:
            return _Lost(f"nothing in it can be read: {shut.error}", shut=shut.outcome is not Outcome.MISSING)
        # Two disks mounted at one place may look alike; the same directory on the same file system is the same.
        known = self._known.get(place)
        if known is not None and known == now and not now.mounted:
            return None
        return _NOTHING_LEFT if filled else _NO_PHOTOS

    def _was_mounted(self, place: str) -> bool:
        known = self._known.get(place)
        return known is not None and known.mounted


def _lost_to(error: ReadError) -> _Lost:
    return _NOT_THERE if error.outcome is Outcome.MISSING else _Lost(error.error, shut=True)


def identify(path: str) -> Identity | None:
    """Which directory is at a path as shown; None when there is none or it cannot be asked."""
    try:
        status = Path(os_path(path)).stat()
        above = Path(os_path(path)).parent.stat()
        if not stat.S_ISDIR(status.st_mode):
            return None
        # Numbers of devices change when the machine starts; most file systems have an id that does not.
        device = os.statvfs(os_path(path)).f_fsid if hasattr(os, "statvfs") else status.st_dev
    except OSError:
        return None
    return Identity(f"{status.st_ino}:{device}", status.st_dev != above.st_dev)


def _chain(root: str, folder: str) -> Iterator[str]:
    """The paths from `root` to a folder at or below it, down to the archive that it is in, if it is in one."""
    yield root
    at = root
    while len(at) < len(folder) and not _is_archive(at):
        end = _SEPARATORS.search(folder, len(at.rstrip(os.sep)) + 1)
        at = folder if end is None else folder[: end.start()]
        yield at


def _is_archive(path: str) -> bool:
    """Whether what lies below a path lies in a file, which may be away itself."""
    where = Path(os_path(path))
    return where.is_file() or (is_named_archive(path) and not where.is_dir())


def is_below(path: str, other: str) -> bool:
    """Whether a path lies below another, on the disk or in an archive."""
    return path != other and path.startswith((other.rstrip(os.sep) + os.sep, other.rstrip("/") + "/"))


def is_below_any(path: str, others: Container[str]) -> bool:
    """Whether a path lies below one of many others."""
    ends = (match.start() for match in _SEPARATORS.finditer(path))
    return any(path[:end] in others or path[: end + 1] in others for end in ends if end + 1 < len(path))


def _visible(path: str) -> list[str] | None:
    """The names in a folder, but for hidden ones and the system's; None for a file. Raises OSError."""
    if not stat.S_ISDIR(Path(path).stat().st_mode):
        return None
    with os.scandir(path) as children:
        return [one.name for one in children if passed_over(one.name) is None and one.name.lower() not in _SYSTEM_NAMES]


def _has_other_parts(place: str) -> bool:
    """Whether an archive that is not there has other parts of the same download beside it."""
    if not is_named_archive(place):
        return False
    path = Path(os_path(place))
    try:
        beside = os.listdir(path.parent)  # noqa: PTH208 - names are all that is needed
    except OSError:
        return False
    return any(is_named_archive(name) and part_key(name) == part_key(path.name) for name in beside)
