"""untag list"""

from __future__ import annotations

import click

import untag
from untag.cli.app import Context
from untag.cli.common import opened, say
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
@click.option(
    "--verdict",
    type=click.Choice(["me", "maybe", "all"]),
    help="Only photos with this verdict; all adds scenes without you.  [default: me and maybe]",
)
@click.option(
    "--category", "categories", multiple=True, metavar="NAME", help="Only photos of this category; repeatable."
)
@click.pass_obj
def command(context: Context, style: str, verdict: str | None, categories: tuple[str, ...]) -> int:
    """List the photos that show you, the riskiest first, with what untag suggests to do.

    \b
    Examples:
      untag list
      untag list --category alcohol --verdict me
      untag list --format csv > findings.csv
    """
    from untag.reports import table_lines
    from untag.reports.table import NONE_OF_THESE, NOTHING

    with opened(context) as home:
        found = home.findings(verdict=_verdicts(verdict), category=categories)
        if style != "table":
            with results(as_csv=style == "csv") as stream:
                home.export(stream, style, found)
            return 0
        nothing = NONE_OF_THESE if categories or verdict is not None else NOTHING
        tell_lines(lambda width: table_lines(found, width, nothing=nothing))
        if more := home.count_hidden():
            say(f'{counted(more, "more photo")} would count with sensitivity = "high" in config.toml')
    return 0


def _verdicts(chosen: str | None) -> tuple[str, ...]:
    if chosen is None:
        return (untag.Verdict.ME, untag.Verdict.MAYBE)
    return tuple(untag.Verdict) if chosen == "all" else (chosen,)
