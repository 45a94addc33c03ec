"""Folders that Instaloader filled."""

from __future__ import annotations

import json
import lzma
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from made_up_archives import MadeUpFiles
from untag.sources.readers import instaloader
from untag.sources.readers.instaloader import READER
from untag.types import LinkConfidence, Origin, Outcome

BASE = "2024-09-03_14-23-18_UTC"


def web_tags(*names: str) -> dict[str, Any]:
    return {"edges": [{"node": {"user": {"username": name, "full_name": name.title()}, "x": 0.4}} for name in names]}


def phone_tags(*names: str) -> dict[str, Any]:
    return {"in": [{"user": {"pk": "3", "username": name}} for name in names]}


def post(node: Mapping[str, Any], kind: str = "Post") -> dict[str, Any]:
    return {"node": dict(node), "instaloader": {"version": "4.16", "node_type": kind}}


def packed(value: Any) -> bytes:
    return lzma.compress(json.dumps(value).encode(), check=lzma.CHECK_NONE)


NODE = {
    "shortcode": "AAA",
    "id": "2",
    "__typename": "GraphImage",
    "taken_at_timestamp": 1725373398,
    "owner": {"id": "1", "username": "bea"},
    "edge_media_to_caption": {"edges": [{"node": {"text": "At the lake"}}]},
    "edge_media_to_tagged_user": web_tags("ana"),
}
ORIGIN = Origin(
    platform="instagram",
    permalink="https://www.instagram.com/p/AAA/",
    permalink_confidence=LinkConfidence.CERTAIN,
    poster="bea",
    people=("ana",),
    caption="At the lake",
    posted_at="2024-09-03T14:23:18+00:00",
)
PHONE = {
    "shortcode": "AAA",
    "__typename": "GraphImage",
    "date": 1725373398,
    "caption": "At the lake",
    "iphone_struct": {"code": "AAA", "user": {"username": "bea"}, "usertags": phone_tags("ana")},
}
POLARIS = {
    "code": "AAA",
    "taken_at": 1725373398,
    "user": {"username": "bea"},
    "owner": {"id": "1", "username": ""},
    "caption": {"text": "At the lake"},
    "usertags": phone_tags("ana"),
    "edge_media_to_tagged_user": web_tags("ana"),
}


@pytest.mark.parametrize(
    "value",
    [
        post(NODE),
        post(PHONE),
        post(POLARIS),
        # Without the username in it, the owner is found in the other answer.
        post({**NODE, "owner": {"id": "1"}, "iphone_struct": {"user": {"username": "bea"}}}),
        post({"iphone_struct": {**POLARIS, "caption": {"text": "At the lake"}}}),
        # Version 3.
        NODE,
    ],
    ids=["web", "phone", "polaris", "owner", "only the phone's", "version 3"],
)
@pytest.mark.parametrize("name", [f"{BASE}.json.xz", f"{BASE}.json"])
def test_a_post_in_every_shape(name: str, value: Any) -> None:
    files = MadeUpFiles({f"{BASE}.jpg": b"", name: packed(value) if name.endswith(".xz") else value})
    assert READER.sniff(files)
    description = READER.describe(files)
    assert description.origins == {f"{BASE}.jpg": ORIGIN}
    assert description.understood == {name}
    assert not description.errors
    assert not description.absent


def slides(*tagged: Any) -> dict[str, Any]:
    """A post with several photos, by what the answer to the web page says of each."""
    children = [{"node": {} if tags is None else {"edge_media_to_tagged_user": tags}} for tags in tagged]
    return {**NODE, "__typename": "GraphSidecar", "edge_sidecar_to_children": {"edges": children}}


def carousel(*tagged: Any) -> dict[str, Any]:
    """The same by what the answer to the app says, which leaves the field out where nobody is tagged."""
    media = [{} if tags is None else {"usertags": tags} for tags in tagged]
    return {**PHONE, "__typename": "GraphSidecar", "iphone_struct": {"carousel_media": media}}


@pytest.mark.parametrize(
    ("node", "people"),
    [
        (slides(web_tags("ana"), web_tags("bea", "cid"), web_tags()), [("ana",), ("bea", "cid"), ()]),
        (carousel(phone_tags("ana"), phone_tags("bea", "cid"), None), [("ana",), ("bea", "cid"), ()]),
        ({**slides(None, None, web_tags("ana")), **carousel(phone_tags("bea"), None)}, [("bea",), (), ("ana",)]),
        # Nothing says in which of its photos somebody is tagged.
        (slides(None, None, None), [("ana",), ("ana",), ("ana",)]),
        ({**NODE, "edge_sidecar_to_children": "?"}, [("ana",), ("ana",), ("ana",)]),
    ],
)
def test_people_are_those_of_the_one_photo(node: dict[str, Any], people: list[tuple[str, ...]]) -> None:
    photos = [f"{BASE}_{number}.jpg" for number in (1, 2, 3)]
    description = READER.describe(MadeUpFiles({**dict.fromkeys(photos, b""), f"{BASE}.json": post(node)}))
    assert [description.origins[photo].people for photo in photos] == people
    assert {origin.permalink for origin in description.origins.values()} == {ORIGIN.permalink}


@pytest.mark.parametrize(
    ("folder", "node", "people"),
    [
        ("downloads/ana/:tagged", {"shortcode": "AAA"}, ("ana",)),
        ("downloads\\ana\\：tagged", {"shortcode": "AAA"}, ("ana",)),
        ("downloads/ana/:tagged", {"shortcode": "AAA", "edge_media_to_tagged_user": web_tags("cid")}, ("cid",)),
        ("downloads/ana/:tagged", None, ("ana",)),
        ("downloads/ana/tagged", {"shortcode": "AAA"}, ()),
        ("downloads/ana", {"shortcode": "AAA"}, ()),
        (":tagged", {"shortcode": "AAA"}, ()),
    ],
)
def test_the_folder_says_who_is_tagged_where_the_post_does_not(
    folder: str, node: dict[str, Any] | None, people: tuple[str, ...]
) -> None:
    sidecar = {f"{BASE}.txt": "At the lake"} if node is None else {f"{BASE}.json": post(node)}
    files = MadeUpFiles({f"{BASE}.jpg": b"", **sidecar}, folder)
    assert READER.describe(files).origins[f"{BASE}.jpg"].people == people


MOMENT = "2024-09-03T14:23:18+00:00"
PACKED_POST = packed(post({**NODE, "edge_media_to_caption": {"edges": []}}))
ROWS: dict[str, tuple[dict[str, Any], dict[str, Origin]]] = {
    "the caption is in the text file alone": (
        {f"{BASE}.jpg": b"", f"{BASE}.json.xz": PACKED_POST, f"{BASE}.txt": "\ufeffAt the lake\n"},
        {f"{BASE}.jpg": ORIGIN},
    ),
    "no JSON": (
        {f"{BASE}_1.jpg": b"", f"{BASE}_2.webp": b"", f"{BASE}.txt": "Us"},
        {
            f"{BASE}_1.jpg": Origin("instagram", caption="Us", posted_at=MOMENT),
            f"{BASE}_2.webp": Origin("instagram", caption="Us", posted_at=MOMENT),
        },
    ),
    "another file has no caption": (
        {f"{BASE}.txt": "Us", "2024-09-04_00-00-00_UTC.jpg": b"", "IMG_1.jpg": b"", "IMG_1.txt": "mine"},
        {"2024-09-04_00-00-00_UTC.jpg": Origin("instagram", posted_at="2024-09-04T00:00:00+00:00")},
    ),
    "a name of the user's own": ({"AAA.jpg": b"", "AAA.json": post(NODE)}, {"AAA.jpg": ORIGIN}),
    "a name that ends like a slide's": ({"AAA_1.jpg": b"", "AAA_1.json": post(NODE)}, {"AAA_1.jpg": ORIGIN}),
    "a story has no page": (
        {f"{BASE}.jpg": b"", f"{BASE}.json": post({**NODE, "edge_media_to_tagged_user": None}, "StoryItem")},
        {f"{BASE}.jpg": Origin("instagram", poster="bea", caption="At the lake", posted_at=MOMENT)},
    ),
    "a profile and its picture": (
        {f"{BASE}_profile_pic.jpg": b"", "bea_1.json.xz": packed(post({"username": "bea", "id": "1"}, "Profile"))},
        {f"{BASE}_profile_pic.jpg": Origin("instagram", poster="bea")},
    ),
    "files of Instaloader's own": (
        {
            f"{BASE}.jpg": b"",
            f"{BASE}.json": post(NODE),
            f"{BASE}_comments.json": [{"text": "nice"}],
            f"{BASE}_location.txt": "Lake",
            "iterator_AbC.json.xz": packed(post({}, "FrozenNodeIterator")),
            "id": "1",
        },
        {f"{BASE}.jpg": ORIGIN},
    ),
}


@pytest.mark.parametrize(("files", "expected"), ROWS.values(), ids=ROWS)
def test_what_a_folder_holds(files: dict[str, Any], expected: dict[str, Origin]) -> None:
    made_up = MadeUpFiles(files)
    assert READER.sniff(made_up)
    description = READER.describe(made_up)
    assert description.origins == expected
    assert not description.errors
    assert not description.absent


def test_posts_that_are_only_told_of() -> None:
    files = MadeUpFiles(
        {
            "1.json": post({**NODE, **carousel(None, phone_tags("cid"))}),
            "2.json": post({**NODE, "is_video": True}),
            "3.json": post(NODE),
            "3_1.mp4": b"",
            "4.json": post(NODE),
            "4_2.jpg": b"",
        }
    )
    (absent,) = READER.describe(files).absent
    assert (absent.file, absent.key, absent.origin) == ("1.json", "AAA", replace(ORIGIN, people=("ana", "cid")))


def test_what_cannot_be_read_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(instaloader, "MAX_JSON_BYTES", 1 << 20)
    whole = packed(post(NODE))
    files = MadeUpFiles(
        {
            "1.json.xz": whole,
            "2.json.xz": whole[:-12],
            "3.json.xz": b"this is not packed at all",
            "4.json.xz": lzma.compress(b" " * (2 << 20)),
            "5.json": b"{",
            "6.jpg": b"",
            "6.json": {"nothing": "known"},
            "7.json": {"nothing": "known"},
        }
    )
    description = READER.describe(files)
    assert description.understood == {"1.json.xz"}
    assert [(error.path.removeprefix("archive/"), error.outcome, error.error) for error in description.errors] == [
        ("2.json.xz", Outcome.BROKEN, "its end is missing"),
        ("3.json.xz", Outcome.BROKEN, "it cannot be unpacked"),
        ("4.json.xz", Outcome.TOO_LARGE, "it holds more than 1 MiB when unpacked"),
        ("5.json", Outcome.BROKEN, "it is not valid JSON"),
        ("6.json", Outcome.BROKEN, "it does not hold what Instaloader writes of a post"),
    ]


def test_what_wants_much_memory_to_unpack_is_refused() -> None:
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": 1 << 28}]
    hungry = lzma.compress(json.dumps(post(NODE)).encode(), filters=filters)
    (error,) = READER.describe(MadeUpFiles({"1.json.xz": hungry})).errors
    assert error.error == "it cannot be unpacked"


@pytest.mark.parametrize(
    "files",
    [
        {"1.jpg": b""},
        {"1.jpg": b"", "1.jpg.json": {"title": "1.jpg", "photoTakenTime": {"timestamp": "1"}}},
        {"1.jpg": b"", "1.jpg.json": {"category": "instagram", "subcategory": "post", "shortcode": "AAA"}},
        {"1.jpg": b"", "1.txt": "a caption"},
        {"1.jpg": b"", "1.json.xz": b""},
    ],
)
def test_other_folders_are_none_of_its(files: dict[str, Any]) -> None:
    assert not READER.sniff(MadeUpFiles(files))


def test_a_large_folder_is_paired_with_each_file_read_once() -> None:
    bases = [f"post{number}" for number in range(2000)]
    posts = {f"{base}.json": post({**NODE, "shortcode": base}) for base in bases}
    files = MadeUpFiles({**{f"{base}.jpg": b"" for base in bases}, **posts})
    origins = READER.describe(files).origins
    assert all(origins[f"{base}.jpg"].permalink == f"https://www.instagram.com/p/{base}/" for base in bases)
    assert set(files.reads.values()) == {1}


ODD = st.sampled_from((None, True, 0, -1, 10**40, 1.5, float("nan"), "", "7", "AAA", "\ud800", "a/b"))
KEYS = st.sampled_from(
    (
        *("node", "instaloader", "node_type", "shortcode", "owner", "user", "username", "edges", "usertags", "in"),
        *("edge_media_to_caption", "edge_media_to_tagged_user", "edge_sidecar_to_children", "carousel_media"),
        *("iphone_struct", "caption", "text", "taken_at_timestamp", "is_video"),
    )
)
JSON = st.recursive(
    ODD, lambda inside: st.lists(inside, max_size=2) | st.dictionaries(KEYS, inside, max_size=4), max_leaves=12
)


@given(JSON, st.dictionaries(KEYS, JSON, max_size=6), st.sampled_from(("Post", "StoryItem", "Profile", "")))
def test_no_value_is_too_wrong(value: Any, node: dict[str, Any], kind: str) -> None:
    files = MadeUpFiles({"1.jpg": b"", "1_1.jpg": b"", "1.json": json.dumps(value), "2.json": post(node, kind)})
    READER.sniff(files)
    READER.describe(files)
    READER.describe(MadeUpFiles({"1.jpg": b"", "1_1.jpg": b"", "1.json": post(node, kind)}))
