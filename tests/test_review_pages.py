"""What the pages of the review say and do, without the server: each page, each decision, and what is never given."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import re
import sqlite3
import zipfile
from collections.abc import Iterator
from io import BytesIO
from urllib.parse import quote

import numpy as np
import pytest
from flask.testing import FlaskClient
from PIL import Image
from werkzeug.test import TestResponse

import untag as library
from fakes import ME, STRANGER, FakeEngine, Result, Square, Untag, install, paint
from untag.cli.app import _run
from untag.findings.evenings import same_evening
from untag.review.app import make_app
from untag.review.parts import Parts, make_parts
from untag.review.reviewing import finding_of
from untag.review.thumbnails import Side, Thumbnails
from untag.types import Status


class Pages:
    """The pages of a home folder, and what was a bug in them."""

    def __init__(self, untag: Untag) -> None:
        self.bugs: list[Exception] = []
        self.untag = untag
        settings = library.open(untag.home, tend=False).settings
        self.parts: Parts = make_parts(settings, lambda _: library.open(untag.home, tend=False), self.bugs.append)
        self.client: FlaskClient = make_app(self.parts).test_client()

    def get(self, path: str) -> TestResponse:
        return self.client.get(path)

    def json(self, path: str, code: int = 200, /) -> dict[str, object]:
        answer = self.client.get(path, headers={"Accept": "application/json"})
        assert answer.status_code == code, answer.text
        return dict(answer.json or {})

    def post(self, path: str, code: int = 200, /, **said: object) -> dict[str, object]:
        answer = self.client.post(path, json=said, headers={"Accept": "application/json"})
        assert answer.status_code == code, answer.text
        return dict(answer.json or {})

    def names(self, path: str = "/") -> list[str]:
        """The names of the photos on a page, in order."""
        return re.findall(r'data-name="([^"]*)"', self.get(path).text)

    def hashes(self) -> dict[str, str]:
        """The SHA-256 of each photo by its name."""
        with library.open(self.untag.home, tend=False) as home:
            found = home.findings(status=list(Status))
            return {str(finding.path).rpartition("/")[2]: finding.sha256 for finding in found}

    def status(self, name: str) -> Status:
        with library.open(self.untag.home, tend=False) as home:
            return home.finding(self.hashes()[name]).status


# Faces of different sizes, or the pictures would be taken for copies of one.
PHOTOS = {
    "drink.png": paint(ME, serial=1, alcohol=0.95),
    "rifle.png": paint(Square(off=0.1, side=50), serial=2, weapon=1.0),
    "plain.png": paint(Square(off=0.2, side=90), serial=3),
    "maybe.png": paint(Square(off=0.8, side=110), serial=4),
    "near.png": paint(Square(off=0.8, seed=5, side=130), serial=5),
    "stranger.png": paint(STRANGER, serial=6),
}


def scanned(untag: Untag) -> Pages:
    """Five photos in a folder, one in a zip archive, of somebody who is enrolled; and one of somebody else."""
    untag.enroll()
    for name, data in PHOTOS.items():
        untag.add(name, data)
    with zipfile.ZipFile(untag.photos / "archive.zip", "w") as archive:
        archive.writestr("inside.png", paint(Square(off=0.25, side=150), serial=7, alcohol=0.9))
    untag.scan()
    return Pages(untag)


@pytest.fixture
def changing(untag: Untag) -> Pages:
    """For a test that leaves something changed."""
    return scanned(untag)


@pytest.fixture(scope="module")
def shared_pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    with pytest.MonkeyPatch.context() as patch:
        engine = FakeEngine()
        install(patch.setattr, engine)
        yield scanned(Untag(tmp_path_factory.mktemp("pages"), engine, scanning))


def scanning(arguments: list[str]) -> Result:
    """Runs a command; what it says is captured by nobody but pytest."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        status = _run(arguments)
    return Result(status, out.getvalue(), "")


@pytest.fixture
def pages(shared_pages: Pages) -> Pages:
    """For tests that change nothing, or take it back."""
    shared_pages.bugs.clear()
    return shared_pages


def test_the_first_page_has_what_is_to_be_decided_by_risk(pages: Pages) -> None:
    names = pages.names()
    assert set(names) == {"drink.png", "rifle.png", "plain.png", "maybe.png", "near.png", "inside.png"}
    risks = [int(risk) for risk in re.findall(r'class="risk \w+" aria-hidden="true">(\d+)<', pages.get("/").text)]
    assert risks == sorted(risks, reverse=True)


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("category=alcohol", {"drink.png", "inside.png"}),
        ("category=weapon", {"rifle.png"}),
        ("verdict=maybe", {"maybe.png", "near.png"}),
        ("show=kept", set()),
        ("show=no-such", {"drink.png", "rifle.png", "plain.png", "maybe.png", "near.png", "inside.png"}),
        ("poster=nobody", set()),
        ("min_risk=100", set()),
    ],
)
def test_filters_are_those_of_the_list(pages: Pages, query: str, names: set[str]) -> None:
    assert set(pages.names(f"/?{query}")) == names


@pytest.mark.parametrize("query", ["category=no-such", "since=yesterday", "sort=x", "min_risk=x", "verdict=x"])
def test_a_filter_that_there_is_not_is_said(pages: Pages, query: str) -> None:
    answer = pages.get(f"/?{query}")
    assert answer.status_code == 400
    assert "<h1>That did not work</h1>" in answer.text


@pytest.mark.parametrize("size", ["small", "large"])
@pytest.mark.parametrize("name", ["drink.png", "inside.png"])
def test_photos_are_shown_from_folders_and_archives(pages: Pages, name: str, size: str) -> None:
    answer = pages.get(f"/photo/{pages.hashes()[name]}/{size}")
    assert (answer.status_code, answer.content_type) == (200, "image/jpeg")
    assert Image.open(BytesIO(answer.data)).size == (240, 240)


def test_a_photo_that_is_gone_is_said(changing: Pages) -> None:
    sha256 = changing.hashes()["plain.png"]
    (changing.untag.photos / "plain.png").unlink()
    assert changing.get(f"/photo/{sha256}/small").status_code == 404
    assert changing.get(f"/finding/{sha256}").status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/photo/{path}/small",
        "/photo/..%2f..%2fetc%2fpasswd/small",
        "/photo/{stranger}/small",
        "/photo/" + "0" * 64 + "/small",
        "/photo/" + "Z" * 64 + "/small",
        "/photo/" + "%2e%2e%2f" * 8 + "/small",
        "/finding/" + "a" * 63,
        "/finding/" + "../" * 21 + "a",
        "/evening/" + "/" * 64,
        "/static/../app.py",
        "/static/%2e%2e/app.py",
        "/static/..%2fapp.py",
        "/static//etc/passwd",
    ],
)
def test_nothing_is_given_by_a_path(pages: Pages, path: str) -> None:
    stranger = hashlib.sha256(PHOTOS["stranger.png"]).hexdigest()
    inside = str(pages.untag.photos / "drink.png").replace("/", "%2f")
    assert pages.get(path.format(path=inside, stranger=stranger)).status_code in (308, 404)
    assert pages.bugs == []


def test_a_page_says_when_decisions_move_from_which_score_a_category_counts(untag: Untag) -> None:
    untag.enroll()
    for number in range(8):
        untag.add(f"{number}.png", paint(Square(side=40 + 12 * number), serial=number, alcohol=0.3))
    untag.scan()
    pages = Pages(untag)
    ids = list(pages.hashes().values())
    assert "moved" not in pages.post("/decide", ids=ids[:2], status="keep")
    moved = str(pages.post("/decide", ids=ids[2:], status="keep")["moved"])
    assert moved.startswith("Alcohol will count from 30%, by what you decided")
    assert "usual again" in str(pages.post("/undo", ids=ids[2:])["moved"])
    answer = pages.post("/decide-all", filter="category=alcohol", status="keep", count=6)
    assert answer["moved"] == moved


@pytest.mark.parametrize("status", [one for one in Status if one is not Status.OPEN])
def test_a_decision_is_recorded_and_taken_back(pages: Pages, status: Status) -> None:
    sha256 = pages.hashes()["drink.png"]
    answer = pages.post("/decide", ids=[sha256], status=status)
    assert answer == {"count": 1, "statuses": {sha256: status}}
    assert pages.status("drink.png") is status
    assert pages.post("/undo", ids=[sha256])["statuses"] == {sha256: "open"}
    assert pages.status("drink.png") is Status.OPEN
    pages.parts.learning.wait(30)


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"ids": []},
        {"ids": "all", "status": "keep"},
        {"ids": ["../../etc/passwd"], "status": "keep"},
        {"ids": [1], "status": "keep"},
        {"ids": ["0" * 64], "status": "keep"},
        {"ids": None, "status": "keep"},
        {"ids": ["{drink}"], "status": "open"},
        {"ids": ["{drink}"], "status": "burn"},
        {"ids": ["{drink}"], "status": ["keep"]},
        {"ids": ["{drink}", "0" * 64], "status": "keep"},
    ],
    ids=str,
)
def test_what_makes_no_sense_changes_nothing(pages: Pages, said: dict[str, object]) -> None:
    filled = json.loads(json.dumps(said).replace("{drink}", pages.hashes()["drink.png"]))
    assert "error" in pages.post("/decide", 400, **filled)
    assert pages.status("drink.png") is Status.OPEN
    assert pages.bugs == []


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"ids": NaN}'])
def test_what_is_no_json_changes_nothing(pages: Pages, body: bytes) -> None:
    for path in ("/decide", "/undo", "/decide-all"):
        assert pages.client.post(path, data=body, content_type="application/json").status_code == 400
    assert pages.bugs == []


def test_all_that_fit_are_decided_at_once(changing: Pages) -> None:
    assert changing.post("/count", filter="category=alcohol")["count"] == 2
    refused = changing.post("/decide-all", 400, filter="category=alcohol", status="keep", count=3)
    assert refused["error"] == "2 photos fit now, not 3: look at them again. Nothing was decided."
    assert changing.status("drink.png") is Status.OPEN
    answer = changing.post("/decide-all", filter="category=alcohol", status="keep", count=2)
    assert (answer["count"], answer["photos"]) == (2, 2)
    assert set(changing.names("/?show=kept")) == {"drink.png", "inside.png"}


def test_what_is_decided_elsewhere_is_seen(changing: Pages) -> None:
    mark = changing.json("/state")["mark"]
    assert changing.json(f"/state?since={quote(str(mark))}")["statuses"] == {}
    assert changing.untag.run("decide", changing.untag.photos / "drink.png", "--status", "keep").status == 0
    sha256 = changing.hashes()["drink.png"]
    changed = changing.json(f"/state?since={quote(str(mark))}")
    assert changed["statuses"] == {sha256: "keep"}
    assert changing.untag.run("decide", changing.untag.photos / "drink.png", "--undo").status == 0
    again = changing.json(f"/state?since={quote(str(changed['mark']))}")
    assert again["statuses"] == {sha256: "open"}
    assert changing.json(f"/state?since={quote(str(again['mark']))}")["statuses"] == {}


@pytest.mark.parametrize("mark", ["", "x", "1", "9" * 30, "-1//", "0//' OR 1=1", "1/%00/"])
def test_a_strange_mark_does_no_harm(pages: Pages, mark: str) -> None:
    pages.json(f"/state?since={quote(str(mark))}")
    assert pages.bugs == []


def test_the_large_view_says_where_the_face_and_the_thing_are(pages: Pages) -> None:
    text = pages.get(f"/finding/{pages.hashes()['drink.png']}").text
    assert 'data-width="240" data-height="240"' in text
    (face,) = json.loads(re.findall(r"data-faces='([^']*)'", text)[0])
    assert np.allclose(face, [4, 20, 74, 90])
    assert "alcohol 95 %" in text
    assert str(pages.untag.photos / "drink.png") in text


def test_words_from_files_stay_words(changing: Pages) -> None:
    untag = changing.untag
    untag.add("<img src=x onerror=alert(1)>.png", paint(Square(off=0.05, side=170), serial=50))
    untag.scan()
    text = changing.get("/").text
    assert "<img src=x" not in text
    assert "&lt;img src=x onerror=alert(1)&gt;" in text


def test_pages_have_nothing_inline_and_nothing_from_elsewhere(pages: Pages) -> None:
    sha256 = pages.hashes()["drink.png"]
    paths = ["/", "/maybe", f"/finding/{sha256}", f"/evening/{sha256}", "/?show=all"]
    for text in [*(pages.get(path).text for path in paths), *(str(f["html"]) for f in faces(pages))]:
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=|javascript:", text)
        assert not re.search(r"(?:src|href)=\"(?:https?:)?//", text)


def faces(pages: Pages, query: str = "") -> list[dict[str, object]]:
    found = pages.json(f"/maybe/next{query}")["faces"]
    assert isinstance(found, list)
    return found


def test_a_yes_improves_the_profile_and_judges_again(changing: Pages) -> None:
    with library.open(changing.untag.home, tend=False) as home:
        before = len(home.references("me"))
    first, second = faces(changing)
    assert (first["id"], second["id"]) != (second["id"], first["id"])
    ids = first["ids"]
    assert isinstance(ids, list)
    with library.open(changing.untag.home, tend=False) as home:
        alike = home.finding(ids[0]).similarity
    changing.post("/decide", ids=ids, status="is-me")
    changing.parts.learning.wait(60)
    with library.open(changing.untag.home, tend=False) as home:
        assert len(home.references("me")) == before + 1
        assert home.finding(ids[0]).similarity > alike
    assert changing.json("/state")["learning"] == {"times": 1, "busy": False, "trouble": None}
    assert ids not in [face["ids"] for face in faces(changing)]

    changing.post("/undo", ids=ids)
    changing.parts.learning.wait(60)
    with library.open(changing.untag.home, tend=False) as home:
        assert len(home.references("me")) == before
        assert home.finding(ids[0]).similarity == pytest.approx(alike)


def test_other_decisions_teach_nothing(changing: Pages) -> None:
    for status in ("keep", "untag", "not-me"):
        changing.post("/decide", ids=[changing.hashes()["maybe.png"]], status=status)
    changing.parts.learning.wait(30)
    assert changing.json("/state")["learning"] == {"times": 0, "busy": False, "trouble": None}


def test_faces_that_were_passed_over_come_no_more(pages: Pages) -> None:
    first, second = faces(pages)
    assert [face["id"] for face in faces(pages, f"?passed={first['id']}")] == [second["id"]]
    assert faces(pages, f"?passed={first['id']}&passed={second['id']}") == []


def test_a_bug_is_told_and_says_nothing_of_the_user(pages: Pages, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("/home/jane/secret")

    monkeypatch.setattr("untag.review.reviewing.page_of", broken)
    answer = pages.get("/")
    assert answer.status_code == 500
    assert "jane" not in answer.text
    assert [type(bug) for bug in pages.bugs] == [ZeroDivisionError]


def test_a_database_that_is_held_is_said_and_nothing_is_taken_for_saved(
    changing: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    sha256 = changing.hashes()["drink.png"]
    monkeypatch.setattr("untag.store.db.BUSY_SECONDS", 0.05)
    holder = sqlite3.connect(changing.untag.home / "untag.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    try:
        answer = changing.post("/decide", 503, ids=[sha256], status="keep")
        assert "is in use by another program" in str(answer["error"])
        assert changing.json("/state")["statuses"] == {}
    finally:
        holder.execute("ROLLBACK")
        holder.close()
    assert changing.status("drink.png") is Status.OPEN
    changing.post("/decide", ids=[sha256], status="keep")


def test_the_database_is_open_only_while_a_page_is_made(changing: Pages) -> None:
    """`untag forget` cannot erase what is open elsewhere."""
    changing.get("/")
    picture = f"/photo/{changing.hashes()['drink.png']}/small"
    assert changing.get(picture).status_code == 200
    assert not (changing.untag.home / "untag.db-wal").exists()
    assert changing.untag.run("forget", "--all", "--yes").status == 0
    assert changing.get(picture).status_code in (404, 503), "a picture that is kept in memory is forgotten as well"
    assert changing.names() == []


def test_a_picture_is_looked_up_again_only_when_the_database_has_changed(
    pages: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    sha256 = pages.hashes()["drink.png"]
    asked: list[str] = []

    def looked_up(wanted: str) -> library.Finding:
        asked.append(wanted)
        return finding_of(wanted)

    monkeypatch.setattr("untag.review.photos.finding_of", looked_up)
    for _ in range(3):
        assert pages.get(f"/photo/{sha256}/small").status_code == 200
        pages.get("/")
    first = len(asked)
    assert first <= 1
    pages.post("/decide", ids=[sha256], status="keep")
    pages.post("/undo", ids=[sha256])
    assert pages.get(f"/photo/{sha256}/small").status_code == 200
    assert len(asked) == first + 1


def test_thumbnails_are_kept_within_bounds(pages: Pages) -> None:
    made: list[str] = []
    with library.open(pages.untag.home, tend=False) as home:
        settings, found = home.settings, list(home.findings(status=list(Status)))
    thumbnails = Thumbnails(settings, most_bytes=4000)
    for finding in (*found, *found):
        assert thumbnails.of(finding, Side.SMALL, ()) is not None
        made.append(finding.id)
        assert thumbnails.nbytes <= 4000


@pytest.mark.parametrize(
    ("moment", "others", "expected"),
    [
        ("2019-07-14", ["2019-07-14", "2019-07-14T21:00:00", "2019-07-15"], {"2019-07-14"}),
        (
            "2019-07-14T22:00:00",
            [
                "2019-07-14T09:00:00",
                "2019-07-14T20:00:00",
                "2019-07-15T00:30:00",
                "2019-07-15T03:00:00",
                "2019-07-15T09:00:00",
            ],
            {"2019-07-14T20:00:00", "2019-07-14T22:00:00", "2019-07-15T00:30:00", "2019-07-15T03:00:00"},
        ),
        (
            "2019-07-14T22:00:00",
            ["2019-07-14", "2019-07-14T23:00:00+02:00"],
            {"2019-07-14T22:00:00", "2019-07-14T23:00:00+02:00"},
        ),
    ],
    ids=["a day", "past midnight", "with and without a zone"],
)
def test_an_evening_goes_on_until_nobody_takes_photos(moment: str, others: list[str], expected: set[str]) -> None:
    assert same_evening(moment, [moment, *others]) == expected


def test_an_evening_without_end_ends() -> None:
    hours = [f"2019-07-{14 + hour // 24:02d}T{hour % 24:02d}:00:00" for hour in range(72)]
    assert len(same_evening(hours[30], hours)) == 33
