"""All that a file shows: its picture, and what it shows later if it moves."""

from __future__ import annotations

from dataclasses import replace

from untag.imaging.animation import later_moments
from untag.imaging.decode import decode
from untag.imaging.limits import Limits
from untag.imaging.motion import with_motion
from untag.types import Frame


def look_through(data: bytes, *, max_side: int, limits: Limits) -> Frame:
    """The picture as `decode` gives it, as far as it goes, with the moments after it. Raises ReadFailure."""
    return with_moments(decode(data, max_side=max_side, limits=limits, partial=True), data, max_side, limits)


def with_moments(frame: Frame, data: bytes, max_side: int, limits: Limits) -> Frame:
    """The frame of a picture with what it shows later, as an animation or as a motion photo. Raises nothing."""
    moments = later_moments(data, max_side=max_side, limits=limits)
    if moments:
        return replace(frame, moments=moments)
    return with_motion(frame, data, max_side=max_side, limits=limits)
