"""The programs of the system that scheduled scans need: service managers, notifications, and what takes the network.

None of them is given more than it needs: a notification says how many, never who or where.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from untag.errors import ResourceError
from untag.schedule.power import discharging

_SECONDS = 60.0
_NO_NETWORK = "(version 1)(allow default)(deny network*)(allow network* (remote unix-socket))"
"""A profile for macOS: everything but the network, as Bazel and Nix build with."""


@dataclass(frozen=True, slots=True)
class Said:
    """How a program ended, what it said, and of that what came from its standard output, as it came."""

    status: int
    text: str
    output: str = ""


def ask(command: Sequence[str], *, given: str | None = None, environment: Mapping[str, str] | None = None) -> Said:
    """Runs a program to its end, with this on its standard input; a status of 127 says that it is not there."""
    try:
        done = subprocess.run(  # noqa: S603 - fixed programs, no shell
            command,
            input=given,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_SECONDS,
            env=None if environment is None else {**os.environ, **environment},
            check=False,
        )
    except FileNotFoundError:
        return Said(127, f"{command[0]} is not there")
    except (OSError, subprocess.SubprocessError) as error:
        return Said(126, f"{command[0]}: {error}")
    return Said(done.returncode, (done.stdout + done.stderr).strip(), done.stdout)


def must(command: Sequence[str], *, given: str | None = None) -> str:
    """The same for what has to succeed. Raises ResourceError with what the program said."""
    said = ask(command, given=given)
    if said.status != 0:
        raise ResourceError(f"{shlex.join(command)} failed: {said.text or f'exit status {said.status}'}")
    return said.text


def has(program: str) -> bool:
    """Whether there is such a program."""
    return shutil.which(program) is not None


def systemd_answers() -> bool:
    """Whether there is a service manager for this user."""
    return has("systemctl") and ask(["systemctl", "--user", "show-environment"]).status == 0


def systemd_can_take_the_network() -> bool:
    """Whether units of this user can have a namespace without a network; tried with one that does nothing."""
    trial = ["systemd-run", "--user", "--quiet", "--wait", "-p", "PrivateUsers=yes", "-p", "PrivateNetwork=yes"]
    looks = ["grep", "-qv", "-e", "lo:", "-e", "|", "/proc/net/dev"]
    # grep finds another interface than lo, and ends with 0, where the network was not taken away.
    return ask([*trial, *looks]).status == 1


def without_network(command: Sequence[str]) -> tuple[str, ...] | None:
    """The command as one that has no network, whatever it does; None where this system offers nothing of the kind."""
    if sys.platform == "darwin":
        return ("/usr/bin/sandbox-exec", "-p", _NO_NETWORK, *command) if has("/usr/bin/sandbox-exec") else None
    if has("unshare"):
        # -r makes a namespace of users too: that needs no root, where the system allows it.
        isolated = ("unshare", "-rn")
        if ask([*isolated, "true"]).status == 0:
            return (*isolated, *command)
    return None


def run_child(command: Sequence[str], environment: Mapping[str, str]) -> int:
    """Runs untag once more, with its output on this one's, and waits for it however long; returns its status."""
    try:
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, env=dict(environment))  # noqa: S603 - untag itself
    except OSError as error:
        raise ResourceError(f"{command[0]} could not be run: {error.strerror}") from error
    try:
        status = child.wait()
        return status if status >= 0 else 128 - status  # as a shell has it for a signal
    except BaseException:
        child.terminate()  # it records what it has, and ends
        child.wait()
        raise


def notify(text: str, command: str | None) -> str | None:
    """Tells the user a sentence; returns what went wrong in words, or None.

    `command` is the user's own: {} in it is the sentence, and without that it gets it on standard input. None is what
    the desktop has.
    """
    words = _desktop(text) if command is None else [word.replace("{}", text) for word in shlex.split(command)]
    if words is None:
        return "there is no notify-send and no osascript; give a command with: untag schedule install --notify"
    said = ask(words, given=None if words != shlex.split(command or "") else text, environment=_session())
    return None if said.status == 0 else f"{words[0]} failed: {said.text or f'exit status {said.status}'}"


def _desktop(text: str) -> list[str] | None:
    if sys.platform == "darwin" and has("osascript"):
        script = ["on run argv", 'display notification (item 1 of argv) with title "untag"', "end run"]
        return ["osascript", *(part for line in script for part in ("-e", line)), text]
    return ["notify-send", "--app-name=untag", "untag", text] if has("notify-send") else None


def _session() -> dict[str, str]:
    """Where the user's desktop listens, which cron does not say."""
    if not hasattr(os, "getuid") or "DBUS_SESSION_BUS_ADDRESS" in os.environ:
        return {}
    bus = Path(f"/run/user/{os.getuid()}/bus")
    return {"DBUS_SESSION_BUS_ADDRESS": f"unix:path={bus}"} if bus.exists() else {}


def on_battery() -> bool:
    """Whether this machine runs on its battery, as far as the system says."""
    if sys.platform == "darwin":
        return "'Battery Power'" in ask(["pmset", "-g", "batt"]).text
    return discharging()


def lower_priority() -> None:
    """Lets everything else on this machine go first, as far as it can be asked for."""
    if hasattr(os, "nice"):
        os.nice(19)
