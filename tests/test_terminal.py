"""Names, captions and messages of whatever origin: no command lets one steer a terminal."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes import MAYBE, ME, STRANGER, Result, Untag, paint
from untag.cli import app
from untag.support.words import counted, printable

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")

CONTROLS = (
    "\x1b]0;owned\x07 \x1b[97;41;5m \x9b2J \x7f \r \u202e \u2066 \u200b \u200d \ufeff \u2028 \U000e0041 \u3164 \n"
)
EVIL = f"[red]bad[/red] [link=file:///x]y[/link] {CONTROLS}untag: all is well".replace("/", "\u2215")
NOT_UTF8 = b"caf\xe9.png".decode("utf-8", "surrogateescape")
HARMFUL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\u3164\ud800-\udfff\U000e0041]"
)
OURS = re.compile(r"\x1b\[(?:\?25[lh]|[0-9]*[AK]|2K|0?m|[0-9;]*m)|\r(?=\n)|\r(?=\x1b)")
"""What the colours and bars of untag itself send."""


def test_numbers_have_their_noun() -> None:
    assert [counted(number, "photo") for number in (0, 1, 2)] == ["0 photos", "1 photo", "2 photos"]
    assert [counted(number, "copy", "copies") for number in (0, 1, 2)] == ["0 copies", "1 copy", "2 copies"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Ana's photo (1).jpg", "Ana's photo (1).jpg"),
        (
            "\u6d77\u8fba\u3000\u2764\ufe0f Screenshot 3.04\u202fPM.png",
            "\u6d77\u8fba\u3000\u2764\ufe0f Screenshot 3.04\u202fPM.png",
        ),
        ("a\x1b]0;b\x07", r"a\x1b]0;b\x07"),
        ("a\nb\r\tc\x7f\x9b", r"a\nb\r\tc\x7f\x9b"),
        ("\u202egpj.exe\u2066", r"\u202egpj.exe\u2066"),
        ("a\u200bb\ufeff\u00ad\u3164\U000e0041", r"a\u200bb\ufeff\xad\u3164\U000e0041"),
        (NOT_UTF8, r"caf\udce9.png"),
        ("", ""),
    ],
)
def test_text_is_shown_as_it_is_or_escaped(text: str, shown: str) -> None:
    assert printable(text) == shown
    assert printable(shown) == shown


@given(st.text(alphabet=st.characters(exclude_categories=())))
def test_no_text_is_harmful(text: str) -> None:
    shown = printable(text)
    assert HARMFUL.search(shown) is None
    assert "\n" not in shown
    shown.encode("utf-8")


@pytest.fixture
def evil(untag: Untag) -> Untag:
    """A home, photos and archives in which every name, and what archives say, is hostile."""
    evil = replace(untag, root=untag.root / EVIL)
    evil.root.mkdir()
    me = evil.root / f"me{EVIL}"
    me.mkdir()
    for number, square in enumerate((ME, replace(ME, off=0.01))):
        (me / f"{number}{EVIL}.png").write_bytes(paint(square, serial=900 + number))
    (me / f"nobody{EVIL}.png").write_bytes(paint(serial=903))
    evil.add(f"a{EVIL}.png", paint(ME, serial=1, alcohol=0.9))
    evil.add(f"b{NOT_UTF8}", paint(MAYBE, STRANGER, serial=2))
    evil.add(f"broken{EVIL}.jpg", b"\x1b]0;owned\x07")
    tagged = {
        "category": "facebook",
        "username": EVIL,
        "title": EVIL,
        "caption": EVIL,
        "url": f"https://x.example/{EVIL}",
    }
    evil.add(f"gallery-dl/facebook/{EVIL}/1.png", paint(ME, serial=3))
    evil.add(f"gallery-dl/facebook/{EVIL}/1.png.json", json.dumps(tagged).encode())
    with zipfile.ZipFile(evil.photos / f"z{EVIL}.zip", "w") as archive:
        archive.writestr(f"in{EVIL}.png", paint(ME, serial=4))
        archive.writestr(f"in/broken{EVIL}.jpg", b"no photo")
    evil.add(f"pairs{EVIL}.csv", f'left,right,same\n"{EVIL}.png","{EVIL}",1\n'.encode())
    evil.add(f"scenes{EVIL}.csv", f'path,labels\n"a{EVIL}.png","{EVIL}"\n'.encode())
    return evil


def steps(evil: Untag) -> dict[str, list[str | Path]]:
    """What is run, in this order: each command as it works and as it complains."""
    home, photos = ["--home", str(evil.home)], evil.photos
    found = sorted(str(path) for path in photos.rglob("*") if path.is_file())
    runs: dict[str, list[str | Path]] = {
        "enroll": [*home, "enroll", evil.root / f"me{EVIL}", "--called", "Ana"],
        "enroll called": [*home, "enroll", "--called", EVIL],
        "enroll person": [*home, "enroll", photos, "--person", EVIL],
        "enroll nothing": [*home, "enroll", photos / EVIL],
        "enroll tags": [*home, "enroll", photos, "--from-tags", "Nobody"],
        "people": [*home, "people"],
        "people list": [*home, "people", "list"],
        "people show": [*home, "people", "show", "me"],
        "people show nobody": [*home, "people", "show", EVIL],
        "people remove": [*home, "people", "remove", EVIL],
        "sources": [*home, "sources", photos],
        "sources json": [*home, "sources", photos, "--json"],
        "sources as": [*home, "sources", photos, "--source", EVIL],
        "scan": [*home, "scan", photos],
        "scan log": [*home, "scan", photos, "--quiet", "--log-file", evil.root / f"log{EVIL}.txt"],
        "scan json": [*home, "scan", photos, "--json"],
        "scan engine": [*home, "scan", photos, "--engine", EVIL],
        "scan device": [*home, "scan", photos, "--device", EVIL],
        "scan jobs": [*home, "scan", photos, "--jobs", EVIL],
        "scan missing": [*home, "scan", photos / EVIL],
        "list": [*home, "list"],
        "list json": [*home, "list", "--format", "json", "--verdict", "all"],
        "list csv": [*home, "list", "--format", "csv"],
        "list category": [*home, "list", "--category", EVIL],
        "search": [*home, "search", "a red square"],
        "search json": [*home, "search", "a red square", "--format", "json"],
        "search unknown": [*home, "search", f"{EVIL} square"],
        "search nothing": [*home, "search", EVIL],
        "report": [*home, "report", "--output", evil.root / f"report{EVIL}.html"],
        "report nowhere": [*home, "report", "--output", evil.root / EVIL / "report.html"],
        "report folder": [*home, "report", "--output", photos],
        "decide": [*home, "decide", photos / f"a{EVIL}.png", "--status", "keep"],
        "decide unknown": [*home, "decide", EVIL, "--status", "keep"],
        "decide status": [*home, "decide", EVIL, "--status", EVIL],
        "stats": [*home, "stats", "--status", "all", "--poster", EVIL],
        "open": [*home, "open", photos / f"a{EVIL}.png", "--print"],
        "export": [*home, "export", "--to-folder", evil.root / f"export{EVIL}", "--xmp", "--status", "all"],
        "decide all": [*home, "decide", "--min-risk", "1", "--status", "request-removal", "--yes"],
        "act": [*home, "act"],
        "act paper": [*home, "act", "--print"],
        "act markdown": [*home, "act", "--format", "md"],
        "act json": [*home, "act", "--format", "json"],
        "letters": [*home, "letters", "--output", evil.root / f"letters{EVIL}", "--lang", EVIL],
        "letters written": [
            *home,
            "letters",
            "--output",
            evil.root / f"letters{EVIL}",
            "--name",
            EVIL,
            "--law",
            "gdpr",
        ],
        "letters again": [*home, "letters", "--output", evil.photos],
        "inspect": [*home, "inspect", *found],
        "inspect json": [*home, "inspect", *found, "--json"],
        "evaluate": [*home, "evaluate", "pairs", photos / f"pairs{EVIL}.csv"],
        "evaluate scenes": [*home, "evaluate", "scenes", photos / f"scenes{EVIL}.csv"],
        "evaluate none": [*home, "evaluate", "people", photos / EVIL],
        "categories": [*home, "categories"],
        "categories teach": [*home, "categories", "teach", EVIL, photos],
        "categories teach nothing": [*home, "categories", "teach", "band", photos / EVIL],
        "categories forget": [*home, "categories", "forget", EVIL],
        "models": [*home, "models", EVIL],
        "models list": [*home, "models", "list"],
        "models pull": [*home, "models", "pull", EVIL],
        "models pull from": [*home, "models", "pull", "--yes", "--from", photos],
        "models pull mirror": [*home, "models", "pull", "--yes", "--from", f"https://{EVIL}"],
        "models verify": [*home, "models", "verify"],
        "models use": [*home, "models", "use", EVIL],
        "schedule": [*home, "schedule", EVIL],
        "schedule install": [*home, "schedule", "install", photos, "--print", "--service", "systemd"],
        "schedule install cron": [*home, "schedule", "install", photos / EVIL, "--print", "--service", "cron"],
        "schedule install at": [*home, "schedule", "install", photos, "--print", "--at", EVIL],
        "schedule install downloads": [*home, "schedule", "install", photos, "--print", "--downloads", EVIL],
        "schedule status": [*home, "schedule", "status"],
        "schedule run": [*home, "schedule", "run"],
        "schedule remove": [*home, "schedule", "remove"],
        "worker": [*home, "worker", EVIL],
        "worker nas": [*home, "worker", "--nas"],
        "doctor": [*home, "doctor"],
        "doctor rescue": [*home, "doctor", "--rescue", photos],
        "backup": [*home, "backup", evil.root / f"saved{EVIL}.backup"],
        "backup again": [*home, "backup", photos],
        "restore": [*home, "restore", evil.root / f"saved{EVIL}.backup"],
        "restore nothing": [*home, "restore", photos / f"a{EVIL}.png"],
        "forget person": [*home, "forget", "--person", EVIL],
        "forget asks": [*home, "forget", "--all"],
        "forget": [*home, "forget", "--all", "--yes"],
        "unknown": [*home, EVIL],
        "stats home": ["--home", photos / f"a{EVIL}.png", "stats"],
        "review home": ["--home", photos / f"a{EVIL}.png", "review", "--no-browser"],
        "people home": ["--home", photos / f"a{EVIL}.png", "people"],
    }
    for name in app._COMMANDS:
        runs[f"{name} option"] = [*home, name, f"--{EVIL}"]
    return runs


def test_every_command_is_among_them(evil: Untag) -> None:
    named = {name.split()[0] for name, arguments in steps(evil).items() if not name.endswith(" option")}
    assert named >= set(app._COMMANDS)
    group = click.Context(app.untag)
    for name in app._COMMANDS:
        command = app.untag.get_command(group, name)
        if isinstance(command, click.Group):
            given = {str(part) for arguments in steps(evil).values() for part in arguments}
            assert set(command.commands) <= given


def run_all(evil: Untag, invoke: Callable[[list[str]], Result], monkeypatch: pytest.MonkeyPatch) -> dict[str, Result]:
    found = {}
    for name, arguments in steps(evil).items():
        monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
        monkeypatch.setenv("COLUMNS", "100")
        found[name] = invoke([str(argument) for argument in arguments])
    return found


def test_nothing_harmful_is_written(evil: Untag, monkeypatch: pytest.MonkeyPatch) -> None:
    results = run_all(evil, evil.invoke, monkeypatch)
    for name, result in results.items():
        assert result.status != app.BUG, (name, result.err)
        said = result.err if name == "list csv" else result.out + result.err
        assert HARMFUL.search(said) is None, (name, said)
        assert not any(line.startswith("untag: all is well") for line in said.splitlines()), (name, said)
    log = (evil.root / f"log{EVIL}.txt").read_text("utf-8")
    assert "[red]bad" in log
    assert HARMFUL.search(log) is None


def test_without_the_function_it_would_be(evil: Untag, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("untag.cli.terminal.printable", lambda text: text)
    monkeypatch.setattr("untag.reports.table.printable", lambda text: text)
    results = run_all(evil, evil.invoke, monkeypatch)
    harmful = {name for name, result in results.items() if HARMFUL.search(result.out + result.err) is not None}
    assert {name.split()[0] for name in harmful} == {*app._COMMANDS, "unknown"}
    assert {"scan", "list", "sources", "inspect", "report", "enroll", "doctor", "evaluate", "forget asks"} <= harmful


def test_data_in_a_pipe_stay_what_they_are(evil: Untag, monkeypatch: pytest.MonkeyPatch) -> None:
    results = run_all(evil, evil.invoke, monkeypatch)
    path = str(evil.photos / f"a{EVIL}.png")
    assert path in [item["path"] for item in json.loads(results["list json"].out)]
    assert path in [row["path"] for row in csv.DictReader(io.StringIO(results["list csv"].out, newline=""))]
    assert results["scan json"].out.isascii()


@contextmanager
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], str]]:
    """Makes standard output and standard error a terminal; yields a function that ends it and gives what it got."""
    master, slave = os.openpty()
    pieces: list[bytes] = []

    def read() -> None:
        try:
            while piece := os.read(master, 65536):
                pieces.append(piece)
        except OSError:
            pass  # how Linux says that the other end is closed

    reader = threading.Thread(target=read)
    reader.start()
    stream = os.fdopen(slave, "w", encoding="utf-8", buffering=1)
    monkeypatch.setattr("sys.stdout", stream)
    monkeypatch.setattr("sys.stderr", stream)

    def end() -> str:
        if not stream.closed:
            stream.close()
            reader.join()
            os.close(master)
        return b"".join(pieces).decode("utf-8")

    try:
        yield end
    finally:
        end()


def test_nothing_harmful_reaches_a_terminal(evil: Untag, monkeypatch: pytest.MonkeyPatch) -> None:
    def invoke(arguments: list[str]) -> Result:
        with monkeypatch.context() as patch, terminal(patch) as end:
            status = app._run(arguments)
            return Result(status, end(), "")

    monkeypatch.setenv("TERM", "xterm-256color")
    results = run_all(evil, invoke, monkeypatch)
    assert "\x1b[" in results["scan"].out, "there was no bar"
    for name, result in results.items():
        said = OURS.sub("", result.out.replace("\r\n", "\n"))
        assert "\x1b[97;41;5m" not in result.out, name
        assert HARMFUL.search(said) is None, (name, said)


def test_a_traceback_is_harmless_too(evil: Untag, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError(EVIL)

    monkeypatch.setattr("untag.library.stored_pictures.open_pictures", fail)
    monkeypatch.setenv("UNTAG_DEBUG", "1")
    result = evil.run("list")
    assert result.status == app.BUG
    assert "ZeroDivisionError: [red]bad" in result.err
    assert HARMFUL.search(result.err) is None


def test_what_the_encoding_lacks_is_escaped(evil: Untag, monkeypatch: pytest.MonkeyPatch) -> None:
    ascii_only = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr("sys.stdout", ascii_only)
    monkeypatch.setattr(sys, "stderr", ascii_only)
    assert app._run(["--home", str(evil.home), "list"]) == 0
    ascii_only.seek(0)
    assert r"untag enroll PHOTO\u2026" in ascii_only.read()
