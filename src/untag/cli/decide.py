"""untag decide"""

from __future__ import annotations

from pathlib import Path

import click

from untag.cli.app import Context
from untag.cli.common import opened, say
from untag.errors import UsageError
from untag.support.words import counted


@click.command("decide")
@click.argument("photos", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="PHOTO…")
@click.option(
    "--status", type=click.Choice(["keep", "untag", "request-removal", "done", "not-me"]), help="What you decided."
)
@click.option("--undo", is_flag=True, help="Take back the last decision.")
@click.pass_obj
def command(context: Context, photos: tuple[Path, ...], status: str | None, undo: bool) -> int:
    """Record what you decided about photos. A decision holds for every identical copy and survives every later scan.

    \b
    Examples:
      untag decide holiday.jpg --status keep
      untag decide holiday.jpg --undo
    """
    if (status is None) == (not undo):
        raise UsageError("say either --status STATUS or --undo")
    with opened(context) as home:
        count = home.undo(photos) if status is None else home.decide(photos, status)
    say(f"{'took back' if undo else 'recorded'} {counted(count, 'decision')}")
    return 0
