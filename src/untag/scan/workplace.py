"""Where a scan reads and looks at photos: in this process, or on the workers of a cluster. The stages are the same."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Protocol, TypeVar

from untag.errors import ReadFailure
from untag.scan.items import Failed, Loaded, Task
from untag.scan.pipeline import Stage

In = TypeVar("In")
Out = TypeVar("Out")


class Workplace(Protocol):
    """The stages of a scan that may run elsewhere. All others are the home's."""

    @property
    def factor(self) -> int:
        """How many times the usual number of bytes may be under way."""

    def reading(self) -> Stage[Any, Any]:
        """From `Task` to `Loaded`, or `Failed`."""

    def looking(self) -> Sequence[Stage[Any, Any]]:
        """From `Loaded` to `Seen`, or `Failed`."""

    def close(self) -> None:
        """The scan is over."""


def read(task: Task) -> Loaded | Failed:
    """The bytes of a file, or why they cannot be read."""
    try:
        data = task.source.read(task.ref)
    except ReadFailure as failure:
        return Failed(task.ref, None, failure.outcome, str(failure))
    return Loaded(task.ref, hashlib.sha256(data).hexdigest(), data)


def each(step: Callable[[In], Out]) -> Callable[[list[In]], Iterator[Out]]:
    """A stage of a function that takes one item."""
    return lambda items: map(step, items)


def of_kind(kind: type[In], run: Callable[[list[In]], Iterable[Out]]) -> Callable[[list[Any]], Iterator[Any]]:
    """A stage for one kind of item; what is of another passes as it is."""

    def run_those(items: list[Any]) -> Iterator[Any]:
        yield from (item for item in items if not isinstance(item, kind))
        mine = [item for item in items if isinstance(item, kind)]
        if mine:
            yield from run(mine)

    return run_those
