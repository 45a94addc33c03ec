"""The HTML report: loads nothing, runs nothing that a photo's names bring along, and is written whole or not at all."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
import stat
from collections.abc import Callable, Iterable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from PIL import Image

from untag.errors import AwayError, UsageError
from untag.findings.counting import HeldPictures, fold
from untag.imaging.thumbnail import Thumbnail, make_thumbnail
from untag.reports.cards import day_words, link_of
from untag.reports.html import write_report
from untag.reports.pictures import thumbnail_size
from untag.support.home import MARKS
from untag.types import Action, Box, Finding, LinkConfidence, Origin, Place, Status, Verdict

PLAIN = Finding(
    path="/photos/party/IMG_1.jpg",
    sha256="0" * 64,
    source="folder",
    origin=Origin(
        "facebook", "https://www.facebook.com/photo?fbid=1&set=2", LinkConfidence.CERTAIN, "Bea", caption="Cheers"
    ),
    person="ana",
    verdict=Verdict.ME,
    similarity=0.94,
    categories={"alcohol": 0.87},
    risk=72,
    reasons=("Your face: 94 % alike", "alcohol 87 %: red wine"),
    action=Action.UNTAG,
    taken_at="2019-07-14T23:10:00",
    faces=(Box(400.0, 100.04, 600.0, 350.04),),
)


def held(findings: Iterable[Finding]) -> HeldPictures:
    return HeldPictures(fold(findings))


def _grey_jpeg() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (1600, 1200), (90, 90, 90)).save(out, "JPEG")
    return out.getvalue()


THUMBNAIL = make_thumbnail(_grey_jpeg())


class Page(HTMLParser):
    """The elements of a page with their attributes, and the text inside each kind of element."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.source = text
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {}
        self._inside = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._inside = tag
        self.texts.setdefault(tag, []).append("")

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.texts[self._inside][-1] += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def cards(self) -> list[dict[str, str | None]]:
        return [attributes for attributes in self.all("li") if (attributes.get("class") or "").startswith("card")]


def small(_: Finding) -> Thumbnail | None:
    return THUMBNAIL


def none(_: Finding) -> Thumbnail | None:
    return None


def page(folder: Path, *findings: Finding, thumbnail: Callable[[Finding], Thumbnail | None] = none) -> Page:
    output = folder / "report.html"
    written = write_report(
        held(findings),
        output,
        home=folder / "home",
        thumbnail=thumbnail,
        made_at="today",
        replace_worse=True,
    )
    counts = written.counts
    assert counts.photos + counts.copies == len(findings)
    return Page(output.read_text("utf-8"))


HOSTILE = [
    "<script>alert(1)</script>",
    '"onerror="alert(1)',
    "'onload='alert(1)",
    "</style></script><img src=https://evil.example/x>",
    "{{ 7*7 }}",
    "javascript:alert(1)",
]


@pytest.mark.parametrize("evil", HOSTILE)
def test_names_and_captions_stay_text(tmp_path: Path, evil: str) -> None:
    origin = Origin(evil, evil, LinkConfidence.CERTAIN, evil, (evil,), evil, evil, evil, evil, evil)
    hostile = Finding(
        evil, evil, evil, origin, evil, Verdict.ME, 0.9, {evil: 0.9}, 70, (evil,), Action.UNTAG, taken_at=evil,
        duplicate_of="x", faces=PLAIN.faces,
    )  # fmt: skip
    other_person = replace(PLAIN, person="bea")
    copies = [hostile, replace(hostile, path=evil + "2"), other_person]
    built = page(tmp_path, *copies, thumbnail=small)
    clean = page(tmp_path, replace(PLAIN, origin=Origin("x", caption="x")), other_person, thumbnail=small)
    assert len(built.all("script")) == len(built.all("style")) == 1
    assert {tag for tag, _ in built.elements} <= {tag for tag, _ in clean.elements} | {"details", "summary"}
    assert not [name for _, attributes in built.elements for name in attributes if name.startswith("on")]
    assert [link["href"] for link in built.all("a")] == [PLAIN.origin.permalink]
    assert evil in built.texts["bdi"]
    assert [json.loads(card["data-categories"] or "") for card in built.cards] == [["alcohol"], [evil]]


def test_nothing_is_loaded(tmp_path: Path) -> None:
    built = page(tmp_path, PLAIN, replace(PLAIN, path="2.jpg"), thumbnail=small)
    for tag, attributes in built.elements:
        assert tag not in {"link", "iframe", "object", "embed", "base", "form", "video", "audio", "source"}
        assert "srcset" not in attributes
        assert "style" not in attributes
        assert (attributes.get("src") or "data:image/jpeg;base64,").startswith("data:image/jpeg;base64,")
        if "href" in attributes:
            assert tag == "a"
            assert attributes["href"] == PLAIN.origin.permalink
            assert attributes["rel"] == "noreferrer noopener"
    assert "url(" not in built.texts["style"][0]
    assert "@import" not in built.texts["style"][0]
    assert "src" not in built.all("script")[0]


def test_the_policy_allows_exactly_this_style_and_script(tmp_path: Path) -> None:
    built = page(tmp_path, PLAIN)
    (policy,) = [meta["content"] for meta in built.all("meta") if meta.get("http-equiv") == "Content-Security-Policy"]
    assert policy is not None
    directives = dict(directive.split(" ", 1) for directive in policy.split("; "))
    assert directives["default-src"] == "'none'"
    assert directives["img-src"] == "data:"
    for kind in ("style", "script"):
        content = built.source.split(f"<{kind}>", 1)[1].split(f"</{kind}>", 1)[0]
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert directives[f"{kind}-src"] == f"'sha256-{digest}'"
    assert "unsafe" not in policy


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        " javascript:alert(1)",
        "javascript://example.org/%0aalert(1)",
        "https://example.org/\nx",
        "ftp://example.org/x",
        "data:text/html,x",
        "file:///etc/passwd",
        "//evil.example/x",
        "https://",
        "https://[broken",
        "www.facebook.com/1",
        "",
    ],
)
def test_only_web_addresses_become_links(url: str) -> None:
    assert link_of(Origin(permalink=url)) is None


def test_the_link_says_where_it_goes_and_how_sure_it_is() -> None:
    sure = Origin("facebook", "https://www.facebook.com/1", LinkConfidence.CERTAIN)
    links = [link_of(origin) for origin in (sure, replace(sure, platform=None), Origin())]
    assert [None if link is None else link.words for link in links] == ["Open on Facebook", "Open online", None]
    likely = link_of(replace(sure, permalink_confidence=LinkConfidence.PROBABLE))
    assert likely is not None
    assert likely.words == "Open likely link"


def test_highest_risk_first_and_copies_in_their_card(tmp_path: Path) -> None:
    findings = [replace(PLAIN, path=f"{risk}.jpg", risk=risk) for risk in (5, 100, 30, 64)]
    copy = replace(findings[1], path="copy.jpg", duplicate_of="100.jpg")
    built = page(tmp_path, *findings, copy)
    assert [card["data-risk"] for card in built.cards] == ["100", "64", "30", "5"]
    badges = [span["class"] for span in built.all("span") if (span.get("class") or "").startswith("risk")]
    assert badges == ["risk high", "risk high", "risk medium", "risk low"]
    assert "copy.jpg" in built.texts["bdi"]


def test_a_card_shows_the_id_that_decide_takes(tmp_path: Path) -> None:
    built = page(tmp_path, PLAIN)
    assert PLAIN.id in built.texts["p"]


def test_the_face_is_framed_in_pixels_of_the_original(tmp_path: Path) -> None:
    built = page(tmp_path, PLAIN, thumbnail=small)
    (image,) = built.all("img")
    assert (image["width"], image["height"], image["loading"]) == ("480", "360", "lazy")
    assert image["alt"] == "Photo IMG_1.jpg: alcohol; your face is framed"
    assert built.all("svg")[0]["viewbox"] == "0 0 1600 1200"
    frame = built.all("rect")[0]
    assert (frame["x"], frame["y"], frame["width"], frame["height"]) == ("400.0", "100.0", "200.0", "250.0")


def test_a_photo_that_cannot_be_read_has_a_placeholder(tmp_path: Path) -> None:
    built = page(tmp_path, PLAIN)
    assert not built.all("img")
    assert "The photo cannot be read now" in built.source


def in_places(*origins: Origin, act_on: str | None = None) -> Finding:
    places = tuple(Place(f"{number}.jpg", "folder", origin) for number, origin in enumerate(origins))
    return replace(PLAIN, places=places, act_on=act_on)


LIKELY = Origin("flickr", "https://flickr.example/2", LinkConfidence.PROBABLE, "Cy")


@pytest.mark.parametrize("act_on", [PLAIN.origin.permalink, LIKELY.permalink, None])
def test_a_button_for_the_link_to_act_on_and_a_list_of_the_others(tmp_path: Path, act_on: str | None) -> None:
    hostile = Origin("x", "javascript:alert(1)", LinkConfidence.CERTAIN, "Eve")
    built = page(tmp_path, in_places(LIKELY, Origin(), hostile, PLAIN.origin, act_on=act_on))
    (button,) = [link for link in built.all("a") if link.get("class") == "open"]
    (other,) = [link for link in built.all("a") if link.get("class") is None]
    links = [PLAIN.origin.permalink, LIKELY.permalink]
    assert [button["href"], other["href"]] == (links[::-1] if act_on == LIKELY.permalink else links)
    assert sorted(text.strip() for text in built.texts["a"]) == ["Open likely link", "Open on Facebook"]
    poster = "Bea" if act_on == LIKELY.permalink else "Cy"
    assert [name for name in built.texts["bdi"] if name in ("Bea", "Cy", "Eve")] == [poster]


def test_two_addresses_of_one_page_are_one_link(tmp_path: Path) -> None:
    same = replace(PLAIN.origin, permalink="https://m.facebook.com/photo.php?fbid=1")
    assert [link["href"] for link in page(tmp_path, in_places(PLAIN.origin, same)).all("a")] == [PLAIN.origin.permalink]


def test_the_day_of_the_post_where_none_other_is_known(tmp_path: Path) -> None:
    origins = [Origin("facebook", posted_at=moment) for moment in ("2018-05-13T08:00:00Z", "2018-05-12T22:00:00Z")]
    posted = replace(in_places(*origins), taken_at=None, path="/photos/2.jpg")
    built = page(tmp_path, posted)
    assert built.texts["time"] == ["posted 12 May 2018"]
    assert built.all("time")[0]["datetime"] == "2018-05-12T22:00:00Z"
    assert "Taken or posted 12 May 2018." in built.source
    built = page(tmp_path, posted, PLAIN)
    assert sorted(built.texts["time"]) == ["14 Jul 2019", "posted 12 May 2018"]
    assert "Taken or posted 12 May 2018 – 14 Jul 2019." in built.source


@pytest.mark.parametrize("permalink", ["https://www.facebook.com/photo?fbid=1", None])
def test_a_photo_without_a_copy_is_not_looked_for(tmp_path: Path, permalink: str | None) -> None:
    def never(_: Finding) -> Thumbnail | None:
        raise AssertionError("there is no file")

    origin = replace(PLAIN.origin, permalink=permalink)
    absent = replace(PLAIN, origin=origin, absent=True, verdict=Verdict.MAYBE, similarity=0.0, categories={}, faces=())
    built = page(tmp_path, absent, thumbnail=never)
    (said,) = [text for text in built.texts["p"] if "no copy" in text]
    assert ("open the link" in said) == (permalink is not None)
    assert [link["href"] for link in built.all("a")] == ([] if permalink is None else [permalink])
    assert [text.strip() for text in built.texts["h2"]] == ["Perhaps you"]
    assert "alike" not in "".join(built.texts["h2"] + built.texts["span"])


def test_summary_and_details(tmp_path: Path) -> None:
    done = replace(
        PLAIN, path="2.jpg", status=Status.DONE, taken_at="2020-02-01", categories={"weapon": 0.9, "alcohol": 0.7}
    )
    built = page(tmp_path, PLAIN, done)
    assert (
        "This file contains your photos. It was made on your machine and loads nothing from the network."
        in built.source
    )
    assert "Taken 14 Jul 2019 – 1 Feb 2020. Report made today." in built.source
    assert built.texts["dd"] == ["2", "1", "0", "1"]
    chips = {chip["data-category"] for chip in built.all("button") if "data-category" in chip}
    assert chips == {"alcohol", "weapon"}
    assert all(chip["aria-pressed"] == "false" for chip in built.all("button") if chip.get("class") == "chip")
    assert [card["class"] for card in built.cards] == ["card", "card decided"]
    assert ["Untag yourself" in built.source, "Done" in built.source, "Cheers" in built.texts["bdi"]] == [True] * 3
    assert set(PLAIN.reasons) <= set(built.texts["bdi"])


def test_filters_stay_away_without_javascript(tmp_path: Path) -> None:
    built = page(tmp_path, PLAIN)
    (section,) = built.all("section")
    assert section["class"] == "filters"
    assert "hidden" in section


def test_the_script_finds_what_it_asks_for(tmp_path: Path) -> None:
    built = page(tmp_path, PLAIN)
    ids = {attributes["id"] for _, attributes in built.elements if "id" in attributes}
    wanted = set(re.findall(r'getElementById\("([a-z]+)"\)', built.texts["script"][0]))
    assert wanted
    assert wanted <= ids


def test_an_empty_report_says_what_to_do(tmp_path: Path) -> None:
    built = page(tmp_path)
    assert "untag enroll" in built.source
    assert not built.all("section")


def test_several_people_are_named(tmp_path: Path) -> None:
    built = page(tmp_path, PLAIN, replace(PLAIN, path="2.jpg", person="bea"))
    assert sorted(name.strip() for name in built.texts["h2"]) == ["ana", "bea"]


def test_a_name_that_is_no_valid_utf8_does_not_stop_it(tmp_path: Path) -> None:
    built = page(tmp_path, replace(PLAIN, path=b"/x/caf\xe9.jpg".decode("utf-8", "surrogateescape")))
    assert "/x/caf?.jpg" in built.texts["bdi"]


def test_pictures_are_asked_for_one_by_one(tmp_path: Path) -> None:
    events: list[str] = []

    def thumbnail(finding: Finding) -> Thumbnail | None:
        events.append(finding.path)
        return None

    findings = [replace(PLAIN, path="a.jpg", risk=2), replace(PLAIN, path="b.jpg", risk=1)]
    write_report(
        held(findings),
        tmp_path / "r.html",
        home=tmp_path,
        thumbnail=thumbnail,
        made_at="",
        on_progress=lambda: events.append("done"),
    )
    assert events == ["a.jpg", "done", "b.jpg", "done"]


def test_the_file_is_private_and_replaced_only_when_whole(tmp_path: Path) -> None:
    output = tmp_path / "report.html"
    output.write_text("old")

    def fails(_: Finding) -> Thumbnail | None:
        raise RuntimeError("disk gone")

    with pytest.raises(RuntimeError, match="disk gone"):
        write_report(held([PLAIN]), output, home=tmp_path / "home", thumbnail=fails, made_at="today")
    assert output.read_text() == "old"
    assert sorted(tmp_path.rglob("*.*")) == [tmp_path / "home" / name for name in sorted(MARKS)] + [output]
    write_report(held([PLAIN]), output, home=tmp_path / "home", thumbnail=none, made_at="today")
    assert stat.S_IMODE(output.stat().st_mode) == 0o600
    assert sorted(tmp_path.rglob("*.*")) == [tmp_path / "home" / name for name in sorted(MARKS)] + [output]


def test_an_output_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is a folder"):
        write_report(held([]), tmp_path, home=tmp_path, thumbnail=none, made_at="")
    with pytest.raises(UsageError, match="does not exist"):
        write_report(held([]), tmp_path / "no" / "r.html", home=tmp_path, thumbnail=none, made_at="")


def test_many_photos_are_bounded_and_what_is_left_out_is_said(tmp_path: Path) -> None:
    findings = [replace(PLAIN, path=f"/{risk}.jpg", risk=risk) for risk in range(60, 40, -1)]
    decided = [replace(PLAIN, path=f"/done-{risk}.jpg", risk=risk, status=Status.DONE) for risk in (99, 98)]
    output = tmp_path / "report.html"

    def shown(limit: int | None) -> list[str]:
        written = write_report(
            held([*decided, *findings]), output, home=tmp_path, thumbnail=none, made_at="", limit=limit
        )
        assert (written.counts.photos, written.counts.decided) == (22, 2), "all are counted"
        cards = Page(output.read_text("utf-8")).cards
        assert written.shown == len(cards)
        return [str(card["data-risk"]) for card in cards]

    assert shown(3) == ["60", "59", "58"], "what is decided can wait"
    assert "The 3 most important photos are here, open ones first, and 19 more are left out." in output.read_text()
    assert "<code>untag report --limit 22 --output FILE.html</code>" in output.read_text()
    assert "<dt>decided</dt><dd>2</dd>" in output.read_text()
    assert shown(21) == ["99", *map(str, range(60, 40, -1))]
    for all_of_them in (22, 1000, None):
        assert len(shown(all_of_them)) == 22
        assert "left out" not in output.read_text()


def test_more_photos_have_smaller_pictures() -> None:
    sizes = [thumbnail_size(photos) for photos in (1, 200, 201, 500, 501, 1000, 1001, 100_000)]
    assert sizes == sorted(sizes, key=lambda size: (-size.max_side, -size.quality))
    assert (sizes[0].max_side, sizes[-1].max_side) == (480, 240)


def test_a_report_is_not_replaced_by_one_with_fewer_pictures(tmp_path: Path) -> None:
    output = tmp_path / "report.html"
    findings = [replace(PLAIN, path=f"/{name}.jpg") for name in "abc"]
    readable = {"/a.jpg", "/b.jpg", "/c.jpg"}

    def thumbnail(finding: Finding) -> Thumbnail | None:
        return small(finding) if finding.path in readable else None

    def write(*, force: bool = False) -> tuple[str, ...]:
        return write_report(
            held(findings), output, home=tmp_path, thumbnail=thumbnail, made_at="", replace_worse=force
        ).unread

    readable -= {"/c.jpg"}
    assert write() == ("/c.jpg",), "there was none before"
    assert write() == ("/c.jpg",), "it is no worse than the one before"
    before = output.read_bytes()
    readable -= {"/b.jpg"}
    with pytest.raises(AwayError, match=r"2 photos cannot be read now, such as /b.jpg, and .*report.html has pictures"):
        write()
    assert output.read_bytes() == before
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [output]
    assert write(force=True) == ("/b.jpg", "/c.jpg")
    readable.clear()
    assert write(force=True) == ("/a.jpg", "/b.jpg", "/c.jpg")
    assert write() == ("/a.jpg", "/b.jpg", "/c.jpg"), "a report without pictures is no loss"


@pytest.mark.parametrize(
    ("moment", "words"),
    [("2019-07-04T23:10:00", "4 Jul 2019"), ("2020-12-31", "31 Dec 2020"), ("2019", "2019"), ("soon", "soon")],
)
def test_days_in_words(moment: str, words: str) -> None:
    assert day_words(moment) == words
