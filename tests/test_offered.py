"""Places that are offered, and paths that are completed: bounded, and nothing but folders and archives."""

from __future__ import annotations

import os
import tarfile
import zipfile
from pathlib import Path

import pytest

import untag as api
from miniature_archives import JPEG, MINIATURES
from untag.imaging.limits import DEFAULT_LIMITS
from untag.sources import offered
from untag.sources.offered import OfferedPlace, complete, offer_places


def make(folder: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def pack(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def found(*downloads: Path, pictures: tuple[Path, ...] = ()) -> dict[str, OfferedPlace]:
    places = offer_places(downloads, pictures, DEFAULT_LIMITS)
    return {Path(place.paths[0]).name: place for place in places}


@pytest.mark.parametrize("packed", [True, False])
def test_downloads_are_offered_with_what_they_are(tmp_path: Path, packed: bool) -> None:
    for name in ("facebook", "instagram"):
        if packed:
            pack(tmp_path / f"{name}.zip", MINIATURES[name])
        else:
            make(tmp_path / name / "inner", MINIATURES[name])
    places = found(tmp_path)
    assert {Path(name).stem: place.source for name, place in places.items()} == {
        "facebook": "facebook",
        "instagram": "instagram",
    }
    assert all(place.photos for place in places.values())


def test_what_holds_no_photos_is_not_offered(tmp_path: Path) -> None:
    make(tmp_path, {"program/setup.py": b"", "empty/.keep": b"", "letter.pdf": b"", ".hidden/a.jpg": JPEG})
    pack(tmp_path / "program.zip", {"setup.py": b""})
    (tmp_path / "broken.zip").write_bytes(b"PK, or not")
    assert not found(tmp_path)


def test_folders_of_photos_and_the_pictures_folder_are_offered(tmp_path: Path) -> None:
    make(tmp_path, {"downloads/holiday/day 1/a.jpg": JPEG, "pictures/b.jpg": JPEG, "pictures/c/d.JPG": JPEG})
    places = found(tmp_path / "downloads", pictures=(tmp_path / "pictures", tmp_path / "nowhere"))
    assert {name: (place.source, place.photos) for name, place in places.items()} == {
        "holiday": (None, 1),
        "pictures": (None, 2),
    }


def test_parts_of_a_download_are_one_place(tmp_path: Path) -> None:
    for part in (1, 2):
        pack(tmp_path / f"takeout-20250104T120000Z-00{part}.zip", {f"Takeout/Google Photos/Album/{part}.jpg": JPEG})
    (place,) = found(tmp_path).values()
    assert [Path(path).name[-7:] for path in place.paths] == ["001.zip", "002.zip"] and place.photos == 2


def test_a_compressed_archive_is_offered_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with tarfile.open(tmp_path / "takeout.tgz", "w:gz"):
        pass
    monkeypatch.setattr(offered, "archive_files", lambda _: pytest.fail("it was read"))
    (place,) = found(tmp_path).values()
    assert place == OfferedPlace((str(tmp_path / "takeout.tgz"),), None, None)


def test_the_newest_comes_first_and_the_time_is_bounded(tmp_path: Path) -> None:
    for number in range(4):
        os.utime(make(tmp_path / str(number), {"a.jpg": JPEG}), (number, number))
    assert list(found(tmp_path)) == ["3", "2", "1", "0"]
    now = iter([0.0, 0.0, 3.0, 5.0, 6.0])
    assert len(offer_places([tmp_path], [], DEFAULT_LIMITS, clock=lambda: next(now))) == 2


def test_a_folder_without_end_is_not_gone_through(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(offered, "_MOST_COUNTED", 30)
    make(tmp_path, {f"many/{number // 20}/{number}.jpg": JPEG for number in range(100)})
    (place,) = found(tmp_path).values()
    assert place.photos is not None and 0 < place.photos < 60


def test_a_folder_that_may_not_be_read_offers_nothing(tmp_path: Path) -> None:
    assert offer_places([tmp_path / "nowhere", Path("/dev/null")], [tmp_path / "no"], DEFAULT_LIMITS) == []
    assert complete(str(tmp_path / "nowhere" / "a")).paths == ()
    assert complete("bad\0name/").paths == () and complete("/bad\0name/").paths == ()


def test_a_path_is_completed_with_folders_and_archives_alone(tmp_path: Path) -> None:
    make(tmp_path, {"Photos/a.jpg": b"", "phone/b": b"", "photo.jpg": b"", ".photos/c": b"", "other/d": b""})
    pack(tmp_path / "photos.zip", {})
    names = [os.path.relpath(path, tmp_path) for path in complete(f"{tmp_path}/PH").paths]
    assert names == ["phone", "Photos", "photos.zip"]
    assert complete(f"{tmp_path}/ph").paths[0].endswith("phone/")
    assert [Path(path).name for path in complete(f"{tmp_path}/.").paths] == [".photos"]
    assert complete("relative/ph").paths == ()


def test_completions_are_bounded(tmp_path: Path) -> None:
    make(tmp_path, {f"{number:03}/a": b"" for number in range(60)})
    found = complete(f"{tmp_path}/")
    assert len(found.paths) == 20 and found.more
    assert not complete(f"{tmp_path}/00", most=20).more


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("~/Photos", "{home}/Photos"),
        ("Photos/2024", "{home}/Photos/2024"),
        ('"/data/my photos"', "/data/my photos"),
        ("file:///data/my%20photos", "/data/my photos"),
        (" /data/x ", "/data/x"),
    ],
)
def test_a_path_is_read_as_people_write_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, typed: str, meant: str
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr("untag.sources.base.unreachable", lambda _: None)
    with api.open(tmp_path / "home") as home:
        assert home.place_of(typed) == meant.format(home=tmp_path)
        make(tmp_path, {"Photos/a.jpg": b""})
        assert home.complete_path("~/Pho").paths == (f"{tmp_path}/Photos/",)
        assert home.complete_path("Pho").paths == (f"{tmp_path}/Photos/",)
        assert f"{tmp_path}/Photos/" in home.complete_path("~/").paths


def test_a_home_offers_the_folders_of_its_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platformdirs.user_downloads_dir", lambda: str(tmp_path / "Downloads"))
    monkeypatch.setattr("platformdirs.user_pictures_dir", lambda: str(tmp_path / "Pictures"))
    make(tmp_path, {"Downloads/new/a.jpg": JPEG, "Pictures/b.jpg": JPEG})
    with api.open(tmp_path / "home") as home:
        assert [Path(place.paths[0]).name for place in home.offer_places()] == ["new", "Pictures"]
    assert not (tmp_path / "home").exists()
