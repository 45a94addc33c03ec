"""JPEG (ISO/IEC 10918-1) taken apart: the segments that pixels need, and the metadata."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from untag.imaging.exif import NO_EXIF, read_exif
from untag.imaging.parts import MOST_PACKETS, Parts

END = b"\xff\xd9"
SCAN = b"\xff\xda"

_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_FRAMES = frozenset((0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF))
_BARE = frozenset((0x01, *range(0xD0, 0xD8)))
"""Markers that stand alone."""

_LAST = (0xDA, 0xD9)
"""A scan, and the end of the picture."""

_MOST_TRIES = 256
"""Places that are tried for the segment behind a faulty one."""


@dataclass(frozen=True, slots=True)
class _Segment:
    """A marker segment: where it begins and where its payload begins and ends."""

    marker: int
    start: int
    payload: int
    end: int

    @property
    def is_metadata(self) -> bool:
        return 0xE0 <= self.marker <= 0xEF or self.marker == 0xFE


def split(data: bytes) -> Parts:
    """A JPEG without its application segments and comments, but for those that say which colours it has."""
    kept: list[bytes | memoryview] = [data[:2]]
    exif = NO_EXIF
    packets: list[bytes] = []
    scan = len(data)
    for segment in _segments(data):
        if segment.marker == 0xDA:
            scan = segment.start
            break
        payload = data[segment.payload : segment.end]
        if segment.marker == 0xE1 and payload.startswith(b"Exif\0") and exif == NO_EXIF:
            exif = read_exif(payload[6:])
        elif segment.marker == 0xE1 and payload.startswith(_XMP) and len(packets) < MOST_PACKETS:
            packets.append(payload.removeprefix(_XMP))
        if not segment.is_metadata or _says_colours(segment.marker, payload):
            kept.append(data[segment.start : segment.end])
    if scan == len(data):
        return Parts(data, exif, tuple(packets))
    return Parts(b"".join([*kept, memoryview(data)[scan:]]), exif, tuple(packets))


def _says_colours(marker: int, payload: bytes) -> bool:
    if marker == 0xE0:
        return payload.startswith(b"JFIF\0") and len(payload) >= 14
    # The twelfth byte says how colours are transformed: in one of three ways.
    return marker == 0xEE and payload.startswith(b"Adobe") and len(payload) >= 12 and payload[11] <= 2


def scans(pixels: bytes) -> list[int]:
    """Where each scan of a JPEG that was taken apart begins."""
    end = pixels.find(END)
    end = len(pixels) if end < 0 else end
    found: list[int] = []
    at = pixels.find(SCAN, 0, end)
    while at >= 0:
        found.append(at)
        at = pixels.find(SCAN, at + 2, end)
    return found


def _segments(data: bytes) -> Iterator[_Segment]:
    """The segments up to the first scan, that included. Behind a faulty length it goes on where a sound one begins."""
    at, doubtful, framed = 2, 2, False
    while True:
        segment = _segment(data, at)
        if segment is None:
            found = _resume(data, doubtful, framed=framed)
            segment = None if found is None else _segment(data, found)
        if segment is None:
            return
        yield segment
        if segment.marker in _LAST:
            return
        at = segment.end
        doubtful = segment.payload if segment.is_metadata else segment.end
        framed = framed or segment.marker in _FRAMES


def _segment(data: bytes, at: int) -> _Segment | None:
    """The segment at `at`, past markers that stand alone; None where there is none that ends within the data."""
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
        elif marker in _BARE or marker == 0xD8:
            at += 2
        elif marker == 0xD9:
            return _Segment(marker, at, at + 2, at + 2)
        else:
            length = int.from_bytes(data[at + 2 : at + 4], "big")
            whole = marker >= 0xC0 and length >= 2 and at + 2 + length <= len(data)
            return _Segment(marker, at, at + 4, at + 2 + length) if whole else None
    return None


def _resume(data: bytes, start: int, *, framed: bool) -> int | None:
    """The first place from `start` on where segments follow each other up to a scan, but for those of a thumbnail."""
    at = data.find(b"\xff", start)
    for _ in range(_MOST_TRIES):
        if at < 0:
            return None
        if data[at : at + 2] == b"\xff\xd8":
            at = data.find(b"\xff", _behind(data, at))
            continue
        if _leads_to_scan(data, at, framed=framed):
            return at
        at = data.find(b"\xff", at + 1)
    return None


def _behind(data: bytes, at: int) -> int:
    """Behind the thumbnail that begins at `at`; behind its first marker where it has no end but the picture's own."""
    end = data.find(END, at)
    return end + 2 if end >= 0 and data.find(SCAN, end) >= 0 else at + 2


def _leads_to_scan(data: bytes, at: int, *, framed: bool) -> bool:
    while (segment := _segment(data, at)) is not None:
        if segment.marker in _LAST:
            return framed and segment.marker == 0xDA
        framed = framed or segment.marker in _FRAMES
        at = segment.end
    return False
