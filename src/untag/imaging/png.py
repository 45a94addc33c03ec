"""PNG (ISO/IEC 15948) taken apart: the chunks that pixels need, with their checksums put right, and the metadata.

The chunks of an animation are those of APNG: `acTL`, and for each frame `fcTL` with `IDAT` or `fdAT`.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

from untag.imaging.exif import NO_EXIF, Exif, read_exif
from untag.imaging.parts import MOST_PACKETS, Parts, inflate

SIGNATURE = b"\x89PNG\r\n\x1a\n"

_XMP = b"XML:com.adobe.xmp"
_RAW_EXIF = (b"Raw profile type exif", b"Raw profile type APP1")
"""How ImageMagick wrote EXIF before there was a chunk for it: hexadecimal, in a text chunk."""

_ANIMATION = frozenset((b"IHDR", b"PLTE", b"tRNS", b"acTL", b"fcTL", b"IDAT", b"fdAT"))

_TRANSPARENT = {0: 2, 2: 6}
"""How long `tRNS` is, by the colour type; one entry for each colour of a palette otherwise."""


def split(data: bytes) -> Parts:
    """A PNG without its animation and ancillary chunks. One whose checksum is wrong is no metadata."""
    kept: list[bytes] = []
    exif, raw_exif = NO_EXIF, NO_EXIF
    packets: list[bytes] = []
    colour = None
    image: list[memoryview] = []
    for kind, body, sound in _chunks(data):
        if kind == b"IDAT":
            image.append(body)
        elif kind == b"IHDR" and colour is None and len(body) >= 13:
            colour = body[9]
            kept.append(_chunk(kind, body[:13]))
        elif kind == b"PLTE" and not image:
            kept.append(_chunk(kind, body[: len(body) // 3 * 3]))
        elif kind == b"tRNS" and not image and sound and _fits(body, colour):
            kept.append(_chunk(kind, body))
        elif kind == b"eXIf" and sound:
            exif = read_exif(bytes(body))
        elif kind in (b"iTXt", b"tEXt", b"zTXt") and sound:
            keyword, value = _text(kind, bytes(body))
            if value is not None and keyword == _XMP and len(packets) < MOST_PACKETS:
                packets.append(value)
            elif value is not None and keyword in _RAW_EXIF:
                raw_exif = _from_hexadecimal(value)
    length, checksum = sum(map(len, image)), zlib.crc32(b"IDAT")
    for body in image:
        checksum = zlib.crc32(body, checksum)
    head, foot = struct.pack(">I4s", length, b"IDAT"), struct.pack(">I", checksum)
    # Whether all pixels are there is for the decoder to say: a picture may lack nothing but its end.
    pixels = b"".join([SIGNATURE, *kept, head, *image, foot, _chunk(b"IEND", b"")])
    return Parts(pixels, raw_exif if exif == NO_EXIF else exif, tuple(packets))


def all_frames(data: bytes, most: int) -> bytes:
    """A PNG with its picture, at most so many frames, and nothing besides: Pillow keeps every chunk."""
    kept: list[bytes | memoryview] = [SIGNATURE]
    for kind, body, _ in _chunks(data):
        most -= kind == b"fcTL"
        if most < 0:
            break
        if kind in _ANIMATION:
            kept.append(_chunk(kind, body))
    return b"".join([*kept, _chunk(b"IEND", b"")])


def _chunks(data: bytes) -> Iterator[tuple[bytes, memoryview, bool]]:
    """Kind, body and whether the checksum is right, up to IEND. Behind a nonsense length the next IDAT follows."""
    view = memoryview(data)
    at = len(SIGNATURE)
    while at + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        if at + 12 + length > len(data) or not kind.isalpha():
            found = -1 if kind == b"IDAT" else _next_image(data, at + 4)
            if found < 0:
                if kind == b"IDAT":
                    yield kind, view[at + 8 :], False
                return
            at = found
            continue
        body = view[at + 8 : at + 8 + length]
        # Only metadata need to be right in every bit: of pixels, the decoder's own checksum tells.
        sound = kind[0] < 97 or zlib.crc32(body, zlib.crc32(kind)) == int.from_bytes(view[at + 8 + length :][:4], "big")
        yield kind, body, sound
        if kind == b"IEND":
            return
        at += 12 + length


def _next_image(data: bytes, start: int) -> int:
    found = data.find(b"IDAT", start)
    return found - 4 if found >= start + 4 else -1


def _chunk(kind: bytes, body: bytes | memoryview) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(body, zlib.crc32(kind)))


def _fits(body: memoryview, colour: int | None) -> bool:
    return len(body) == _TRANSPARENT.get(colour, 0) if colour in _TRANSPARENT else colour == 3 and len(body) <= 256


def _text(kind: bytes, body: bytes) -> tuple[bytes, bytes | None]:
    """The keyword and the value of a text chunk; None for a value that cannot be read."""
    keyword, _, rest = body.partition(b"\0")
    if keyword != _XMP and keyword not in _RAW_EXIF:
        return keyword, None
    if kind == b"tEXt":
        return keyword, rest
    if kind == b"zTXt":
        return keyword, inflate(rest[1:])
    packed, rest = rest[:1] == b"\1", rest[2:]
    value = rest.split(b"\0", 2)[-1]  # behind a language and the keyword in it
    return keyword, inflate(value) if packed else value


def _from_hexadecimal(value: bytes) -> Exif:
    """EXIF as "\\nexif\\n   length\\nhexadecimal digits"."""
    try:
        return read_exif(bytes.fromhex("".join(value.decode("ascii").split("\n")[3:])))
    except ValueError:
        return NO_EXIF
