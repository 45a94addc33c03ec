"""untag doctor"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from untag.cli.app import Context
from untag.cli.common import settings_of
from untag.cli.terminal import say, tell
from untag.support.words import counted

if TYPE_CHECKING:
    from untag.upkeep.rescue import Rescued


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
    from untag.doctor.checks import examine
    from untag.doctor.offline import prove_offline

    problems = 0
    for check in prove_offline() if offline else examine(settings_of(context, tend=False)):
        problems += not check.ok
        mark, colour = ("ok       ", "green") if check.ok else ("problem  ", "red")
        tell(f"{check.name}: {check.detail}", mark=mark, colour=colour)
        if check.advice is not None:
            tell(f"         {check.advice}")
    return 1 if problems else 0


def _rescue(context: Context, folder: Path) -> int:
    from untag.config import default_home
    from untag.upkeep.rescue import rescue

    # Not the settings: config.toml may be what is damaged.
    rescued = rescue(context.home or default_home(), folder)
    for person, count in rescued.people.items():
        tell(f"{person}: {counted(count, 'reference')}")
    tell(f"{counted(rescued.decisions, 'decision')}, {counted(len(rescued.categories), 'category', 'categories')}")
    _advise(rescued, folder)
    return 1 if rescued.lost else 0


def _advise(rescued: Rescued, folder: Path) -> None:
    for name in rescued.lost:
        say(f"the examples of the category {name} are damaged; teach it again")
    say(f"all of it is in {rescued.backup} as well; the damaged folder is as it was")
    say(f"go on with the new folder: untag --home {folder} scan PATH… (everything it finds is new to it)")
