"""untag categories"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from untag.cli.app import Context
from untag.cli.common import device_option, list_unreadable, progress, say, settings_of, warn_of_settings
from untag.cli.terminal import tell
from untag.support.words import counted

if TYPE_CHECKING:
    from untag.scenes.categories import CategorySpec
    from untag.scenes.taught import Taught

_LEAST_TOLD = 0.5  # false alarms in 1,000: none among 2,161 photos is not none at all
_ENOUGH = 10
_POOR = 0.3
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


@command.command("list")
@click.pass_obj
def list_categories(context: Context) -> int:
    """List the categories: which can be judged, from which score they count, how many are found, how often wrongly.

    All on photos of sources that were not learnt from: the share found of photos that show it, and the false alarms
    among 1,000 ordinary ones, at the usual sensitivity. What is experimental was learnt from few photos. What you
    taught comes last.
    """
    from untag.scenes.categories import CATEGORIES, TOGETHER_PER_1000, Category
    from untag.scenes.classify import BACKBONE_ID
    from untag.scenes.installed import own_categories
    from untag.scenes.photo import LOCATION_EVIDENCE
    from untag.scenes.taught import THRESHOLDS
    from untag.scenes.teaching import list_taught

    settings = settings_of(context)
    home = settings.home
    judged = own_categories(home)

    def told(name: str, usual: float, what: str) -> None:
        own = settings.thresholds.get(name, usual)
        tell(f"{name:<10}  counts from {own:.0%}{f' (usually {usual:.0%})' if own != usual else ''}  {what}")

    for category, spec in CATEGORIES.items():
        standing = judged.get(category)
        if category is Category.LOCATION:
            told(category, spec.threshold, LOCATION_EVIDENCE)
        elif standing is None:
            tell(f"{category:<10}  unavailable: no installed model can judge it")
        elif standing.in_own_words:
            told(category, standing.threshold, "experimental: CLIP, in your own words")
        elif standing.measured is not None:
            told(category, spec.counts_from(settings.sensitivity), _described(spec))
        else:
            told(category, standing.threshold, "experimental: a model that was pulled")
    together = TOGETHER_PER_1000[settings.sensitivity]
    say(f"at the sensitivity {settings.sensitivity} they flag {together:.0f} of 1,000 ordinary photos together")
    for name, taught in list_taught(home, BACKBONE_ID):
        if taught is None:
            tell(f"{name:<10}  unavailable: taught with another model, or damaged; teach it again")
        else:
            told(name, THRESHOLDS[settings.sensitivity], f"taught with {_photos_told(taught)}: {_expected(taught)}")
    return 0


@command.command("teach")
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
    from untag.engine.runtime.models import ModelOptions
    from untag.scan import count_photos
    from untag.scenes.classify import load_backbone
    from untag.scenes.taught_files import check_name
    from untag.scenes.teaching import Lesson, teach

    settings = settings_of(context, device=device)
    lesson = Lesson(check_name(name), folder, unlike, settings.limits, words.strip())
    total = count_photos(lesson.paths, settings)  # a path that does not exist is reported before the model is loaded
    backbone = load_backbone(ModelOptions(settings.home, settings.device, on_build=say))
    with progress("looking at examples", lambda: total) as advance:
        learnt = teach(settings.home, lesson, backbone, on_photo=advance)
    taught = learnt.taught
    tell(f"{taught.name}: {'taught anew' if learnt.replaced else 'taught'} with {_photos_told(taught)}")
    tell(_expected(taught))
    if learnt.like > learnt.used:
        say(f"of {counted(learnt.like, 'photo')}, {learnt.used} were used, spread over the folder")
    if learnt.like:
        _advise(taught, told_unlike=unlike is not None)
    say(f"{_AGAIN}, and then: untag list --category {_quoted(taught.name)}")
    return list_unreadable(learnt.unreadable)


@command.command("forget")
@click.argument("name")
@click.pass_obj
def forget_category(context: Context, name: str) -> int:
    """Erase a category that you taught: what was kept of its examples, its scores, and its name in findings.

    \b
    Example:
      untag categories forget band
    """
    from untag.scenes.teaching import forget

    settings = settings_of(context)
    forget(settings.home, name)
    say(f"forgot {name}; {_AGAIN}")
    warn_of_settings(settings, [name])
    return 0


def _photos_told(taught: Taught) -> str:
    if taught.examples == 0:
        return f"the words {taught.words}"
    unlike = taught.estimate.unlike_tried
    return f"{counted(taught.examples, 'photo')}{f' and {unlike} unlike it' if unlike else ''}"


def _expected(taught: Taught) -> str:
    from untag.scenes.taught import FALSE_ALARMS_PER_1000

    estimate = taught.estimate
    if taught.examples == 0:
        return "experimental: words find about one in four, and flag 2 to 40 in 1,000 others; photos do better"
    others = f"about {FALSE_ALARMS_PER_1000:.0f} in 1,000 others flagged"
    if estimate.tried == 0:
        return f"the examples are near copies of each other, so nobody can tell how many like these are found; {others}"
    share = round(10 * estimate.found / estimate.tried)
    return f"about {share} of 10 like these would be found, {others}"


def _advise(taught: Taught, *, told_unlike: bool) -> None:
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


def _described(spec: CategorySpec) -> str:
    expected = spec.false_alarms_per_1000
    alarms = f"{expected:.1f}" if expected >= _LEAST_TOLD else f"under {_LEAST_TOLD}"
    standing = "experimental" if spec.experimental else "measured"
    share = "" if spec.found is None else f"{spec.found:>4.0%} found"
    words = ", ".join(item.word for item in spec.classes)
    evidence = f"{words}; else {spec.impression}" if words else spec.impression
    return f"{share:>10}  {alarms:>9} false alarms in 1,000  {standing:<12}  {evidence}"
