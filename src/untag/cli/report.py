"""untag report"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from untag.cli.app import Context
from untag.cli.common import progress, say, settings_of
from untag.words import counted


@click.command("report")
@click.option(
    "--output",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE.html",
    help="The file to write; one that is there already is replaced.",
)
@click.pass_obj
def command(context: Context, output: Path) -> int:
    """Write the findings to one HTML file: pictures with your face framed, reasons, links and filters.

    The file holds your photos and loads nothing from the network. Only you can read it.

    \b
    Example:
      untag report --output report.html
    """
    from untag.findings.counting import in_words
    from untag.reports import write_report
    from untag.reports.pictures import file_thumbnails
    from untag.store import Store, findings
    from untag.types import Verdict

    settings = settings_of(context)
    with Store.open(settings.home) as store:
        verdicts = frozenset({Verdict.ME, Verdict.MAYBE})
        found = list(findings(store, verdicts=verdicts))
        pictures = sum(finding.duplicate_of is None for finding in found)
        with progress("writing", lambda: pictures) as advance, file_thumbnails(settings.limits) as thumbnail:
            counts = write_report(
                found,
                output,
                thumbnail=thumbnail,
                made_at=datetime.now().strftime("%Y-%m-%d %H:%M"),
                on_progress=advance,
            )
    say(f"wrote {counted(counts.photos, 'photo')} to {output.absolute()}: {in_words(counts)}")
    return 0
