"""Answers to "is this you?" improve the profile at once: in a thread of its own, since judging again takes a while."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from untag.errors import UntagError
from untag.review.activity import Activity

if TYPE_CHECKING:
    from untag import Untag


@dataclass(frozen=True, slots=True)
class Learnt:
    """What came of it so far: how many times it was judged again, whether that goes on now, what went wrong last."""

    times: int
    busy: bool
    trouble: str | None


class Learning:
    """One thread at a time; answers that come meanwhile are taken together. For any thread."""

    def __init__(
        self,
        open_home: Callable[[Callable[[str], object]], Untag],
        activity: Activity,
        on_bug: Callable[[Exception], object] = lambda _: None,
    ) -> None:
        self._open_home = open_home
        self._activity = activity
        self._on_bug = on_bug
        self._lock = threading.Lock()
        self._due = False
        self._busy = False
        self._times = 0
        self._trouble: str | None = None
        self._learnt: set[str] = set()
        self._undone: set[str] = set()
        self._thread: threading.Thread | None = None

    def learn(self, sha256s: Sequence[str]) -> None:
        """Somebody said that these photos show the person: as soon as possible the profile has them."""
        with self._lock:
            self._due = True
            self._undone.difference_update(sha256s)
            self._start()

    def forget(self, sha256s: Sequence[str]) -> None:
        """Decisions were taken back or changed: references that came of them here go again."""
        with self._lock:
            self._undone.update(sha256s)
            if self._learnt & self._undone:
                self._start()

    def state(self) -> Learnt:
        """How far it is."""
        with self._lock:
            return Learnt(self._times, self._busy, self._trouble)

    def wait(self, seconds: float) -> None:
        """Waits until nothing is under way, at most so long."""
        thread = self._thread
        if thread is not None:
            thread.join(seconds)

    def _start(self) -> None:
        if not self._busy:
            self._busy = True
            self._thread = threading.Thread(target=self._run, name="learning")
            self._thread.start()

    def _run(self) -> None:
        with self._activity.running():
            while self._next():
                trouble = self._judge()
                with self._lock:
                    self._times += 1
                    self._trouble = trouble

    def _next(self) -> bool:
        with self._lock:
            self._busy = self._due or bool(self._learnt & self._undone)
            return self._busy

    def _judge(self) -> str | None:
        """Why it failed, if it did."""
        with self._lock:
            due, gone = self._due, self._learnt & self._undone
            self._due = False
            self._learnt -= gone
        try:
            home = self._open_home(lambda _: None)
            try:
                if gone:
                    home.unlearn(gone)
                learnt = home.learn() if due else {}
            finally:
                home.close()
        except UntagError as error:
            return str(error)
        except Exception as error:  # or nothing would be learnt any more, and nobody told
            self._on_bug(error)
            return f"this is a bug in untag ({type(error).__name__})"
        with self._lock:
            # What was taken back meanwhile goes in the next round.
            self._learnt |= learnt.keys()
        return None
