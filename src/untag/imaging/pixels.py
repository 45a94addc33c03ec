"""Every colour mode that the codecs produce, as RGB with 8 bits a channel, strip by strip.

A large picture is never held twice: what is made smaller is made so from one strip at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from untag.types import Pixels

STRIP_PIXELS = 64_000
"""Converted at a time; a strip of them takes 20 MB with all copies."""

_WITH_ALPHA = frozenset(("RGBA", "LA", "PA", "RGBa", "La"))
_BYTES = {"1": 1, "L": 1, "P": 1}
_Strips = Callable[[int, int], Pixels]
"""Rows `top` to `bottom` of a picture as (bottom - top, width, 3) RGB."""


def bytes_a_pixel(mode: str) -> int:
    """What Pillow takes for a pixel of this mode; it keeps RGB and grey with transparency in four bytes."""
    return 2 if mode.startswith("I;16") else _BYTES.get(mode, 4)


def to_rgb(image: Image.Image, max_side: int = 0) -> Pixels:
    """A loaded image as a (height, width, 3) uint8 RGB array, its longer side at most `max_side` (0: all).

    Transparency is laid on white, as web pages show it. Grey of 16 bits keeps its upper 8; 32-bit and floating-point
    grey has no defined white, so its brightest pixel becomes white. Colour profiles are not applied: the models were
    trained on pixels as stored, and a wide-gamut photo read as sRGB is a little paler, nothing a detector notices.
    Raises ValueError for a mode that has no conversion.
    """
    white = _white(image) if image.mode in ("I", "F") else 0.0
    return fit(*image.size, max_side, lambda top, bottom: _rgb(image.crop((0, top, image.width, bottom)), white))


def array_to_rgb(pixels: NDArray[np.uint8], max_side: int = 0, *, bgr: bool = False) -> Pixels:
    """The same for an array of grey, RGB or RGBA (or BGR, BGRA) pixels."""
    height, width = pixels.shape[:2]
    return fit(width, height, max_side, lambda top, bottom: _rgb_of_array(pixels[top:bottom], bgr=bgr))


def fit(width: int, height: int, max_side: int, strips: _Strips) -> Pixels:
    """All strips of a picture together, made smaller so that its longer side is at most `max_side` (0: any)."""
    long_side = max(width, height)
    if max_side <= 0 or long_side <= max_side:
        return _joined(width, height, 1, strips)
    # To the nearest whole divisor at once, while it is in strips; what is left is less than a half.
    pixels = _joined(width, height, long_side // max_side, strips)
    factor = max_side / long_side
    return shrink(pixels, (max(1, round(width * factor)), max(1, round(height * factor))))


def shrink(pixels: Pixels, size: tuple[int, int]) -> Pixels:
    """`pixels` brought down to `size`, width and height."""
    width = pixels.shape[1]
    if size == (width, pixels.shape[0]):
        return pixels
    # Below a factor of 2, where libjpeg leaves most photos, bilinear uses every pixel: it takes a sixth of the time of
    # area averaging (1.7 against 11 ms for 1600 to 1280 pixels) and comes closer to Lanczos (off by 0.83 against 0.95).
    smooth = max(size) > 0.5 * max(pixels.shape[:2])
    return cast("Pixels", cv2.resize(pixels, size, interpolation=cv2.INTER_LINEAR if smooth else cv2.INTER_AREA))


def _joined(width: int, height: int, divisor: int, strips: _Strips) -> Pixels:
    """The picture at a whole part of its size, from one strip at a time."""
    if width * height <= STRIP_PIXELS and divisor == 1:
        return strips(0, height)
    columns, rows = max(1, width // divisor), max(1, height // divisor)
    joined = np.empty((rows, columns, 3), np.uint8)
    for top, bottom in _ranges(rows, max(1, STRIP_PIXELS // (width * divisor))):
        below = height if bottom == rows else bottom * divisor
        strip = strips(top * divisor, below)
        if divisor > 1:
            strip = cast("Pixels", cv2.resize(strip, (columns, bottom - top), interpolation=cv2.INTER_AREA))
        joined[top:bottom] = strip
    return joined


def _ranges(rows: int, step: int) -> Iterator[tuple[int, int]]:
    return ((top, min(top + step, rows)) for top in range(0, rows, step))


def _rgb_of_array(pixels: NDArray[np.uint8], *, bgr: bool) -> Pixels:
    channels = 1 if pixels.ndim == 2 else pixels.shape[2]
    if channels == 1:
        return _grey_to_rgb(pixels)
    if channels == 4:
        pixels = _on_white(Image.fromarray(np.ascontiguousarray(pixels)))
    # A copy whatever it is: the array may be one over memory that its codec frees.
    return cast("Pixels", cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB)) if bgr else np.array(pixels, order="C")


def _rgb(image: Image.Image, white: float) -> Pixels:
    if image.mode.startswith("I;16"):
        return _grey_to_rgb((np.asarray(image) >> 8).astype(np.uint8))
    if image.mode in ("I", "F"):
        values = _finite(np.asarray(image))
        return _grey_to_rgb((values * (255.0 / white if white > 0 else 0.0)).astype(np.uint8))
    if image.mode in _WITH_ALPHA or "transparency" in image.info:
        return _on_white(image.convert("RGBA"))
    if image.mode == "L":
        return _grey_to_rgb(np.asarray(image))
    if image.mode != "RGB":
        image = image.convert("RGB")
    return np.asarray(image)


def _on_white(image: Image.Image) -> Pixels:
    white = Image.new("RGB", image.size, (255, 255, 255))
    white.paste(image, mask=image.getchannel("A"))
    return np.asarray(white)


def _grey_to_rgb(grey: Pixels) -> Pixels:
    return cast("Pixels", cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB))


def _white(image: Image.Image) -> float:
    """What the brightest pixel of a picture without a defined white is."""
    step = max(1, STRIP_PIXELS // image.width)
    strips = (image.crop((0, top, image.width, bottom)) for top, bottom in _ranges(image.height, step))
    brightest = max(float(_finite(np.asarray(strip)).max()) for strip in strips)
    # A 16-bit picture arrives as 32-bit grey from older Pillow; its white is 65535 whatever its brightest pixel is.
    return 65535.0 if image.mode == "I" and brightest <= 65535 else brightest


def _finite(values: NDArray[np.generic]) -> NDArray[np.float32]:
    finite = np.nan_to_num(values.astype(np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    return cast("NDArray[np.float32]", finite.clip(min=0))
