"""An HTTP server on this machine that answers as a test scripts it: cut, redirect, lie, resume."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from untag.engine.downloads.registry import DownloadableWeights

Reply = Callable[[BaseHTTPRequestHandler], None]
ETAG = '"one"'


@dataclass
class Server:
    """`replies` are given in turn, the last one again and again; `requests` are the paths and headers that came."""

    port: int
    replies: list[Reply] = field(default_factory=list)
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}/models"

    def ranges(self) -> list[str | None]:
        """The Range header of each request."""
        return [headers.get("Range") for _, headers in self.requests]


@contextmanager
def serve() -> Iterator[Server]:
    """A server that runs while inside."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            server.requests.append((self.path, dict(self.headers)))
            reply = server.replies.pop(0) if len(server.replies) > 1 else server.replies[0]
            # The client goes away when it has seen enough.
            with suppress(ConnectionError):
                reply(self)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        server = Server(http.server_address[1])
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            http.shutdown()
            thread.join()


def whole(data: bytes, etag: str | None = ETAG, date: str | None = None, length: int | None = None) -> Reply:
    """All of it, from a server that knows no Range. `length` is what it claims to send, when not the truth."""

    def reply(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        _validators(handler, etag, date)
        handler.send_header("Content-Length", str(len(data) if length is None else length))
        handler.end_headers()
        handler.wfile.write(data)

    return reply


def cut(data: bytes, at: int, etag: str | None = ETAG, date: str | None = None) -> Reply:
    """The first `at` bytes of what was promised."""
    return whole(data[:at], etag, date, len(data))


def ranged(data: bytes, etag: str = ETAG, at: int | None = None) -> Reply:
    """A server that resumes when If-Range names this version. `at` is where it cuts a whole download."""

    def reply(handler: BaseHTTPRequestHandler) -> None:
        wanted = handler.headers["Range"]
        if wanted is None or handler.headers["If-Range"] != etag:
            (whole(data, etag) if at is None else cut(data, at, etag))(handler)
            return
        start = int(wanted.removeprefix("bytes=").removesuffix("-"))
        handler.send_response(206)
        _validators(handler, etag, None)
        handler.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        handler.send_header("Content-Length", str(len(data) - start))
        handler.end_headers()
        handler.wfile.write(data[start:])

    return reply


def unmeasured(data: bytes, times: int = 1) -> Reply:
    """A body without a length that ends with the connection."""

    def reply(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        for _ in range(times):
            handler.wfile.write(data)

    return reply


def status(code: int, **headers: str) -> Reply:
    """A status with headers and a short page."""

    def reply(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(code)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", "5")
        handler.end_headers()
        handler.wfile.write(b"sorry")

    return reply


def redirect(to: str) -> Reply:
    """A redirect to another address."""
    return status(302, Location=to, Set_Cookie="id=you")


def pin(data: bytes, url: str, *, sized: bool = True, name: str = "toy") -> DownloadableWeights:
    """Weights that are these bytes."""
    digest = hashlib.sha256(data).hexdigest()
    return DownloadableWeights(
        name, name, url, f"{name}.onnx", len(data) if sized else None, digest, "MIT", "is a toy", "made up"
    )


def _validators(handler: BaseHTTPRequestHandler, etag: str | None, date: str | None) -> None:
    if etag is not None:
        handler.send_header("ETag", etag)
    if date is not None:
        handler.send_header("Last-Modified", date)
