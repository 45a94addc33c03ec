"""JPEG XL (ISO/IEC 18181) taken apart: the size of its picture, and the metadata. libjxl decodes it, in `confined`."""

from __future__ import annotations

from untag.imaging.boxes import boxes
from untag.imaging.exif import MOST_BYTES, NO_EXIF, Exif, read_exif
from untag.imaging.parts import MOST_PACKETS

CODESTREAM = b"\xff\x0a"
CONTAINER = b"\0\0\0\x0cJXL \r\n\x87\n"

_RATIOS = {1: (1, 1), 2: (12, 10), 3: (4, 3), 4: (3, 2), 5: (16, 9), 6: (5, 4), 7: (2, 1)}
_SIZE_BITS = (9, 13, 18, 30)
_HEADER_BYTES = 16


def size_of(data: bytes) -> tuple[int, int] | None:
    """Width and height as they are stored (18181-1, SizeHeader); None where there is no header."""
    start = _codestream(data)
    header = data[start + 2 : start + 2 + _HEADER_BYTES]
    if data[start : start + 2] != CODESTREAM or len(header) < _HEADER_BYTES:
        return None
    bits = _Bits(int.from_bytes(header, "little"))
    small = bits.take(1)
    height = 8 * (bits.take(5) + 1) if small else bits.take(_SIZE_BITS[bits.take(2)]) + 1
    ratio = bits.take(3)
    if ratio:
        across, down = _RATIOS[ratio]
        return height * across // down, height
    return (8 * (bits.take(5) + 1) if small else bits.take(_SIZE_BITS[bits.take(2)]) + 1), height


def metadata_of(data: bytes) -> tuple[Exif, tuple[bytes, ...]]:
    """EXIF and XMP of the boxes that are not compressed. The orientation is the codestream's own, so none is said."""
    exif, packets = NO_EXIF, list[bytes]()
    for box in boxes(data) if data.startswith(CONTAINER) else ():
        content = data[box.start : min(box.end, box.start + MOST_BYTES + 1)]
        if box.kind == b"Exif" and exif == NO_EXIF:
            skipped = 4 + int.from_bytes(content[:4], "big")
            found = read_exif(content[skipped:])
            exif = Exif(1, found.taken_at, found.has_place)
        elif box.kind == b"xml " and len(packets) < MOST_PACKETS and len(content) <= MOST_BYTES:
            packets.append(content)
    return exif, tuple(packets)


def _codestream(data: bytes) -> int:
    """Where the pixels begin: at once, or in a box, whose first part has its number before them."""
    if not data.startswith(CONTAINER):
        return 0
    for box in boxes(data):
        if box.kind in (b"jxlc", b"jxlp"):
            return box.start + (4 if box.kind == b"jxlp" else 0)
    return len(data)


class _Bits:
    """Bits from the lowest on."""

    def __init__(self, value: int) -> None:
        self._left = value

    def take(self, count: int) -> int:
        taken = self._left & ((1 << count) - 1)
        self._left >>= count
        return taken
