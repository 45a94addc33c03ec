"""The `untag` command: its list of commands, and what the exit status means.

A command's module is imported only when that command runs, so that `untag --help` answers at once.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import click

from untag import __version__
from untag.cli import terminal, trouble
from untag.cli.ending import ended_by_signals, ignore_ending_signals
from untag.errors import UntagError

INTERRUPTED = 130
BUG = 70
"""EX_SOFTWARE of sysexits.h: none of the statuses that scripts rely on."""

_COMMANDS = {
    "enroll": "Show untag whose face to look for.",
    "people": "List who is enrolled, and how well their photos agree.",
    "backup": "Save people and decisions to a file.",
    "restore": "Bring a backup back; nothing here is lost.",
    "forget": "Erase a person, the bystanders, or everything.",
    "sources": "Say what archives hold, before any scan.",
    "scan": "Look through folders for photos that show you.",
    "list": "List the findings.",
    "stats": "Count the photos of you, and what is left of them.",
    "search": "Find photos by a face, or photos of you by what they show.",
    "report": "Write the findings, with pictures, to one HTML file.",
    "review": "Look and decide in your browser, on this machine alone.",
    "decide": "Record what you decided about a photo.",
    "act": "Go through what to do about them, step by step.",
    "letters": "Write the messages and forms that ask for removal.",
    "open": "Open the page of a photo, or the photo itself.",
    "export": "Copy the photos that show you into a folder.",
    "inspect": "Show what the models see in a photo; stores nothing.",
    "evaluate": "Measure the models on labelled photos.",
    "categories": "List what untag can judge a scene for; teach it your own.",
    "models": "List, download and check the models.",
    "schedule": "Let scans run by themselves; say what they found.",
    "worker": "Look at photos for the scans of another machine of yours.",
    "doctor": "Check the installation and say what to do about problems.",
}


class _LazyGroup(click.Group):
    """A group whose commands live in modules of the same name."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def invoke(self, ctx: click.Context) -> int:
        try:
            status = int(super().invoke(ctx) or 0)
            # A reader that has gone is noticed here, and not when Python flushes at exit.
            terminal.finish()
        except BrokenPipeError:
            # The reader (head, less) has what it wanted. Click would exit with 1, which means something else here.
            terminal.mute()
            return 0
        except (UntagError, click.ClickException, click.Abort, click.exceptions.Exit):
            raise
        except Exception as error:
            reason = trouble.explained(error, ctx.obj.home if isinstance(ctx.obj, Context) else None)
            if reason is None:
                raise
            if os.environ.get("UNTAG_DEBUG"):
                terminal.complain_of_bug(error)
            raise reason from error
        return status

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        command = importlib.import_module(f"untag.cli.{cmd_name}").command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


@dataclass(frozen=True, slots=True)
class Context:
    """What every command gets: the home folder that was chosen, or None for the default."""

    home: Path | None


@click.command(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--home",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where untag keeps its database and models.  [default: $UNTAG_HOME, or your user data folder]",
)
@click.version_option(__version__, prog_name="untag")
@click.pass_context
def untag(ctx: click.Context, home: Path | None) -> None:
    """Find the photos that show you in the archives you downloaded, and list what to untag or have removed.

    Everything runs on this machine; nothing you scan leaves it, but for workers of your own that a scan names.

    \b
    Examples:
      untag enroll ~/Pictures/me-1.jpg ~/Pictures/me-2.jpg
      untag scan ~/Downloads/facebook-export ~/Downloads/Takeout
      untag list
      untag report --output report.html
    """
    ctx.obj = Context(home)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit with the status that docs/cli.md explains; 0 is done, 130 interrupted."""
    status = _run(arguments)
    ignore_ending_signals()
    sys.exit(status)


def _run(arguments: list[str] | None) -> int:
    with ended_by_signals() as asked_to_end:
        return _status(arguments, asked_to_end)


def _status(arguments: list[str] | None, asked_to_end: Callable[[], bool]) -> int:
    try:
        return untag.main(arguments, prog_name="untag", standalone_mode=False) or 0
    except UntagError as error:
        terminal.complain(str(error))
        return error.exit_status
    except click.ClickException as error:
        terminal.complain_of_usage(error)
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        terminal.complain("interrupted")
        return INTERRUPTED
    except Exception as error:
        if asked_to_end():  # C code makes other errors of an interrupt, such as ImportError
            terminal.complain("interrupted")
            return INTERRUPTED
        if os.environ.get("UNTAG_DEBUG"):
            terminal.complain_of_bug(error)
        if (reason := trouble.of_machine(error)) is not None:
            terminal.complain(str(reason))
            return reason.exit_status
        terminal.complain(f"this is a bug in untag ({type(error).__name__}); run again with UNTAG_DEBUG=1 to see where")
        return BUG
