"""Links are built from ids of the right form, and taken over only from the site itself."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from untag.sources.links import facebook_photo, instagram_code, instagram_post, page, tweet
from untag.support.permalinks import link_key, number


@pytest.mark.parametrize(
    ("value", "host", "expected"),
    [
        ("https://photos.google.com/photo/A", "photos.google.com", True),
        ("https://www.instagram.com/p/AAA/", "instagram.com", True),
        ("http://instagram.com/p/AAA/", "instagram.com", True),
        ("https://example.org/1", None, True),
        ("https://instagram.com.example.org/p/AAA/", "instagram.com", False),
        ("https://notinstagram.com/p/AAA/", "instagram.com", False),
        ("javascript:alert(1)", None, False),
        ("https://[", None, False),
        ("https:///p/AAA", None, False),
        ("https://instagram.com/p/A A", "instagram.com", False),
        ("https://instagram.com/p/A\n", "instagram.com", False),
        (7, None, False),
        (None, None, False),
    ],
)
def test_an_address_is_taken_over_from_its_site_alone(value: Any, host: str | None, expected: bool) -> None:
    assert page(value, host) == (value if expected else None)


def test_links() -> None:
    assert facebook_photo("700", "a.100") == "https://www.facebook.com/photo/?fbid=700&set=a.100"
    assert facebook_photo(700, "pb.1.-2207520000") == "https://www.facebook.com/photo/?fbid=700&set=pb.1.-2207520000"
    assert facebook_photo("700", "a.1&x=<script>") == "https://www.facebook.com/photo/?fbid=700"
    assert facebook_photo("7/0") is None
    assert instagram_post("AA-_9") == "https://www.instagram.com/p/AA-_9/"
    assert instagram_post("a/b") is None
    assert tweet("bea", 12) == "https://x.com/bea/status/12"
    assert tweet("b/a", "12") == "https://x.com/i/status/12"
    assert tweet("bea", None) is None


@pytest.mark.parametrize("value", [0, -1, True, 1.5, "x", "٣", "", None, [1], 10**25, -(10**25)])
def test_what_is_no_id(value: Any) -> None:
    assert number(value) is None


def test_a_known_shortcode() -> None:
    assert instagram_code(2853230153925413632) == "CeYtbU7KEsA"


@given(st.integers(1, 2**64 - 1))
def test_a_shortcode_is_the_number_in_its_alphabet(media_id: int) -> None:
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    value = 0
    for letter in instagram_code(media_id):
        value = value * 64 + alphabet.index(letter)
    assert value == media_id


ONE_PHOTO_EACH: tuple[tuple[str, ...], ...] = (
    (
        "https://www.facebook.com/photo.php?fbid=700",
        "https://www.facebook.com/photo/?fbid=700&set=t.1000",
        "https://m.facebook.com/photo?set=a.9&fbid=700",
        "http://facebook.com/photo.php?fbid=700&type=3#top",
        "https://www.facebook.com/ana.doe/photos/a.100/700/",
        "https://www.facebook.com/ana.doe/photos/700",
    ),
    ("https://www.facebook.com/photo.php?fbid=701",),
    ("https://www.facebook.com/permalink.php?story_fbid=700&id=1",),
    ("https://www.facebook.com.example.org/photo.php?fbid=700",),
    ("https://notfacebook.com/photo.php?fbid=700",),
    (
        "https://www.instagram.com/p/AAA/",
        "https://instagram.com/p/AAA",
        "https://www.instagram.com/p/AAA/?img_index=3",
        "https://www.instagram.com/bea/reel/AAA/",
    ),
    ("https://www.instagram.com/p/aaa/",),
    ("https://www.instagram.com/bea/",),
    (
        "https://x.com/bea/status/12",
        "https://twitter.com/i/status/12",
        "https://mobile.twitter.com/bea/statuses/12/photo/1",
        "https://x.com/i/web/status/12?s=20",
    ),
    ("https://example.org/bea/status/12",),
    ("https://www.facebook.com/photo.php?fbid=../700",),
    ("https://[",),
    ("",),
)


def test_addresses_of_one_photo_have_one_key_and_others_another() -> None:
    keys = [{link_key(link) for link in links} for links in ONE_PHOTO_EACH]
    assert [len(key) for key in keys] == [1] * len(ONE_PHOTO_EACH)
    assert len(set.union(*keys)) == len(ONE_PHOTO_EACH)


def test_an_address_of_an_unknown_kind_is_its_own_key() -> None:
    for link in ("https://example.org/photo?fbid=700", "https://www.instagram.com/bea/", "https://[", ""):
        assert link_key(link) == link


@given(
    st.text(), st.sampled_from(["", "https://www.facebook.com/photo/?", "https://x.com/", "https://instagram.com/p/"])
)
def test_any_text_has_a_key(rest: str, start: str) -> None:
    assert isinstance(link_key(start + rest), str)
