"""untag sources --missing: the links of photos that are reported without a file, for other programs to fetch."""

from __future__ import annotations

import json

import pytest

import untag as package
from fakes import Untag
from miniature_archives import MINIATURES, unpack, zipped
from untag.sources.missing import web_address

LIST = "your_facebook_activity/activity_you're_tagged_in/photos_and_videos_you're_tagged_in.json"
SEVEN = "https://www.facebook.com/photo.php?fbid=7"


def tagged(untag: Untag, *links: str, folder: str = "export") -> None:
    """An export of Facebook whose list of photos you are tagged in has these links."""
    rows = [
        {"fbid": str(number), "label_values": [{"label": "URL", "href": link}]}
        for number, link in enumerate(links, start=70)
    ]
    files = {**MINIATURES["facebook"], LIST: json.dumps(rows).encode()}
    unpack(files, untag.photos / folder)


def test_one_link_a_line_and_nothing_else(untag: Untag) -> None:
    untag.add("export.zip", zipped(MINIATURES["facebook"]))
    result = untag.run("sources", "--missing", untag.photos / "export.zip")
    assert (result.status, result.out.splitlines()) == (0, [SEVEN])
    assert "1 link of photos that are reported without a file" in result.err
    assert f"untag sources --missing -- {untag.photos}/export.zip > links.txt" in result.err
    assert "--input-file-comment links.txt" in result.err
    assert not untag.home.exists()


def test_as_json(untag: Untag) -> None:
    unpack(MINIATURES["facebook"], untag.photos)
    (photo,) = json.loads(untag.run("sources", "--missing", "--json", untag.photos).out)
    assert (photo["link"], photo["platform"], photo["poster"]) == (SEVEN, "facebook", None)
    assert set(photo) == {"link", "platform", "posted_at", "poster", "people"}


def test_nothing_is_missing(untag: Untag) -> None:
    untag.add("plain.jpg", b"?")
    result = untag.run("sources", "--missing", untag.photos)
    assert (result.status, result.out) == (0, "")
    assert "0 links" in result.err
    assert "gallery-dl" not in result.err
    assert untag.run("sources", "--missing", "--json", untag.photos).out == "[]\n"


def test_a_photo_is_listed_once_whatever_the_form_of_its_link(untag: Untag) -> None:
    tagged(untag, SEVEN, folder="one")
    tagged(untag, "https://m.facebook.com/photo/?fbid=7&set=t.1", folder="two")
    assert untag.run("sources", "--missing", untag.photos).out.splitlines() == [SEVEN]


def test_what_was_fetched_meanwhile_is_left_out(untag: Untag) -> None:
    tagged(untag, SEVEN, "https://www.facebook.com/photo.php?fbid=8")
    sidecar = {"category": "facebook", "subcategory": "photo", "id": "7", "extension": "jpg"}
    untag.add("gallery-dl/7.jpg", b"?")
    untag.add("gallery-dl/7.jpg.json", json.dumps(sidecar).encode())
    result = untag.run("sources", "--missing", untag.photos)
    assert result.out.splitlines() == ["https://www.facebook.com/photo.php?fbid=8"]
    assert "1 photo of which there is a copy" in result.err


def test_what_cannot_be_read_is_named(untag: Untag) -> None:
    untag.add("a.zip", b"no zip")
    result = untag.run("sources", "--missing", untag.photos)
    assert (result.status, result.out) == (1, "")
    assert "a.zip: it is not a zip archive" in result.err


HOSTILE = [
    "javascript:alert(1)",
    "file:///etc/passwd",
    "-o/tmp/x",
    "# https://www.facebook.com/photo.php?fbid=7",
    "https://www.facebook.com/photo.php?fbid=7\nhttps://elsewhere.org/",
    "https://www.facebook.com/photo.php?fbid=7\x1b[2J",
    "https://www.facebook.com/photo.php?fbid=7 --exec=x",
    "https://www.facebook.com/\u202egpj.exe",
    "https://www.facebook.com@elsewhere.org/photo.php?fbid=7",
    "https://www.facebook.com\\@elsewhere.org/",
    "https://www.f\u0430cebook.com/photo.php?fbid=7",
    "https:///photo",
    "https://[",
    "",
]


@pytest.mark.parametrize("link", HOSTILE)
def test_hostile_links_are_no_addresses(link: str) -> None:
    assert web_address(link) is None


@pytest.mark.parametrize("link", HOSTILE)
def test_hostile_links_are_never_printed(untag: Untag, link: str) -> None:
    tagged(untag, link, "https://www.facebook.com/photo.php?fbid=8")
    result = untag.run("sources", "--missing", untag.photos)
    lines = result.out.splitlines()
    assert lines[-1] == "https://www.facebook.com/photo.php?fbid=8"
    # A reader may build a link from the number beside it; nothing of the hostile one gets through.
    assert set(lines[:-1]) <= {"https://www.facebook.com/photo/?fbid=70", "https://www.facebook.com/photo.php?fbid=70"}


def test_other_characters_are_encoded() -> None:
    assert web_address("https://a.org/ü'\"$(x)`|?q=1&r=%20#z") == "https://a.org/%C3%BC%27%22$(x)%60%7C?q=1&r=%20#z"


def test_from_python(untag: Untag) -> None:
    unpack(MINIATURES["facebook"], untag.photos)
    with package.open(untag.home) as home:
        found = home.missing(untag.photos)
    assert [photo.link for photo in found.photos] == [SEVEN]
    assert (found.without_link, found.refused, found.here, list(found.unreadable)) == (0, 0, 0, [])
