"""Photos are found by what they hold, whatever they are called and wherever they lie; all else is counted by kind."""

from __future__ import annotations

import json
import zipfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest

from fakes import ME, Untag, paint
from untag.imaging import sniff
from untag.imaging.limits import DEFAULT_LIMITS
from untag.sources import files as files_module
from untag.sources import tree
from untag.sources.base import open_source, walk_all
from untag.sources.kinds import ADVICE, Kind, content_kind, may_be_photo, named_kind
from untag.sources.listing import Skipped
from untag.sources.readers import READERS
from untag.sources.summary import survey
from untag.types import Origin, Outcome, PhotoRef, ReadError

JPEG = b"\xff\xd8\xff\xe0" + bytes(60)
VIDEO = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + bytes(40)
UNKNOWN = b"\x80\x81\x82\0\1\2\3"
TIFF = b"II*\0" + bytes(60)
ODD = (
    *("a.jpg_large", "a.jpg~", "a.jpg.1", "a.JPG_original", "a.mpo", "a.jps", "a.pjpeg", "a.jif", "a.orig", "a.bak"),
    *("a.jpg.part", "a.jpg.crdownload", "a.download", "a.jpg (1)", "a.jpg_", "a", "a.", "a.b.c", "a.0", "a.jpg!d"),
    *("a.txt", "a.php", "a.mp4", "a.dng", "a.jxl", "a.jp2", "a.psd", "a.pdf", "a.gz", "a.docx", "a.aae", "a.jpgе"),
    *("fetch.aspx?id=1&size=large", "img-e-1", "IMG_0001 copy", "1234_n", "a.tmp", "a.JPG-orig", "a.jpeg2"),
)
RAW = {
    **{f"a.{suffix}": TIFF for suffix in ("dng", "CR2", "nef", "arw", "pef")},
    "a.raf": b"FUJIFILMCCD-RAW 0201",
    "a.orf": b"IIRS",
    "a.cr3": b"\0\0\0\x18ftypcrx \0\0\0\1crx isom",
    "a": b"IIU\0",
}
TELLING: Mapping[str, tuple[bytes, Kind]] = {
    "film.MP4": (VIDEO, Kind.VIDEO),
    "film": (VIDEO, Kind.VIDEO),
    "film.mov": (b"anything", Kind.VIDEO),
    "raw.mos": (b"anything", Kind.RAW),
    "film.R3D": (b"\0\0\1\0RED1", Kind.RAW),
    "new.jxl": (b"\xff\x0a\0\0", Kind.JPEG_XL),
    "new": (b"\xff\x0a\0\0", Kind.JPEG_XL),
    "old.jp2": (b"\0\0\0\x0cjP  \r\n\x87\n", Kind.JPEG_2000),
    "edit.AAE": (b"<?xml version='1.0'?>", Kind.AAE),
    "layers.psd": (b"8BPS\0\1", Kind.PSD),
    "paper.pdf": (b"%PDF-1.7", Kind.PDF),
    "paper": (b"%PDF-1.7", Kind.PDF),
    "logo.svg": (b"<svg>", Kind.DRAWING),
    "takeout.tar.xz": (b"\xfd7zXZ", Kind.ARCHIVE),
    "photos.7z": (b"7z\xbc\xaf", Kind.ARCHIVE),
    "photos.zip.1": (b"PK\x03\x04", Kind.ARCHIVE),
    "letter.docx": (b"PK\x03\x04", Kind.DOCUMENT),
    "inbox.mbox": (b"From ana", Kind.MAIL),
    "song.mp3": (b"ID3", Kind.AUDIO),
    "nothing": (b"", Kind.EMPTY),
    "data.bin": (b"\x80\x02\x03\x04", Kind.OTHER),
    "Thumbs.db": (b"\xd0\xcf\x11\xe0", Kind.OTHER),
}
TEXTS = {"notes.txt": b"hello", "a.json": b"{}", "b.json (1)": b"{}", "page": b"<html>", "c.py": b"import os\n"}


@pytest.fixture(autouse=True)
def _without_jpeg_xl(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sniff, "can_read_jpeg_xl", lambda: False)


def unpack(files: Mapping[str, bytes], folder: Path) -> Path:
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def pack(files: Mapping[str, bytes], path: Path) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def names(place: Path) -> list[str]:
    return [Path(entry.path).name for entry in open_source(place, readers=READERS).photos()]


@pytest.mark.parametrize("name", ODD)
def test_a_photo_of_any_name_is_found_in_a_folder_a_zip_file_and_a_download(name: str, tmp_path: Path) -> None:
    assert names(unpack({name: JPEG}, tmp_path / "folder")) == [name]
    assert names(pack({f"in/{name}": JPEG}, tmp_path / "a.zip")) == [name]
    download = {"posts/your_posts_1.json": b"[]", f"posts/media/album/{name}": JPEG}
    assert names(unpack(download, tmp_path / "facebook")) == [name]
    assert names(pack(download, tmp_path / "facebook-ana.zip")) == [name]
    assert may_be_photo(name) or content_kind(name, b"?") not in (Kind.OTHER, Kind.TEXT)


@pytest.mark.parametrize("name", RAW)
def test_raw_files_are_photos_by_what_they_hold(name: str) -> None:
    assert content_kind(name, RAW[name]) is content_kind("a.bin", RAW[name]) is Kind.PHOTO


@pytest.mark.parametrize("place", ["folder", "zip", "download", "zipped download"])
def test_what_is_no_photo_is_counted_by_kind(place: str, tmp_path: Path) -> None:
    files = {f"posts/media/{name}": data for name, (data, _) in TELLING.items()} | {"posts/media/ok.jpg": JPEG}
    files |= {f"posts/media/{name}": data for name, data in TEXTS.items()}
    if "download" in place:
        files["posts/your_posts_1.json"] = b"[]"
    root = pack(files, tmp_path / "a.zip") if "zip" in place else unpack(files, tmp_path / "a")
    found = survey([root], DEFAULT_LIMITS, READERS)
    assert not found.unreadable
    skipped = sum((summary.skipped for summary in found.summaries), Counter[Kind]())
    assert skipped == Counter(kind for _, kind in TELLING.values())
    assert sum(summary.photos for summary in found.summaries) == 1
    named = {kind: paths for summary in found.summaries for kind, paths in summary.named.items()}
    assert {Path(path).name for path in named[Kind.VIDEO]} == {"film", "film.MP4", "film.mov"}


def test_every_kind_that_is_counted_has_its_words() -> None:
    assert set(ADVICE) == set(Kind) - {Kind.PHOTO, Kind.TEXT}


def test_hidden_files_are_counted_alike_in_folders_and_archives(tmp_path: Path) -> None:
    files = {".hidden.jpg": JPEG, "in/._a.jpg": b"\x00\x05\x16\x07", "__MACOSX/._a.jpg": JPEG, "a.jpg": JPEG}
    for root in (unpack(files, tmp_path / "folder"), pack(files, tmp_path / "a.zip")):
        (summary,) = survey([root], DEFAULT_LIMITS, READERS).summaries
        assert (summary.photos, summary.skipped) == (1, {Kind.HIDDEN: 2, Kind.SYSTEM: 1})
    download = {"posts/your_posts_1.json": b"[]", "posts/.a.jpg": JPEG, "posts/@eaDir/b.jpg": JPEG}
    for root in (unpack(download, tmp_path / "download"), pack(download, tmp_path / "download.zip")):
        (summary,) = survey([root], DEFAULT_LIMITS, READERS).summaries
        assert (summary.photos, summary.skipped) == (0, {Kind.HIDDEN: 1, Kind.SYSTEM: 1})


def test_a_file_that_cannot_be_looked_into_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(path: str) -> bytes:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(tree, "read_head", denied)
    (error,) = open_source(unpack({"a.jpg_large": JPEG}, tmp_path / "folder")).photos()
    assert isinstance(error, ReadError)
    assert (Path(error.path).name, error.outcome) == ("a.jpg_large", Outcome.NO_PERMISSION)


def test_archives_that_hold_nothing_that_can_be_read_are_told_of(tmp_path: Path) -> None:
    path = pack({"a.jpg_large": JPEG, "b.jpg": JPEG}, tmp_path / "a.zip")
    # The flag of encryption, in the directory and before each member.
    data = path.read_bytes().replace(b"PK\x01\x02\x14\x03\x14\x00\x00", b"PK\x01\x02\x14\x03\x14\x00\x01")
    path.write_bytes(data)
    found = survey([tmp_path], DEFAULT_LIMITS, READERS)
    assert {Path(error.path).name for error in found.unreadable} == {"a.jpg_large", "b.jpg"}


def test_two_odd_names_in_two_archives_are_two_photos(tmp_path: Path) -> None:
    pack({"a.jpg_large": JPEG}, tmp_path / "photos-1.zip")
    pack({"a.jpg_large": JPEG + b"other"}, tmp_path / "photos-2.zip")
    assert names(tmp_path) == ["a.jpg_large", "a.jpg_large"]


# --- sidecars -------------------------------------------------------------------------------------------------------

TAKEOUT = {"title": "IMG_1.MPO", "photoTakenTime": {"timestamp": "1695394176"}, "description": "found"}
GALLERY = {"category": "instagram", "subcategory": "posts", "username": "bea", "description": "found"}
XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"><Iptc4xmpExt:PersonInImage>'
    b"<rdf:Bag><rdf:li>found</rdf:li></rdf:Bag></Iptc4xmpExt:PersonInImage></rdf:Description></rdf:RDF></x:xmpmeta>"
)
POST = {"timestamp": 1, "title": "found", "data": [{"post": "found"}]}


def facebook(uri: str) -> bytes:
    media = {"media": {"uri": uri, "description": "found"}}
    return json.dumps([POST | {"attachments": [{"data": [media]}]}]).encode()


SIDECARS: Mapping[str, Mapping[str, bytes]] = {
    "gallery_dl": {"a.jpg_large": JPEG, "a.jpg_large.json": json.dumps(GALLERY).encode()},
    "takeout": {"IMG_1.MPO": JPEG, "IMG_1.MPO.supplemental-metadata.json": json.dumps(TAKEOUT).encode()},
    "xmp": {"a.JPG_original": JPEG, "a.JPG_original.xmp": XMP, "a.pp3": b"[Version]\n"},
    "xmp by stem": {"a.mpo": JPEG, "a.xmp": XMP, "a.dop": b"text", "a.arw": TIFF},
    "picasa": {"a.jps": JPEG, ".picasa.ini": b"[a.jps]\nfaces=rect64(1),7\n[Contacts2]\n7=found;;\n"},
    "facebook": {
        "posts/your_posts_1.json": facebook("posts/media/x/1_2_3.mpo"),
        "posts/media/x/1_2_3.mpo": JPEG,
    },
    "facebook without suffix": {
        "posts/your_posts_1.json": facebook("posts/media/x/1_2_3"),
        "posts/media/x/1_2_3": JPEG,
    },
}


@pytest.mark.parametrize("name", SIDECARS)
@pytest.mark.parametrize("packed", [False, True])
def test_sidecars_tell_of_photos_with_odd_names(name: str, packed: bool, tmp_path: Path) -> None:
    files = SIDECARS[name]
    root = pack(files, tmp_path / "a.zip") if packed else unpack(files, tmp_path / "a")
    photos = [entry for entry in open_source(root, readers=READERS).photos() if isinstance(entry, PhotoRef)]
    photo = photos[-1]
    assert len(photos) == 1 + (name == "xmp by stem")
    assert all(one.origin == photo.origin for one in photos), "a raw file and its JPEG are one picture"
    assert photo.origin != Origin()
    assert "found" in (photo.origin.caption or "", *photo.origin.people)


def test_what_is_told_of_as_a_photo_and_is_damaged_is_not_passed_over(tmp_path: Path) -> None:
    files = dict(SIDECARS["facebook"]) | {"posts/media/x/1_2_3.mpo": UNKNOWN}
    assert names(unpack(files, tmp_path / "a")) == names(pack(files, tmp_path / "a.zip")) == ["1_2_3.mpo"]


# --- scans ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def heads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that were looked into."""
    seen: list[str] = []

    def counting(path: str) -> bytes:
        seen.append(Path(path).name)
        return files_module.read_head(path)

    monkeypatch.setattr(tree, "read_head", counting)
    return seen


def test_a_rescan_looks_into_nothing_and_counts_the_same(untag: Untag, heads: list[str], reads: list[str]) -> None:
    untag.enroll()
    (untag.home / "config.toml").write_text("videos = false\n")
    untag.add("a.png_large", paint(ME, serial=1))
    untag.add("film.mp4", VIDEO)
    untag.add(".hidden.png", b"x")
    untag.add("only/others/raw.dng", b"unknown")
    untag.add("only/others/unknown", UNKNOWN)
    wanted = {"video": 1, "raw": 1, "other": 1, "hidden": 1}
    first = untag.scan()
    assert (first["photos"], first["skipped"]) == (1, wanted)
    assert sorted(heads) == ["a.png_large", "film.mp4", "raw.dng", "unknown"]
    for _ in range(3):
        heads.clear()
        reads.clear()
        again = untag.scan()
        assert (again["photos"], again["unchanged"], again["skipped"]) == (1, 1, wanted)
        assert heads == reads == []
    assert untag.found() == {"a.png_large": "me"}


def test_what_changes_is_looked_into_again(untag: Untag, heads: list[str]) -> None:
    untag.enroll()
    (untag.home / "config.toml").write_text("videos = false\n")
    untag.add("a/x", UNKNOWN)
    untag.add("b/y", UNKNOWN)
    assert untag.scan()["skipped"] == {"other": 2}
    heads.clear()
    untag.add("a/x", paint(ME, serial=1))
    again = untag.scan()
    assert (again["photos"], again["skipped"]) == (1, {"other": 1})
    assert heads == ["x"]
    (untag.photos / "a" / "x").write_bytes(VIDEO)
    again = untag.scan()
    assert (again["photos"], again["removed"], again["skipped"]) == (0, 1, {"video": 1, "other": 1})
    (untag.photos / "b" / "y").unlink()
    assert untag.scan()["skipped"] == {"video": 1}


def test_a_scan_of_one_place_forgets_nothing_of_another(untag: Untag, heads: list[str]) -> None:
    untag.enroll()
    untag.add("a/x", UNKNOWN)
    untag.add("b/y", UNKNOWN)
    untag.scan()
    assert untag.run("scan", untag.photos / "a").status == 0
    heads.clear()
    assert untag.scan()["skipped"] == {"other": 2}
    assert heads == []


def test_commands_say_what_is_not_read_and_what_to_do(untag: Untag) -> None:
    untag.enroll()
    (untag.home / "config.toml").write_text("videos = false\n")
    untag.add("a.png", paint(ME, serial=1))
    for name in ("1.mp4", "2.mov"):
        untag.add(name, VIDEO)
    untag.add("3.dng", b"unknown")
    untag.add(".DS_Store", b"x")
    scanned = untag.run("scan", untag.photos)
    said = scanned.out + scanned.err
    assert "not read: 2 videos; set videos = true in config.toml" in said
    assert "not read: 1 camera raw file; export them as JPEG" in said
    assert "hidden" not in said
    listed = untag.run("sources", untag.photos)
    assert "not read: 2 videos (1.mp4, 2.mov); set videos" in listed.out
    assert "not read: 1 hidden file or folder; scan them by their own path" in listed.out
    (summary,) = json.loads(untag.run("sources", untag.photos, "--json").out)
    assert summary["skipped"] == {"video": 2, "raw": 1, "hidden": 1}


def test_a_place_without_photos_says_what_is_there(untag: Untag) -> None:
    untag.enroll()
    (untag.home / "config.toml").write_text("videos = false\n")
    untag.add("1.mp4", VIDEO)
    for command in ("sources", "scan"):
        result = untag.run(command, untag.photos)
        assert result.status == 0
        assert "there are no photos in what you gave" in result.err
        assert "not read: 1 video" in result.out + result.err


def test_counting_for_the_progress_bar_looks_into_nothing(untag: Untag, heads: list[str]) -> None:
    untag.add("a.png_large", JPEG)
    assert sum(listing.count for listing in walk_all([untag.photos])) == 0
    assert heads == []


def test_the_shared_cases(shared: Path) -> None:
    folder = shared / "cases" / "silent_suffix"
    if not folder.is_dir():
        pytest.skip("the cases are not here")
    entries = [entry for listing in walk_all([folder]) for entry in listing.entries]
    skipped = {Path(entry.path).name: entry.kind for entry in entries if isinstance(entry, Skipped)}
    assert skipped == {"real.jxl": Kind.JPEG_XL, "52.jp2": Kind.JPEG_2000}
    assert len(entries) == len(list(folder.iterdir()))
    assert {named_kind(Path(entry.path).name) for entry in entries} == {Kind.PHOTO, None}
