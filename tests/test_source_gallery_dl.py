"""Folders that gallery-dl filled, with its JSON and without."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from made_up_archives import MadeUpFiles, any_json
from untag.sources.folder import FolderSource
from untag.sources.readers.gallery_dl import READER
from untag.sources.readers.gallery_dl_table import TABLE as SITES_TABLE
from untag.types import LinkConfidence, Origin, Outcome, PhotoRef

CERTAIN, PROBABLE = LinkConfidence.CERTAIN, LinkConfidence.PROBABLE
ALBUM = {
    "category": "facebook",
    "subcategory": "set",
    "id": "700",
    "set_id": "a.300",
    "username": "Bea Roe",
    "user_id": "200",
    "user_pfbid": "",
    "caption": "At the lake",
    "date": "2025-05-03 03:42:52",
    "url": "https://scontent.example.org/1_2_3_n.jpg",
    "title": "Summer",
    "filename": "1_2_3_n",
    "extension": "jpg",
}
POST = {
    "category": "instagram",
    "subcategory": "tagged",
    "post_url": "https://www.instagram.com/p/AAA/",
    "post_shortcode": "AAA",
    "shortcode": "AAB",
    "username": "bea",
    "fullname": "Bea",
    "owner_id": "1",
    "media_id": "3000000000000000001",
    "sidecar_media_id": "3000000000000000000",
    "num": 1,
    "count": 3,
    "date": "2024-09-03 14:23:19",
    "post_date": "2024-09-03 14:23:18",
    "description": "Us",
    "tagged_users": [{"id": "3", "username": "ana", "full_name": "Ana"}, {"id": "4", "username": "cid"}],
    "tagged_username": "dan",
    "filename": "4_5_n",
    "extension": "jpg",
}
IN_POST = "3000000000000000000_3000000000000000001.jpg"
TWEET = {
    "category": "twitter",
    "subcategory": "media",
    "tweet_id": 1870000000000000001,
    "retweet_id": 0,
    "num": 1,
    "author": {"name": "bea", "nick": "Bea Roe"},
    "content": "Look",
    "mentions": [{"name": "ana"}],
    "date": "2024-12-20 10:00:00",
    "filename": "Gabc",
    "extension": "jpg",
}
OF_ALBUM = Origin(
    platform="facebook",
    permalink="https://www.facebook.com/photo/?fbid=700&set=a.300",
    permalink_confidence=CERTAIN,
    poster="Bea Roe",
    caption="At the lake",
    album="Summer",
    posted_at="2025-05-03T03:42:52+00:00",
)
OF_POST = Origin(
    platform="instagram",
    permalink="https://www.instagram.com/p/AAA/",
    permalink_confidence=CERTAIN,
    poster="bea",
    people=("ana", "cid"),
    caption="Us",
    posted_at="2024-09-03T14:23:18+00:00",
)
OF_TWEET = Origin(
    platform="twitter",
    permalink="https://x.com/bea/status/1870000000000000001",
    permalink_confidence=CERTAIN,
    poster="bea",
    caption="Look",
    posted_at="2024-12-20T10:00:00+00:00",
)


def without(entry: Mapping[str, Any], *keys: str, **more: Any) -> dict[str, Any]:
    return {key: value for key, value in entry.items() if key not in keys} | more


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (ALBUM, OF_ALBUM),
        # In a set of photos with somebody, the name is of the set, not of who posted each photo.
        (
            without(ALBUM, set_id="t.100", title="Photos of Ana", username="Ana Doe", user_id="100"),
            Origin(
                "facebook",
                "https://www.facebook.com/photo/?fbid=700&set=t.100",
                CERTAIN,
                people=("Ana Doe",),
                caption="At the lake",
                album="Photos of Ana",
                posted_at="2025-05-03T03:42:52+00:00",
            ),
        ),
        (
            without(ALBUM, "caption", "title", "date", set_id="t.100"),
            Origin("facebook", "https://www.facebook.com/photo/?fbid=700&set=t.100", CERTAIN),
        ),
        # A group's set holds several people's photos; a photo that was asked for by itself names its own owner.
        (
            without(ALBUM, "caption", "title", "date", set_id="gm.5"),
            Origin("facebook", "https://www.facebook.com/photo/?fbid=700&set=gm.5", CERTAIN),
        ),
        (
            without(ALBUM, "caption", "title", "date", set_id="gm.5", subcategory="photo"),
            Origin("facebook", "https://www.facebook.com/photo/?fbid=700&set=gm.5", CERTAIN, poster="Bea Roe"),
        ),
        (
            without(ALBUM, "title", "date", "set_id", caption="", post_text="Posted"),
            Origin(
                "facebook",
                "https://www.facebook.com/photo/?fbid=700",
                CERTAIN,
                poster="Bea Roe",
                caption="Posted",
            ),
        ),
        (POST, OF_POST),
        (
            without(POST, "post_url", "post_date", tagged_users=[]),
            Origin(
                "instagram",
                "https://www.instagram.com/p/AAA/",
                CERTAIN,
                poster="bea",
                caption="Us",
                posted_at="2024-09-03T14:23:19+00:00",
            ),
        ),
        (
            without(POST, "tagged_users", "description", "post_date", type="story", audience="besties", date="None"),
            Origin("instagram", poster="bea", audience="besties"),
        ),
        (
            without(
                POST,
                "tagged_users",
                "description",
                "post_date",
                type="highlight",
                date="",
                highlight_title="Trips",
                post_url="https://www.instagram.com/stories/highlights/17/",
            ),
            Origin(
                "instagram",
                "https://www.instagram.com/stories/highlights/17/",
                CERTAIN,
                poster="bea",
                album="Trips",
            ),
        ),
        (TWEET, OF_TWEET),
        (
            without(TWEET, "author", "content", "date", retweet_id=12),
            Origin("twitter", "https://x.com/i/status/12", CERTAIN),
        ),
        (
            {"category": "tumblr", "subcategory": "user", "post_url": "https://bea.tumblr.com/1", "caption": "Hm"},
            Origin("tumblr", "https://bea.tumblr.com/1", CERTAIN, caption="Hm"),
        ),
        ({"category": "tumblr", "subcategory": "user", "post_url": "javascript:alert(1)"}, Origin("tumblr")),
    ],
)
def test_what_an_entry_says(entry: dict[str, Any], expected: Origin) -> None:
    files = MadeUpFiles({"1.jpg": b"", "1.jpg.json": entry})
    assert READER.sniff(files)
    description = READER.describe(files)
    assert description.origins == {"1.jpg": expected}
    assert description.understood == {"1.jpg.json"}
    assert not description.errors
    assert not description.absent


@pytest.mark.parametrize(
    ("names", "sidecar", "entry", "expected"),
    [
        (["700.jpg"], "700.jpg.json", ALBUM, "700.jpg"),
        (["700.jpg"], "700.json", ALBUM, "700.jpg"),
        (["700.JPG", "701.jpg"], "700.json", ALBUM, "700.JPG"),
        (["700.jpg", "700.png"], "700.json", ALBUM, "700.jpg"),
        (["700.png", "700.webp"], "700.json", ALBUM, None),
        # Saved as what it is rather than as what its address says.
        (["700.png"], "700.jpg.json", ALBUM, "700.png"),
        (["my own name.jpg"], "my own name.jpg.json", ALBUM, "my own name.jpg"),
        (["700 (1).jpg"], "700.jpg.json", ALBUM, None),
        (["700.jpg", "701.jpg"], "data.jsonl", ALBUM, "700.jpg"),
        (["1_2_3_n.jpg"], "data.jsonl", ALBUM, "1_2_3_n.jpg"),
        ([IN_POST], "data.jsonl", POST, IN_POST),
        (["3000000000000000001.jpg"], "data.jsonl", POST, "3000000000000000001.jpg"),
        (["1870000000000000001_1.jpg", "1870000000000000001_2.jpg"], "x.jsonl", TWEET, "1870000000000000001_1.jpg"),
        (["1.jpg"], "info.json", ALBUM, None),
    ],
)
def test_which_photo_an_entry_belongs_to(
    names: list[str], sidecar: str, entry: dict[str, Any], expected: str | None
) -> None:
    description = READER.describe(MadeUpFiles({**dict.fromkeys(names, b""), sidecar: json.dumps(entry)}))
    certain = [name for name, origin in description.origins.items() if origin.permalink_confidence is CERTAIN]
    assert certain == ([] if expected is None else [expected])


def test_a_photo_that_is_only_told_of() -> None:
    video = without(ALBUM, id="800", extension="mp4")
    lines = "\n".join(json.dumps(item) for item in (ALBUM, ALBUM, video, TWEET))
    files = MadeUpFiles({"data.jsonl": lines + '\n{"category": "fa', "900.mp4.json": video, "5.jpg.json": POST})
    description = READER.describe(files)
    assert {item.key: (item.file, item.origin) for item in description.absent} == {
        "700.jpg": ("data.jsonl", OF_ALBUM),
        "1870000000000000001_1.jpg": ("data.jsonl", OF_TWEET),
        "5.jpg": ("5.jpg.json", OF_POST),
    }
    assert len(description.absent) == 3
    assert [(error.path, error.outcome) for error in description.errors] == [("archive/data.jsonl", Outcome.BROKEN)]


LINK = "https://www.facebook.com/photo/?fbid=700800900"
SHORT = "https://www.instagram.com/p/CeYtbU7KEsA/"


@pytest.mark.parametrize(
    ("folder", "photo", "expected"),
    [
        (
            "gallery-dl/facebook/Bea Roe/Summer (a.300)",
            "700800900.jpg",
            Origin("facebook", f"{LINK}&set=a.300", PROBABLE, poster="Bea Roe", album="Summer"),
        ),
        (
            "gallery-dl\\facebook\\Bea Roe\\Summer (2024) (a.300)",
            "700800900.jpg",
            Origin("facebook", f"{LINK}&set=a.300", PROBABLE, poster="Bea Roe", album="Summer (2024)"),
        ),
        (
            "/home/ana/facebook/Ana Doe/Photos of Ana (t.100)",
            "700800900.webp",
            Origin("facebook", f"{LINK}&set=t.100", PROBABLE, album="Photos of Ana"),
        ),
        ("facebook/photos/stickers", "700800900.jpg", None),
        ("facebook/Bea Roe/Summer (a.300)", "IMG_1.jpg", None),
        ("facebook/Bea Roe", "700800900.jpg", None),
        ("photos/Bea Roe/Summer (a.300)", "700800900.jpg", None),
        (
            "instagram/bea",
            "2853230153925413632_3000000000000000001.jpg",
            Origin("instagram", SHORT, PROBABLE, poster="bea"),
        ),
        ("instagram/bea", "2853230153925413632.webp", Origin("instagram", SHORT, PROBABLE, poster="bea")),
        ("instagram/bea", "2853230153925413632p.jpg", Origin("instagram", SHORT, PROBABLE, poster="bea")),
        ("instagram/tag/lake", "2853230153925413632.jpg", Origin("instagram", SHORT, PROBABLE)),
        ("instagram/bea", "99999999999999999999.jpg", Origin("instagram", poster="bea")),
        ("instagram/bea", "20240903.jpg", None),
        ("media/posts/202409", "2853230153925413632.jpg", None),
        (
            "twitter/bea",
            "1870000000000000001_2.jpg",
            Origin("twitter", "https://x.com/bea/status/1870000000000000001", PROBABLE),
        ),
        ("twitter/bea", "1870000000000000001.jpg", None),
    ],
)
def test_names_alone_make_a_link_probable(folder: str, photo: str, expected: Origin | None) -> None:
    files = MadeUpFiles({photo: b"", "clip.mp4": b""}, folder)
    assert READER.sniff(files) == (expected is not None)
    assert READER.describe(files).origins == ({} if expected is None else {photo: expected})
    assert not files.reads


def test_a_photo_without_an_entry_among_others_with_one() -> None:
    files = MadeUpFiles({"700.jpg": b"", "700800900.jpg": b"", "700.jpg.json": ALBUM})
    assert READER.describe(files).origins == {
        "700.jpg": OF_ALBUM,
        "700800900.jpg": Origin("facebook", LINK, PROBABLE),
    }


@pytest.mark.parametrize(
    "files",
    [
        {"1.jpg": b""},
        {"1.jpg": b"", "1.jpg.json": {"title": "1.jpg", "photoTakenTime": {"timestamp": "1"}}},
        {"1.jpg": b"", "1.jpg.json": {"category": "facebook", "subcategory": 5}},
        {"1.jpg": b"", "1.jpg.json": b"{"},
        {"1.jpg": b"", "data.jsonl": b"[]\n{}\n"},
    ],
)
def test_other_folders_are_none_of_its(files: dict[str, Any]) -> None:
    assert not READER.sniff(MadeUpFiles(files))


def test_a_folder_of_another_tool_is_recognised_with_few_reads() -> None:
    files = MadeUpFiles({f"{number}.jpg.supplemental-metadata.json": {"title": "x"} for number in range(100)})
    assert not READER.sniff(files)
    assert len(files.reads) < 10


def test_broken_json_is_told_and_other_json_left_alone() -> None:
    files = MadeUpFiles(
        {
            **{f"{number}.jpg": b"" for number in (1, 2, 3)},
            "1.jpg.json": ALBUM,
            "2.jpg.json": b"{",
            "3.jpg.json": [1],
            "notes.json": {},
        }
    )
    description = READER.describe(files)
    assert list(description.origins) == ["1.jpg"]
    assert [(error.path, error.error) for error in description.errors] == [
        ("archive/2.jpg.json", "it is not valid JSON"),
        ("archive/3.jpg.json", "it does not hold what gallery-dl writes of a file"),
    ]


def test_a_large_folder_is_paired_with_each_json_read_once() -> None:
    photos = {f"{number}.jpg": b"" for number in range(1, 3000)}
    entries = {f"{photo}.json": without(ALBUM, id=photo[:-4]) for photo in photos}
    files = MadeUpFiles({**photos, **entries})
    origins = READER.describe(files).origins
    assert all(f"fbid={photo[:-4]}&" in str(origins[photo].permalink) for photo in photos)
    assert set(files.reads.values()) == {1}


ODD = st.sampled_from(
    (None, True, 0, -1, 10**40, 1.5, float("nan"), "", " ", "7", "t.7", "\ud800", "\0", "99999-01-01")
)
NESTED = ODD | st.lists(ODD | st.dictionaries(st.sampled_from(("username", "name")), ODD, max_size=2), max_size=2)


@given(
    st.sampled_from(("facebook", "instagram", "twitter", "other")),
    st.dictionaries(st.sampled_from(sorted({*ALBUM, *POST, *TWEET} - {"category"})), NESTED, max_size=8),
    st.sampled_from(("1.jpg.json", "1.json", "2.jpg.json", "data.jsonl", "info.json")),
)
def test_no_value_is_too_wrong(category: str, entry: dict[str, Any], file: str) -> None:
    files = MadeUpFiles({"1.jpg": b"", file: json.dumps({"subcategory": "set", **entry, "category": category})})
    READER.sniff(files)
    READER.describe(files)


def test_a_folder_without_json_is_found_on_the_disk(tmp_path: Path) -> None:
    folder = tmp_path / "facebook" / "Bea Roe" / "Summer (a.300)"
    folder.mkdir(parents=True)
    (folder / "700800900.jpg").write_bytes(b"photo")
    (ref,) = FolderSource(tmp_path, readers=[READER]).photos()
    assert isinstance(ref, PhotoRef)
    assert (ref.source, ref.origin.permalink) == ("gallery_dl", f"{LINK}&set=a.300")


TABLE: dict[str, tuple[dict[str, Any], Origin]] = {
    "an instance of Mastodon, known by its accounts": (
        {
            "category": "pond.example",
            "url": "https://pond.example/@bea/1",
            "account": {"acct": "bea"},
            "content": "<p>a</p><p>b",
        },
        Origin("pond.example", "https://pond.example/@bea/1", CERTAIN, poster="bea", caption="a\nb"),
    ),
    "the first address lacks a field": (
        {"category": "reddit", "id": "1x", "author": "bea", "title": "t"},
        Origin("reddit", "https://www.reddit.com/comments/1x/", CERTAIN, poster="bea", caption="t"),
    ),
    "a field that would lead elsewhere": (
        {"category": "reddit", "permalink": "//evil.example/x", "author": "bea"},
        Origin("reddit", poster="bea"),
    ),
    "a handle with a slash": (
        {"category": "bluesky", "post_id": "3k", "author": {"handle": "bea/../x"}},
        Origin("bluesky", poster="bea/../x"),
    ),
    "tagged at VK: not by whom": (
        {"category": "vk", "subcategory": "tagged", "id": "-5_7", "user": {"name": "Ana Doe"}},
        Origin("vk", "https://vk.com/photo-5_7", CERTAIN, people=("Ana Doe",)),
    ),
    "an album at VK": (
        {"category": "vk", "subcategory": "album", "id": "5_7", "user": {"name": "Bea"}},
        Origin("vk", "https://vk.com/photo5_7", CERTAIN, poster="Bea"),
    ),
    "Tumblr": (
        {
            "category": "tumblr",
            "post_url": "https://bea.tumblr.example/post/1",
            "blog_name": "bea",
            "caption": "<b>x</b>",
        },
        Origin("tumblr", "https://bea.tumblr.example/post/1", CERTAIN, poster="bea", caption="x"),
    ),
    "a header, whose number is no post's": (
        {"category": "twitter", "subcategory": "background", "tweet_id": 5, "author": {"name": "bea"}},
        Origin("twitter", poster="bea"),
    ),
    "a site without a row": (
        {"category": "newsite", "author": {"username": "bea"}, "post_url": "https://new.example/1", "title": "t"},
        Origin("newsite", "https://new.example/1", CERTAIN, poster="bea", caption="t"),
    ),
}


@pytest.mark.parametrize(("entry", "expected"), TABLE.values(), ids=TABLE)
def test_what_other_sites_have(entry: dict[str, Any], expected: Origin) -> None:
    sidecar = {"subcategory": "user", "extension": "jpg", **entry}
    description = READER.describe(MadeUpFiles({"p.jpg": b"", "p.jpg.json": sidecar}))
    assert description.origins == {"p.jpg": expected}


@given(st.sampled_from(sorted(SITES_TABLE)), st.data())
def test_no_fields_of_a_site_are_too_wrong(category: str, data: st.DataObject) -> None:
    keys = ("id", "author", "user", "name", "url", "permalink", "account", "acct", "owner", "content", "post_id")
    value = json.loads(data.draw(any_json(keys, ("//x", "https://[", "\ud800", "bea"))))
    entry = {
        "category": category,
        "subcategory": "user",
        "extension": "jpg",
        **(value if isinstance(value, dict) else {}),
    }
    READER.describe(MadeUpFiles({"p.jpg": b"", "p.jpg.json": entry}))
