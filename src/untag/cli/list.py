"""untag list"""

from __future__ import annotations

import click

from untag.cli.app import Context
from untag.cli.common import opened, say
from untag.cli.filters import Filters, filter_options
from untag.cli.terminal import results, tell_lines
from untag.support.words import counted


@click.command("list")
@click.option(
    "--format",
    "style",
    type=click.Choice(["table", "json", "csv"]),
    default="table",
    show_default=True,
    help="For people, or for programs.",
)
@filter_options()
@click.pass_obj
def command(context: Context, style: str, filters: Filters) -> int:
    """List the photos that show you, the riskiest first, with what untag suggests to do.

    Each has an id, which the other commands take. What you decided to keep, have done or are not in is left out unless
    you ask for it with --status. In JSON and CSV each file has a row of its own, in the table each photo.

    \b
    Examples:
      untag list
      untag list --category alcohol --verdict me
      untag list --poster "Bob Miller" --since 2019 --until 2021-06
      untag list --status done --status keep
      untag list --format csv > findings.csv
    """
    from untag.reports import table_lines
    from untag.reports.plan_text import due_lines
    from untag.reports.table import NONE_OF_THESE, NOTHING

    with opened(context) as home:
        wanted = filters.of(home)
        if style != "table":
            with results(as_csv=style == "csv") as stream:
                home.export(stream, style, home.findings(wanted))
            return 0
        found = home.pictures(wanted)
        nothing = NONE_OF_THESE if filters.narrows else NOTHING
        tell_lines(lambda width: table_lines(found, width, nothing=nothing))
        for line in due_lines(home.requests(due=True)):
            say(line)
        if more := home.count_hidden():
            say(f'{counted(more, "more photo")} would count with sensitivity = "high" in config.toml')
    return 0
