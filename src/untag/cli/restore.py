"""untag restore"""

from __future__ import annotations

from pathlib import Path

import click

from untag.cli.app import Context
from untag.cli.common import opened, say
from untag.support.words import counted


@click.command("restore")
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE")
@click.pass_obj
def command(context: Context, file: Path) -> int:
    """Bring back what untag backup saved, into a new home folder or into one in use. Nothing that is there is lost.

    The decisions of both sides are kept in the order of their times, so that the latest one about a photo counts. The
    next scan looks at everything with the people that came.

    \b
    Example:
      untag restore untag-backup.jsonl
    """
    with opened(context) as home:
        restored = home.restore(file)
    merged = restored.merged
    say(
        f"brought back {counted(merged.references, 'reference')}, {counted(merged.names, 'name')},"
        f" {counted(merged.decisions, 'decision')} and {counted(len(restored.categories), 'category', 'categories')};"
        " what was here already stays"
    )
    if merged.requests:
        say(f"and {counted(merged.requests, 'record')} of what was asked of whom, and what came of it")
    if merged.answers:
        say(f"and {counted(merged.answers, 'answer')} about accounts, the sender of letters and the engine")
    for name in restored.kept:
        say(f"the category {name} is another one here than in the file, and was kept as it is here")
    if restored.left_out:
        say(f"{counted(restored.left_out, 'record')} of a newer untag left out: update untag and restore again")
    return 0
