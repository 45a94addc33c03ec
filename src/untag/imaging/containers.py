"""What holds a video, from a file's first bytes: names lie."""

from __future__ import annotations

from enum import StrEnum

from untag.imaging.sniff import ImageFormat, sniff


class Container(StrEnum):
    """The containers that are read, by the names that FFmpeg has for them."""

    MP4 = "mov,mp4,m4a,3gp,3g2,mj2"
    MATROSKA = "matroska,webm"
    AVI = "avi"
    FLASH = "flv"
    WINDOWS_MEDIA = "asf"
    MPEG = "mpeg"
    MPEG_TS = "mpegts"
    MPEG_VIDEO = "mpegvideo"
    OGG = "ogg"


_SIGNATURES = (
    (b"\x1aE\xdf\xa3", Container.MATROSKA),
    (b"FLV\x01", Container.FLASH),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", Container.WINDOWS_MEDIA),
    (b"\0\0\1\xba", Container.MPEG),
    (b"\0\0\1\xb3", Container.MPEG_VIDEO),
)
# QuickTime's first atoms; `ftyp` came later. Sound alone has brands of its own.
_ATOMS = frozenset((b"moov", b"mdat", b"wide", b"pnot"))
_SOUND_BRANDS = frozenset((b"M4A ", b"M4B ", b"M4P ", b"F4A ", b"F4B "))
_STREAM_PACKETS = ((0, 188), (4, 196))
"""Of MPEG transport streams: camcorders put a time of four bytes before each packet."""


def sniff_video(head: bytes) -> Container | None:
    """The container that starts with `head` (the first `SNIFF_BYTES` bytes), or None for what holds no video."""
    for signature, container in _SIGNATURES:
        if head.startswith(signature):
            return container
    if head[:4] == b"RIFF" and head[8:12] in (b"AVI ", b"AVIX"):
        return Container.AVI
    if head[4:8] == b"ftyp":
        return None if head[8:12] in _SOUND_BRANDS or isinstance(sniff(head), ImageFormat) else Container.MP4
    if head[4:8] in _ATOMS:
        return Container.MP4
    if head[:4] == b"OggS" and b"\x80theora" in head:
        return Container.OGG
    if any(head[first : first + 1] == b"G" == head[second : second + 1] for first, second in _STREAM_PACKETS):
        return Container.MPEG_TS
    return None
