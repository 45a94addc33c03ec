"""What Telegram Desktop exports: who sent a photo, to which chat, and its likely link."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from made_up_archives import MadeUpFiles, any_json, damaged
from untag.sources.readers.telegram import READER
from untag.types import LinkConfidence, Origin

FIRST = "photos/photo_1@01-08-2020_22-03-20.jpg"
SECOND = "photos/photo_2@02-08-2020_10-00-00.jpg"
CHAT: dict[str, Any] = {
    "name": "Lake house",
    "type": "private_supergroup",
    "id": 1098030726,
    "messages": [
        {"id": 1, "type": "service", "date": "2020-08-01T10:00:00", "actor": "Cy Poe", "photo": SECOND, "text": ""},
        {
            "id": 7,
            "type": "message",
            "date": "2020-08-01T22:03:20",
            "date_unixtime": "1596312200",
            "from": "Bea Roe",
            "from_id": "user5",
            "photo": FIRST,
            "text": ["Look: ", {"type": "bold", "text": "us"}, 5],
        },
        {
            "id": 8,
            "date": "2020-08-03T08:00:00",
            "from": None,
            "file": "files/a.png",
            "mime_type": "image/png",
            "thumbnail": "files/a.png_thumb.jpg",
            "text": "",
        },
        {"id": 9, "from": "Bea Roe", "file": "stickers/s.webp", "media_type": "sticker", "mime_type": "image/webp"},
        {"id": 10, "from": "Bea Roe", "photo": "(File not included. Change data exporting settings to download.)"},
        {"id": 11, "from": "Bea Roe", "file": "files/song.mp3", "mime_type": "audio/mpeg"},
    ],
}
PHOTOS = [FIRST, SECOND, f"{FIRST[:-4]}_thumb.jpg", "files/a.png", "files/a.png_thumb.jpg", "stickers/s.webp"]
FILES: dict[str, Any] = {"result.json": CHAT, **dict.fromkeys(PHOTOS, b"")}


def origin(message: int | None, **more: Any) -> Origin:
    link = None if message is None else f"https://t.me/c/1098030726/{message}"
    confidence = LinkConfidence.NONE if link is None else LinkConfidence.PROBABLE
    return Origin("telegram", link, confidence, album=more.pop("album", "Lake house"), **more)


ROWS = {
    FIRST: origin(7, poster="Bea Roe", caption="Look: us", posted_at="2020-08-01T20:03:20+00:00"),
    SECOND: origin(1, poster="Cy Poe", posted_at="2020-08-01T10:00:00"),
    "files/a.png": origin(8, posted_at="2020-08-03T08:00:00"),
}


def test_one_chat() -> None:
    files = MadeUpFiles(FILES)
    assert READER.sniff(files)
    description = READER.describe(files)
    assert description.origins == ROWS
    assert description.skipped == {FIRST[:-4] + "_thumb.jpg", "files/a.png_thumb.jpg", "stickers/s.webp"}
    assert description.understood == {"result.json"}
    assert description.missing == (
        "1 photo that messages name are not here; export again, with photos and without a limit of size",
    )
    assert not description.errors
    assert files.reads == {"result.json": 1}


def test_an_account() -> None:
    personal = {**CHAT, "type": "personal_chat", "name": "Bea Roe", "messages": CHAT["messages"][1:2]}
    left = {**CHAT, "type": "private_group", "name": "Old", "messages": [{"id": 1, "photo": SECOND, "from": "Cy Poe"}]}
    picture = "profile_pictures/photo_1@01-01-2019_00-00-00.jpg"
    value = {
        "about": "Here is the data you requested.",
        "personal_information": {"first_name": "Ana", "last_name": "Doe", "username": "@ana"},
        "profile_pictures": [{"date": "2019-01-01T00:00:00", "photo": picture}],
        "chats": {"about": "", "list": [personal]},
        "left_chats": {"about": "", "list": [left]},
    }
    description = READER.describe(MadeUpFiles({"result.json": value, FIRST: b"", SECOND: b"", picture: b""}))
    assert description.owner == ("Ana Doe", "ana")
    assert description.origins == {
        FIRST: origin(
            None, album="Bea Roe", poster="Bea Roe", caption="Look: us", posted_at="2020-08-01T20:03:20+00:00"
        ),
        SECOND: origin(None, album="Old", poster="Cy Poe"),
        picture: origin(None, album=None, poster="Ana Doe", posted_at="2019-01-01T00:00:00"),
    }


@pytest.mark.parametrize("kind", ["private_supergroup", "public_supergroup", "private_channel", "public_channel"])
def test_only_these_chats_have_links(kind: str) -> None:
    for name, expected in ((kind, LinkConfidence.PROBABLE), ("personal_chat", LinkConfidence.NONE)):
        found = READER.describe(MadeUpFiles({**FILES, "result.json": {**CHAT, "type": name}})).origins[FIRST]
        assert found.permalink_confidence is expected


@pytest.mark.parametrize(
    "files",
    [
        {"a.jpg": b""},
        {"result.json": {"results": []}, "a.jpg": b""},
        {"result.json": b"no JSON", "a.jpg": b""},
        {"below/result.json": CHAT},
    ],
)
def test_other_folders_are_none_of_its(files: dict[str, Any]) -> None:
    assert not READER.sniff(MadeUpFiles(files))


@pytest.mark.parametrize(("value", "sentence"), [(b"{", "it is not valid JSON"), ([CHAT], "it does not hold chats")])
def test_what_is_wrong_is_told(value: Any, sentence: str) -> None:
    files = MadeUpFiles({**FILES, "result.json": value})
    assert READER.sniff(files)
    description = READER.describe(files)
    assert [(error.path, error.error) for error in description.errors] == [("archive/result.json", sentence)]
    assert f"{FIRST[:-4]}_thumb.jpg" in description.skipped


def test_no_value_is_of_a_shape_too_wrong() -> None:
    for value in damaged({"chats": {"list": [CHAT]}, "personal_information": {"first_name": "Ana"}}):
        READER.describe(MadeUpFiles({**FILES, "result.json": value}))


@given(
    any_json((*CHAT, *CHAT["messages"][1], "chats", "list", "file", "profile_pictures"), (FIRST, "sticker", "\ud800"))
)
def test_no_json_is_too_wrong(value: bytes) -> None:
    files = MadeUpFiles({**FILES, "result.json": value})
    READER.sniff(files)
    READER.describe(files)
