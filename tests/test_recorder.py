"""When a scan's results are recorded: by their number, and by a clock that the test turns."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from untag.scan.recorder import Recorder
from untag.store import PhotoRecord, Store, known_files, start_run
from untag.types import Outcome, PhotoRef

TOO_FEW = 63
"""One more is a full batch."""


class Clock:
    seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "home") as store:
        yield store


def photo(number: int) -> PhotoRecord:
    return PhotoRecord(PhotoRef(f"/a/{number}.jpg", "folder", 1, 1), None, Outcome.BROKEN, "not a picture")


def on_record(store: Store) -> int:
    return len(list(known_files(store, "/a")))


def test_a_batch_waits_until_it_is_full(store: Store) -> None:
    recorder = Recorder(store, start_run(store, ["/a"]), set(), clock=Clock())
    for number in range(TOO_FEW):
        recorder.take(photo(number))
    assert on_record(store) == 0
    recorder.take(photo(TOO_FEW))
    assert on_record(store) == TOO_FEW + 1


def test_what_takes_its_time_is_recorded_every_two_seconds(store: Store) -> None:
    clock = Clock()
    recorder = Recorder(store, start_run(store, ["/a"]), set(), clock=clock)
    clock.seconds += 2.0
    recorder.take(photo(1))
    assert on_record(store) == 0
    clock.seconds += 0.1
    recorder.take(photo(2))
    assert on_record(store) == 2
    clock.seconds += 1.9
    recorder.take(photo(3))
    assert on_record(store) == 2, "the time begins anew with each record"
    clock.seconds += 0.2
    recorder.take(photo(4))
    assert on_record(store) == 4
