"""Snapchat's downloads: when saved snaps are from, and which images are no photos."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from made_up_archives import MadeUpFiles, any_json, damaged
from untag.sources.readers.snapchat import READER
from untag.types import Origin

ONE, TWO, THREE, FOUR = (f"{digit * 8}-1111-2222-3333-444444444444" for digit in "ABcd")
HISTORY = {
    "Saved Media": [
        {
            "Date": "2021-07-01 12:00:00 UTC",
            "Media Type": "Image",
            "Location": "Latitude, Longitude: 1.5, 2.5",
            "Download Link": f"https://app.example.org/dmd/memories?uid=1&sid={ONE}&mid=7",
        },
        {"Date": "2021-07-01 18:30:00 UTC", "Media Type": "Image", "Media Download Url": "https://app.example.org/x"},
        {"Date": "2021-07-02 09:00:00 UTC", "Media Type": "PHOTO"},
        {"Date": "2021-07-02 10:00:00 UTC", "Media Type": "Video"},
        {"Date": "yesterday", "Media Type": "Image"},
    ]
}
FILES: dict[str, Any] = {
    "index.html": "<html></html>",
    "json/memories_history.json": HISTORY,
    f"memories/2021-07-01_{ONE.lower()}-main.jpg": b"",
    f"memories/2021-07-01_{ONE.lower()}-overlay.png": b"",
    f"memories/2021-07-01_{TWO}-main.jpg": b"",
    f"memories/2021-07-02_{THREE}-main.jpg": b"",
    f"memories/2021-07-03_{FOUR}-main.jpg": b"",
    f"memories/2021-07-03_{FOUR}-main.mp4": b"",
    "chat_media/2022-01-05_b~EiQSFXo.jpg": b"",
    "chat_media/2022-01-05_overlay~EiQSFXo.png": b"",
    "chat_media/2022-01-05_thumbnail~EiQSFXo.jpg": b"",
}
ROWS = {
    f"memories/2021-07-01_{ONE.lower()}-main.jpg": Origin("snapchat", taken_at="2021-07-01T12:00:00+00:00"),
    f"memories/2021-07-01_{TWO}-main.jpg": Origin("snapchat", taken_at="2021-07-01"),
    f"memories/2021-07-02_{THREE}-main.jpg": Origin("snapchat", taken_at="2021-07-02T09:00:00+00:00"),
    f"memories/2021-07-03_{FOUR}-main.jpg": Origin("snapchat", taken_at="2021-07-03"),
    f"memories/2021-07-03_{FOUR}-main.mp4": Origin("snapchat", taken_at="2021-07-03"),
    "chat_media/2022-01-05_b~EiQSFXo.jpg": Origin("snapchat", posted_at="2022-01-05"),
}


def test_a_download() -> None:
    files = MadeUpFiles(FILES)
    assert READER.sniff(files)
    description = READER.describe(files)
    assert description.origins == ROWS
    assert description.skipped == {name for name in FILES if "overlay" in name or "thumbnail" in name}
    assert description.understood == {"json/memories_history.json"}
    assert (description.missing, description.errors) == ((), ())
    assert files.reads == {"json/memories_history.json": 1}


def test_a_download_without_the_photos_says_so() -> None:
    description = READER.describe(MadeUpFiles({"json/memories_history.json": HISTORY}))
    assert description.missing == ("4 photos of your memories; ask Snapchat to include them in the download",)


def test_photos_without_the_history_have_their_days() -> None:
    name = f"memories/2021-07-01_{TWO}-main.jpg"
    files = MadeUpFiles({name: b""})
    assert READER.sniff(files)
    assert READER.describe(files).origins == {name: Origin("snapchat", taken_at="2021-07-01")}


@pytest.mark.parametrize(
    "names", [["memories/a.jpg"], ["json/a.json"], ["chat_media/2022-01-05_a.jpg"], ["json/chat_history.json"], []]
)
def test_other_folders_are_none_of_its(names: list[str]) -> None:
    assert not READER.sniff(MadeUpFiles(dict.fromkeys(names, b"")))


@pytest.mark.parametrize(
    ("value", "sentence"), [(b"{", "it is not valid JSON"), ([], "it does not hold a list of saved media")]
)
def test_what_is_wrong_is_told_and_the_days_still_count(value: Any, sentence: str) -> None:
    description = READER.describe(MadeUpFiles({**FILES, "json/memories_history.json": value}))
    assert [error.error for error in description.errors] == [sentence]
    assert description.origins.keys() == ROWS.keys()


def test_no_value_is_of_a_shape_too_wrong() -> None:
    for value in damaged(HISTORY):
        READER.describe(MadeUpFiles({**FILES, "json/memories_history.json": value}))


@given(any_json((*HISTORY, *HISTORY["Saved Media"][0]), ("Image", "2021-07-01 12:00:00 UTC", ONE, "\ud800")))
def test_no_json_is_too_wrong(value: bytes) -> None:
    READER.describe(MadeUpFiles({**FILES, "json/memories_history.json": value}))


CHATS = {"cem": [{"From": "cem", "Created": "2022-01-05 10:11:12 UTC", "Media IDs": "b~EiQSFXo", "IsSender": False}]}


@given(any_json(("cem", *CHATS["cem"][0]), ("b~EiQSFXo", "2021-07-01 12:00:00 UTC", "\ud800")))
def test_no_chat_is_too_wrong(value: bytes) -> None:
    READER.describe(MadeUpFiles({**FILES, "json/chat_history.json": value, "json/account.json": value}))


def test_chats_that_are_none_are_told() -> None:
    description = READER.describe(MadeUpFiles({**FILES, "json/chat_history.json": []}))
    assert [error.error for error in description.errors] == ["it does not hold conversations"]
