"""What a scan has done so far, as another process sees it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import untag as api
from fakes import ME, Untag, paint
from untag.store.lock import LOCK_NAME, lock_holder, scan_lock


def fill(untag: Untag, photos: int) -> None:
    untag.enroll()
    for number in range(photos):
        untag.add(f"{number}.png", paint(ME, serial=number))


def test_before_the_first_scan_there_is_none(untag: Untag) -> None:
    with api.open(untag.home) as home:
        assert home.last_scan() is None
        assert not untag.home.exists()
        untag.enroll()
        assert home.last_scan() is None


def test_a_finished_scan_says_what_it_saw(untag: Untag) -> None:
    fill(untag, 3)
    untag.scan()
    with api.open(untag.home) as home:
        last = home.last_scan()
    assert last is not None and last.finished_at is not None and last.process is None
    assert (last.paths, last.photos, last.findings) == ((str(untag.photos),), 3, 3)
    untag.scan()
    with api.open(untag.home) as home:
        last = home.last_scan()
    assert last is not None and (last.photos, last.findings) == (3, 0)


def test_a_scan_that_runs_is_seen_by_others_with_what_it_has_found(untag: Untag) -> None:
    fill(untag, 200)
    seen: list[api.LastScan | None] = []

    def look(serial: int) -> None:
        if serial == 190:
            with api.open(untag.home) as other:
                seen.append(other.last_scan())

    untag.engine.on_analyse = look
    untag.scan("--jobs", "0")
    (running,) = seen
    assert running is not None and running.process == os.getpid() and running.finished_at is None
    assert 0 < running.photos < 200 and running.findings == running.photos


def test_an_interrupted_scan_is_no_running_one(untag: Untag) -> None:
    fill(untag, 200)
    cancel = api.Cancel()
    untag.engine.on_analyse = lambda serial: cancel.set() if serial == 100 else None
    with api.open(untag.home, jobs=0) as home:
        home.scan(untag.photos, options=api.ScanOptions(cancel=cancel))
        last = home.last_scan()
    assert last is not None and last.process is None and last.finished_at is None and 0 < last.photos < 200


def test_the_number_that_a_killed_scan_left_behind_means_nothing(tmp_path: Path) -> None:
    program = (
        "import os, sys; from pathlib import Path; from untag.store.lock import scan_lock\n"
        "with scan_lock(Path(sys.argv[1])): os._exit(9)"
    )
    assert lock_holder(tmp_path) is None
    subprocess.run([sys.executable, "-c", program, tmp_path], check=False)
    assert (tmp_path / LOCK_NAME).read_text().isdecimal() and lock_holder(tmp_path) is None
    with scan_lock(tmp_path):
        assert lock_holder(tmp_path) == os.getpid()
    assert lock_holder(tmp_path) is None
