"""How a command ends when it is asked to: a signal becomes KeyboardInterrupt, so that everything is tidied up."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

ENDING_SIGNALS = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP", "SIGBREAK") if hasattr(signal, name))
"""Those that ask a program to end, besides Ctrl-C: of `kill` and systemd, of a terminal that closes, of Windows."""

_SOON = 0.001
"""Seconds until an interrupt that was swallowed is raised again."""


@contextmanager
def ended_by_signals() -> Iterator[Callable[[], bool]]:
    """Let the signals that ask to end raise KeyboardInterrupt, once; yields whether one of them came.

    A signal that is ignored from outside (nohup) stays ignored. Off the main thread nothing is changed.
    """
    came: list[int] = []

    def end(number: int, _: Any) -> None:
        # Some programs send it twice, and what tidies up must not be interrupted.
        if not came:
            came.append(number)
            raise KeyboardInterrupt

    before = {}
    again = getattr(signal, "SIGALRM", None)
    with suppress(ValueError):
        for name in (*ENDING_SIGNALS, *(() if again is None else (again,))):
            if signal.getsignal(name) is signal.SIG_DFL:
                before[name] = signal.signal(name, end)
    hook = sys.unraisablehook
    if again in before:
        sys.unraisablehook = _raising_again(came, hook)
    try:
        yield lambda: bool(came)
    finally:
        sys.unraisablehook = hook
        for name, handler in before.items():
            signal.signal(name, handler)


def _raising_again(came: list[int], hook: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A hook for exceptions that Python ignores: an interrupt within a finaliser or the like must not get lost."""

    def ignored(found: Any) -> None:
        if found.exc_type is KeyboardInterrupt:
            came.clear()
            signal.setitimer(signal.ITIMER_REAL, _SOON)
        else:
            hook(found)

    return ignored


def ignore_ending_signals() -> None:
    """For the moment between the end of a command and that of the process: it is ending already."""
    for name in ENDING_SIGNALS:
        signal.signal(name, signal.SIG_IGN)
