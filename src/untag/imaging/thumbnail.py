"""Small JPEG copies for reports and the review page."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO

from PIL import Image

from untag.imaging.decode import decode
from untag.imaging.limits import DEFAULT_LIMITS, Limits


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """A JPEG copy of a photo: `data` is the file, sizes are in pixels, the original's as it stands upright."""

    data: bytes
    width: int
    height: int
    original_width: int
    original_height: int


def make_thumbnail(
    data: bytes, *, max_side: int = 480, quality: int = 78, limits: Limits = DEFAULT_LIMITS
) -> Thumbnail:
    """An upright JPEG of the picture in `data`, its longer side at most `max_side` pixels, without any metadata.

    Nothing of EXIF, XMP or colour profile is carried over, so a shared report tells no places. `quality` is libjpeg's,
    1 to 95. Raises ReadFailure as `decode` does.
    """
    frame = decode(data, max_side=max_side, limits=limits, partial=True)
    height, width = frame.pixels.shape[:2]
    buffer = BytesIO()
    Image.fromarray(frame.pixels).save(buffer, "JPEG", quality=quality, optimize=True)
    return Thumbnail(buffer.getvalue(), width, height, frame.width, frame.height)
