"""What several commands share: the open home folder, options, progress, and the list of what could not be read."""

from __future__ import annotations

import shlex
import shutil
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import click

import untag
from untag.cli.app import Context
from untag.cli.terminal import progress as progress
from untag.cli.terminal import say as say
from untag.cli.terminal import warn

UNREADABLE = 1
MOST_LISTED = 50

device_option = click.option(
    "--device",
    type=click.Choice(["auto", "cpu", "cuda", "coreml", "directml", "openvino"]),
    help="Where the models run; one that does not really run is an error.  [default: auto]",
)
source_option = click.option(
    "--source", metavar="NAME", help="Read the archive as this one, such as facebook.  [default: what it looks like]"
)
engine_option = click.option(
    "--engine", metavar="ID", help="The face engine, to try one.  [default: the home's own; see untag models use]"
)


def called(names: Sequence[str]) -> str:
    """The options of `untag enroll` that say that you are called so."""
    return " ".join(f"--called {shlex.quote(name)}" for name in names)


def next_step(context: Context, command: str) -> str:
    """A command to run next, whole: the program as it was called, with the home folder that was chosen for this one."""
    home = "" if context.home is None else f"--home {shlex.quote(str(context.home))} "
    return f"{_program()} {home}{command}"


def _program() -> str:
    """How a shell finds this program again: by its name where that leads here, else as it was called this time."""
    called_as = Path(sys.argv[0])
    if called_as.name == "__main__.py" and called_as.parent.name == "untag":
        return f"{shlex.quote(sys.executable)} -m untag"
    if called_as.stem != "untag" or not called_as.exists():  # a program that uses untag's commands, such as a test
        return "untag"
    found = shutil.which("untag")
    return "untag" if found is not None and called_as.samefile(found) else shlex.quote(sys.argv[0])


def opened(context: Context, *, tend: bool = True, **settings: Any) -> untag.Untag:
    """The home folder that was chosen, with the options that were given; what the library says is said."""
    given = {name: value for name, value in settings.items() if value is not None}
    return untag.open(context.home, on_message=say, on_warning=warn, tend=tend, **given)


def warn_of_settings(settings: untag.Settings, forgotten: Iterable[str]) -> None:
    """Say which forgotten categories config.toml still names: it will be wrong from now on."""
    for name in forgotten:
        if name in settings.thresholds or name in settings.severities:
            say(f"config.toml still names {name}: take it out there, or untag will not know what it means")


def list_unreadable(errors: Sequence[untag.ReadError], *, most: int | None = MOST_LISTED) -> int:
    """Names what could not be read, at most so many, on standard error; returns the exit status that follows."""
    if not errors:
        return 0
    warn(f"{len(errors)} could not be read:")
    for error in errors[:most]:
        warn(f"  {error.path}: {error.error}")
    if most is not None and len(errors) > most:
        warn(f"  … and {len(errors) - most} more; all are in the output of: untag scan --json")
    return UNREADABLE


def path_argument() -> Callable[[Any], Any]:
    """One or more photos or folders."""
    return click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="PATH…")
