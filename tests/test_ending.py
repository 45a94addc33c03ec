"""Commands that are asked to end by a signal end cleanly: status 130, no traceback, nothing half-done."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import click
import pytest

from children import killed_on_leaving
from fakes import ME, STRANGER, Untag, paint
from untag.cli import app
from untag.cli.ending import ended_by_signals
from untag.store import check_integrity

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")

CHILD = """
import sys
import untag.faces.engine, untag.scenes.classify, untag.people.calibrate
from fakes import FakeEngine, install

def patch(name, value):
    module, _, attribute = name.rpartition(".")
    setattr(sys.modules[module], attribute, value)

install(patch, FakeEngine(delay=0.01))
from untag.cli import app
status = app._status
def begun(*arguments):
    print("begun", flush=True)
    return status(*arguments)
app._status = begun
app.main(sys.argv[1:])
"""


def end(untag: Untag, arguments: Sequence[str], kind: signal.Signals, after: float) -> tuple[int, str]:
    """Start a command, send a signal `after` seconds of its own work; its status and what it said on standard error."""
    started = subprocess.Popen(
        [sys.executable, "-c", CHILD, "--home", str(untag.home), *arguments],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
    )
    with killed_on_leaving(started) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "begun\n"
        time.sleep(after)
        child.send_signal(kind)
        _, said = child.communicate()
    return child.returncode, said


@pytest.fixture
def filled(untag: Untag) -> Untag:
    untag.enroll()
    for number in range(1, 30):
        untag.add(f"{number}.png", paint(ME, STRANGER, serial=number))
    untag.scan()
    return untag


def arguments_of(command: str, untag: Untag) -> list[str]:
    photo = str(untag.photos / "1.png")
    pairs = untag.root / "pairs.csv"
    pairs.write_text("left,right,same\n" + "1.png,2.png,1\n1.png,3.png,1\n" * 20)
    return {
        "enroll": ["enroll", str(untag.photos)],
        "sources": ["sources", str(untag.photos)],
        "scan": ["scan", str(untag.photos)],
        "search": ["search", "a red square"],
        "report": ["report", "--output", str(untag.root / "r.html")],
        "decide": ["decide", photo, "--status", "keep"],
        "inspect": ["inspect", str(untag.photos)],
        "evaluate": ["evaluate", "pairs", str(pairs), "--root", str(untag.photos)],
        "categories": ["categories", "list"],
        "models": ["models", "list"],
        "worker": ["worker", "--nas"],
        "backup": ["backup", str(untag.root / "backup.jsonl")],
        "restore": ["restore", str(untag.root / "backup.jsonl")],
        "forget": ["forget", "--bystanders"],
    }.get(command, [command])


@pytest.mark.parametrize("command", app._COMMANDS)
def test_every_command_ends_cleanly(filled: Untag, command: str) -> None:
    """Wherever the signal comes: while modules are imported, while it works, or after its last line."""
    if command == "scan":
        for number in range(100, 130):
            filled.add(f"{number}.png", paint(ME, serial=number))
    for number, kind in enumerate([signal.SIGTERM, signal.SIGTERM, signal.SIGTERM, signal.SIGHUP]):
        after = random.Random(f"{command}{number}").uniform(0, 0.4)
        status, said = end(filled, arguments_of(command, filled), kind, after)
        assert "Traceback" not in said, said
        assert "bug in untag" not in said, said
        # Those that were done before the signal came end as they would have, and some of these pictures are unreadable.
        assert status in (130, 0, 1, 2), said
        assert list((filled.home / "parts").glob("*")) == []
        assert check_integrity(filled.home) == []
        assert {path.name for path in filled.root.iterdir()} <= {
            "home",
            "photos",
            "enrol-me",
            "pairs.csv",
            "r.html",
            "backup.jsonl",
        }


def test_a_signal_at_once_interrupts(filled: Untag) -> None:
    assert end(filled, ["report", "--output", str(filled.root / "r.html")], signal.SIGTERM, 0)[0] == 130


def command_that(action: click.Command, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(app.untag, "get_command", lambda *_: action)
    return app._run(["list"])


def test_c_code_that_makes_another_error_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    @click.command()
    def action() -> None:
        try:
            os.kill(os.getpid(), signal.SIGTERM)
        except KeyboardInterrupt as interrupt:
            raise ImportError("numpy.core.multiarray failed to import") from interrupt

    before = signal.getsignal(signal.SIGTERM)
    assert command_that(action, monkeypatch) == 130
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_second_signal_does_not_interrupt_the_tidying(monkeypatch: pytest.MonkeyPatch) -> None:
    tidied = []

    @click.command()
    def action() -> None:
        try:
            os.kill(os.getpid(), signal.SIGTERM)
        finally:
            os.kill(os.getpid(), signal.SIGTERM)
            tidied.append(True)

    assert command_that(action, monkeypatch) == 130
    assert tidied == [True]


def test_a_signal_that_is_ignored_stays_so() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with ended_by_signals():
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


SWALLOWED = """
import os, signal, sys, weakref
from untag.cli.ending import ended_by_signals

class Thing: pass

with ended_by_signals() as asked:
    thing = Thing()
    reference = weakref.ref(thing, lambda _: os.kill(os.getpid(), signal.SIGTERM))
    try:
        del thing
        signal.pause() if "wait" in sys.argv else [None for _ in range(10**9)]
    except KeyboardInterrupt:
        print("interrupted", asked())
"""


@pytest.mark.parametrize("how", ["wait", "work"])
def test_an_interrupt_that_python_swallows_is_raised_again(how: str) -> None:
    """It came in the callback of a weak reference, as it does while modules are imported."""
    done = subprocess.run(
        [sys.executable, "-c", SWALLOWED, how], capture_output=True, text=True, timeout=60, check=True
    )
    assert (done.stdout, done.stderr) == ("interrupted True\n", "")
