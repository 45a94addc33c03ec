"""GIF89a taken apart: the first frame with its palette and transparency."""

from __future__ import annotations

from untag.imaging.parts import Parts

_EXTENSION, _IMAGE = 0x21, 0x2C
_TRANSPARENCY = 0xF9


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


def _palette(data: bytes, at: int) -> int:
    """How long the palette is that the packed fields at `at` tell of."""
    fields = data[at] if at < len(data) else 0
    return 3 * 2 ** ((fields & 7) + 1) if fields & 0x80 else 0


def _blocks(data: bytes, at: int) -> int:
    """The end of a sequence of blocks; beyond that of the data where it is cut off."""
    while at < len(data) and data[at]:
        at += 1 + data[at]
    return at + 1
