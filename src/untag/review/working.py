"""The process that works for the pages, as they see it: what it is asked to do, and how far it is."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import IO, Any

from untag.errors import UsageError
from untag.review.activity import Activity

COMMAND = (sys.executable, "-P", "-m", "untag.review.worker")
"""With -P nothing is imported from the folder in which the server was started: it may be one of downloads."""

_GRACE_SECONDS = 30.0
"""For a scan to record what it has under way."""

_ANSWER_SECONDS = 120.0
"""Until somebody is enrolled: models may have to be loaded for that."""


class Doing(StrEnum):
    """What is being done."""

    LOOKING = "looking"
    ENROLLING = "enrolling"
    SCANNING = "scanning"


@dataclass(frozen=True, slots=True)
class Shown:
    """A group of faces: JPEG pictures of it, in how many photos it is, and in how many it is twice."""

    pictures: tuple[bytes, ...]
    photos: int
    side_by_side: int


@dataclass(frozen=True, slots=True)
class People:
    """Who is often in the photos of a sample; `told` are the counts, as `untag.review.worker` gives them.

    `id` is another one after each look: a choice is for what was shown.
    """

    id: int
    groups: tuple[Shown, ...]
    told: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Enrolled:
    """How an enrolment ended: `used` references now; where it was `declined`, nothing was stored, and `doubts` say why.

    `results` has path, outcome and note of each picture.
    """

    used: int
    declined: bool
    doubts: tuple[str, ...]
    results: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class Progress:
    """A moment. `version` grows with each change. `total` is None until it was counted; `failed` says what went wrong.

    `summary` is that of the scan that ended last, as `untag.review.worker` gives it.
    """

    version: int = 0
    doing: Doing | None = None
    done: int = 0
    total: int | None = None
    people: People | None = None
    enrolled: Enrolled | None = None
    summary: dict[str, Any] | None = None
    failed: str | None = None
    stopping: bool = False
    seed: int = 0
    paths: tuple[str, ...] = ()


class Working:
    """Starts the process when it is needed. For any thread. Paths are as they are shown (`printable_path`)."""

    def __init__(self, home: Path, activity: Activity, command: Sequence[str] = COMMAND) -> None:
        self._command = [*command, str(home)]
        self._activity = activity
        self._changed = threading.Condition()
        self._progress = Progress()
        self._child: subprocess.Popen[bytes] | None = None
        self._use = ExitStack()
        self._pictures: dict[str, bytes] = {}

    @property
    def progress(self) -> Progress:
        """How far it is now."""
        with self._changed:
            return self._progress

    def choose(self, paths: Sequence[str]) -> None:
        """Notes which places were named; faces that were found in others are gone."""
        with self._changed:
            if tuple(paths) != self._progress.paths:
                self._set(paths=tuple(paths), people=None, failed=None)

    def look(self, seed: int = 0) -> None:
        """Begins to look for people in the places; does nothing while something runs."""
        with self._changed:
            if self._begin(Doing.LOOKING, people=None, enrolled=None, seed=seed):
                self._send({"do": "look", "paths": self._progress.paths, "seed": seed})

    def enrol(self, shown: int, groups: Sequence[int], *, sure: bool) -> Enrolled:
        """Learns the face of the groups as they were shown; waits for it. Raises UsageError with what went wrong."""
        people = self.progress.people
        if people is None or people.id != shown:
            raise UsageError("these pictures are not here any more; look again, and choose again")
        return self._enrol({"do": "enrol", "groups": list(groups), "sure": sure})

    def hold_picture(self, name: str, data: bytes, most: int, most_bytes: int) -> int:
        """Holds a picture in memory for `enrol_pictures`; how many there are. Raises UsageError for too much."""
        with self._changed:
            held = {**self._pictures, name: data}
            if len(held) > most or sum(map(len, held.values())) > most_bytes:
                raise UsageError(f"at most {most} pictures are taken at once, with {most_bytes >> 20} MiB together")
            self._pictures = held
            return len(held)

    def drop_pictures(self) -> None:
        """Forgets the pictures that are held."""
        with self._changed:
            self._pictures = {}

    def enrol_pictures(self, *, sure: bool) -> Enrolled:
        """Learns a face from the pictures that are held; waits for it. Raises as `enrol` does.

        They are held on where doubts have to be answered first.
        """
        with self._changed:
            pictures = [(name, base64.b64encode(data).decode()) for name, data in self._pictures.items()]
        if not pictures:
            raise UsageError("there are no pictures; choose some first")
        enrolled = self._enrol({"do": "pictures", "pictures": pictures, "sure": sure})
        if not enrolled.declined:
            self.drop_pictures()
        return enrolled

    def call(self, name: str) -> Enrolled:
        """Notes a name under which archives have the user; waits for it. Raises as `enrol` does."""
        return self._enrol({"do": "call", "name": name})

    def scan(self) -> None:
        """Begins to scan the places; does nothing while something runs."""
        with self._changed:
            if self._begin(Doing.SCANNING, summary=None):
                self._send({"do": "scan", "paths": self._progress.paths})

    def stop(self) -> None:
        """Has what runs stop, once what is under way is recorded; what was done is kept."""
        with self._changed:
            if self._progress.doing is not None:
                self._set(stopping=True)
                self._send({"do": "stop"})

    def shown(self) -> None:
        """The end of a scan was shown: what it found is not new any more, and the models may go."""
        with self._changed:
            if self._child is not None and self._progress.doing is None and self._progress.summary is not None:
                self._send({"do": "shown"})
                self._hang_up()

    def wait(self, version: int, seconds: float) -> Progress:
        """The progress as soon as it is another than that of `version`, at the latest after so many seconds."""
        with self._changed:
            self._changed.wait_for(lambda: self._progress.version != version, seconds)
            return self._progress

    def close(self) -> None:
        """Ends the process; a scan records what it has under way."""
        with self._changed:
            child = self._child
            self._hang_up()
        if child is not None:
            try:
                child.wait(_GRACE_SECONDS)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()

    def _enrol(self, order: dict[str, Any]) -> Enrolled:
        with self._changed:
            # A double click comes while the first is still at it: it waits, and then does the same once more.
            self._changed.wait_for(lambda: self._progress.doing is not Doing.ENROLLING, _ANSWER_SECONDS)
            if not self._begin(Doing.ENROLLING, enrolled=None):
                raise UsageError("something else is running; wait until it has ended, or stop it")
            self._send(order)
            self._changed.wait_for(lambda: self._progress.doing is None, _ANSWER_SECONDS)
            if self._progress.enrolled is None:
                raise UsageError(self._progress.failed or "it takes too long; try again")
            return self._progress.enrolled

    def _begin(self, doing: Doing, **changes: Any) -> bool:
        if self._progress.doing is not None:
            return False
        self._use.enter_context(self._activity.running())
        self._set(doing=doing, done=0, total=None, failed=None, stopping=False, **changes)
        return True

    def _set(self, **changes: Any) -> None:
        self._progress = replace(self._progress, version=self._progress.version + 1, **changes)
        self._changed.notify_all()

    def _end(self, **changes: Any) -> None:
        self._use.close()
        self._set(doing=None, stopping=False, **changes)

    def _send(self, order: dict[str, Any]) -> None:
        """Writes an order, to a new process where there is none."""
        child = self._child or self._start()
        # A process that has just ended is noticed by the thread that follows it.
        with suppress(OSError, ValueError):
            _pipe(child.stdin).write(json.dumps(order).encode() + b"\n")
            _pipe(child.stdin).flush()

    def _start(self) -> subprocess.Popen[bytes]:
        self._child = subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603 - ours
        threading.Thread(target=self._follow, args=(self._child,), daemon=True).start()
        return self._child

    def _hang_up(self) -> None:
        """The end of its input is what ends the process."""
        if self._child is not None:
            with suppress(OSError):
                _pipe(self._child.stdin).close()
            self._child = None

    def _follow(self, child: subprocess.Popen[bytes]) -> None:
        with _pipe(child.stdout) as lines:
            for line in lines:
                event = json.loads(line)
                with self._changed:
                    _EVENTS[event.pop("event")](self, event)
        status = child.wait()
        with self._changed:
            with suppress(OSError):
                _pipe(child.stdin).close()
            if self._child is child:
                self._child = None
                # The faces went with it.
                self._set(people=None)
                if self._progress.doing is not None:
                    self._end(failed=_ended(status))

    def _failed(self, event: dict[str, Any]) -> None:
        self._end(failed=event["words"])

    def _done(self, event: dict[str, Any]) -> None:
        self._set(done=event["done"])

    def _counted(self, event: dict[str, Any]) -> None:
        self._set(total=event["photos"])

    def _people(self, event: dict[str, Any]) -> None:
        groups = tuple(
            Shown(tuple(map(base64.b64decode, group["pictures"])), group["photos"], group["side_by_side"])
            for group in event.pop("groups")
        )
        self._end(people=People(self._progress.version, groups, event))

    def _enrolled(self, event: dict[str, Any]) -> None:
        results = tuple((path, outcome, note) for path, outcome, note in event["results"])
        self._end(enrolled=Enrolled(event["used"], event["declined"], tuple(event["reasons"]), results))

    def _summary(self, event: dict[str, Any]) -> None:
        self._end(summary=event, done=event["photos"])

    def _said(self, _: dict[str, Any]) -> None:
        """What is good to know in a terminal, such as the device."""


_EVENTS: dict[str, Callable[[Working, dict[str, Any]], None]] = {
    "said": Working._said,
    "failed": Working._failed,
    "looking": Working._done,
    "people": Working._people,
    "enrolled": Working._enrolled,
    "counted": Working._counted,
    "scanned": Working._done,
    "summary": Working._summary,
}


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    assert stream is not None
    return stream


def _ended(status: int) -> str:
    how = f"by signal {-status}" if status < 0 else f"with exit status {status}"
    return f"what worked on this ended early, {how}; memory may have run out. Nothing is lost: try again"
