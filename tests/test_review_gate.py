"""Who gets in to the review page, and what becomes of everybody else: over real sockets, with the real server."""

from __future__ import annotations

import http.client
import re
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from werkzeug.test import Client

import untag
from untag.errors import UsageError
from untag.review.access import Access
from untag.review.activity import Activity
from untag.review.gate import HEADERS, Gate
from untag.review.limits import MOST_BYTES
from untag.review.listener import CONNECTIONS
from untag.review.server import Ended, Serving, serve


@dataclass
class Served:
    """A server that runs, and who may come in."""

    address: str
    thread: threading.Thread
    ended: list[Ended]
    bugs: list[Exception]
    once: list[str]

    @property
    def port(self) -> int:
        return int(self.address.split(":")[2].split("/")[0])

    def ask(
        self, path: str, headers: dict[str, str] | None = None, *, method: str = "GET", body: bytes | None = None
    ) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
        finally:
            connection.close()

    def enter(self) -> tuple[str, dict[str, str]]:
        """The folder of the pages, and the headers of a browser that has the cookie."""
        status, headers, body = self.ask(self.address.split(str(self.port))[1])
        assert status == 200
        folder = re.search(rb"url=(/[\w-]+)/", body)
        assert folder is not None
        return folder[1].decode(), {"Cookie": headers["set-cookie"].split(";")[0]}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server on an empty home folder."""
    home = tmp_path_factory.mktemp("review") / "home"
    address: list[str] = []
    once: list[str] = []
    ended: list[Ended] = []
    bugs: list[Exception] = []
    there, stop = threading.Event(), threading.Event()

    def run() -> None:
        def announce(given: str) -> None:
            address.append(given)
            there.set()

        serving = Serving(
            untag.open(home).settings,
            lambda say: untag.open(home, on_message=say, tend=False),
            announce,
            bugs.append,
            until=stop.is_set,
            on_browser=once.append,
        )
        ended.append(serve(serving))

    thread = threading.Thread(target=run)
    thread.start()
    assert there.wait(30)
    yield Served(address[0], thread, ended, bugs, once)
    stop.set()
    thread.join(30)
    assert not thread.is_alive()
    assert bugs == []


def test_whoever_has_the_address_gets_in(served: Served) -> None:
    folder, cookie = served.enter()
    status, headers, body = served.ask(f"{folder}/welcome", cookie)
    assert status == 200
    assert b"<main" in body
    for name, value in HEADERS:
        assert headers[name.lower()] == value
    assert served.ask(f"{folder}/static/base.js", cookie)[0] == 200
    assert served.ask(f"{folder}/state", cookie)[0] == 200


def test_the_address_for_the_browser_is_good_for_one_visit(served: Served) -> None:
    """Its token stands in the list of processes, which others on the machine can read."""
    entry = served.once[0].split(str(served.port))[1]
    assert entry not in served.address
    assert served.ask(entry, {"Host": "untag.example"})[0] == 403, "a visit that is refused uses nothing up"
    status, headers, _ = served.ask(entry)
    assert (status, "set-cookie" in headers) == (200, True)
    status, headers, body = served.ask(entry)
    assert (status, "set-cookie" in headers) == (403, False)
    assert b"good for one visit" in body
    assert served.enter()[0]


def test_a_token_among_a_thousand_fields_opens_nothing(served: Served) -> None:
    entry = served.address.split(str(served.port))[1]
    assert served.ask(f"{entry}{'&a=1' * 1000}")[0] == 403


def test_the_cookie_is_for_the_browser_and_for_this_folder_alone(served: Served) -> None:
    _, headers, _ = served.ask(served.address.split(str(served.port))[1])
    folder, _ = served.enter()
    assert headers["set-cookie"].split("; ")[1:] == [f"Path={folder}/", "HttpOnly", "SameSite=Strict"]
    assert served.address.split("=")[1] not in headers["set-cookie"] + folder


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/?token=",
        "/?token=wrong",
        "/?token[]=x",
        "/static/base.js",
        "/state",
        "//state",
        "/..%2f",
        "/%2e%2e/",
        "*",
    ],
)
def test_without_the_token_nothing_is_shown(served: Served, path: str) -> None:
    status, headers, body = served.ask(path)
    assert status in (400, 403)
    assert "set-cookie" not in headers
    assert b"<nav" not in body


@pytest.mark.parametrize("cookie", ["", "untag-review=", "untag-review=wrong", "other=1", "untag-review"])
def test_without_the_cookie_nothing_is_shown(served: Served, cookie: str) -> None:
    folder, _ = served.enter()
    assert served.ask(f"{folder}/", {"Cookie": cookie} if cookie else {})[0] == 403


def test_the_cookie_of_another_start_opens_nothing(served: Served) -> None:
    folder, _ = served.enter()
    assert served.ask(f"{folder}/", {"Cookie": f"untag-review={Access(1).cookie}"})[0] == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "untag.example"},
        {"Host": "localhost"},
        {"Host": "127.0.0.1"},
        {"Host": "127.0.0.1:1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
    ids=str,
)
def test_another_page_gets_nothing(served: Served, headers: dict[str, str]) -> None:
    folder, cookie = served.enter()
    assert served.ask(f"{folder}/", {**cookie, **headers})[0] == 403
    if "Host" in headers:
        entry = served.address.split(str(served.port))[1]
        status, answered, _ = served.ask(entry, headers)
        assert (status, "set-cookie" in answered) == (403, False)


@pytest.mark.parametrize(
    "origin", [None, "null", "http://untag.example", "http://127.0.0.1", "https://127.0.0.1:{port}"]
)
def test_only_the_page_itself_may_change_anything(served: Served, origin: str | None) -> None:
    folder, cookie = served.enter()
    given = {} if origin is None else {"Origin": origin.format(port=served.port)}
    assert served.ask(f"{folder}/state", {**cookie, **given}, method="POST", body=b"{}")[0] in (400, 403)
    own = {"Origin": f"http://127.0.0.1:{served.port}"}
    # This page takes no POST: it was let through the gate, and refused after that.
    assert served.ask(f"{folder}/state", {**cookie, **own}, method="POST", body=b"{}")[0] == 405


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT"])
def test_other_methods_are_refused(served: Served, method: str) -> None:
    folder, cookie = served.enter()
    assert served.ask(f"{folder}/", cookie, method=method)[0] == 403


def test_the_body_of_a_stranger_is_not_read(served: Served) -> None:
    folder, _ = served.enter()
    head = f"POST {folder}/state HTTP/1.1\r\nHost: 127.0.0.1:{served.port}\r\nContent-Length: 20000000\r\n\r\n"
    with socket.create_connection(("127.0.0.1", served.port), 20) as stranger:
        stranger.sendall(head.encode())
        assert stranger.recv(100).startswith(b"HTTP/1.1 400")


def test_a_body_that_is_too_large_is_refused(served: Served) -> None:
    folder, cookie = served.enter()
    head = (
        f"POST {folder}/state HTTP/1.1\r\nHost: 127.0.0.1:{served.port}\r\nOrigin: http://127.0.0.1:{served.port}\r\n"
    )
    head += f"Cookie: {cookie['Cookie']}\r\nContent-Length: {MOST_BYTES + 1}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", served.port), 20) as somebody:
        somebody.sendall(head.encode())
        assert somebody.recv(100).startswith(b"HTTP/1.1 413")


def test_it_listens_at_127_0_0_1_alone(served: Served) -> None:
    with socket.socket() as other, pytest.raises(OSError):
        other.settimeout(5)
        other.connect(("127.0.0.2", served.port))


def test_those_who_say_nothing_keep_nobody_out_for_long(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("untag.review.listener.SLOWEST", 0)
    idle = [socket.create_connection(("127.0.0.1", served.port), 20) for _ in range(CONNECTIONS + 5)]
    try:
        for connection in idle:
            connection.sendall(b"GET / HT")
        assert served.ask("/")[0] == 403
    finally:
        for connection in idle:
            connection.close()


def test_a_port_in_use_is_said(served: Served) -> None:
    with untag.open() as home, pytest.raises(UsageError, match=f"port {served.port} cannot be used .*--port"):
        home.review(lambda _: None, port=served.port)


@pytest.mark.parametrize(("path", "counts"), [("/", True), ("/state", False), ("/scan/state", False)])
def test_what_open_pages_ask_by_themselves_is_no_use(path: str, counts: bool) -> None:
    now = [0.0]
    activity, access = Activity(lambda: now[0]), Access(80)
    now[0] = 50.0
    gate = Gate(lambda _, start: (start("200 OK", []), [b""])[1], access, activity)
    asked = {"Host": "127.0.0.1:80", "Cookie": f"untag-review={access.cookie}"}
    assert Client(gate, use_cookies=False).get(access.folder + path, headers=asked).status_code == 200
    assert (activity.unused_for() == 0) == counts


def test_two_may_run_at_once(served: Served, tmp_path: Path) -> None:
    first, cookie = served.enter()
    with untag.open(tmp_path / "home") as home:

        def look(address: str) -> None:
            assert address.split("?")[0] != served.address.split("?")[0]
            assert served.ask(f"{first}/welcome", cookie)[0] == 200
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            home.review(look)


def test_it_ends_when_it_is_not_used(tmp_path: Path) -> None:
    home = tmp_path / "home"
    settings = untag.open(home).settings
    began = time.monotonic()
    serving = Serving(settings, lambda _: untag.open(home), lambda _: None, unused_seconds=0.0)
    assert serve(serving) is Ended.UNUSED
    assert time.monotonic() - began < 60
