"""untag categories"""

from __future__ import annotations

import click

from untag.cli.app import Context
from untag.cli.common import settings_of


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
    """List the categories: which can be judged, from what evidence, and from which score they count."""
    from untag.scenes.categories import CATEGORIES, Category
    from untag.scenes.installed import installed_thresholds
    from untag.scenes.location import EVIDENCE

    pulled = installed_thresholds(settings_of(context).home)
    for category, spec in CATEGORIES.items():
        if spec.available:
            words = ", ".join(item.word for item in spec.classes)
            click.echo(f"{category:<10}  counts from {spec.threshold:.0%}  {words}")
        elif category is Category.LOCATION:
            click.echo(f"{category:<10}  counts from {spec.threshold:.0%}  {EVIDENCE}")
        elif category in pulled:
            click.echo(f"{category:<10}  counts from {pulled[category]:.0%}  experimental: a model that was pulled")
        else:
            click.echo(f"{category:<10}  unavailable: no installed model can judge it")
    return 0
