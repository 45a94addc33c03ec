"""Animated GIF, WebP and PNG: the frames after the first that show something else."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from io import BytesIO
from itertools import count
from typing import cast

from PIL import Image
from PIL.ImageFile import ImageFile

from untag.imaging import gif, png
from untag.imaging.limits import Limits
from untag.imaging.moments import Chosen, kept_moment
from untag.imaging.pixels import to_rgb
from untag.imaging.sniff import SNIFF_BYTES, ImageFormat, sniff
from untag.types import Moment, Pixels

_MOST_PASSED = 1_000_000_000
"""Pixels of all frames together: some ten seconds of work. What comes after is not looked at."""

_LEAST_PASSED = 10_000
"""What a frame counts for however small it is: it takes 40 microseconds even with a single pixel."""

_MOST_MOMENTS = 60
_BYTES_A_PIXEL = 16
"""A frame, the one below it, and both with transparency."""

_SHORTEST, _USUAL = 0.02, 0.1
"""Browsers show a frame that is to be shorter than this for a tenth of a second."""

_CODECS = {
    ImageFormat.GIF: ("PIL.GifImagePlugin", "GifImageFile", b"GIF8"),
    ImageFormat.WEBP: ("PIL.WebPImagePlugin", "WebPImageFile", b"ANIM"),
    ImageFormat.PNG: ("PIL.PngImagePlugin", "PngImageFile", b"acTL"),
}
"""The class that reads each, and what is in each that moves: behind a profile or metadata of any length."""


def later_moments(data: bytes, *, max_side: int, limits: Limits) -> tuple[Moment, ...]:
    """What an animation shows after its first frame, where that differs; nothing for any other picture.

    At most 60 frames, spread over all of it, and a thousand million pixels are decoded for them. A frame that is
    damaged ends it: what came before counts. Raises nothing.
    """
    image_format = sniff(data[:SNIFF_BYTES])
    if image_format not in _CODECS:
        return ()
    module, name, mark = _CODECS[image_format]
    if mark not in data:  # a still picture is not opened a second time
        return ()
    chosen = Chosen(apart=0.0, most=_MOST_MOMENTS)
    moments: list[Moment] = []
    try:
        frames, canvas = _frames_alone(data, image_format)
        with getattr(importlib.import_module(module), name)(BytesIO(frames)) as image:
            for at, pixels in _frames(cast("ImageFile", image), canvas, max_side, limits):
                if chosen.is_due(at) and chosen.add(at, pixels):
                    moments.append(kept_moment(at, pixels))
                    if chosen.thin():
                        moments = moments[::2]
    except (MemoryError, Image.DecompressionBombError):
        pass
    except Exception:  # noqa: S110 - codecs raise anything at all; the first frame has been read, and stands
        pass
    return tuple(moments[1:])


def _frames_alone(data: bytes, image_format: ImageFormat) -> tuple[bytes, tuple[int, int]]:
    """The file without what is not shown and would be kept; the size that later frames need, where that is known."""
    most = _MOST_PASSED // _LEAST_PASSED
    if image_format is ImageFormat.GIF:
        frames, *canvas = gif.all_frames(data, most)
        return frames, (canvas[0], canvas[1])
    return png.all_frames(data, most) if image_format is ImageFormat.PNG else data, (0, 0)


def _frames(image: ImageFile, canvas: tuple[int, int], max_side: int, limits: Limits) -> Iterator[tuple[float, Pixels]]:
    """Each frame with the second at which it is shown."""
    width, height = map(max, image.size, canvas)
    if not getattr(image, "is_animated", False) or width * height > limits.max_pixels:
        return
    at = 0.0
    for number in count():
        if (number + 1) * max(width * height, _LEAST_PASSED) > _MOST_PASSED:
            return
        with limits.decoding(width, height, width * height * _BYTES_A_PIXEL):
            try:
                image.seek(number)
            except EOFError:
                return
            image.load()
            pixels = to_rgb(image, max_side)
        yield at, pixels
        shown = float(image.info.get("duration") or 0) / 1000
        at += shown if shown >= _SHORTEST else _USUAL
