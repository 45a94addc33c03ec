"""untag open"""

from __future__ import annotations

from pathlib import Path

import click

import untag
from untag.cli.app import Context
from untag.cli.browser import open_browser
from untag.cli.common import UNREADABLE, opened, say
from untag.cli.terminal import tell


@click.command("open")
@click.argument("photo", metavar="PHOTO", type=click.Path(path_type=str))
@click.option("--photo", "kind", flag_value="photo", help="Open the photo itself, not its page.")
@click.option("--folder", "kind", flag_value="folder", help="Open the folder in which the photo or its archive lies.")
@click.option("--print", "only_print", is_flag=True, help="Print the address or path, and open nothing.")
@click.pass_obj
def command(context: Context, photo: str, kind: str | None, only_print: bool) -> int:
    """Open the page of a photo in your browser, or else the photo, or else its folder.

    PHOTO is its id in untag list, a path, the end of a path, a name, or a link. Where there is no screen, the address
    is printed.

    \b
    Examples:
      untag open kxqzmrwtpv
      untag open kxqzmrwtpv --photo
      untag open holiday.jpg --print
    """
    with opened(context) as home:
        place = home.where(photo)
    chosen = _chosen(place, kind)
    if chosen is None:
        say(f"there is no {kind or 'page, photo or folder'} of {photo} now; is its disk or archive still where it was?")
        return UNREADABLE
    if only_print or not open_browser(chosen if isinstance(chosen, str) else chosen.as_uri()):
        tell(str(chosen))
    else:
        say(f"opened {chosen}")
    for other in place.links[1:] if chosen == place.link else ():
        say(f"also at {other}")
    return 0


def _chosen(place: untag.Location, kind: str | None) -> str | Path | None:
    if kind == "photo":
        return place.photo
    if kind == "folder":
        return place.folder
    return place.best
