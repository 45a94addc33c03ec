"""Zip archives: what is read from them, and what hostile and damaged ones get refused."""

from __future__ import annotations

import os
import stat
import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from untag.errors import ReadFailure
from untag.sources.archive import ArchiveLimits, ZipFiles
from untag.sources.base import walk_all
from untag.sources.parts import MergedFiles, are_parts, group_parts
from untag.types import Outcome, PhotoRef, ReadError

PHOTO = os.urandom(4000)
ENOUGH = 1_000_000


def make(folder: Path, *members: tuple[str | zipfile.ZipInfo, bytes], name: str = "a.zip") -> Path:
    """A zip archive of `members`, whatever their names."""
    path = folder / name
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for info, data in members:
            archive.writestr(info, data)
    return path


def info(name: str, **fields: int) -> zipfile.ZipInfo:
    made = zipfile.ZipInfo(name, (2024, 5, 6, 7, 8, 10))
    for field, value in fields.items():
        setattr(made, field, value)
    return made


def failure(files: ZipFiles, name: str, max_bytes: int = ENOUGH) -> tuple[Outcome, str]:
    with pytest.raises(ReadFailure) as caught:
        files.read(name, max_bytes)
    return caught.value.outcome, str(caught.value)


def refusals(files: ZipFiles) -> dict[str, str]:
    return {error.path.rpartition("a.zip/")[2]: error.error for error in files.errors}


def test_members_are_read_where_they_are(tmp_path: Path) -> None:
    path = make(tmp_path, ("b/two.jpg", PHOTO), ("b/", b""), (info("a.json"), b"{}"))
    files = ZipFiles(path)
    assert files.names == ["a.json", "b/two.jpg"]
    assert "b/two.jpg" in files
    assert "b/" not in files
    assert files.shown("b/two.jpg") == f"{path}/b/two.jpg"
    assert files.read("b/two.jpg", ENOUGH) == PHOTO
    size, mtime_ns = files.stat("a.json")
    assert size == 2
    assert mtime_ns // 10**9 == 1714979290
    assert files.errors == []
    assert [child.name for child in tmp_path.iterdir()] == ["a.zip"]


def test_changed_content_of_one_size_and_time_is_noticed(tmp_path: Path) -> None:
    before = ZipFiles(make(tmp_path, (info("x.jpg"), b"one"))).stat("x.jpg")
    after = ZipFiles(make(tmp_path, (info("x.jpg"), b"two"))).stat("x.jpg")
    assert before[0] == after[0]
    assert before != after


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("../up.jpg", "leads out of the archive"),
        ("a/../../up.jpg", "leads out of the archive"),
        ("/etc/up.jpg", "leads out of the archive"),
        ("C:/up.jpg", "leads out of the archive"),
        ("..\\up.jpg", "leads out of the archive"),
        ("CON.jpg", "name of a device"),
        ("a/nul", "name of a device"),
        ("com1.photo.jpg", "name of a device"),
        ("inside.tgz", "an archive inside an archive"),
        ("inside.zip", "not a zip archive"),
    ],
)
def test_names_that_are_refused(tmp_path: Path, name: str, said: str) -> None:
    files = ZipFiles(make(tmp_path, (name, PHOTO), ("ok.jpg", PHOTO)))
    assert files.names == ["ok.jpg"]
    (error,) = files.errors
    assert said in error.error


@pytest.mark.parametrize("name", ["..jpg", "a..b/x.jpg", "console.jpg", "...", "con/"])
def test_names_that_only_look_so(tmp_path: Path, name: str) -> None:
    assert ZipFiles(make(tmp_path, (name, PHOTO))).errors == []


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR])
def test_links_and_devices_are_refused(tmp_path: Path, kind: int) -> None:
    link = info("x.jpg", external_attr=(kind | 0o777) << 16, create_system=3)
    assert "link or a device" in refusals(ZipFiles(make(tmp_path, (link, b"/etc/passwd"))))["x.jpg"]


def test_a_bomb_is_refused_and_what_packs_well_is_not(tmp_path: Path) -> None:
    files = ZipFiles(make(tmp_path, ("bomb.json", bytes(20_000_000)), ("small.json", bytes(500_000)), ("x.jpg", PHOTO)))
    assert files.names == ["small.json", "x.jpg"]
    assert "may be a bomb" in refusals(files)["bomb.json"]


def test_an_archive_of_too_much_is_read_up_to_there(tmp_path: Path) -> None:
    path = make(tmp_path, *((f"{number}.jpg", PHOTO) for number in range(4)))
    files = ZipFiles(path, ArchiveLimits(total=3 * len(PHOTO)))
    assert files.names == ["0.jpg", "1.jpg", "2.jpg"]
    assert "unpacks to more" in refusals(files)["3.jpg"]
    with pytest.raises(ReadFailure, match="an archive of 4 files; the limit is 3"):
        ZipFiles(path, ArchiveLimits(members=3))


def test_members_that_share_their_bytes_are_refused(tmp_path: Path) -> None:
    path = make(tmp_path, ("a.jpg", PHOTO), ("b.jpg", PHOTO), ("c.jpg", PHOTO))
    data = bytearray(path.read_bytes())
    # The directory entry of b is made to point at a (the offset is its field at 42).
    entry = data.index(b"PK\1\2", data.index(b"PK\1\2") + 4)
    struct.pack_into("<I", data, entry + 42, 10)
    path.write_bytes(data)
    files = ZipFiles(path)
    assert files.names == ["c.jpg"]
    assert {"shares its bytes" in text for text in refusals(files).values()} == {True}


def test_a_name_twice(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        path = make(tmp_path, ("x.jpg", b"first"), ("x.jpg", b"second"))
    files = ZipFiles(path)
    assert files.read("x.jpg", ENOUGH) == b"first"
    assert "another file of this name" in refusals(files)["x.jpg"]


def test_a_member_without_a_name_is_refused_and_the_others_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("nameless.jpg", b"x")
        archive.writestr("b.jpg", b"y")
    path.write_bytes(path.read_bytes().replace(b"nameless.jpg", b"\0ameless.jpg"))
    files = ZipFiles(path)
    assert files.names == ["b.jpg"]
    assert [error.outcome for error in files.errors] == [Outcome.UNSUPPORTED]


def test_encrypted_members_are_said_so(tmp_path: Path) -> None:
    path = make(tmp_path, ("x.jpg", PHOTO), ("y.jpg", PHOTO))
    data = bytearray(path.read_bytes())
    struct.pack_into("<H", data, data.index(b"PK\1\2") + 8, 1)
    path.write_bytes(data)
    files = ZipFiles(path)
    assert files.names == ["y.jpg"]
    assert "it is encrypted" in refusals(files)["x.jpg"]


def test_a_wrong_checksum(tmp_path: Path) -> None:
    path = make(tmp_path, (info("x.jpg", compress_type=zipfile.ZIP_STORED), PHOTO), ("y.jpg", PHOTO))
    path.write_bytes(path.read_bytes().replace(PHOTO[:100], bytes(100), 1))
    files = ZipFiles(path)
    assert failure(files, "x.jpg") == (Outcome.BROKEN, "it is damaged inside the archive")
    assert files.read("y.jpg", ENOUGH) == PHOTO


def test_more_bytes_than_may_be_read(tmp_path: Path) -> None:
    files = ZipFiles(make(tmp_path, ("x.jpg", PHOTO), ("empty.jpg", b"")))
    assert failure(files, "x.jpg", max_bytes=3999)[0] is Outcome.TOO_LARGE
    assert files.read("x.jpg", 4000) == PHOTO
    assert failure(files, "empty.jpg")[0] is Outcome.EMPTY
    assert failure(files, "gone.jpg")[0] is Outcome.MISSING


@pytest.mark.parametrize(
    ("raw", "flags", "name"),
    [
        ("Spécial.jpg".encode(), 0, "Spécial.jpg"),
        ("Spécial.jpg".encode("cp437"), 0, "Spécial.jpg"),
        ("Spécial.jpg".encode(), 0x800, "Spécial.jpg"),
        (b"\xff\xfe.jpg", 0, "\xa0■.jpg"),
    ],
)
def test_names_in_whatever_encoding(tmp_path: Path, raw: bytes, flags: int, name: str) -> None:
    path = make(tmp_path, ("N" * len(raw), PHOTO))
    data = bytearray(path.read_bytes().replace(b"N" * len(raw), raw))
    for magic, field in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        struct.pack_into("<H", data, data.index(magic) + field, flags)
    path.write_bytes(data)
    files = ZipFiles(path)
    assert files.names == [name]
    assert files.read(name, ENOUGH) == PHOTO


_NO_MEMBERS = b"PK\5\6" + bytes(18)


@pytest.mark.parametrize(
    "data",
    [b"", b"PK\3\4", b"not a zip" * 99, b"PK\3\4" + bytes(500) + _NO_MEMBERS],
    ids=["empty", "cut", "other", "with a directory that names nothing"],
)
def test_what_is_no_archive(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.zip").write_bytes(data)
    with pytest.raises(ReadFailure, match="not a zip archive") as caught:
        ZipFiles(tmp_path / "a.zip")
    assert caught.value.outcome is Outcome.BROKEN


def test_an_archive_of_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(_NO_MEMBERS)
    assert ZipFiles(tmp_path / "a.zip").names == []


def test_a_hundred_thousand_members_and_zip64(tmp_path: Path) -> None:
    path = tmp_path / "many.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(100_000):
            archive.writestr(f"{number % 100:02}/{number}.jpg", b"x")
    files = ZipFiles(path)
    assert len(files.names) == 100_000
    assert files.read("99/99999.jpg", ENOUGH) == b"x"


def test_parts_are_one(tmp_path: Path) -> None:
    first = ZipFiles(make(tmp_path, ("x.jpg", b"one"), ("y.jpg", PHOTO), name="t-001.zip"))
    second = ZipFiles(make(tmp_path, ("x.jpg", b"two"), ("x.jpg.json", b"{}"), name="t-002.zip"))
    files = MergedFiles([first, second])
    assert files.names == ["x-2.jpg", "x.jpg", "x.jpg.json", "y.jpg"]
    assert (files.read("x.jpg", ENOUGH), files.read("x-2.jpg", ENOUGH)) == (b"one", b"two")
    assert files.shown("x-2.jpg") == f"{tmp_path}/t-002.zip/x.jpg"
    assert files.shown("x.jpg.json") == f"{tmp_path}/t-002.zip/x.jpg.json"
    assert "z.jpg" not in files


def test_archives_that_only_are_called_like_parts_lose_no_photo(tmp_path: Path) -> None:
    ours = [
        ZipFiles(make(tmp_path, ("1.jpg", PHOTO), ("index.html", b"one"), name="a-1.zip")),
        ZipFiles(make(tmp_path, ("1.jpg", PHOTO), ("2.jpg", PHOTO), ("index.html", b"two"), name="a-2.zip")),
    ]
    assert are_parts(ours)
    other = ZipFiles(make(tmp_path, ("1.jpg", PHOTO[::-1]), name="a-3.zip"))
    assert not are_parts([*ours, other])
    listed = {entry.path for entry in walk(tmp_path)}
    assert listed == {
        f"{tmp_path}/{name}" for name in ("a-1.zip/1.jpg", "a-2.zip/1.jpg", "a-2.zip/2.jpg", "a-3.zip/1.jpg")
    }


def test_each_part_keeps_its_own_file_of_a_name(tmp_path: Path) -> None:
    tables = (b"one", b"two", b"one", b"three")
    parts = [
        ZipFiles(make(tmp_path, ("p/t.csv", table), ("p/t-2.csv", b"a"), name=f"t-{number}.zip"))
        for number, table in enumerate(tables)
    ]
    assert are_parts(parts)
    files = MergedFiles(parts)
    assert {name: files.read(name, ENOUGH) for name in files.names} == {
        "p/t.csv": b"one",
        "p/t-2.csv": b"a",
        "p/t-3.csv": b"two",
        "p/t-4.csv": b"three",
    }


@pytest.mark.parametrize("folder", ["", "export/"])
def test_downloads_that_say_different_things_at_the_top_are_two(tmp_path: Path, folder: str) -> None:
    def chat(number: int, text: bytes, page: bytes = b"") -> ZipFiles:
        files = ((f"{folder}_chat.txt", text), (f"{folder}index.html", page), (f"{folder}p/a.csv", page))
        return ZipFiles(make(tmp_path, *files, name=f"Team {number}.zip"))

    assert are_parts([chat(1, b"one", b"1"), chat(2, b"one", b"2")])
    assert not are_parts([chat(1, b"one"), chat(2, b"two")])


def walk(folder: Path) -> Iterator[PhotoRef | ReadError]:
    for listing in walk_all([folder]):
        yield from listing.photos


@pytest.mark.parametrize(
    "together",
    [
        ["takeout-20240101T000000Z-001.zip", "takeout-20240101T000000Z-002.zip"],
        ["takeout-20240101T000000Z-3-001.zip", "takeout-20240101T000000Z-3-010.zip"],
        ["facebook-ana-2025-01-04-AbCdEf12.zip", "facebook-ana-2025-01-04-ZyXwVu98.zip"],
        ["facebook-ana-2025-01-04-AbCdEfGh-2.zip", "facebook-ana-2025-01-04-AbCdEfGh.zip"],
        ["photos (1).zip", "photos(2).zip", "photos.zip"],
        ["a.zip", "A.ZIP"],
    ],
)
def test_parts_of_one_download(together: list[str]) -> None:
    assert list(group_parts(["/x/unlike.zip", *(f"/x/{name}" for name in together)])) == [
        *([[f"/x/{name}" for name in sorted(together)], ["/x/unlike.zip"]])
    ]


@pytest.mark.parametrize(
    "apart",
    [
        ["takeout-20240101T000000Z-001.zip", "takeout-20240202T000000Z-001.zip"],
        ["facebook-ana-2025-01-04-AbCdEf12.zip", "facebook-bea-2025-01-04-AbCdEf12.zip"],
        ["facebook-ana-2025-01-04-AbCdEf12.zip", "facebook-ana-2026-01-04-AbCdEf12.zip"],
        ["holiday.zip", "work.zip"],
        ["facebook-ana-2025-01-04.zip", "facebook-ana-2025-01-20.zip"],
        ["2023.zip", "2024.zip"],
        ["DCIM100.zip", "DCIM101.zip"],
    ],
)
def test_downloads_that_are_two(apart: list[str]) -> None:
    assert sorted(group_parts(apart)) == [[name] for name in sorted(apart)]


def _sound(folder: Path) -> bytes:
    return make(folder, ("a/x.jpg", PHOTO), (info("b.json", compress_type=zipfile.ZIP_STORED), b"{}" * 50)).read_bytes()


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    changes=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=30),
    cut=st.floats(0, 1),
)
def test_damage_never_raises_anything_else(tmp_path: Path, changes: list[tuple[float, int]], cut: float) -> None:
    data = bytearray(_sound(tmp_path))
    for position, value in changes:
        data[int(position * len(data))] = value
    path = tmp_path / "damaged.zip"
    path.write_bytes(data[: max(1, int(len(data) * (1 - cut**8)))])
    try:
        files = ZipFiles(path)
        contents = [_try(files, name) for name in files.names]
    except ReadFailure:
        return
    assert {content for content in contents if content is not None} <= {PHOTO, b"{}" * 50}
    assert all(files.stat(name)[0] >= 0 for name in files.names)


def _try(files: ZipFiles, name: str) -> bytes | None:
    try:
        return files.read(name, ENOUGH)
    except ReadFailure:
        return None
