"""JPEGs within other files: where each begins and ends, and how large its picture is.

Raw files of all makers hold the picture that the camera shows on its display, most of them as a whole JPEG, in a place
of the maker's own. All of them are found by how a JPEG begins, whatever the maker.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from dataclasses import dataclass
from itertools import islice

_BEGIN = b"\xff\xd8\xff"
_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]", re.DOTALL)
"""What ends the compressed pixels of a scan: a marker that is neither stuffing nor a restart."""

_READABLE = frozenset((0xC0, 0xC1, 0xC2))
"""Frames in which cameras write pictures. 0xC3 is lossless JPEG, in which they compress what the sensor saw."""

_OTHER_FRAMES = frozenset((0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF))
_END, _SCAN = 0xD9, 0xDA

_MOST_BEGINNINGS = 65_536
"""Places that are looked at. A compressed sensor of 100 megapixels has 1,600 tiles, each of which begins as a JPEG."""

_MOST_SEGMENTS = 1_000
"""Of one JPEG. Cameras write a dozen; a colour profile or a list of focus points may take a few more."""

_MOST_SEGMENTS_IN_ALL = 300_000
"""Of one file: thousands of beginnings may all lead into the same thousand segments."""


@dataclass(frozen=True, slots=True)
class Embedded:
    """A JPEG from `start` up to `end` of the data around it, with a picture of `width` by `height` pixels."""

    start: int
    end: int
    width: int
    height: int

    @property
    def long_side(self) -> int:
        return max(self.width, self.height)


def embedded_jpegs(data: bytes, not_at: Container[int] = ()) -> Iterator[Embedded]:
    """The JPEGs in `data` in their order, but for those that begin at a place of `not_at`, and those within others.

    Each has a frame of 8 bits and a scan; the last may lack its end.
    """
    steps = iter(range(_MOST_SEGMENTS_IN_ALL))
    at = data.find(_BEGIN)
    for _ in range(_MOST_BEGINNINGS):
        if at < 0:
            return
        found = None if at in not_at else _jpeg_at(data, at, steps)
        if found is not None:
            yield found
        at = data.find(_BEGIN, at + 2 if found is None else found.end)


def _jpeg_at(data: bytes, start: int, steps: Iterator[int]) -> Embedded | None:
    """The JPEG that begins at a place; each segment takes one of `steps`, and there is none without."""
    size: tuple[int, int] | None = None
    at = start + 2
    for _ in islice(steps, _MOST_SEGMENTS):
        marker, length = data[at + 1 : at + 2], int.from_bytes(data[at + 2 : at + 4], "big")
        if data[at : at + 1] != b"\xff" or not marker or length < 2 or at + 2 + length > len(data):
            return None
        if marker[0] in _READABLE:
            size = _size(data[at + 4 : at + 2 + length])
        if marker[0] in _OTHER_FRAMES or marker[0] == _END:
            return None
        at += 2 + length
        if marker[0] == _SCAN:
            return None if size is None else Embedded(start, _end(data, at), *size)
    return None


def _size(frame: bytes) -> tuple[int, int] | None:
    """Width and height that a frame of 8 bits and one or three channels says."""
    if len(frame) < 6 or frame[0] != 8 or frame[5] not in (1, 3):
        return None
    height, width = int.from_bytes(frame[1:3], "big"), int.from_bytes(frame[3:5], "big")
    return (width, height) if width and height else None


def _end(data: bytes, at: int) -> int:
    """Where the JPEG ends whose first scan begins at `at`: behind its last marker, or where it cannot go on."""
    for _ in range(_MOST_SEGMENTS):
        found = _MARKER.search(data, at)
        if found is None:
            return len(data)
        at = found.start()
        if data[at + 1] == _END:
            return at + 2
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        if length < 2 or data[at + 1] == 0xD8:
            return at
        at += 2 + length
    return min(at, len(data))
