"""untag people"""

from __future__ import annotations

import click

from untag.cli.app import Context
from untag.cli.common import say, settings_of


@click.command("people")
@click.pass_obj
def command(context: Context) -> int:
    """List who is enrolled: how many photos each has, and how well these agree.

    An agreement below 90 % means that the photos are of different years or looks, or that one is of somebody else.
    """
    from untag.people.enroll import list_people
    from untag.store import Store

    settings = settings_of(context)
    with Store.open(settings.home) as store:
        people = list_people(store)
    if not people:
        say("nobody is enrolled yet; show untag your face with: untag enroll PHOTO…")
    for entry in people:
        alike = "" if entry.agreement is None else f", {entry.agreement:.0%} alike"
        aside = f", {entry.set_aside} set aside" if entry.set_aside else ""
        click.echo(f"{entry.person}: {entry.used} photo{'' if entry.used == 1 else 's'}{alike}{aside} ({entry.engine})")
    return 0
