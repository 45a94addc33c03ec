"""untag enroll"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import click

import untag
from untag.cli.app import Context
from untag.cli.common import UNREADABLE, device_option, engine_option, opened, progress, say
from untag.cli.terminal import ask, somebody_answers, tell
from untag.support.words import counted

_MOST_NAMED = 10


@click.command("enroll")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path), metavar="PHOTO|FOLDER…")
@click.option("--person", default="me", show_default=True, metavar="NAME", help="Whose photos these are.")
@click.option("--confirmed", is_flag=True, help="Add the faces in photos that you decided show this person.")
@click.option(
    "--from-tags", "name", metavar="NAME", help="Take the faces that the photos, or their site, call by this name."
)
@click.option(
    "--called", multiple=True, metavar="NAME", help="A name or handle that archives tag this person with; repeatable."
)
@click.option(
    "--not-called",
    "denied",
    multiple=True,
    metavar="NAME",
    help="An account whose download you scanned and that is not yours: its posts count as those of others; repeatable.",
)
@click.option("--yes", is_flag=True, help="Do not ask, even where the photos seem to show somebody else.")
@engine_option
@device_option
@click.pass_obj
def command(
    context: Context,
    paths: tuple[Path, ...],
    person: str,
    confirmed: bool,
    name: str | None,
    called: tuple[str, ...],
    denied: tuple[str, ...],
    yes: bool,
    engine: str | None,
    device: str | None,
) -> int:
    """Show untag whose face to look for, from photos with one clear face each.

    Three to ten photos from different years, with and without glasses, make a good profile. Add more at any time: the
    photos scanned before are judged again at once.

    With --confirmed, the photos are those on which you decided anything but not-me (untag decide): they show you as
    you look in your archive.

    With --from-tags, PHOTO and FOLDER are your archive, in which others or programs have tagged you: by regions in the
    photos (Picasa, digiKam, Lightroom and others), their sidecars, or what a site's download says. The clearest faces
    become the profile, at most 30; a photo that names several people counts only if it says which face is whose.

    Photos that seem to show several people, or somebody else than those before, are stored only when you say so: untag
    asks, and without a terminal it stores nothing unless you gave --yes. Exit status 1: some photos were not used.

    With --called, photos that are tagged with this name are listed even when the face is not found in them, and your
    own posts are told from those of others. The names of --from-tags and --person count anyway. Needs no PHOTO when
    the person is enrolled already.

    \b
    Examples:
      untag enroll ~/Pictures/me/
      untag enroll passport.jpg wedding.jpg
      untag enroll --person "Grandma" grandma/*.jpg
      untag enroll --confirmed
      untag enroll --from-tags "Ana Doe" ~/Pictures ~/Downloads/takeout.zip
      untag enroll --called "Ana Doe" --called @ana.doe
    """
    if denied:
        with opened(context) as home:
            count = sum(home.not_called(one) for one in denied)
        say(f"{counted(count, 'photo')} posted by others; judged again")
        if not (paths or called or confirmed or name):
            return 0
    with opened(context, engine=engine, device=device) as home, ExitStack() as shown:
        advance = shown.enter_context(progress("enrolling", lambda: home.count_photos(paths)))

        def accept(doubts: untag.Doubts) -> bool:
            shown.close()  # no bar is drawn over the question
            return yes or _accept(person, doubts)

        options = untag.EnrollOptions(name, confirmed, called, accept)
        enrolled = home.enroll(person, paths, options=options, on_progress=lambda _: advance())
    if enrolled.declined:
        say("nothing was stored")
        return UNREADABLE
    if confirmed and not enrolled.results:
        say(f"no photo of {person} is confirmed; confirm some with: untag decide PHOTO… --status keep")
    unused = _tell_results(enrolled.results)
    if enrolled.known is None or enrolled.known.used == 0:
        say(f"no photo could be used, so {person} is not enrolled; give photos with one clear face each")
        return UNREADABLE
    _say_known(enrolled.known)
    return UNREADABLE if unused else 0


def _accept(person: str, doubts: untag.Doubts) -> bool:
    """Whether the user takes doubtful photos all the same. Raises UsageError where nobody is there to ask."""
    for reason in doubts.reasons:
        say(reason)
    _say_paths(doubts.paths)
    if not is_asking():
        raise untag.UsageError(
            f"nothing was stored; if all of these show {person}, say so with --yes, else leave some out"
        )
    return ask(f"Do all of these show {person}?")


def is_asking() -> bool:
    """Whether somebody is there to answer."""
    return somebody_answers()


def _tell_results(results: Sequence[untag.EnrolledPhoto]) -> int:
    """One line for each photo; how many were not used that could have been."""
    for result in results:
        if result.outcome is not untag.PhotoUse.SPARE:
            mark = "used    " if result.outcome is untag.PhotoUse.USED else "not used"
            tell(f"{mark}  {result.path}: {result.note}")
    spare = sum(result.outcome is untag.PhotoUse.SPARE for result in results)
    if spare:
        say(f"{spare} more would do as well and are not needed")
    return sum(result.outcome not in (untag.PhotoUse.USED, untag.PhotoUse.SPARE) for result in results)


def _say_known(known: untag.Person) -> None:
    """Who is enrolled now, what to look at, and the next step."""
    say(f"{known.person} is enrolled with {counted(known.used, 'photo')}")
    if len(known.templates) > 1:
        appearances = counted(len(known.templates), "appearance")
        say(f"the photos fall into {appearances}, and each is searched for; unlike most of the others:")
        _say_paths([reference.path for template in known.templates[1:] for reference in template])
        say("if that is somebody else: untag people show NAME, and untag people remove ID")
    if known.used < 3:
        say("three or more photos from different times find more; add them with: untag enroll PHOTO…")
    say("next: untag scan FOLDER…")


def _say_paths(paths: Sequence[str]) -> None:
    for path in paths[:_MOST_NAMED]:
        say(f"  {path}")
    if len(paths) > _MOST_NAMED:
        say(f"  … and {len(paths) - _MOST_NAMED} more")
