"""Every colour mode that the codecs produce, as RGB with 8 bits a channel."""

from __future__ import annotations

from typing import cast

import cv2
import numpy as np
from PIL import Image

from untag.types import Pixels

_WITH_ALPHA = frozenset(("RGBA", "LA", "PA", "RGBa", "La"))


def to_rgb(image: Image.Image) -> Pixels:
    """The pixels of a loaded image as a (height, width, 3) uint8 RGB array, which may be read-only.

    Transparency is laid on white, as web pages show it. Grey of 16 bits keeps its upper 8; 32-bit and floating-point
    grey has no defined white, so its brightest pixel becomes white. Colour profiles are not applied: the models were
    trained on pixels as stored, and a wide-gamut photo read as sRGB is a little paler, nothing a detector notices.
    Raises ValueError for a mode that has no conversion.
    """
    if image.mode.startswith("I;16"):
        return _grey_to_rgb((np.asarray(image) >> 8).astype(np.uint8))
    if image.mode in ("I", "F"):
        return _grey_to_rgb(_stretched(np.asarray(image)))
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


def _stretched(values: np.ndarray) -> Pixels:
    finite = np.nan_to_num(values.astype(np.float32), nan=0.0, posinf=0.0, neginf=0.0).clip(min=0)
    # A 16-bit picture arrives as 32-bit grey from older Pillow; its white is 65535 whatever its brightest pixel is.
    white = 65535.0 if values.dtype.kind == "i" and finite.max() <= 65535 else float(finite.max())
    return (finite * (255.0 / white if white > 0 else 0.0)).astype(np.uint8)
