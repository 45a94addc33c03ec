"""JSON that would take too much memory as a whole: chats are read a message at a time, and what is not read is said."""

from __future__ import annotations

import json
from typing import Any

import pytest

from made_up_archives import MadeUpFiles
from miniature_archives import MINIATURES
from untag.errors import ReadFailure
from untag.sources import text
from untag.sources.readers import facebook, instagram, signal, telegram, twitter
from untag.sources.streaming import streamed, streamed_lists
from untag.types import Outcome

JPEG = b"\xff\xd8\xff\xe0"
LONG = "x" * 1_100_000
"""Makes JSON larger than what is surely small enough."""


@pytest.fixture(autouse=True)
def little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "MOST_JSON_MEMORY", 1000)


def test_a_value_at_a_path_comes_before_what_follows_is_read() -> None:
    found = streamed(b'{"a": [{"b": 1}, {"b": 2.5}, {"b"', "a.item.b")
    assert [next(found), next(found)] == [1, 2.5]
    with pytest.raises(ReadFailure, match="what comes before"):
        next(found)


def test_objects_come_with_what_is_said_before_their_list() -> None:
    chats = {
        "chats": {"list": [{"name": "a", "messages": [{"id": 1}]}, {"id": 2, "messages": [{"x": {"messages": []}}]}]}
    }
    found = list(streamed_lists(json.dumps(chats).encode(), ("chats.list.item",), "messages"))
    assert found == [({"name": "a"}, {"id": 1}), ({"id": 2}, {"x": {"messages": []}})]


def telegram_message(photo: str, sender: str, number: int = 7) -> dict[str, Any]:
    return {"id": number, "date_unixtime": "1700000000", "from": sender, "photo": photo, "text": "look"}


@pytest.mark.parametrize("place", ["chats", "left_chats", None])
def test_telegram(place: str | None) -> None:
    photos = ["photos/photo_1@01-08-2020_22-03-20.jpg", "photos/photo_2@01-08-2020_22-03-20.jpg"]
    chats = [
        {"name": name, "type": "private_channel", "id": 5, "messages": [{"text": LONG}, telegram_message(photo, name)]}
        for photo, name in zip(photos, ("Bea", "Cem"), strict=True)
    ]
    about: dict[str, Any] = {"personal_information": {"first_name": "Ana", "username": "@ana"}}
    archive = {
        "result.json": chats[0] if place is None else {**about, place: {"list": chats}},
        **dict.fromkeys(photos, JPEG),
    }
    files = MadeUpFiles(archive)
    assert telegram.READER.sniff(files)
    found = telegram.READER.describe(files)
    said = {name: (origin.poster, origin.album, origin.permalink) for name, origin in found.origins.items()}
    link = "https://t.me/c/5/7"
    assert (
        said == dict(zip(photos, (("Bea", "Bea", link), ("Cem", "Cem", link)), strict=True))
        if place
        else {photos[0]: ("Bea", "Bea", link)}
    )
    assert found.owner == (("Ana", "ana") if place else ())
    assert list(found.errors) == []
    assert found.understood == {"result.json"}


def test_telegram_that_is_cut_off_has_what_comes_before() -> None:
    photo = "photos/photo_1@01-08-2020_22-03-20.jpg"
    chat = {"name": "Bea", "type": "x", "messages": [telegram_message(photo, "Bea"), {"text": LONG}]}
    found = telegram.READER.describe(MadeUpFiles({"result.json": json.dumps(chat)[:-5], photo: JPEG}))
    assert found.origins[photo].poster == "Bea"
    assert ["not valid JSON" in error.error for error in found.errors] == [True]


@pytest.mark.parametrize("site", ["facebook", "instagram"])
def test_conversations_of_meta_s(site: str) -> None:
    folder = f"your_{site}_activity/messages/inbox/bea_1"
    message = {"sender_name": "Bea", "timestamp_ms": 1700000000000, "photos": [{"uri": f"{folder}/photos/1.jpg"}]}
    thread = {"messages": [{"sender_name": "Bea", "content": LONG}, message], "title": "B\u00c3\u00a9a"}
    reader = facebook.READER if site == "facebook" else instagram.READER
    files = MadeUpFiles({f"{folder}/message_1.json": thread, f"{folder}/photos/1.jpg": JPEG})
    assert reader.sniff(files)
    found = reader.describe(files)
    origin = found.origins[f"{folder}/photos/1.jpg"]
    assert (origin.poster, origin.album, origin.posted_at) == ("Bea", "Béa", "2023-11-14T22:13:20+00:00")
    assert found.errors == ()


def test_other_large_files_are_said() -> None:
    name = "your_facebook_activity/posts/your_posts_1.json"
    found = facebook.READER.describe(MadeUpFiles({name: [{"attachments": [], "title": LONG}]}))
    assert ["MiB of memory" in error.error for error in found.errors] == [True]


def test_posts_on_x() -> None:
    media = {"media": [{"media_url_https": "https://pbs.twimg.com/media/ABC.jpg"}]}
    posts = [{"tweet": {"id_str": "1", "full_text": LONG}}, {"tweet": {"id_str": "150", "extended_entities": media}}]
    files = MadeUpFiles(
        {"tweets.js": f"window.YTD.tweets.part0 = {json.dumps(posts)}", "tweets_media/150-ABC.jpg": JPEG}
    )
    assert twitter.READER.describe(files).origins["tweets_media/150-ABC.jpg"].permalink == "https://x.com/i/status/150"


class ThreeHundredMegabytes(MadeUpFiles):
    """An archive whose files are as large as chats of many years."""

    def read(self, name: str, max_bytes: int) -> bytes:
        if max_bytes < 300_000_000:
            raise ReadFailure(Outcome.TOO_LARGE, "too large")
        return super().read(name, max_bytes)


def test_signal_is_read_line_by_line_however_long() -> None:
    archive = MINIATURES["signal"]
    small, large = (signal.READER.describe(files(archive)) for files in (MadeUpFiles, ThreeHundredMegabytes))
    assert signal.READER.sniff(ThreeHundredMegabytes(archive))
    assert (large.errors, large.origins) == ((), small.origins)
    assert large.origins
