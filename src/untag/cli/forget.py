"""untag forget"""

from __future__ import annotations

import click

from untag.cli.app import Context
from untag.cli.common import say, settings_of, warn_of_settings


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
        if not yes and not click.confirm(f"Delete all that untag knows in {settings.home}?", err=True):
            say("nothing was deleted")
            return 0
        taught = taught_names(settings.home)
        files = forget_all(settings.home)
        say(f"deleted {len(files)} file{'' if len(files) == 1 else 's'}; your photos are untouched")
        warn_of_settings(settings, taught)
        return 0
    with Store.open(settings.home, create=False) as store:
        if person is not None:
            count = forget_person(store, person, key_without=lambda key: key_without(key, person))
            if count == 0:
                raise UsageError(f"nobody called {person} is enrolled; see: untag people")
            say(f"forgot {person} and {count} reference{'' if count == 1 else 's'}")
        else:
            say(f"forgot {forget_bystanders(store)} faces of bystanders")
    return 0
