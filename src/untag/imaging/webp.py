"""WebP (RFC 9649) taken apart: one picture's bitstream, that of the first frame of an animation, and the metadata."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from untag.imaging.exif import NO_EXIF, read_exif
from untag.imaging.parts import MOST_FILLING, MOST_PACKETS, Parts

_ALPHA = 0x10
_IMAGES = (b"VP8 ", b"VP8L")
_FRAME_HEADER = 16


@dataclass(slots=True)
class _Picture:
    """The chunks of one picture, each with the size that it claims."""

    alpha: tuple[bytes, int] | None = None
    image: tuple[bytes, bytes, int] | None = None


def split(data: bytes) -> Parts:
    """A WebP with its first picture alone; one that is cut off is filled up with zeros to the size that it claims."""
    exif = NO_EXIF
    packets: list[bytes] = []
    picture = _Picture()
    for kind, body, size in _chunks(data, 12):
        if kind == b"ANMF":
            for inner, part, claimed in _chunks(body, _FRAME_HEADER) if picture.image is None else ():
                _take(picture, inner, part, claimed)
        elif kind == b"EXIF" and len(body) == size and exif == NO_EXIF:
            exif = read_exif(body)
        elif kind == b"XMP " and len(body) == size and len(packets) < MOST_PACKETS:
            packets.append(body)
        else:
            _take(picture, kind, body, size)
    if picture.image is None:
        return Parts(data, exif, tuple(packets), cut_off=True)
    kind, body, size = picture.image
    return Parts(_written(picture), exif, tuple(packets), cut_off=len(body) < size)


def _take(picture: _Picture, kind: bytes, body: bytes, size: int) -> None:
    if kind == b"ALPH" and picture.image is None:
        picture.alpha = (body, size)
    elif kind in _IMAGES and picture.image is None:
        picture.image = (kind, body, size)


def _chunks(data: bytes, at: int) -> Iterator[tuple[bytes, bytes, int]]:
    """Kind, body and claimed size of each chunk. Behind metadata of a nonsense size it goes on at the next picture."""
    while at + 8 <= len(data):
        kind, size = struct.unpack_from("<4sI", data, at)
        if at + 8 + size > len(data) and kind not in (*_IMAGES, b"ALPH", b"ANMF"):
            found = min((place for name in _IMAGES if (place := data.find(name, at + 4)) >= 0), default=-1)
            if found < 0:
                return
            at = found
            continue
        yield kind, data[at + 8 : at + 8 + size], size
        at += 8 + size + size % 2


def size_of(pixels: bytes) -> tuple[int, int]:
    """Width and height of a WebP that was taken apart, as its bitstream says; (0, 0) for damaged ones."""
    at = pixels.find(b"VP8", 12)
    kind, body = pixels[at : at + 4], pixels[at + 8 : at + 18]
    if kind == b"VP8L" and len(body) >= 5 and body[0] == 0x2F:
        bits = int.from_bytes(body[1:5], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8 " and body[3:6] == b"\x9d\x01\x2a":
        width, height = struct.unpack("<HH", body[6:10])
        return width & 0x3FFF, height & 0x3FFF
    return 0, 0


def _written(picture: _Picture) -> bytes:
    assert picture.image is not None
    kind, body, size = picture.image

    chunks = [_chunk(kind, body, min(size, len(body) + MOST_FILLING))]
    if kind == b"VP8 " and picture.alpha is not None:
        bare = b"RIFF\0\0\0\0WEBP" + chunks[0][:30]
        width, height = size_of(bare)
        if width and height:
            canvas = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
            flags = bytes((_ALPHA, 0, 0, 0))
            chunks = [_chunk(b"VP8X", flags + canvas, 10), _chunk(b"ALPH", *picture.alpha), *chunks]
    payload = b"WEBP" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(payload)) + payload


def _chunk(kind: bytes, body: bytes, size: int) -> bytes:
    filled = body[:size] + bytes(max(0, size - len(body)))
    return kind + struct.pack("<I", len(filled)) + filled + bytes(len(filled) % 2)
