"""Each format's decoder, behind one shape: bytes in, reduced RGB out, no more memory than it said before.

Pillow decodes everything but WebP and HEIC. For JPEG (`benchmarks/decode.py`) it takes at most 1.14 times as long as
simplejpeg and 1.07 times as long as OpenCV at reduced scales, 1.4 to 1.8 and 1.2 to 1.5 times at full scale (3 ms for 2
megapixels), with identical pixels. That is little beside inference, and the others are less robust: OpenCV prints
libjpeg's remarks on the process's standard error, and simplejpeg either refuses pictures with small faults or accepts
cut-off ones. For WebP Pillow takes five times the memory of OpenCV: it decodes each as an animation.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from io import BytesIO
from typing import Any, cast

import cv2
import numpy as np
from PIL import BmpImagePlugin, GifImagePlugin, Image, JpegImagePlugin, PngImagePlugin, TiffImagePlugin
from PIL.ImageFile import ImageFile

from untag.errors import ReadFailure
from untag.imaging import confined, gif, heic, jpeg, jxl, png, raw, tiff, webp
from untag.imaging.embedded import Embedded
from untag.imaging.exif import NO_EXIF, Exif, read_exif
from untag.imaging.limits import Limits
from untag.imaging.parts import Parts
from untag.imaging.pixels import STRIP_PIXELS, array_to_rgb, bytes_a_pixel, to_rgb
from untag.imaging.sniff import ImageFormat
from untag.types import Outcome, Pixels

_MOST_SCANS = 100
"""Progressive scans allowed in a JPEG. Encoders write about ten; each costs a pass over the whole picture, so a file of
kilobytes could ask for hours. libjpeg-turbo's own tools stop at a number of scans for the same reason."""

_MOST_PASSED = 1_000_000_000
"""Pixels that all scans of a JPEG may pass over: ten seconds of work. Those beyond are left out: what they would add to
a picture is fine detail."""

_MOST_PREVIEWS = 4
"""JPEGs in a raw file that are tried, the largest first. Cameras put up to three into one."""

_STRIP_BYTES = 24 * STRIP_PIXELS
"""What a strip takes with all its copies."""

_HEIF_BYTES = 12
"""For each pixel of a HEIC picture: its planes, and RGB with and without the codec's own buffer around it."""

_AVIF_BYTES = 18
"""For each pixel of an AVIF picture: planes of up to 16 bits, RGBA, a copy as bytes, and Pillow's own."""

# The classes are used directly, not through Image.open: that would try formats that run programs (EPS) or that nobody
# keeps photos in, and would warn and raise at Pillow's own, process-wide pixel limit instead of ours.
_PILLOW: dict[ImageFormat, tuple[type[ImageFile], Callable[[bytes], Parts]]] = {
    ImageFormat.PNG: (PngImagePlugin.PngImageFile, png.split),
    ImageFormat.GIF: (GifImagePlugin.GifImageFile, gif.split),
    ImageFormat.BMP: (BmpImagePlugin.BmpImageFile, Parts),
    ImageFormat.TIFF: (TiffImagePlugin.TiffImageFile, tiff.split),
}


@dataclass(frozen=True, slots=True)
class Picture:
    """What a codec makes of a file: `pixels` as stored, reduced, of a picture of `width` by `height`.

    `problem` is what ended the decoding before all pixels were there, if anything did. `again` is what to decode for a
    second look, where that is not the file.
    """

    pixels: Pixels
    width: int
    height: int
    exif: Exif = NO_EXIF
    xmp: tuple[bytes, ...] = ()
    problem: Exception | None = None
    again: bytes | None = None


def read_picture(image_format: ImageFormat, data: bytes, max_side: int, limits: Limits) -> Picture:
    """Decode a picture of that format, as far as it goes. Raises ReadFailure, or whatever the codec raises."""
    match image_format:
        case ImageFormat.JPEG:
            return _jpeg(data, max_side, limits)
        case ImageFormat.WEBP:
            return _webp(data, max_side, limits)
        case ImageFormat.HEIF:
            return _heif(data, max_side, limits)
        case ImageFormat.AVIF:
            return _avif(data, max_side, limits)
        case ImageFormat.RAW:
            return _raw(data, max_side, limits)
        case ImageFormat.JPEG_XL:
            return _jpeg_xl(data, max_side, limits)
        case ImageFormat.TIFF if raw.is_raw(data):
            return _raw(data, max_side, limits)
        case _:
            return _other(image_format, data, max_side, limits)


class CutOff(Exception):  # noqa: N818 - what a codec that goes on says of a picture
    """The data ends before the picture does."""


class TooLong(Exception):  # noqa: N818
    """Decoding all of the picture would take too long; the words say why."""


def _other(image_format: ImageFormat, data: bytes, max_side: int, limits: Limits) -> Picture:
    codec, split = _PILLOW[image_format]
    parts = split(data)
    with codec(BytesIO(parts.pixels)) as image:
        width, height = _checked(image.size, limits)
        each = bytes_a_pixel(image.mode)
        needed = width * height * each + _strip_buffer(image) + len(parts.pixels) + _output(width, height, max_side)
        with limits.decoding(width, height, needed):
            problem = _loaded(image)
            pixels = to_rgb(image if problem is None else _as_far(image), max_side)
    # The filling of one that was cut off may well decode.
    if problem is None and parts.cut_off:
        problem = CutOff()
    return Picture(pixels, width, height, parts.exif, parts.xmp, problem)


def _checked(size: tuple[int, int], limits: Limits) -> tuple[int, int]:
    width, height = size
    if width < 1 or height < 1:
        raise ReadFailure(Outcome.BROKEN, "the picture has no pixels")
    limits.check_pixels(width, height, width * height)
    return width, height


def _output(width: int, height: int, max_side: int) -> int:
    """What the conversion to RGB takes beside the decoded picture."""
    whole = max_side <= 0 or max(width, height) <= max_side
    kept = width * height if whole else 4 * max_side * max_side
    return 3 * min(kept, width * height) + min(_STRIP_BYTES, 24 * width * height)


def _strip_buffer(image: ImageFile) -> int:
    """What libtiff takes for the strip or tile that it decompresses; a file may be a single strip."""
    if not isinstance(image, TiffImagePlugin.TiffImageFile):
        return 0
    tags = image.tag_v2
    width, height = image.size
    bits = max(tags.get(258, (8,))) * tags.get(277, 1)
    rows = min(int(tags.get(278, height)), height)
    strip = width * rows if 322 not in tags else int(tags[322]) * int(tags.get(323, height))
    return cast("int", strip * bits // 8)


def _loaded(image: ImageFile) -> Exception | None:
    """Decode an open image; what stopped the decoder once it had pixels to show."""
    try:
        image.load()
    except MemoryError:
        raise
    except Exception as error:  # codecs raise anything at all on damaged input
        if image._im is None:
            raise
        return error
    return None


def _as_far(image: ImageFile) -> Image.Image:
    """What is decoded of an image whose decoding was stopped; asked for its pixels, the image itself would go on."""
    return image._new(image.im)


# --- JPEG ----------------------------------------------------------------------------------------------------------


def _jpeg(data: bytes, max_side: int, limits: Limits) -> Picture:
    parts = jpeg.split(data)
    picture = _jpeg_of(parts, parts.pixels, max_side, limits)
    if isinstance(picture.problem, OSError):
        # Where the data ends before the picture does, libjpeg fills up with grey if it is told that this is the end.
        return replace(_jpeg_of(parts, parts.pixels + jpeg.END, max_side, limits), problem=picture.problem)
    return picture


def _jpeg_of(parts: Parts, pixels: bytes, max_side: int, limits: Limits) -> Picture:
    with JpegImagePlugin.JpegImageFile(BytesIO(pixels)) as image:
        width, height = image.size
        if width < 1 or height < 1:
            raise ReadFailure(Outcome.BROKEN, "the picture has no pixels")
        divisor = jpeg_divisor(max(width, height), max_side)
        if divisor > 1:
            image.draft(image.mode, (max(width // divisor, 1), max(height // divisor, 1)))
        columns, rows = image.size
        coefficients = 0 if _is_baseline(image, pixels) else _coefficients(image, width, height)
        limits.check_pixels(width, height, width * height if coefficients else columns * rows)
        if coefficients:
            bounded, long = _bounded_scans(pixels, width * height)
            if long is not None:
                return replace(_jpeg_of(parts, bounded, max_side, limits), problem=long)
        needed = columns * rows * bytes_a_pixel(image.mode) + coefficients + len(pixels)
        with limits.decoding(width, height, needed + _output(columns, rows, max_side)):
            problem = _loaded(image)
            decoded = to_rgb(image if problem is None else _as_far(image), max_side)
        return Picture(decoded, width, height, parts.exif, parts.xmp, problem)


def _bounded_scans(pixels: bytes, area: int) -> tuple[bytes, TooLong | None]:
    """The JPEG with as many of its scans as there is time for, and what to say of it if those are not all."""
    found = jpeg.scans(pixels)
    most = min(_MOST_SCANS, max(1, _MOST_PASSED // area))
    if len(found) <= most:
        return pixels, None
    words = f"a progressive JPEG of {area / 1e6:,.0f} megapixels in {len(found):,} scans"
    return pixels[: found[most]] + jpeg.END, TooLong(f"{words}; the first {most} are read")


def _coefficients(image: JpegImagePlugin.JpegImageFile, width: int, height: int) -> int:
    """What libjpeg holds of a picture in several scans: two bytes for each sample, whatever the scale."""
    layers = [(across, down) for _, across, down, _ in image.layer]
    widest, tallest = max(across for across, _ in layers), max(down for _, down in layers)
    shares = sum(across * down for across, down in layers) / (widest * tallest)
    return round(2 * shares * (width + 16 * widest) * (height + 16 * tallest))


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
    return start >= 0 and data[start : start + 4] == jpeg.SCAN + length.to_bytes(2, "big")


# --- WebP ----------------------------------------------------------------------------------------------------------


def _webp(data: bytes, max_side: int, limits: Limits) -> Picture:
    parts = webp.split(data)
    width, height = _checked(webp.size_of(parts.pixels), limits)
    # The picture with or without transparency, and as much again where the bitstream has no losses.
    needed = width * height * 8 + len(parts.pixels) + _output(width, height, max_side)
    with limits.decoding(width, height, needed):
        flags = cv2.IMREAD_UNCHANGED | cv2.IMREAD_IGNORE_ORIENTATION
        decoded = cast("Pixels | None", cv2.imdecode(np.frombuffer(parts.pixels, np.uint8), flags))
        if decoded is None:
            raise CutOff if parts.cut_off else OSError("the bitstream is damaged")
        pixels = array_to_rgb(decoded, max_side, bgr=True)
    return Picture(pixels, width, height, parts.exif, parts.xmp, CutOff() if parts.cut_off else None)


# --- HEIC and AVIF -------------------------------------------------------------------------------------------------


def _heif(data: bytes, max_side: int, limits: Limits) -> Picture:
    import pi_heif

    parts = heic.split(data)
    opened = pi_heif.HeifFile(parts.pixels, convert_hdr_to_8bit=True, hdr_to_16bit=True)
    image: Any = opened[opened.primary_index]
    width, height = _checked(image.size, limits)
    with limits.decoding(width, height, width * height * _HEIF_BYTES + _output(width, height, max_side)):
        decoded = np.asarray(image)
        height, width = decoded.shape[:2]  # libheif has turned it as the file says
        pixels = array_to_rgb(decoded, max_side)
    exif = read_exif(_bytes_of(image.info.get("exif")))
    # The orientation of EXIF is for programs that do not know HEIC's own.
    exif = replace(exif, orientation=1)
    packets = _packets(image.info.get("xmp"))
    return Picture(pixels, width, height, exif, packets, CutOff() if parts.cut_off else None)


def _avif(data: bytes, max_side: int, limits: Limits) -> Picture:
    try:
        codec = importlib.import_module("PIL.AvifImagePlugin").AvifImageFile
    except ImportError as error:
        message = "AVIF pictures need another package: install Pillow 11.3 or newer"
        raise ReadFailure(Outcome.UNSUPPORTED, message) from error
    with cast("ImageFile", codec(BytesIO(data))) as image:
        width, height = _checked(image.size, limits)
        with limits.decoding(width, height, width * height * _AVIF_BYTES + _output(width, height, max_side)):
            image.load()
            pixels = to_rgb(image, max_side)
        exif = read_exif(_bytes_of(image.info.get("exif")))
        return Picture(pixels, width, height, exif, _packets(image.info.get("xmp")))


def _bytes_of(value: object) -> bytes | None:
    return value if isinstance(value, bytes) else None


def _packets(value: object) -> tuple[bytes, ...]:
    return (value,) if isinstance(value, bytes) else ()


# --- Raw files -----------------------------------------------------------------------------------------------------


def _raw(data: bytes, max_side: int, limits: Limits) -> Picture:
    """The largest sound preview of a raw file, else what the sensor saw, else what is left of the previews."""
    parts = raw.take_apart(data)
    looked = (_preview(data, preview, parts, max_side, limits) for preview in parts.previews[:_MOST_PREVIEWS])
    left: list[Picture] = []
    for picture in looked:
        if picture is not None:
            if picture.problem is None and max(picture.width, picture.height) >= raw.LARGE_ENOUGH:
                return picture
            left.append(picture)
    try:
        pixels = confined.read_sensor(data, parts.sensor, limits)
    except ReadFailure as failure:
        if not left:
            raise ReadFailure(failure.outcome, f"a raw file without a large preview: {failure}") from failure
        return replace(left[0], problem=left[0].problem or _only(left[0], failure))
    height, width = pixels.shape[:2]
    exif = replace(parts.exif, orientation=1)  # LibRaw has turned it
    return Picture(array_to_rgb(pixels, max_side), width, height, exif, parts.xmp)


def _only(preview: Picture, failure: ReadFailure) -> ReadFailure:
    size = f"{preview.width} x {preview.height}"
    return ReadFailure(failure.outcome, f"only its preview of {size} pixels could be read: {failure}")


def _preview(data: bytes, preview: Embedded, parts: raw.Raw, max_side: int, limits: Limits) -> Picture | None:
    """A preview as the picture of its raw file; None where nothing of it can be decoded."""
    jpeg_file = data[preview.start : preview.end]
    try:
        picture = _jpeg(jpeg_file, max_side, limits)
    except MemoryError:
        raise
    except Exception:  # codecs raise anything at all on damaged input; there may be another
        return None
    exif = raw.merged_exif(parts, picture.exif, (picture.width, picture.height))
    again = (
        jpeg_file if exif.orientation == picture.exif.orientation else raw.with_orientation(jpeg_file, exif.orientation)
    )
    return replace(picture, exif=exif, xmp=parts.xmp or picture.xmp, again=again)


# --- JPEG XL -------------------------------------------------------------------------------------------------------


def _jpeg_xl(data: bytes, max_side: int, limits: Limits) -> Picture:
    pixels = confined.read_jpeg_xl(data, jxl.size_of(data), limits)
    exif, packets = jxl.metadata_of(data)
    height, width = pixels.shape[:2]
    return Picture(array_to_rgb(pixels, max_side), width, height, exif, packets)
