"""untag forget"""

from __future__ import annotations

from pathlib import Path

import click

import untag
from untag.cli.app import Context
from untag.cli.common import opened, say, warn_of_settings
from untag.cli.terminal import ask
from untag.support.words import counted

_NOT_PROMISED = (
    "not within reach: blocks that a flash drive, a snapshot or a file system that copies on write (btrfs, ZFS, APFS)"
    " keeps for itself, backups, and whatever was copied from here"
)


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
    if (person is not None) + bystanders + everything != 1:
        raise untag.UsageError("say what to forget: --person NAME, --bystanders or --all")
    home = opened(context, tend=False)
    if everything:
        if not yes and not ask(f"Delete all that untag knows in {home.home}?"):
            say("nothing was deleted")
            return 0
        taught = home.taught_names()
        forgotten = home.forget_all()
        say(f"deleted {counted(forgotten.count, 'file')}; your photos are untouched")
        warn_of_settings(home.settings, taught)
    elif person is not None:
        forgotten = home.forget(person)
        say(f"forgot {person} and {counted(forgotten.count, 'reference')}")
    else:
        forgotten = home.forget_bystanders()
        say(f"forgot {counted(forgotten.count, 'face')} of bystanders")
    _tell(home.home, forgotten)
    return 0


def _tell(home: Path, forgotten: untag.Forgotten) -> None:
    """What a search of the home folder found afterwards, and what it cannot see."""
    searched = forgotten.searched
    if searched is None:
        say("the database could not be read, so it is not known what to search for; its files were overwritten")
    else:
        where = f"every byte of {counted(searched.files, 'file')} ({searched.size / 1e6:.1f} MB) in {home}"
        found = [_found(trace) for trace in searched.traces]
        say(f"searched {where}: {'nothing of it is left' if not found else 'something is left'}")
        for line in (*found, *(f"{path} could not be searched" for path in searched.unread)):
            say(f"  {line}")
        if searched.too_short:
            say(f"too short to be searched for among other bytes: {', '.join(searched.too_short)}")
    if forgotten.written:
        say("untag wrote these at your request; they are yours to delete, and so are copies of them:")
    for file in forgotten.written:
        say(f"  {_named(file)}")
    say(_NOT_PROMISED)


def _found(trace: untag.Trace) -> str:
    left = ["parts of embeddings"] if trace.vectors else []
    if trace.names:
        left.append(f"the name {', '.join(trace.names)}, from an archive, a path, a backup or your settings")
    return f"{trace.path} still holds {' and '.join(left)}"


def _named(file: untag.WrittenFile) -> str:
    missing = "" if file.is_there else ", not there now"
    return f"{file.path} ({file.kind} of {file.written_at[:10]}{missing})"
