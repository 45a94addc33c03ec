"""Boxes, of which HEIC, CR3, MP4 and QuickTime files are made (ISO/IEC 14496-12, section 4.2), within bounds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

_MOST_BOXES = 4096
"""Of one level. Files have a dozen; those cut into fragments, two for each second."""


@dataclass(frozen=True, slots=True)
class Box:
    """One box: four letters, and where in the data its content is. The content is all there."""

    kind: bytes
    start: int
    end: int


def boxes(data: bytes, start: int = 0, end: int | None = None) -> Iterator[Box]:
    """The boxes from `start` to `end`, one behind the other, up to the first that is damaged or not all there."""
    end = len(data) if end is None else min(end, len(data))
    for _ in range(_MOST_BOXES):
        if start + 8 > end:
            return
        size, head = int.from_bytes(data[start : start + 4], "big"), 8
        if size == 1:
            size, head = int.from_bytes(data[start + 8 : start + 16], "big"), 16
        elif size == 0:  # up to the end
            size = end - start
        if size < head or start + size > end:
            return
        yield Box(data[start + 4 : start + 8], start + head, start + size)
        start += size


def first_box(data: bytes, kind: bytes, within: Box | None = None) -> Box | None:
    """The first box of a kind, at the top or directly in another."""
    found = boxes(data) if within is None else boxes(data, within.start, within.end)
    return next((box for box in found if box.kind == kind), None)
