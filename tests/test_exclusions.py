"""What is left out of scans: patterns, `.untagignore` and `.nomedia`, wherever photos lie; it is counted and said."""

from __future__ import annotations

import json
import os
import shutil
import unicodedata
import zipfile
from pathlib import Path
from typing import Any

import pytest

from fakes import ME, Square, Untag, paint
from miniature_archives import MINIATURES, unpack
from untag.errors import UsageError
from untag.sources.exclusions import Exclusions, check_pattern

NAMES = ("1.png", "shots/2.png", "shots/keep/3.png", "private/4.png", "private/deep/5.png", "b/private/6.png")


@pytest.fixture
def filled(untag: Untag) -> Untag:
    untag.enroll()
    for number, name in enumerate(NAMES, start=1):
        untag.add(name, paint(Square(off=number / 50, seed=number), serial=number))
    return untag


def listed(untag: Untag) -> list[str]:
    return sorted(str(Path(str(item["path"])).relative_to(untag.photos)) for item in untag.listed())


def scanned(untag: Untag, *arguments: str, status: int = 0) -> dict[str, Any]:
    result = untag.run("scan", untag.photos, "--json", *arguments)
    assert result.status == status, result.err
    summary: dict[str, Any] = json.loads(result.out)
    return summary


def test_an_option_leaves_out_files_and_folders_at_any_depth(filled: Untag) -> None:
    summary = scanned(filled, "--exclude", "private/", "--exclude", "2.png")
    assert listed(filled) == ["1.png", "shots/keep/3.png"]
    assert summary["skipped"]["excluded"] == 3  # two folders and a file
    assert set(filled.engine.analysed) == {1, 3}


def test_it_is_said(filled: Untag) -> None:
    said = filled.run("scan", filled.photos, "--exclude", "private").err
    assert "not read: 2 excluded files and folders" in said


@pytest.mark.parametrize(
    ("patterns", "left"),
    [
        (["shots/*"], ["1.png", "b/private/6.png", "private/4.png", "private/deep/5.png"]),
        (["p*", "shots/*", "!shots/keep"], ["1.png", "shots/keep/3.png"]),
        (["private/deep"], ["1.png", "b/private/6.png", "private/4.png", "shots/2.png", "shots/keep/3.png"]),
        (["**/private/*.png"], ["1.png", "private/deep/5.png", "shots/2.png", "shots/keep/3.png"]),
        (["*", "!b", "!b/**"], ["b/private/6.png"]),
        (["# private"], sorted(NAMES)),
    ],
)  # fmt: skip
def test_patterns_are_those_of_git(filled: Untag, patterns: list[str], left: list[str]) -> None:
    scanned(filled, *(part for pattern in patterns for part in ("--exclude", pattern)))
    assert listed(filled) == left


def test_a_pattern_may_be_a_path_of_the_disk(filled: Untag, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(filled.root))
    scanned(filled, "--exclude", str(filled.photos / "private"), "--exclude", "~/photos/shots/")
    assert listed(filled) == ["1.png", "b/private/6.png"]


def test_the_configuration_holds_for_every_scan_and_adds_to_options(filled: Untag) -> None:
    (filled.home / "config.toml").write_text('exclude = ["private/"]\n')
    scanned(filled, "--exclude", "shots/")
    assert listed(filled) == ["1.png"]


@pytest.mark.parametrize(
    ("value", "said"),
    [('"private"', "a list of patterns"), ("[1]", "a list of patterns"), ('["!"]', "no pattern"),
     ('["*a*a*a*a"]', "asterisks"), ('["[z-a]"]', "no pattern"),
     ('["[[:upper:]]*"]', "[:upper:] is not understood")],
)  # fmt: skip
def test_what_is_no_pattern_is_refused(filled: Untag, value: str, said: str) -> None:
    (filled.home / "config.toml").write_text(f"exclude = {value}\n")
    result = filled.run("scan", filled.photos)
    assert (result.status, said in result.err) == (2, True), result.err
    (filled.home / "config.toml").unlink()
    if value.startswith('["'):
        assert filled.run("scan", filled.photos, "--exclude", json.loads(value)[0]).status == 2


def test_a_file_in_a_folder_holds_from_there_on_and_inner_ones_go_before(filled: Untag) -> None:
    filled.add(".untagignore", b"# mine\n*.png\n!1.png\n")
    filled.add("shots/.untagignore", "\ufeff!*.png\n".encode())
    assert scanned(filled)["skipped"]["excluded"] == 3
    assert listed(filled) == ["1.png", "shots/2.png", "shots/keep/3.png"]


def test_a_folder_of_no_media_is_passed_over_with_all_below(filled: Untag) -> None:
    filled.add("private/.nomedia", b"")
    assert scanned(filled)["skipped"]["excluded"] == 1
    assert listed(filled) == ["1.png", "b/private/6.png", "shots/2.png", "shots/keep/3.png"]


def test_what_was_asked_for_itself_is_scanned(filled: Untag) -> None:
    filled.add("private/.nomedia", b"")
    filled.add(".untagignore", b"shots\n")
    for path in (filled.photos, filled.photos / "private", filled.photos / "shots" / "2.png"):
        assert filled.run("scan", path).status == 0
    assert "private/4.png" in listed(filled)
    assert "shots/2.png" in listed(filled)
    # All of them together: whichever root leads to it takes it in.
    assert filled.run("scan", filled.photos, filled.photos / "private", filled.photos / "shots" / "2.png").status == 0
    assert listed(filled) == ["1.png", "b/private/6.png", "private/4.png", "private/deep/5.png", "shots/2.png"]


def test_what_was_on_record_is_no_longer_listed_and_its_decision_stays(filled: Untag) -> None:
    scanned(filled)
    assert len(listed(filled)) == len(NAMES)
    assert filled.run("decide", filled.photos / "private" / "4.png", "--status", "keep").status == 0
    filled.add(".untagignore", b"private\n")
    result = filled.run("scan", filled.photos)
    assert result.status == 0, result.err  # nothing is away, although nothing is left of two folders
    assert "3 photos on record are excluded now and no longer listed" in result.out
    assert listed(filled) == ["1.png", "shots/2.png", "shots/keep/3.png"]
    filled.engine.analysed.clear()
    (filled.photos / ".untagignore").unlink()
    summary = scanned(filled)
    assert set(filled.engine.analysed) == {4, 5, 6}
    kept = [item["status"] for item in filled.listed("--status", "keep")]
    assert (kept, summary["removed_excluded"]) == (["keep"], 0)


def test_what_was_told_is_not_new_when_it_is_no_longer_excluded(filled: Untag) -> None:
    assert scanned(filled)["new_findings"] == 1, "they are copies of one picture"
    for pattern in ("private", "shots"):
        filled.add(".untagignore", f"{pattern}\n".encode())
        assert scanned(filled)["new_findings"] == 0
        (filled.photos / ".untagignore").unlink()
        assert scanned(filled)["new_findings"] == 0
    assert len(listed(filled)) == len(NAMES)


def test_what_nobody_was_told_of_is_new_when_it_is_back(filled: Untag, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor is anything kept of it once its person is forgotten."""
    with monkeypatch.context() as patch:
        patch.setattr("untag.scan.run.mark_reported", lambda *_: None)
        scanned(filled)
    filled.add(".untagignore", b"private\n")
    scanned(filled)
    (filled.photos / ".untagignore").unlink()
    assert scanned(filled)["new_findings"] == 1
    filled.add(".untagignore", b"private\n")
    scanned(filled)
    assert filled.run("forget", "--person", "me", "--yes").status == 0
    (filled.photos / ".untagignore").unlink()
    filled.enroll()
    assert scanned(filled)["new_findings"] == 1


def test_a_rescan_with_the_same_patterns_opens_nothing_and_counts_the_same(filled: Untag) -> None:
    filled.add("shots/.untagignore", b"2.png\n")
    before = scanned(filled, "--exclude", "private/deep")
    filled.engine.analysed.clear()
    again = scanned(filled, "--exclude", "private/deep")
    assert again["skipped"] == before["skipped"]
    assert (again["unchanged"], again["removed"], again["removed_excluded"]) == (4, 0, 0)
    assert not filled.engine.analysed


def test_a_changed_pattern_is_heeded_in_a_folder_that_did_not_change(filled: Untag) -> None:
    scanned(filled)
    assert scanned(filled, "--exclude", "2.png")["removed_excluded"] == 1
    scanned(filled)
    assert len(listed(filled)) == len(NAMES)


def test_members_of_archives_are_left_out_by_their_names_there(filled: Untag) -> None:
    with zipfile.ZipFile(filled.photos / "export.zip", "w") as archive:
        for number, name in ((11, "stickers/a.png"), (12, "photos/b.png")):
            archive.writestr(name, paint(Square(off=number / 50, seed=number), serial=number))
    scanned(filled, "--exclude", "stickers/")
    assert "export.zip/photos/b.png" in listed(filled)
    assert "export.zip/stickers/a.png" not in listed(filled)
    scanned(filled, "--exclude", "export.zip")
    assert not any("export.zip" in name for name in listed(filled))


def test_an_unpacked_export_heeds_them_inside(untag: Untag) -> None:
    untag.enroll()
    unpack(MINIATURES["facebook"], untag.photos / "facebook")
    photo = "your_facebook_activity/posts/media/Trip_100200300/400500600.jpg"
    untag.add(f"facebook/{photo}", paint(ME, serial=1))
    assert scanned(untag)["photos"] == 1
    untag.add("facebook/your_facebook_activity/.untagignore", b"*.jpg\n")
    summary = scanned(untag)
    assert (summary["photos"], summary["removed_excluded"], summary["skipped"]["excluded"]) == (0, 1, 1)


@pytest.mark.parametrize("patterns", [(), ("*.gif", "private/")])
def test_thousands_of_folders_in_a_name_cost_nothing(untag: Untag, patterns: tuple[str, ...]) -> None:
    untag.enroll()
    untag.photos.mkdir()
    with zipfile.ZipFile(untag.photos / "deep.zip", "w") as archive:
        archive.writestr("a/" * 30_000 + "1.png", paint(ME, serial=1))
        archive.writestr("private/" + "a/" * 30_000 + "2.png", paint(Square(off=0.2), serial=2))
    summary = scanned(untag, *(part for pattern in patterns for part in ("--exclude", pattern)))
    assert summary["photos"] == (1 if patterns else 2)
    assert summary["unreadable"] == []


def test_what_cannot_be_read_does_not_matter_where_it_is_left_out(filled: Untag) -> None:
    filled.add("private/broken.png", b"\x89PNG\r\n\x1a\nno")
    filled.add("broken.zip", b"PK no")
    assert filled.run("scan", filled.photos).status == 1
    result = filled.run("scan", filled.photos, "--exclude", "private/", "--exclude", "broken.zip", "--strict")
    assert result.status == 0, result.err


def test_a_line_that_is_no_pattern_is_said_and_the_others_hold(filled: Untag) -> None:
    filled.add(".untagignore", b"shots\n!\n*a*b*c*d*\nprivate\n")
    for status in (1, 0):  # new to the first scan, known to the second
        summary = scanned(filled, status=status)
        (error,) = summary["unreadable"]
        assert error["path"].endswith(".untagignore")
        assert "line 2 excludes nothing" in error["error"]
        assert "line 3" in error["error"]
    assert listed(filled) == ["1.png"]


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_no_link_leads_into_what_is_left_out(filled: Untag) -> None:
    (filled.photos / "a link").symlink_to(filled.photos / "private")
    (filled.photos / "deeper").symlink_to(filled.photos / "private" / "deep")
    (filled.photos / "kept").symlink_to(filled.photos / "shots" / "keep")
    outside = filled.root / "outside"
    outside.mkdir()
    (outside / "7.png").write_bytes(paint(Square(off=0.14, seed=7), serial=7))
    (filled.photos / "private" / "out").symlink_to(outside)
    assert scanned(filled, "--exclude", "/".join((str(filled.photos), "private")))["removed"] == 0
    assert listed(filled) == ["1.png", "b/private/6.png", "shots/2.png", "shots/keep/3.png"]
    # Where the link alone is left out, the folder is not.
    scanned(filled, "--exclude", "a link")
    assert "private/4.png" in listed(filled)


def test_a_place_that_is_away_stays_away(filled: Untag) -> None:
    """Its file of patterns is away with it, so nothing says that its photos are left out."""
    filled.add("b/.untagignore", b"nothing-here\n")
    scanned(filled, "--exclude", "shots")
    shutil.move(filled.photos / "b", filled.root / "elsewhere")
    (filled.photos / "b").mkdir()
    summary = scanned(filled, "--exclude", "shots", status=4)
    assert summary["away"] == [str(filled.photos / "b")]
    assert "b/private/6.png" in listed(filled)


def test_umlauts_are_one_letter_however_a_disk_writes_them(untag: Untag) -> None:
    untag.enroll()
    untag.add(unicodedata.normalize("NFD", "Bärbel") + "/1.png", paint(ME, serial=1))
    scanned(untag, "--exclude", unicodedata.normalize("NFC", "Bärbel"))
    assert not untag.listed()


@pytest.mark.skipif(os.name == "nt", reason="names of files are text there")
def test_names_that_are_no_text_are_left_out_too(untag: Untag) -> None:
    untag.enroll()
    untag.photos.mkdir()
    folder = os.fsencode(untag.photos) + b"/\xff\xfe"
    os.mkdir(folder)  # noqa: PTH102 - bytes
    Path(os.fsdecode(folder), "1.png").write_bytes(paint(ME, serial=1))
    Path(os.fsdecode(folder), ".nomedia").touch()
    assert scanned(untag)["skipped"]["excluded"] == 1
    assert not untag.listed()


def test_sources_counts_what_is_left_out(filled: Untag) -> None:
    filled.add("private/.nomedia", b"")
    assert "1 excluded file or folder" in filled.run("sources", filled.photos).out


def test_enrolling_heeds_no_pattern(untag: Untag) -> None:
    """The photos were given for it."""
    folder = untag.root / "enrol"
    folder.mkdir()
    (folder / ".nomedia").touch()
    (folder / ".untagignore").write_text("*\n")
    (folder / "1.png").write_bytes(paint(ME, serial=1))
    untag.home.mkdir()
    (untag.home / "config.toml").write_text('exclude = ["*"]\n')
    assert untag.run("enroll", folder).status == 0


@pytest.mark.parametrize(
    "pattern", ["a" * 200 + "*", "**/*.png", "IMG_*_*", "*~", "\\!x", "a b", "[[]x", "[a[b]", "[a:b]"]
)
def test_ordinary_patterns_are_taken(pattern: str) -> None:
    assert check_pattern(pattern) == pattern


def test_a_path_that_no_root_leads_to_is_not_left_out() -> None:
    assert not Exclusions(["*"]).leave_out("/elsewhere/1.png", ["/photos"])
    assert Exclusions(["*"]).leave_out("/photos/1.png", ["/photos", "/other"])
    assert not Exclusions(["*"]).leave_out("/photos/1.png", ["/photos", "/photos/1.png"])
    with pytest.raises(UsageError):
        Exclusions(["!"])
