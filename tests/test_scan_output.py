"""What a scheduled scan can rely on: exit statuses, what is said where, the log, and lines of progress."""

from __future__ import annotations

import json
import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from fakes import ME, STRANGER, Untag, paint
from test_scan_places import BEA, MadeUpReader, tell
from untag.cli.terminal import progress
from untag.cli.voice import voice
from untag.errors import ReadFailure
from untag.findings.counting import NewFinding
from untag.imaging import decode as decoding
from untag.imaging import versions
from untag.imaging.limits import DEFAULT_LIMITS, Limits
from untag.reports.scan_text import news_lines
from untag.scan import ScanSummary
from untag.sources.files import read_file
from untag.store import Store, written_files
from untag.types import Outcome


@pytest.fixture
def filled(untag: Untag) -> Untag:
    """A photo of you, one of nobody and one that is broken, scanned once."""
    untag.enroll()
    untag.add("a/me.png", paint(ME, serial=1, alcohol=0.9))
    untag.add("a/nobody.png", paint(serial=2))
    untag.add("a/broken.jpg", b"\xff\xd8\xff\xe0 cut")
    untag.add("b/me.png", paint(ME, serial=3))
    assert untag.run("scan", untag.photos, "--fail-on-new").status == 3
    return untag


# --- statuses ------------------------------------------------------------------------------------------------------


def test_what_was_unreadable_before_is_told_and_is_no_news(filled: Untag) -> None:
    result = filled.run("scan", filled.photos)
    assert result.status == 0
    assert "1 could not be read, as before" in result.out
    assert "broken.jpg" in result.err
    assert filled.run("scan", filled.photos, "--strict").status == 1
    assert filled.run("scan", filled.photos).status == 0


def test_what_became_unreadable_is_news_once(filled: Untag) -> None:
    filled.add("b/me.png", b"\xff\xd8\xff\xe0 overwritten")
    result = filled.run("scan", filled.photos, "--json")
    assert (result.status, json.loads(result.out)["newly_unreadable"]) == (1, 1)
    assert len(json.loads(result.out)["unreadable"]) == 2
    assert filled.run("scan", filled.photos).status == 0
    # It is mended, and breaks again.
    filled.add("b/me.png", paint(ME, serial=3))
    assert filled.run("scan", filled.photos).status == 0
    filled.add("b/me.png", b"\xff\xd8\xff\xe0 once more")
    assert filled.run("scan", filled.photos).status == 1


def test_what_is_unreadable_elsewhere_stays_on_record(filled: Untag) -> None:
    assert filled.run("scan", filled.photos / "b").status == 0
    assert filled.run("scan", filled.photos).status == 0
    assert filled.run("scan", filled.photos / "a").status == 0


def test_a_scan_that_was_interrupted_before_it_told_leaves_the_news(
    filled: Untag, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled.add("b/me.png", b"\xff\xd8\xff\xe0 overwritten")

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("untag.cli.scan.list_unreadable", killed)
        assert filled.run("scan", filled.photos).status == 130
    assert filled.run("scan", filled.photos).status == 1


def test_new_findings_come_before_places_that_are_away_before_what_cannot_be_read(filled: Untag) -> None:
    def everything(number: int) -> None:
        filled.add(f"a/new{number}.png", paint(ME, serial=100 + number))
        filled.add(f"a/bad{number}.jpg", b"\xff\xd8\xff\xe0 cut")

    for photo in (filled.photos / "b").iterdir():
        photo.unlink()
    for number, (options, status) in enumerate(((["--fail-on-new"], 3), ([], 4), (["--strict"], 4))):
        everything(number)
        result = filled.run("scan", filled.photos, "--json", *options)
        assert result.status == status
        summary = json.loads(result.out)
        assert (summary["new_findings"], summary["newly_unreadable"]) == (1, 1)
        assert summary["away"] == [str(filled.photos / "b")]
        for words in ("1 new photo:", f"away: {filled.photos / 'b'}: it is empty", "could not be read, 1 since"):
            assert words in result.err
    shutil.rmtree(filled.photos / "b")
    everything(9)
    assert filled.run("scan", filled.photos).status == 1


def test_another_scan_that_runs_is_75(filled: Untag) -> None:
    with Store.open(filled.home) as store, store.exclusive():
        result = filled.run("scan", filled.photos)
    # The same process may lock again on some systems; then there is nothing to see here.
    assert result.status == 75
    assert "Another scan is running" in result.err


# --- what is said where --------------------------------------------------------------------------------------------


def test_results_are_on_standard_output_and_messages_on_standard_error(untag: Untag) -> None:
    untag.enroll()
    path = untag.add("me.png", paint(ME, serial=1, alcohol=0.9))
    untag.add("bad.jpg", b"\xff\xd8\xff\xe0 cut")
    result = untag.run("scan", untag.photos)
    assert result.out.splitlines() == [
        "2 photo files: 1 analysed, 0 unchanged, 0 identical copies; 1 face found",
        "1 photo shows you; 1 with something you may not want online; 0 to check",
        "1 new photo:",
        next(line for line in result.out.splitlines() if str(path) in line),
        "1 could not be read, all of them since the last scan",
    ]
    assert "scanning on cpu" in result.err
    assert "bad.jpg" in result.err
    assert str(path) not in result.err


def test_a_card_that_is_not_used_is_a_warning_unless_the_cpu_was_chosen(
    untag: Untag, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("untag.engine.runtime.session.why_no_card", lambda: "there is no NVIDIA driver")
    untag.enroll()
    untag.add("me.png", paint(ME, serial=1))
    assert "the graphics card is not used: there is no NVIDIA driver" in untag.run("scan", untag.photos).err
    assert "graphics card" not in untag.run("scan", untag.photos, "--device", "cpu").err


def test_each_new_finding_is_a_line_with_risk_categories_and_link(
    untag: Untag, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("untag.sources.base.READERS", (MadeUpReader(),))
    untag.enroll()
    path = untag.add("friend/1.png", paint(ME, serial=1, alcohol=0.9))
    plain = untag.add("plain.png", paint(ME, serial=2))
    tell(untag, "friend", {"1.png": BEA})
    result = untag.run("scan", untag.photos, "--json")
    new = json.loads(result.out)["new"]
    assert [(item["path"], list(item["categories"]), item["link"]) for item in new] == [
        (str(path), ["alcohol"], BEA["permalink"]),
        (str(plain), [], None),
    ]
    risks = {item["path"]: item["risk"] for item in new}
    assert risks == {item["path"]: item["risk"] for item in untag.listed()}
    assert f"  {path}: risk {risks[str(path)]}, alcohol; {BEA['permalink']}" in result.err
    assert f"  {plain}: risk {risks[str(plain)]}" in result.err.splitlines()
    assert json.loads(untag.run("scan", untag.photos, "--json").out)["new"] == []


def test_long_lists_are_cut_unless_wanted_whole(untag: Untag) -> None:
    summary = ScanSummary(new_findings=120, new=[NewFinding(f"{n}.png", 4, {}, None) for n in range(120)])
    cut = list(news_lines(summary))
    assert len([line for line in cut if ".png: risk" in line]) == 100
    assert cut[-1] == "  … and 20 more; see them all with: untag list"
    assert len([line for line in news_lines(summary, whole=True) if ".png: risk" in line]) == 120
    untag.enroll()
    for number in range(30):
        untag.add(f"{number}.png", paint(STRANGER, serial=number + 1))
    untag.scan()
    for number in range(10):
        (untag.photos / f"{number}.png").unlink()
    said = untag.run("scan", untag.photos).out
    assert (said.count(".png"), "and 7 more" in said) == (3, True)
    for number in range(10, 20):
        (untag.photos / f"{number}.png").unlink()
    assert untag.run("scan", untag.photos, "-v").out.count(".png") == 10


def test_quiet_says_only_what_is_new_or_wrong(filled: Untag) -> None:
    calm = filled.run("scan", filled.photos / "b", "--quiet")
    assert (calm.status, calm.out, calm.err) == (0, "", "")
    path = filled.add("b/new.png", paint(ME, serial=50))
    (filled.photos / "b/me.png").unlink()
    filled.add("b/bad.jpg", b"\xff\xd8\xff\xe0 cut")
    result = filled.run("scan", filled.photos / "b", "-q")
    assert result.status == 1
    assert [line.split(":")[0].strip() for line in result.out.splitlines()] == [
        "1 new photo",
        str(path),
        "1 photo removed, no longer there",
        "1 could not be read, all of them since the last scan",
    ]
    assert "bad.jpg" in result.err
    assert "scanning" not in result.err


# --- the log -------------------------------------------------------------------------------------------------------


def test_the_log_has_all_that_was_said_and_is_private(filled: Untag) -> None:
    log = filled.root / "untag.log"
    filled.add("b/bad.jpg", b"\xff\xd8\xff\xe0 cut")
    assert filled.run("scan", filled.photos, "--quiet", "--log-file", log).status == 1
    first = log.read_text()
    assert stat.S_IMODE(log.stat().st_mode) == 0o600
    for words in ("scanning on cpu", "5 photo files: ", "2 could not be read, 1 since the last scan", "bad.jpg"):
        assert words in first
    assert all(line[:4].isdigit() and line[19] == "Z" for line in first.splitlines())
    log.chmod(0o644)
    assert filled.run("scan", filled.photos, "--log-file", log).status == 0
    assert log.read_text().startswith(first)
    with Store.open(filled.home) as store:
        assert [(file.path, file.kind) for file in written_files(store)] == [(str(log), "log")]
    assert stat.S_IMODE(log.stat().st_mode) == 0o600


def test_the_log_says_why_a_scan_ended(filled: Untag, monkeypatch: pytest.MonkeyPatch) -> None:
    log = filled.root / "untag.log"
    assert filled.run("scan", filled.root / "nowhere", "--log-file", log).status == 2
    assert log.read_text().endswith(f"no such file or folder: {filled.root / 'nowhere'}\n")

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("untag.library.scanning.scan", interrupted)
    assert filled.run("scan", filled.photos, "--log-file", log).status == 130
    assert log.read_text().endswith(" interrupted\n")


def test_a_log_that_cannot_be_written_is_said_before_anything_is_done(filled: Untag) -> None:
    result = filled.run("scan", filled.photos, "--log-file", filled.root / "no folder" / "untag.log")
    assert result.status == 2
    assert "untag.log cannot be written" in result.err


def test_a_photo_is_never_taken_for_a_log(filled: Untag) -> None:
    photo = next(filled.photos.rglob("*.png"))
    before = photo.read_bytes(), photo.stat().st_mode
    result = filled.run("scan", filled.photos, "--log-file", photo)
    assert (result.status, (photo.read_bytes(), photo.stat().st_mode)) == (2, before)
    assert "is no log, and is left as it is" in result.err


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes here")
def test_a_log_into_a_pipe_that_nobody_reads_is_refused_at_once(filled: Untag) -> None:
    os.mkfifo(filled.root / "pipe")
    result = filled.run("scan", filled.photos, "--log-file", filled.root / "pipe")
    assert result.status == 2
    assert "pipe cannot be written" in result.err


def test_names_cannot_forge_lines_of_the_log(filled: Untag) -> None:
    log = filled.root / "untag.log"
    filled.add("b/x\n2026-01-01T00:00:00Z all is well\x1b[2J.jpg", b"\xff\xd8\xff\xe0 cut")
    assert filled.run("scan", filled.photos, "--log-file", log).status == 1
    assert "\x1b" not in log.read_text()
    assert not any(line.endswith("all is well") or "Z all" in line[:26] for line in log.read_text().splitlines())


# --- progress ------------------------------------------------------------------------------------------------------


def ticking(seconds: float) -> Callable[[], float]:
    """A clock that is so much later each time that it is asked after an item."""
    now = [0.0]

    def clock() -> float:
        now[0] += seconds
        return now[0]

    return clock


def test_without_a_terminal_there_is_a_line_every_thirty_seconds(capfd: pytest.CaptureFixture[str]) -> None:
    time = [0.0]

    def never() -> int:
        raise AssertionError("counting takes a while, and nobody asked")

    with progress("scanning", never, clock=lambda: time[0]) as advance:
        for _ in range(95):
            time[0] += 1
            advance()
    assert capfd.readouterr().err.splitlines() == [
        "scanning: 30 so far, 1/s",
        "scanning: 60 so far, 1/s",
        "scanning: 90 so far, 1/s",
    ]


def test_quiet_progress_goes_to_the_log_alone(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with (
        voice(quiet=True, log_file=tmp_path / "log"),
        progress("scanning", lambda: 0, clock=ticking(31)) as advance,
    ):
        advance()
    assert capfd.readouterr().err == ""
    assert "scanning: 1 so far" in (tmp_path / "log").read_text()


# --- what failed once ----------------------------------------------------------------------------------------------

REFUSED = {
    "broken.jpg": b"\xff\xd8\xff\xe0 cut",
    "text.jpg": b"hello, this is no picture",
    "huge.png": paint(serial=5, side=1200),
    "vector.jpg": b"8BPS\x00\x01 a drawing of Photoshop",
}


@pytest.fixture
def refused(untag: Untag, reads: list[str]) -> Untag:
    untag.enroll()
    untag.home.joinpath("config.toml").write_text("max_megapixels = 1\n")
    for name, data in REFUSED.items():
        untag.add(name, data)
    result = untag.run("scan", untag.photos, "--json")
    outcomes = {Path(item["path"]).name: item["outcome"] for item in json.loads(result.out)["unreadable"]}
    assert set(outcomes) == set(REFUSED)
    assert {"broken", "not-an-image", "too-large", "unsupported"} == set(outcomes.values())
    reads.clear()
    return untag


def test_what_was_refused_is_not_read_again_by_the_same_software(refused: Untag, reads: list[str]) -> None:
    for _ in range(2):
        assert len(json.loads(refused.run("scan", refused.photos, "--json").out)["unreadable"]) == len(REFUSED)
    assert reads == []


@pytest.mark.parametrize("changed", ["pillow", "pi-heif", "opencv-python-headless"])
def test_what_was_refused_is_read_again_when_a_decoder_changes(
    refused: Untag, reads: list[str], monkeypatch: pytest.MonkeyPatch, changed: str
) -> None:
    real = versions._version

    def updated(name: str) -> str | None:
        return "999" if name == changed else real(name)

    monkeypatch.setattr(versions, "_version", updated)
    versions._decoders.cache_clear()
    try:
        refused.run("scan", refused.photos)
        assert sorted(reads) == sorted(REFUSED)
        reads.clear()
        refused.run("scan", refused.photos)
        assert reads == []
    finally:
        versions._decoders.cache_clear()


def test_what_was_too_large_is_read_again_when_the_limit_changes(refused: Untag, reads: list[str]) -> None:
    refused.home.joinpath("config.toml").write_text("max_megapixels = 2\n")
    summary = json.loads(refused.run("scan", refused.photos, "--json").out)
    assert "huge.png" in reads
    assert "huge.png" not in {Path(item["path"]).name for item in summary["unreadable"]}


def test_want_of_memory_is_not_held_against_a_photo(
    untag: Untag, reads: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    untag.enroll()
    reads.clear()
    untag.add("1.png", paint(ME, serial=1))

    def full(*_: object, **__: object) -> None:
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(decoding, "read_picture", full)
        for _ in range(2):
            assert "does not fit in memory" in untag.run("scan", untag.photos).err
    assert untag.scan()["analysed"] == 1
    assert reads == ["1.png"] * 3


def test_the_key_of_the_decoders_names_limits_and_versions() -> None:
    key = versions.decoders_key(DEFAULT_LIMITS)
    assert "untag " in key
    assert "pillow " in key
    assert key != versions.decoders_key(Limits(max_pixels=1))
    assert key != versions.decoders_key(Limits(max_bytes=1))


def test_a_picture_read_in_part_is_looked_at_again_by_other_decoders_and_its_copies_too(
    untag: Untag, reads: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    untag.enroll()
    data = paint(ME, serial=1, side=480)[:-100]
    for name in ("1.png", "2.png"):
        untag.add(name, data)
    assert len(json.loads(untag.run("scan", untag.photos, "--json").out)["unreadable"]) == 2
    assert len(untag.listed()) == 2
    untag.add("3.png", data)
    summary = json.loads(untag.run("scan", untag.photos, "--json").out)
    assert (summary["analysed"], len(summary["unreadable"]), summary["newly_unreadable"]) == (0, 3, 1)
    reads.clear()
    for room in ("stages", "looking"):
        monkeypatch.setattr(f"untag.scan.{room}.decoders_key", lambda _: "others")
    summary = json.loads(untag.run("scan", untag.photos, "--json").out)
    assert sorted(reads) == ["1.png", "2.png", "3.png"]
    assert (summary["analysed"], len(summary["unreadable"]), summary["newly_unreadable"]) == (1, 3, 0)
    reads.clear()
    untag.run("scan", untag.photos)
    assert reads == []


def test_a_disk_that_failed_says_nothing_of_the_content_of_a_copy(
    untag: Untag, monkeypatch: pytest.MonkeyPatch
) -> None:
    untag.enroll()
    data = paint(ME, serial=1)
    first = untag.add("1.png", data)
    untag.scan()
    os.utime(first, ns=(1, 1))

    def failing(path: str, limits: Limits) -> bytes:
        if path == str(first):
            raise ReadFailure(Outcome.BROKEN, "it cannot be read from the disk")
        return read_file(path, limits)

    monkeypatch.setattr("untag.sources.folder.read_file", failing)
    assert untag.run("scan", untag.photos).status == 1
    untag.add("2.png", data)
    summary = json.loads(untag.run("scan", untag.photos, "--json").out)
    assert [Path(item["path"]).name for item in summary["unreadable"]] == ["1.png"]
    assert {Path(str(item["path"])).name for item in untag.listed()} == {"1.png", "2.png"}
