"""Small pictures for a report."""

from __future__ import annotations

import io
from dataclasses import dataclass

from PIL import Image

from untag.types import Pixels

LONG_SIDE = 480
"""In pixels: sharp on a phone at full width and on a doubled display in the grid, at about 30 kB a photo."""

_QUALITY = 78


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """An upright JPEG without metadata in `data`, its size, and that of the upright original, all in pixels."""

    data: bytes
    width: int
    height: int
    original_width: int
    original_height: int


def thumbnail_of(pixels: Pixels, width: int, height: int) -> Thumbnail:
    """Shrinks a decoded photo; `width` and `height` are those of the upright original; `pixels` may be reduced.

    The picture is made from the pixels alone, so that no place, date or serial number of the original can come along.
    """
    image = Image.fromarray(pixels)
    image.thumbnail((LONG_SIDE, LONG_SIDE), Image.Resampling.LANCZOS, reducing_gap=3.0)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=_QUALITY, optimize=True, progressive=True)
    return Thumbnail(buffer.getvalue(), image.width, image.height, width, height)
