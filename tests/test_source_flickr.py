"""Flickr's downloads: which JSON is of which photo, and what it says."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given

from made_up_archives import MadeUpFiles, any_json, damaged
from untag.sources.readers.flickr import READER
from untag.types import LinkConfidence, Origin, Outcome

PHOTO: dict[str, Any] = {
    "id": "5312345678",
    "name": "Sea 2",
    "description": " By the sea ",
    "date_taken": "2011-01-01 12:00:00",
    "date_imported": "2011-01-02 08:30:00",
    "photopage": "https://www.flickr.com/photos/ana/5312345678/",
    "original": "https://live.example.org/5312345678_o.jpg",
    "geo": [],
    "albums": [{"id": "1", "title": "Winter"}, {"id": "2", "title": "Later"}],
    "tags": [{"tag": "sea"}],
    "people": [{"name": "Bea Roe"}, {"username": "cy"}, "Di Fay", {"name": ""}, {"name": "Bea Roe"}, 5],
    "privacy": "friend & family",
}
BARE = {"id": "99", "name": "Untitled", "photopage": "javascript:alert(1)", "date_taken": "long ago", "privacy": ""}
FILES: dict[str, Any] = {
    "account_profile.json": {"real_name": "Ana Doe", "screen_name": "ana"},
    "albums.json": {"albums": []},
    "photo_5312345678.json": PHOTO,
    "photo_99.json": BARE,
    "photo_777.json": {**PHOTO, "id": "777", "people": [], "albums": []},
    "photo_888.json": {**PHOTO, "id": "888"},
    "sea-2_5312345678_o.jpg": b"",
    "parts/99_3fa9c1_o.png": b"",
    "clip_888.mp4": b"",
    "IMG_1234.jpg": b"",
}
ROW = Origin(
    platform="flickr",
    permalink="https://www.flickr.com/photos/ana/5312345678/",
    permalink_confidence=LinkConfidence.CERTAIN,
    people=("Bea Roe", "cy", "Di Fay"),
    caption="By the sea",
    album="Winter",
    taken_at="2011-01-01T12:00:00",
    posted_at="2011-01-02T08:30:00",
    audience="friend & family",
)


def test_a_download() -> None:
    files = MadeUpFiles(FILES)
    assert READER.sniff(files)
    description = READER.describe(files)
    assert description.origins == {
        "sea-2_5312345678_o.jpg": replace(ROW, poster="Ana Doe"),
        "parts/99_3fa9c1_o.png": Origin("flickr", poster="Ana Doe", caption="Untitled"),
        "clip_888.mp4": replace(ROW, poster="Ana Doe"),
    }
    assert [(absent.file, absent.key) for absent in description.absent] == [("photo_777.json", "777")]
    assert description.owner == ("Ana Doe", "ana")
    assert description.understood == {name for name in FILES if name.endswith(".json")} - {"albums.json"}
    assert not description.errors
    assert set(files.reads.values()) == {1}


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("5312345678_o.jpg", "5312345678"),
        ("5312345678_0123456789_o.jpg", "5312345678"),
        ("99_5312345678_o.jpg", "5312345678"),
        ("a-b_5312345678.jpg", "5312345678"),
        ("a-5312345678.jpg", None),
        ("o.jpg", None),
    ],
)
def test_the_number_in_a_name(name: str, number: str | None) -> None:
    found = READER.describe(MadeUpFiles({name: b"", "photo_5312345678.json": PHOTO, "photo_99.json": BARE})).origins
    assert found == ({} if number is None else {name: ROW})


@pytest.mark.parametrize("names", [["a.jpg"], ["albums.json"], ["photo_.json"], ["photo_1.jpg"]])
def test_other_folders_are_none_of_its(names: list[str]) -> None:
    assert not READER.sniff(MadeUpFiles(dict.fromkeys(names, b"")))


def test_what_is_wrong_is_told() -> None:
    description = READER.describe(
        MadeUpFiles({**FILES, "photo_99.json": b"{", "photo_777.json": [], "account_profile.json": 5})
    )
    assert [(error.path, error.outcome, error.error) for error in description.errors] == [
        ("archive/account_profile.json", Outcome.BROKEN, "it does not hold a profile"),
        ("archive/photo_777.json", Outcome.BROKEN, "it does not hold the data of a photo"),
        ("archive/photo_99.json", Outcome.BROKEN, "it is not valid JSON"),
    ]
    assert description.origins.keys() == {"sea-2_5312345678_o.jpg", "clip_888.mp4"}


def test_no_value_is_of_a_shape_too_wrong() -> None:
    for value in damaged(PHOTO):
        READER.describe(MadeUpFiles({**FILES, "photo_5312345678.json": value, "account_profile.json": value}))


@given(any_json((*PHOTO, "title", "username"), ("5312345678", "2011-01-01 12:00:00", "99", "\ud800")))
def test_no_json_is_too_wrong(value: bytes) -> None:
    READER.describe(MadeUpFiles({**FILES, "photo_5312345678.json": value, "account_profile.json": value}))
