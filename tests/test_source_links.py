"""Links are built from ids of the right form, and taken over only from the site itself."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from untag.sources.links import facebook_photo, instagram_code, instagram_post, number, page, tweet


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
