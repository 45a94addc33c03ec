"""Exports that arrive: each is seen once, when it is whole, and what is on its way is left alone."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path

import pytest

from miniature_archives import MINIATURES
from untag.imaging.limits import DEFAULT_LIMITS
from untag.schedule.arrivals import QUIET_SECONDS, UNFINISHED, Looked, load_arrived, look, save_arrived

NOW = 1_790_000_000.0
LONG_AGO = NOW - 3600
FACEBOOK = MINIATURES["facebook"]


def packed(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def put(path: Path, data: bytes, *, written: float = LONG_AGO) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    os.utime(path, (written, written))
    return path


def seen(folder: Path, arrived: dict[str, tuple[int, int]] | None = None) -> Looked:
    return look(folder, arrived or {}, limits=DEFAULT_LIMITS, now=NOW)


def test_an_export_is_ready_once(tmp_path: Path) -> None:
    export = put(tmp_path / "facebook-ana.zip", packed(FACEBOOK))
    found = seen(tmp_path)
    assert found.ready == ((str(export),),)
    assert seen(tmp_path, dict(found.marks)).ready == ()
    put(export, packed({**FACEBOOK, "new.jpg": b"x"}), written=LONG_AGO + 5)  # downloaded again
    assert seen(tmp_path, dict(found.marks)).ready == ((str(export),),)


def test_an_unpacked_export_is_one_too(tmp_path: Path) -> None:
    for name, data in FACEBOOK.items():
        put(tmp_path / "facebook-ana" / name, data)
    os.utime(tmp_path / "facebook-ana", (LONG_AGO, LONG_AGO))
    assert seen(tmp_path).ready == ((str(tmp_path / "facebook-ana"),),)
    put(tmp_path / "facebook-ana" / "posts" / "late.jpg", b"x", written=NOW - 5)
    found = seen(tmp_path)
    assert (found.ready, found.settling) == ((), True)


def test_times_that_are_still_to_come_hold_nothing_up(tmp_path: Path) -> None:
    put(tmp_path / "facebook-zip.zip", packed(FACEBOOK), written=NOW + 3e8)
    for name, data in FACEBOOK.items():
        put(tmp_path / "facebook-ana" / name, data, written=NOW + 3e8)
    assert len(seen(tmp_path).ready) == 2
    put(tmp_path / "facebook-ana" / "posts" / "late.jpg", b"x", written=NOW - 5)
    assert (len(seen(tmp_path).ready), seen(tmp_path).settling) == (1, True)


def test_what_is_unpacked_with_old_times_is_noticed_however_much_there_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("untag.schedule.arrivals._MOST_ENTRIES", 10)
    for number in range(20):
        put(tmp_path / "facebook-ana" / "posts" / f"{number}.jpg", b"x")
    for name, data in FACEBOOK.items():
        put(tmp_path / "facebook-ana" / name, data)
    for folder in (tmp_path / "facebook-ana", *(tmp_path / "facebook-ana").rglob("*")):
        os.utime(folder, (LONG_AGO, LONG_AGO))
    before = seen(tmp_path)
    assert len(before.ready) == 1
    put(tmp_path / "facebook-ana" / "posts" / "zzz.jpg", b"x")
    os.utime(tmp_path / "facebook-ana" / "posts", (NOW - 5, NOW - 5))
    assert (seen(tmp_path, dict(before.marks)).ready, seen(tmp_path).settling) == ((), True)


@pytest.mark.parametrize("suffix", sorted(UNFINISHED))
def test_what_a_browser_is_writing_is_left_alone(tmp_path: Path, suffix: str) -> None:
    put(tmp_path / f"facebook-ana.zip.{suffix}", packed(FACEBOOK))
    found = seen(tmp_path)
    assert (found.ready, found.coming, found.others) == ((), (), ())


@pytest.mark.parametrize("partial", ["facebook-ana.zip.part", "facebook-ana.Xy12Zw.zip.part", "facebook-ana.zip.aria2"])
def test_the_name_that_firefox_and_aria2_reserve_is_not_read(tmp_path: Path, partial: str) -> None:
    put(tmp_path / "facebook-ana.zip", packed(FACEBOOK) if partial.endswith("aria2") else b"")
    put(tmp_path / partial, packed(FACEBOOK)[:100])
    found = seen(tmp_path)
    assert (found.ready, len(found.coming), found.settling) == ((), 1, False)
    (tmp_path / partial).unlink()
    put(tmp_path / "facebook-ana.zip", packed(FACEBOOK))
    assert len(seen(tmp_path).ready) == 1


def test_safari_keeps_a_folder_for_what_it_is_writing(tmp_path: Path) -> None:
    put(tmp_path / "facebook-ana.zip.download" / "facebook-ana.zip", packed(FACEBOOK))
    assert seen(tmp_path) == Looked()


def test_what_grows_under_its_last_name_is_not_read_yet(tmp_path: Path) -> None:
    whole = packed(FACEBOOK)
    put(tmp_path / "facebook-ana.zip", whole[: len(whole) // 2], written=NOW - 1)
    found = seen(tmp_path)
    assert (found.ready, len(found.coming), found.settling) == ((), 1, True)
    put(tmp_path / "facebook-ana.zip", whole, written=NOW - 1)
    assert seen(tmp_path).ready == ()  # it may be written to still
    put(tmp_path / "facebook-ana.zip", whole, written=NOW - QUIET_SECONDS - 1)
    assert len(seen(tmp_path).ready) == 1


def test_a_zip_without_its_end_waits_a_day_and_is_then_reported(tmp_path: Path) -> None:
    whole = packed(FACEBOOK)
    put(tmp_path / "facebook-ana.zip", whole[:-30])
    found = seen(tmp_path)
    assert (found.ready, len(found.coming), found.broken, found.settling) == ((), 1, (), False)
    put(tmp_path / "facebook-ana.zip", whole[:-30], written=NOW - 25 * 3600)
    assert seen(tmp_path).broken == (str(tmp_path / "facebook-ana.zip"),)


def test_parts_of_one_download_wait_for_each_other(tmp_path: Path) -> None:
    first, second = "takeout-20260101T000000Z-001.zip", "takeout-20260101T000000Z-002.zip"
    files = MINIATURES["google_takeout"]
    put(tmp_path / first, packed(files))
    put(tmp_path / f"{second}.crdownload", b"x")
    found = seen(tmp_path)
    assert (found.ready, found.coming) == ((), (str(tmp_path / first),))
    (tmp_path / f"{second}.crdownload").unlink()
    put(tmp_path / second, packed({"Takeout/more.jpg": b"x"}))
    assert seen(tmp_path).ready == ((str(tmp_path / first), str(tmp_path / second)),)
    marks = dict(seen(tmp_path).marks)
    # A part that comes later brings the others along: photos and what is said of them lie in different ones.
    put(tmp_path / second, packed({"Takeout/most.jpg": b"xy"}), written=LONG_AGO + 9)
    assert seen(tmp_path, marks).ready == ((str(tmp_path / first), str(tmp_path / second)),)


def test_another_download_does_not_hold_one_up(tmp_path: Path) -> None:
    put(tmp_path / "facebook-ana.zip", packed(FACEBOOK))
    put(tmp_path / "facebook-anastasia.zip.crdownload", b"x")
    put(tmp_path / "Unconfirmed 4711.crdownload", b"x")
    assert len(seen(tmp_path).ready) == 1


def test_what_is_no_export_is_looked_into_once(tmp_path: Path) -> None:
    put(tmp_path / "fonts.zip", packed({"a.ttf": b"x"}))
    put(tmp_path / "holiday" / "a.txt", b"x")
    os.utime(tmp_path / "holiday", (LONG_AGO, LONG_AGO))
    put(tmp_path / "setup.exe", b"x")
    put(tmp_path / ".hidden.zip", packed(FACEBOOK))
    found = seen(tmp_path)
    assert (found.ready, found.coming) == ((), ())
    assert sorted(Path(path).name for path in found.others) == ["fonts.zip", "holiday"]
    assert seen(tmp_path, {path: found.marks[path] for path in found.others}).others == ()


@pytest.mark.skipif(os.name == "nt", reason="names of files are text there")
def test_names_that_are_no_text(tmp_path: Path) -> None:
    name = os.fsdecode(b"facebook-\xff\xfe.zip")
    put(tmp_path / name, packed(FACEBOOK))
    found = seen(tmp_path)
    ((path,),) = found.ready
    assert path.isprintable()
    save_arrived(tmp_path / "home", found.marks)
    assert load_arrived(tmp_path / "home") == found.marks


@pytest.mark.parametrize("text", ["", "[]", "null", '{"a": 1}', '{"a": ["x", 1]}', "[" * 100_000])
def test_a_damaged_list_of_arrivals_costs_a_look(tmp_path: Path, text: str) -> None:
    (tmp_path / "scheduled").mkdir()
    (tmp_path / "scheduled" / "arrived.json").write_text(text)
    assert load_arrived(tmp_path) == {}


def test_a_folder_that_is_away_raises(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        seen(tmp_path / "away")
