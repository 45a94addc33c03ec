"""untag worker"""

from __future__ import annotations

import click

from untag.cli.app import Context
from untag.cli.common import opened
from untag.cli.terminal import tell


@click.command("worker")
@click.argument("address", required=False)
@click.option("--nas", is_flag=True, help="Print how to make keys and start a scheduler and workers, and do nothing.")
@click.option(
    "--threads", type=click.IntRange(1, 128), metavar="N", help="Photos at once.  [default: one for each core]"
)
@click.pass_obj
def command(context: Context, address: str | None, nas: bool, threads: int | None) -> None:
    """Look at photos for the scans of another machine of yours, as a worker of Dask, until Ctrl-C.

    ADDRESS is that of its scheduler, tls://HOST:PORT. Machines trust each other by keys that you make: whoever has
    them may run anything here. Photos are decoded and looked at in memory; nothing of them is written. The models are
    those in the home folder of this machine, on the device that its config.toml names.

    \b
    Examples:
      untag worker --nas
      untag worker tls://nas:8786
    """
    with opened(context, tend=False) as home:
        if nas:
            for line in home.worker_guide().splitlines():
                tell(line)
        elif address is None:
            raise click.UsageError("give the address of a scheduler, or --nas to see how to start one")
        else:
            home.work(address, threads)
