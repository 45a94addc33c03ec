"""Photos copied into a folder, opened, and counted."""

from __future__ import annotations

import json
import os
import stat
import zipfile
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from fakes import MAYBE, ME, Square, Untag, paint
from untag.findings.stats import Since, Tally, statistics
from untag.library.exporting import _name
from untag.types import Action, Finding, LinkConfidence, Origin, Place, Status, Verdict


@pytest.fixture
def scanned(untag: Untag) -> Untag:
    untag.enroll()
    untag.add("2019/drink.png", paint(ME, serial=1, alcohol=0.9))
    untag.add("again.png", paint(ME, serial=1, alcohol=0.9))
    untag.add("perhaps.png", paint(MAYBE, serial=3))
    with zipfile.ZipFile(untag.photos / "more.zip", "w") as archive:
        archive.writestr("in/plain.png", paint(ME, serial=2))
    untag.scan()
    return untag


def named(folder: Path) -> list[str]:
    return sorted(path.name.partition("-")[2].partition("-")[2] for path in folder.iterdir())


def test_each_photo_is_copied_once_and_nothing_is_replaced(scanned: Untag) -> None:
    folder = scanned.root / "out" / "mine"
    done = scanned.run("export", "--to-folder", folder, "--xmp")
    assert (done.status, "copied 3 photos" in done.err) == (0, True), done.err
    assert named(folder) == sorted(
        name + end for name in ("again.png", "perhaps.png", "plain.png") for end in ("", ".xmp")
    ) or named(folder) == sorted(
        name + end for name in ("drink.png", "perhaps.png", "plain.png") for end in ("", ".xmp")
    )
    first = sorted(folder.glob("*.png"))[-1]
    assert first.read_bytes() == (scanned.photos / "2019" / "drink.png").read_bytes(), (
        "the riskiest is the last by name"
    )
    if os.name == "posix":
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    words = [one.text for one in ET.parse(f"{first}.xmp").iter("{http://www.w3.org/1999/02/22-rdf-syntax-ns#}li")]
    assert words[:2] == ["untag", "untag:alcohol"]
    before = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    again = scanned.run("export", "--to-folder", folder, "--xmp")
    assert "copied 0 photos" in again.err and "3 photos there already" in again.err
    first.write_bytes(b"mine")
    scanned.run("export", "--to-folder", folder)
    assert first.read_bytes() == b"mine"
    assert len(list(folder.glob("*.png"))) == 4
    assert {path: path.stat().st_mtime_ns for path in before if path != first} == {
        path: moment for path, moment in before.items() if path != first
    }


def test_links_lead_to_files_and_archives_are_copied_from(scanned: Untag) -> None:
    folder = scanned.root / "links"
    assert scanned.run("export", "--to-folder", folder, "--link", "--verdict", "me").status == 0
    assert scanned.run("export", "--to-folder", folder, "--link", "--verdict", "me").err.endswith("already\n")
    links = {path for path in folder.iterdir() if path.is_symlink()}
    assert len(links) == 1
    assert next(iter(links)).read_bytes() == (scanned.photos / "again.png").read_bytes()
    assert len(list(folder.iterdir())) == 2


def test_what_cannot_be_read_is_said(scanned: Untag) -> None:
    (scanned.photos / "perhaps.png").unlink()
    done = scanned.run("export", "--to-folder", scanned.root / "out")
    assert (done.status, "perhaps.png" in done.err, "copied 2 photos" in done.err) == (1, True, True), done.err


def test_folders_that_are_none(scanned: Untag) -> None:
    assert scanned.run("export", "--to-folder", scanned.home / "out").status == 2
    (scanned.root / "file").write_text("")
    assert scanned.run("export", "--to-folder", scanned.root / "file").status == 2
    assert scanned.run("export").status == 2
    assert "export" in str(scanned.run("forget", "--person", "me").err) or not (scanned.root / "out").exists()


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/a/b.jpg", "b.jpg"),
        ("a.zip/in\\c.jpg", "c.jpg"),
        ('/a/w:h*t?"<>|.jpg', "w_h_t_____.jpg"),
        ("/a/.hidden", "hidden"),
        ("/a/..", "photo"),
        ("/a/" + "ü" * 200 + ".jpg", "ü" * 58 + ".jpg"),
    ],
)
def test_names_that_every_system_can_have(path: str, name: str) -> None:
    assert _name(path) == name


def test_open_prints_what_it_would_open(scanned: Untag, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr("untag.cli.open.open_browser", lambda address: opened.append(address) is None)  # type: ignore[func-returns-value]
    assert scanned.run("open", "2019/drink.png", "--print").out == f"{scanned.photos / '2019' / 'drink.png'}\n"
    assert scanned.run("open", "drink.png", "--folder", "--print").out == f"{scanned.photos / '2019'}\n"
    assert scanned.run("open", "plain.png", "--print").out == f"{scanned.photos}\n", (
        "no program opens it in the archive"
    )
    assert scanned.run("open", "plain.png", "--photo").status == 1
    assert opened == []
    (item,) = scanned.listed("--verdict", "maybe")
    assert scanned.run("open", str(item["id"])).status == 0
    assert opened == [(scanned.photos / "perhaps.png").as_uri()]
    assert scanned.run("open", "nothing.png").status == 2
    monkeypatch.setattr("untag.cli.open.open_browser", lambda _: False)
    assert scanned.run("open", "drink.png").out.endswith("drink.png\n"), "without a screen the path is printed"


def test_only_web_addresses_are_opened(scanned: Untag) -> None:
    from untag.library.opening import location_of

    def at(link: str) -> str | None:
        origin = Origin("facebook", link, LinkConfidence.CERTAIN)
        place = Place("/no/a.jpg", "folder", origin)
        empty = Finding(
            "/no/a.jpg", "0" * 64, "x", origin, None, Verdict.ME, 1.0, {}, 1, (), Action.KEEP, places=(place,)
        )
        return location_of(empty).link

    assert at("https://example.org/1") == "https://example.org/1"
    for hostile in ("javascript:alert(1)", "file:///etc/passwd", "https://", "https://a\nb", "C:\\x"):
        assert at(hostile) is None, hostile


def test_stats_count_photos_once(scanned: Untag) -> None:
    first = json.loads(scanned.run("stats", "--format", "json").out)
    assert (first["photos"], first["flagged"], first["now"], first["keep"], first["new"]) == (3, 1, 1, 1, 3)
    assert (first["by_category"], first["since"]) == ({"alcohol": 1}, None)
    scanned.run("decide", "again.png", "--status", "untag")
    scanned.run("decide", "perhaps.png", "--status", "not-me")
    scanned.add("new.png", paint(Square(side=110), serial=7, alcohol=0.9, side=480))
    scanned.scan()
    second = json.loads(scanned.run("stats", "--format", "json").out)
    assert (second["photos"], second["not_me"], second["new"]) == (3, 1, 1)
    assert (second["flagged"], second["now"], second["planned"]) == (2, 2, 1)
    assert second["since"] is not None
    assert second["by_status"] | {"open": 2, "untag": 1, "not-me": 1} == second["by_status"]
    text = scanned.run("stats").out
    assert "3 photos of you" in text and "by category" in text and "47 %" in text
    assert scanned.run("stats", "--category", "weapon").out.startswith("0 photos of you")
    assert scanned.run("stats", "--since", "yesterday").status == 2


def test_no_photo_that_is_open_hides_behind_its_copy() -> None:
    def tally(status: Status, risk: int) -> Tally:
        return Tally("p", Verdict.ME, risk, Action.UNTAG, ("alcohol",), status, "2020-01-01", None, None, False, 1)

    found = statistics([tally(Status.DONE, 90), tally(Status.OPEN, 40)], Since(None, 1, {}))
    assert (found.photos, found.now, found.by_status[Status.OPEN]) == (1, 1, 1)
    assert statistics([], Since(None, 1, {})).photos == 0


def test_inspect_and_report_take_ids_and_names(scanned: Untag) -> None:
    (item,) = scanned.listed("--verdict", "maybe")
    assert "perhaps.png" in scanned.run("inspect", str(item["id"])).out
    assert "plain.png" in scanned.run("inspect", "plain.png").out
    assert scanned.run("inspect", "nothing.png").err.endswith("no such file or folder: nothing.png\n")
    report = scanned.root / "one.html"
    done = scanned.run("report", str(item["id"]), "--output", report)
    assert (done.status, "wrote 1 photo" in done.err) == (0, True), done.err
    assert scanned.run("report", "nothing.png", "--output", report).status == 2


def test_an_empty_list_says_what_hides(scanned: Untag) -> None:
    scanned.run("decide", "plain.png", "--status", "keep")
    empty = scanned.run("list", "--category", "alcohol", "--since", "2030")
    assert empty.out.startswith("No photos of these")
    assert "without --since there are 2 files" in empty.err
