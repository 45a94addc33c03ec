"""From a rendered or painted plate to a file as a phone would have written it."""

from __future__ import annotations

import io
from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image

Array = np.ndarray
CAMERA = ("Untag Optics", "Pocket 3")
_ORIENT = {1: lambda a: a, 3: lambda a: np.rot90(a, 2), 6: lambda a: np.rot90(a, 1), 8: lambda a: np.rot90(a, -1)}


@dataclass(frozen=True, slots=True)
class Finish:
    """What happens between the lens and the file. `crop` is left, top, right, bottom in fractions; `warmth` is -1..1.

    `grain` seeds the noise, so that a photo stays the same wherever it lies.
    """

    crop: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0)
    width: int | None = None
    mirror: bool = False
    rotate: float = 0.0
    gamma: float = 1.0
    warmth: float = 0.0
    shadow: float = 0.0
    grey: bool = False
    blur: float = 0.0
    motion: int = 0
    noise: float = 0.008
    quality: int = 87
    taken: str | None = None
    orientation: int = 1
    grain: int = 0


def finish(plate: Array, how: Finish) -> Array:
    """(h, w, 3) float sRGB in and out, upright."""
    rng = np.random.default_rng(how.grain)
    h, w = plate.shape[:2]
    image = plate.astype(np.float32)
    if how.rotate:
        zoom = 1 + abs(np.sin(np.radians(how.rotate))) * max(w / h, h / w)
        matrix = cv2.getRotationMatrix2D((w / 2, h / 2), how.rotate, zoom)
        image = cv2.warpAffine(image, matrix, (w, h), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
    left, top, right, bottom = how.crop
    image = image[int(top * h) : int(bottom * h), int(left * w) : int(right * w)]
    if how.mirror:
        image = image[:, ::-1]
    if how.width is not None:
        factor = how.width / image.shape[1]
        kind = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
        image = cv2.resize(image, (how.width, round(image.shape[0] * factor)), interpolation=kind)
    image = np.clip(image, 0, 1) ** how.gamma
    image = image * np.array([1 + 0.16 * how.warmth, 1.0, 1 - 0.20 * how.warmth], np.float32)
    h, w = image.shape[:2]
    x, y = np.linspace(-1, 1, w)[None, :, None], np.linspace(-1, 1, h)[:, None, None]
    image = image * (1 - how.shadow * (0.5 + 0.5 * x)) * (1 - 0.10 * (x**2 + y**2) / 2)
    if how.grey:
        image = np.repeat((image @ np.array([0.30, 0.59, 0.11]))[..., None], 3, axis=2)
    if how.blur:
        image = cv2.GaussianBlur(image.astype(np.float32), (0, 0), how.blur)
    if how.motion:
        image = cv2.filter2D(image.astype(np.float32), -1, np.full((1, how.motion), 1 / how.motion, np.float32))
    grain = cv2.GaussianBlur(rng.standard_normal(image.shape).astype(np.float32), (0, 0), 0.6)
    return np.clip(image + how.noise * 1.6 * grain, 0, 1)


def encode(image: Array, how: Finish, suffix: str) -> bytes:
    """The file: JPEG, PNG or WebP by `suffix`; JPEG carries EXIF when a date or a turn is asked for."""
    stored = np.ascontiguousarray(_ORIENT[how.orientation](image))
    picture = Image.fromarray((stored * 255 + 0.5).astype(np.uint8))
    out = io.BytesIO()
    if suffix == ".png":
        picture.save(out, "PNG", optimize=True)
    elif suffix == ".webp":
        picture.save(out, "WEBP", quality=how.quality, method=6)
    else:
        exif = Image.Exif()
        if how.orientation != 1:
            exif[0x0112] = how.orientation
        if how.taken is not None:
            exif[0x010F], exif[0x0110] = CAMERA
            exif[0x0132] = how.taken
            exif.get_ifd(0x8769)[0x9003] = how.taken
        picture.save(
            out, "JPEG", quality=how.quality, optimize=True, subsampling=2, **({"exif": exif} if len(exif) else {})
        )
    return out.getvalue()
