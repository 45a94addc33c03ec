"""Which watch works here: each is tried on a program that does what it must catch."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from untag.doctor.watching.audit import Audit
from untag.doctor.watching.base import Seen, Watch
from untag.doctor.watching.namespace import Namespace
from untag.doctor.watching.system_calls import SystemCalls

CONTROL = """
import socket, sys
for family, address in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
    try:
        # A UDP socket that is connected sends nothing; the address is one of those kept for examples.
        socket.socket(family, socket.SOCK_DGRAM).connect((address, 9))
    except OSError:
        pass
open(sys.argv[1], "w").close()
"""
"""Opens an internet socket and makes the file that it is given: a watch that does not see both is none."""

WATCHES: tuple[Watch, ...] = (SystemCalls(), Namespace(), Audit())
"""The one that sees most comes first."""


def usable_watch(environment: Mapping[str, str]) -> tuple[Watch | None, list[str]]:
    """The first watch that catches `CONTROL`, and why those before it do not work here."""
    reasons: list[str] = []
    for watch in WATCHES:
        try:
            if is_caught(watch, environment):
                return watch, reasons
            reasons.append(f"{watch.name}: it did not see a socket that was opened on purpose")
        except (OSError, subprocess.TimeoutExpired) as error:
            reasons.append(f"{watch.name}: {error}")
    return None, reasons


def is_caught(watch: Watch, environment: Mapping[str, str]) -> bool:
    """Whether a watch sees the socket and the file of `CONTROL`. Raises OSError when it does not run here."""
    with tempfile.TemporaryDirectory() as scratch:
        folder, notes = Path(scratch) / "work", Path(scratch) / "notes"
        folder.mkdir()
        notes.mkdir()
        made = folder / "made"
        seen: Seen = watch.run(CONTROL, [str(made)], environment=environment, folder=folder, notes=notes)
        return bool(seen.network) and made in seen.written
