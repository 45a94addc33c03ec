"""iCloud's privacy export: dates from the details, albums from their tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from made_up_archives import MadeUpFiles
from untag.sources.readers.icloud import READER
from untag.sources.tree import FolderFiles
from untag.types import Origin, Outcome

HEAD = "imgName,fileChecksum,favorite,hidden,deleted,originalCreationDate,viewCount,importDate\n"
WHEN = '"Friday October 06,2023 12:11 AM GMT",10,"Saturday October 07,2023 1:05 PM GMT"'
FILES: dict[str, Any] = {
    "Photos/Photo Details.csv": f"\ufeff{HEAD}IMG_1.JPG,x,no,no,no,{WHEN}\n\nIMG_2.HEIC,x,yes,no,no,\n",
    "Photos/Photo Details-1.csv": f'{HEAD}"a, b.jpg",x,no,no,no,"vendredi 6 octobre",1,\n',
    "Photos/IMG_1.JPG": b"",
    "Photos/IMG_2.HEIC": b"",
    "Photos/a, b.jpg": b"",
    "Photos/clip.mov": b"",
    "Recently Deleted/IMG_2.HEIC": b"",
    "Albums/Été.csv": "imgName\nimg_1.jpg\nIMG_2.HEIC\n",
    "Albums/Autumn.csv": "imgName\nIMG_1.JPG",
    "Albums/Empty.csv": "imgName\n",
    "Memories/1. April 2025.csv": "imgName\na, b.jpg\n",
}
ROWS = {
    "Photos/IMG_1.JPG": Origin(
        "icloud", album="Autumn", taken_at="2023-10-06T00:11:00+00:00", posted_at="2023-10-07T13:05:00+00:00"
    ),
    "Photos/IMG_2.HEIC": Origin("icloud"),
    "Photos/a, b.jpg": Origin("icloud"),
    "Recently Deleted/IMG_2.HEIC": Origin("icloud"),
    "Photos/clip.mov": Origin("icloud"),
}


def test_an_export() -> None:
    files = MadeUpFiles(FILES)
    assert READER.sniff(files)
    description = READER.describe(files)
    assert description.origins == ROWS
    assert description.understood == {name for name in FILES if name.endswith(".csv")}
    assert not description.errors
    assert set(files.reads.values()) == {1}


def test_a_folder_of_photos_alone() -> None:
    files = MadeUpFiles({"Photo Details.csv": f"{HEAD}a.jpg,x,no,no,no,{WHEN}\n", "a.jpg": b""})
    assert READER.sniff(files)
    assert READER.describe(files).origins["a.jpg"].taken_at == "2023-10-06T00:11:00+00:00"


@pytest.mark.parametrize("names", [["Photos/a.jpg"], ["Albums/Trip.csv"], ["Memories/a.csv"], []])
def test_other_folders_are_none_of_its(names: list[str]) -> None:
    assert not READER.sniff(MadeUpFiles(dict.fromkeys(names, b"imgName")))


@pytest.mark.parametrize(
    ("data", "sentences"),
    [
        (b"a,b\n1,2", ["it is not a table of photos"]),
        (b"", ["it is not a table of photos"]),
        (b'imgName\n"' + b"x" * 200_000, ["it is not a table of photos"]),
        (b"\xff\xfeimgName\0\n", ["it is not a table of photos"]),
        (b"imgName\nIMG_1.JPG,1,2,3\n\n,\n", []),
    ],
)
def test_what_is_wrong_is_told(data: bytes, sentences: list[str]) -> None:
    description = READER.describe(MadeUpFiles({**FILES, "Photos/Photo Details.csv": data}))
    assert [error.error for error in description.errors] == sentences
    assert all(error.outcome is Outcome.BROKEN for error in description.errors)
    assert description.origins["Photos/IMG_1.JPG"].album == "Autumn"


@given(st.binary(max_size=200), st.text(max_size=200))
def test_no_table_is_too_wrong(details: bytes, album: str) -> None:
    data = album.encode("utf-8", "surrogatepass")
    READER.describe(MadeUpFiles({**FILES, "Photos/Photo Details.csv": details, "Albums/Autumn.csv": data}))
    READER.describe(MadeUpFiles({**FILES, "Photos/Photo Details.csv": HEAD.encode() + data, "Albums/Été.csv": details}))


def test_a_real_export_is_read_whole(shared: Path) -> None:
    files = FolderFiles(str(shared / "fixtures" / "icloud"))
    assert READER.sniff(files)
    description = READER.describe(files)
    when = "2023-10-06T12:11:00+00:00"
    albums = {"photo1.jpg": "Spécial album", "photo2.jpg": "Spécial album", "photo_wo_exif.jpg": None}
    assert {name: origin.album for name, origin in description.origins.items()} == {
        f"Photos/{name}": album for name, album in albums.items()
    }
    assert description.origins["Photos/photo_wo_exif.jpg"].taken_at == when
    assert description.understood == {name for name in files.names if name.endswith(".csv")}
    assert not description.errors
