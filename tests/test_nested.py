"""Zip archives that lie in another one: read as if they were folders of it, whether stored or packed again."""

from __future__ import annotations

import io
import random
import zipfile
from pathlib import Path

import pytest

from untag.imaging.limits import DEFAULT_LIMITS
from untag.sources.archive import ArchiveLimits, ZipFiles
from untag.sources.base import open_source
from untag.sources.reading import StoredPhotos
from untag.types import PhotoRef

PHOTO = b"\xff\xd8\xff\xe0" + random.Random(0).randbytes(700_000)
SMALL = b"\xff\xd8\xff\xe0small"


def packed(method: int = zipfile.ZIP_STORED, **files: bytes) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(
                name.replace("__", "/").replace("_zip", ".zip") + ("" if "zip" in name else ".jpg"), content
            )
    return data.getvalue()


def outer(folder: Path, method: int, inner: bytes) -> Path:
    path = folder / "outer.zip"
    path.write_bytes(packed(method, before=SMALL, a__inner_zip=inner, z=SMALL))
    return path


METHODS = pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED], ids=["stored", "packed again"])


@METHODS
def test_its_files_are_read_in_any_order(tmp_path: Path, method: int) -> None:
    files = ZipFiles(outer(tmp_path, method, packed(method, x__1=PHOTO, x__2=SMALL, x__3=PHOTO[::-1])))
    assert files.names == ["a/inner.zip/x/1.jpg", "a/inner.zip/x/2.jpg", "a/inner.zip/x/3.jpg", "before.jpg", "z.jpg"]
    assert files.errors == []
    for name, content in (("3", PHOTO[::-1]), ("1", PHOTO), ("2", SMALL), ("3", PHOTO[::-1])):
        assert files.read(f"a/inner.zip/x/{name}.jpg", 4_000_000) == content
    assert files.read("z.jpg", 100) == SMALL
    files.close()


@METHODS
def test_its_photos_have_paths_by_which_they_are_found_again(tmp_path: Path, method: int) -> None:
    path = outer(tmp_path, method, packed(method, x__1=PHOTO))
    photos = [ref for ref in open_source(tmp_path).photos() if isinstance(ref, PhotoRef)]
    inside = f"{path}/a/inner.zip/x/1.jpg"
    assert inside in [ref.path for ref in photos]
    stored = StoredPhotos(DEFAULT_LIMITS)
    assert stored.read(inside) == PHOTO
    stored.close()


def test_what_lies_deeper_is_not_opened(tmp_path: Path) -> None:
    files = ZipFiles(outer(tmp_path, zipfile.ZIP_STORED, packed(deep_zip=packed(x=SMALL), y=SMALL)))
    assert files.names == ["a/inner.zip/y.jpg", "before.jpg", "z.jpg"]
    assert [(error.path.rpartition("/")[2], error.error) for error in files.errors] == [
        ("deep.zip", "an archive inside an archive is not opened; unpack the outer one")
    ]


@METHODS
def test_one_that_is_damaged_is_an_error_and_the_rest_is_read(tmp_path: Path, method: int) -> None:
    files = ZipFiles(outer(tmp_path, method, packed(x=PHOTO)[:-30]))
    assert files.names == ["before.jpg", "z.jpg"]
    assert ["damaged" in error.error for error in files.errors] == [True]


def test_its_files_count_for_the_limits(tmp_path: Path) -> None:
    path = outer(tmp_path, zipfile.ZIP_STORED, packed(x=PHOTO, y=PHOTO))
    files = ZipFiles(path, ArchiveLimits(total=2 * len(PHOTO)))
    assert files.names == ["a/inner.zip/x.jpg", "before.jpg", "z.jpg"]
    path = outer(tmp_path, zipfile.ZIP_STORED, packed(x=SMALL, y=SMALL, w=SMALL))
    few = ZipFiles(path, ArchiveLimits(members=3))
    assert few.names == ["before.jpg", "z.jpg"]
    assert [error.path.rpartition("/")[2] for error in few.errors] == ["inner.zip"]
