"""Bytes to an upright RGB `Frame`, for any picture that people keep, or a reason why it cannot be read."""

from __future__ import annotations

import ctypes
import importlib
import logging
import re
import warnings
from contextlib import suppress
from dataclasses import dataclass

import cv2
from PIL import Image

from untag.errors import ReadFailure
from untag.imaging.codecs import CutOff, Picture, TooLong, read_picture
from untag.imaging.exif import upright, upright_size
from untag.imaging.limits import DEFAULT_LIMITS, Limits
from untag.imaging.sniff import SNIFF_BYTES, ImageFormat, describe, sniff, unsupported_name
from untag.imaging.xmp import read_named
from untag.types import Fault, Frame, Outcome, Pixels

# What codecs say of a picture that is sound but of a kind that they were not built for.
_UNUSUAL = ("unsupported", "not supported", "cannot handle", "not implemented", "unknown pixel mode")
_QUIET = ("ignore", None, Warning, re.compile(r"PIL\.|pi_heif"), 0)


_LARGE_PIXELS = 20_000_000
"""Of a picture that the next one needs not be as large as: what it took is given back to the system."""

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
                return decode(self.data, max_side=side, limits=limits, partial=True).pixels
            except ReadFailure as failure:
                if failure.outcome is not Outcome.TOO_LARGE:
                    return None
        return None


def decode(data: bytes, *, max_side: int, limits: Limits = DEFAULT_LIMITS, partial: bool = False) -> Frame:
    """Decode one picture upright, with its longer side at most `max_side` pixels (0: full size). Never enlarges.

    A JPEG is decoded at 1/2, 1/4 or 1/8 where that leaves at least `max_side`; then all is resized. The frame of a
    reduced picture keeps `data` for a second look.
    Animations give their first frame, multi-page files their first page. Metadata never stop a picture.
    Raises ReadFailure, and nothing else, with a sentence for the user: EMPTY, NOT_AN_IMAGE, UNSUPPORTED, TOO_LARGE
    (judged before decoding), or BROKEN. A picture that is cut off or damaged is BROKEN even when its top could be
    shown, since a part would pass for the whole; with `partial` it is a frame as far as it goes, with a
    `fault` that says so.
    """
    if not data:
        raise ReadFailure(Outcome.EMPTY, "the file is empty")
    limits.check_bytes(len(data))
    image_format = sniff(data[:SNIFF_BYTES])
    if image_format is None:
        raise _unknown(data[:SNIFF_BYTES])
    _quieten()
    try:
        picture = read_picture(image_format, data, max_side, limits)
        if picture.width * picture.height > _LARGE_PIXELS:
            _return_memory()
        fault = None if picture.problem is None else _fault(image_format, len(data), picture.problem)
        if fault is not None and (not partial or not _shows_anything(picture.pixels)):
            raise ReadFailure(fault.outcome, fault.error)
        return _frame(picture, data, limits, fault)
    except ReadFailure:
        raise
    except MemoryError as error:
        raise ReadFailure(Outcome.TOO_LARGE, "the picture does not fit in memory") from error
    except Image.DecompressionBombError as error:  # Pillow's own limit, still asked for the frames of a GIF
        raise ReadFailure(Outcome.TOO_LARGE, "it claims more pixels than can be decoded") from error
    except Exception as error:  # codecs raise anything at all on damaged input: struct.error, IndexError, KeyError …
        fault = _fault(image_format, len(data), error)
        raise ReadFailure(fault.outcome, fault.error) from error


def _frame(picture: Picture, data: bytes, limits: Limits, fault: Fault | None) -> Frame:
    exif = picture.exif
    pixels = upright(picture.pixels, exif.orientation)
    width, height = upright_size(picture.width, picture.height, exif.orientation)
    again = data if picture.again is None else picture.again
    finer = EncodedPhoto(again, max(width, height), limits) if pixels.shape[1] < width else None
    named = read_named(picture.xmp, width, height, exif.orientation)
    scale = pixels.shape[1] / width
    return Frame(pixels, width, height, scale, exif.taken_at, finer, exif.has_place, named, fault)


def _shows_anything(pixels: Pixels) -> bool:
    """Whether a picture that was cut off has more than the one colour that decoders fill up with."""
    return bool((pixels != pixels[0, 0]).any())


def _unknown(head: bytes) -> ReadFailure:
    name = unsupported_name(head)
    if name is not None:
        return ReadFailure(Outcome.UNSUPPORTED, f"{name}; untag does not read this format")
    return ReadFailure(Outcome.NOT_AN_IMAGE, f"not an image (it starts like {describe(head)})")


def _fault(image_format: ImageFormat, size: int, error: Exception) -> Fault:
    if isinstance(error, ReadFailure):
        return Fault(error.outcome, str(error))
    detail = str(error).strip().rstrip(".")
    if isinstance(error, TooLong):
        return Fault(Outcome.UNSUPPORTED, detail)
    if any(word in detail.lower() for word in _UNUSUAL):
        return Fault(Outcome.UNSUPPORTED, f"an unusual kind of {image_format.value} ({detail})")
    ended = isinstance(error, (EOFError, CutOff)) or "truncated" in detail.lower() or "unexpected end" in detail.lower()
    if ended:
        return Fault(Outcome.BROKEN, f"the picture is cut off: its {size:,} bytes end before the picture does")
    return Fault(Outcome.BROKEN, f"the {image_format.value} data is damaged")


def _return_memory() -> None:
    """Have what decoders freed given back to the system, on Linux with glibc, which takes a millisecond or two.

    It keeps what was freed in a pool for each thread, up to 100 MB in each. After every photo that would be a loss: to
    have memory given to it anew costs a third of decoding one of 2 to 12 megapixels.
    """
    with suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)


def _quieten() -> None:
    """Keep the codecs' remarks about odd and broken files off the standard error: a ReadFailure says it better.

    Set for the process at the first picture and left so: `warnings.catch_warnings` is not safe with decoder threads.
    """
    if _QUIET in warnings.filters:
        return
    warnings.filterwarnings("ignore", module=_QUIET[3].pattern)
    logging.getLogger("PIL").addHandler(logging.NullHandler())
    # OpenCV 5 moved it.
    (cv2.utils.logging if hasattr(cv2.utils, "logging") else cv2).setLogLevel(0)
    # libtiff prints its errors itself, and Pillow has no switch for it. Linked statically it cannot be reached.
    with suppress(OSError, AttributeError):
        ctypes.CDLL(importlib.import_module("PIL._imaging").__file__).TIFFSetErrorHandler(None)
