"""Raw files as cameras write them, as small as they can be: TIFF directories around a JPEG and a colour mosaic."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

BYTE, ASCII, SHORT, LONG, RATIONAL, UNDEFINED, SRATIONAL = 1, 2, 3, 4, 5, 7, 10
Tag = tuple[int, bytes | Sequence[int]]
_FORMATS = {BYTE: "B", SHORT: "H", LONG: "I", RATIONAL: "I", SRATIONAL: "i"}
_SIZES = {BYTE: 1, ASCII: 1, SHORT: 2, LONG: 4, RATIONAL: 8, UNDEFINED: 1, SRATIONAL: 8}


class Tiff:
    """A TIFF file in the making: blocks are put at the end, directories last of all."""

    def __init__(self, head: bytes = b"II*\0\0\0\0\0", order: str = "<") -> None:
        self.data = bytearray(head)
        self.order = order

    def put(self, block: bytes) -> int:
        """Where a block is, at an even place."""
        self.data += bytes(len(self.data) % 2)
        at = len(self.data)
        self.data += block
        return at

    def directory(self, tags: Mapping[int, Tag], following: int = 0) -> int:
        entries = b"".join(self._entry(tag, *tags[tag]) for tag in sorted(tags))
        return self.put(struct.pack(self.order + "H", len(tags)) + entries + struct.pack(self.order + "I", following))

    def _entry(self, tag: int, kind: int, value: bytes | Sequence[int]) -> bytes:
        packed = value if isinstance(value, bytes) else struct.pack(f"{self.order}{len(value)}{_FORMATS[kind]}", *value)
        count = len(packed) // _SIZES[kind]
        inline = packed if len(packed) <= 4 else struct.pack(self.order + "I", self.put(packed))
        return struct.pack(self.order + "HHI", tag, kind, count) + inline.ljust(4, b"\0")

    def ended(self, first: int) -> bytes:
        struct.pack_into(self.order + "I", self.data, 4, first)
        return bytes(self.data)


def jpeg(
    pixels: NDArray[np.uint8], *, orientation: int | None = None, taken_at: str | None = None, quality: int = 90
) -> bytes:
    """A picture as a JPEG, with what is given in EXIF of its own."""
    exif = Image.Exif()
    exif.update({tag: value for tag, value in ((0x0112, orientation), (0x0132, taken_at)) if value is not None})
    packed = BytesIO()
    Image.fromarray(pixels).save(packed, "JPEG", quality=quality, exif=exif if len(exif) else b"")
    return packed.getvalue()


def boxed(kind: bytes, content: bytes) -> bytes:
    """A box of ISO/IEC 14496-12."""
    return (len(content) + 8).to_bytes(4, "big") + kind + content


def scenery(width: int, height: int) -> NDArray[np.uint8]:
    """A smooth picture with shades enough for a perceptual hash."""
    noise = np.random.default_rng(3).integers(0, 256, (9, 9, 3)).astype(np.uint8)
    return np.asarray(Image.fromarray(noise).resize((width, height), Image.Resampling.BICUBIC))


def mosaic(pixels: NDArray[np.uint8]) -> NDArray[np.uint16]:
    """What a sensor behind red, green, green and blue filters sees of a picture of even width and height."""
    linear = (pixels / 255.0) ** 2.2 * 16000
    seen = linear[..., 1]
    seen[::2, ::2], seen[1::2, 1::2] = linear[::2, ::2, 0], linear[1::2, 1::2, 2]
    return seen.astype(np.uint16)


def details(tiff: Tiff, taken_at: bytes | None = b"2019:07:06 21:30:00") -> dict[int, Tag]:
    """The tags that lead to EXIF with this date, and to a place."""
    place = tiff.directory(
        {
            1: (ASCII, b"N\0"),
            2: (RATIONAL, (48, 1, 51, 1, 0, 1)),
            3: (ASCII, b"E\0"),
            4: (RATIONAL, (2, 1, 21, 1, 0, 1)),
        }
    )
    if taken_at is None:
        return {0x8825: (LONG, (place,))}
    exif = tiff.directory({0x9003: (ASCII, taken_at + b"\0")})
    return {0x8769: (LONG, (exif,)), 0x8825: (LONG, (place,))}


def dng(
    seen: NDArray[np.uint8] | None,
    *previews: bytes,
    orientation: int = 1,
    taken_at: bytes | None = b"2019:07:06 21:30:00",
) -> bytes:
    """A DNG of what its sensor sees (None: it has no such directory), with previews in directories of their own."""
    tiff = Tiff()
    below = []
    for preview in previews:
        at = tiff.put(preview)
        below.append(
            tiff.directory(
                {
                    254: (LONG, (1,)),
                    259: (SHORT, (7,)),
                    262: (SHORT, (6,)),
                    273: (LONG, (at,)),
                    279: (LONG, (len(preview),)),
                }
            )
        )
    if seen is not None:
        height, width = seen.shape[:2]
        saw = mosaic(seen).tobytes()
        below.append(
            tiff.directory(
                {
                    254: (LONG, (0,)),
                    256: (LONG, (width,)),
                    257: (LONG, (height,)),
                    258: (SHORT, (16,)),
                    259: (SHORT, (1,)),
                    262: (SHORT, (32803,)),
                    273: (LONG, (tiff.put(saw),)),
                    277: (SHORT, (1,)),
                    278: (LONG, (height,)),
                    279: (LONG, (len(saw),)),
                    33421: (SHORT, (2, 2)),
                    33422: (BYTE, bytes((0, 1, 1, 2))),
                    50717: (LONG, (16000,)),
                }
            )
        )
    main: dict[int, Tag] = {
        254: (LONG, (1,)), 271: (ASCII, b"Untag\0"), 272: (ASCII, b"Made up\0"), 274: (SHORT, (orientation,)),
        330: (LONG, below), 50706: (BYTE, bytes((1, 4, 0, 0))), 50708: (ASCII, b"Untag Made up\0"),
        50721: (SRATIONAL, (1, 1, 0, 1, 0, 1, 0, 1, 1, 1, 0, 1, 0, 1, 0, 1, 1, 1)),
        50728: (RATIONAL, (1, 1, 1, 1, 1, 1)), 50778: (SHORT, (21,)), **details(tiff, taken_at),
    }  # fmt: skip
    return tiff.ended(tiff.directory(main))
