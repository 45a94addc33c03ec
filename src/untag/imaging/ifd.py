"""Directories of tags, as TIFF and EXIF have them (TIFF 6.0, section 2; BigTIFF), read within bounds."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

MOST_ENTRIES = 4096
"""Of one directory. Cameras write up to a hundred; a directory may claim 65,535, one of BigTIFF any number."""

_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
_WHOLE = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q"}
_RATIONAL = {5: "I", 10: "i"}
_TEXT = (1, 2, 7)


@dataclass(frozen=True, slots=True)
class Entry:
    """One tag: its type and count as they are written, and where in the data its value is. The value is all there."""

    kind: int
    count: int
    start: int
    size: int
    written: bytes


@dataclass(frozen=True, slots=True)
class Tags:
    """A TIFF structure: its bytes, byte order (`<` or `>`), whether it is a BigTIFF, where its first directory is."""

    data: bytes
    order: str
    big: bool
    first: int

    def directory(self, offset: int) -> Mapping[int, Entry]:
        """The tags of the directory at `offset` whose values lie within the data; none where there is no directory."""
        width, layout = (20, "HHQ8s") if self.big else (12, "HHI4s")
        head = 8 if self.big else 2
        if offset < 8 or offset + head > len(self.data):
            return {}
        claimed = int.from_bytes(self.data[offset : offset + head], "little" if self.order == "<" else "big")
        there = (len(self.data) - offset - head) // width
        found: dict[int, Entry] = {}
        for number in range(min(claimed, there, MOST_ENTRIES)):
            at = offset + head + number * width
            written = self.data[at : at + width]
            tag, kind, count, _ = struct.unpack(self.order + layout, written)
            size = _SIZES.get(kind, 0) * count
            inline = 8 if self.big else 4
            start = at + width - inline
            if size > inline:
                start = int.from_bytes(written[-inline:], "little" if self.order == "<" else "big")
            if 0 < size <= len(self.data) - start and tag not in found:
                found[tag] = Entry(kind, count, start, size, written)
        return found

    def following(self, offset: int) -> int:
        """Where the directory behind the one at `offset` begins; 0 where it is the last."""
        width, head, link = (20, 8, 8) if self.big else (12, 2, 4)
        order: Literal["little", "big"] = "little" if self.order == "<" else "big"
        at = offset + head + int.from_bytes(self.data[offset : offset + head], order) * width
        return int.from_bytes(self.data[at : at + link], order) if at + link <= len(self.data) else 0

    def text(self, entry: Entry | None) -> str:
        """The first 64 bytes of a value that is text; empty for any other."""
        if entry is None or entry.kind not in _TEXT:
            return ""
        return self.data[entry.start : entry.start + min(entry.size, 64)].split(b"\0")[0].decode("ascii", "replace")

    def number(self, entry: Entry | None) -> int | None:
        """A value that is one whole number."""
        if entry is None or entry.kind not in _WHOLE or entry.count != 1:
            return None
        value = struct.unpack_from(self.order + _WHOLE[entry.kind], self.data, entry.start)[0]
        return int(value)

    def numbers(self, entry: Entry | None, most: int) -> tuple[int, ...]:
        """A value of up to `most` whole numbers; empty for any other."""
        if entry is None or entry.kind not in _WHOLE or entry.count > most:
            return ()
        return struct.unpack_from(f"{self.order}{entry.count}{_WHOLE[entry.kind]}", self.data, entry.start)

    def ratios(self, entry: Entry | None, count: int) -> tuple[tuple[int, int], ...]:
        """A value of exactly `count` ratios, as numerators and denominators; empty for any other."""
        if entry is None or entry.kind not in _RATIONAL or entry.count != count:
            return ()
        parts = struct.unpack_from(f"{self.order}{2 * count}{_RATIONAL[entry.kind]}", self.data, entry.start)
        return tuple(zip(parts[::2], parts[1::2], strict=True))

    def below(self, directory: Mapping[int, Entry], tag: int) -> Mapping[int, Entry]:
        """The directory that a tag of `directory` points at; empty where there is none."""
        offset = self.number(directory.get(tag))
        return {} if offset is None else self.directory(offset)

    def value(self, entry: Entry | None, most: int) -> bytes | None:
        """The bytes of a value of at most `most`; None for a longer one, or none."""
        return None if entry is None or entry.size > most else self.data[entry.start : entry.start + entry.size]


def open_tags(data: bytes) -> Tags | None:
    """The TIFF structure that `data` is, or None where it does not begin as one."""
    order = {b"II": "<", b"MM": ">"}.get(data[:2])
    if order is None or len(data) < 16:
        return None
    mark, first = struct.unpack_from(order + "HI", data, 2)
    if mark == 43:
        return Tags(data, order, True, struct.unpack_from(order + "Q", data, 8)[0])
    return Tags(data, order, False, first)
