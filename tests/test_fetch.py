"""Downloads from a server on this machine that cuts, lies, redirects and resumes."""

from __future__ import annotations

import errno
import json
import os
import socket
import ssl
import stat
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import NoReturn

import pytest

import loopback
from loopback import Server, cut, pin, ranged, redirect, status, unmeasured, whole
from untag import __version__
from untag.engine.downloads import fetch as fetching
from untag.engine.downloads.fetch import TRIES, fetch
from untag.engine.downloads.registry import DownloadableWeights
from untag.errors import NetworkError, UntagError, UsageError

DATA = os.urandom(300_000)
PROXIES = ("http_proxy", "https_proxy", "no_proxy", "all_proxy")


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def server() -> Iterator[Server]:
    with loopback.serve() as server:
        yield server


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "home" / "models"


class Pull:
    """Fetches into a folder; remembers how long it would have waited and what progress it heard of."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.waits: list[float] = []
        self.heard: list[tuple[int, int | None]] = []

    def __call__(self, weights: DownloadableWeights, origin: str | Path | None = None) -> bytes:
        path = fetch(
            weights,
            self.folder,
            origin=origin,
            on_progress=lambda done, total: self.heard.append((done, total)),
            sleep=self.waits.append,
        )
        assert path == self.folder / weights.file
        return path.read_bytes()

    def refused(self, weights: DownloadableWeights, kind: type[UntagError], origin: str | Path | None = None) -> str:
        with pytest.raises(kind) as caught:
            self(weights, origin)
        assert not (self.folder / weights.file).exists()
        return str(caught.value)

    @property
    def left(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir() if path.name != ".pull.lock")


@pytest.fixture
def pull(folder: Path) -> Pull:
    return Pull(folder)


def toy(server: Server, data: bytes = DATA, *, sized: bool = True) -> DownloadableWeights:
    return pin(data, f"{server.base}/toy.onnx", sized=sized)


@pytest.mark.parametrize("sized", [True, False])
@pytest.mark.parametrize("reply", [whole(DATA), unmeasured(DATA), whole(DATA, etag=None)])
def test_a_whole_download(server: Server, pull: Pull, reply: loopback.Reply, sized: bool) -> None:
    server.replies = [reply]
    assert pull(toy(server, sized=sized)) == DATA
    assert pull.left == ["toy.onnx"]
    assert pull.heard[-1][0] == len(DATA)
    assert pull.waits == []


def test_the_request_says_nothing_about_the_user(server: Server, pull: Pull) -> None:
    server.replies = [redirect("/elsewhere"), whole(DATA)]
    assert pull(toy(server)) == DATA
    assert [path for path, _ in server.requests] == ["/models/toy.onnx", "/elsewhere"]
    for _, headers in server.requests:
        assert headers.pop("Host") == f"127.0.0.1:{server.port}"
        assert headers == {
            "User-Agent": f"untag/{__version__}",
            "Accept": "*/*",
            "Accept-Encoding": "identity",
            "Connection": "close",
        }


def test_what_is_there_is_not_fetched_again_but_repaired(server: Server, pull: Pull) -> None:
    server.replies = [whole(DATA)]
    assert pull(toy(server)) == DATA
    assert pull(toy(server)) == DATA
    assert len(server.requests) == 1
    (pull.folder / "toy.onnx").write_bytes(DATA[:-1] + b"?")
    assert pull(toy(server)) == DATA
    assert len(server.requests) == 2


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
def test_nobody_else_may_read_it(server: Server, pull: Pull) -> None:
    server.replies = [cut(DATA, 1000), status(404)]
    before = os.umask(0)
    try:
        pull.refused(toy(server), NetworkError)
        assert pull.left == ["toy.onnx.part", "toy.onnx.part.json"]
        modes = {stat.S_IMODE(path.stat().st_mode) for path in pull.folder.iterdir()}
        server.replies = [whole(DATA)]
        pull(toy(server))
    finally:
        os.umask(before)
    assert modes == {0o600}
    assert stat.S_IMODE((pull.folder / "toy.onnx").stat().st_mode) == 0o600
    assert stat.S_IMODE(pull.folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(pull.folder.parent.stat().st_mode) == 0o700


def test_a_cut_download_goes_on(server: Server, pull: Pull) -> None:
    server.replies = [ranged(DATA, at=100_000)]
    assert pull(toy(server)) == DATA
    assert server.ranges() == [None, "bytes=100000-"]
    assert pull.waits == [1.0]


def test_an_interrupted_download_goes_on_another_day(server: Server, folder: Path) -> None:
    def interrupt(done: int, total: int | None) -> None:
        assert total == len(DATA)
        if done > 100_000:
            raise KeyboardInterrupt

    server.replies = [ranged(DATA)]
    with pytest.raises(KeyboardInterrupt):
        fetch(toy(server), folder, on_progress=interrupt)
    there = (folder / "toy.onnx.part").read_bytes()
    assert 100_000 < len(there) < len(DATA) and DATA.startswith(there)
    pull = Pull(folder)
    assert pull(toy(server)) == DATA
    assert server.ranges() == [None, f"bytes={len(there)}-"]
    assert pull.left == ["toy.onnx"]


def test_a_date_serves_when_the_etag_is_weak(server: Server, pull: Pull) -> None:
    date = "Mon, 01 Jan 2024 00:00:00 GMT"
    server.replies = [cut(DATA, 100_000, 'W/"weak"', date), whole(DATA)]
    assert pull(toy(server)) == DATA
    assert server.requests[1][1]["If-Range"] == date


@pytest.mark.parametrize(
    "second",
    [
        pytest.param(whole(DATA), id="Range ignored"),
        pytest.param(ranged(DATA, etag='"two"'), id="ETag changed"),
        pytest.param(whole(DATA, etag=None), id="no ETag any more"),
    ],
)
def test_a_server_that_does_not_resume_starts_over(server: Server, pull: Pull, second: loopback.Reply) -> None:
    server.replies = [cut(DATA, 100_000), second]
    assert pull(toy(server)) == DATA
    assert server.ranges() == [None, "bytes=100000-"]


def test_without_a_version_nothing_is_resumed(server: Server, pull: Pull) -> None:
    server.replies = [cut(DATA, 100_000, etag=None), whole(DATA)]
    assert pull(toy(server)) == DATA
    assert server.ranges() == [None, None]


def test_a_part_is_never_taken_for_one_of_the_version_before(server: Server, pull: Pull) -> None:
    server.replies = [cut(DATA, 100_000), cut(DATA, 50_000, etag=None), whole(DATA)]
    assert pull(toy(server)) == DATA
    assert server.ranges() == [None, "bytes=100000-", None]


def test_a_part_from_elsewhere_is_not_resumed(server: Server, pull: Pull) -> None:
    server.replies = [cut(DATA, 100_000), status(404)]
    pull.refused(toy(server), NetworkError)
    server.replies = [whole(DATA)]
    assert pull(toy(server), f"http://127.0.0.1:{server.port}/other/") == DATA
    assert server.ranges()[-1] is None


@pytest.mark.parametrize("notes", [b"", b"[]", b"{}", b"\xff", b'{"source": 1'])
def test_damaged_notes_start_over(server: Server, pull: Pull, notes: bytes) -> None:
    server.replies = [cut(DATA, 100_000), status(404)]
    pull.refused(toy(server), NetworkError)
    (pull.folder / "toy.onnx.part.json").write_bytes(notes)
    server.replies = [whole(DATA)]
    assert pull(toy(server)) == DATA
    assert server.ranges()[-1] is None


def test_a_part_that_a_power_cut_spoiled_is_got_again(server: Server, pull: Pull) -> None:
    server.replies = [cut(DATA, 100_000), status(404)]
    pull.refused(toy(server), NetworkError)
    (pull.folder / "toy.onnx.part").write_bytes(bytes(100_000))
    server.replies = [ranged(DATA)]
    assert pull(toy(server)) == DATA
    assert server.ranges()[-2:] == ["bytes=100000-", None]


def test_a_complete_part_needs_no_server(server: Server, pull: Pull) -> None:
    server.replies = [cut(DATA, 100_000), status(404)]
    pull.refused(toy(server), NetworkError)
    (pull.folder / "toy.onnx.part").write_bytes(DATA)
    asked = len(server.requests)
    assert pull(toy(server)) == DATA
    assert len(server.requests) == asked


def test_a_range_that_cannot_be_had_starts_over(server: Server, pull: Pull) -> None:
    server.replies = [cut(DATA, 100_000), status(416), whole(DATA)]
    assert pull(toy(server)) == DATA
    assert server.ranges() == [None, "bytes=100000-", None]


def test_another_range_than_asked_for_starts_over(server: Server, pull: Pull) -> None:
    server.replies = [cut(DATA, 100_000), status(206, Content_Range="bytes 5-9/300000"), whole(DATA)]
    assert pull(toy(server)) == DATA
    assert server.ranges() == [None, "bytes=100000-", None]


@pytest.mark.parametrize(
    ("reply", "sized", "words"),
    [
        pytest.param(whole(DATA[:-1] + b"?"), False, "other bytes", id="wrong"),
        pytest.param(whole(os.urandom(len(DATA))), True, "other bytes", id="wrong, of the right size"),
        pytest.param(whole(DATA + b"?"), True, "300,001 bytes where 300,000", id="too many"),
        pytest.param(whole(DATA[:-1]), True, "299,999 bytes where 300,000", id="too few"),
        pytest.param(whole(b""), True, "0 bytes where 300,000", id="none"),
        pytest.param(unmeasured(DATA, times=500), True, "more than the 300,000 bytes", id="endless"),
        pytest.param(unmeasured(DATA, times=500), False, "more than the 1,000,000 bytes", id="endless, no size pinned"),
    ],
)
def test_other_bytes_are_refused_and_removed(
    server: Server, pull: Pull, monkeypatch: pytest.MonkeyPatch, reply: loopback.Reply, sized: bool, words: str
) -> None:
    monkeypatch.setattr(fetching, "MOST_BYTES", 1_000_000)
    server.replies = [reply]
    message = pull.refused(toy(server, sized=sized), NetworkError)
    assert words in message and "--from" in message
    assert pull.left == []
    assert max((done for done, _ in pull.heard), default=0) <= 1_000_000
    assert len(server.requests) == 1


@pytest.mark.parametrize("code", [500, 503, 429])
def test_a_busy_server_is_asked_again(server: Server, pull: Pull, code: int) -> None:
    server.replies = [status(code), status(code), whole(DATA)]
    assert pull(toy(server)) == DATA
    assert pull.waits == [1.0, 2.0]


def test_the_tries_end(server: Server, pull: Pull) -> None:
    server.replies = [status(500)]
    assert "500 Internal Server Error" in pull.refused(toy(server), NetworkError)
    assert len(server.requests) == TRIES
    assert pull.waits == [1.0, 2.0, 4.0, 8.0]


def test_the_tries_end_when_each_is_cut_at_the_same_place(
    server: Server, pull: Pull, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "_PROGRESS", 1000)
    server.replies = [cut(DATA, 100_000, etag=None)]
    assert "was cut" in pull.refused(toy(server), NetworkError)
    # The first one brought something; the others brought nothing new.
    assert len(server.requests) == TRIES


def test_as_many_tries_as_it_takes_while_there_is_progress(
    server: Server, pull: Pull, monkeypatch: pytest.MonkeyPatch
) -> None:
    def piece(handler: BaseHTTPRequestHandler) -> None:
        start = int((handler.headers["Range"] or "bytes=0-")[6:-1])
        handler.send_response(206 if start else 200)
        handler.send_header("ETag", '"one"')
        handler.send_header("Content-Range", f"bytes {start}-{len(DATA) - 1}/{len(DATA)}")
        handler.send_header("Content-Length", str(len(DATA) - start))
        handler.end_headers()
        handler.wfile.write(DATA[start : start + 30_000])

    monkeypatch.setattr(fetching, "_PROGRESS", 20_000)
    server.replies = [piece]
    assert pull(toy(server)) == DATA
    assert len(server.requests) == 10 > TRIES
    assert set(pull.waits) == {1.0}


@pytest.mark.parametrize(
    ("code", "words"),
    [(404, "has no toy.onnx at http://127"), (403, "refuses to give"), (401, "refuses"), (407, "proxy")],
)
def test_a_clear_no_is_not_asked_again(server: Server, pull: Pull, code: int, words: str) -> None:
    server.replies = [status(code)]
    message = pull.refused(toy(server), NetworkError)
    assert words in message and str(code) in message and "--from" in message
    assert len(server.requests) == 1
    assert pull.left == []


def test_redirects_are_followed_and_resumed_behind(server: Server, pull: Pull) -> None:
    to = f"http://localhost:{server.port}/far"
    server.replies = [redirect(to), cut(DATA, 100_000), redirect(to), ranged(DATA)]
    assert pull(toy(server)) == DATA
    assert server.ranges() == [None, None, "bytes=100000-", "bytes=100000-"]
    assert all("Cookie" not in headers for _, headers in server.requests)


def test_a_redirect_loop_ends(server: Server, pull: Pull) -> None:
    server.replies = [redirect("/models/toy.onnx")]
    assert "redirects in circles" in pull.refused(toy(server), NetworkError)
    assert len(server.requests) < 20


@pytest.mark.parametrize("to", ["http://mirror.example/toy.onnx", "ftp://127.0.0.1/toy.onnx", "file:///etc/passwd"])
def test_an_unsafe_redirect_is_refused(server: Server, pull: Pull, monkeypatch: pytest.MonkeyPatch, to: str) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", only_loopback(socket.getaddrinfo))
    server.replies = [redirect(to)]
    assert "redirects" in pull.refused(toy(server), NetworkError)
    assert len(server.requests) == 1


def only_loopback(ask: Callable[..., object]) -> Callable[..., object]:
    def answer(host: str, *rest: object, **more: object) -> object:
        assert host == "127.0.0.1", f"{host} was looked up"
        return ask(host, *rest, **more)

    return answer


def test_a_disk_that_fills_up_keeps_what_came(server: Server, pull: Pull, monkeypatch: pytest.MonkeyPatch) -> None:
    real, room = os.write, 100_000

    def write(handle: int, data: bytes) -> int:
        nonlocal room
        if room == 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        count = real(handle, data[:room])
        room -= count
        return count

    server.replies = [ranged(DATA)]
    monkeypatch.setattr(os, "write", write)
    message = pull.refused(toy(server), UsageError)
    assert "disk is full" in message and "make room" in message
    monkeypatch.setattr(os, "write", real)
    assert pull(toy(server)) == DATA
    assert server.ranges() == [None, "bytes=100000-"]


def test_a_folder_that_cannot_be_made(server: Server, tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file")
    assert "cannot be written" in Pull(tmp_path / "home" / "models").refused(toy(server), UsageError)
    assert server.requests == []


def test_a_folder_that_is_read_only(server: Server, pull: Pull, monkeypatch: pytest.MonkeyPatch) -> None:
    # Not by chmod: it does not bind an administrator.
    def refuse(*_: object) -> NoReturn:
        raise OSError(errno.EROFS, "Read-only file system")

    pull.folder.mkdir(parents=True)
    with monkeypatch.context() as patch:
        patch.setattr(os, "open", refuse)
        message = pull.refused(toy(server), UsageError)
    assert f"{pull.folder} cannot be written: Read-only file system" in message
    assert server.requests == []


def test_a_second_pull_is_sent_away_while_the_first_goes_on(server: Server, folder: Path) -> None:
    first, second = Pull(folder), Pull(folder)
    messages: list[str] = []

    def meanwhile(_: int, __: int | None) -> None:
        if not messages:
            messages.append(second.refused(toy(server), UsageError))

    server.replies = [whole(DATA)]
    path = fetch(toy(server), folder, on_progress=meanwhile)
    assert path.read_bytes() == DATA
    assert "another untag" in messages[0]
    assert first(toy(server)) == DATA
    assert len(server.requests) == 1


def test_by_way_of_a_proxy(server: Server, pull: Pull, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", f"http://ann:secret@127.0.0.1:{server.port}")
    server.replies = [redirect("http://mirror.example/there"), whole(DATA)]
    assert pull(toy(server), "http://mirror.example/untag/") == DATA
    assert [path for path, _ in server.requests] == [
        "http://mirror.example/untag/toy.onnx",
        "http://mirror.example/there",
    ]
    assert all(headers["Proxy-Authorization"].startswith("Basic ") for _, headers in server.requests)


def test_no_proxy_is_obeyed_and_the_proxys_password_stays_with_the_proxy(
    server: Server, pull: Pull, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", f"http://ann:secret@127.0.0.1:{server.port}")
    monkeypatch.setenv("no_proxy", "localhost")
    server.replies = [redirect(f"http://localhost:{server.port}/there"), whole(DATA)]
    assert pull(toy(server)) == DATA
    assert "Proxy-Authorization" in server.requests[0][1]
    assert "Proxy-Authorization" not in server.requests[1][1]


def test_a_proxy_that_is_not_there(pull: Pull, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://ann:secret@127.0.0.1:1")
    message = pull.refused(pin(DATA, "https://up.example/toy.onnx"), NetworkError)
    assert "up.example (by way of the proxy 127.0.0.1:1) refuses connections" in message
    assert "secret" not in message


def test_a_proxy_that_wants_a_password(server: Server, pull: Pull, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{server.port}")
    monkeypatch.setattr(BaseHTTPRequestHandler, "do_CONNECT", status(407), raising=False)
    message = pull.refused(pin(DATA, "https://up.example/toy.onnx"), NetworkError)
    assert "the proxy wants a name and a password" in message


def test_a_kind_of_proxy_that_cannot_be_used(pull: Pull, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "socks5://127.0.0.1:1080")
    assert "only http proxies" in pull.refused(pin(DATA, "https://up.example/toy.onnx"), UsageError)


def test_nobody_listens(pull: Pull) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        message = pull.refused(pin(DATA, f"http://127.0.0.1:{port}/toy.onnx"), NetworkError)
    assert f"127.0.0.1:{port} refuses connections" in message
    assert pull.waits == []


def test_a_server_that_speaks_no_tls(server: Server, pull: Pull) -> None:
    server.replies = [whole(DATA)]
    message = pull.refused(pin(DATA, f"https://127.0.0.1:{server.port}/toy.onnx"), NetworkError)
    assert "no secure connection" in message


def test_a_server_that_falls_silent(server: Server, pull: Pull, monkeypatch: pytest.MonkeyPatch) -> None:
    def silent(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(DATA)))
        handler.send_header("ETag", loopback.ETAG)
        handler.end_headers()
        handler.wfile.write(DATA[:1000])
        handler.connection.recv(1)

    monkeypatch.setattr(fetching, "TIMEOUT", 0.2)
    server.replies = [silent, ranged(DATA)]
    assert pull(toy(server)) == DATA
    assert server.ranges() == [None, "bytes=1000-"]


def test_a_server_that_never_answers(server: Server, pull: Pull, monkeypatch: pytest.MonkeyPatch) -> None:
    def mute(handler: BaseHTTPRequestHandler) -> None:
        handler.connection.recv(1)

    monkeypatch.setattr(fetching, "TIMEOUT", 0.1)
    server.replies = [mute]
    assert "did not answer within" in pull.refused(toy(server), NetworkError)
    assert len(server.requests) == TRIES


def refusing(reason: Exception) -> Callable[..., NoReturn]:
    def raise_it(*_: object, **__: object) -> NoReturn:
        raise urllib.error.URLError(reason)

    return raise_it


UNTRUSTED = ssl.SSLCertVerificationError(1, "certificate verify failed")
UNTRUSTED.verify_message = "self-signed certificate"


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        (socket.gaierror(-2, "Name or service not known"), "may be offline"),
        (UNTRUSTED, "not trusted (self-signed certificate); if your network reads along, name its certificate"),
        (TimeoutError("timed out"), "did not answer within 30 seconds"),
        (OSError(101, "Network is unreachable"), "cannot be reached (Network is unreachable)"),
    ],
)
def test_what_cannot_be_reached_is_said_in_words(
    pull: Pull, monkeypatch: pytest.MonkeyPatch, reason: Exception, words: str
) -> None:
    monkeypatch.setattr(urllib.request.OpenerDirector, "open", refusing(reason))
    message = pull.refused(pin(DATA, "https://up.example/toy.onnx"), NetworkError)
    assert words in message and "up.example" in message and "--from" in message
    assert message.count("\n") == 0
    assert pull.waits == []


def test_upstream_must_be_secure(pull: Pull) -> None:
    assert "not an https" in pull.refused(pin(DATA, "http://up.example/toy.onnx"), UsageError)


def test_the_notes_hold_no_secret(server: Server, pull: Pull) -> None:
    server.replies = [cut(DATA, 100_000), status(404)]
    message = pull.refused(toy(server), NetworkError, f"{server.base}?token=secret")
    assert server.requests[0][0] == "/models/toy.onnx?token=secret"
    assert "secret" not in message
    notes = json.loads((pull.folder / "toy.onnx.part.json").read_text())
    assert notes == {"source": f"{server.base}/toy.onnx", "validator": '"one"'}
