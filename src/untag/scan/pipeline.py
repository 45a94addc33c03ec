"""Stages joined by bounded queues, in threads or inline. Knows nothing of photos.

The list of stages is the same in both modes. With threads, each stage's workers take batches from the queue before them
and put what they make into the queue behind them; the caller takes from the last queue, so that whatever follows (a
database with one writer) runs in the caller's thread.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from untag.support.cancel import Cancel as Cancel

In = TypeVar("In")
Out = TypeVar("Out")

_END = object()

_LOOK_UP = 0.2
"""Seconds between two looks at `cancel` while a new item waits to enter."""


@dataclass(frozen=True, slots=True)
class Stage(Generic[In, Out]):
    """One step: `run` gets a list of 1 to `batch` items and yields any number of outputs. Its workers call it at once.

    With one worker in every stage the order of the source is kept; with more it is not.
    """

    name: str
    run: Callable[[list[In]], Iterable[Out]]
    workers: int = 1
    batch: int = 1


@dataclass(frozen=True, slots=True)
class Admission:
    """How much may be under way between the source and the end, at most `most` as counted by `weight`.

    `weight` is that of what an item stands for, the same before and behind every stage. One beyond `most` is under way
    alone. Queues cannot see to that: they do not know what the workers between them hold.
    """

    most: int
    weight: Callable[[Any], int]


def run_pipeline(
    source: Iterable[Any],
    stages: Sequence[Stage[Any, Any]],
    *,
    threaded: bool,
    capacity: int,
    cost: Callable[[Any], int],
    cancel: Cancel | None = None,
    admission: Admission | None = None,
    linger: float = 0.05,
) -> Generator[Any, None, None]:
    """Yield what the last stage makes of the source.

    A queue holds at most `capacity` bytes as counted by `cost`; an item larger than that passes alone. A batch that is
    not full waits up to `linger` seconds for more, never after the last item. `admission` counts with threads alone:
    without them a single item is under way, beside a batch. An error in the source or in a stage ends the run and is
    raised here with its own traceback. However the run ends, by closing the iterator too, every thread has ended and
    every generator is closed afterwards; an item being worked on is finished first.
    """
    items: Generator[Any, None, None] = _until(source, cancel)
    if threaded:
        return _threaded(items, stages, capacity, cost, linger, _Door(admission, cancel))
    for stage in stages:
        items = _inline(items, stage, capacity, cost)
    return items


def _until(source: Iterable[Any], cancel: Cancel | None) -> Generator[Any, None, None]:
    with _closing(source):
        items = iter(source)
        while cancel is None or not cancel.is_set():
            item = next(items, _END)
            if item is _END:
                return
            yield item


def _inline(
    items: Iterable[Any], stage: Stage[Any, Any], capacity: int, cost: Callable[[Any], int]
) -> Generator[Any, None, None]:
    def outputs(batch: list[Any]) -> Iterator[Any]:
        made = stage.run(batch)
        with _closing(made):
            yield from made

    batch: list[Any] = []
    held = 0
    with _closing(items):
        for item in items:
            size = cost(item)
            if batch and held + size > capacity:
                yield from outputs(batch)
                batch, held = [], 0
            batch.append(item)
            held += size
            if len(batch) == stage.batch:
                yield from outputs(batch)
                batch, held = [], 0
        if batch:
            yield from outputs(batch)


def _threaded(
    items: Iterable[Any],
    stages: Sequence[Stage[Any, Any]],
    capacity: int,
    cost: Callable[[Any], int],
    linger: float,
    door: _Door,
) -> Generator[Any, None, None]:
    run = door.run
    queue = _Queue(run, capacity, cost, producers=1)
    threads = [threading.Thread(target=run.guarded, args=(_feed, items, queue, door), name="source", daemon=True)]
    for stage in stages:
        behind = _Queue(run, capacity, cost, producers=stage.workers)
        threads += [
            threading.Thread(
                target=run.guarded, args=(_work, stage, queue, behind, linger), name=f"{stage.name}-{n}", daemon=True
            )
            for n in range(stage.workers)
        ]
        queue = behind
    started = []
    try:
        for thread in threads:
            thread.start()
            started.append(thread)
        while batch := queue.take(1, linger=0.0):
            door.leave(batch)
            yield from batch
    except _Stopped:
        # Threads are joined first, so that nothing runs on while the caller handles the error.
        pass
    finally:
        run.stop()
        for thread in started:
            thread.join()
    if run.error is not None:
        raise run.error


def _feed(items: Iterable[Any], queue: _Queue, door: _Door) -> None:
    with _closing(items):
        for item in items:
            door.enter(item)
            queue.put(item)
    queue.close()


def _work(stage: Stage[Any, Any], before: _Queue, behind: _Queue, linger: float) -> None:
    while batch := before.take(stage.batch, linger):
        made = stage.run(batch)
        with _closing(made):
            for item in made:
                behind.put(item)
    behind.close()


class _Stopped(Exception):  # noqa: N818 - a signal between threads, not an error
    """The run is over: let go of everything."""


class _Run:
    """What the threads of one run share: one condition for every change, and the first error."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.stopped = False
        self.error: BaseException | None = None

    def stop(self, error: BaseException | None = None) -> None:
        with self.changed:
            if not self.stopped:
                self.stopped, self.error = True, error
                self.changed.notify_all()

    def guarded(self, work: Callable[..., None], *arguments: Any) -> None:
        try:
            work(*arguments)
        except _Stopped:
            pass
        except BaseException as error:  # whatever it is, it is the caller's to handle
            self.stop(error)

    def wait(self, ready: Callable[[], object], timeout: float | None = None) -> None:
        """Wait, holding `changed`, until `ready` or the timeout; raises _Stopped as soon as the run is over."""
        self.changed.wait_for(lambda: self.stopped or ready(), timeout)
        if self.stopped:
            raise _Stopped


class _Door:
    """Lets items in as far as there is room for them among those under way."""

    def __init__(self, admission: Admission | None, cancel: Cancel | None) -> None:
        self.run = _Run()
        self._admission = admission
        self._cancel = cancel
        self._inside = 0

    def enter(self, item: Any) -> None:
        """Wait until the item fits, or is alone. What a cancelled run dropped never leaves, so that it lets in all."""
        if self._admission is None:
            return
        weight, most = self._admission.weight(item), self._admission.most

        def fits() -> bool:
            cancelled = self._cancel is not None and self._cancel.is_set()
            return cancelled or not weight or not self._inside or self._inside + weight <= most

        with self.run.changed:
            while not fits():
                self.run.wait(fits, _LOOK_UP)
            self._inside += weight

    def leave(self, items: Iterable[Any]) -> None:
        """Items came out at the end."""
        if self._admission is None:
            return
        with self.run.changed:
            self._inside -= sum(map(self._admission.weight, items))
            self.run.changed.notify_all()


class _Queue:
    """Items between two stages, at most `capacity` bytes of them, written by `producers` threads."""

    def __init__(self, run: _Run, capacity: int, cost: Callable[[Any], int], producers: int) -> None:
        self._run = run
        self._capacity = capacity
        self._cost = cost
        self._producers = producers
        self._blocked = 0
        self._held = 0
        self._items: deque[tuple[Any, int]] = deque()

    def put(self, item: Any) -> None:
        """Add an item as soon as there is room, or nothing else."""
        size = self._cost(item)
        with self._run.changed:
            if self._items and self._held + size > self._capacity:
                # A taker that waits for a fuller batch must learn that nothing more fits.
                self._blocked += 1
                self._run.changed.notify_all()
                self._run.wait(lambda: not self._items or self._held + size <= self._capacity)
                self._blocked -= 1
            self._items.append((item, size))
            self._held += size
            self._run.changed.notify_all()

    def take(self, most: int, linger: float) -> list[Any]:
        """Up to `most` items, as soon as there are so many or there will be no more; empty once all is taken."""
        with self._run.changed:
            while True:
                self._run.wait(lambda: self._items or not self._producers)
                if not self._items:
                    return []
                self._run.wait(lambda: len(self._items) >= most or self._blocked or not self._producers, linger)
                # Another worker may have been quicker.
                if self._items:
                    return self._pop(most)

    def close(self) -> None:
        """Called once by each producer, after its last item."""
        with self._run.changed:
            self._producers -= 1
            self._run.changed.notify_all()

    def _pop(self, most: int) -> list[Any]:
        batch: list[Any] = []
        while self._items and len(batch) < most:
            item, size = self._items.popleft()
            self._held -= size
            batch.append(item)
        self._run.changed.notify_all()
        return batch


@contextmanager
def _closing(items: Iterable[Any]) -> Iterator[None]:
    # A generator may hold files or a connection: it is closed in the thread that ran it, not whenever it is collected.
    try:
        yield
    finally:
        if isinstance(items, Generator):
            items.close()
