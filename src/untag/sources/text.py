"""Text as archives hold it: JSON within bounds, mojibake repaired, and times in ISO 8601."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from untag.errors import ReadFailure
from untag.sources.reader import Files
from untag.types import Outcome, ReadError

MAX_JSON_BYTES = 256 * 1024 * 1024
"""A file of metadata. The longest that sites write hold some ten thousand entries in a few megabytes."""

MOST_JSON_MEMORY = 512 * 1024 * 1024
"""What one file of metadata may take, of the 2 GB in all that a scan takes at most."""

_SURELY_SMALL = 1024 * 1024
_BEYOND_16_BITS = re.compile(rb"[\xf0-\xf4]")

_EARLIEST, _LATEST = datetime(1900, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


def read_json(files: Files, name: str, *, max_bytes: int = MAX_JSON_BYTES) -> Any:
    """The JSON value in a file. Raises ReadFailure when it cannot be read or is not JSON."""
    return parse_json(files.read(name, max_bytes))


def json_memory(data: bytes) -> int:
    """About how many bytes the value in JSON takes, and the text of it: hardly ever less than it does, up to three
    times as much.

    Measured with CPython 3.11: `[[],[],…]` takes 24 times its own size, posts and messages 5 to 9 times. What counts
    are the objects (200 bytes with one member, 60 for each), lists (88), strings (60 and their characters) and
    numbers (40).
    """
    objects, lists, members, commas = (data.count(sign) for sign in (b"{", b"[", b":", b","))
    strings = max(0, data.count(b'"') // 2 - members)
    text = 1 if data.isascii() else 4 if _BEYOND_16_BITS.search(data) is not None else 2
    return 200 * objects + 88 * lists + 60 * members + 40 * commas + 60 * strings + (1 + text) * len(data)


def check_json_memory(data: bytes) -> None:
    """Raises ReadFailure(TOO_LARGE) for JSON that would take more than `MOST_JSON_MEMORY`."""
    if len(data) > _SURELY_SMALL and json_memory(data) > MOST_JSON_MEMORY:
        raise ReadFailure(
            Outcome.TOO_LARGE,
            f"to read it would take more than {MOST_JSON_MEMORY >> 20} MiB of memory;"
            " if the site lets you choose, ask for a shorter time at once",
        )


def parse_json(data: bytes) -> Any:
    """The JSON value in UTF-8 `data`, with or without a byte order mark.

    Raises ReadFailure: BROKEN, or TOO_LARGE for what would take more than `MOST_JSON_MEMORY`.
    """
    check_json_memory(data)
    try:
        return json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:  # UnicodeDecodeError and JSONDecodeError are ValueErrors
        raise ReadFailure(Outcome.BROKEN, "it is not valid JSON") from error


def read_error(files: Files, name: str, failure: ReadFailure) -> ReadError:
    """`failure` as the entry of a list of what could not be read."""
    return ReadError(files.shown(name), failure.outcome, str(failure))


def wrong_shape(files: Files, name: str, wanted: str) -> ReadError:
    """The error of a JSON file that does not hold what its name says; `wanted` as in "a list of posts"."""
    return ReadError(files.shown(name), Outcome.BROKEN, f"it does not hold {wanted}")


def items(value: Any) -> Iterator[dict[str, Any]]:
    """The objects in a JSON list; nothing when `value` is something else."""
    if isinstance(value, list):
        yield from (item for item in value if isinstance(item, dict))


def member(value: Any, *keys: str | int) -> Any:
    """What lies below `keys` in nested JSON, or None where a step is missing or of another shape."""
    for key in keys:
        match value, key:
            case dict(), str():
                value = value.get(key)
            case list(), int():
                value = value[key] if -len(value) <= key < len(value) else None
            case _:
                return None
    return value


def text(value: Any) -> str | None:
    """A string without surrounding space, None when it is none or empty."""
    return (value.strip() or None) if isinstance(value, str) else None


def repaired(value: Any) -> str | None:
    """`text`, with UTF-8 that was written as if its bytes were Latin-1 (Facebook, Instagram) put right.

    Text that is right already, or only partly wrong, is left as it is.
    """
    if not isinstance(value, str) or value.isascii():
        return text(value)
    try:
        # Before space is taken off: bytes of "à" and "Å" are space when they are taken for Latin-1.
        return text(value.encode("latin-1").decode("utf-8"))
    except UnicodeError:
        return text(value)


def iso_time(seconds: Any) -> str | None:
    """ISO 8601 in UTC of seconds since 1970, as a number or its digits; None for what is no time of a photo."""
    try:
        moment = datetime.fromtimestamp(float(seconds), UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return None
    if not _EARLIEST <= moment < _LATEST:
        return None
    return moment.replace(microsecond=0).isoformat()
