"""untag review"""

from __future__ import annotations

import click

from untag.cli.app import Context
from untag.cli.browser import open_browser
from untag.cli.common import opened, say
from untag.cli.terminal import finish, tell


@click.command("review")
@click.option(
    "--port",
    type=click.IntRange(min=0, max=65535),
    default=0,
    metavar="N",
    help="The port of 127.0.0.1 to use.  [default: a free one]",
)
@click.option("--no-browser", is_flag=True, help="Only print the address.")
@click.pass_obj
def command(context: Context, port: int, no_browser: bool) -> int:
    """Look at the findings and decide about them in your browser, with the keyboard or the mouse.

    The page is served to this machine alone, and ends with this command: press Ctrl-C, close the terminal, or leave it
    unused for an hour. The first line of standard output is its address. Keep that to yourself: whoever has it, and
    uses this machine, sees your photos.

    \b
    Examples:
      untag review
      untag review --no-browser --port 8765
    """

    def announce(address: str) -> None:
        tell(address)
        finish()
        say("the review page is open until you press Ctrl-C, close this terminal, or leave it unused for an hour")

    def show(address: str) -> None:
        if not no_browser and not open_browser(address):
            say("no browser could be opened here: open the address in one on this machine")

    with opened(context) as home:
        try:
            why = home.review(announce, port=port, on_browser=show)
        except KeyboardInterrupt:
            why = "you ended it"
    say(f"the review page is closed: {why}")
    return 0
