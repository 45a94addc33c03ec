"""Whether anybody still uses the pages, so that a forgotten server ends by itself."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Activity:
    """When the pages were used last, and what runs in the background meanwhile. For any thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._last = clock()
        self._running = 0

    def touch(self) -> None:
        """Somebody used a page just now."""
        with self._lock:
            self._last = self._clock()

    @contextmanager
    def running(self) -> Iterator[None]:
        """While something runs that was started from a page, such as a scan, the pages count as used."""
        with self._lock:
            self._running += 1
        try:
            yield
        finally:
            with self._lock:
                self._running -= 1
                self._last = self._clock()

    def unused_for(self) -> float:
        """Seconds since somebody used a page; 0 while something runs."""
        with self._lock:
            return 0.0 if self._running else self._clock() - self._last
