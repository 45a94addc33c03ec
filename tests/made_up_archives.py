"""Archives made up in memory, and the rows that a reader makes of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from hypothesis import strategies as st

from untag.errors import ReadFailure
from untag.imaging.sniff import SNIFF_BYTES
from untag.sources.content import Content
from untag.sources.kinds import Kind, content_kind, named_kind
from untag.types import Outcome

SIZE_AND_TIME = (4, 1_700_000_000_000_000_000)


class MadeUpFiles:
    """`Files` from a mapping of names to bytes, text, or what becomes JSON; counts how often each one is read.

    They are shown as if they lay in `folder`.
    """

    def __init__(self, files: Mapping[str, Any], folder: str = "archive") -> None:
        self._folder = folder
        self._files = {
            name: value
            if isinstance(value, bytes)
            else (value if isinstance(value, str) else json.dumps(value)).encode()
            for name, value in files.items()
        }
        self.names = sorted(self._files)
        self.reads: dict[str, int] = {}

    def __contains__(self, name: object) -> bool:
        return name in self._files

    def shown(self, name: str) -> str:
        return f"{self._folder}/{name}"

    def stat(self, name: str) -> tuple[int, int]:
        return len(self._files[name]), SIZE_AND_TIME[1]

    def read(self, name: str, max_bytes: int) -> bytes:
        self.reads[name] = self.reads.get(name, 0) + 1
        if name not in self._files:
            raise ReadFailure(Outcome.MISSING, "it does not exist (any more)")
        if len(self._files[name]) > max_bytes:
            raise ReadFailure(Outcome.TOO_LARGE, "it is too large")
        return self._files[name]

    def content(self, name: str) -> Content:
        data = self.read(name, len(self._files.get(name, b"")))
        return Content(len(data), lambda: iter((data,)))

    def kind(self, name: str) -> Kind:
        return named_kind(name) or content_kind(name, self._files[name][:SNIFF_BYTES])


def any_json(keys: Iterable[str], texts: Iterable[str]) -> st.SearchStrategy[bytes]:
    """JSON of any shape, with the keys and texts that a reader looks at in places where they do not belong."""
    values = st.recursive(
        st.none() | st.booleans() | st.integers() | st.just(10**400) | st.floats() | st.sampled_from([*texts]),
        lambda below: st.lists(below, max_size=4) | st.dictionaries(st.sampled_from([*keys]), below, max_size=5),
        max_leaves=25,
    )
    return values.map(lambda value: json.dumps(value).encode())


def damaged(value: Any) -> Iterator[Any]:
    """`value` with each value in it, and itself, replaced by ones of the wrong shape, one at a time."""
    yield from (None, 5, "x", [5], {"x": [5]}, 10**400)
    if isinstance(value, dict):
        yield from ({**value, key: other} for key, below in value.items() for other in damaged(below))
    elif isinstance(value, list):
        yield from (
            [*value[:place], other, *value[place + 1 :]]
            for place, below in enumerate(value)
            for other in damaged(below)
        )
