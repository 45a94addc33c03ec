"""What every watch is, and what it says of a program."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

_LONGEST_SECONDS = 900


@dataclass(frozen=True, slots=True)
class Seen:
    """What a watched program did: its exit status and words, uses of the network in words, files made or changed.

    `listening` are the sockets at which it waited for programs of this machine, at 127.0.0.1 and nowhere else. They are
    no use of the network: nothing is sent but answers, and nobody else can ask.
    """

    status: int
    said: str
    network: tuple[str, ...]
    written: tuple[Path, ...]
    listening: tuple[str, ...] = ()


class Watch(Protocol):
    """A way to run a program and see what it does. `name` says what watches, `blind` what it cannot see."""

    name: str
    blind: str

    def run(
        self, program: str, arguments: Sequence[str], *, environment: Mapping[str, str], folder: Path, notes: Path
    ) -> Seen:
        """Run Python code, given as text, in `folder`; the watch keeps its notes in the empty folder `notes`.

        Raises OSError when the watch itself cannot run here.
        """
        ...


def run_quietly(command: Sequence[str], environment: Mapping[str, str], folder: Path) -> tuple[int, str]:
    """The exit status of a command, and what it wrote to either stream."""
    done = subprocess.run(  # noqa: S603 - the caller's own command, with no shell
        command,
        env=dict(environment),
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=_LONGEST_SECONDS,
        check=False,
    )
    return done.returncode, done.stdout.decode("utf-8", "replace")
