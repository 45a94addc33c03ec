"""untag report"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from untag.cli.app import Context
from untag.cli.common import progress, say, settings_of
from untag.support.words import counted

if TYPE_CHECKING:
    from untag.reports.html import Written


@click.command("report")
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
@click.pass_obj
def command(context: Context, output: Path, limit: int, force: bool) -> int:
    """Write the findings to one HTML file: pictures with your face framed, reasons, links and filters.

    The file holds your photos and loads nothing from the network. Only you can read it. The more photos there are, the
    smaller are the pictures. When more photos cannot be read than in the report that is there, it is left as it is.

    \b
    Examples:
      untag report --output report.html
      untag report --output all.html --limit 5000
    """
    from untag.findings.counting import count
    from untag.reports import write_report
    from untag.reports.pictures import file_thumbnails, thumbnail_size
    from untag.store import Store, findings, note_written
    from untag.types import Verdict

    settings = settings_of(context)
    with Store.open(settings.home) as store:
        verdicts = frozenset({Verdict.ME, Verdict.MAYBE})
        found = list(findings(store, verdicts=verdicts))
        pictures = min(count(found).photos, limit)
        size = thumbnail_size(pictures)
        # Before it is there: forget had rather name a report that was never finished than miss one.
        note_written(store, output, "report")
        with progress("writing", lambda: pictures) as advance, file_thumbnails(settings.limits, size) as thumbnail:
            written = write_report(
                found,
                output,
                home=settings.home,
                thumbnail=thumbnail,
                made_at=datetime.now().strftime("%Y-%m-%d %H:%M"),
                limit=limit,
                replace_worse=force,
                on_progress=advance,
            )
    _tell(written, output)
    return 0


def _tell(written: Written, output: Path) -> None:
    from untag.findings.counting import in_words

    left_out = written.counts.photos - written.shown
    say(f"wrote {counted(written.shown, 'photo')} to {output.absolute()}: {in_words(written.counts)}")
    if left_out:
        rest = counted(left_out, "more photo")
        say(f"{rest} left out, the least important; see all with: --limit {written.counts.photos}, or untag list")
    if written.unread:
        unread = counted(len(written.unread), "photo")
        say(f"{unread} could not be read now, such as {written.unread[0]}; no picture is shown for it")
