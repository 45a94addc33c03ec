"""untag decide"""

from __future__ import annotations

from pathlib import Path

import click

from untag.cli.app import Context
from untag.cli.common import say, settings_of
from untag.support.words import counted


@click.command("decide")
@click.argument("photos", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="PHOTO…")
@click.option(
    "--status", type=click.Choice(["keep", "untag", "request-removal", "done", "not-me"]), help="What you decided."
)
@click.option("--undo", is_flag=True, help="Take back the last decision.")
@click.pass_obj
def command(context: Context, photos: tuple[Path, ...], status: str | None, undo: bool) -> int:
    """Record what you decided about photos. A decision holds for every identical copy and survives every later scan.

    \b
    Examples:
      untag decide holiday.jpg --status keep
      untag decide holiday.jpg --undo
    """
    from untag.errors import UsageError
    from untag.store import Store, known_file, record_decision, undo_decision
    from untag.support.paths import absolute, printable_path
    from untag.types import Status

    if (status is None) == (not undo):
        raise UsageError("say either --status STATUS or --undo")
    settings = settings_of(context)
    with Store.open(settings.home, create=False) as store:
        hashes: list[str] = []
        for photo in photos:
            known = known_file(store, printable_path(absolute(photo)))
            if known is None:
                # As untag list shows it: escaped already, or with slashes inside an archive.
                known = known_file(store, str(photo))
            if known is None or known.sha256 is None:
                raise UsageError(f"{photo} was not scanned yet; scan it first, or give the path as untag list shows it")
            hashes.append(known.sha256)
        count = 0
        with store.durable():
            for sha256 in hashes:
                if status is None:
                    count += undo_decision(store, sha256)
                else:
                    record_decision(store, sha256, Status(status))
                    count += 1
    say(f"{'took back' if undo else 'recorded'} {counted(count, 'decision')}")
    return 0
