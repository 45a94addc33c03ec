"""What a file is, from its first bytes: names lie (text called .jpg, photos with no suffix at all), contents do not."""

from __future__ import annotations

from enum import StrEnum
from functools import cache
from importlib.util import find_spec

SNIFF_BYTES = 256
"""How much of a file's beginning `sniff` and `describe` need."""


class ImageFormat(StrEnum):
    """The formats that `decode` reads."""

    JPEG = "JPEG"
    PNG = "PNG"
    GIF = "GIF"
    BMP = "BMP"
    TIFF = "TIFF"
    WEBP = "WebP"
    HEIF = "HEIC"
    AVIF = "AVIF"
    RAW = "raw"
    JPEG_XL = "JPEG XL"


_SIGNATURES: tuple[tuple[bytes, ImageFormat], ...] = (
    (b"\xff\xd8\xff", ImageFormat.JPEG),
    (b"\x89PNG\r\n\x1a\n", ImageFormat.PNG),
    (b"GIF87a", ImageFormat.GIF),
    (b"GIF89a", ImageFormat.GIF),
    (b"II*\0", ImageFormat.TIFF),
    (b"MM\0*", ImageFormat.TIFF),
    (b"II+\0", ImageFormat.TIFF),
    (b"MM\0+", ImageFormat.TIFF),
    # Most raw files are TIFF files as well, and known by what is in them: CR2, NEF, ARW, DNG, PEF and many others.
    (b"FUJIFILMCCD-RAW", ImageFormat.RAW),  # RAF
    (b"IIRO", ImageFormat.RAW),  # ORF
    (b"IIRS", ImageFormat.RAW),
    (b"MMOR", ImageFormat.RAW),
    (b"IIU\0", ImageFormat.RAW),  # RW2, RWL
    (b"II\x1a\0\0\0HEAPCCDR", ImageFormat.RAW),  # CRW
    (b"\0MRM", ImageFormat.RAW),  # MRW
    (b"FOVb", ImageFormat.RAW),  # X3F
)
# ISO/IEC 23008-12 (HEIF) and the AVIF specification; mif1 and msf1 say nothing of the codec.
_HEIF_BRANDS = frozenset((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"))
_AVIF_BRANDS = frozenset((b"avif", b"avis"))
_RAW_BRAND = b"crx "  # CR3
_NEUTRAL_BRANDS = frozenset((b"mif1", b"mif2", b"msf1"))

_JPEG_XL = (b"\xff\x0a", b"\0\0\0\x0cJXL \r\n\x87\n")
_UNSUPPORTED: tuple[tuple[bytes, str], ...] = (
    *((signature, "JPEG XL") for signature in _JPEG_XL),
    (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG 2000"),
    (b"\xff\x4f\xff\x51", "JPEG 2000"),
    (b"8BPS", "a Photoshop document"),
    (b"\0\0\1\0", "an icon"),
)
_OTHER: tuple[tuple[bytes, str], ...] = (
    (b"%PDF", "a PDF document"),
    (b"PK\x03\x04", "a zip archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"Rar!", "a RAR archive"),
    (b"\x1aE\xdf\xa3", "a video"),
    (b"RIFF", "sound or video"),
    (b"OggS", "sound or video"),
    (b"ID3", "sound"),
    (b"SQLite format 3\0", "a database"),
    (b"\x00\x05\x16\x07", "the companion file that macOS writes beside a file"),
)


@cache
def can_read_jpeg_xl() -> bool:
    """Whether the extra `jxl` is installed. Without it these files are counted by kind."""
    return find_spec("imagecodecs") is not None


def sniff(head: bytes) -> ImageFormat | None:
    """The image format that starts with `head` (the first `SNIFF_BYTES` bytes or more), or None."""
    for signature, image_format in _SIGNATURES:
        if head.startswith(signature):
            return image_format
    if head.startswith(_JPEG_XL):
        return ImageFormat.JPEG_XL if can_read_jpeg_xl() else None
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return ImageFormat.WEBP
    if head[4:8] == b"ftyp":
        return _sniff_iso_media(head)
    # "BM" alone is two letters of text; the reserved field and the size of the second header make sure.
    if head[:2] == b"BM" and head[6:10] == b"\0\0\0\0" and head[14:18] in _BMP_HEADER_SIZES:
        return ImageFormat.BMP
    return None


_BMP_HEADER_SIZES = frozenset(size.to_bytes(4, "little") for size in (12, 16, 40, 52, 56, 64, 108, 124))


def _sniff_iso_media(head: bytes) -> ImageFormat | None:
    """By the major brand where that names a codec, else by any that the file says it is compatible with."""
    size = min(int.from_bytes(head[:4], "big"), len(head))
    major = head[8:12]
    if major == _RAW_BRAND:
        return ImageFormat.RAW
    compatible = {head[start : start + 4] for start in range(16, size - 3, 4)}
    for brands in ({major}, compatible):
        if brands & _AVIF_BRANDS:
            return ImageFormat.AVIF
        if brands & _HEIF_BRANDS:
            return ImageFormat.HEIF
    return ImageFormat.HEIF if (compatible | {major}) & _NEUTRAL_BRANDS else None


def unsupported_name(head: bytes) -> str | None:
    """The name of the picture format in `head` when it is one that untag knows of but does not read, or None."""
    return next((name for signature, name in _UNSUPPORTED if head.startswith(signature)), None)


def describe(head: bytes) -> str:
    """What bytes that are no image look like, as words that fit 'it starts like …'."""
    for signature, name in _OTHER:
        if head.startswith(signature):
            return name
    if head[4:8] == b"ftyp":
        return "a video"
    if not head.strip(b"\0"):
        return "an empty disk block: nothing but zeros"
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text.startswith((b"<!doctype html", b"<html", b"<head")):
        return "a web page"
    if text.startswith(b"<svg"):
        return "an SVG drawing"
    if text.startswith((b"<?xml", b"<")):
        return "XML"
    if text.startswith((b"{", b"[")):
        return "JSON"
    if _is_text(head):
        return "plain text"
    return "unknown data"


def _is_text(head: bytes) -> bool:
    # A multi-byte character may be cut at the end of `head`, hence "ignore"; control characters mean binary.
    head = head.removeprefix(b"\xef\xbb\xbf")
    text = head.decode("utf-8", "ignore")
    return len(text.encode()) >= len(head) - 3 and all(char.isprintable() or char in "\t\r\n\f" for char in text)
