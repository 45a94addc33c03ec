"""The process that works for the pages, with the fake models of the tests: `python worker_with_fakes.py HOME`.

Where the file exists that `UNTAG_TEST_HALT` names, the engine stands still at the 17th photo until it is told to stop.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from importlib import import_module
from itertools import count
from pathlib import Path

from fakes import FakeEngine, install

_SOON = 17
_told = threading.Event()


def patch(dotted: str, value: object) -> None:
    module, _, name = dotted.rpartition(".")
    setattr(import_module(module), name, value)


def halting() -> Callable[[int], None]:
    numbers = count(1)

    def on_analyse(_: int) -> None:
        if next(numbers) == _SOON and Path(os.environ.get("UNTAG_TEST_HALT", "/nowhere")).exists():
            _told.wait()

    return on_analyse


if __name__ == "__main__":
    from untag.review import worker

    class Orders(worker._Orders):
        """Says once a word to stop, or the end of the input, was taken in."""

        def put(self, order: worker.Message) -> None:
            super().put(order)
            if order["do"] == "stop":
                _told.set()

        def end(self) -> None:
            super().end()
            _told.set()

    worker._Orders = Orders  # type: ignore[misc]
    # Or nothing were on record at the 17th photo: a busy scan records every two seconds.
    patch("untag.scan.recorder._RECORD_SECONDS", 0.0)
    install(patch, FakeEngine(on_analyse=halting()))
    worker.main(sys.argv[1])
