"""untag search"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from untag.cli.app import Context
from untag.cli.common import say, settings_of
from untag.cli.terminal import tell, tell_json

if TYPE_CHECKING:
    from untag.scenes.searching import Hit


@click.command("search")
@click.argument("words", metavar='"WORDS"')
@click.option("--limit", type=click.IntRange(1), default=10, show_default=True, help="How many photos to show.")
@click.option(
    "--format",
    "style",
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
    help="For people, or for programs.",
)
@click.pass_obj
def command(context: Context, words: str, limit: int, style: str) -> int:
    """Find photos of you by what they show, in English words; the nearest first.

    Nothing is read or downloaded: a scan has kept what your photos show. It is a small model of our own, for scenes and
    things that people photograph; it knows no names, and reads no text in a picture.

    \b
    Examples:
      untag search "people dancing on a table"
      untag search "a man with a guitar" --limit 30
    """
    from untag.scenes.searching import LOOKS_LIKE_IT, search_words
    from untag.scenes.space import load_space
    from untag.scenes.words import load_words
    from untag.store import Store
    from untag.support.words import counted

    sentence = load_words().read(words)
    if sentence.unknown:
        say(f"untag does not know: {', '.join(sentence.unknown)}; it looks for the rest")
    settings = settings_of(context)
    with Store.open(settings.home) as store:
        found = search_words(store, load_space(), sentence, limit)
    if style == "json":
        tell_json([_row(hit) for hit in found.hits], indent=2)
    else:
        for hit in found.hits:
            tell(f"{hit.nearness:5.1f}  {hit.finding.path}")
    if found.passed_over:
        say(f"{counted(found.passed_over, 'photo')} of you could not be searched: recognised only after being read")
    if not found.searched:
        say("no photo of you is on record with what it shows; run: untag scan FOLDER")
    elif found.hits[0].nearness < LOOKS_LIKE_IT:
        say("none of your photos looks much like that; these come nearest")
    return 0


def _row(hit: Hit) -> dict[str, Any]:
    finding = hit.finding
    return {
        "path": finding.path,
        "sha256": finding.sha256,
        "nearness": round(hit.nearness, 3),
        "permalink": finding.origin.permalink,
        "taken_at": finding.taken_at,
    }
