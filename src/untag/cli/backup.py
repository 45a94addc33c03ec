"""untag backup"""

from __future__ import annotations

from pathlib import Path

import click

from untag.cli.app import Context
from untag.cli.common import opened, say
from untag.support.words import counted


@click.command("backup")
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE")
@click.pass_obj
def command(context: Context, file: Path) -> int:
    """Save to one file what no scan finds out again: people, their references and names, decisions, taught categories.

    No photos are in it, but embeddings of your references are, so keep it where only you can read it. A backup that is
    there already is replaced. See docs/backup.md for what is in it.

    \b
    Example:
      untag backup untag-backup.jsonl
    """
    with opened(context) as home:
        count = home.backup(file)
    say(f"saved {counted(count, 'record')} to {file.absolute()}; bring it back with: untag restore FILE")
    return 0
