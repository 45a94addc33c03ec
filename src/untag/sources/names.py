"""What file names say: which are photos, whatever is in them."""

from __future__ import annotations

import re

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


ARCHIVE_SUFFIXES = ("zip", "tgz", "tar", "tar.gz")
"""Names of archives that are opened where they are."""

_ARCHIVE = re.compile(rf"\.(?:{'|'.join(map(re.escape, ARCHIVE_SUFFIXES))})$", re.IGNORECASE)


def without_archive_suffix(name: str) -> str:
    """The name of an archive without the suffix, or both of them (`.tar.gz`)."""
    return _ARCHIVE.sub("", name)


def is_named_archive(name: str) -> bool:
    """Whether a file is opened as an archive, by its name."""
    return _ARCHIVE.search(name) is not None
