"""untag enroll"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from untag.cli.app import Context
from untag.cli.common import UNREADABLE, device_option, engine_option, load_faces, progress, say, settings_of
from untag.cli.terminal import tell
from untag.words import counted

if TYPE_CHECKING:
    from untag.people.enroll import Person

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
    from untag.errors import UsageError
    from untag.judge import judge_again, load_judge
    from untag.people.calibrate import load_calibration
    from untag.people.enroll import Enrolled, EnrolmentOptions, check_person, enroll, enroll_confirmed, list_people
    from untag.people.tagged import NamedIn, enroll_tagged
    from untag.scan import SEARCH_SIDE, count_photos
    from untag.store import Store, add_names, start_run

    if (confirmed and paths) or not (confirmed or paths or called):
        raise UsageError("say either PHOTO… or --confirmed")
    if name is not None and not paths:
        raise UsageError("say where to look for the name: untag enroll --from-tags NAME FOLDER…")
    names = called if name is None else (*called, name)
    for each in names:
        check_person(each)
    settings = settings_of(context, engine=engine, device=device)
    total = count_photos(paths, settings)
    with Store.open(settings.home) as store:
        faces = load_faces(settings)
        calibration = load_calibration(faces.id)
        if confirmed:
            results = enroll_confirmed(store, person, faces.id, calibration)
            if not results:
                say(f"no photo of {person} is confirmed; confirm some with: untag decide PHOTO… --status keep")
        else:
            options = EnrolmentOptions(person, calibration, SEARCH_SIDE, settings.limits)
            with progress("enrolling", lambda: total) as advance:
                if name is None:
                    results = enroll(store, paths, faces, options, on_photo=advance)
                else:
                    results = enroll_tagged(store, NamedIn(paths, name), faces, options, on_photo=advance)
        for result in results:
            if result.outcome is Enrolled.SPARE:
                continue
            mark = "used    " if result.outcome is Enrolled.USED else "not used"
            tell(f"{mark}  {result.path}: {result.note}")
        spare = sum(result.outcome is Enrolled.SPARE for result in results)
        if spare:
            say(f"{spare} more would do as well and are not needed")
        (known,) = list_people(store, person, faces.id) or (None,)
        if known is None or known.used == 0:
            say(f"no photo could be used, so {person} is not enrolled; give photos with one clear face each")
            return UNREADABLE
        add_names(store, person, names)
        judge_again(store, faces.id, load_judge(store, faces.id, settings), start_run(store, []))
    say(f"{person} is enrolled with {counted(known.used, 'photo')}")
    if len(known.looks) > 1:
        _say_looks(known)
    if known.used < 3:
        say("three or more photos from different times find more; add them with: untag enroll PHOTO…")
    return UNREADABLE if any(result.outcome is Enrolled.UNREADABLE for result in results) else 0


def _say_looks(known: Person) -> None:
    """Which photos are unlike most of the others; only the user can tell whether they show the same person."""
    others = [reference.path for look in known.looks[1:] for reference in look]
    looks = counted(len(known.looks), "look")
    say(f"the photos fall into {looks}, and each is searched for; unlike most of the others:")
    for path in others[:_MOST_NAMED]:
        say(f"  {path}")
    if len(others) > _MOST_NAMED:
        say(f"  … and {len(others) - _MOST_NAMED} more")
    say("if that is somebody else: untag forget --person NAME, and enrol again without them")
