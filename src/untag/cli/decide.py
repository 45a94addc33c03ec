"""untag decide"""

from __future__ import annotations

from pathlib import Path

import click

import untag
from untag.cli.app import Context
from untag.cli.common import next_step, opened, say
from untag.cli.filters import Filters, filter_options
from untag.cli.terminal import ask, somebody_answers
from untag.support.words import counted, moved_in_words, printable

_STATUSES = ["keep", "untag", "request-removal", "done", "not-me", "is-me"]
_EXAMPLES = 3


@click.command("decide")
@click.argument("photos", nargs=-1, type=click.Path(path_type=str), metavar="[PHOTO…]")
@click.option("--status", type=click.Choice(_STATUSES), help="What you decided.")
@click.option(
    "--suggested",
    is_flag=True,
    help="Decide what untag suggests, about open photos; what it wants reviewed stays open.",
)
@click.option("--undo", is_flag=True, help="Take back the last decision.")
@click.option(
    "--from",
    "file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE",
    help="Decide about the photos in FILE: ids, paths or links, one a line, or the CSV or JSON of untag list, whose"
    " column status you edited.",
)
@click.option(
    "--decided",
    "statuses",
    multiple=True,
    type=click.Choice(["open", *_STATUSES]),
    metavar="STATUS",
    help="Only photos with this status now; repeatable.  [default: all but keep, done and not-me; with --undo all]",
)
@filter_options(without={"statuses"})
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def command(
    context: Context,
    photos: tuple[str, ...],
    status: str | None,
    suggested: bool,
    undo: bool,
    file: Path | None,
    statuses: tuple[str, ...],
    yes: bool,
    filters: Filters,
) -> int:
    """Record what you decided about photos. A decision holds for every identical copy, and for the video of a Live
    Photo with it; it survives every later scan.

    A PHOTO is its id in untag list, a path, the end of a path, a name, or a link. Options that narrow the list choose
    many photos at once: untag says how many they are and asks.

    is-me is for photos in which your face was not found, or not for sure; not-me is for good, whatever a later scan
    sees in the photo.

    \b
    Examples:
      untag decide kxqzmrwtpv --status keep
      untag decide holiday.jpg --undo
      untag decide --poster "Bob Miller" --min-risk 40 --status request-removal
      untag decide --suggested
      untag decide --from findings.csv
    """
    said = [name for name, given in (("--status", status), ("--suggested", suggested), ("--undo", undo)) if given]
    if len(said) > 1 or (not said and file is None):
        raise untag.UsageError("say one of --status STATUS, --suggested and --undo")
    narrowed = Filters(filters.asked | ({"status": statuses} if statuses else {}))
    chosen = [name for name, given in (("photos", photos), ("--from", file), ("a filter", narrowed.asked)) if given]
    if len(chosen) > 1 or (not chosen and not suggested):
        raise untag.UsageError(
            "say which photos: their ids, --from FILE, or what narrows the list, such as --poster NAME"
        )
    if suggested and (photos or file):
        raise untag.UsageError("--suggested is for what narrows the list, or for all of it")
    with opened(context) as home:
        before = home.moved_thresholds()
        count = _record(home, photos, status, undo=undo, file=file, filters=narrowed, yes=yes)
        acts = bool(count) and not undo and status in (None, "untag", "request-removal")
        writes = acts and bool(home.draft_letters().letters)
        moved = home.moved_thresholds()
    if count is None:
        say("nothing was decided")
        return 0
    say(f"{'took back' if undo else 'recorded'} {counted(count, 'decision')}")
    for sentence in moved_in_words(before, moved):
        say(f"{sentence}; see: untag categories")
    if writes:
        say(f"for texts to send: {next_step(context, 'letters --output letters')}")
    elif acts:
        say(f"nobody is known who could be written to; for what else to do: {next_step(context, 'act')}")
    return 0


def _record(
    home: untag.Untag,
    photos: tuple[str, ...],
    status: str | None,
    *,
    undo: bool,
    file: Path | None,
    filters: Filters,
    yes: bool,
) -> int | None:
    """How many decisions were recorded or taken back; None where the user said no."""
    if photos:
        return home.undo(photos) if status is None else home.decide(photos, status)
    if file is not None:
        return _from_file(home, file, status, undo=undo)
    found = home.pictures(_wanted(home, filters, undo=undo))
    what = (
        "undo the decision about" if undo else "decide as suggested about" if status is None else f"decide {status} for"
    )
    if not found:
        say("there are no such photos; see all with: untag list --status all")
        return 0
    if not yes and not _agreed(found, what):
        return None
    contents = {one.sha256: one for group in found for one in (group.finding, *group.copies)}
    if undo:
        return home.undo(contents.values())
    return home.decide_as_suggested(found) if status is None else home.decide(contents.values(), status)


def _from_file(home: untag.Untag, file: Path, status: str | None, *, undo: bool) -> int:
    if undo:
        return home.undo(home.read_photos(file))
    changes = home.read_decisions(file, status)
    if changes.same:
        say(f"{counted(changes.same, 'photo')} in {file} already decided so")
    return home.apply(changes)


def _wanted(home: untag.Untag, filters: Filters, *, undo: bool) -> untag.FindingFilter:
    """The photos that are meant: by default those to do something about, or with decisions to take back."""
    decided = [status for status in untag.Status if status is not untag.Status.OPEN]
    return filters.of(home, status=decided) if undo else filters.of(home)


def _agreed(found: list[untag.Group], what: str) -> bool:
    """Whether the user wants it; says how many photos it is about, and some of them."""
    for group in found[:_EXAMPLES]:
        say(f"  {group.finding.id}  risk {group.finding.risk:>3}  {printable(group.finding.path)}")
    if len(found) > _EXAMPLES:
        say(f"  … and {len(found) - _EXAMPLES} more")
    if not somebody_answers():
        raise untag.UsageError(f"this would {what} {counted(len(found), 'photo')}; say --yes to do it")
    return ask(f"{what[0].upper()}{what[1:]} {counted(len(found), 'photo')}?")
