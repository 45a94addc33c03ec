"""untag categories"""

from __future__ import annotations

from pathlib import Path

import click

import untag
from untag.cli.app import Context
from untag.cli.common import device_option, list_unreadable, opened, progress, say, warn_of_settings
from untag.cli.terminal import tell
from untag.support.words import counted

_LEAST_TOLD = 0.5  # false alarms in 1,000: none among 2,161 photos is not none at all
_ENOUGH = 10
_POOR = 0.3
_UNAVAILABLE = {
    "unavailable": "no installed model can judge it",
    "unusable": "taught with another model, or damaged; teach it again",
}
_TEXT = "install untag[ocr], and say in config.toml what to look for: text_words, text_cards"
_JUDGED_BY = {
    "metadata": "GPS coordinates in the file",
    "own-words": "experimental: CLIP, in your own words",
    "pulled": "experimental: a model that was pulled",
    "read": "text_words and text_cards of config.toml, in photos of you",
}
_AGAIN = "the next untag scan looks at every photo again"


@click.group("categories", invoke_without_command=True)
@click.pass_context
def command(ctx: click.Context) -> int:
    """List what untag can judge a scene for, with the installed models, and teach it categories of your own.

    \b
    Examples:
      untag categories
      untag categories teach band ~/Pictures/rehearsals
      untag categories forget band
    """
    if ctx.invoked_subcommand is None:
        return int(ctx.invoke(list_categories))
    return 0


@command.command("list", short_help="List the categories, and how well each is judged.")
@click.pass_obj
def list_categories(context: Context) -> int:
    """List the categories: which can be judged, from which score they count, how many are found, how often wrongly.

    All on photos of sources that were not learnt from: the share found of photos that show it, and the false alarms
    among 1,000 ordinary ones, at the usual sensitivity. What is experimental was learnt from few photos. What you
    taught comes last.
    """
    with opened(context) as home:
        listed = home.categories()
        sensitivity, together = home.settings.sensitivity, home.flagged_per_1000
    for status in listed:
        if not status.is_taught:
            tell(_category_line(status))
    say(f"at the sensitivity {sensitivity} they flag {together:.0f} of 1,000 ordinary photos together")
    for status in listed:
        if status.is_taught:
            tell(_category_line(status))
    return 0


@command.command("teach", short_help="Teach one of your own: with photos, in words, or both.")
@click.argument("name")
@click.argument("folder", required=False, type=click.Path(path_type=Path))
@click.option(
    "--unlike", type=click.Path(path_type=Path), metavar="FOLDER", help="Photos easily taken for it that are not."
)
@click.option("--words", default="", metavar="TEXT", help="What it looks like, in a sentence or two of English.")
@device_option
@click.pass_obj
def teach_category(
    context: Context, name: str, folder: Path | None, unlike: Path | None, words: str, device: str | None
) -> int:
    """Teach a category of your own with a folder of photos that show it; ten or more work well. Or in words, or both.

    Photos are not copied: what the local model computes of them, 1,280 numbers each, is kept in the home folder. The
    same NAME again replaces it. Nothing is downloaded or sent.

    \b
    Examples:
      untag categories teach band ~/Pictures/rehearsals
      untag categories teach band ~/Pictures/rehearsals --unlike ~/Pictures/theatre
      untag categories teach band --words "musicians with guitars on a stage"
    """
    chosen = [path for path in (folder, unlike) if path is not None]
    with (
        opened(context, device=device) as home,
        progress("looking at examples", lambda: home.count_photos(chosen)) as advance,
    ):
        learnt = home.teach(name, folder, unlike=unlike, words=words, on_progress=lambda _: advance())
    taught = learnt.taught
    tell(f"{taught.name}: {'taught anew' if learnt.replaced else 'taught'} with {_photos_told(taught)}")
    tell(_expected(taught))
    if learnt.unknown:
        say(f"untag does not know: {', '.join(learnt.unknown)}; they had no say")
    if learnt.like > learnt.used:
        say(f"of {counted(learnt.like, 'photo')}, {learnt.used} were used, spread over the folder")
    if learnt.like:
        _advise(taught, told_unlike=unlike is not None)
    say(f"{_AGAIN}, and then: untag list --category {_quoted(taught.name)}")
    return list_unreadable(learnt.unreadable)


@command.command("forget", short_help="Erase a category that you taught.")
@click.argument("name")
@click.pass_obj
def forget_category(context: Context, name: str) -> int:
    """Erase a category that you taught: what was kept of its examples, its scores, and its name in findings.

    \b
    Example:
      untag categories forget band
    """
    home = opened(context)
    home.forget_category(name)
    say(f"forgot {name}; {_AGAIN}")
    warn_of_settings(home.settings, [name])
    return 0


def _category_line(status: untag.CategoryStatus) -> str:
    """A category, from which score it counts, and how well it is judged."""
    if status.threshold is None or status.usual is None:
        why = _TEXT if status.name == "text" else _UNAVAILABLE[status.judged_by]
        return f"{status.name:<10}  unavailable: {why}"
    whose = f", by {counted(status.decisions, 'decision')} of yours" if status.decisions else ""
    usually = "" if status.threshold == status.usual else f" (usually {_score(status.usual)}{whose})"
    return f"{status.name:<10}  counts from {_score(status.threshold)}{usually}  {_how_judged(status)}"


def _score(threshold: float) -> str:
    """A score just below certainty is not called certain."""
    return f"{threshold:.0%}" if threshold in (0.0, 1.0) or 0.005 <= threshold < 0.995 else f"{threshold:.1%}"


def _how_judged(status: untag.CategoryStatus) -> str:
    if status.measured is not None:
        return _described(status.measured)
    if status.taught is not None:
        return f"taught with {_photos_told(status.taught)}: {_expected(status.taught)}"
    return _JUDGED_BY[status.judged_by]


def _photos_told(taught: untag.Taught) -> str:
    if taught.examples == 0:
        return f"the words {taught.words}"
    unlike = taught.estimate.unlike_tried
    return f"{counted(taught.examples, 'photo')}{f' and {unlike} unlike it' if unlike else ''}"


def _expected(taught: untag.Taught) -> str:
    estimate = taught.estimate
    if taught.examples == 0:
        return "experimental: words find about one in four, and flag 2 to 40 in 1,000 others; photos do better"
    least, most = taught.false_alarms_per_1000, taught.false_alarms_elsewhere_per_1000
    others = f"{least:.0f} to {most:.0f} in 1,000 others flagged"
    if estimate.tried == 0:
        return f"the examples are near copies of each other, so nobody can tell how many like these are found; {others}"
    share = round(10 * estimate.found / estimate.tried)
    return f"about {share} of 10 like these would be found, {others}"


def _advise(taught: untag.Taught, *, told_unlike: bool) -> None:
    """What would make it better."""
    estimate = taught.estimate
    copies = taught.examples - estimate.tried
    if copies and estimate.tried:
        say(f"{copies} of the examples are near copies of all others and say nothing about how it will do")
    if taught.examples < _ENOUGH:
        say("ten or more photos, from different days and places, find more")
    elif estimate.tried and estimate.found < _POOR * estimate.tried:
        say("the examples have little in common that the model sees; more photos, or a narrower idea, would help")
    if estimate.unlike_found:
        of = counted(estimate.unlike_tried, "photo")
        say(f"{estimate.unlike_found} of the {of} unlike it would be flagged all the same")
    if not told_unlike:
        say("is something else flagged too often? Teach it again with photos of that: --unlike FOLDER")


def _quoted(name: str) -> str:
    return f'"{name}"' if " " in name else name


def _described(spec: untag.CategorySpec) -> str:
    expected = spec.false_alarms_per_1000
    alarms = f"{expected:.1f}" if expected >= _LEAST_TOLD else f"under {_LEAST_TOLD}"
    standing = "experimental" if spec.experimental else "measured"
    share = "" if spec.found is None else f"{spec.found:>4.0%} found"
    words = ", ".join(item.word for item in spec.classes)
    evidence = f"{words}; else {spec.impression}" if words else spec.impression
    return f"{share:>10}  {alarms:>9} false alarms in 1,000  {standing:<12}  {evidence}"
