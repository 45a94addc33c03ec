"""The registry of readers: complete, consistent, and each archive is read by its own reader."""

from __future__ import annotations

import json
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

import pytest

import untag.sources.readers
from made_up_archives import MadeUpFiles, damaged
from miniature_archives import FIXTURES, MINIATURES, fixture, unpack, zipped
from untag.imaging.limits import DEFAULT_LIMITS
from untag.sources.base import open_source, walk_all
from untag.sources.listing import AbsentRef
from untag.sources.opening import recognise
from untag.sources.parts import group_parts
from untag.sources.reader import ArchiveReader, SidecarReader, split
from untag.sources.readers import READERS
from untag.sources.sidecars import read_sidecars, sidecar_readers
from untag.sources.summary import survey
from untag.types import Origin, PhotoRef

MODULES = {
    found.name: import_module(f"untag.sources.readers.{found.name}")
    for found in iter_modules(untag.sources.readers.__path__)
    if not found.ispkg
}
WITH_READER = sorted(name for name, module in MODULES.items() if hasattr(module, "READER"))


def test_each_module_with_a_reader_is_registered_once() -> None:
    assert sorted(reader.name for reader in READERS) == WITH_READER
    assert len(WITH_READER) >= 14


@pytest.mark.parametrize("name", WITH_READER)
def test_a_reader_is_called_like_its_module_and_its_marks_are_in_lower_case(name: str) -> None:
    reader = MODULES[name].READER
    assert reader.name == name
    assert reader in READERS
    marks = reader.top_names if isinstance(reader, ArchiveReader) else reader.marks
    assert marks
    assert all(mark == mark.lower() and "/" not in mark for mark in marks)
    assert isinstance(reader, ArchiveReader) != isinstance(reader, SidecarReader)


def test_each_reader_has_a_miniature_archive() -> None:
    assert sorted(MINIATURES) == WITH_READER


@pytest.mark.parametrize("name", MINIATURES)
def test_an_archive_is_recognised_by_its_own_reader_alone(name: str) -> None:
    files = MadeUpFiles(MINIATURES[name])
    whole = isinstance(MODULES[name].READER, ArchiveReader)
    found, _ = recognise(files, split(READERS)[0])
    assert (None if found is None else found.name) == (name if whole else None)
    claimed = [reader.name for reader in READERS if isinstance(reader, ArchiveReader) and reader.sniff(files)]
    assert claimed == ([name] if whole else [])


def row_of(origin: Origin) -> dict[str, Any]:
    """What an origin says, without what it does not."""
    values = asdict(origin)
    return {key: list(value) if isinstance(value, tuple) else value for key, value in values.items() if value}


@pytest.mark.parametrize("name", FIXTURES)
def test_an_archive_gives_the_expected_rows(name: str) -> None:
    expected = fixture(name)
    description = MODULES[name].READER.describe(MadeUpFiles(expected["files"]))
    assert description.errors == ()
    rows = {photo: row_of(origin) for photo, origin in description.origins.items()}
    assert rows == {photo: {"permalink_confidence": "none", **row} for photo, row in expected["rows"].items()}
    assert {one.key: row_of(one.origin) for one in description.absent} == expected.get("absent", {})
    assert sorted(description.skipped) == expected.get("skipped", [])
    assert list(description.owner) == expected.get("owner", [])
    assert list(description.missing) == expected.get("missing", [])
    assert expected["rows"] or expected.get("absent"), "the fixture shows nothing that is read"


@pytest.mark.parametrize("name", FIXTURES)
def test_no_value_in_a_fixture_is_too_wrong(name: str) -> None:
    files = fixture(name)["files"]
    for file, value in files.items():
        for wrong in damaged(value) if isinstance(value, dict | list) else ():
            description = MODULES[name].READER.describe(MadeUpFiles({**files, file: wrong}))
            assert description.origins.keys() <= files.keys()


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("name", MINIATURES)
def test_an_archive_is_surveyed_unpacked_and_zipped(name: str, packed: bool, tmp_path: Path) -> None:
    place = tmp_path / "archive"
    if packed:
        place = tmp_path / "archive.zip"
        place.write_bytes(zipped(MINIATURES[name]))
    else:
        unpack(MINIATURES[name], place)
    found = survey([place], DEFAULT_LIMITS, READERS)
    assert found.unreadable == []
    (summary,) = found.summaries
    assert summary.source == name
    assert {Path(path).name for path in summary.unknown} <= {"Your archive.html"}
    assert summary.photos >= 1


def test_all_readers_together_read_each_sidecar_once() -> None:
    files = MadeUpFiles({name.rpartition("/")[2]: data for name, data in MINIATURES["google_takeout"].items()})
    told = read_sidecars(files, sidecar_readers(files.names, split(READERS)[1]))
    assert told.readers == {"IMG_1.jpg": "google_takeout"}
    assert files.reads == {"IMG_1.jpg.supplemental-metadata.json": 1, "metadata.json": 1}


@pytest.mark.parametrize(("name", "folder"), [("twitter", "data"), ("icloud", "Photos"), ("snapchat", "json")])
@pytest.mark.parametrize("packed", [False, True])
def test_the_folder_that_matters_is_enough(name: str, folder: str, packed: bool, tmp_path: Path) -> None:
    archive = {path: data for path, data in MINIATURES[name].items() if path.startswith(f"{folder}/")}
    if packed:
        (tmp_path / "archive.zip").write_bytes(zipped(archive))
    else:
        unpack(archive, tmp_path)
    assert [summary.source for summary in survey([tmp_path], DEFAULT_LIMITS, READERS).summaries] == [name]


def test_parts_that_are_still_zipped_beside_an_unpacked_archive_are_read(tmp_path: Path) -> None:
    unpack({name: data for name, data in MINIATURES["flickr"].items() if name.endswith(".json")}, tmp_path)
    (tmp_path / "data-download-1.zip").write_bytes(zipped({"sea_5312345678_o.jpg": b"\xff\xd8\xff\xd9"}))
    paths = [entry.path for entry in open_source(tmp_path, readers=READERS).photos()]
    assert paths == [str(tmp_path / "data-download-1.zip" / "sea_5312345678_o.jpg")]
    summaries = survey([tmp_path], DEFAULT_LIMITS, READERS).summaries
    assert [(summary.source, summary.unknown) for summary in summaries] == [("flickr", ()), ("folder", ())]


@pytest.mark.parametrize(
    ("names", "groups"),
    [
        (["iCloud Photos Part 1 of 12.zip", "iCloud Photos Part 2 of 12.zip"], 1),
        (["mydata~1700000000000.zip", "mydata~1700000000000-2.zip"], 1),
        (["20240105.zip", "20240106.zip"], 2),
    ],
)
def test_the_parts_of_a_download_belong_together(names: list[str], groups: int) -> None:
    assert len(list(group_parts(names))) == groups


def test_sidecars_of_photos_that_are_not_there_are_leads_when_somebody_is_tagged(tmp_path: Path) -> None:
    post = {"category": "instagram", "subcategory": "tagged", "username": "bea", "num": 1, "count": 1, "media_id": "2"}
    link = "https://www.instagram.com/p/AAA/"
    tagged = post | {"post_url": link, "post_shortcode": "AAA", "tagged_users": [{"id": "3", "username": "ana"}]}
    (tmp_path / "1_2.jpg.json").write_text(json.dumps(tagged))
    (tmp_path / "1_3.jpg.json").write_text(json.dumps(post | {"media_id": "3", "post_url": link, "tagged_users": []}))
    entries = [entry for listing in walk_all([tmp_path]) for entry in listing.entries]
    told = [(entry, entry.origin.people) for entry in entries if isinstance(entry, AbsentRef | PhotoRef)]
    assert [(type(entry), people) for entry, people in told] == [(AbsentRef, ("ana",))]
    assert all(Path(entry.path).parent == tmp_path for entry in entries)


@pytest.mark.parametrize("packed", [False, True])
def test_downloads_beside_each_other_are_recognised(packed: bool, tmp_path: Path) -> None:
    folders = {"backup/my flickr": "flickr", "backup/x/other": "twitter", "snaps": "snapchat"}
    files = {f"{folder}/{file}": data for folder, name in folders.items() for file, data in MINIATURES[name].items()}
    files["holiday/a.jpg"] = b"\xff\xd8\xff\xd9"
    place = tmp_path / "all"
    if packed:
        place = tmp_path / "all.zip"
        place.write_bytes(zipped(files))
    else:
        unpack(files, place)
    summaries = {summary.root: summary.source for summary in survey([place], DEFAULT_LIMITS, READERS).summaries}
    assert {root: source for root, source in summaries.items() if source != "folder"} == {
        f"{place}/{folder}": name for folder, name in folders.items()
    }
    folders_given = [listing.folder for listing in walk_all([place])]
    assert len(folders_given) == len(set(folders_given))
    entries = [entry for entry in open_source(place, readers=READERS).photos() if isinstance(entry, PhotoRef)]
    assert {entry.source for entry in entries} == {*folders.values(), "folder"}
    assert f"{place}/holiday/a.jpg" in {entry.path for entry in entries}


def test_zip_files_deeper_in_an_unpacked_archive_are_read(tmp_path: Path) -> None:
    unpack(MINIATURES["icloud"], tmp_path)
    inner = tmp_path / "Photos" / "Shared Albums"
    inner.mkdir()
    (inner / "a-1.zip").write_bytes(zipped({"x.jpg": b"\xff\xd8\xff\xd9"}))
    (tmp_path / "a-1.zip").write_bytes(zipped({"y.jpg": b"\xff\xd8\xff\xd8"}))
    found = survey([tmp_path], DEFAULT_LIMITS, READERS)
    assert found.unreadable == []
    assert all(summary.unknown == () for summary in found.summaries)
    paths = {entry.path for entry in open_source(tmp_path, readers=READERS).photos()}
    assert {f"{inner}/a-1.zip/x.jpg", f"{tmp_path}/a-1.zip/y.jpg"} <= paths
