"""Serves the pages on 127.0.0.1, until its terminal goes, it is told to end, or nobody has used it for an hour."""

from __future__ import annotations

import logging
import os
import select
import socket
import stat
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import untag
from untag.errors import ResourceError, UsageError
from untag.review.access import HOST, Access
from untag.review.activity import Activity
from untag.review.app import make_app
from untag.review.gate import Gate
from untag.review.listener import Listener
from untag.review.parts import OpenHome, make_parts
from untag.review.working import COMMAND

UNUSED_SECONDS = 3600.0
_STEP = 1.0


class Ended(StrEnum):
    """Why a server ended."""

    UNUSED = "nobody has used it for an hour"
    TERMINAL = "its terminal was closed"
    ASKED = "it was told to end"


@dataclass(frozen=True, slots=True)
class Serving:
    """What to serve and until when.

    `on_address` is called once, when the address with its token can be opened, and `on_browser` then with one whose
    token is good for one visit; `on_bug` with what no page expected.
    `until` is asked every second whether to end. `worker` is the command of the process that looks at photos.
    """

    settings: untag.Settings
    open_home: OpenHome
    on_address: Callable[[str], object]
    on_bug: Callable[[Exception], object] = lambda _: None
    port: int = 0
    unused_seconds: float = UNUSED_SECONDS
    until: Callable[[], bool] = lambda: False
    worker: Sequence[str] = COMMAND
    on_browser: Callable[[str], object] = lambda _: None


def serve(serving: Serving) -> Ended:
    """Serves until it ends by itself, and says why; KeyboardInterrupt passes.

    Raises UsageError for a port that is in use or not allowed.
    """
    _silence()
    # Before anybody hears that it runs: a terminal may go at once.
    has_gone = terminal_watch()
    with _bound(serving.port) as bound:
        access = Access(bound.getsockname()[1])
        shared = make_parts(serving.settings, serving.open_home, serving.on_bug, serving.worker)
        listener = Listener(bound, Gate(make_app(shared), access, shared.activity), access)
        try:
            serving.on_address(access.address)
            serving.on_browser(access.address_once)
            return _until_the_end(listener, shared.activity, serving, has_gone)
        finally:
            listener.close()
            shared.working.close()


def _silence() -> None:
    """What waitress would write to standard error: it quotes what strangers send."""
    log = logging.getLogger("waitress")
    log.propagate = False
    log.addHandler(logging.NullHandler())


def _bound(port: int) -> socket.socket:
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        if os.name == "posix":
            # The port of a server that has just ended is free again at once; on Windows this would share one in use.
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((HOST, port))
    except OSError as error:
        bound.close()
        if port == 0:
            raise ResourceError(f"{HOST} cannot be listened on: {error.strerror}") from error
        raise UsageError(
            f"port {port} cannot be used ({error.strerror}). Choose another --port, or leave it out for a free one."
        ) from error
    return bound


def _until_the_end(listener: Listener, activity: Activity, serving: Serving, has_gone: Callable[[], bool]) -> Ended:
    while activity.unused_for() < serving.unused_seconds:
        listener.step(_STEP)
        if has_gone():
            return Ended.TERMINAL
        if serving.until():
            return Ended.ASKED
    return Ended.UNUSED


def terminal_watch() -> Callable[[], bool]:
    """A function that says whether what standard input came from, a terminal or another program, has gone.

    A file, such as /dev/null, never goes; and what has gone already says nothing.
    """
    try:
        descriptor = sys.stdin.fileno()
        mode = os.fstat(descriptor).st_mode
        poll = select.poll()
    except (AttributeError, OSError, ValueError):
        return lambda: False
    if not (os.isatty(descriptor) or stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)):
        return lambda: False
    # Nothing is asked for but the end: reading would take what was typed for the shell.
    poll.register(descriptor, 0)

    def has_gone() -> bool:
        return any(event & (select.POLLHUP | select.POLLERR | select.POLLNVAL) for _, event in poll.poll(0))

    return (lambda: False) if has_gone() else has_gone
