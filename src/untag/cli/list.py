"""untag list"""

from __future__ import annotations

import click

from untag.cli.app import Context
from untag.cli.common import say, settings_of
from untag.cli.terminal import results, tell_lines


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
    from untag.reports import table_lines, write_csv, write_json
    from untag.reports.table import NONE_OF_THESE, NOTHING
    from untag.scenes.categories import Sensitivity, check_category
    from untag.scenes.installed import installed_thresholds
    from untag.scenes.taught_files import taught_names
    from untag.store import Store, findings, flagged_from
    from untag.support.words import counted
    from untag.types import Verdict

    settings = settings_of(context)
    taught = taught_names(settings.home)
    chosen = frozenset(check_category(name, taught) for name in categories)
    verdicts = {None: frozenset({Verdict.ME, Verdict.MAYBE}), "all": None}.get(
        verdict, frozenset({Verdict(verdict)}) if verdict in ("me", "maybe") else None
    )
    with Store.open(settings.home) as store:
        found = findings(store, verdicts=verdicts, categories=chosen)
        if style == "table":
            nothing = NONE_OF_THESE if chosen or verdict is not None else NOTHING
            tell_lines(lambda width: table_lines(found, width, nothing=nothing))
            high = {**installed_thresholds(settings.home, Sensitivity.HIGH), **settings.thresholds}
            if (more := flagged_from(store, high)) and settings.sensitivity is not Sensitivity.HIGH:
                say(f'{counted(more, "more photo")} would count with sensitivity = "high" in config.toml')
        else:
            with results(as_csv=style == "csv") as stream:
                (write_csv if style == "csv" else write_json)(found, stream)
    return 0
