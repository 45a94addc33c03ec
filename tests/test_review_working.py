"""The process that works for the pages: what it does, how it ends, and what becomes of it when it is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import untag as api
from fakes import ME, STRANGER, Square, Untag, paint
from untag.errors import UsageError
from untag.review.activity import Activity
from untag.review.working import Doing, Progress, Working
from untag.store.lock import scan_lock

WORKER = (sys.executable, str(Path(__file__).with_name("worker_with_fakes.py")))
PATIENCE = 60.0


@pytest.fixture
def working(untag: Untag) -> Iterator[Working]:
    made = Working(untag.home, Activity(), WORKER)
    yield made
    made.close()


def until(working: Working, holds: Callable[[Progress], object]) -> Progress:
    """The first progress of which something holds."""
    ends = time.monotonic() + PATIENCE
    now = working.progress
    while not holds(now):
        assert time.monotonic() < ends, now
        now = working.wait(now.version, 1.0)
    return now


def ended(now: Progress) -> bool:
    return now.doing is None


def fill(untag: Untag, mine: int = 4, strangers: int = 3) -> None:
    for number in range(mine):
        untag.add(f"{number}.png", paint(Square(off=number / 50, seed=number), serial=number))
    for number in range(strangers):
        untag.add(f"s{number}.png", paint(Square(7, off=number / 50), serial=100 + number))


def look(working: Working, untag: Untag) -> Progress:
    working.choose([str(untag.photos)])
    working.look()
    return until(working, ended)


def test_a_first_visit_from_looking_to_findings(untag: Untag, working: Working) -> None:
    fill(untag)
    now = look(working, untag)
    assert now.people is not None and [group.photos for group in now.people.groups] == [4, 3]
    assert all(picture.startswith(b"\xff\xd8") for group in now.people.groups for picture in group.pictures)
    assert not untag.home.exists()
    assert working.enrol(now.people.id, [0], sure=False).used == 4
    working.scan()
    now = until(working, ended)
    assert now.summary is not None and now.summary["photos"] == 7 and now.summary["new"] > 0
    working.shown()
    working.close()
    assert untag.scan()["new_findings"] == 0


def test_what_was_not_shown_stays_new(untag: Untag, working: Working) -> None:
    fill(untag)
    now = look(working, untag)
    assert now.people is not None
    working.enrol(now.people.id, [0], sure=False)
    working.scan()
    until(working, ended)
    working.close()
    assert untag.scan()["new_findings"]


def test_a_choice_is_for_the_pictures_that_were_shown(untag: Untag, working: Working) -> None:
    """A page in another tab that was not drawn anew shows groups that are others by now."""
    fill(untag)
    before = look(working, untag).people
    working.look(seed=1)
    after = until(working, ended).people
    assert before is not None and after is not None and before.id != after.id
    with pytest.raises(UsageError, match="choose again"):
        working.enrol(before.id, [0], sure=False)
    assert working.enrol(after.id, [0], sure=False).used == 4


def test_a_double_click_enrols_once(untag: Untag, working: Working) -> None:
    fill(untag)
    people = look(working, untag).people
    assert people is not None
    assert working.enrol(people.id, [0], sure=False).used == working.enrol(people.id, [0], sure=False).used == 4


def test_other_places_make_the_faces_go(untag: Untag, working: Working) -> None:
    fill(untag)
    look(working, untag)
    working.choose([str(untag.root)])
    assert working.progress.people is None


def test_doubts_are_told_before_anything_is_stored(untag: Untag, working: Working) -> None:
    for person in range(5):
        for number in range(2):
            untag.add(f"{person}-{number}.png", paint(Square(person, off=number / 50), serial=person * 10 + number))
    people = look(working, untag).people
    assert people is not None
    told = working.enrol(people.id, [0, 1, 2, 3, 4], sure=False)
    assert told.declined and "several people" in " ".join(told.doubts)
    assert working.enrol(people.id, [0, 1, 2, 3, 4], sure=True).used > 4


def test_pictures_are_enrolled_from_memory(untag: Untag, working: Working) -> None:
    assert working.hold_picture("a.png", paint(ME), 3, 10**6) == 1
    assert working.hold_picture("b.png", paint(Square(off=0.02)), 3, 10**6) == 2
    assert working.hold_picture("c.png", paint(ME, STRANGER), 3, 10**6) == 3
    with pytest.raises(UsageError, match="at most 3 pictures"):
        working.hold_picture("d.png", paint(ME), 3, 10**6)
    with pytest.raises(UsageError, match="at most"):
        working.hold_picture("c.png", bytes(10**6), 3, 10**6)
    told = working.enrol_pictures(sure=False)
    assert told.used == 2 and [note for _, outcome, note in told.results if outcome != "used"]
    with pytest.raises(UsageError, match="no pictures"):
        working.enrol_pictures(sure=False)


def test_what_goes_wrong_is_told_in_words(untag: Untag, working: Working) -> None:
    working.choose([str(untag.root / "nowhere")])
    working.look()
    assert "no such file" in (until(working, ended).failed or "")
    fill(untag)
    working.choose([str(untag.photos)])
    working.scan()
    assert "enrolled" in (until(working, ended).failed or "")


@pytest.fixture
def halt(untag: Untag, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Somebody enrolled, and photos of which a scan stands still at the 17th until it is told to stop.

    It goes through when the file is deleted.
    """
    path = untag.root / "halt"
    path.touch()
    monkeypatch.setenv("UNTAG_TEST_HALT", str(path))
    untag.enroll()
    fill(untag, mine=37)
    return path


def begin(working: Working, untag: Untag) -> None:
    working.choose([str(untag.photos)])
    working.scan()
    until(working, lambda now: now.done > 0 or ended(now))


def recorded(untag: Untag) -> api.LastScan:
    with api.open(untag.home, tend=False) as home:
        last = home.last_scan()
    assert last is not None
    return last


def test_a_scan_is_paused_and_goes_on(untag: Untag, halt: Path, working: Working) -> None:
    begin(working, untag)
    working.stop()
    now = until(working, ended)
    assert now.summary is not None and now.summary["interrupted"]
    part = recorded(untag)
    assert 0 < part.photos < 40 and part.finished_at is None and part.process is None
    halt.unlink()
    working.scan()
    now = until(working, ended)
    assert now.summary is not None and not now.summary["interrupted"]
    # What was done before is not done again.
    assert now.summary["analysed"] == 40 - part.photos and recorded(untag).finished_at is not None


def test_a_word_to_stop_that_comes_at_once_is_heeded(untag: Untag, halt: Path, working: Working) -> None:
    working.choose([str(untag.photos)])
    working.scan()
    working.stop()
    now = until(working, ended)
    assert now.summary is not None and now.summary["interrupted"] and not now.stopping


def test_when_the_server_ends_the_scan_ends_cleanly(untag: Untag, halt: Path, working: Working) -> None:
    begin(working, untag)
    working.close()
    last = recorded(untag)
    assert 0 < last.photos < 40 and last.finished_at is None and last.process is None
    assert working.progress.doing is None


def test_a_process_that_is_killed_is_told_and_begun_anew(untag: Untag, halt: Path, working: Working) -> None:
    begin(working, untag)
    child = working._child
    assert child is not None
    child.kill()
    halt.unlink()
    assert "ended early" in (until(working, ended).failed or "")
    working.scan()
    now = until(working, ended)
    assert now.failed is None and now.summary is not None and now.summary["photos"] == 40


def test_a_scan_elsewhere_is_not_disturbed(untag: Untag, working: Working) -> None:
    untag.enroll()
    fill(untag)
    working.choose([str(untag.photos)])
    with scan_lock(untag.home):
        working.scan()
        assert f"pid {os.getpid()}" in (until(working, ended).failed or "")
    working.scan()
    assert until(working, ended).failed is None


@pytest.mark.skipif(os.name != "posix", reason="signals as a terminal sends them")
def test_ctrl_c_in_the_terminal_ends_a_scan_cleanly(untag: Untag, halt: Path, working: Working) -> None:
    begin(working, untag)
    child = working._child
    assert child is not None
    child.send_signal(signal.SIGINT)
    now = until(working, ended)
    assert now.summary is not None and now.summary["interrupted"]
    assert child.wait(PATIENCE) == 0


def test_an_unread_pipe_is_no_reason_to_wait_for_ever(untag: Untag) -> None:
    """A worker that nobody listens to any more ends when its input does."""
    child = subprocess.Popen([*WORKER, str(untag.home)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert child.stdin is not None and child.stdout is not None
    child.stdout.close()
    child.stdin.close()
    assert child.wait(PATIENCE) == 0


def test_while_something_runs_the_pages_count_as_used(untag: Untag, halt: Path) -> None:
    now = [0.0]
    activity = Activity(clock=lambda: now[0])
    working = Working(untag.home, activity, WORKER)
    try:
        begin(working, untag)
        now[0] = 10_000.0
        assert activity.unused_for() == 0
        working.look()
        assert working.progress.doing is Doing.SCANNING
        working.stop()
        until(working, ended)
        now[0] = 10_100.0
        assert activity.unused_for() == 100
    finally:
        working.close()
