"""untag report"""

from __future__ import annotations

from pathlib import Path

import click

import untag
from untag.cli.app import Context
from untag.cli.common import opened, progress, say
from untag.cli.filters import Filters, filter_options
from untag.support.words import counted


@click.command("report")
@click.argument("photos", nargs=-1, type=click.Path(path_type=str), metavar="[PHOTO…]")
@click.option(
    "--output",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE.html",
    help="The file to write; one that is there already is replaced.",
)
@click.option(
    "--limit",
    type=click.IntRange(min=1, max=1_000_000),
    default=1000,
    show_default=True,
    metavar="N",
    help="Show at most N photos: those that you have not decided about, and of these the riskiest, first.",
)
@click.option("--force", is_flag=True, help="Replace a report even if photos in it cannot be read now.")
@filter_options(without={"limit"}, status="any, what is decided last")
@click.pass_obj
def command(context: Context, photos: tuple[str, ...], output: Path, limit: int, force: bool, filters: Filters) -> int:
    """Write the findings to one HTML file: pictures with your face framed, reasons, links and filters.

    The file holds your photos and loads nothing from the network. Only you can read it. The more photos there are, the
    smaller are the pictures. When more photos cannot be read than in the report that is there, it is left as it is.

    With PHOTO it is about these alone: ids, paths, ends of paths, names or links.

    \b
    Examples:
      untag report --output report.html
      untag report --output all.html --limit 5000
      untag report --output party.html --category party --status open
    """
    with opened(context) as home:
        wanted = filters.of(home, status=tuple(untag.Status), photos=photos or None)
        options = untag.ReportOptions(limit, force, wanted)
        with progress("writing", lambda: home.count_pictures(options)) as advance:
            written = home.report(output, options=options, on_progress=lambda _: advance())
    _tell(written, output)
    return 0


def _tell(written: untag.ReportWritten, output: Path) -> None:
    from untag.reports import in_words

    left_out = written.counts.photos - written.shown
    say(f"wrote {counted(written.shown, 'photo')} to {output.absolute()}: {in_words(written.counts)}")
    if left_out:
        rest = counted(left_out, "more photo")
        say(f"{rest} left out, the least important; see all with: --limit {written.counts.photos}, or untag list")
    if written.unread:
        unread = counted(len(written.unread), "photo")
        say(f"{unread} could not be read now, such as {written.unread[0]}; no picture is shown for it")
