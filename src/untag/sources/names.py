"""What file names say: which are photos, whatever is in them."""

from __future__ import annotations

IMAGE_SUFFIXES = frozenset(
    (
        *("jpg", "jpeg", "jpe", "jfif", "png", "webp", "bmp", "dib", "tif", "tiff", "gif"),
        *("heic", "heics", "heif", "heifs", "hif", "avif", "avifs"),
    )
)
"""Lower-case suffixes, without the dot, of files that are taken for photos. `kinds` says what becomes of others."""


def suffix_of(name: str) -> str | None:
    """The lower-case suffix of a file name without its dot, or None when the name has no dot."""
    _, dot, suffix = name.rpartition(".")
    return suffix.lower() if dot else None


def is_named_photo(name: str) -> bool:
    """Whether a file is taken for a photo by its name."""
    return suffix_of(name) in IMAGE_SUFFIXES
