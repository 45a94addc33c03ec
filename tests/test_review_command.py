"""`untag review` as a program: what it prints first, and what ends it."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fakes import Untag
from untag.cli.browser import has_screen, open_browser
from untag.review.activity import Activity
from untag.review.server import terminal_watch

ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+/\?token=[\w-]{32}\n")


@contextmanager
def running(home: Path, stdin: int) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "untag", "--home", str(home), "review", "--no-browser"]
    process = subprocess.Popen(command, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert ADDRESS.fullmatch(process.stdout.readline())
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such signals")
@pytest.mark.parametrize("how", ["stdin", "SIGHUP", "SIGINT", "SIGTERM"])
def test_it_ends_with_its_terminal(tmp_path: Path, how: str) -> None:
    reading, writing = os.pipe()
    with running(tmp_path / "home", reading) as process:
        os.close(reading)
        if how == "stdin":
            os.close(writing)
        else:
            process.send_signal(getattr(signal, how))
        out, err = process.communicate(timeout=120)
        assert (process.returncode, out) == (0, "")
        assert ("its terminal was closed" if how == "stdin" else "you ended it") in err
    if how != "stdin":
        os.close(writing)


def test_an_input_that_is_no_terminal_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    with Path(os.devnull).open() as nothing:
        monkeypatch.setattr(sys, "stdin", nothing)
        assert not terminal_watch()()
    monkeypatch.setattr(sys, "stdin", None)
    assert not terminal_watch()()


@pytest.mark.skipif(sys.platform == "win32", reason="there is no poll")
def test_an_input_that_is_closed_already_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    os.close(writing)
    with os.fdopen(reading) as ended:
        monkeypatch.setattr(sys, "stdin", ended)
        assert not terminal_watch()()


def test_a_port_in_use_is_wrong_usage(untag: Untag) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        result = untag.run("review", "--no-browser", "--port", str(other.getsockname()[1]))
    assert result.status == 2
    assert "cannot be used" in result.err
    assert result.out == ""


def test_without_a_screen_no_browser_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("webbrowser.get", lambda: pytest.fail("a browser for the terminal would take it over"))
    assert not has_screen()
    assert not open_browser("http://127.0.0.1:1/")


def test_a_scan_counts_as_use_and_an_open_page_does_not() -> None:
    now = [0.0]
    activity = Activity(lambda: now[0])
    now[0] = 100.0
    assert activity.unused_for() == 100
    with activity.running():
        now[0] = 5000.0
        assert activity.unused_for() == 0
    now[0] = 5010.0
    assert activity.unused_for() == 10
    activity.touch()
    assert activity.unused_for() == 0
