"""untag categories"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from untag.cli.app import Context
from untag.cli.common import settings_of

if TYPE_CHECKING:
    from untag.scenes.categories import CategorySpec

_LEAST_TOLD = 0.5  # false alarms in 1,000: none among 2,161 photos is not none at all


@click.group("categories", invoke_without_command=True)
@click.pass_context
def command(ctx: click.Context) -> int:
    """List what untag can judge a scene for, with the installed models.

    \b
    Example:
      untag categories
    """
    if ctx.invoked_subcommand is None:
        return int(ctx.invoke(list_categories))
    return 0


@command.command("list")
@click.pass_obj
def list_categories(context: Context) -> int:
    """List the categories: which can be judged, from which score they count, how often wrongly, and by what.

    False alarms are those among 1,000 ordinary photos. What is experimental was learnt from few photos.
    """
    from untag.scenes.categories import CATEGORIES, Category
    from untag.scenes.installed import installed_thresholds
    from untag.scenes.location import EVIDENCE

    pulled = installed_thresholds(settings_of(context).home)
    for category, spec in CATEGORIES.items():
        if spec.available:
            click.echo(f"{category:<10}  counts from {spec.threshold:.0%}  {_described(spec)}")
        elif category is Category.LOCATION:
            click.echo(f"{category:<10}  counts from {spec.threshold:.0%}  {EVIDENCE}")
        elif category in pulled:
            click.echo(f"{category:<10}  counts from {pulled[category]:.0%}  experimental: a model that was pulled")
        else:
            click.echo(f"{category:<10}  unavailable: no installed model can judge it")
    return 0


def _described(spec: CategorySpec) -> str:
    expected = spec.false_alarms_per_1000
    alarms = f"{expected:.1f}" if expected >= _LEAST_TOLD else f"under {_LEAST_TOLD}"
    standing = "experimental" if spec.experimental else "measured"
    words = ", ".join(item.word for item in spec.classes)
    evidence = f"{words}; else {spec.impression}" if words else spec.impression
    return f"{alarms:>9} false alarms in 1,000  {standing:<12}  {evidence}"
