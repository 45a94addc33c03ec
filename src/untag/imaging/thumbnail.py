"""Small JPEG copies for reports and the review page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from io import BytesIO

from PIL import Image

from untag.imaging.decode import decode
from untag.imaging.limits import DEFAULT_LIMITS, Limits
from untag.imaging.looking import with_moments
from untag.types import Frame, Moment


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """A JPEG copy of a photo: `data` is the file, sizes are in pixels, the original's as it stands upright."""

    data: bytes
    width: int
    height: int
    original_width: int
    original_height: int


def make_thumbnail(
    data: bytes, *, max_side: int = 480, quality: int = 78, limits: Limits = DEFAULT_LIMITS, at: float = 0.0
) -> Thumbnail:
    """An upright JPEG of the picture in `data`, its longer side at most `max_side` pixels, without any metadata.

    Nothing of EXIF, XMP or colour profile is carried over, so a shared report tells no places. `quality` is libjpeg's,
    1 to 95. Of what moves it is the frame that is shown at the second `at`. Raises ReadFailure as `decode` does.
    """
    frame = decode(data, max_side=max_side, limits=limits, partial=True)
    if at > 0:
        frame = at_moment(frame, with_moments(frame, data, max_side, limits).moments, at)
    return thumbnail_of(frame, quality)


def at_moment(frame: Frame, moments: Sequence[Moment], at: float) -> Frame:
    """The last of the moments until the second `at`; the frame itself where there is none."""
    moment = next((one for one in reversed(moments) if one.at <= at), None)
    return frame if moment is None else replace(frame, pixels=decode(moment.data, max_side=0).pixels)


def thumbnail_of(frame: Frame, quality: int) -> Thumbnail:
    """A decoded picture as a JPEG, as small as it is."""
    height, width = frame.pixels.shape[:2]
    buffer = BytesIO()
    Image.fromarray(frame.pixels).save(buffer, "JPEG", quality=quality, optimize=True)
    return Thumbnail(buffer.getvalue(), width, height, frame.width, frame.height)
