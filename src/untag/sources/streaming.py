"""JSON that is too large to be held whole: its parts one after the other, in memory that does not grow with them.

The bytes are held, the values are not: those take five to ten times as much.
"""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import Any

import ijson
from ijson.common import ObjectBuilder

from untag.errors import ReadFailure
from untag.sources.text import member
from untag.types import Outcome

MAX_STREAMED_BYTES = 1024 * 1024 * 1024
"""Of the 2 GB in all that a scan takes at most. A whole account's messages on Telegram take some hundred megabytes."""


def streamed(data: bytes, path: str) -> Iterator[Any]:
    """The values at a path of names and `item`, which stands for each entry of a list: `messages.item`.

    Raises ReadFailure(BROKEN) where the JSON stops being valid, after what comes before.
    """
    yield from _failing(ijson.items(BytesIO(data), path, use_float=True))


def streamed_lists(data: bytes, places: tuple[str, ...], name: str) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Each object in the list called `name` of the objects at `places` ("" is the whole), beside what the object that
    holds the list says in plain values before it. Raises ReadFailure(BROKEN) as `streamed` does."""
    about: dict[str, Any] = {}
    builder: ObjectBuilder | None = None
    inner = {f"{place}.{name}.item" if place else f"{name}.item" for place in places}
    for prefix, event, value in _failing(ijson.parse(BytesIO(data), use_float=True)):
        if builder is not None:
            builder.event(event, value)
            if event == "end_map" and prefix in inner:
                yield about, builder.value
                builder = None
        elif event == "start_map" and prefix in inner:
            builder = ObjectBuilder()
            builder.event(event, value)
        elif event == "start_map" and prefix in places:
            about = {}
        elif event in ("string", "number"):
            place, _, key = prefix.rpartition(".")
            if place in places:
                about[key] = value


def first_of(data: bytes, *paths: str) -> Any:
    """The first value that is there at one of `paths`, or None."""
    for path in paths:
        for value in streamed(data, path):
            return value
    return None


def _failing(values: Iterator[Any]) -> Iterator[Any]:
    try:
        yield from values
    except (ijson.JSONError, UnicodeDecodeError, RecursionError, OverflowError) as error:
        raise ReadFailure(Outcome.BROKEN, "it is not valid JSON; what comes before the damage was read") from error


class LargeList:
    """The objects at a path of large JSON, read anew each time."""

    def __init__(self, data: bytes, path: str) -> None:
        self._data = data
        self._path = path

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return (value for value in streamed(self._data, self._path) if isinstance(value, dict))


def large_thread(data: bytes) -> dict[str, Any] | None:
    """A conversation as Meta writes one, with a `LargeList` of messages; None for other JSON. Raises ReadFailure."""
    first = first_of(data, "messages.item")
    if member(first, "sender_name") is None and member(first, "senderName") is None:
        return None
    title = first_of(data, "title", "thread_name", "threadName")
    return {"title": title, "messages": LargeList(data, "messages.item")}
