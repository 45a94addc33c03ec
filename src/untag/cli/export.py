"""untag export"""

from __future__ import annotations

from pathlib import Path

import click

import untag
from untag.cli.app import Context
from untag.cli.common import UNREADABLE, list_unreadable, opened, progress, say
from untag.cli.filters import Filters, filter_options
from untag.support.words import counted


@click.command("export")
@click.option(
    "--to-folder",
    "folder",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Copy the photos into this folder; nothing in it is replaced.",
)
@click.option("--link", is_flag=True, help="Make links to the photos instead of copies, where they are in no archive.")
@click.option("--xmp", is_flag=True, help="Write what was found as keywords into an .xmp file beside each.")
@filter_options()
@click.pass_obj
def command(context: Context, folder: Path, link: bool, xmp: bool, filters: Filters) -> int:
    """Copy the photos that show you into a folder, each once, called by risk, id and name. Only you can read them.

    \b
    Examples:
      untag export --to-folder ~/to-untag --status untag --status request-removal
      untag export --to-folder party --category party --since 2019 --link
    """
    with opened(context) as home:
        wanted = filters.of(home)
        options = untag.ExportOptions(link, xmp)
        with progress("copying", lambda: len(home.pictures(wanted))) as advance:
            done = home.export_photos(folder, wanted, options=options, on_progress=lambda _: advance())
    there = f"; {counted(done.there, 'photo')} there already" if done.there else ""
    say(f"{'linked' if link else 'copied'} {counted(done.written, 'photo')} into {folder.absolute()}{there}")
    if done.no_copy:
        say(f"{counted(done.no_copy, 'more photo')} reported without a file; open them with: untag open ID")
    list_unreadable([untag.ReadError(path, untag.Outcome.MISSING, "it cannot be read now") for path in done.unread])
    return UNREADABLE if done.unread else 0
