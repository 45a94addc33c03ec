"""TIFF 6.0 and BigTIFF taken apart: the tags of the first page that pixels need, and the metadata."""

from __future__ import annotations

import struct
from collections.abc import Mapping

from untag.errors import ReadFailure
from untag.imaging.exif import MOST_BYTES, exif_of
from untag.imaging.ifd import Entry, Tags, open_tags
from untag.imaging.parts import MOST_FILLING, Parts
from untag.types import Outcome

_XMP = 700
_OFFSETS = {273: 279, 324: 325}
"""Where strips and tiles are, and how long they are."""

# Sizes, samples and colours, compression and what it needs, strips, tiles. The orientation is not among them: `exif`
# has it, and a decoder that turned the picture would turn it twice.
_NEEDED = frozenset(
    (
        *(254, 256, 257, 258, 259, 262, 266, 273, 277, 278, 279, 284, 292, 293, 317, 320, 322, 323, 324, 325, 332),
        *(338, 339, 347, 512, 513, 514, 515, 517, 518, 519, 520, 521, 529, 530, 531, 532),
    )
)
_MOST_STRIPS = 1_000_000
"""A strip of one row is the least; a tile has 256 pixels at least."""

_MOST_OF_ONE = 1024 * 1024
"""Bytes of any other tag that pixels need: a colour map has 393,216 at most."""


def split(data: bytes) -> Parts:
    """The first page of a TIFF without its other tags. Raises ReadFailure(BROKEN) where there is none."""
    tags = open_tags(data)
    page = {} if tags is None else tags.directory(tags.first)
    if tags is None or not page:
        raise ReadFailure(Outcome.BROKEN, "the TIFF data is damaged: it has no page")
    needed = {tag: entry for tag, entry in page.items() if tag in _NEEDED and _is_bounded(tag, entry)}
    packet = tags.value(page.get(_XMP), MOST_BYTES)
    missing = _end_of_pixels(tags, needed) - len(data)
    filling = bytes(missing) if 0 < missing <= MOST_FILLING else b""
    pixels = _written(tags, needed, filling)
    return Parts(pixels, exif_of(tags), () if packet is None else (packet,), cut_off=missing > 0)


def _is_bounded(tag: int, entry: Entry) -> bool:
    return entry.count <= _MOST_STRIPS if tag in (*_OFFSETS, *_OFFSETS.values()) else entry.size <= _MOST_OF_ONE


def _end_of_pixels(tags: Tags, page: Mapping[int, Entry]) -> int:
    """Where the last strip or tile ends, as far as the tags say."""
    ends = [0]
    for offsets, lengths in _OFFSETS.items():
        starts = tags.numbers(page.get(offsets), _MOST_STRIPS)
        sizes = tags.numbers(page.get(lengths), _MOST_STRIPS)
        ends += (start + size for start, size in zip(starts, sizes, strict=False))
    return max(ends)


def _written(tags: Tags, page: Mapping[int, Entry], filling: bytes) -> bytes:
    """The same file with a directory of these tags alone, written behind it; offsets into the file stay as they are."""
    size = len(tags.data) + len(filling)
    padding = bytes(size % 2)  # a directory begins at an even place
    first = size + len(padding)
    entries = [page[tag].written for tag in sorted(page)]
    if tags.big:
        head = struct.pack(tags.order + "HHHQ", 43, 8, 0, first)
        directory = [struct.pack(tags.order + "Q", len(entries)), *entries, bytes(8)]
    else:
        head = struct.pack(tags.order + "HI", 42, first)
        directory = [struct.pack(tags.order + "H", len(entries)), *entries, bytes(4)]
    rest = memoryview(tags.data)[2 + len(head) :]
    return b"".join([tags.data[:2], head, rest, filling, padding, *directory])
