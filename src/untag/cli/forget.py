"""untag forget"""

from __future__ import annotations

import click

from untag.cli.app import Context
from untag.cli.common import say, settings_of, warn_of_settings
from untag.cli.terminal import ask
from untag.words import counted


@click.command("forget")
@click.option("--person", metavar="NAME", help="Forget this person: references, embeddings and findings.")
@click.option("--bystanders", is_flag=True, help="Forget the embeddings of everybody who is not surely enrolled.")
@click.option(
    "--all", "everything", is_flag=True, help="Delete all: the database with your decisions, taught categories."
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def command(context: Context, person: str | None, bystanders: bool, everything: bool, yes: bool) -> int:
    """Erase a person, the bystanders, or everything. Photos are never touched.

    \b
    Examples:
      untag forget --person Grandma
      untag forget --bystanders
      untag forget --all
    """
    from untag.errors import UsageError
    from untag.people.profile import key_without
    from untag.scenes.taught_files import taught_names
    from untag.store import Store, forget_all, forget_bystanders, forget_person

    if (person is not None) + bystanders + everything != 1:
        raise UsageError("say what to forget: --person NAME, --bystanders or --all")
    settings = settings_of(context)
    if everything:
        if not yes and not ask(f"Delete all that untag knows in {settings.home}?"):
            say("nothing was deleted")
            return 0
        taught = taught_names(settings.home)
        files = forget_all(settings.home)
        say(f"deleted {counted(len(files), 'file')}; your photos are untouched")
        warn_of_settings(settings, taught)
        return 0
    with Store.open(settings.home, create=False) as store:
        if person is not None:
            count = forget_person(store, person, key_without=lambda key: key_without(key, person))
            if count == 0:
                raise UsageError(f"nobody called {person} is enrolled; see: untag people")
            say(f"forgot {person} and {counted(count, 'reference')}")
        else:
            say(f"forgot {counted(forget_bystanders(store), 'face')} of bystanders")
    return 0
