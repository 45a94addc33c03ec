"""What works for the pages in a process of its own: looks for people, enrols one, scans.

A process, since models take half a gigabyte that the pages shall not hold, and since a scan in it meets Ctrl-C, the
lock and a full memory as `untag scan` does; whatever ends it, the pages stay. It reads one JSON object a line from
standard input and writes one a line to standard output. Faces that nobody chose never leave its memory.

When the input ends, its server has ended: what was asked for before is ended, a scan cleanly.
"""

from __future__ import annotations

import base64
import json
import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import untag
from untag.reports.scan_text import unreadable_here
from untag.reports.skipped import skipped_in_scan

_EVERY = 0.25
"""Seconds between two words about progress."""

_PICTURES = 4
"""Of each group."""

MOST_GROUPS = 24
_MOST_NAMED = 200

_IDLE_SECONDS = 600.0
"""Without an order, until the memory of the models is given back."""

Message = dict[str, Any]


class Worker:
    """Does one thing at a time, as told."""

    def __init__(self, home: untag.Untag, emit: Callable[[Message], None]) -> None:
        self._home = home
        self._emit = emit
        self._found: untag.FaceGroups | None = None
        self._summary: untag.ScanSummary | None = None
        self._cancel = untag.Cancel()
        self.looking = False

    def do(self, order: Message, cancel: untag.Cancel) -> None:
        """Does what one line asks for; what goes wrong is told in words."""
        self._cancel = cancel
        try:
            _ORDERS[order["do"]](self, order)
        except untag.UntagError as error:
            self._emit({"event": "failed", "words": str(error)})
        except MemoryError:
            self._emit({"event": "failed", "words": "there is not enough memory for this"})
        except Exception as error:
            self._emit({"event": "failed", "words": f"this is a bug in untag ({type(error).__name__})"})
            raise
        finally:
            # While the database is open, `untag forget` could not erase.
            self._home.close()

    def look(self, order: Message) -> None:
        """Who is often in the photos below some paths."""
        options = untag.SuggestOptions(seed=order.get("seed", 0), cancel=self._cancel)
        progress = _Throttled(lambda done: self._emit({"event": "looking", "done": done}))
        self.looking = True
        try:
            self._found = self._home.suggest_people(self._paths(order), options=options, on_progress=progress)
        finally:
            self.looking = False
        self._emit({"event": "people", **_shown(self._found)})

    def enrol(self, order: Message) -> None:
        """Learns the face of the groups that were chosen; unless it is `sure`, doubts are told first."""
        if self._found is None:
            raise untag.UsageError("the pictures are not here any more; look again")
        doubts: list[str] = []
        options = untag.EnrollOptions(accept=_accept(doubts, sure=order["sure"]))
        self._tell(self._home.enroll_groups(self._found, order["groups"], options=options), doubts)

    def pictures(self, order: Message) -> None:
        """Learns a face from pictures that were uploaded: [name, bytes in base64] each."""
        doubts: list[str] = []
        options = untag.EnrollOptions(accept=_accept(doubts, sure=order["sure"]))
        pictures = [(str(name), base64.b64decode(data)) for name, data in order["pictures"]]
        self._tell(self._home.enroll_pictures("me", pictures, options=options), doubts)

    def call(self, order: Message) -> None:
        """Learns a name under which archives have the user."""
        options = untag.EnrollOptions(called=(str(order["name"]),))
        self._tell(self._home.enroll("me", (), options=options), [])

    def _tell(self, enrolment: untag.Enrolment, doubts: list[str]) -> None:
        used = 0 if enrolment.known is None else enrolment.known.used
        results = [[result.path, result.outcome.value, result.note] for result in enrolment.results]
        told = {"used": used, "declined": enrolment.declined, "reasons": doubts, "results": results}
        self._emit({"event": "enrolled", **told})

    def _paths(self, order: Message) -> list[Path]:
        return [self._home.shown_path(path) for path in order["paths"]]

    def scan(self, order: Message) -> None:
        """Scans; `shown` afterwards says that its end was shown to somebody."""
        options = untag.ScanOptions(cancel=self._cancel, mark_reported=False)
        prepared = self._home.prepare_scan(self._paths(order), options)
        self._emit({"event": "counted", "photos": prepared.count()})
        progress = _Throttled(lambda done: self._emit({"event": "scanned", "done": done}))
        self._summary = prepared.run(progress)
        self._emit({"event": "summary", **_told(self._summary)})

    def shown(self, _: Message) -> None:
        """Somebody saw the end of the scan: what it found is not new any more."""
        if self._summary is not None and not self._summary.interrupted:
            self._home.mark_reported(self._summary)
        self._summary = None


_ORDERS: Mapping[str, Callable[[Worker, Message], None]] = {
    "look": Worker.look,
    "enrol": Worker.enrol,
    "pictures": Worker.pictures,
    "call": Worker.call,
    "scan": Worker.scan,
    "shown": Worker.shown,
}


class _Throttled:
    """Passes a count on now and then; the first at once."""

    def __init__(self, tell: Callable[[int], None]) -> None:
        self._tell = tell
        self._told = 0.0

    def __call__(self, done: int) -> None:
        now = time.monotonic()
        if now - self._told >= _EVERY:
            self._told = now
            self._tell(done)


def _accept(doubts: list[str], *, sure: bool) -> Callable[[untag.Doubts], bool]:
    def accept(found: untag.Doubts) -> bool:
        doubts.extend(found.reasons)
        return sure

    return accept


def _shown(found: untag.FaceGroups) -> Message:
    """What a page shows of the groups: pictures and counts, no numbers of a face."""
    return {
        "groups": [
            {
                "photos": group.photos,
                "side_by_side": group.side_by_side,
                "pictures": [base64.b64encode(seen.picture).decode() for seen in group.faces[:_PICTURES]],
            }
            for group in found.groups[:MOST_GROUPS]
        ],
        "more": max(0, len(found.groups) - MOST_GROUPS),
        "looked_at": found.looked_at,
        "photos": found.photos,
        "faces": found.faces,
        "in_time": found.in_time,
        "unreadable": [[error.path, error.error] for error in found.unreadable[:_MOST_NAMED]],
        "unread": len(found.unreadable),
    }


def _told(summary: untag.ScanSummary) -> Message:
    """What a page says of a scan that has ended."""
    unreadable = unreadable_here(summary)
    return {
        "photos": summary.photos,
        "analysed": summary.analysed,
        "without_file": summary.without_file,
        "new": summary.new_findings,
        "listed": summary.findings.photos,
        "removed": summary.removed,
        "interrupted": summary.interrupted,
        "strangers": [names[0] for names in summary.strangers],
        "away": [[place.path, place.reason, place.kept] for place in summary.away],
        "skipped": skipped_in_scan(summary.skipped),
        "unreadable": [[error.path, error.error] for error in unreadable[:_MOST_NAMED]],
        "unread": len(unreadable),
    }


class _Orders:
    """What is to be done, in order. A word to stop is for the last of them, and counts at once."""

    def __init__(self) -> None:
        self._waiting: queue.SimpleQueue[tuple[Message, untag.Cancel] | None] = queue.SimpleQueue()
        self._last = untag.Cancel()

    def put(self, order: Message) -> None:
        """Adds what one line asks for."""
        if order["do"] == "stop":
            self._last.set()
        else:
            self._last = untag.Cancel()
            self._waiting.put((order, self._last))

    def end(self) -> None:
        """Nothing more will come; what runs shall stop."""
        self._last.set()
        self._waiting.put(None)

    def get(self) -> tuple[Message, untag.Cancel] | None:
        """The next; None at the end, and after a while without any."""
        try:
            return self._waiting.get(timeout=_IDLE_SECONDS)
        except queue.Empty:
            return None


def _listen(worker: Worker, orders: _Orders) -> None:
    for line in sys.stdin.buffer:
        orders.put(json.loads(line))
    _end(worker, orders)


def _end(worker: Worker, orders: _Orders) -> None:
    """Ends what runs: a look at once, since it has nothing to lose, a scan when it has recorded what is under way."""
    if worker.looking:
        os._exit(0)
    orders.end()


def _emit(message: Message) -> None:
    # Where the server has ended, the end of the input says so, too.
    with suppress(OSError):
        sys.stdout.buffer.write(json.dumps(message).encode() + b"\n")
        sys.stdout.buffer.flush()


def main(home: str) -> None:
    """Works for the server that started this process, until its input ends."""
    orders = _Orders()
    with untag.open(home, on_message=lambda words: _emit({"event": "said", "words": words}), tend=False) as opened:
        worker = Worker(opened, _emit)
        # Ctrl-C in the terminal reaches this process as well.
        for name in ("SIGINT", "SIGTERM", "SIGHUP"):
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), lambda *_: _end(worker, orders))
        threading.Thread(target=_listen, args=(worker, orders), daemon=True).start()
        while (order := orders.get()) is not None:
            worker.do(*order)
    # The thread that reads the input cannot be stopped, and Python would wait for it.
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1])
