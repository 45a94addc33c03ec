"""Photos by the paths that a scan has given them, inside zip archives too, and the commands that take such paths."""

from __future__ import annotations

import base64
import json
import re
import zipfile
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from fakes import ME, STRANGER, Square, Untag, paint
from untag.errors import ReadFailure
from untag.imaging.limits import DEFAULT_LIMITS
from untag.sources import reading
from untag.sources.archive import ZipFiles
from untag.sources.base import open_source
from untag.sources.reading import StoredPhotos, archive_around
from untag.types import Outcome, PhotoRef, ReadError


def pack(path: Path, members: Mapping[str, bytes]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the archives that are opened for single photos."""
    names: list[str] = []

    def opening(path: Path) -> ZipFiles:
        names.append(path.name)
        return ZipFiles(path)

    monkeypatch.setattr(reading, "archive_files", opening)
    return names


def test_files_and_members_are_read_by_their_paths(tmp_path: Path, opened: list[str]) -> None:
    archive = pack(tmp_path / "a.ZIP", {"in/1.jpg": b"one", "in/2.jpg": b"two", "./3.jpg": b"three"})
    (tmp_path / "plain.jpg").write_bytes(b"plain")
    (tmp_path / "folder.zip").mkdir()
    pack(tmp_path / "folder.zip" / "b.zip", {"4.jpg": b"four"})
    photos = StoredPhotos(DEFAULT_LIMITS)
    for _ in range(3):
        assert photos.read(f"{archive}/in/1.jpg") == b"one"
        assert photos.read(f"{archive}/in/2.jpg") == b"two"
        assert photos.read(f"{archive}/./3.jpg") == b"three"
        assert photos.read(f"{tmp_path}/folder.zip/b.zip/4.jpg") == b"four"
        assert photos.read(f"{tmp_path}/plain.jpg") == b"plain"
    assert opened == ["a.ZIP", "b.zip"]
    photos.close()


def test_only_so_many_archives_stay_open(tmp_path: Path, opened: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_MOST_OPEN", 2)
    archives = [pack(tmp_path / f"{name}.zip", {"1.jpg": name.encode()}) for name in "abc"]
    photos = StoredPhotos(DEFAULT_LIMITS)
    for number in (0, 1, 0, 2, 0, 1):
        assert photos.read(f"{archives[number]}/1.jpg") == b"abc"[number : number + 1]
    assert opened == ["a.zip", "b.zip", "c.zip", "b.zip"]


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "../secret.jpg", "/../secret.jpg", "in/../../secret.jpg", "..", "", "/", "in", "x\0y"]
)
def test_no_name_leads_out_of_an_archive(tmp_path: Path, name: str) -> None:
    (tmp_path / "secret.jpg").write_bytes(b"secret")
    archive = pack(tmp_path / "a.zip", {"in/1.jpg": b"one", "../secret.jpg": b"evil", "in/../../secret.jpg": b"evil"})
    with pytest.raises(ReadFailure) as caught:
        StoredPhotos(DEFAULT_LIMITS).read(f"{archive}/{name}")
    assert caught.value.outcome is Outcome.MISSING


def test_damaged_and_missing_archives_are_said_so(tmp_path: Path) -> None:
    (tmp_path / "broken.zip").write_bytes(b"PK no archive")
    for name, outcome in (("broken.zip", Outcome.BROKEN), ("gone.zip", Outcome.MISSING)):
        with pytest.raises(ReadFailure) as caught:
            StoredPhotos(DEFAULT_LIMITS).read(f"{tmp_path}/{name}/1.jpg")
        assert caught.value.outcome is outcome
    (error,) = open_source(tmp_path / "broken.zip" / "1.jpg").photos()
    assert isinstance(error, ReadError)
    assert (error.path, error.outcome) == (f"{tmp_path}/broken.zip/1.jpg", Outcome.BROKEN)


def test_where_a_path_leads_into_an_archive(tmp_path: Path) -> None:
    archive = pack(tmp_path / "a.zip", {"b.zip/1.jpg": b"one"})
    assert archive_around(f"{archive}/b.zip/1.jpg") == str(archive)
    assert archive_around(str(archive)) is None
    assert archive_around(f"{tmp_path}/c.zip/1.jpg") is None


def test_a_member_that_is_asked_for_has_the_origin_that_its_archive_tells(tmp_path: Path) -> None:
    sidecar = {
        "title": "1.jpg",
        "photoTakenTime": {"timestamp": "1526119200"},
        "url": "https://photos.google.com/photo/A",
    }
    members = {"Takeout/1.jpg": b"one", "Takeout/1.jpg.json": json.dumps(sidecar).encode(), "Takeout/2.jpg": b"two"}
    archive = pack(tmp_path / "a.zip", members)
    source = open_source(archive / "Takeout" / "1.jpg")
    (ref,) = source.photos()
    assert isinstance(ref, PhotoRef)
    assert (ref.path, ref.origin.permalink) == (f"{archive}/Takeout/1.jpg", "https://photos.google.com/photo/A")
    assert source.read(ref) == b"one"
    (gone,) = open_source(archive / "Takeout" / "3.jpg").photos()
    assert isinstance(gone, ReadError)
    assert gone.outcome is Outcome.MISSING


def test_the_report_shows_photos_inside_archives(untag: Untag, tmp_path: Path, opened: list[str]) -> None:
    untag.enroll()
    faces = {n: Square(side=60 * n, off=n / 100) for n in (1, 2, 3)}
    pack(untag.photos / "a.zip", {f"in/{n}.png": paint(face, serial=n) for n, face in faces.items()})
    untag.add("plain.png", paint(ME, STRANGER, serial=9))
    untag.scan()
    report = tmp_path / "r.html"
    assert untag.run("report", "--output", report).status == 0
    page = report.read_text()
    assert "cannot be read now" not in page
    pictures = re.findall(r"data:image/jpeg;base64,([A-Za-z0-9+/=]+)", page)
    assert len(pictures) == 4
    for picture in pictures:
        Image.open(BytesIO(base64.b64decode(picture))).load()
    assert opened == ["a.zip"]
    (untag.photos / "a.zip").unlink()
    assert untag.run("report", "--output", report).status == 4
    assert "cannot be read now" not in report.read_text()
    assert untag.run("report", "--output", report, "--force").status == 0
    assert report.read_text().count("cannot be read now") == 3


def test_commands_take_the_path_of_a_photo_inside_an_archive(untag: Untag) -> None:
    untag.enroll()
    archive = pack(untag.photos / "a.zip", {"in/1.png": paint(ME, serial=1), "2.png": paint(ME, serial=2)})
    untag.scan()
    for item in untag.listed():
        path = str(item["path"])
        assert untag.run("decide", path, "--status", "keep").status == 0
        assert untag.run("inspect", path).out.startswith(f"{path}: 240 x 240, 1 face")
    assert {item["status"] for item in untag.listed("--status", "keep")} == {"keep"}
    gone = untag.run("inspect", archive / "in" / "3.png")
    assert (gone.status, "not in the archive" in gone.out) == (1, True)
    pack(untag.root / "bob.zip", {"bob.png": paint(STRANGER, serial=3)})
    assert untag.run("enroll", untag.root / "bob.zip" / "bob.png", "--person", "Bob").status == 0
    assert untag.run("enroll", "--confirmed").status == 0


def test_a_scan_of_one_member_leaves_the_rest_of_its_archive_on_record(untag: Untag) -> None:
    untag.enroll()
    archive = pack(untag.photos / "a.zip", {"1.png": paint(ME, serial=1), "2.png": paint(ME, serial=2)})
    untag.scan()
    assert untag.run("scan", archive / "1.png").status == 0
    assert set(untag.found()) == {"1.png", "2.png"}


def test_a_name_that_is_no_text_is_decided_as_it_is_listed(untag: Untag) -> None:
    untag.enroll()
    untag.add("caf\udce9.png", paint(ME, serial=1))
    untag.scan()
    (item,) = untag.listed()
    assert str(item["path"]).endswith("caf\\xe9.png")
    assert untag.run("decide", str(item["path"]), "--status", "done").status == 0
    assert untag.listed("--status", "done")[0]["status"] == "done"
