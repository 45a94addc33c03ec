"""What the places that were named hold: looked into one at a time, since that may take minutes, and once each."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

_MOST_KEPT = 200


class Surveys:
    """Answers by path. For any thread: who asks while another place is looked into is not kept waiting."""

    def __init__(self) -> None:
        self._looking = threading.Lock()
        self._known: dict[str, Any] = {}

    def of(self, path: str, look: Callable[[], Any]) -> Any:
        """What `look` says of a path; None while another place is looked into."""
        if path not in self._known:
            if not self._looking.acquire(blocking=False):
                return None
            try:
                found = look()
            finally:
                self._looking.release()
            if len(self._known) >= _MOST_KEPT:
                self._known.clear()
            self._known[path] = found
        return self._known[path]

    def forget(self, path: str) -> None:
        """The next to ask has it looked into again."""
        self._known.pop(path, None)
