"""untag people"""

from __future__ import annotations

import click

import untag
from untag.cli.app import Context
from untag.cli.common import opened, say
from untag.cli.terminal import tell
from untag.support.words import counted


@click.group("people", invoke_without_command=True)
@click.pass_context
def command(ctx: click.Context) -> int:
    """List who is enrolled: how many photos each has, and how well these agree.

    Photos of different years, or with and without a beard, may show several appearances; each is searched for. When
    you did not change that much, one of them is somebody else: see which photos it has, and take them back.

    \b
    Examples:
      untag people
      untag people show me
      untag people remove 12
    """
    return int(ctx.invoke(list_all)) if ctx.invoked_subcommand is None else 0


@command.command("list")
@click.pass_obj
def list_all(context: Context) -> int:
    """List who is enrolled: what `untag people` does."""
    with opened(context) as home:
        people = home.people()
    if not people:
        say("nobody is enrolled yet; show untag your face with: untag enroll PHOTO…")
    for entry in people:
        alike = "" if entry.agreement is None else f", {entry.agreement:.0%} alike"
        sizes = " + ".join(str(len(template)) for template in entry.templates)
        several = f", {counted(len(entry.templates), 'appearance')} ({sizes})" if len(entry.templates) > 1 else ""
        aside = f", {entry.set_aside} set aside" if entry.set_aside else ""
        called = f", also called {', '.join(entry.called)}" if entry.called else ""
        photos = f"{counted(entry.used, 'photo')}"
        tell(f"{entry.person}: {photos}{several}{alike}{aside}{called} ({entry.engine})")
    return 0


@command.command("show", short_help="List the photos of a person, and what each contributes.")
@click.argument("person", metavar="NAME")
@click.pass_obj
def show(context: Context, person: str) -> int:
    """List a person's photos: which appearance each shows, how alike it is to the others, or why it is not used.

    The number in front is what `untag people remove` takes.
    """
    with opened(context) as home:
        listed = home.references(person)
    for one in listed:
        tell(f"{one.reference.id}  {_contribution(one)}  {one.reference.path} ({one.reference.engine})")
    say("to take one back: untag people remove ID")
    return 0


def _contribution(one: untag.Contribution) -> str:
    alike = "" if one.agreement is None else f", {one.agreement:.0%} like the others"
    if one.template is None:
        return f"set aside{alike}: {one.reference.note}"
    return f"used, appearance {one.template} of {counted(one.of, 'photo')}{alike}"


@command.command("remove", short_help="Take one photo back from a person.")
@click.argument("reference", metavar="ID", type=int)
@click.pass_obj
def remove(context: Context, reference: int) -> int:
    """Take one photo back from a person, by its number in `untag people show`.

    The face is erased, and all that was scanned is judged again; no photo is read for that.
    """
    with opened(context) as home:
        taken, known = home.remove_reference(reference)
    say(f"took {taken.path} back from {taken.person}, and judged again what was scanned")
    if known is None or known.used == 0:
        say(f"{taken.person} has no photo any more; add some with: untag enroll PHOTO…")
    else:
        say(f"{taken.person} is enrolled with {counted(known.used, 'photo')}")
    return 0
