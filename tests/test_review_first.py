"""The first visit's pages without a browser: what they take, what they refuse, and names that are no UTF-8."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

import untag as library
from fakes import ME, Square, Untag, paint
from untag.review.app import make_app
from untag.review.parts import Parts, make_parts
from untag.review.surveys import Surveys

WORKER = (sys.executable, str(Path(__file__).with_name("worker_with_fakes.py")))


@pytest.fixture
def parts(untag: Untag) -> Iterator[Parts]:
    settings = library.open(untag.home, tend=False).settings

    def fail(error: Exception) -> None:
        raise AssertionError("a page met a bug") from error

    made = make_parts(settings, lambda _: library.open(untag.home, tend=False), fail, WORKER)
    yield made
    made.working.close()


@pytest.fixture
def client(parts: Parts) -> FlaskClient:
    return make_app(parts).test_client()


def post(client: FlaskClient, path: str, code: int = 200, /, **said: object) -> dict[str, Any]:
    answer = client.post(path, json=said, headers={"Accept": "application/json"})
    assert answer.status_code == code, answer.text
    return dict(answer.json or {})


def get(client: FlaskClient, path: str, code: int = 200) -> dict[str, Any]:
    answer = client.get(path, headers={"Accept": "application/json"})
    assert answer.status_code == code, answer.text
    return dict(answer.json or {})


def test_looking_at_the_pages_stores_nothing(client: FlaskClient, untag: Untag) -> None:
    for path in ("/", "/welcome", "/welcome/who", "/welcome/state", "/scan", "/scan/state", "/scan/found", "/state"):
        assert client.get(path).status_code in (200, 303)
    assert not untag.home.exists()


def test_places_are_added_and_taken_away(client: FlaskClient, untag: Untag) -> None:
    untag.add("a/1.png", paint(ME))
    untag.add("b/2.png", paint(ME))
    both = [str(untag.photos / "a"), str(untag.photos / "b")]
    assert post(client, "/welcome/places", add=both)["paths"] == both
    # The same again, with a slash, is no third.
    assert post(client, "/welcome/places", add=[both[0] + "/"])["paths"] == both
    assert post(client, "/welcome/places", remove=[both[0]])["paths"] == both[1:]
    assert both[1] in client.get("/welcome").text and both[0] not in client.get("/welcome").text
    about = get(client, "/welcome/about/0")
    assert about["path"] == both[1] and about["archives"][0]["photos"] == 1
    get(client, "/welcome/about/1", 404)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"add": ["/no/such/place"]}, "no such file or folder"),
        ({"add": ["bad\0path"]}, "no path"),
        ({"add": ["/dev/null"]}, "neither a file nor a folder"),
        ({"add": "/tmp"}, "a text"),
        ({"add": [1]}, "a text"),
        ({"add": ["a" * 5000]}, "a text"),
    ],
)
def test_a_place_that_is_none_is_refused_in_words(client: FlaskClient, said: dict[str, object], words: str) -> None:
    assert words.lower() in post(client, "/welcome/places", 400, **said)["error"].lower()
    assert client.post("/welcome/places", data=b"[1", content_type="application/json").status_code == 400


def test_nothing_is_done_without_places_or_a_face(client: FlaskClient, untag: Untag) -> None:
    assert "name a folder" in post(client, "/welcome/look", 400)["error"]
    assert "name a folder" in post(client, "/scan/start", 400)["error"]
    untag.add("1.png", paint(ME))
    post(client, "/welcome/places", add=[str(untag.photos)])
    assert "your face" in post(client, "/scan/start", 400)["error"]


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({}, 400),
        ({"shown": "1", "groups": [0]}, 400),
        ({"shown": 1, "groups": ["0"]}, 400),
        ({"shown": 1, "groups": [True]}, 400),
        ({"shown": 1, "groups": [0]}, 400),
    ],
)
def test_a_choice_that_is_none_is_refused(client: FlaskClient, said: dict[str, object], code: int) -> None:
    post(client, "/welcome/me", code, **said)
    assert client.get("/welcome/face/0/0/0").status_code == 404


def test_a_folder_whose_name_is_no_utf_8_goes_all_the_way(client: FlaskClient, parts: Parts, untag: Untag) -> None:
    folder = os.fsencode(untag.root) + b"/f\xe9te"
    try:
        Path(os.fsdecode(folder)).mkdir()
    except OSError:
        pytest.skip("this file system has no such names")
    untag.photos.symlink_to(os.fsdecode(folder))
    for number in range(3):
        untag.add(f"{number}.png", paint(Square(off=number / 50, side=60 + 20 * number), serial=number))
    shown = f"{untag.root}/f\\xe9te"
    (completed,) = get(client, f"/welcome/complete?path={untag.root}/f")["paths"]
    assert completed == shown + os.sep
    assert post(client, "/welcome/places", add=[completed])["paths"] == [shown]
    assert shown in client.get("/welcome").text
    assert get(client, "/welcome/about/0")["archives"][0]["photos"] == 3
    post(client, "/welcome/look")
    people = wait(client)
    assert client.get(f"/welcome/face/{people}/0/0").data.startswith(b"\xff\xd8")
    assert post(client, "/welcome/me", shown=people, groups=[0], sure=False)["used"] == 3
    post(client, "/scan/start")
    wait(client)
    assert parts.working.progress.summary is not None and parts.working.progress.summary["photos"] == 3
    assert shown in client.get("/scan").text


def wait(client: FlaskClient) -> int | None:
    """Waits until nothing runs; the number of the people that were found."""
    ends = time.monotonic() + 60
    while (state := get(client, "/welcome/state"))["doing"] is not None:
        assert time.monotonic() < ends
        time.sleep(0.02)
    assert state["failed"] is None
    return None if state["people"] is None else int(state["people"])


def test_pictures_begin_anew_with_the_first(client: FlaskClient) -> None:
    def send(name: str, first: bool = False) -> Any:
        return client.post(f"/welcome/picture?name={name}{'&first=1' if first else ''}", data=b"x").json

    assert send("a", first=True) == {"held": 1}
    assert send("b") == {"held": 2}
    assert send("c", first=True) == {"held": 1}


def test_a_place_that_takes_long_keeps_nobody_waiting() -> None:
    surveys = Surveys()
    begun, go_on = threading.Event(), threading.Event()

    def slow() -> str:
        begun.set()
        go_on.wait()
        return "slow"

    thread = threading.Thread(target=lambda: surveys.of("/slow", slow))
    thread.start()
    begun.wait()
    assert surveys.of("/other", lambda: "other") is None
    go_on.set()
    thread.join()
    assert surveys.of("/other", lambda: "other") == "other"
    assert surveys.of("/slow", lambda: pytest.fail("it is known")) == "slow"
    surveys.forget("/slow")
    assert surveys.of("/slow", lambda: "again") == "again"


def test_a_survey_that_fails_blocks_no_other() -> None:
    surveys = Surveys()
    with pytest.raises(OSError, match="gone"):
        surveys.of("/a", lambda: (_ for _ in ()).throw(OSError("gone")))
    assert surveys.of("/a", lambda: 1) == 1
