"""HEIC, and whatever else is of boxes (ISO/IEC 14496-12), filled up where it is cut off."""

from __future__ import annotations

import struct

from untag.imaging.parts import MOST_FILLING, Parts


def split(data: bytes) -> Parts:
    """The same file; zeros up to the end that its last box claims, so that a decoder goes on."""
    missing = _end(data) - len(data)
    if missing <= 0:
        return Parts(data)
    return Parts(data + bytes(min(missing, MOST_FILLING)), cut_off=True)


def _end(data: bytes) -> int:
    """Where the last box ends by its own account."""
    at = 0
    while at + 16 <= len(data):
        if not data[at + 4 : at + 8].isalnum():  # Samsung writes behind the picture what is no box
            return len(data)
        size: int = struct.unpack_from(">I", data, at)[0]
        if size == 1:
            size = struct.unpack_from(">Q", data, at + 8)[0]
        if size < 8:  # 0 is up to the end, whatever that is
            return len(data)
        at += size
    return at
