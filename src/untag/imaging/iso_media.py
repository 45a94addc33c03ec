"""What an MP4 or QuickTime file says of its video, read from its boxes (ISO/IEC 14496-12, QuickTime File Format).

Everything else about videos is FFmpeg's, in a process of its own; this is read here, so it reads little and trusts
nothing.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import IO

_CONTAINERS = frozenset((b"moov", b"trak", b"mdia", b"minf", b"stbl", b"udta"))
_MOST_BOXES = 4000
_MOST_TEXT = 64 * 1024
_EPOCH = datetime(1904, 1, 1, tzinfo=UTC)
_FIRST, _LAST = datetime(1990, 1, 1, tzinfo=UTC), datetime(2199, 1, 1, tzinfo=UTC)
"""Cameras whose clock was never set write 1904, 1970 or 1980; nothing filmed digitally is older than 1990."""

_CREATION_DATE = b"com.apple.quicktime.creationdate"
_LOCATION = b"com.apple.quicktime.location.ISO6709"
_WRITTEN = re.compile(rb"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:[+-]\d\d:?\d\d|Z)?")
_PLACE = re.compile(rb"[+-]\d{1,2}\.\d+[+-]\d{1,3}\.\d+")


@dataclass(frozen=True, slots=True)
class MediaFacts:
    """`taken_at` is ISO 8601: in UTC from the header, local time where the camera writes that. `seconds` of video.

    `indexed` says that there is a `moov`, without which nothing can be decoded; `pictured` that a track has pictures,
    whose codec is `codec`. `cut_off` says that a box is longer than the file.
    """

    taken_at: str | None = None
    has_place: bool = False
    seconds: float | None = None
    indexed: bool = False
    pictured: bool = False
    codec: str | None = None
    cut_off: bool = False


@dataclass(frozen=True, slots=True)
class _Box:
    kind: bytes
    start: int
    end: int
    claimed: int


def media_facts(file: IO[bytes], start: int, size: int) -> MediaFacts:
    """What the boxes in `size` bytes from `start` say. What makes no sense is passed over. Raises OSError."""
    facts = MediaFacts()
    video = False
    duration = None
    for box in _boxes(file, start, start + size, _MOST_BOXES):
        if box.claimed > box.end:
            facts = replace(facts, cut_off=True)
        if box.kind == b"moov":
            facts = replace(facts, indexed=True)
        elif box.kind == b"mvhd" and facts.taken_at is None:
            facts = replace(facts, taken_at=_created(_payload(file, box, 32)))
        elif box.kind == b"mdhd":
            duration = _duration(_payload(file, box, 32))
        elif box.kind == b"hdlr":
            video = _payload(file, box, 12)[8:12] == b"vide"
            if video and not facts.pictured:
                facts = replace(facts, pictured=True, seconds=duration)
        elif box.kind == b"stsd" and video and facts.codec is None:
            facts = replace(facts, codec=_name(_payload(file, box, 16)[12:16]))
        elif box.kind == b"\xa9xyz":
            facts = replace(facts, has_place=facts.has_place or _PLACE.search(_payload(file, box, 64)) is not None)
        elif box.kind == b"meta":
            facts = _with_metadata(facts, _payload(file, box, _MOST_TEXT))
    return facts


def _boxes(file: IO[bytes], start: int, end: int, most: int) -> Iterator[_Box]:
    """The boxes in order, those inside others after them; at most so many, however deep they lie."""
    inside = [(start, end)]
    while inside and most > 0:
        start, end = inside.pop()
        if start + 8 > end:
            continue
        most -= 1
        file.seek(start)
        head = file.read(16)
        if len(head) < 8:
            return
        size, kind = int.from_bytes(head[:4], "big"), head[4:8]
        header = 8
        if size == 1 and len(head) == 16:
            size, header = int.from_bytes(head[8:], "big"), 16
        elif size == 0:
            size = end - start
        if size < header:
            continue
        box = _Box(kind, start + header, min(start + size, end), start + size)
        yield box
        inside.append((start + size, end))
        if kind in _CONTAINERS:
            inside.append((box.start, box.end))


def _payload(file: IO[bytes], box: _Box, most: int) -> bytes:
    file.seek(box.start)
    return file.read(min(most, box.end - box.start))


def _created(header: bytes) -> str | None:
    """The creation time of a movie header, in UTC; None for the clocks of cameras that do not know it."""
    wide = header[:1] == b"\1"
    try:
        (seconds,) = struct.unpack_from(">Q" if wide else ">I", header, 4)
        found = _EPOCH + timedelta(seconds=seconds)
    except (struct.error, OverflowError):
        return None
    return found.isoformat() if _FIRST <= found < _LAST else None


def _duration(header: bytes) -> float | None:
    wide = header[:1] == b"\1"
    try:
        scale, length = struct.unpack_from(">IQ" if wide else ">II", header, 20 if wide else 12)
    except struct.error:
        return None
    unknown = 2**64 - 1 if wide else 2**32 - 1
    return None if not scale or length == unknown else float(length / scale)


def _with_metadata(facts: MediaFacts, data: bytes) -> MediaFacts:
    """What Apple's keys say: the local time at which the camera filmed, and where."""
    if _CREATION_DATE in data:
        written = _WRITTEN.search(data, data.index(_CREATION_DATE))
        if written is not None and _is_sensible(written[1]):
            facts = replace(facts, taken_at=written[1].decode("ascii"))
    return replace(facts, has_place=facts.has_place or (_LOCATION in data and _PLACE.search(data) is not None))


def _is_sensible(written: bytes) -> bool:
    try:
        return _FIRST <= datetime.fromisoformat(written.decode("ascii")).replace(tzinfo=UTC) < _LAST
    except ValueError:
        return False


def _name(code: bytes) -> str | None:
    return code.decode("ascii") if len(code) == 4 and code.isalnum() and code.isascii() else None
