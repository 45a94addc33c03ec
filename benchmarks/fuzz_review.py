"""Asks the review page 10,000 times for what it must not give, and looks whether anything was served, changed or broke.

    python -m benchmarks.fuzz_review [--requests 10000] [--seed 0] [--output FILE.json]

A server runs on a made-up home folder. Requests are pages that there are, mutated: `../` and its encodings in every
part of the address, wrong methods, hosts, origins, cookies and tokens, bodies that are no JSON or the wrong one, and
bytes that are no HTTP. Half come from strangers, half have the cookie: those may see pages, and change nothing without
the page's own origin. Fails when a stranger gets anything but a refusal, when a status is 500 or more, when a file from
outside shows in an answer, when the database is another one afterwards, or when the server does not answer any more.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import socket
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from benchmarks.output import report
from benchmarks.review import make_home, serving

SECRET = b"this file is nobody's business"
HASH = "5feceb66ffc86f38d952786c6d696c79c2dbc239dd4e91b46729d73a27fb57e9"
"""That of the first finding that `make_home` makes."""

PATHS = (
    "/", "/maybe", "/maybe/next", "/state", "/page", "/decide", "/undo", "/decide-all", "/count", "/static/base.js",
    f"/photo/{HASH}/small", f"/photo/{HASH}/large", f"/finding/{HASH}", f"/evening/{HASH}", "/act", "/act/answer",
    "/act/undo", "/act/happened", "/texts", "/texts/draft", "/summary", "/scan", "/welcome",
)  # fmt: skip
UPWARDS = (
    "../", "..%2f", "%2e%2e/", "%2e%2e%2f", "..%5c", "..\\", "%252e%252e%252f", "..%c0%af", "....//", "/", "//", "%00",
)  # fmt: skip
KEYS = (
    "offset", "since", "until", "show", "sort", "poster", "person", "platform", "category", "verdict", "min_risk",
    "passed", "token", "path", "file",
)  # fmt: skip
VALUES = (
    "", "0", "-1", "9" * 40, "1e9", "NaN", "null", "'", "' OR 1=1 --", "{{7*7}}", "<script>", "%00", "\u202e", "é" * 50,
    "a" * 3000,
)  # fmt: skip
BODIES = (
    "", "{", "[]", "null", "1", '"x"', "{}", "[" * 5000, '{"a":' * 2000, "\ud83d",
    '{"ids": []}',
    '{"ids": ["../../etc/passwd"], "status": "keep"}',
    '{"ids": {"a": 1}, "status": "keep"}',
    '{"ids": ["' + "0" * 64 + '"], "status": "keep"}',
    '{"ids": "x", "status": null}',
    '{"filter": "category=../..", "status": "keep", "count": 1}',
    '{"filter": {"a": 1}, "status": "keep", "count": "x"}',
    '{"id": "' + HASH + '", "place": "../..", "step": "x", "answer": "done"}',
    '{"request": "../..", "event": "done"}',
)  # fmt: skip
HOSTS = (
    "127.0.0.1", "localhost:{port}", "untag.example", "127.0.0.1:{port}.untag.example", "127.0.0.1:1", "",
    "[::1]:{port}", "127.0.0.1:{port}@x",
)  # fmt: skip
ORIGINS = (
    "null", "http://untag.example", "https://127.0.0.1:{port}", "http://127.0.0.1:1", "http://localhost:{port}",
    "http://127.0.0.1:{port}.x", "",
)  # fmt: skip


@dataclass
class Asking:
    """What is known of the server, and luck."""

    port: int
    folder: str
    cookie: str
    luck: random.Random

    def path(self) -> str:
        """A page that there is, mutated or not."""
        luck = self.luck
        path = luck.choice(PATHS)
        for _ in range(luck.choice((0, 0, 1, 2))):
            way = luck.choice(UPWARDS) * luck.randrange(1, 7)
            at = luck.randrange(len(path) + 1)
            path = path[:at] + way + luck.choice(("", "etc/passwd", "secret.txt", "home/untag.db")) + path[at:]
        if luck.random() < 0.4:
            pairs = (f"{luck.choice(KEYS)}={quote(self.value(), safe='%/.')}" for _ in range(luck.randrange(1, 4)))
            path += "?" + "&".join(pairs)
        return path

    def value(self) -> str:
        if self.luck.random() < 0.4:
            return self.luck.choice(UPWARDS) * self.luck.randrange(1, 8) + "etc/passwd"
        return self.luck.choice(VALUES)

    def body(self) -> bytes:
        if self.luck.random() < 0.1:
            return self.luck.randbytes(self.luck.randrange(1, 2000))
        return self.luck.choice(BODIES).encode("utf-8", "surrogatepass")


def stranger(asking: Asking) -> bytes:
    """A request that lacks one thing at least, or brings a wrong one."""
    luck, port = asking.luck, asking.port
    inside = luck.random() < 0.7
    host, cookie = f"127.0.0.1:{port}", asking.cookie
    wrong = luck.choice(("cookie", "host", "site", "folder", "token"))
    path = (asking.folder if inside else "") + asking.path()
    if wrong == "cookie":
        near = (asking.cookie[:-1], asking.cookie + "x", "untag-review=" + "A" * 32)
        cookie = luck.choice(("", "untag-review=x", "=", "\x7f", *near))
    elif wrong == "host":
        host = luck.choice(HOSTS).format(port=port)
    elif wrong == "folder":
        path = luck.choice(("/" + "A" * 32, asking.folder[:-1], asking.folder.swapcase(), "/.", "")) + asking.path()
    elif wrong == "token":
        path, cookie = "/?token=" + quote(asking.value()), ""
    site = "cross-site" if wrong == "site" else luck.choice(("same-origin", "none", "cross-site"))
    method = luck.choice(("GET", "POST", "HEAD", "PUT", "OPTIONS"))
    return packed(method, path, host, cookie, None, site, asking.body())


def insider(asking: Asking) -> bytes:
    """A request with the cookie; a POST is from another page, or makes no sense."""
    luck, port = asking.luck, asking.port
    host, method = f"127.0.0.1:{port}", luck.choice(("GET", "GET", "POST", "HEAD", "DELETE"))
    own = f"http://127.0.0.1:{port}"
    origin = luck.choice((own, *ORIGINS)).format(port=port) if method == "POST" else None
    path = asking.folder + asking.path()
    if method == "POST" and origin == own and re.search(r"/(undo|scan|welcome)", path):
        # What these do with an empty question is what they are for.
        origin = "null"
    return packed(method, path, host, asking.cookie, origin, "same-origin", asking.body())


def noise(asking: Asking) -> bytes:
    """Bytes that are no request, or only the beginning of one."""
    luck = asking.luck
    post = b"POST / HTTP/1.1\r\nContent-Length: 99\r\n\r\n"
    begin = luck.choice((b"", b"GET ", b"GET / HTTP/1.1\r\n", post, b"\x16\x03\x01"))
    return begin + luck.randbytes(luck.randrange(0, 300)) + luck.choice((b"", b"\r\n\r\n"))


def packed(method: str, path: str, host: str, cookie: str, origin: str | None, site: str, body: bytes) -> bytes:
    lines = [
        f"{method} {path} HTTP/1.1",
        f"Host: {host}",
        f"Cookie: {cookie}",
        f"Sec-Fetch-Site: {site}",
        "Connection: close",
    ]
    if origin is not None:
        lines.append(f"Origin: {origin}")
    if method in ("POST", "PUT"):
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    else:
        body = b""
    return "\r\n".join(lines).encode("utf-8", "replace") + b"\r\n\r\n" + body


def ask(port: int, request: bytes) -> bytes:
    """All that the server answers, at most a megabyte; a connection that is closed without a word is an answer, too."""
    found = b""
    with socket.create_connection(("127.0.0.1", port), 30) as connection:
        try:
            connection.sendall(request)
            connection.shutdown(socket.SHUT_WR)
            while len(found) < 1_000_000 and (piece := connection.recv(65536)):
                found += piece
        except OSError:
            pass
    return found


def status_of(answer: bytes) -> int:
    match = re.match(rb"HTTP/1\.[01] (\d{3}) ", answer)
    return 0 if match is None else int(match[1])


def decisions(home: Path) -> list[tuple[object, ...]]:
    """All that a request could change."""
    connection = sqlite3.connect(home / "untag.db")
    try:
        named = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
        tables = [row[0] for row in named]
        return [(table, *row) for table in tables for row in connection.execute(f'SELECT * FROM "{table}"')]
    finally:
        connection.close()


def fuzz(root: Path, requests: int, seed: int) -> dict[str, object]:
    """Asks so many times; raises AssertionError for the first wrong answer, with the request."""
    home = root / "home"
    make_home(home, root / "photos", 30, photos=10)
    (root / "secret.txt").write_bytes(SECRET)
    before = decisions(home)
    counts: Counter[str] = Counter()
    with serving(home) as (address, process):
        port = int(address.split(":")[2].split("/")[0])
        query = address.partition(f":{port}/")[2]
        entry = ask(port, f"GET /{query} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode()).decode()
        folder, cookie = re.findall(r"url=(/[\w-]+)/", entry)[0], re.findall(r"Set-Cookie: ([^;]+)", entry)[0]
        asking = Asking(port, folder, cookie, random.Random(seed))
        kinds: tuple[Callable[[Asking], bytes], ...] = (stranger, insider, noise)
        for number in range(requests):
            kind = asking.luck.choices(kinds, (45, 45, 10))[0]
            request = kind(asking)
            answer = ask(port, request)
            status = status_of(answer)
            counts[f"{kind.__name__} {status}"] += 1
            shown = f"request {number}: {request[:400]!r}\n{answer[:400]!r}"
            assert status < 500 or status == 501, shown
            assert SECRET not in answer and b"root:x:0" not in answer and b"SQLite format 3" not in answer, shown
            if kind is not insider:
                assert status in (0, 400, 403, 404, 405, 408, 413, 414, 431, 501), shown
                assert b"Set-Cookie" not in answer and b"<nav" not in answer, shown
        assert process.poll() is None, "the server has ended"
        page = packed("GET", f"{folder}/", f"127.0.0.1:{port}", cookie, None, "none", b"")
        assert status_of(ask(port, page)) == 200
    assert decisions(home) == before, "the database is another one"
    return {"requests": requests, "seed": seed, "answers": dict(sorted(counts.items()))}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        report(json.loads(json.dumps(fuzz(Path(scratch), options.requests, options.seed))), options.output)


if __name__ == "__main__":
    main()
