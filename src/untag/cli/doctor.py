"""untag doctor"""

from __future__ import annotations

import click

from untag.cli.app import Context
from untag.cli.common import settings_of
from untag.cli.terminal import tell


@click.command("doctor")
@click.pass_obj
def command(context: Context) -> int:
    """Check the installation: versions, devices, models, home folder and database; say what to do about problems."""
    from untag.doctor import examine

    problems = 0
    for check in examine(settings_of(context)):
        problems += not check.ok
        mark, colour = ("ok       ", "green") if check.ok else ("problem  ", "red")
        tell(f"{check.name}: {check.detail}", mark=mark, colour=colour)
        if check.advice is not None:
            tell(f"         {check.advice}")
    return 1 if problems else 0
