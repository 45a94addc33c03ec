"""Small copies of photos, made when they are first shown. They are kept in memory only: nothing has to be erased."""

from __future__ import annotations

import threading
from collections import OrderedDict
from contextlib import ExitStack
from dataclasses import dataclass
from enum import IntEnum

import untag
from untag.reports.pictures import ThumbnailSize, file_thumbnails

MOST_BYTES = 64 * 1024 * 1024


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

    def of(self, finding: untag.Finding, side: Side) -> bytes | None:
        """The JPEG of a photo, upright and without metadata; None when it cannot be read now."""
        key = _Key(finding.sha256, side)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        made = self._make(finding, side)
        if made is not None:
            self._keep(key, made)
        return made

    @property
    def nbytes(self) -> int:
        """How much memory the pictures hold."""
        with self._lock:
            return self._size

    def clear(self) -> None:
        """Forgets all of them."""
        with self._lock:
            self._kept.clear()
            self._size = 0

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
            made = stack.enter_context(file_thumbnails(self._settings.limits, size))(finding)
        return None if made is None else made.data
