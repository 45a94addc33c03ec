"""Memory that several threads share, handed out in the order of asking."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager


class MemoryBudget:
    """Memory that threads share: who needs some waits, in the order of asking, until so much is free.

    What is more than all of it passes alone, so that nobody waits for ever.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._held = 0
        self._waiting: deque[object] = deque()

    def take(self, size: int, capacity: int) -> None:
        """Wait until `size` bytes beside those that are held are no more than `capacity`, and hold them."""
        turn = object()
        with self._changed:
            self._waiting.append(turn)
            try:
                self._changed.wait_for(
                    lambda: self._waiting[0] is turn and (not self._held or self._held + size <= capacity)
                )
                self._held += size
            finally:
                self._waiting.remove(turn)
                self._changed.notify_all()

    def give(self, size: int) -> None:
        """Hold `size` bytes less."""
        with self._changed:
            self._held -= size
            self._changed.notify_all()

    @contextmanager
    def hold(self, size: int, capacity: int) -> Iterator[None]:
        """Hold `size` bytes, as `take` does, for as long as the block takes."""
        self.take(size, capacity)
        try:
            yield
        finally:
            self.give(size)
