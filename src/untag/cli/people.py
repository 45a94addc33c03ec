"""untag people"""

from __future__ import annotations

import click

from untag.cli.app import Context
from untag.cli.common import say, settings_of
from untag.cli.terminal import tell
from untag.words import counted


@click.command("people")
@click.pass_obj
def command(context: Context) -> int:
    """List who is enrolled: how many photos each has, and how well these agree.

    Photos of different years, or with and without a beard, may fall into several looks; each is searched for. When you
    did not change that much, one of the looks is somebody else: forget the person, and enrol the right photos.
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
        sizes = " + ".join(str(len(look)) for look in entry.looks)
        looks = f", {counted(len(entry.looks), 'look')} ({sizes})" if len(entry.looks) > 1 else ""
        aside = f", {entry.set_aside} set aside" if entry.set_aside else ""
        called = f", also called {', '.join(entry.called)}" if entry.called else ""
        photos = f"{counted(entry.used, 'photo')}"
        tell(f"{entry.person}: {photos}{looks}{alike}{aside}{called} ({entry.engine})")
    return 0
