"""The table: aligned and whole in a pipe, coloured and fitting on a terminal."""

from __future__ import annotations

import io
import re
from dataclasses import replace

import pytest
from rich.cells import cell_len

from untag.cli.terminal import draw_lines
from untag.findings.counting import fold
from untag.reports import table_lines
from untag.reports.summary import places_online, report_summary
from untag.reports.table import shorten
from untag.types import Action, Finding, LinkConfidence, Origin, Place, Status, Verdict

LINK = Origin("facebook", "https://www.facebook.com/1", LinkConfidence.CERTAIN, "Bea")


def finding(path: str, risk: int, **changes: object) -> Finding:
    base = Finding(
        path,
        "0" * 64,
        "folder",
        Origin(),
        "ana",
        Verdict.ME,
        0.94,
        {},
        risk,
        (),
        Action.KEEP,
        taken_at="2019-07-14T23:10",
    )
    return replace(base, **changes)  # type: ignore[arg-type]


PARTY = finding(
    "/photos/2019/party/IMG_1.jpg",
    72,
    categories={"alcohol": 0.87, "party": 0.61, "crowd": 0.7},
    action=Action.UNTAG,
    origin=LINK,
)
COPY = replace(PARTY, path="/backup/IMG_1 (1).jpg", duplicate_of=PARTY.path, origin=Origin())
BEACH = finding("/photos/2020/海辺/IMG_2.jpg", 3)
UNSURE = finding("/photos/IMG_3.jpg", 9, verdict=Verdict.MAYBE, similarity=0.61, action=Action.REVIEW, taken_at=None)
DONE = finding("/photos/IMG_4.jpg", 100, categories={"weapon": 0.9}, action=Action.UNTAG, status=Status.DONE)
NOT_ME = finding("/photos/IMG_5.jpg", 50, categories={"weapon": 0.9}, action=Action.UNTAG, status=Status.NOT_ME)
ALL = [BEACH, UNSURE, PARTY, COPY, DONE, NOT_ME]


def table(*findings: Finding, terminal: bool | None = None, width: int | None = None) -> str:
    stream = io.StringIO()
    draw_lines(lambda room: table_lines(fold(findings), room), stream, terminal=terminal, width=width)
    return stream.getvalue()


def without_colours(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def test_golden_table() -> None:
    # The id of 64 zeros, which all of these have.
    assert table(*ALL).replace("zzzzzzzzzz", "#").replace("Id        ", "I") == (
        "I  Risk  Who        Categories                         Date        Action  Status  Photo\n"
        "#   100  you 94%    weapon 90%                         2019-07-14  untag   done    /photos/IMG_4.jpg\n"
        "#    72  you 94%    alcohol 87%, party 61%, crowd 70%  2019-07-14  untag           "
        "/photos/2019/party/IMG_1.jpg  +1 copy\n"
        "                  https://www.facebook.com/1\n"
        "#    50  you 94%    weapon 90%                         2019-07-14  untag   not-me  /photos/IMG_5.jpg\n"
        "#     9  maybe 61%                                                 review          /photos/IMG_3.jpg\n"
        "#     3  you 94%                                       2019-07-14  keep            "
        "/photos/2020/海辺/IMG_2.jpg\n"
        "\n"
        "3 photos show you; 1 with something you may not want online; 1 to check; 2 decided; 1 copy folded in\n"
    )


def test_a_pipe_gets_no_colours_and_whole_paths() -> None:
    long = "/archive" + "/a very long folder name" * 20 + "/x.jpg"
    text = table(replace(PARTY, path=long), width=40)
    assert "\x1b" not in text
    assert long in text


def test_colours_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    assert "\x1b[" in table(PARTY, terminal=True, width=120)
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[" not in table(PARTY, terminal=True, width=120), "neither red nor bold nor dim"


@pytest.mark.parametrize("width", [40, 60, 80, 100, 140])
def test_a_terminal_is_never_overrun(width: int) -> None:
    deep = replace(PARTY, path="/archive" + "/folder" * 30 + "/IMG_1.jpg", action=Action.REQUEST_REMOVAL)
    lines = without_colours(table(deep, UNSURE, terminal=True, width=width)).splitlines()
    photos = [line for line in lines if ".jpg" in line]
    assert len(photos) == 2
    assert all(cell_len(line) <= width for line in photos)
    assert any("…/" in line and line.rstrip().endswith("IMG_1.jpg") for line in photos)


def test_a_narrow_terminal_gets_two_lines_a_photo() -> None:
    lines = without_colours(table(PARTY, BEACH, terminal=True, width=60)).splitlines()
    assert lines[:2] == [
        "zzzzzzzzzz · 72 · you 94% · alcohol 87%, party 61% +1 · 2019-07-14 · untag",
        "  /photos/2019/party/IMG_1.jpg",
    ]
    assert "Risk" not in "\n".join(lines)


def test_names_cannot_steer_the_terminal() -> None:
    evil = replace(PARTY, path="/x/\x1b[2J\r\n[red]a[/red]\u202egpj.jpg", categories={"a\x1bb": 0.5})
    text = table(evil)
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert r"/x/\x1b[2J\r\n[red]a[/red]\u202egpj.jpg" in text


def test_several_people_are_named() -> None:
    assert "you 94% ana" in table(PARTY, replace(BEACH, person="bea"))
    assert "ana" not in table(PARTY, BEACH)


def test_nothing_found_says_what_to_do() -> None:
    text = table()
    assert "untag enroll" in text
    assert "untag scan" in text
    assert "Risk" not in text


@pytest.mark.parametrize(
    ("path", "width", "short"),
    [
        ("/a/b/c.jpg", 10, "/a/b/c.jpg"),
        ("/a/b/c.jpg", 9, "…/b/c.jpg"),
        ("/a/b/c.jpg", 7, "…/c.jpg"),
        ("/a/long-name.jpg", 9, "…name.jpg"),
        ("/写真/海辺.jpg", 10, "…/海辺.jpg"),
        ("/a/b", 1, "…"),
    ],
)
def test_paths_lose_their_start(path: str, width: int, short: str) -> None:
    assert shorten(path, width) == short
    assert cell_len(short) <= width


def test_a_copy_with_a_link_speaks_for_the_picture() -> None:
    plain = replace(PARTY, origin=Origin())
    linked = replace(COPY, origin=LINK)
    (group,) = fold([plain, linked])
    assert group.finding is linked
    assert group.copies == (plain,)


def test_copies_without_their_first_and_decided_copies() -> None:
    second = replace(COPY, path="/backup/2.jpg")
    assert len(fold([COPY, second])) == 1
    assert len(fold([replace(PARTY, status=Status.DONE), COPY])) == 2
    assert len(fold([PARTY, replace(COPY, person="bea")])) == 2


LIKELY = replace(LINK, permalink="https://www.facebook.com/2", permalink_confidence=LinkConfidence.PROBABLE)
SENT = Origin("whatsapp", poster="Cy")
ORIGINS = {"/a": Origin(), "/b": LIKELY, "/c": SENT, "/d": LINK, "/e": LINK}
PLACES = tuple(Place(path, "folder", origin) for path, origin in ORIGINS.items())


def test_places_online_are_each_named_once_certain_links_first() -> None:
    def places(*findings: Finding) -> list[str]:
        (group,) = fold(findings)
        return [place.path for place in places_online(group)]

    assert places(replace(PARTY, places=PLACES)) == ["/d", "/b", "/c"]
    assert places(PARTY, COPY) == [PARTY.path]
    assert places(BEACH, replace(BEACH, path="/z.jpg", duplicate_of=BEACH.path)) == []


@pytest.mark.parametrize(
    ("places", "line"),
    [
        (PLACES, "                  https://www.facebook.com/1 and 2 more places"),
        (PLACES[:3], "                  https://www.facebook.com/2 and 1 more place"),
        (PLACES[3:], "                  https://www.facebook.com/1"),
        (PLACES[2:3], ""),
    ],
)
def test_the_first_link_and_how_many_places_more(places: tuple[Place, ...], line: str) -> None:
    assert table(replace(PARTY, places=places)).splitlines()[2] == line
    stacked = without_colours(table(replace(PARTY, places=places), terminal=True, width=60)).splitlines()
    assert stacked[2] == line.replace(" " * 18, "  ")


def test_whom_only_a_tag_names_is_not_alike() -> None:
    assert "  maybe  " in table(replace(UNSURE, similarity=0.0))


def test_counts() -> None:
    without_you = finding("/x.jpg", 10, verdict=Verdict.OTHER, person=None, categories={"weapon": 1.0})
    found = report_summary(fold([*ALL, without_you]))
    counts = found.counts
    assert (counts.showing_you, counts.flagged, counts.unsure, counts.decided, counts.copies) == (3, 1, 1, 2, 1)
    assert counts.without_you == 1
    assert found.categories == {"weapon": 3, "alcohol": 1, "party": 1, "crowd": 1}
    assert (found.first_day, found.last_day) == ("2019-07-14", "2019-07-14")


def test_the_day_of_the_post_where_none_other_is_known() -> None:
    origin = Origin("facebook", posted_at="2018-05-12T22:00:00Z")
    posted = finding("/photos/6.jpg", 5, taken_at=None, origin=origin)
    assert "posted 2018-05-12  keep" in table(posted)
    assert "posted" not in table(replace(posted, taken_at="2017-01-01"))


def test_the_link_to_act_on_goes_first() -> None:
    likely = Origin("flickr", "https://flickr.example/2", LinkConfidence.PROBABLE, "Cy")
    places = (Place("1.jpg", "folder", LINK), Place("2.jpg", "folder", likely))
    assert "https://flickr.example/2 and 1 more place" in table(replace(PARTY, places=places, act_on=likely.permalink))
    assert "https://www.facebook.com/1 and 1 more place" in table(replace(PARTY, places=places))
