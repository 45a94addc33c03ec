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
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Copy the photos into this folder; nothing in it is replaced.",
)
@click.option("--link", is_flag=True, help="Make links to the photos instead of copies, where they are in no archive.")
@click.option("--xmp", is_flag=True, help="Write what was found as keywords into an .xmp file beside each.")
@click.option(
    "--ics",
    "calendar",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write the days on which answers to your requests are due into this calendar.",
)
@filter_options()
@click.pass_obj
def command(
    context: Context, folder: Path | None, link: bool, xmp: bool, calendar: Path | None, filters: Filters
) -> int:
    """Copy the photos that show you into a folder, each once, called by risk, id and name. Only you can read them.

    With --ics, write a calendar of what is due instead, or as well.

    \b
    Examples:
      untag export --to-folder ~/to-untag --status untag --status request-removal
      untag export --to-folder party --category party --since 2019 --link
      untag export --ics requests.ics
    """
    if folder is None and (calendar is None or filters.asked or link or xmp):
        raise untag.UsageError("say where to: --to-folder DIR, or --ics FILE for what is due")
    with opened(context) as home:
        if calendar is not None:
            say(f"wrote {counted(home.export_calendar(calendar), 'due date')} to {calendar.absolute()}")
        return 0 if folder is None else _export(home, folder, filters, untag.ExportOptions(link, xmp))


def _export(home: untag.Untag, folder: Path, filters: Filters, options: untag.ExportOptions) -> int:
    wanted = filters.of(home)
    with progress("copying", lambda: _how_many(home, wanted)) as advance:
        done = home.export_photos(folder, wanted, options=options, on_progress=lambda _: advance())
    there = f"; {counted(done.there, 'photo')} there already" if done.there else ""
    say(f"{'linked' if options.link else 'copied'} {counted(done.written, 'photo')} into {folder.absolute()}{there}")
    if done.no_copy:
        say(f"{counted(done.no_copy, 'more photo')} reported without a file; open them with: untag open ID")
    list_unreadable([untag.ReadError(path, untag.Outcome.MISSING, "it cannot be read now") for path in done.unread])
    return UNREADABLE if done.unread else 0


def _how_many(home: untag.Untag, wanted: untag.FindingFilter) -> int:
    with home.open_pictures(wanted) as pictures:
        return len(pictures)
