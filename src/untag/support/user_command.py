"""A command of the user's own, such as one that fetches photos: run without a shell, its output on standard error."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress

from untag.errors import UsageError

_STANDARD_ERROR = 2
_LOOK_SECONDS = 0.5


def run_user_command(
    command: str, *, seconds: float | None = None, cancelled: Callable[[], bool] = lambda: False
) -> str | None:
    """Runs a command and waits for it; returns what went wrong in words, or None.

    It is split as a POSIX shell splits words, with nothing expanded. It gets no input, since nobody may be there to
    answer. With `seconds` it is ended after so long, or once `cancelled` says so, with all that it has started. Raises
    UsageError for what is no command; nothing was run then.
    """
    words = words_of(command)
    try:
        done = _run(words, seconds, cancelled)
    except subprocess.TimeoutExpired:
        if cancelled():
            return f"{words[0]} was stopped"
        return f"{words[0]} had not ended after {seconds:g} seconds, and was ended"
    except (OSError, ValueError) as error:
        return f"{words[0]} could not be run: {getattr(error, 'strerror', None) or error}"
    if done.returncode < 0:
        return f"{words[0]} was ended by signal {-done.returncode}"
    return f"{words[0]} ended with exit status {done.returncode}" if done.returncode else None


def _run(words: list[str], seconds: float | None, cancelled: Callable[[], bool]) -> subprocess.CompletedProcess[bytes]:
    """Raises TimeoutExpired where it was ended."""
    # A group of its own can be ended as a whole; without a limit it stays with untag, so that Ctrl-C reaches it.
    alone = seconds is not None and os.name == "posix"
    with subprocess.Popen(  # noqa: S603 - the user wrote it
        words, stdin=subprocess.DEVNULL, stdout=_STANDARD_ERROR, start_new_session=alone
    ) as child:
        try:
            return subprocess.CompletedProcess(words, _waited(child, seconds, cancelled))
        except BaseException:
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL) if alone else child.kill()
            raise


def _waited(child: subprocess.Popen[bytes], seconds: float | None, cancelled: Callable[[], bool]) -> int:
    if seconds is None:
        return child.wait()
    until = time.monotonic() + seconds
    while True:
        left = until - time.monotonic()
        try:
            return child.wait(max(0.0, min(_LOOK_SECONDS, left)))
        except subprocess.TimeoutExpired:
            if left <= _LOOK_SECONDS or cancelled():
                raise


def words_of(command: str) -> list[str]:
    """A command as a POSIX shell splits it, with nothing expanded. Raises UsageError for what is none."""
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise UsageError(f"{command!r} is no command: {str(error).lower()}; put it in quotes as a whole") from error
    if not words or not words[0]:
        raise UsageError("the command to run is empty")
    return words
