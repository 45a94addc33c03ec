"""Scans that are stopped, killed, refused or run out of room: nothing is lost, nothing is done twice."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from children import killed_on_leaving
from fakes import ME, FakeScenes, Square, Untag, paint
from untag.cli.terminal import say
from untag.config import Settings
from untag.scan import ScanModels, ScanSummary, scan
from untag.scan.judge import load_judge
from untag.scan.pipeline import Cancel
from untag.store import PhotoRecord, Store, check_integrity, record_batch

PHOTOS = 160
"""More than two batches of the record."""


@pytest.fixture
def filled(untag: Untag) -> Untag:
    untag.enroll()
    for number in range(1, PHOTOS + 1):
        untag.add(f"{number:03}.png", paint(Square(off=number % 5 / 100), serial=number, side=100))
    return untag


def run_scan(untag: Untag, jobs: int, stop_after: int | None = None) -> ScanSummary:
    settings = Settings(untag.home, jobs=jobs)
    cancel = Cancel()
    seen = 0

    def on_photo() -> None:
        nonlocal seen
        seen += 1
        if seen == stop_after:
            cancel.set()

    with Store.open(untag.home) as store:
        models = ScanModels(untag.engine, FakeScenes())  # type: ignore[arg-type]
        judge = load_judge(store, untag.engine.id, settings)
        return scan(store, [untag.photos], models, judge, settings, on_photo=on_photo, cancel=cancel)


def recorded(home: Path) -> set[int]:
    """The numbers of the photos whose analysis is on record."""
    with closing(sqlite3.connect(home / "untag.db")) as db:
        paths = db.execute("SELECT path FROM files JOIN photos USING (sha256)").fetchall()
    return {int(Path(path).stem) for (path,) in paths}


EVERYTHING = set(range(1, PHOTOS + 1))


@pytest.mark.parametrize("jobs", [0, 3])
def test_a_cancelled_scan_goes_on_where_it_ended(filled: Untag, jobs: int) -> None:
    filled.engine.delay = 0.05
    summary = run_scan(filled, jobs, stop_after=40)
    filled.engine.delay = 0.0
    assert summary.interrupted
    assert 40 <= summary.photos < PHOTOS
    assert recorded(filled.home) == set(filled.engine.analysed)
    again = run_scan(filled, jobs)
    assert not again.interrupted
    assert (again.photos, again.unchanged) == (PHOTOS, summary.photos)
    assert filled.engine.analysed == Counter(dict.fromkeys(EVERYTHING, 1))
    assert len(filled.found()) == PHOTOS


def test_a_cancelled_scan_forgets_nothing(filled: Untag) -> None:
    run_scan(filled, 0)
    filled.add("000.png", paint(ME, serial=1, side=100))
    run_scan(filled, 0)
    for number in EVERYTHING:
        (filled.photos / f"{number:03}.png").unlink()
    for number in range(200, 210):
        filled.add(f"{number}.png", paint(ME, serial=number, side=100))
    assert run_scan(filled, 0, stop_after=3).interrupted
    assert len(filled.found()) >= PHOTOS
    assert not run_scan(filled, 0).interrupted
    assert len(filled.found()) == 11


def test_ctrl_c_ends_cleanly_and_can_be_resumed(filled: Untag, monkeypatch: pytest.MonkeyPatch) -> None:
    heard = threading.Event()

    def hear(text: str) -> None:
        say(text)
        if text.startswith("stopping"):
            heard.set()

    def interrupt(number: int) -> None:
        if number == 30:
            os.kill(os.getpid(), signal.SIGINT)
            heard.wait(60)

    monkeypatch.setattr("untag.cli.scan.say", hear)

    filled.engine.on_analyse = interrupt
    before = signal.getsignal(signal.SIGINT)
    result = filled.run("scan", filled.photos, "--jobs", "2")
    assert result.status == 130
    assert "run the same command again to go on" in result.err
    assert "Traceback" not in result.err
    assert signal.getsignal(signal.SIGINT) is before
    assert recorded(filled.home) == set(filled.engine.analysed)
    # Two decoders do not keep the order: a few photos before the thirtieth may come after it.
    assert 20 <= len(filled.engine.analysed) < PHOTOS
    filled.engine.on_analyse = lambda _: None
    assert filled.run("scan", filled.photos).status == 0
    assert filled.engine.analysed == Counter(dict.fromkeys(EVERYTHING, 1))


def test_a_second_ctrl_c_ends_at_once(filled: Untag) -> None:
    def interrupt(number: int) -> None:
        if number in (90, 91):
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.1)

    filled.engine.on_analyse = interrupt
    result = filled.run("scan", filled.photos, "--jobs", "2")
    assert result.status == 130
    assert "Traceback" not in result.err
    assert check_integrity(filled.home) == []
    kept = recorded(filled.home)
    filled.engine.on_analyse = lambda _: None
    filled.engine.analysed.clear()
    assert filled.run("scan", filled.photos).status == 0
    assert set(filled.engine.analysed) == EVERYTHING - kept
    assert recorded(filled.home) == EVERYTHING


CHILD = """
import sys, time
from pathlib import Path
import untag.faces.engine, untag.scenes.classify, untag.people.calibrate
from fakes import FakeEngine, install

def patch(name, value):
    module, _, attribute = name.rpartition(".")
    setattr(sys.modules[module], attribute, value)

def analysed(number):
    if number == 150:
        time.sleep(600)

engine = FakeEngine(on_analyse=analysed)
install(patch, engine)
from untag.cli import main
main(sys.argv[1:])
"""


def start_child(untag: Untag, *arguments: str | Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, "--home", str(untag.home), *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL")
def test_killed_in_the_middle_and_run_again(filled: Untag) -> None:
    with killed_on_leaving(start_child(filled, "scan", filled.photos, "--jobs", "1")) as child:
        while len(recorded(filled.home)) < 64:
            assert child.poll() is None, child.stdout and child.stdout.read()
            time.sleep(0.05)
        refused = filled.run("scan", filled.photos)
        assert refused.status == 75
        assert f"Another scan is running (pid {child.pid})" in refused.err
    assert check_integrity(filled.home) == []
    kept = recorded(filled.home)
    assert 64 <= len(kept) < PHOTOS
    assert len(filled.found()) == len(kept)
    assert filled.engine.analysed == {}
    result = filled.run("scan", filled.photos)
    assert result.status == 0, result.err
    assert set(filled.engine.analysed) == EVERYTHING - kept
    assert max(filled.engine.analysed.values()) == 1
    assert recorded(filled.home) == EVERYTHING
    assert len(filled.found()) == PHOTOS
    assert check_integrity(filled.home) == []
    with Store.open(filled.home) as store:
        run = store.row("SELECT finished_at FROM runs ORDER BY id DESC LIMIT 1")
    assert run is not None and run["finished_at"] is not None


def test_terminated_it_stops_like_ctrl_c(filled: Untag) -> None:
    def terminate(number: int) -> None:
        if number == 30:
            os.kill(os.getpid(), signal.SIGTERM)

    filled.engine.on_analyse = terminate
    assert filled.run("scan", filled.photos).status == 130
    assert recorded(filled.home) == set(filled.engine.analysed)


def test_a_full_disk_keeps_what_was_recorded(filled: Untag, monkeypatch: pytest.MonkeyPatch) -> None:
    batches = 0

    def filling(store: Store, run_id: int, records: Sequence[PhotoRecord]) -> None:
        nonlocal batches
        batches += 1
        if batches == 2:
            (pages,) = next(store.rows("PRAGMA page_count")).values()
            store.execute(f"PRAGMA max_page_count = {pages}")
        record_batch(store, run_id, records)

    with monkeypatch.context() as patch:
        patch.setattr("untag.scan.recorder.record_batch", filling)
        result = filled.run("scan", filled.photos, "--jobs", "1")
    assert result.status == 2
    assert "The disk is full" in result.err
    assert "Make room and run again" in result.err
    assert "Traceback" not in result.err
    kept = recorded(filled.home)
    assert len(kept) >= 64
    assert check_integrity(filled.home) == []
    filled.engine.analysed.clear()
    assert filled.run("scan", filled.photos).status == 0
    assert set(filled.engine.analysed) == EVERYTHING - kept
    assert recorded(filled.home) == EVERYTHING


def test_a_photo_that_the_models_cannot_take_is_listed_and_the_rest_goes_on(filled: Untag) -> None:
    def fail(number: int) -> None:
        if number == 100:
            raise RuntimeError("out of memory")

    filled.engine.on_analyse = fail
    result = filled.run("scan", filled.photos, "--jobs", "0")
    assert result.status == 1
    assert "the models could not look at it (RuntimeError)" in result.err
    assert "Traceback" not in result.err
    assert len(recorded(filled.home)) == len(EVERYTHING) - 1
    filled.engine.on_analyse = lambda _: None
    assert filled.run("scan", filled.photos).status == 0
    assert recorded(filled.home) == EVERYTHING


@pytest.mark.parametrize("fatal", ["_tell", "list_unreadable", "_mark_reported"])
def test_what_a_run_found_stays_new_until_the_user_was_told(
    filled: Untag, monkeypatch: pytest.MonkeyPatch, fatal: str
) -> None:
    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(f"untag.cli.scan.{fatal}", killed)
        assert filled.run("scan", filled.photos, "--fail-on-new").status == 130
    with Store.open(filled.home) as store:
        run = store.row("SELECT finished_at FROM runs ORDER BY id DESC LIMIT 1")
    assert run is not None and run["finished_at"] is not None, "else this is another case"
    result = filled.run("scan", filled.photos, "--fail-on-new", "--json")
    # All of them look alike, and so are one picture.
    assert (result.status, json.loads(result.out)["new_findings"]) == (3, 1)
    assert filled.run("scan", filled.photos, "--fail-on-new").status == 0


def test_what_an_interrupted_run_found_is_new_to_the_next_one(filled: Untag) -> None:
    def terminate(number: int) -> None:
        if number == 100:
            os.kill(os.getpid(), signal.SIGTERM)

    filled.engine.on_analyse = terminate
    assert filled.run("scan", filled.photos, "--jobs", "0", "--fail-on-new").status == 130
    filled.engine.on_analyse = lambda _: None
    result = filled.run("scan", filled.photos, "--fail-on-new", "--json")
    # All of them look alike, and so are one picture.
    assert (result.status, json.loads(result.out)["new_findings"]) == (3, 1)
