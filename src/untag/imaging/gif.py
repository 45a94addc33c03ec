"""GIF89a taken apart: the first frame with its palette and transparency, or all frames and nothing else."""

from __future__ import annotations

import re
import struct

from untag.imaging.parts import Parts

_EXTENSION, _IMAGE = 0x21, 0x2C
_TRANSPARENCY = 0xF9
_BLOCK = re.compile(rb"[!,;]")
_DESCRIPTOR = 10


def split(data: bytes) -> Parts:
    """A GIF with its first frame alone; one that is cut off is ended where it breaks off."""
    at = 13 + _palette(data, 10)
    kept = [data[:at]]
    control = b""
    while at < len(data) and data[at] == _EXTENSION:
        end = _blocks(data, at + 2)
        if data[at + 1 : at + 2] == bytes((_TRANSPARENCY,)):
            control = data[at:end]
        at = end
    start = at
    if data[at : at + 1] != bytes((_IMAGE,)) or at + 11 > len(data):
        return Parts(data, cut_off=True)
    at = _blocks(data, at + 11 + _palette(data, at + 9))
    ended = at <= len(data)
    return Parts(b"".join([*kept, control, data[start:at], b"" if ended else b"\0", b";"]), cut_off=not ended)


def all_frames(data: bytes, most: int) -> tuple[bytes, int, int]:
    """A GIF with at most so many frames and nothing besides, and the width and height that they need.

    Pillow keeps every block of a comment, enlarges the canvas for a frame that lies beyond it, and goes through what is
    no block a byte at a time. A frame that is cut off is the last.
    """
    at = 13 + _palette(data, 10)
    kept = [data[:at]]
    width, height = struct.unpack_from("<HH", data, 6) if at <= len(data) else (0, 0)
    while most > 0 and (block := _BLOCK.search(data, at)) is not None and block[0] != b";":
        start = block.start()
        if block[0] == b"!":
            at = _blocks(data, start + 2)
            if data[start + 1 : start + 2] == bytes((_TRANSPARENCY,)):
                kept.append(data[start:at])
        elif start + _DESCRIPTOR < len(data):
            left, top, wide, high = struct.unpack_from("<HHHH", data, start + 1)
            width, height, most = max(width, left + wide), max(height, top + high), most - 1
            at = _blocks(data, start + _DESCRIPTOR + 1 + _palette(data, start + 9))
            kept.append(data[start:at])
        else:
            break
    return b"".join([*kept, b";"]), width, height


def _palette(data: bytes, at: int) -> int:
    """How long the palette is that the packed fields at `at` tell of."""
    fields = data[at] if at < len(data) else 0
    return 3 * 2 ** ((fields & 7) + 1) if fields & 0x80 else 0


def _blocks(data: bytes, at: int) -> int:
    """The end of a sequence of blocks; beyond that of the data where it is cut off."""
    while at < len(data) and data[at]:
        at += 1 + data[at]
    return at + 1
