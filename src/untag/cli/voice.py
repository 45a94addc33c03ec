"""How much a command says, and the log that is kept of it."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from untag.cli.trouble import of_machine
from untag.errors import ResourceError, UntagError, UsageError
from untag.support.words import printable


@dataclass(frozen=True, slots=True)
class Voice:
    """How loud a command is, and the log that hears everything."""

    quiet: bool = False
    log: TextIO | None = None

    def note(self, line: str) -> None:
        """Puts a line into the log, if there is one, with the time in UTC. A full disk ends no scan."""
        if self.log is not None:
            with suppress(OSError, ValueError):
                self.log.write(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} {line}\n")
                self.log.flush()


_BEGINNING = 4096
_AT_ONCE = getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0)
"""A pipe that nobody reads is an error, not a wait without end."""
_LOUD = Voice()
_voice: ContextVar[Voice] = ContextVar("voice", default=_LOUD)


def current_voice() -> Voice:
    """How loud the command that runs is."""
    return _voice.get()


@contextmanager
def voice(*, quiet: bool = False, log_file: Path | None = None) -> Iterator[None]:
    """With `quiet`, messages and progress stay unsaid; `log_file` gets everything appended, and why a command ends.

    Only its owner can read the log: it names photos and links. Raises ResourceError when it cannot be written.
    """
    with ExitStack() as opened:
        log = None if log_file is None else opened.enter_context(_private_log(log_file))
        speaking = Voice(quiet, log)
        token = _voice.set(speaking)
        try:
            yield
        except UntagError as error:
            speaking.note(printable(str(error)))
            raise
        except KeyboardInterrupt:
            speaking.note("interrupted")
            raise
        except Exception as error:
            reason = of_machine(error)
            speaking.note(f"a bug in untag ({type(error).__name__})" if reason is None else printable(str(reason)))
            raise
        finally:
            _voice.reset(token)


def _is_text(path: Path) -> bool:
    """Whether a file can be a log: what is appended to a photo or a database would damage it."""
    with path.open("rb") as file:
        return b"\0" not in file.read(_BEGINNING)


def _private_log(path: Path) -> TextIO:
    try:
        if path.is_file() and not _is_text(path):
            raise UsageError(f"{path} is no log, and is left as it is; choose another --log-file")
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | _AT_ONCE, 0o600)
        if hasattr(os, "O_NONBLOCK"):
            os.set_blocking(descriptor, True)
        if stat.S_ISREG(os.fstat(descriptor).st_mode) and hasattr(os, "fchmod"):
            os.fchmod(descriptor, 0o600)
    except OSError as error:
        raise ResourceError(f"the log {path} cannot be written: {error.strerror}; choose another --log-file") from error
    return open(descriptor, "a", encoding="utf-8", errors="backslashreplace")  # noqa: PTH123 - a descriptor, not a path
