"""Facebook's JSON, in every layout since 2018: miniature downloads, and what is read from them."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from made_up_archives import MadeUpFiles, any_json, damaged
from untag.sources.reader import AbsentPhoto
from untag.sources.readers.facebook import READER
from untag.sources.readers.facebook_links import permalink_of
from untag.sources.readers.meta import taken_time
from untag.types import LinkConfidence, Origin, Outcome

JPEG = b"\xff\xd8\xff\xd9"
POSTED, TAKEN = 1640500100, 1640490000
POSTED_AT, TAKEN_AT = "2021-12-26T06:28:20+00:00", "2021-12-26T03:40:00+00:00"
NAMED = {"profile_v2": {"name": {"full_name": "Ana Doe"}, "other_names": [{"name": "Ana Roe"}], "username": "ana.doe"}}
PROFILE = {"personal_information/profile_information/profile_information.json": NAMED}
OWNER = ("Ana Doe", "Ana Roe", "ana.doe")
MEDIA = "your_facebook_activity/posts/media"
TAGGED = "your_facebook_activity/activity_you're_tagged_in/photos_and_videos_you're_tagged_in.json"
LINK = "https://www.facebook.com/photo/?fbid="

OWN = Origin(platform="facebook", poster="Ana Doe", posted_at=POSTED_AT)


def linked(origin: Origin, link: str) -> Origin:
    return replace(origin, permalink=link, permalink_confidence=LinkConfidence.PROBABLE)


def media(uri: str, **more: Any) -> dict[str, Any]:
    return {"uri": uri, "creation_timestamp": POSTED, "media_metadata": {}} | more


def exif(taken: Any) -> dict[str, Any]:
    return {"photo_metadata": {"exif_data": [{"upload_ip": "192.0.2.1", "taken_timestamp": taken, "orientation": 1}]}}


def post(*attached: dict[str, Any], text: str | None = None, **more: Any) -> dict[str, Any]:
    data = [{"update_timestamp": POSTED + 100}] if text is None else [{"post": text}]
    return {
        "timestamp": POSTED + 5,
        "title": "Ana Doe added a new photo.",
        "data": data,
        "attachments": [
            {"data": [{"media": item} for item in attached]},
            {"data": [{"place": {"name": "Park", "coordinate": {"latitude": 1.5}, "url": "https://example.org"}}]},
        ],
    } | more


def message(sender: str, *uris: str, **more: Any) -> dict[str, Any]:
    photos = [{"uri": uri, "creation_timestamp": POSTED} for uri in uris]
    return {"sender_name": sender, "timestamp_ms": POSTED * 1000 + 321, "photos": photos} | more


def tagged(fbid: str, link: str | None, name: str | None = "Bea Roe", **more: Any) -> dict[str, Any]:
    labels = [{"label": "Nombre", "value": name}] if name is not None else []
    labels += [{"label": "URL", "value": link, "href": link}] if link is not None else []
    return {"timestamp": POSTED, "media": [], "fbid": fbid, "label_values": labels} | more


def one(media_name: str, metadata: dict[str, Any]) -> dict[str, Any]:
    return {**PROFILE, **metadata, media_name: JPEG}


IN_ALBUM = f"{MEDIA}/Mobileuploads_100200300/400500600.jpg"
IN_ALBUM_LINK = f"{LINK}400500600&set=a.100200300"
POSTS = "your_facebook_activity/posts/your_posts__check_ins__photos_and_videos_1.json"
THREAD = "your_facebook_activity/messages/inbox/bea_1/message_1.json"
OLD = "photos_and_videos/Trip_x1Y2z3-A_b/10200_1000200030004_500600_n_1000200030004.jpg"
OLD_LINK = f"{LINK}1000200030004"
SENT = Origin(platform="facebook", poster="Bea Roe", album="Bea & Ana", posted_at=POSTED_AT)

ROWS: dict[str, tuple[dict[str, Any], dict[str, Origin]]] = {
    "2024: a post, its caption in mojibake, people tagged in it, and the EXIF that was kept": (
        one(
            IN_ALBUM,
            {
                POSTS: [
                    post(
                        media(
                            IN_ALBUM, title="Mobile uploads", description="Caf\u00c3\u00a9", media_metadata=exif(TAKEN)
                        ),
                        text="other words",
                        tags=[{"name": "Bea Roe"}, {"name": "Ren\u00c3\u00a9"}, {"name": 3}, "Cid"],
                    )
                ]
            },
        ),
        {
            IN_ALBUM: replace(
                linked(OWN, IN_ALBUM_LINK),
                people=("Bea Roe", "René"),
                caption="Café",
                album="Mobile uploads",
                taken_at=TAKEN_AT,
            )
        },
    ),
    "the words of the post stand in for a description; a title that is no album is not one": (
        one(IN_ALBUM, {POSTS: [post(media(IN_ALBUM, title="At the lake"), text="Summer")]}),
        {IN_ALBUM: replace(linked(OWN, IN_ALBUM_LINK), caption="Summer")},
    ),
    "a time of taking that is garbage or after the post is left out; the post's time stands in for the photo's": (
        {
            **one(f"{MEDIA}/your_posts/11.jpg", {}),
            f"{MEDIA}/your_posts/12.jpg": JPEG,
            f"{MEDIA}/your_posts/13.jpg": JPEG,
            POSTS: [
                post(media(f"{MEDIA}/your_posts/11.jpg", media_metadata=exif(-62169984000))),
                post(media(f"{MEDIA}/your_posts/12.jpg", media_metadata=exif(POSTED * 2))),
                post({"uri": f"{MEDIA}/your_posts/13.jpg"}),
            ],
        },
        {
            f"{MEDIA}/your_posts/11.jpg": linked(OWN, f"{LINK}11"),
            f"{MEDIA}/your_posts/12.jpg": linked(OWN, f"{LINK}12"),
            f"{MEDIA}/your_posts/13.jpg": linked(replace(OWN, posted_at="2021-12-26T06:28:25+00:00"), f"{LINK}13"),
        },
    ),
    "a photo in an album, its cover, and a post is one photo with all that is said of it": (
        one(
            IN_ALBUM,
            {
                "your_facebook_activity/posts/album/0.json": {
                    "name": "Mobile upl\u00c3\u00b6ads",
                    "photos": [media(IN_ALBUM, title="Trip", comments=[{"comment": "nice", "author": "Bea Roe"}])],
                    "cover_photo": {"uri": IN_ALBUM},
                    "last_modified_timestamp": 3,
                    "description": "",
                },
                POSTS: [post(media(IN_ALBUM, title="Trip"), text="Summer", tags=[{"name": "Bea Roe"}])],
            },
        ),
        {IN_ALBUM: replace(linked(OWN, IN_ALBUM_LINK), people=("Bea Roe",), caption="Summer", album="Mobile uplöads")},
    ),
    "uncategorized photos, and a video with its thumbnail, which leads to the video": (
        {
            **one(f"{MEDIA}/your_posts/4005.jpg", {}),
            f"{MEDIA}/videos/77001.mp4": b"mp4",
            f"{MEDIA}/thumbnails/5.jpg": JPEG,
            "your_facebook_activity/posts/your_uncategorized_photos.json": {
                "other_photos_v2": [media(f"{MEDIA}/your_posts/4005.jpg")]
            },
            "your_facebook_activity/posts/your_videos.json": {
                "videos_v2": [
                    media(f"{MEDIA}/videos/77001.mp4", thumbnail={"uri": f"{MEDIA}/thumbnails/5.jpg"}),
                    media(f"{MEDIA}/videos/77002.mp4"),
                ]
            },
        },
        {
            f"{MEDIA}/your_posts/4005.jpg": linked(OWN, f"{LINK}4005"),
            f"{MEDIA}/thumbnails/5.jpg": linked(OWN, "https://www.facebook.com/watch/?v=77001"),
            f"{MEDIA}/videos/77001.mp4": linked(OWN, "https://www.facebook.com/watch/?v=77001"),
        },
    ),
    "the photos of a life event": (
        one(
            f"{MEDIA}/your_posts/8.jpg",
            {
                POSTS: [
                    post()
                    | {"attachments": [{"data": [{"life_event": {"photos": [media(f"{MEDIA}/your_posts/8.jpg")]}}]}]}
                ]
            },
        ),
        {f"{MEDIA}/your_posts/8.jpg": linked(OWN, f"{LINK}8")},
    ),
    "an additional profile: posted by the owner only where the title says so": (
        {
            **PROFILE,
            "this_profile's_activity_across_facebook/posts/profile_posts_1.json": [
                post(media("this_profile's_activity_across_facebook/posts/media/your_posts/21.jpg")),
                post(
                    media("this_profile's_activity_across_facebook/posts/media/your_posts/22.jpg"), title="Club added."
                ),
            ],
            "this_profile's_activity_across_facebook/posts/media/your_posts/21.jpg": JPEG,
            "this_profile's_activity_across_facebook/posts/media/your_posts/22.jpg": JPEG,
        },
        {
            "this_profile's_activity_across_facebook/posts/media/your_posts/21.jpg": linked(OWN, f"{LINK}21"),
            "this_profile's_activity_across_facebook/posts/media/your_posts/22.jpg": linked(
                replace(OWN, poster=None), f"{LINK}22"
            ),
        },
    ),
    "2022: the root folder of those years": (
        {
            "your_activity_across_facebook/posts/your_posts_1.json": [
                post(media("your_activity_across_facebook/posts/media/your_posts/31.jpg"))
            ],
            "your_activity_across_facebook/posts/media/your_posts/31.jpg": JPEG,
            "profile_information/profile_information.json": {"profile": {"name": "Ana Doe"}},
        },
        {"your_activity_across_facebook/posts/media/your_posts/31.jpg": linked(OWN, f"{LINK}31")},
    ),
    "2018: albums and old names, no root folder": (
        {
            "profile_information/profile_information.json": {"profile": {"name": {"full_name": "Ana Doe"}}},
            "photos_and_videos/album/0.json": {"name": "Trip", "photos": [media(OLD)]},
            OLD: JPEG,
        },
        {OLD: replace(linked(OWN, OLD_LINK), album="Trip")},
    ),
    "the earliest: posts and photos in one object each": (
        {
            "profile_information/profile_information.json": {"profile": {"name": "Ana Doe"}},
            "posts/your_posts.json": {"status_updates": [post(media(OLD, title="Trip"))]},
            "photos/photos.json": {"photos": [{"name": "Home", "photos": [media("photos/Home_abcdefghij/1.jpg")]}]},
            OLD: JPEG,
            "photos/Home_abcdefghij/1.jpg": JPEG,
        },
        {
            OLD: replace(linked(OWN, OLD_LINK), album="Trip"),
            "photos/Home_abcdefghij/1.jpg": replace(OWN, album="Home"),
        },
    ),
    "what friends wrote on the timeline is not posted by the owner": (
        {
            "profile_information/profile_information.json": {"profile": {"name": "Ana Doe"}},
            "posts/other_people's_posts_to_your_timeline.json": {
                "wall_posts_sent_to_you": {
                    "activity_log_data": [post(media(OLD), title="Bea Roe wrote on your timeline.")]
                }
            },
            OLD: JPEG,
        },
        {OLD: linked(replace(OWN, poster=None), OLD_LINK)},
    ),
    "a conversation: the sender posted it, there is no link; documents count when they are pictures": (
        {
            **PROFILE,
            THREAD: {
                "participants": [{"name": "Bea Roe"}, {"name": "Ana Doe"}],
                "title": "Bea & Ana",
                "messages": [
                    message("Bea Roe", "your_facebook_activity/messages/inbox/bea_1/photos/400500.jpg"),
                    message("Ren\u00c3\u00a9", "bare.jpg", content="l\u00c3\u00a0"),
                    message("Bea Roe", "https://scontent.example/expired.jpg"),
                    message("Bea Roe", files=[{"uri": f"{THREAD}/../files/scan.jpg"}, {"uri": "files/a.pdf"}]),
                    {"sender_name": "Bea Roe", "timestamp_ms": 1, "share": {"link": "https://example.org"}},
                ],
            },
            "your_facebook_activity/messages/inbox/bea_1/photos/400500.jpg": JPEG,
            "your_facebook_activity/messages/inbox/bea_1/photos/bare.jpg": JPEG,
            "your_facebook_activity/messages/inbox/cid_2/photos/bare.jpg": JPEG,
        },
        {
            "your_facebook_activity/messages/inbox/bea_1/photos/400500.jpg": SENT,
            "your_facebook_activity/messages/inbox/bea_1/photos/bare.jpg": replace(SENT, poster="René", caption="là"),
        },
    ),
    "end-to-end encrypted conversations: flat files in camel case": (
        {
            "BeaRoe_3.json": {
                "participants": ["Bea Roe", "Ana Doe"],
                "threadName": "Bea & Ana",
                "messages": [
                    {
                        "senderName": "Bea Roe",
                        "timestamp": POSTED * 1000,
                        "type": "media",
                        "text": "",
                        "media": [{"uri": "./media/0a1b.jpeg"}],
                        "isUnsent": False,
                    }
                ],
            },
            "media/0a1b.jpeg": JPEG,
        },
        {"media/0a1b.jpeg": SENT},
    ),
    "unpacked without the root folder": (
        {
            "posts/your_posts_1.json": [post(media(IN_ALBUM))],
            "posts/media/Mobileuploads_100200300/400500600.jpg": JPEG,
        },
        {
            "posts/media/Mobileuploads_100200300/400500600.jpg": linked(replace(OWN, poster=None), IN_ALBUM_LINK),
        },
    ),
    "another suffix, or none, than the JSON says": (
        {
            **PROFILE,
            POSTS: [post(media(f"{MEDIA}/your_posts/41.jpg"), media(f"{MEDIA}/your_posts/42.jpg"))],
            f"{MEDIA}/your_posts/41.webp": JPEG,
            f"{MEDIA}/your_posts/42": JPEG,
        },
        {
            f"{MEDIA}/your_posts/41.webp": linked(OWN, f"{LINK}41"),
            f"{MEDIA}/your_posts/42": linked(OWN, f"{LINK}42"),
        },
    ),
    "folders whose apostrophes and accents came out otherwise on the disk": (
        {
            POSTS: [post(media("this_profile's_activity/posts/media/Caf\u00c3\u00a9Photos_99999/51.jpg"))],
            "this_profile_s_activity/posts/media/Cafe\u0301Photos_99999/51.jpg": JPEG,
        },
        {
            "this_profile_s_activity/posts/media/Cafe\u0301Photos_99999/51.jpg": linked(
                replace(OWN, poster=None), f"{LINK}51&set=a.99999"
            )
        },
    ),
}


@pytest.mark.parametrize(("archive", "expected"), ROWS.values(), ids=ROWS)
def test_what_is_said_of_photos(archive: dict[str, Any], expected: dict[str, Origin]) -> None:
    files = MadeUpFiles(archive)
    assert READER.sniff(files)
    found = READER.describe(files)
    assert found.origins == expected
    assert found.errors == ()
    metadata = {name for name in archive if name.endswith(".json")}
    assert found.understood == metadata


LINKS = {
    "your_facebook_activity/posts/media/Mobileuploads_100200300/400500600.jpg": IN_ALBUM_LINK,
    "posts/media/your_posts/400500600.jpg": f"{LINK}400500600",
    "posts/media/videos/77001.mp4": "https://www.facebook.com/watch/?v=77001",
    OLD: OLD_LINK,
    "photos_and_videos/Trip_x1Y2z3-A_b/191053255_10160743390471729_8817736_n.jpg": None,
    "photos_and_videos/Trip_x1Y2z3-A_b/1.jpg": None,
    "your_facebook_activity/messages/inbox/bea_12345/photos/400500600.jpg": None,
    "messages/inbox/bea_12345/10200_1000200030004_500600_n_1000200030004.jpg": None,
    "posts/media/stickers_used/126361900881940.png": None,
    "posts/media/Mobileuploads_100200300/cover.jpg": None,
    "400500600.jpg": None,
}


@pytest.mark.parametrize(("uri", "link"), LINKS.items(), ids=LINKS)
def test_links_are_built_only_from_names_that_hold_an_id(uri: str, link: str | None) -> None:
    assert permalink_of(uri) == link


def absent(file: str, key: str, link: str, caption: str | None) -> AbsentPhoto:
    origin = Origin(
        platform="facebook",
        permalink=link,
        permalink_confidence=LinkConfidence.CERTAIN,
        people=("Ana Doe",),
        caption=caption,
    )
    return AbsentPhoto(file, key, origin)


PAGE = "https://www.facebook.com/photo.php?fbid=700&set=p.700"
CAPTION = "Facebook lists it with the name Bea Roe and 2021-12-26"


@pytest.mark.parametrize(
    "name",
    [
        TAGGED,
        TAGGED.replace("'", "\N{RIGHT SINGLE QUOTATION MARK}"),
        TAGGED.replace("'", "_"),
        "activity_youre_tagged_in/photos_and_videos_youre_tagged_in.json",
    ],
)
@pytest.mark.parametrize("wrapped", [False, True])
def test_photos_that_the_owner_is_tagged_in_are_listed_with_their_links(name: str, *, wrapped: bool) -> None:
    records = [
        tagged("700800900", PAGE),
        tagged("700800900", PAGE),
        tagged("", "https://www.facebook.com/bea.roe/photos/a.1/1234567", None, timestamp=0),
        tagged("3", "https://www.facebook.com/bea.roe"),
        tagged("4", "https://facebook.com.example.org/photo.php?fbid=5"),
        tagged("5", "javascript:alert('facebook.com/photo')"),
        tagged("6", None),
        tagged("7", None) | {"label_values": [{"dict": [{"dict": [{"value": f"{LINK}77"}]}]}]},
    ]
    found = READER.describe(MadeUpFiles({**PROFILE, name: {"tagged_v2": records} if wrapped else records}))
    assert found.absent == (
        absent(name, "700800900", PAGE, CAPTION),
        absent(name, "1234567", "https://www.facebook.com/bea.roe/photos/a.1/1234567", None),
        absent(name, "7", f"{LINK}77", "Facebook lists it with 2021-12-26"),
    )
    assert found.origins == {}
    assert found.understood == {name, *PROFILE}


def test_one_s_own_photo_that_one_is_tagged_in_gets_the_link_that_the_list_gives() -> None:
    archive = one(IN_ALBUM, {POSTS: [post(media(IN_ALBUM))], TAGGED: [tagged("9", PAGE.replace("700", "400500600"))]})
    found = READER.describe(MadeUpFiles(archive))
    assert found.absent == ()
    own = found.origins[IN_ALBUM]
    assert own.permalink == PAGE.replace("700", "400500600")
    assert own.permalink_confidence is LinkConfidence.CERTAIN
    assert (own.poster, own.people, own.caption) == ("Ana Doe", ("Ana Doe",), None)


def test_a_tagged_photo_that_is_here_after_all_is_not_absent() -> None:
    here, away = f"{MEDIA}/your_posts/91.jpg", f"{MEDIA}/your_posts/92.jpg"
    records = [tagged("1", PAGE, media=[media(here)]), tagged("2", f"{LINK}2", media=[media(away)])]
    found = READER.describe(MadeUpFiles(one(here, {TAGGED: records})))
    assert found.origins == {here: absent(TAGGED, "1", PAGE, CAPTION).origin}
    assert [item.key for item in found.absent] == ["2"]
    assert found.missing == ()


def test_a_link_without_a_number_is_no_other_photo_s() -> None:
    page = "https://www.facebook.com/bea.roe/posts/pfbid0AbC"
    away = f"{MEDIA}/Trip_abcdefghij/1.jpg"
    archive = one(away, {POSTS: [post(media(away))], TAGGED: [tagged("", page)]})
    found = READER.describe(MadeUpFiles(archive))
    assert [item.key for item in found.absent] == ["www_facebook_com_bea_roe_posts_pfbid0AbC"]
    assert found.origins == {away: OWN}


def test_a_bare_name_that_several_files_have_means_none_of_them() -> None:
    archive = {POSTS: [post(media("1.jpg"), media("2.jpg"))], "a/1.jpg": JPEG, "b/1.jpg": JPEG, "b/2.jpg": JPEG}
    assert list(READER.describe(MadeUpFiles(archive)).origins) == ["b/2.jpg"]


def test_the_list_of_places_and_of_likes_is_not_that_of_photos() -> None:
    archive = {
        "your_facebook_activity/posts/places_you_have_been_tagged_in.json": [tagged("1", PAGE)],
        "your_facebook_activity/comments_and_reactions/likes_and_reactions.json": [tagged("1", PAGE)],
    }
    found = READER.describe(MadeUpFiles(archive))
    assert (found.absent, found.understood) == ((), frozenset())


def test_what_is_not_here_is_counted_once_and_not_listed() -> None:
    away = [media(f"{MEDIA}/your_posts/{number}.jpg") for number in range(61, 75)]
    archive = {
        POSTS: [
            post(*away),
            post(*away),
            post(media("https://scontent.example/1.jpg"), media(f"{MEDIA}/videos/1.mp4")),
        ],
        THREAD: {"messages": [message("Bea Roe", "your_facebook_activity/messages/inbox/bea_1/photos/1.jpg")]},
    }
    found = READER.describe(MadeUpFiles(archive))
    assert (found.origins, found.absent, found.errors) == ({}, (), ())
    assert found.missing == (
        "1 photo that your messages name is not here; it is probably in another part of the download",
        "14 photos that your posts and albums name are not here; they are probably in other parts of the download",
    )


def test_the_owner_is_known_by_every_name() -> None:
    assert READER.describe(MadeUpFiles(PROFILE)).owner == OWNER


def test_another_file_with_a_profile_does_not_rename_the_owner() -> None:
    other = {"your_facebook_activity/other.json": {"profile": {"name": "Game"}}}
    assert READER.describe(MadeUpFiles(PROFILE | other)).owner == OWNER


def test_stickers_are_not_photos() -> None:
    sticker = f"{MEDIA}/stickers_used/126361900881940.png"
    assert READER.describe(MadeUpFiles({sticker: JPEG})).skipped == {sticker}


def test_a_file_that_facebook_did_not_fill_is_missing_and_no_error() -> None:
    name = "your_facebook_activity/stories/archived_stories.json"
    found = READER.describe(MadeUpFiles({name: b"[object Object]"}))
    assert (found.missing, found.errors) == ((f"nothing was written into {name}",), ())


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        (POSTS, 3, "it does not hold a list of posts"),
        (THREAD, [], "it does not hold a conversation"),
        (TAGGED, b'"x"', "it does not hold the list of photos you are tagged in"),
        ("your_facebook_activity/posts/your_uncategorized_photos.json", 1.5, "it does not hold a list of photos"),
        (POSTS, b"[", "it is not valid JSON"),
    ],
)
def test_a_file_of_the_wrong_shape_is_an_error_and_the_rest_is_read(name: str, value: Any, error: str) -> None:
    album = {"your_facebook_activity/posts/album/0.json": {"name": "Trip", "photos": [media(IN_ALBUM)]}}
    found = READER.describe(MadeUpFiles(one(IN_ALBUM, {**album, name: value})))
    assert [(item.path, item.outcome, item.error) for item in found.errors] == [
        (f"archive/{name}", Outcome.BROKEN, error)
    ]
    assert list(found.origins) == [IN_ALBUM]


@pytest.mark.parametrize(
    "names",
    [
        ["posts/a.md", "media/b.jpg"],
        ["Takeout/Google Photos/a.jpg"],
        ["media/posts/202409/1.jpg", "your_instagram_activity/messages/inbox/bea_1/message_1.json"],
        ["messages/inbox/bea_1/message_1.json", "followers_and_following/followers.json"],
    ],
)
def test_other_folders_are_not_taken_for_a_download(names: list[str]) -> None:
    assert not READER.sniff(MadeUpFiles(dict.fromkeys(names, "{}")))


def test_flat_json_of_something_else_is_not_taken_for_conversations() -> None:
    assert not READER.sniff(MadeUpFiles({"a.json": {"messages": [{"text": "x"}]}, "b.json": b"{", "media/a.jpg": JPEG}))


@pytest.mark.parametrize("archive", [archive for archive, _ in ROWS.values()], ids=ROWS)
def test_no_value_of_the_wrong_shape_makes_it_raise(archive: dict[str, Any]) -> None:
    for name in [name for name in archive if name.endswith(".json")]:
        for value in damaged(archive[name]):
            READER.describe(MadeUpFiles({**archive, name: json.dumps(value).encode()}))


KEYS = [
    *("media", "uri", "attachments", "data", "photos", "messages", "name", "full_name", "profile_v2", "tags"),
    *("title", "label_values", "href", "value", "dict", "fbid", "timestamp", "timestamp_ms", "creation_timestamp"),
    *("media_metadata", "photo_metadata", "exif_data", "taken_timestamp", "cover_photo", "life_event", "thumbnail"),
    *("sender_name", "files", "post", "comment", "other_names"),
]
TEXTS = ["", IN_ALBUM, "..", "/", "https://www.facebook.com/photo/?fbid=1", "https://[", "\ud800", "é"]
METADATA = [POSTS, THREAD, TAGGED, *PROFILE, "your_facebook_activity/posts/album/0.json", "BeaRoe_3.json"]


@settings(max_examples=60, deadline=None)
@given(values=st.lists(any_json(KEYS, TEXTS), min_size=len(METADATA), max_size=len(METADATA)))
def test_no_json_makes_it_raise(values: list[bytes]) -> None:
    files = MadeUpFiles({**dict(zip(METADATA, values, strict=True)), IN_ALBUM: JPEG})
    READER.sniff(files)
    found = READER.describe(files)
    assert set(found.origins) <= {IN_ALBUM}


def thread(*messages: dict[str, Any]) -> dict[str, Any]:
    return {"participants": ["Bea Roe", "Ana Doe"], "threadName": "Bea_1", "messages": list(messages)}


def test_encrypted_conversations_are_found_behind_empty_and_beside_large_ones() -> None:
    said = {"senderName": "Bea Roe", "timestamp": 1_700_000_000_000, "media": [{"uri": "./media/z.jpeg"}]}
    padded = thread(said, *[{"senderName": "Bea Roe", "text": "x" * 1000}] * 5000)
    files = MadeUpFiles(
        {**{f"a{number}.json": thread() for number in range(60)}, "z.json": padded, "media/z.jpeg": b""}
    )
    assert READER.sniff(files)
    assert READER.describe(files).origins["media/z.jpeg"].poster == "Bea Roe"
    assert not READER.sniff(MadeUpFiles({**{f"a{number}.json": thread() for number in range(60)}, "media/z.jpeg": b""}))


@pytest.mark.parametrize(
    ("kept", "taken"),
    [
        ({"taken_timestamp": 1_437_148_158}, "2015-07-17T15:49:18+00:00"),
        ({"exif_data": [{"orientation": 1}, {"date_time_original": "2015:07:17 15:49:18"}]}, "2015-07-17T15:49:18"),
        ({"exif_data": [{"date_time_original": "2016:07:17 15:49:18"}]}, None),
        ({"exif_data": [{"date_time_original": "1970:01:01 00:00:00"}]}, None),
        ({"taken_timestamp": 0, "exif_data": "x"}, None),
    ],
)
def test_when_a_photo_was_taken(kept: dict[str, Any], taken: str | None) -> None:
    assert taken_time({"media_metadata": {"photo_metadata": kept}}, 1_437_454_647) == taken


def test_a_post_elsewhere_as_labels_and_values() -> None:
    photo = "your_facebook_activity/posts/media/your_posts/777888999000.jpg"
    record = {
        "timestamp": 1_700_000_000,
        "media": [{"uri": photo}],
        "label_values": [{"label": "Message", "value": "Cheers"}, {"label": "Target", "value": "Bea Roe"}],
    }
    profile = {"profile_v2": {"name": {"full_name": "Ana Doe"}}}
    origins = {}
    for name in ("posts_on_other_pages_and_profiles", "other_people's_posts"):
        files: dict[str, Any] = {
            f"your_facebook_activity/posts/{name}.json": [record, {"media": 1, "label_values": []}],
            photo: b"",
        }
        files["personal_information/profile_information/profile_information.json"] = profile
        origins[name] = READER.describe(MadeUpFiles(files)).origins[photo]
    assert {origin.poster for origin in origins.values()} == {"Ana Doe", None}
    assert {(origin.caption, origin.posted_at) for origin in origins.values()} == {
        ("Cheers", "2023-11-14T22:13:20+00:00")
    }
