"""What untag promises about other people, about other users of the computer, and about the network."""

from __future__ import annotations

import os
import re
import socket
import stat
from fnmatch import fnmatch
from pathlib import Path
from typing import NoReturn

import numpy as np
import pytest

from fakes import MAYBE, ME, NEAR, STRANGER, Square, Untag, paint
from untag.support.erase import replaced

WINDOW = 16


def windows(square: Square) -> set[bytes]:
    """Every 16 bytes in a row of an embedding as it would lie in a file."""
    data = np.ascontiguousarray(square.embedding, "<f4").tobytes()
    return {data[start : start + WINDOW] for start in range(len(data) - WINDOW + 1)}


def files_with(home: Path, squares: list[Square]) -> list[str]:
    """The files below `home` that hold a part of the embedding of any of the faces."""
    wanted = set().union(*(windows(square) for square in squares))
    found = []
    for path in (path for path in home.rglob("*") if path.is_file()):
        data = path.read_bytes()
        if any(data[start : start + WINDOW] in wanted for start in range(len(data) - WINDOW + 1)):
            found.append(path.name)
    return found


STRANGERS = [Square(person=person, seed=person) for person in range(7, 12)]


def fill(untag: Untag) -> None:
    for number, stranger in enumerate(STRANGERS):
        untag.add(f"{number}.png", paint(ME, stranger, serial=number))
        untag.add(f"crowd/{number}.png", paint(stranger, serial=100 + number))


def test_bystanders_are_in_no_file(untag: Untag) -> None:
    untag.enroll()
    fill(untag)
    assert untag.run("scan", untag.photos).status == 0
    assert len(untag.found()) == len(STRANGERS)
    assert files_with(untag.home, [ME]) == ["untag.db"]
    assert files_with(untag.home, STRANGERS) == []


def test_those_near_the_edge_and_those_that_were_asked_for_are_kept(untag: Untag) -> None:
    untag.enroll(ME)
    untag.add("near.png", paint(NEAR, serial=1))
    untag.add("maybe.png", paint(MAYBE, serial=2))
    assert untag.run("scan", untag.photos).status == 0
    assert untag.found() == {"maybe.png": "maybe"}
    assert files_with(untag.home, [NEAR]) == ["untag.db"]
    assert untag.run("forget", "--bystanders").status == 0
    assert files_with(untag.home, [NEAR, MAYBE]) == []
    assert files_with(untag.home, [ME]) == ["untag.db"]


def test_to_keep_bystanders_can_be_taken_back(untag: Untag) -> None:
    untag.enroll()
    fill(untag)
    (untag.home / "config.toml").write_text("keep_bystanders = true\n")
    assert untag.run("scan", untag.photos).status == 0
    assert files_with(untag.home, STRANGERS) == ["untag.db"]
    (untag.home / "config.toml").write_text("keep_bystanders = false\n")
    assert untag.run("scan", untag.photos).status == 0
    assert files_with(untag.home, STRANGERS) == []


def test_a_forgotten_person_is_in_no_file(untag: Untag) -> None:
    untag.enroll()
    bob = [STRANGER, Square(person=7, off=0.02)]
    untag.enroll(*bob, person="Bob")
    untag.add("both.png", paint(ME, STRANGER, serial=1))
    untag.add("bob.png", paint(STRANGER, serial=2))
    assert untag.run("scan", untag.photos).status == 0
    assert sorted(untag.found()) == ["bob.png", "both.png"]
    assert untag.run("forget", "--person", "Bob").status == 0
    assert files_with(untag.home, bob) == []
    assert b"Bob" not in b"".join(path.read_bytes() for path in untag.home.glob("untag.db*"))
    assert untag.run("scan", untag.photos).status == 0
    assert untag.found() == {"both.png": "me"}
    assert files_with(untag.home, bob) == []


def test_inspect_stores_nothing(untag: Untag) -> None:
    photo = untag.add("a.png", paint(ME, serial=1))
    assert untag.run("inspect", photo, "--json", "--embeddings").status == 0
    assert not untag.home.exists()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
def test_nobody_else_can_read_what_is_stored(untag: Untag) -> None:
    before = os.umask(0)
    try:
        untag.enroll()
        fill(untag)
        assert untag.run("scan", untag.photos).status == 0
        assert untag.run("report", "--output", untag.root / "report.html").status == 0
    finally:
        os.umask(before)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in untag.home.rglob("*") if path.is_file()}
    assert "untag.db" in modes
    assert set(modes.values()) == {0o600}, modes
    assert stat.S_IMODE(untag.home.stat().st_mode) == 0o700
    assert stat.S_IMODE((untag.root / "report.html").stat().st_mode) == 0o600


def test_messages_name_no_photo_but_the_unreadable_ones(untag: Untag) -> None:
    untag.enroll()
    fill(untag)
    untag.add("broken.jpg", b"")
    result = untag.run("scan", untag.photos)
    assert result.status == 1
    named = [line for line in result.err.splitlines() if ".png" in line or ".jpg" in line or "photos/" in line]
    assert named == [f"  {untag.photos / 'broken.jpg'}: the file is empty"]


def test_nothing_opens_a_socket(untag: Untag, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> NoReturn:
        raise AssertionError("a socket was opened")

    for name in ("socket", "create_connection", "getaddrinfo"):
        monkeypatch.setattr(socket, name, refuse)
    untag.enroll()
    fill(untag)
    commands = [
        ("scan", untag.photos, "--jobs", "2"),
        ("list",),
        ("report", "--output", untag.root / "report.html"),
        ("inspect", untag.photos / "0.png"),
        ("people",),
        ("categories",),
        ("decide", untag.photos / "0.png", "--status", "keep"),
    ]
    for command in commands:
        result = untag.run(*command)
        assert (result.status, "bug" in result.err) == (0, False), result.err


def test_the_page_names_every_file_of_the_home_folder(untag: Untag) -> None:
    page = (Path(__file__).parents[1] / "docs" / "privacy.md").read_text("utf-8")
    rows = re.findall(r"^\| (`.*?) \|", page.partition("## What is stored")[2], re.MULTILINE)
    named = [name.rstrip("/") for row in rows for name in re.findall(r"`([^`]+)`", row)]
    untag.enroll()
    (untag.home / "config.toml").write_text("keep_bystanders = true\n")
    fill(untag)
    assert untag.run("scan", untag.photos).status == 0
    assert untag.run("backup", untag.root / "saved.jsonl").status == 0
    there = {path.name for path in untag.home.iterdir()}
    assert {"untag.db", "scan.lock", "config.toml", "CACHEDIR.TAG"} <= there
    # And those that are there for a moment only, or on a machine with more.
    kept = there | {replaced(Path("faces-x.idx")).name, replaced(Path("taught-x.npz")).name, "taught-x.npz"}
    unnamed = {file for file in kept if not any(fnmatch(file, name) for name in named)}
    assert not unnamed, f"docs/privacy.md does not say what these are: {sorted(unnamed)}"


def test_the_page_says_how_to_save_what_no_scan_finds_again() -> None:
    page = (Path(__file__).parents[1] / "docs" / "privacy.md").read_text("utf-8")
    backups = page.partition("## Backups")[2].partition("\n## ")[0]
    assert "`untag backup FILE`" in backups
    assert "](backup.md)" in backups
