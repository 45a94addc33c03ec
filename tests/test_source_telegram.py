"""What Telegram Desktop exports: who sent a photo, to which chat, and its likely link."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

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


def message(number: int, body: str, *, date: str = "01.08.2020 22:03:20 UTC+02:00", joined: str = "") -> str:
    head = f'<div class="pull_right date details" title="{date}">22:03</div>'
    return (
        f'<div class="message default clearfix{joined}" id="message{number}"><div class="body">{head}{body}</div></div>'
    )


def sent(file: str) -> str:
    return (
        f'<div class="media_wrap"><a class="photo_wrap" href="{file}"><img class="photo" src="x_thumb.jpg"></a></div>'
    )


def page(*messages: str) -> str:
    header = (
        '<div class="page_header"><div class="content"><div class="text bold">\nLake <b>house</b>\n</div></div></div>'
    )
    return f'<div class="page_wrap">{header}<div class="page_body chat_page"><div class="history">{"".join(messages)}'


BEA = '<div class="from_name">\nBea Roe\n</div>'
FORWARDED = '<div class="forwarded body"><div class="from_name">Cy <span class="details">2019</span></div>'
PAGES: dict[str, Any] = {
    "chats/chat_1/messages.html": page(
        message(1, f'{BEA}{sent("photos/1.jpg")}<div class="text">look<br>here</div>'),
        message(2, sent("photos/2%20b.jpg"), date="01.08.2020 22:04:20", joined=" joined"),
        message(3, f"{BEA}{FORWARDED}{sent('photos/3.jpg')}</div>"),
        '<div class="message service"><div class="body"><a class="userpic_wrap" href="photos/5.jpg"></a></div></div>',
        message(4, '<div class="from_name">Dan</div><a class="sticker_wrap" href="stickers/s.webp"></a>'),
    ),
    "chats/chat_1/messages2.html": page(message(5, sent("photos/4.jpg"), date="31.02.2020 1:1", joined=" joined")),
    "images/media_photo.png": b"",
    **{f"chats/chat_1/{name}": b"" for name in ("photos/1.jpg", "photos/2 b.jpg", "photos/3.jpg", "photos/4.jpg")},
    "chats/chat_1/photos/1_thumb.jpg": b"",
    "chats/chat_1/stickers/s.webp": b"",
}


def test_pages_give_senders_and_times_and_their_icons_are_no_photos() -> None:
    files = MadeUpFiles(PAGES)
    assert READER.sniff(files)
    description = READER.describe(files)
    known = origin(None, poster="Bea Roe", posted_at="2020-08-01T20:03:20+00:00")
    assert description.origins == {
        "chats/chat_1/photos/1.jpg": replace(known, caption="look\nhere"),
        "chats/chat_1/photos/2 b.jpg": replace(known, posted_at="2020-08-01T22:04:20"),
        "chats/chat_1/photos/3.jpg": known,
        "chats/chat_1/photos/4.jpg": origin(None, poster="Dan"),
    }
    assert description.skipped == {
        "images/media_photo.png",
        "chats/chat_1/photos/1_thumb.jpg",
        "chats/chat_1/stickers/s.webp",
    }
    assert description.understood == {name for name in PAGES if name.endswith(".html")}
    assert not READER.sniff(MadeUpFiles({"messages.html": "<html></html>", "a.jpg": b""}))


@given(st.lists(st.sampled_from([*PAGES["chats/chat_1/messages.html"].split(">"), "</div", "<a href='/../../x'"])))
def test_no_page_is_too_wrong(pieces: list[str]) -> None:
    READER.describe(MadeUpFiles({**PAGES, "chats/chat_1/messages.html": ">".join(pieces)}))
