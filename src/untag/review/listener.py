"""The HTTP server: waitress, bounded so that no client can take its memory or all of its connections for long.

Bodies of requests that will be refused are never read, and nothing is ever written to a temporary file.
"""

from __future__ import annotations

import select
import socket
import time
from typing import TYPE_CHECKING, Any

from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.server import TcpWSGIServer
from waitress.utilities import BadRequest

from untag.review.access import Access
from untag.review.limits import MOST_BYTES

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

THREADS = 4
CONNECTIONS = 64
"""At most, counting what the server itself waits for."""
SLOWEST = 20
"""Seconds that a request may take to arrive, and without a byte on a connection that waits for the next one."""


class _Adjusted(Adjustments):  # type: ignore[misc]
    """Without the addresses that waitress would look up beside the socket that it is given."""

    listen: list[str] = []  # noqa: RUF012 - as in waitress


class Listener:
    """Serves an application on a bound socket, a step at a time."""

    def __init__(self, listener: socket.socket, application: WSGIApplication, access: Access) -> None:
        self._channels: dict[int, Any] = {}
        self._server = _server_class(access)(
            application,
            map=self._channels,
            _sock=listener,
            adj=_Adjusted(
                threads=THREADS,
                ident=None,
                connection_limit=CONNECTIONS,
                channel_timeout=SLOWEST,
                cleanup_interval=1,
                max_request_body_size=MOST_BYTES,
                max_request_header_size=32 * 1024,
                inbuf_overflow=MOST_BYTES + 1,
                outbuf_overflow=MOST_BYTES + 1,
                outbuf_high_watermark=MOST_BYTES,
                expose_tracebacks=False,
                log_socket_errors=False,
            ),
            dispatcher=None,
            bind_socket=False,
            sockinfo=(listener.family, listener.type, listener.proto, listener.getsockname()),
        )

    def step(self, seconds: float) -> None:
        """Waits for something to do, at most so long, and does it."""
        wasyncore.loop(timeout=seconds, use_poll=hasattr(select, "poll"), map=self._channels, count=1)

    def close(self) -> None:
        """Lets what is being answered end, and closes all connections."""
        self._server.task_dispatcher.shutdown()
        wasyncore.close_all(self._channels, ignore_all=True)


def _server_class(access: Access) -> type[TcpWSGIServer]:
    class Parser(HTTPRequestParser):  # type: ignore[misc]
        """Reads no body of a request that will be refused."""

        body_rcv: Any

        def parse_header(self, header_plus: bytes) -> None:
            super().parse_header(header_plus)
            if self.body_rcv is not None:
                headers = {name.lower().replace("_", "-"): value for name, value in self.headers.items()}
                reason = access.refusal(self.command, self.path, headers)
                if reason is not None:
                    self.error, self.completed, self.body_rcv = BadRequest(reason), True, None
                    self.content_length, self.expect_continue = 0, False

    class Channel(HTTPChannel):  # type: ignore[misc]
        parser_class = Parser
        asking_since: float | None = None

        def received(self, data: bytes) -> bool:
            if self.asking_since is None:
                self.asking_since = time.monotonic()
            more = super().received(data)
            if self.request is None:
                self.asking_since = None
            return bool(more)

    class Server(TcpWSGIServer):  # type: ignore[misc]
        channel_class = Channel

        def maintenance(self, now: float) -> None:
            """Closes what waits for too long, and what sends a request byte by byte."""
            super().maintenance(now)
            since = time.monotonic() - SLOWEST
            for channel in self.active_channels.values():
                if channel.asking_since is not None and channel.asking_since < since:
                    channel.will_close = True

    return Server
