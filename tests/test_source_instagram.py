"""Instagram's JSON and pages: miniature downloads since 2021, and what is read from them."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from made_up_archives import MadeUpFiles, any_json, damaged
from untag.sources.readers.instagram import READER
from untag.types import LinkConfidence, Origin, Outcome

JPEG = b"\xff\xd8\xff\xd9"
POSTED, POSTED_AT = 1725373798, "2024-09-03T14:29:58+00:00"
PHOTO = "media/posts/202409/17800000000000001.jpg"
SECOND = "media/posts/202409/17800000000000002.webp"
STORY = "media/stories/202512/x.webp"
FACE = "media/profile/202406/me.jpg"
POSTS = "your_instagram_activity/media/posts_1.json"
THREAD = "your_instagram_activity/messages/inbox/bea_1/message_1.json"
OWN = Origin(platform="instagram", poster="ana.doe", posted_at=POSTED_AT)


def profile(username: str = "Username", name: str = "Name", photo: str = "Profile photo") -> dict[str, Any]:
    data = {
        "Email address": {"href": "", "value": "ana@example.org", "timestamp": 0},
        username: {"href": "", "value": "ana.doe", "timestamp": 0},
        name: {"href": "", "value": "Ana D\u00c3\u00b6e", "timestamp": 0},
        "Bio": {"href": "", "value": "user", "timestamp": 0},
    }
    picture = {"uri": FACE, "creation_timestamp": POSTED, "title": ""}
    return {"profile_user": [{"title": "x", "media_map_data": {photo: picture}, "string_map_data": data}]}


PROFILE = {"personal_information/personal_information/personal_information.json": profile()}


def media(uri: str, title: str = "", **more: Any) -> dict[str, Any]:
    metadata = {"photo_metadata": {"exif_data": [{"latitude": 1.5}]}, "camera_metadata": {"has_camera_metadata": False}}
    return {"uri": uri, "creation_timestamp": POSTED, "media_metadata": metadata, "title": title} | more


def post(*items: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"media": [*items], **more}


ROWS: dict[str, tuple[dict[str, Any], dict[str, Origin]]] = {
    "a post of one photo: its caption and time are the photo's": (
        {**PROFILE, POSTS: [post(media(PHOTO, "Caf\u00c3\u00a9 l\u00c3\u00a0"))], PHOTO: JPEG},
        {PHOTO: replace(OWN, caption="Café là")},
    ),
    "a post of several: caption and time are the post's, films too": (
        {
            **PROFILE,
            POSTS: [
                post(
                    media(PHOTO, creation_timestamp=POSTED - 60),
                    media(SECOND, creation_timestamp=0),
                    media("media/posts/202409/3.mp4"),
                    title="Summer",
                    creation_timestamp=POSTED,
                )
            ],
            PHOTO: JPEG,
            SECOND: JPEG,
            "media/posts/202409/3.mp4": b"film",
        },
        dict.fromkeys((PHOTO, SECOND, "media/posts/202409/3.mp4"), replace(OWN, caption="Summer")),
    ),
    "a post with its link, as some newer downloads have it": (
        {
            **PROFILE,
            POSTS: [
                {
                    "timestamp": POSTED,
                    "fbid": "180",
                    "media": [media(PHOTO)],
                    "label_values": [
                        {"label": "Caption", "value": "Summer"},
                        {"label": "URL", "href": "https://www.instagram.com/ana.doe/"},
                        {"label": "URL", "href": "https://instagram.com.example.org/p/AAA/"},
                        {"label": "URL", "href": "https://www.instagram.com/p/AAA/"},
                    ],
                }
            ],
            PHOTO: JPEG,
        },
        {
            PHOTO: replace(
                OWN,
                caption="Summer",
                permalink="https://www.instagram.com/p/AAA/",
                permalink_confidence=LinkConfidence.CERTAIN,
            )
        },
    ),
    "media among the labels": (
        {
            **PROFILE,
            POSTS: [{"timestamp": POSTED, "media": [], "label_values": [{"label": "Media", "media": [media(PHOTO)]}]}],
            PHOTO: JPEG,
        },
        {PHOTO: OWN},
    ),
    "2021: other folders; stories, profile photos, reels and archived posts in an object each": (
        {
            "account_information/personal_information.json": profile(),
            "content/posts_1.json": [post(media(PHOTO))],
            "content/stories.json": {"ig_stories": [media(STORY, "Hi")]},
            "content/profile_photos.json": {"ig_profile_picture": [media(FACE)]},
            "content/reels.json": {"ig_reels_media": [post(media("media/reels/202506/1.mp4"))]},
            "content/archived_posts.json": {"ig_archived_post_media": [post(media(SECOND))]},
            PHOTO: JPEG,
            STORY: JPEG,
            FACE: JPEG,
            SECOND: JPEG,
        },
        {
            PHOTO: OWN,
            STORY: replace(OWN, caption="Hi"),
            FACE: OWN,
            SECOND: replace(OWN, audience="archived"),
        },
    ),
    "the profile photo alone; labels in another language and case": (
        {
            "personal_information/personal_information.json": profile(
                "Nazwa u\u00c5\u00bcytkownika", "Imi\u00c4\u0099 i nazwisko"
            ),
            FACE: JPEG,
        },
        {FACE: OWN},
    ),
    "a conversation": (
        {
            **PROFILE,
            THREAD: {
                "participants": [{"name": "bea"}, {"name": "ana.doe"}],
                "title": "bea",
                "messages": [
                    {
                        "sender_name": "bea",
                        "timestamp_ms": POSTED * 1000,
                        "photos": [{"uri": "your_instagram_activity/messages/inbox/bea_1/photos/1.jpg"}],
                    },
                    {"sender_name": "bea", "timestamp_ms": 1, "content": "no photo"},
                ],
            },
            "your_instagram_activity/messages/inbox/bea_1/photos/1.jpg": JPEG,
        },
        {"your_instagram_activity/messages/inbox/bea_1/photos/1.jpg": replace(OWN, poster="bea", album="bea")},
    ),
}


@pytest.mark.parametrize(("archive", "expected"), ROWS.values(), ids=ROWS)
def test_what_is_said_of_photos(archive: dict[str, Any], expected: dict[str, Origin]) -> None:
    files = MadeUpFiles(archive)
    assert READER.sniff(files)
    found = READER.describe(files)
    assert found.origins == expected
    assert found.errors == ()
    assert found.owner == ("ana.doe", "Ana Döe")
    assert found.understood == {name for name in archive if name.endswith(".json")}


def html(heading: str, content: str) -> str:
    return (
        f'<div class="pam _3-95 _2ph- _a6-g uiBoxWhite noborder"><h2 class="_3-95 _2pim _a6-h _a6-i">{heading}</h2>'
        f'<div class="_3-95 _a6-p"><div>{content}</div><table><tr><td class="_2pin _a6_q">URL</td></tr></table></div>'
        '<div class="_3-94 _a6-o">3 wrz 2024 16:29</div></div>'
    )


def test_pages_have_the_caption_as_a_heading_and_a_date_at_the_foot() -> None:
    page, thread = "your_instagram_activity/media/posts_1.html", THREAD.replace("json", "html")
    sent = "your_instagram_activity/messages/inbox/bea_1/photos/1.jpg"
    archive = {
        **PROFILE,
        page: f"<body>{html('Lato, Żory', f'<img src=../../{PHOTO}>')}{html('', f'<a href={SECOND}>x</a>')}</body>",
        thread: html("bea", f"<div>Look!</div><img src='{sent}'>"),
        **dict.fromkeys((PHOTO, SECOND, sent), JPEG),
    }
    found = READER.describe(MadeUpFiles(archive))
    assert found.origins == {
        PHOTO: Origin("instagram", poster="ana.doe", caption="Lato, Żory", posted_at="2024-09-03T16:29:00"),
        SECOND: Origin("instagram", poster="ana.doe", posted_at="2024-09-03T16:29:00"),
        sent: Origin("instagram", poster="bea", caption="Look!", posted_at="2024-09-03T16:29:00"),
    }
    assert found.understood == {*PROFILE, page, thread}


def test_posts_of_others_that_were_liked_or_saved_are_none_of_one_s_own() -> None:
    link = {"href": "https://www.instagram.com/p/AAA/", "timestamp": 1}
    likes = [{"timestamp": 1, "media": [media(PHOTO)], "label_values": [{"label": "URL", **link}]}]
    archive = {
        "your_instagram_activity/likes/liked_posts.json": likes,
        "your_instagram_activity/saved/saved_posts.json": {
            "saved_saved_media": [{"string_map_data": {"Saved on": link}}]
        },
        PHOTO: JPEG,
    }
    found = READER.describe(MadeUpFiles(archive))
    assert (found.origins, found.absent, found.understood, found.missing) == ({}, (), frozenset(), ())


def test_what_is_not_here_is_counted() -> None:
    found = READER.describe(MadeUpFiles({POSTS: [post(media(PHOTO), media(SECOND)), post(media(PHOTO))]}))
    assert found.missing == (
        "2 photos that your posts and stories name are not here; they are probably in other parts of the download",
    )


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        (POSTS, 3, "it does not hold a list of posts"),
        (THREAD, [], "it does not hold a conversation"),
        (POSTS.replace("posts_1", "stories"), b"{", "it is not valid JSON"),
    ],
)
def test_a_file_of_the_wrong_shape_is_an_error_and_the_rest_is_read(name: str, value: Any, error: str) -> None:
    found = READER.describe(MadeUpFiles({**PROFILE, FACE: JPEG, name: value}))
    assert [(item.path, item.outcome, item.error) for item in found.errors] == [
        (f"archive/{name}", Outcome.BROKEN, error)
    ]
    assert list(found.origins) == [FACE]


@pytest.mark.parametrize(
    "names",
    [
        ["media/a.jpg", "content/b.jpg"],
        ["messages/inbox/bea_1/message_1.json", "posts/your_posts_1.json"],
        ["your_facebook_activity/posts/media/your_posts/1.jpg", "personal_information/a.json"],
    ],
)
def test_other_folders_are_not_taken_for_a_download(names: list[str]) -> None:
    assert not READER.sniff(MadeUpFiles(dict.fromkeys(names, "{}")))


@pytest.mark.parametrize("archive", [archive for archive, _ in ROWS.values()], ids=ROWS)
def test_no_value_of_the_wrong_shape_makes_it_raise(archive: dict[str, Any]) -> None:
    for name in [name for name in archive if name.endswith(".json")]:
        for value in damaged(archive[name]):
            READER.describe(MadeUpFiles({**archive, name: json.dumps(value).encode()}))


KEYS = [
    *("media", "uri", "title", "creation_timestamp", "timestamp", "label_values", "label", "href", "value", "dict"),
    *("profile_user", "string_map_data", "media_map_data", "Username", "Name", "messages", "photos", "sender_name"),
]
TEXTS = ["", PHOTO, "..", "https://www.instagram.com/p/AAA/", "https://[", "\ud800", "é", "Caption", "ana"]
METADATA = [POSTS, THREAD, *PROFILE, "your_instagram_activity/media/stories.json"]


@settings(max_examples=60, deadline=None)
@given(values=st.lists(any_json(KEYS, TEXTS), min_size=len(METADATA), max_size=len(METADATA)))
def test_no_json_makes_it_raise(values: list[bytes]) -> None:
    files = MadeUpFiles({**dict(zip(METADATA, values, strict=True)), PHOTO: JPEG})
    READER.sniff(files)
    found = READER.describe(files)
    assert set(found.origins) <= {PHOTO}


def test_the_pages_of_a_download_have_the_owner_in_its_name_and_the_cameras_dates() -> None:
    def picture(number: int, date: str) -> str:
        return f'<a href="media/posts/202409/{number}.jpg"></a><table><tr><td>{date}</td></tr></table>'

    dates = picture(1, "2024:09:24 15:42:54") + picture(2, "24 sept. 2024") + picture(3, "2024:13:24 15:42:54")
    files = {"your_instagram_activity/media/posts_1.html": f'<div class="_a6-g"><h2>Lake</h2><div>{dates}</div></div>'}
    photos = {f"media/posts/202409/{number}.jpg": b"" for number in (1, 2, 3)}

    class Named(MadeUpFiles):
        def shown(self, name: str) -> str:
            return f"/x/instagram-bea.roe-2025-03-01-AbCdEfGh (1).zip/{name}"

    origins = READER.describe(Named({**files, **photos})).origins
    assert {origin.poster for origin in origins.values()} == {"bea.roe"}
    assert [origins[name].taken_at for name in photos] == ["2024-09-24T15:42:54", None, None]


def test_a_download_of_before_2021() -> None:
    listed = {
        "photos": [{"caption": "Lake", "taken_at": "2018-02-03T12:13:14+00:00", "path": "photos/201802/a.jpg"}],
        "direct": [{"taken_at": "2018-02-04T12:13:14.123456", "path": "direct/201802/b.jpg"}],
        "videos": [{"path": "videos/201802/c.mp4"}, 5],
    }
    files = {"media.json": listed, "profile.json": {"username": "ana", "name": "Ana"}}
    photos = dict.fromkeys(("photos/201802/a.jpg", "direct/201802/b.jpg"), b"")
    assert READER.sniff(MadeUpFiles({**files, **photos}))
    description = READER.describe(MadeUpFiles({**files, **photos}))
    assert description.origins == {
        "photos/201802/a.jpg": Origin("instagram", poster="ana", caption="Lake", posted_at="2018-02-03T12:13:14+00:00"),
        "direct/201802/b.jpg": Origin("instagram", posted_at="2018-02-04T12:13:14"),
    }
    assert description.owner == ("ana", "Ana")
    for value in damaged(listed):
        READER.describe(MadeUpFiles({**files, "media.json": value, **photos}))
    assert not READER.sniff(MadeUpFiles({"media.json": {"photos": [{"path": "x"}]}, **photos}))
