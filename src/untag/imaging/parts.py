"""What picture files are made of, as each format's own module takes them apart."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

from untag.imaging.exif import MOST_BYTES, NO_EXIF, Exif

MOST_PACKETS = 8
"""XMP packets of one picture. Programs that edit one in turn leave two."""

MOST_FILLING = 64 * 1024 * 1024
"""Zeros that stand for what a picture lacks. A claim of gigabytes is not believed."""


@dataclass(frozen=True, slots=True)
class Parts:
    """A picture file taken apart.

    `pixels` is a file of the same format with nothing in it but what decoding needs, so that a decoder never sees
    metadata: faulty ones are no reason to refuse sound pixels. `cut_off`: the file ends before the picture does, and
    `pixels` are filled up so that a decoder goes as far as there is something.
    """

    pixels: bytes
    exif: Exif = NO_EXIF
    xmp: tuple[bytes, ...] = ()
    cut_off: bool = False


def inflate(packed: bytes) -> bytes | None:
    """A compressed block of metadata; None for one that is damaged, or grows beyond `MOST_BYTES`."""
    try:
        opened = zlib.decompressobj().decompress(packed, MOST_BYTES + 1)
    except zlib.error:
        return None
    return opened if len(opened) <= MOST_BYTES else None
