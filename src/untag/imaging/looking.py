"""All that a file shows: its picture, and what it shows later if it moves."""

from __future__ import annotations

from dataclasses import replace

from untag.imaging.animation import later_moments
from untag.imaging.decode import decode
from untag.imaging.limits import Limits
from untag.types import Frame


def look_through(data: bytes, *, max_side: int, limits: Limits) -> Frame:
    """The picture as `decode` gives it, as far as it goes, with the moments after it. Raises ReadFailure."""
    frame = decode(data, max_side=max_side, limits=limits, partial=True)
    moments = later_moments(data, max_side=max_side, limits=limits)
    return replace(frame, moments=moments) if moments else frame
