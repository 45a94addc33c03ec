"""What facebook-photos-download saves: a list of tagged photos, and most of them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from made_up_archives import MadeUpFiles
from untag.sources.readers.tagged_json import READER
from untag.types import LinkConfidence, Origin, Outcome


def entry(fbid: int, **more: Any) -> dict[str, Any]:
    return {
        "fb_url": f"https://www.facebook.com/photo.php?fbid={fbid}&set=t.100&type=3&theater",
        "fb_date": "5 juin 2015",
        "fb_caption": "At the lake",
        "fb_tags": "avec Ana Doe",
        "media_url": f"https://scontent.example.org/v/t1.0-9/11_{fbid + 1}_33_n.jpg?oh=1_2",
        "media_type": "image",
        "user_name": "Bea Roe",
        "user_url": "https://www.facebook.com/bea.roe",
        "user_id": "200",
        "album": "https://www.facebook.com/media/set/?set=a.5",
        **more,
    }


def origin(fbid: int, posted_at: str | None = None) -> Origin:
    return Origin(
        platform="facebook",
        permalink=f"https://www.facebook.com/photo.php?fbid={fbid}&set=t.100&type=3&theater",
        permalink_confidence=LinkConfidence.CERTAIN,
        poster="Bea Roe",
        caption="At the lake",
        posted_at=posted_at,
    )


def test_the_list_and_its_photos() -> None:
    files = MadeUpFiles(
        {
            "photos/2015-06-05_701.jpg": b"",
            "2016-01-02_711.jpg": b"",
            "photos/2015-06-05_999.jpg": b"",
            "photos/701.jpg": b"",
            "elsewhere/2015-06-05_721.jpg": b"",
            "tagged.json": {"tagged": [entry(700), entry(710), entry(720), entry(730, media_type="video")]},
        }
    )
    assert READER.sniff(files)
    description = READER.describe(files)
    assert description.origins == {
        "photos/2015-06-05_701.jpg": origin(700, "2015-06-05"),
        "2016-01-02_711.jpg": origin(710, "2016-01-02"),
    }
    assert [(item.file, item.key, item.origin) for item in description.absent] == [("tagged.json", "720", origin(720))]
    assert description.understood == {"tagged.json"}
    assert not description.errors


@pytest.mark.parametrize(
    ("changes", "key", "link"),
    [
        ({"fb_url": "https://example.org/photo.php?fbid=1"}, "701", None),
        (
            {"fb_url": "https://facebook.com/bea/photos/1", "media_url": 5},
            "entry 1",
            "https://facebook.com/bea/photos/1",
        ),
    ],
)
def test_a_link_is_taken_over_from_facebook_alone(changes: dict[str, Any], key: str, link: str | None) -> None:
    (absent,) = READER.describe(MadeUpFiles({"tagged.json": {"tagged": [entry(700, **changes)]}})).absent
    assert (absent.key, absent.origin.permalink) == (key, link)


@pytest.mark.parametrize(
    "value", [{}, [], {"tagged": []}, {"tagged": "x"}, {"tagged": [{"url": "x"}, 5]}, "not the list", b"{"]
)
def test_another_file_of_the_name(value: Any) -> None:
    assert not READER.sniff(MadeUpFiles({"tagged.json": value}))


def test_what_is_wrong_is_told() -> None:
    (broken,) = READER.describe(MadeUpFiles({"tagged.json": b"{"})).errors
    assert (broken.path, broken.outcome) == ("archive/tagged.json", Outcome.BROKEN)
    (shape,) = READER.describe(MadeUpFiles({"tagged.json": {"tagged": {}}})).errors
    assert shape.error == "it does not hold a list of tagged photos"
    assert READER.describe(MadeUpFiles({"1.jpg": b""})).errors


ODD = st.sampled_from(
    (None, True, -1, 10**40, float("nan"), "", "a_b", "a_1_", "https://[", "https://facebook.com?fbid=x")
)


@given(st.lists(st.dictionaries(st.sampled_from(sorted(entry(1))), ODD, max_size=10) | ODD, max_size=3))
def test_no_value_is_too_wrong(entries: list[Any]) -> None:
    files = MadeUpFiles({"tagged.json": json.dumps({"tagged": entries})})
    READER.sniff(files)
    READER.describe(files)
