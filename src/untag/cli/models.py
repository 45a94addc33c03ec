"""untag models"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from untag.cli.app import Context
from untag.cli.common import say, settings_of
from untag.cli.terminal import ask, bytes_progress, tell
from untag.support.words import counted

if TYPE_CHECKING:
    from untag.engine.downloads.registry import DownloadableWeights

DAMAGED = 1


@click.group("models")
def command() -> None:
    """List, download and check the models.

    untag works without downloading any. Only `untag models pull` ever uses the network.

    \b
    Examples:
      untag models list
      untag models pull
      untag models verify
    """


@command.command("list")
@click.pass_obj
def list_models(context: Context) -> int:
    """List the models: what each is for, its size and licence, and whether it is installed."""
    from untag.engine.downloads.inventory import RECOMMENDED, inventory
    from untag.engine.downloads.pull import DOWNLOAD_SETS

    rows = [("NAME", "STATE", "SIZE", "LICENCE", "WHAT IT DOES")]
    for item in inventory(settings_of(context).home):
        weights = item.weights
        rows.append((weights.name, item.state.value, _size(weights.size), weights.licence, weights.purpose))
    _print_table(rows)
    tell("")
    tell("untag models pull takes the names above, and these sets:")
    for name, files in DOWNLOAD_SETS.items():
        members = ", ".join(weights.name for weights in files)
        if members != name:
            tell(f"  {name}{' (recommended)' if name == RECOMMENDED else ''}: {members}")
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
    from untag.engine.downloads.addresses import parse_origin
    from untag.engine.downloads.fetch import fetch
    from untag.engine.downloads.inventory import RECOMMENDED, State, named, state_of
    from untag.errors import UsageError

    home = settings_of(context).home
    source = None if origin is None else parse_origin(origin)
    missing = [weights for weights in named(names or (RECOMMENDED,)) if state_of(weights, home) != State.INSTALLED]
    if not missing:
        say("everything is installed already, and whole; nothing to do")
        return 0
    _show_plan(missing, source, home / "models")
    if not yes:
        if not sys.stdin.isatty():
            raise UsageError("nobody is there to ask; say --yes to download these")
        if not ask("Go on?"):
            say("nothing was downloaded")
            return 0
    for weights in missing:
        with bytes_progress(weights.name, weights.file, weights.size) as advance:
            fetch(weights, home / "models", origin=source, on_progress=advance)
        say(f"{weights.name}: installed")
    return 0


@command.command("verify")
@click.pass_obj
def verify(context: Context) -> int:
    """Hash every installed model again. Exits with 1 when one is damaged, and says what to do."""
    from untag.engine.downloads.inventory import State, inventory
    from untag.engine.downloads.registry import PackagedWeights

    damaged = 0
    for item in inventory(settings_of(context).home):
        # A package's file belongs to the installation; what was never pulled is no damage.
        bad = item.state == State.DAMAGED or (item.state == State.MISSING and isinstance(item.weights, PackagedWeights))
        if bad:
            damaged += 1
            tell(f"damaged  {item.weights.name}: run {item.remedy}")
        elif item.state == State.INSTALLED:
            tell(f"ok       {item.weights.name}")
    return DAMAGED if damaged else 0


def _show_plan(files: Sequence[DownloadableWeights], source: str | Path | None, folder: Path) -> None:
    from untag.engine.downloads.addresses import mirrored, shown

    say("To get:")
    for weights in files:
        if isinstance(source, Path):
            where = f"{source}"
        else:
            where = shown(weights.url if source is None else mirrored(source, weights.file))
        say(f"  {weights.name}: {weights.purpose} ({weights.note})")
        say(f"    {_size(weights.size)}, licence {weights.licence}, from {where}")
    known = sum(weights.size or 0 for weights in files)
    more = " and those of unknown size" if any(weights.size is None for weights in files) else ""
    say(f"{counted(len(files), 'file')}, {_size(known)}{more}, into {folder}")


def _size(count: int | None) -> str:
    if count is None:
        return "unknown"
    return f"{count / 1e6:.1f} MB"


def _print_table(rows: Sequence[tuple[str, ...]]) -> None:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        tell("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
