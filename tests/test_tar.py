"""Tar archives packed with gzip, read where they are: anywhere in them, whatever is wrong with them."""

from __future__ import annotations

import gzip
import io
import random
import tarfile
import zlib
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from miniature_archives import MINIATURES
from untag.errors import ReadFailure
from untag.imaging.limits import DEFAULT_LIMITS
from untag.sources.base import open_source
from untag.sources.gzip_index import GzipIndex
from untag.sources.readers import READERS
from untag.sources.reading import StoredPhotos
from untag.sources.summary import survey
from untag.sources.tar import TarFiles
from untag.types import Outcome, PhotoRef

ENOUGH = 2**30


def packed(files: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w:gz", compresslevel=1) as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size, info.mtime = len(data), 1_700_000_000
            archive.addfile(info, io.BytesIO(data))
    return target.getvalue()


def bytes_of(name: str) -> dict[str, bytes]:
    return {name: data.encode() if isinstance(data, str) else data for name, data in MINIATURES[name].items()}


@pytest.mark.parametrize("name", ["google_takeout", "flickr", "twitter"])
def test_an_archive_is_surveyed_as_a_zip_file_is(name: str, tmp_path: Path) -> None:
    place = tmp_path / "download.tgz"
    place.write_bytes(packed({f"./{file}": data for file, data in bytes_of(name).items()}))
    for asked in (place, tmp_path):
        found = survey([asked], DEFAULT_LIMITS, READERS)
        assert found.unreadable == []
        assert [summary.source for summary in found.summaries] == [name]
        assert ["faster" in note for summary in found.summaries for note in summary.notes] == [True]
    for ref in open_source(place, readers=READERS).photos():
        assert isinstance(ref, PhotoRef)
        assert StoredPhotos(DEFAULT_LIMITS).read(ref.path) == bytes_of(name)[ref.path.removeprefix(f"{place}/")]


def test_files_are_read_anywhere_and_in_any_order(tmp_path: Path) -> None:
    chance = random.Random(0)
    photos = {f"{number}.jpg": chance.randbytes(300_000) for number in range(40)}
    (tmp_path / "a.tgz").write_bytes(packed(photos))
    files = TarFiles(tmp_path / "a.tgz")
    for name in chance.sample(sorted(photos), len(photos)):
        assert files.read(name, ENOUGH) == photos[name]
        assert files.checksum(name) == (300_000, zlib.crc32(photos[name]))
    with pytest.raises(ReadFailure, match="more than"):
        files.read("1.jpg", 1000)
    assert len(files._index._states) > 5  # type: ignore[union-attr]


def test_several_gzip_members_are_one_file(tmp_path: Path) -> None:
    whole = gzip.decompress(packed({"a.jpg": b"x" * 9000, "b.jpg": b"y" * 9000}))
    place = tmp_path / "a.tgz"
    place.write_bytes(gzip.compress(whole[:5000]) + gzip.compress(whole[5000:]) + bytes(100))
    assert TarFiles(place).read("b.jpg", ENOUGH) == b"y" * 9000
    with GzipIndex(place).open() as reader:
        assert reader.readall() == whole


def test_what_is_cut_off_is_read_up_to_there_and_said(tmp_path: Path) -> None:
    data = packed({"a.jpg": random.Random(0).randbytes(90_000), "b.jpg": random.Random(1).randbytes(90_000)})
    (tmp_path / "a.tgz").write_bytes(data[:-40_000])
    files = TarFiles(tmp_path / "a.tgz")
    assert files.names == ["a.jpg"]
    assert [error.outcome for error in files.errors] == [Outcome.BROKEN]


@pytest.mark.parametrize("data", [b"", b"\x1f\x8b", gzip.compress(b"x" * 2000), b"x" * 2000])
def test_what_is_no_archive(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.tgz").write_bytes(data)
    with pytest.raises(ReadFailure, match="it is not a tar archive"):
        TarFiles(tmp_path / "a.tgz")


def test_names_links_and_bombs_are_refused(tmp_path: Path) -> None:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w:gz") as archive:
        for name in ("../a.jpg", "/etc/b.jpg", "x.zip", "ok.jpg", "ok.jpg"):
            archive.addfile(tarfile.TarInfo(name), io.BytesIO())
        link = tarfile.TarInfo("link.jpg")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    (tmp_path / "a.tgz").write_bytes(target.getvalue())
    files = TarFiles(tmp_path / "a.tgz")
    assert files.names == ["ok.jpg"]
    assert len(files.errors) == 5
    (tmp_path / "b.tgz").write_bytes(packed({"a.jpg": bytes(20_000_000)}))
    assert [error.outcome for error in TarFiles(tmp_path / "b.tgz").errors] == [Outcome.TOO_LARGE]


SMALL = packed(bytes_of("google_takeout"))


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(SMALL) - 1), st.integers(0, 255)), max_size=4), st.booleans())
def test_damage_never_raises_anything_else(changes: list[tuple[int, int]], inside: bool) -> None:
    data = bytearray(gzip.decompress(SMALL) if inside else SMALL)
    for place, value in changes:
        data[place * len(data) // len(SMALL)] = value
    with TemporaryDirectory() as scratch:
        place_of = Path(scratch) / "a.tgz"
        place_of.write_bytes(gzip.compress(bytes(data)) if inside else bytes(data))
        with suppress(ReadFailure):
            files = TarFiles(place_of)
            for name in files.names:
                files.read(name, ENOUGH)
