"""untag doctor"""

from __future__ import annotations

from pathlib import Path

import click

import untag
from untag.cli.app import Context
from untag.cli.common import opened
from untag.cli.terminal import say, tell
from untag.support.words import counted


@click.command("doctor")
@click.option("--offline", is_flag=True, help="Prove that nothing leaves this machine: run untag under a watch.")
@click.option(
    "--rescue",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Copy what is readable in a damaged database into this new folder.",
)
@click.pass_obj
def command(context: Context, offline: bool, rescue: Path | None) -> int:
    """Check the installation: versions, devices, models, home folder and database; say what to do about problems.

    With --offline, all commands that handle photos run on a drawn picture, in a home folder of their own, while their
    system calls are watched: any internet socket and any file outside the home folder is a problem.

    With --rescue, people, references, names, decisions and taught categories are copied out of a damaged home folder,
    which is only read, into a new one, together with a backup file. Scan with it to find out all the rest again.

    \b
    Examples:
      untag doctor
      untag doctor --offline
      untag doctor --rescue ~/rescued
    """
    if rescue is not None:
        return _rescue(context, rescue)
    problems = 0
    for check in untag.prove_offline() if offline else opened(context, tend=False).check():
        problems += not check.ok
        mark, colour = ("ok       ", "green") if check.ok else ("problem  ", "red")
        tell(f"{check.name}: {check.detail}", mark=mark, colour=colour)
        if check.advice is not None:
            tell(f"         {check.advice}")
    return 1 if problems else 0


def _rescue(context: Context, folder: Path) -> int:
    # Not the settings: config.toml may be what is damaged.
    rescued = untag.rescue(folder, context.home)
    for person, count in rescued.people.items():
        tell(f"{person}: {counted(count, 'reference')}")
    tell(f"{counted(rescued.decisions, 'decision')}, {counted(len(rescued.categories), 'category', 'categories')}")
    _advise(rescued, folder)
    return 1 if rescued.lost else 0


def _advise(rescued: untag.Rescued, folder: Path) -> None:
    for name in rescued.lost:
        say(f"the examples of the category {name} are damaged; teach it again")
    say(f"all of it is in {rescued.backup} as well; the damaged folder is as it was")
    say(f"go on with the new folder: untag --home {folder} scan PATH… (everything it finds is new to it)")
