"""untag models"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

import untag
from untag.cli.app import Context
from untag.cli.common import UNREADABLE, opened, say
from untag.cli.terminal import ask, bytes_progress, progress, somebody_answers, tell
from untag.support.words import counted, duration

DAMAGED = 1


@click.group("models")
def command() -> None:
    """List, download and check the models.

    untag works without downloading any. Only `untag models pull` downloads anything.

    \b
    Examples:
      untag models list
      untag models pull
      untag models use yunet+0095
      untag models verify
    """


@command.command("list", short_help="List the models: size, licence, whether installed.")
@click.pass_obj
def list_models(context: Context) -> int:
    """List the models: what each is for, its size and licence, and whether it is installed."""
    rows = [("NAME", "STATE", "SIZE", "LICENCE", "WHAT IT DOES")]
    for item in opened(context).models():
        weights = item.weights
        rows.append((weights.name, item.state.value, _size(weights.size), weights.licence, weights.purpose))
    _print_table(rows)
    tell("")
    tell("untag models pull takes the names above, and these sets:")
    for each in untag.model_sets():
        members = ", ".join(each.members)
        if members != each.name:
            tell(f"  {each.name}{' (recommended)' if each.recommended else ''}: {members}")
    return 0


@command.command("pull")
@click.argument("names", nargs=-1, metavar="[NAME…]")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option(
    "--from",
    "origin",
    metavar="URL|DIR",
    help="Get the files from a mirror (this address and the file's name) or from a folder.",
)
@click.pass_obj
def pull(context: Context, names: tuple[str, ...], yes: bool, origin: str | None) -> int:
    """Download models; without NAME, the recommended set yunet+0095.

    Every file is checked against its pinned SHA-256 before it is used. A download that was interrupted goes on where it
    ended. Proxies are taken from https_proxy, http_proxy and no_proxy.

    \b
    Examples:
      untag models pull
      untag models pull yunet+sface clip --yes
      untag models pull --from /media/usb/models
      untag models pull --from https://mirror.example.org/untag/
    """
    home = opened(context)
    missing = home.plan_downloads(names, origin)
    if not missing:
        say("everything is installed already, and whole; nothing to do")
        return 0
    _show_plan(missing, home.home / "models")
    if not yes:
        if not somebody_answers():
            raise untag.UsageError("nobody is there to ask; say --yes to download these")
        if not ask("Go on?"):
            say("nothing was downloaded")
            return 0
    for file in missing:
        weights = file.weights
        with bytes_progress(weights.name, weights.file, weights.size) as advance:
            home.download(file, advance)
        say(f"{weights.name}: installed")
    _offer(home, names, ask_for_it=not yes and somebody_answers())
    return 0


def _offer(home: untag.Untag, names: Sequence[str], *, ask_for_it: bool) -> None:
    """Says that a pulled engine can become the home's, or asks whether it shall."""
    engine = home.better_engine(tuple(names) or tuple(one.name for one in untag.model_sets() if one.recommended))
    if engine is None:
        return
    if ask_for_it and ask(f"This home uses the engine {home.engine}. Use {engine} from now on? It can be undone."):
        _use(home, engine)
    else:
        say(f"this home uses the engine {home.engine}; to change that: untag models use {engine}")


@command.command("use", short_help="Make another face engine this home's, or go back.")
@click.argument("engine", required=False, metavar="[ENGINE]")
@click.option("--back", is_flag=True, help="Go back to the engine before, with all that it had said.")
@click.pass_obj
def use(context: Context, engine: str | None, back: bool) -> int:
    """Make another face engine this home's, for all commands from now on.

    Everybody is enrolled again from the photos that enrolled them; those that are gone are named. Findings and
    decisions stay. Each scan moves some photos along (move_per_scan in config.toml, or all with untag scan
    --move-all); until then they keep the verdicts of the engine before. --back undoes it at once.

    \b
    Examples:
      untag models use yunet+0095
      untag models use --back
    """
    if back == (engine is not None):
        raise untag.UsageError("say either which engine, such as yunet+0095, or --back")
    with opened(context) as home:
        if engine is not None:
            return _use(home, engine)
        change = home.undo_use_engine()
        status = _say_enrolled(change)
        say(f"this home uses the engine {change.engine} again")
        _say_moving(home, change)
    return status


def _use(home: untag.Untag, engine: str) -> int:
    with progress("enrolling", lambda: sum(one.used + one.set_aside for one in home.people())) as advance:
        change = home.use_engine(engine, on_progress=lambda _: advance())
    status = _say_enrolled(change)
    for person in change.people:
        say(f"{person.person} is enrolled with {counted(person.used, 'photo')}")
    say(f"this home uses the engine {change.engine} now; to undo that: untag models use --back")
    _say_moving(home, change)
    return status


def _say_enrolled(change: untag.EngineChange) -> int:
    """Names the photos that enrol nobody any more; returns the exit status that follows."""
    lost = [result for result in change.results if result.outcome is not untag.PhotoUse.USED]
    for result in lost:
        tell(f"not used  {result.path}: {result.note}")
    return UNREADABLE if lost else 0


def _say_moving(home: untag.Untag, change: untag.EngineChange) -> None:
    if change.photos:
        took = "" if change.seconds is None else f", about {duration(change.seconds)} in all as measured here"
        say(
            f"{counted(change.photos, 'photo')} will be read again{took}; each scan does up to"
            f" {home.settings.move_per_scan:,}, and all with --move-all; until then they keep their verdicts"
        )


@command.command("verify")
@click.pass_obj
def verify(context: Context) -> int:
    """Hash every installed model again. Exits with 1 when one is damaged, and says what to do."""
    damaged = 0
    for item in opened(context).models():
        if item.is_damaged:
            damaged += 1
            tell(f"damaged  {item.weights.name}: run {item.remedy}")
        elif item.state == untag.ModelState.INSTALLED:
            tell(f"ok       {item.weights.name}")
    return DAMAGED if damaged else 0


def _show_plan(files: Sequence[untag.Download], folder: Path) -> None:
    say("To get:")
    for file in files:
        weights = file.weights
        say(f"  {weights.name}: {weights.purpose} ({weights.note})")
        say(f"    {_size(weights.size)}, licence {weights.licence}, from {file.address}")
    sizes = [file.weights.size for file in files]
    more = " and those of unknown size" if None in sizes else ""
    say(f"{counted(len(files), 'file')}, {_size(sum(size or 0 for size in sizes))}{more}, into {folder}")


def _size(count: int | None) -> str:
    if count is None:
        return "unknown"
    return f"{count / 1e6:.1f} MB"


def _print_table(rows: Sequence[tuple[str, ...]]) -> None:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        tell("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
