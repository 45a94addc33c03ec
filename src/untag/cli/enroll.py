"""untag enroll"""

from __future__ import annotations

from pathlib import Path

import click

from untag.cli.app import Context
from untag.cli.common import UNREADABLE, device_option, engine_option, load_faces, progress, say, settings_of


@click.command("enroll")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="PHOTO|FOLDER…")
@click.option("--person", default="me", show_default=True, metavar="NAME", help="Whose photos these are.")
@engine_option
@device_option
@click.pass_obj
def command(context: Context, paths: tuple[Path, ...], person: str, engine: str | None, device: str | None) -> int:
    """Show untag whose face to look for, from photos with one clear face each.

    Three to ten photos from different years, with and without glasses, make a good profile. Add more at any time: the
    photos scanned before are judged again at once.

    \b
    Examples:
      untag enroll ~/Pictures/me/
      untag enroll passport.jpg wedding.jpg
      untag enroll --person "Grandma" grandma/*.jpg
    """
    from untag.judge import judge_again, load_judge
    from untag.people.calibrate import load_calibration
    from untag.people.enroll import Enrolled, EnrolmentOptions, enroll
    from untag.scan import SEARCH_SIDE, count_photos
    from untag.store import Store, references, start_run

    settings = settings_of(context, engine=engine, device=device)
    total = count_photos(paths, settings)
    with Store.open(settings.home) as store:
        faces = load_faces(settings)
        options = EnrolmentOptions(person, load_calibration(faces.id), SEARCH_SIDE, settings.limits)
        with progress("enrolling", lambda: total) as advance:
            results = enroll(store, paths, faces, options, on_photo=advance)
        for result in results:
            mark = "used    " if result.outcome is Enrolled.USED else "not used"
            click.echo(f"{mark}  {result.path}: {result.note}")
        enrolled = [item for item in references(store, person, faces.id) if item.used]
        if not enrolled:
            say(f"no photo could be used, so {person} is not enrolled; give photos with one clear face each")
            return UNREADABLE
        judge_again(store, faces.id, load_judge(store, faces.id, settings), start_run(store, []))
    say(f"{person} is enrolled with {len(enrolled)} photo{'s' if len(enrolled) > 1 else ''}")
    if len(enrolled) < 3:
        say("three or more photos from different times find more; add them with: untag enroll PHOTO…")
    return UNREADABLE if any(result.outcome is Enrolled.UNREADABLE for result in results) else 0
