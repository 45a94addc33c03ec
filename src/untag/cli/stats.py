"""untag stats"""

from __future__ import annotations

import click

from untag.cli.app import Context
from untag.cli.common import opened
from untag.cli.filters import Filters, filter_options
from untag.cli.terminal import tell, tell_json


@click.command("stats")
@click.option(
    "--format",
    "style",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="For people, or for programs.",
)
@filter_options(without={"sort", "limit"}, status="any")
@click.pass_obj
def command(context: Context, style: str, filters: Filters) -> int:
    """Count the photos of you by year, category, platform, poster and status, copies once.

    Also what changed since the scan before the last, and how many photos with something you may not want online there
    were before, are now, and will be once all that you decided is carried out.

    \b
    Examples:
      untag stats
      untag stats --platform facebook --format json
    """
    from untag.reports.plan_text import request_counts, requests_lines
    from untag.reports.stats_text import stats_lines, stats_record

    with opened(context) as home:
        found, asked = home.stats(**filters.asked), home.requests()
    if style == "json":
        tell_json(stats_record(found) | {"requests": request_counts(asked)}, indent=2)
    else:
        for line in (*stats_lines(found), *requests_lines(asked)):
            tell(line)
    return 0
