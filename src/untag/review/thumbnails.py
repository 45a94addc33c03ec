"""Small copies of photos, made when they are first shown. They are kept in memory only: nothing has to be erased."""

from __future__ import annotations

import threading
from collections import OrderedDict
from contextlib import ExitStack
from dataclasses import dataclass
from enum import IntEnum

import untag
from untag.reports.pictures import ThumbnailSize, file_thumbnails

MOST_BYTES = 48 * 1024 * 1024

Version = tuple[int, ...]
"""Of the database: another one whenever anybody has written to it."""


class Side(IntEnum):
    """How large a copy is at most, in pixels of its longer side."""

    SMALL = 320
    LARGE = 1600


_QUALITY = {Side.SMALL: 74, Side.LARGE: 86}


@dataclass(frozen=True, slots=True)
class _Key:
    sha256: str
    side: Side


class Thumbnails:
    """A cache by content, bounded by bytes; the ones used last stay. For any thread."""

    def __init__(self, settings: untag.Settings, most_bytes: int = MOST_BYTES) -> None:
        self._settings = settings
        self._most = most_bytes
        self._lock = threading.Lock()
        self._kept: OrderedDict[_Key, bytes] = OrderedDict()
        self._size = 0
        self._version: Version | None = None
        self._known: set[str] = set()

    def kept(self, sha256: str, side: Side, version: Version) -> bytes | None:
        """The JPEG of a photo that was asked for while the database was the same; None: look whether it is there still.

        What was forgotten meanwhile is not given any more, and what was not need not be looked up.
        """
        with self._lock:
            if version != self._version:
                self._known.clear()
                self._version = version
            return self._used(_Key(sha256, side)) if sha256 in self._known else None

    def of(self, finding: untag.Finding, side: Side, version: Version) -> bytes | None:
        """The JPEG of a photo, upright and without metadata; None when it cannot be read now."""
        key = _Key(finding.sha256, side)
        with self._lock:
            if version == self._version:
                self._known.add(finding.sha256)
            found = self._used(key)
        if found is not None:
            return found
        made = self._make(finding, side)
        if made is not None:
            self._keep(key, made)
        return made

    def _used(self, key: _Key) -> bytes | None:
        if key not in self._kept:
            return None
        self._kept.move_to_end(key)
        return self._kept[key]

    @property
    def nbytes(self) -> int:
        """How much memory the pictures hold."""
        with self._lock:
            return self._size

    def _keep(self, key: _Key, data: bytes) -> None:
        with self._lock:
            self._size += len(data) - len(self._kept.pop(key, b""))
            self._kept[key] = data
            while self._size > self._most:
                _, oldest = self._kept.popitem(last=False)
                self._size -= len(oldest)

    def _make(self, finding: untag.Finding, side: Side) -> bytes | None:
        with ExitStack() as stack:
            size = ThumbnailSize(side, _QUALITY[side])
            made = stack.enter_context(file_thumbnails(self._settings.limits, size, self._settings.home))(finding)
        return None if made is None else made.data
