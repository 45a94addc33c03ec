"""untag inspect"""

from __future__ import annotations

from pathlib import Path

import click

from untag.cli.app import Context
from untag.cli.common import UNREADABLE, device_option, engine_option, opened
from untag.cli.terminal import tell, tell_json


@click.command("inspect")
@click.argument("photos", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="PHOTO…")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, instead of words.")
@click.option("--embeddings", is_flag=True, help="Add each face's embedding to the JSON.")
@engine_option
@device_option
@click.pass_obj
def command(
    context: Context, photos: tuple[Path, ...], as_json: bool, embeddings: bool, engine: str | None, device: str | None
) -> int:
    """Show what the models see in photos: faces, how like you they are, and the scene. Stores nothing.

    A PHOTO is a path, or what untag decide takes: an id, the end of a path, a name, a link.

    \b
    Examples:
      untag inspect party.jpg
      untag inspect kxqzmrwtpv
      untag inspect party.jpg --json --embeddings
    """
    from untag.reports.inspection_text import describe, to_dict

    failed = False
    home = opened(context, engine=engine, device=device)
    for seen in home.inspect([home.locate(photo) for photo in photos]):
        failed |= seen.error is not None
        if as_json:
            tell_json(to_dict(seen, embeddings=embeddings))
        else:
            for line in describe(seen):
                tell(line)
    return UNREADABLE if failed else 0
