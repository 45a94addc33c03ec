"""untag letters"""

from __future__ import annotations

from pathlib import Path

import click

import untag
from untag.cli.app import Context
from untag.cli.common import next_step, opened, say
from untag.cli.filters import Filters, filter_options
from untag.cli.terminal import ask_text, somebody_answers, tell
from untag.support.words import counted

_LAWS = ["gdpr", "uk", "ccpa", "lgpd", "dsa", "none"]
_QUESTIONS = {
    "name": "Your name, as it is to stand under the texts",
    "email": "Your email address, for an answer",
    "country": "Your country, such as DE",
}


@click.command("letters")
@click.option(
    "--output", required=True, type=click.Path(path_type=Path), metavar="DIR", help="The folder to write, a new one."
)
@click.option(
    "--law",
    type=click.Choice(_LAWS),
    default="none",
    show_default=True,
    help="What the texts rest on, for what anybody can see; friends are always asked kindly first.",
)
@click.option("--lang", default="en", show_default=True, metavar="CODE", help="The language of the texts: en or de.")
@click.option("--name", metavar="TEXT", help="Your name.  [default: asked for, or a blank to fill in]")
@click.option("--email", metavar="TEXT", help="Your email address.  [default: asked for, or a blank to fill in]")
@click.option("--address", metavar="TEXT", help="Your postal address.  [default: a blank to fill in]")
@click.option("--country", metavar="TEXT", help="Your country.  [default: asked for, or a blank to fill in]")
@click.option(
    "--born", metavar="DATE", help="Your birthday, to tell photos from before you were 18.  [default: not told]"
)
@click.option("--remember", is_flag=True, help="Keep these in untag's database, until untag forget --all.")
@click.option(
    "--unknown-is-public", is_flag=True, help="You looked while logged out, and could see what untag is not sure of."
)
@filter_options(status="untag and request-removal")
@click.pass_obj
def command(
    context: Context,
    /,
    output: Path,
    law: str,
    lang: str,
    remember: bool,
    unknown_is_public: bool,
    filters: Filters,
    **said: str | None,
) -> int:
    """Write the texts to send about the photos that you decided to untag or have removed; sends nothing.

    One friendly message for each poster, what the form of each platform asks, and for requests whose time is over a
    reminder and a complaint. README.txt in the folder says what to do with each. Texts that you changed stay as they
    are. This is no legal advice.

    \b
    Examples:
      untag letters --output letters
      untag letters --law gdpr --lang de --country DE --output briefe
      untag letters --poster "Bob Miller" --output for-bob
    """
    with opened(context) as home:
        sender = home.read_sender({name: value for name, value in said.items() if value is not None})
        if somebody_answers():
            sender = _asked(home, sender, law)
        options = untag.LetterOptions(untag.Law(law), lang, sender, unknown_is_public=unknown_is_public)
        decided = filters.of(home, status=("untag", "request-removal"))
        written = home.letters(output, options, home.findings(decided))
        if remember:
            home.remember_sender(sender)
    for letter in written.letters:
        tell(f"{letter.file}  {letter.title}")
    _tell(written)
    say(f"nothing was sent; when you have sent one, say so, and untag watches the date: {next_step(context, 'act')}")
    return 0


def _asked(home: untag.Untag, sender: untag.Sender, law: str) -> untag.Sender:
    """The sender with what the user answers where nothing was said or remembered."""
    known = {**home.sender().said, **sender.said}
    asked = [name for name in _QUESTIONS if name not in known and (law != "none" or name == "name")]
    answers = {name: ask_text(f"{_QUESTIONS[name]} (Enter leaves a blank)") for name in asked}
    return home.read_sender({**sender.said, **{name: answer for name, answer in answers.items() if answer}})


def _tell(written: untag.LettersWritten) -> None:
    say(f"wrote {counted(len(written.written), 'file')} to {written.folder.absolute()}; begin with README.txt")
    if written.same:
        say(f"{counted(len(written.same), 'file')} there already, as it would be written now")
    if written.kept:
        say(f"left as you changed them: {', '.join(written.kept)}")
