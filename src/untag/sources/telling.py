"""Which files of an archive that no reader understood could say something of its photos."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from urllib.parse import unquote_to_bytes

from untag.errors import ReadFailure
from untag.sources.kinds import Kind, named_kind
from untag.sources.reader import Files, is_photo

_MOST_BYTES, _MOST_FILES = 16 * 1024 * 1024, 2000
_NAME = re.compile(rb"[^\s\"'<>/\\=(),;]{1,255}\.(?:jpe?g|png|webp|heic|heif|gif|avif|bmp|tiff?)", re.IGNORECASE)


def telling(files: Files, unknown: Iterable[str]) -> Iterator[str]:
    """Those of the `unknown` files that are texts and name one of the photos among them: of these nothing is known.

    One that is too large to be looked through, or cannot be read, may be such a file.
    """
    texts, photos = [], set[bytes]()
    for name in unknown:
        if named_kind(name) is Kind.TEXT or name.lower().endswith(".txt"):
            texts.append(name)
        elif is_photo(files, name):
            photos.add(name.rpartition("/")[2].encode("utf-8", "surrogatepass").lower())
    if photos:
        yield from (name for name in texts[:_MOST_FILES] if _names_one(files, name, photos))


def _names_one(files: Files, name: str, photos: set[bytes]) -> bool:
    try:
        data = files.read(name, _MOST_BYTES)
    except ReadFailure:
        return files.stat(name)[0] > 0
    return any(unquote_to_bytes(found).lower() in photos for found in set(_NAME.findall(data)))
