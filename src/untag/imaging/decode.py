"""Bytes to an upright RGB `Frame`, for any picture that people keep, with a reason for every one that cannot be read.

Pillow decodes everything. For JPEG (`benchmarks/decode.py`) it takes at most 1.14 times as long as simplejpeg and 1.07
times as long as OpenCV at reduced scales, 1.4 to 1.8 and 1.2 to 1.5 times at full scale (3 ms for 2 megapixels), with
identical pixels. That is little beside inference, and the others are less robust: OpenCV prints libjpeg's remarks on
the process's standard error, and simplejpeg either refuses pictures with small faults or accepts cut-off ones.
"""

from __future__ import annotations

import ctypes
import importlib
import logging
import re
import warnings
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from typing import cast

import cv2
from PIL import BmpImagePlugin, GifImagePlugin, Image, JpegImagePlugin, PngImagePlugin, TiffImagePlugin, WebPImagePlugin
from PIL.ImageFile import ImageFile

from untag.errors import ReadFailure
from untag.imaging.exif import has_coordinates, read_orientation, read_taken_at, upright, upright_size
from untag.imaging.limits import DEFAULT_LIMITS, Limits
from untag.imaging.pixels import to_rgb
from untag.imaging.sniff import SNIFF_BYTES, ImageFormat, describe, sniff, unsupported_name
from untag.imaging.xmp import read_named
from untag.types import Frame, Outcome, Pixels

_MAX_SCANS = 100
"""Progressive scans allowed in a JPEG. Encoders write about ten; each costs a pass over the whole picture, so a file of
kilobytes could ask for hours. libjpeg-turbo's own tools stop at a number of scans for the same reason."""

# The classes are used directly, not through Image.open: that would try formats that run programs (EPS) or that nobody
# keeps photos in, and would warn and raise at Pillow's own, process-wide pixel limit instead of ours.
_CODECS: dict[ImageFormat, type[ImageFile]] = {
    ImageFormat.JPEG: JpegImagePlugin.JpegImageFile,
    ImageFormat.PNG: PngImagePlugin.PngImageFile,
    ImageFormat.GIF: GifImagePlugin.GifImageFile,
    ImageFormat.BMP: BmpImagePlugin.BmpImageFile,
    ImageFormat.TIFF: TiffImagePlugin.TiffImageFile,
    ImageFormat.WEBP: WebPImagePlugin.WebPImageFile,
}
_OPTIONAL_CODECS = {
    ImageFormat.HEIF: ("pillow_heif", "HeifImageFile", "install untag[heif]"),
    ImageFormat.AVIF: ("PIL.AvifImagePlugin", "AvifImageFile", "install Pillow 11.3 or newer"),
}
# What codecs say of a picture that is sound but of a kind that they were not built for.
_UNUSUAL = ("unsupported", "not supported", "cannot handle", "not implemented", "unknown pixel mode")
_QUIET = ("ignore", None, Warning, re.compile(r"PIL\.|pillow_heif"), 0)


FINER_PIXELS = 50_000_000
"""A second look at a photo never holds more than this many decoded pixels: larger ones are seen at half their size."""


@dataclass(frozen=True, slots=True)
class EncodedPhoto:
    """A photo's bytes, for a second look at it: a `Finer`."""

    data: bytes
    long_side: int
    limits: Limits

    @property
    def nbytes(self) -> int:
        return len(self.data)

    def pixels(self, max_side: int) -> Pixels | None:
        """See `Finer`. At most `FINER_PIXELS` are decoded: of a JPEG that has more, a half, a quarter or an eighth."""
        limits = Limits(min(self.limits.max_pixels, FINER_PIXELS), self.limits.max_bytes)
        for divisor in (1, 2, 4, 8):
            try:
                side = min(max_side, -(-self.long_side // divisor))
                return decode(self.data, max_side=side, limits=limits).pixels
            except ReadFailure as failure:
                if failure.outcome is not Outcome.TOO_LARGE:
                    return None
        return None


def decode(data: bytes, *, max_side: int, limits: Limits = DEFAULT_LIMITS) -> Frame:
    """Decode one picture upright, with its longer side at most `max_side` pixels (0: full size). Never enlarges.

    A JPEG is decoded at 1/2, 1/4 or 1/8 where that leaves at least `max_side`; then all is resized. The frame of a
    reduced picture keeps `data` for a second look.
    Animations give their first frame, multi-page files their first page. Raises ReadFailure, and nothing else, with a
    sentence for the user: EMPTY, NOT_AN_IMAGE, UNSUPPORTED, TOO_LARGE (judged before decoding), or BROKEN. A picture
    that is cut off is BROKEN even when its top could be shown: a part would pass for the whole.
    """
    if not data:
        raise ReadFailure(Outcome.EMPTY, "the file is empty")
    limits.check_bytes(len(data))
    image_format = sniff(data[:SNIFF_BYTES])
    if image_format is None:
        raise _unknown(data[:SNIFF_BYTES])
    codec = _codec(image_format)
    _quieten()
    try:
        with codec(BytesIO(data)) as image:
            return _decode_open(image, data, max_side, limits)
    except ReadFailure:
        raise
    except MemoryError as error:
        raise ReadFailure(Outcome.TOO_LARGE, "the picture does not fit in memory") from error
    except Image.DecompressionBombError as error:  # Pillow's own limit, still asked for the frames of a GIF
        raise ReadFailure(Outcome.TOO_LARGE, "it claims more pixels than can be decoded") from error
    except Exception as error:  # codecs raise anything at all on damaged input: struct.error, IndexError, KeyError …
        raise _broken(image_format, len(data), error) from error


def _decode_open(image: ImageFile, data: bytes, max_side: int, limits: Limits) -> Frame:
    width, height = image.size
    if width < 1 or height < 1:
        raise ReadFailure(Outcome.BROKEN, "the picture has no pixels")
    decoded_pixels = width * height
    if isinstance(image, JpegImagePlugin.JpegImageFile):
        decoded_pixels = _reduce_jpeg(image, data, max_side, limits)
    limits.check_pixels(width, height, decoded_pixels)
    taken_at, has_place = read_taken_at(image), has_coordinates(image)
    stored_orientation = read_orientation(image)
    image.load()
    # Asked only now because loading a TIFF turns it upright and says so; the stored size then follows the loaded one.
    orientation = read_orientation(image)
    if not isinstance(image, JpegImagePlugin.JpegImageFile):
        width, height = image.size
    pixels = upright(_fit(to_rgb(image), max(width, height), max_side), orientation)
    width, height = upright_size(width, height, orientation)
    finer = EncodedPhoto(data, max(width, height), limits) if pixels.shape[1] < width else None
    # Asked only now because in a PNG it may come behind the pixels.
    named = read_named(image.info.get("xmp"), width, height, stored_orientation)
    return Frame(pixels, width, height, pixels.shape[1] / width, taken_at, finer, has_place, named)


def _reduce_jpeg(image: JpegImagePlugin.JpegImageFile, data: bytes, max_side: int, limits: Limits) -> int:
    """Choose libjpeg's reduced decoding and return the number of pixels that decoding will hold in memory."""
    width, height = image.size
    divisor = jpeg_divisor(max(width, height), max_side)
    if divisor > 1:
        image.draft(image.mode, (max(width // divisor, 1), max(height // divisor, 1)))
    if _is_baseline(image, data):
        return image.size[0] * image.size[1]
    # A progressive or non-interleaved picture is held as coefficients in full, whatever the scale.
    scans = data.count(b"\xff\xda")
    if scans > _MAX_SCANS:
        raise ReadFailure(Outcome.UNSUPPORTED, f"a progressive JPEG in {scans:,} scans; at most {_MAX_SCANS} are read")
    limits.check_pixels(width, height, width * height)
    return width * height


def jpeg_divisor(long_side: int, max_side: int) -> int:
    """The largest of 1, 2, 4, 8 by which a JPEG can be reduced and still be `max_side` long; 1 when that is 0."""
    if max_side <= 0:
        return 1
    return next((divisor for divisor in (8, 4, 2) if -(-long_side // divisor) >= max_side), 1)


def _is_baseline(image: JpegImagePlugin.JpegImageFile, data: bytes) -> bool:
    """Whether the JPEG has a single scan with all its channels, which libjpeg decodes row by row."""
    if image.info.get("progressive"):
        return False
    assert image.fp is not None
    # Opening stops behind the first start-of-scan segment: FF DA, a length of 6 + 2 for each channel, the channels.
    length = 6 + 2 * image.layers
    start = image.fp.tell() - length - 2
    return start >= 0 and data[start : start + 4] == b"\xff\xda" + length.to_bytes(2, "big")


def _fit(pixels: Pixels, long_side: int, max_side: int) -> Pixels:
    """Bring `pixels` down to `max_side`, where `long_side` is that of the picture before any reduction."""
    if max_side <= 0 or long_side <= max_side:
        return pixels
    height, width = pixels.shape[:2]
    factor = max_side / max(width, height)
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    if size == (width, height):
        return pixels
    # Below a factor of 2, where libjpeg leaves most photos, bilinear uses every pixel: it takes a sixth of the time of
    # area averaging (1.7 against 11 ms for 1600 to 1280 pixels) and comes closer to Lanczos (off by 0.83 against 0.95).
    interpolation = cv2.INTER_LINEAR if factor > 0.5 else cv2.INTER_AREA
    return cast("Pixels", cv2.resize(pixels, size, interpolation=interpolation))


def _codec(image_format: ImageFormat) -> type[ImageFile]:
    if image_format in _CODECS:
        return _CODECS[image_format]
    module, name, advice = _OPTIONAL_CODECS[image_format]
    try:
        return cast("type[ImageFile]", getattr(importlib.import_module(module), name))
    except ImportError as error:
        message = f"{image_format.value} pictures need another package: {advice}"
        raise ReadFailure(Outcome.UNSUPPORTED, message) from error


def _unknown(head: bytes) -> ReadFailure:
    name = unsupported_name(head)
    if name is not None:
        return ReadFailure(Outcome.UNSUPPORTED, f"{name}; untag does not read this format")
    return ReadFailure(Outcome.NOT_AN_IMAGE, f"not an image (it starts like {describe(head)})")


def _broken(image_format: ImageFormat, size: int, error: Exception) -> ReadFailure:
    detail = str(error).strip().rstrip(".")
    if any(word in detail.lower() for word in _UNUSUAL):
        return ReadFailure(Outcome.UNSUPPORTED, f"an unusual kind of {image_format.value} ({detail})")
    if isinstance(error, EOFError) or "truncated" in detail.lower() or "unexpected end" in detail.lower():
        return ReadFailure(Outcome.BROKEN, f"the picture is cut off: its {size:,} bytes end before the picture does")
    return ReadFailure(Outcome.BROKEN, f"the {image_format.value} data is damaged")


def _quieten() -> None:
    """Keep the codecs' remarks about odd and broken files off the standard error: a ReadFailure says it better.

    Set for the process at the first picture and left so: `warnings.catch_warnings` is not safe with decoder threads.
    """
    if _QUIET in warnings.filters:
        return
    warnings.filterwarnings("ignore", module=_QUIET[3].pattern)
    logging.getLogger("PIL").addHandler(logging.NullHandler())
    # libtiff prints its errors itself, and Pillow has no switch for it. Linked statically it cannot be reached.
    with suppress(OSError, AttributeError):
        ctypes.CDLL(importlib.import_module("PIL._imaging").__file__).TIFFSetErrorHandler(None)
