"""Photos read and looked at by the workers of a cluster: the same stages, with the home waiting for their answers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any, Protocol, TypeVar

from untag.scan.cluster import task
from untag.scan.cluster.addresses import SharedFolder, seen_by_workers
from untag.scan.cluster.connection import Abandoned, Staff, WorkersDied
from untag.scan.items import Decoded, Failed, Loaded, Seen, Task
from untag.scan.pipeline import Stage
from untag.scan.workplace import each, of_kind, read
from untag.types import Outcome

Answer = TypeVar("Answer")

_MOST_TASKS = 32
"""Tasks that the home waits for at once: each has a thread here."""

_TOGETHER = 4
"""Photos of one task: so few that all workers have some, as all files under way together are bounded."""

_AHEAD = 2
"""Tasks for each thread of a worker: the one that it does, and the next."""

_LOOK_UP = 0.5
_MORE_UNDER_WAY = 8
"""Times the bytes that may be under way, where few of them pass through the home."""


class Workers(Protocol):
    """Who does what the home asks for, as `connection.Connection` has it."""

    staff: Staff

    def run(self, call: Callable[..., Answer], *arguments: Any) -> Answer: ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Cluster:
    """The workers of a cluster; files in `shared` folders they read themselves. Use `gate` for nothing else."""

    workers: Workers
    jobs: int
    shared: Sequence[SharedFolder]
    gate: Gate

    @property
    def factor(self) -> int:
        return _MORE_UNDER_WAY if self.shared else 1

    def reading(self) -> Stage[Any, Any]:
        if self.shared:
            return Stage("read", of_kind(Task, each(self._read)), workers=_MOST_TASKS)
        return Stage("read", of_kind(Task, each(read)), workers=max(1, self.jobs))

    def looking(self) -> Sequence[Stage[Any, Any]]:
        return (Stage("look", self._look_at_all, workers=_MOST_TASKS, batch=_TOGETHER),)

    def close(self) -> None:
        self.workers.close()

    def _read(self, item: Task) -> Loaded | Failed:
        """By a worker where it can; what the workers do not see, the home reads."""
        path = seen_by_workers(item.ref.found_at, self.shared)
        if path is None:
            return read(item)
        try:
            with self.gate.among_others():
                sha256 = self.workers.run(task.read_shared, path)
        except (Abandoned, WorkersDied):
            return read(item)
        return read(item) if isinstance(sha256, task.Broken) else Loaded(item.ref, sha256, b"", shared=path)

    def _look_at_all(self, items: list[Any]) -> Iterator[Any]:
        """Photos together; a video, which is decoded already and much larger, alone."""
        decoded = of_kind(Decoded, lambda videos: chain.from_iterable(self._look([one]) for one in videos))
        return decoded(list(of_kind(Loaded, self._look)(items)))

    def _look(self, photos: Sequence[Loaded | Decoded]) -> list[Seen | Failed]:
        """What a worker saw. A cancelled scan drops what was not answered, as it does what no stage has begun."""
        try:
            with self.gate.among_others():
                answer = self._answer(photos)
            return [self._alone(photo) for photo in photos] if isinstance(answer, task.Broken) else answer
        except Abandoned:
            return []

    def _answer(self, photos: Sequence[Loaded | Decoded]) -> list[Seen | Failed] | task.Broken:
        """Broken where workers died or failed meanwhile: of one of these photos, or of others beside them."""
        given = list(map(_given, photos))
        try:
            answer = self.workers.run(task.look, given)
        except WorkersDied:
            return task.Broken("the workers that looked at it died")
        if isinstance(answer, task.Broken):
            return answer
        refs = {one.sha256: one.ref for one in photos}
        if {seen.sha256 for seen in answer} != refs.keys() or len(answer) != len(refs):
            # Whoever runs the worker may not be trusted, and a photo without an answer would never be missed.
            return task.Broken("the worker answered about other photos than it was given")
        return [replace(seen, ref=refs[seen.sha256 or ""]) for seen in answer]

    def _alone(self, photo: Loaded | Decoded) -> Seen | Failed:
        """The same with nothing else under way, so that a worker that dies dies of this photo."""
        with self.gate.alone():
            answer = self._answer([photo])
        if isinstance(answer, task.Broken):
            reason = f"{answer.reason}, also with nothing else under way; the next scan tries it again"
            return Failed(photo.ref, photo.sha256, Outcome.NOT_ANALYSED, reason)
        return answer[0]


def _given(one: Loaded | Decoded) -> task.Given:
    if isinstance(one, Decoded):
        return task.Given(one.sha256, one.concerns, frame=one.frame, phash=one.phash)
    return task.Given(one.sha256, one.concerns, one.data, one.shared)


class Gate:
    """Lets so many tasks to the workers as they can do, or a single one alone."""

    def __init__(self, staff: Callable[[], Staff], cancelled: Callable[[], bool]) -> None:
        self._staff = staff
        self._cancelled = cancelled
        self._changed = threading.Condition()
        self._inside = 0
        self._alone = 0

    @contextmanager
    def among_others(self) -> Iterator[None]:
        """Wait for room. Raises Abandoned when the scan is cancelled meanwhile."""
        self._enter(lambda: not self._alone and self._inside < max(1, _AHEAD * self._staff().threads))
        try:
            yield
        finally:
            self._leave()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Wait until nothing is under way, and let nothing in. Raises Abandoned as `among_others` does."""
        with self._changed:
            self._alone += 1
        try:
            self._enter(lambda: not self._inside)
            try:
                yield
            finally:
                self._leave()
        finally:
            with self._changed:
                self._alone -= 1
                self._changed.notify_all()

    def _enter(self, may: Callable[[], bool]) -> None:
        with self._changed:
            while not may():
                if self._cancelled():
                    raise Abandoned
                self._changed.wait(_LOOK_UP)
            self._inside += 1

    def _leave(self) -> None:
        with self._changed:
            self._inside -= 1
            self._changed.notify_all()
