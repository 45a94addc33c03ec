"""Which frames of a video or an animation are looked at: those that differ, not too close together, and not too many.

The times stay spread over the whole of it: where there are too many, every other one is dropped, and from there on they
are taken further apart. Nothing depends on how long a file says that it is.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from untag.types import Moment, Pixels

MOST_MOMENTS = 240
"""Frames of one file that are looked at."""

_SEEN = (64, 36)
_DIFFERENT = 8
"""Levels of 255 by which one of `_SEEN` parts must differ. Noise changes them by some 3; a turned head does."""

_LOSSLESS_BYTES = 96 * 1024
"""Drawings and small animations are kept as they are; a JPEG smears their few colours and takes more."""

_JPEG_QUALITY = 95


_CLOCK = 0.001
"""Seconds that times are off: files round them."""


class Chosen:
    """The frames chosen so far, by their times. `most` of them at once, `apart` seconds between two, at least."""

    def __init__(self, *, apart: float, most: int = MOST_MOMENTS) -> None:
        self.times: list[float] = []
        self._apart = apart
        self._most = most
        self._seen: NDArray[np.int16] | None = None

    def is_due(self, at: float) -> bool:
        """Whether a frame at this time comes late enough behind the one before."""
        return not self.times or at - self.times[-1] >= self._apart - _CLOCK

    def add(self, at: float, pixels: Pixels) -> bool:
        """Take the frame at this time, unless it shows what the one before does; whether it was taken."""
        seen = cv2.resize(pixels, _SEEN, interpolation=cv2.INTER_AREA).astype(np.int16)
        if self._seen is not None and int(np.abs(seen - self._seen).max()) < _DIFFERENT:
            return False
        self._seen = seen
        self.times.append(at)
        return True

    def thin(self, *, anyway: bool = False) -> bool:
        """Drop every other frame where there are too many, or `anyway`; whether that was so."""
        if len(self.times) <= self._most and not (anyway and len(self.times) > 1):
            return False
        span = self.times[-1] - self.times[0]
        self.times = self.times[::2]
        self._apart = max(2 * self._apart, 2 * span / self._most)
        return True


def kept_moment(at: float, pixels: Pixels, quality: int = _JPEG_QUALITY) -> Moment:
    """A frame, (height, width, 3) uint8 RGB, as it waits for the models; `quality` is libjpeg's, where it counts."""
    bgr = cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR)
    if pixels.size <= 64 * _LOSSLESS_BYTES:
        _, packed = cv2.imencode(".png", bgr, [cv2.IMWRITE_PNG_COMPRESSION, 1])
        if len(packed) <= _LOSSLESS_BYTES:
            return Moment(at, packed.tobytes())
    _, packed = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return Moment(at, packed.tobytes())
