"""Archives of X: which photo is of which post, who posted it, and where it is online."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given

from made_up_archives import MadeUpFiles, any_json, damaged
from untag.sources.readers.twitter import READER
from untag.types import LinkConfidence, Origin, Outcome


def js(value: Any, what: str = "tweets") -> bytes:
    return f"window.YTD.{what}.part0 = ".encode() + json.dumps(value).encode()


def media(name: str, **more: Any) -> dict[str, Any]:
    return {"id_str": "2", "media_url_https": f"https://pbs.example.org/media/{name}", **more}


ACCOUNT = [{"account": {"username": "ana_doe", "accountId": "77", "accountDisplayName": "Ana Doe"}}]
VARIANTS = {"variants": [{"url": "https://v.example.org/a/low.mp4?tag=1"}, {"url": "https://v.example.org/b/V.mp4"}]}
OWN = {
    "id_str": "100",
    "created_at": "Wed Nov 20 10:00:00 +0000 2024",
    "full_text": "By the sea with @bea",
    "entities": {"user_mentions": [{"screen_name": "bea", "id_str": "9"}], "media": [media("A.jpg")]},
    "extended_entities": {"media": [media("A.jpg"), media("B.jpg"), media("T.jpg", video_info=VARIANTS)]},
}
SHARED = {
    "id_str": "200",
    "created_at": "Thu Nov 21 10:00:00 +0000 2024",
    "full_text": "RT @bea: party",
    "entities": {"user_mentions": [{"screen_name": "cy", "id_str": "8"}, {"screen_name": "bea", "id_str": "9"}]},
    "extended_entities": {"media": [media("C.jpg", source_user_id_str="9", source_status_id_str="190")]},
}
UNNAMED = {
    "id_str": "300",
    "extended_entities": {"media": [media("D.jpg", source_user_id_str="9")]},
    "entities": {"user_mentions": [{"screen_name": "cy", "id_str": "8"}]},
}
FILES: dict[str, Any] = {
    "Your archive.html": "<html></html>",
    "data/manifest.js": b"window.__THAR_CONFIG = {}",
    "data/account.js": js(ACCOUNT, "account"),
    "data/tweets.js": js([{"tweet": OWN}, {"tweet": SHARED}]),
    "data/tweets-part1.js": js([{"tweet": UNNAMED}]),
    **{f"data/tweets_media/{name}": b"" for name in ("100-A.jpg", "100-B.jpg", "200-C.jpg", "300-D.jpg", "400-E.jpg")},
    "data/tweets_media/100-V.mp4": b"",
    "data/direct_messages_media/500-F.jpg": b"",
    "data/profile_media/600-G.jpg": b"",
}


def origin(link: str | None, **more: Any) -> Origin:
    confidence = LinkConfidence.NONE if link is None else LinkConfidence.CERTAIN
    return Origin("twitter", link, more.pop("permalink_confidence", confidence), **more)


OWN_ROW = origin(
    "https://x.com/ana_doe/status/100",
    poster="ana_doe",
    caption="By the sea with @bea",
    posted_at="2024-11-20T10:00:00+00:00",
)
ROWS = {
    "data/tweets_media/100-A.jpg": OWN_ROW,
    "data/tweets_media/100-B.jpg": OWN_ROW,
    "data/tweets_media/200-C.jpg": origin(
        "https://x.com/bea/status/190", poster="bea", caption="RT @bea: party", posted_at="2024-11-21T10:00:00+00:00"
    ),
    "data/tweets_media/300-D.jpg": origin("https://x.com/ana_doe/status/300"),
    "data/tweets_media/400-E.jpg": origin(
        "https://x.com/ana_doe/status/400", permalink_confidence=LinkConfidence.PROBABLE
    ),
    "data/tweets_media/100-V.mp4": OWN_ROW,
    "data/direct_messages_media/500-F.jpg": origin(None),
    "data/profile_media/600-G.jpg": origin(None),
}


def test_an_archive() -> None:
    files = MadeUpFiles(FILES)
    assert READER.sniff(files)
    description = READER.describe(files)
    assert description.origins == ROWS
    assert description.owner == ("ana_doe", "Ana Doe")
    assert description.understood == {"data/account.js", "data/tweets.js", "data/tweets-part1.js"}
    assert not description.errors
    assert set(files.reads.values()) == {1}


def test_an_old_archive_has_no_folder_no_wrapper_and_no_account() -> None:
    post = {**OWN, "entities": {"media": [media("A.jpg")]}, "text": "Hi", "full_text": None}
    del post["extended_entities"]
    files = MadeUpFiles({"tweet.js": js([post], "tweet"), "tweet_media/100-A.jpg": b""})
    assert READER.sniff(files)
    assert READER.describe(files).origins == {
        "tweet_media/100-A.jpg": origin(
            "https://x.com/i/status/100", caption="Hi", posted_at="2024-11-20T10:00:00+00:00"
        )
    }


def test_names_alone_give_likely_links() -> None:
    files = MadeUpFiles({"data/tweets_media/100-A.jpg": b"", "data/tweets_media/A.jpg": b""})
    assert READER.sniff(files)
    assert READER.describe(files).origins == {
        "data/tweets_media/100-A.jpg": origin(
            "https://x.com/i/status/100", permalink_confidence=LinkConfidence.PROBABLE
        ),
        "data/tweets_media/A.jpg": origin(None),
    }


@pytest.mark.parametrize("names", [["data/a.jpg"], ["data/account.js"], ["tweets.json"], ["x/tweets.js"], []])
def test_other_folders_are_none_of_its(names: list[str]) -> None:
    assert not READER.sniff(MadeUpFiles(dict.fromkeys(names, b"")))


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"[]", "it does not begin like a file of an archive of X"),
        (b"window.YTD.tweets.part0 = [{]", "it is not valid JSON"),
        (b'window.YTD.tweets.part0 = {"tweet": 1}', "it does not hold a list of posts"),
    ],
)
def test_what_is_wrong_is_told_and_the_names_still_count(data: bytes, sentence: str) -> None:
    description = READER.describe(MadeUpFiles({"data/tweets.js": data, "data/tweets_media/100-A.jpg": b""}))
    assert [(error.path, error.outcome, error.error) for error in description.errors] == [
        ("archive/data/tweets.js", Outcome.BROKEN, sentence)
    ]
    assert description.origins.keys() == {"data/tweets_media/100-A.jpg"}


@pytest.mark.parametrize(
    "created", ["20 Nov 2024", "Wed Xyz 20 10:00:00 +0000 2024", "Wed Nov 31 10:00:00 +0000 2024", 5]
)
def test_what_is_no_time_is_none(created: Any) -> None:
    post = {**OWN, "created_at": created}
    files = MadeUpFiles({"data/tweets.js": js([{"tweet": post}]), "data/tweets_media/100-A.jpg": b""})
    assert READER.describe(files).origins["data/tweets_media/100-A.jpg"].posted_at is None


@pytest.mark.parametrize("name", ["data/account.js", "data/tweets.js"])
def test_no_value_is_of_a_shape_too_wrong(name: str) -> None:
    entries = ACCOUNT if "account" in name else [{"tweet": OWN}, {"tweet": SHARED}]
    for value in damaged(entries):
        READER.describe(MadeUpFiles({**FILES, name: js(value)}))


KEYS = ("tweet", "id_str", "created_at", "full_text", "entities", "extended_entities", "media", "media_url_https")
ALL = any_json((*KEYS, "account", "username", "user_mentions", "source_user_id_str"), ("100", "A.jpg", "\ud800", ""))


@given(ALL, ALL)
def test_no_json_is_too_wrong(tweets: bytes, account: bytes) -> None:
    start = b"window.YTD.tweets.part0 = "
    READER.describe(MadeUpFiles({**FILES, "data/tweets.js": start + tweets, "data/account.js": start + account}))


def test_messages_communities_and_the_pages_own_pictures() -> None:
    def message(number: str, sender: str) -> dict[str, Any]:
        said = {
            "id": number,
            "senderId": sender,
            "text": "hi",
            "mediaUrls": ["x"],
            "createdAt": "2024-05-01T12:00:00.000Z",
        }
        return {"messageCreate": said}

    conversation = [
        {"dmConversation": {"messages": [message("71", "1"), message("72", "9"), {"joinConversation": {}}]}}
    ]
    post = [
        {"tweet": {"id_str": "15", "extended_entities": {"media": [{"media_url_https": "https://x.example/C.jpg"}]}}}
    ]
    files = {
        "data/account.js": js([{"account": {"username": "ana", "accountId": "1"}}], "account"),
        "data/direct-messages-group.js": js(conversation, "dm"),
        "data/community-tweet.js": js(post, "community_tweet"),
        "data/direct_messages_group_media/71-A.jpg": b"",
        "data/direct_messages_group_media/72-B.jpg": b"",
        "data/direct_messages_group_media/73-C.jpg": b"",
        "data/community_tweet_media/15-C.jpg": b"",
        "assets/images/logo.png": b"",
    }
    description = READER.describe(MadeUpFiles(files))
    sent = Origin("twitter", caption="hi", posted_at="2024-05-01T12:00:00+00:00")
    assert description.origins == {
        "data/direct_messages_group_media/71-A.jpg": replace(sent, poster="ana"),
        "data/direct_messages_group_media/72-B.jpg": sent,
        "data/direct_messages_group_media/73-C.jpg": Origin("twitter"),
        "data/community_tweet_media/15-C.jpg": Origin(
            "twitter", "https://x.com/ana/status/15", LinkConfidence.CERTAIN, poster="ana"
        ),
    }
    assert description.skipped == {"assets/images/logo.png"}
    assert description.understood == {name for name in files if name.endswith(".js")}
