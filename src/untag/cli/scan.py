"""untag scan"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from untag.cli.app import INTERRUPTED, Context
from untag.cli.common import (
    MOST_LISTED,
    UNREADABLE,
    called,
    device_option,
    engine_option,
    list_unreadable,
    load_faces,
    load_scenes,
    path_argument,
    progress,
    say,
    settings_of,
    skipped_lines,
    source_option,
)
from untag.cli.ending import ENDING_SIGNALS
from untag.cli.terminal import finish, tell, tell_json, warn
from untag.cli.voice import voice

if TYPE_CHECKING:
    from untag.scan import ScanSummary
    from untag.scan.pipeline import Cancel

NEW_FINDINGS = 3
AWAY = 4
_EXAMPLES = 20


@click.command("scan")
@path_argument()
@source_option
@engine_option
@device_option
@click.option(
    "--jobs",
    type=click.IntRange(min=0),
    metavar="N",
    help="Decoder threads; 0 does one thing at a time.  [default: one for each core, at most 8]",
)
@click.option("--all-scenes", is_flag=True, help="Keep findings about scenes in which you are not seen, too.")
@click.option("--prune", is_flag=True, help="Forget what is away, too: it is really gone.")
@click.option("--strict", is_flag=True, help="Exit with 1 for anything unreadable, not only for what became so.")
@click.option("--json", "as_json", is_flag=True, help="Print a summary as JSON.")
@click.option("--fail-on-new", is_flag=True, help="Exit with 3 when there are new findings (for scheduled scans).")
@click.option("-q", "--quiet", is_flag=True, help="Say only what is new or wrong.")
@click.option("-v", "--verbose", is_flag=True, help="Name everything, however long the lists.")
@click.option(
    "--log-file",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Append everything that is said to this file, too. Only you can read it.",
)
@click.pass_obj
def command(
    context: Context,
    paths: tuple[Path, ...],
    source: str | None,
    engine: str | None,
    device: str | None,
    jobs: int | None,
    all_scenes: bool,
    prune: bool,
    strict: bool,
    as_json: bool,
    fail_on_new: bool,
    quiet: bool,
    verbose: bool,
    log_file: Path | None,
) -> int:
    """Look through folders and archives for photos that show you, and judge what they show.

    Photos are JPEG, PNG, WebP, HEIC, AVIF, TIFF, BMP and GIF files: by their names (.jpg and so on) or, whatever they
    are called, by what they hold. Videos, raw files and the like are counted and not read. Zip archives are read where
    they are; what downloads of social networks say of a photo (link, poster, date, who is tagged) is kept with it, and
    photos that they report without a file are listed, too: see untag sources. Only new and changed files are read.
    Stop it at any time with Ctrl-C: the next scan goes on where this one ended.

    What is deleted is forgotten. A place that held photos and is empty or out of reach (an unmounted disk) is away:
    what is on record of it is kept until it is back, or you say --prune.

    \b
    Exit status:
      0    done
      1    something could not be read that could be, or was not there, at the last scan
      2    wrong usage or configuration
      3    new findings, with --fail-on-new
      4    a place that held photos is away
      75   another scan is running
      130  interrupted; the next scan goes on
    Of several, 3 comes before 4 and 4 before 1.

    \b
    Examples:
      untag scan ~/Downloads/facebook-export
      untag scan ~/Pictures /mnt/nas/photos --jobs 4
      untag scan ~/Pictures --json --fail-on-new
      untag scan /mnt/nas/photos --quiet --log-file ~/untag.log
    """
    from untag.reports.scan_text import unreadable_here
    from untag.scan import ScanModels, count_photos, require_enrolled, require_paths, scan
    from untag.scan.judge import load_judge
    from untag.scan.pipeline import Cancel
    from untag.sources.base import readers_named
    from untag.store import Store, note_written

    with voice(quiet=quiet, log_file=log_file):
        settings = settings_of(context, engine=engine, device=device, jobs=jobs)
        readers = readers_named(source)
        with Store.open(settings.home) as store:
            for problem in require_paths(store, paths):
                warn(f"{problem}; the others are scanned")
            require_enrolled(store)
            if log_file is not None:
                note_written(store, log_file, "log")
            models = ScanModels(load_faces(settings), load_scenes(settings))
            judge = load_judge(store, models.faces.id, settings, all_scenes=all_scenes)
            say(f"scanning on {models.faces.device} with the engine {models.faces.id}")
            cancel = Cancel()
            with (
                _interruptible(cancel),
                progress("scanning", lambda: count_photos(paths, settings, readers)) as advance,
            ):
                summary = scan(
                    store,
                    paths,
                    models,
                    judge,
                    settings,
                    readers=readers,
                    on_photo=advance,
                    cancel=cancel,
                    confirmed_gone=prune,
                )
        if as_json:
            tell_json(_as_dict(summary))
        _tell(summary, tell_line=say if as_json else tell, all_scenes=all_scenes, quiet=quiet, whole=verbose)
        _tell_skipped(summary.skipped)
        list_unreadable(unreadable_here(summary), most=None if verbose else MOST_LISTED)
        if summary.interrupted:
            say("interrupted; run the same command again to go on")
            return INTERRUPTED
        _mark_reported(settings.home, summary)
        return _status(summary, fail_on_new=fail_on_new, strict=strict)


def _status(summary: ScanSummary, *, fail_on_new: bool, strict: bool) -> int:
    if fail_on_new and summary.new_findings:
        return NEW_FINDINGS
    if summary.away:
        return AWAY
    return UNREADABLE if summary.newly_unreadable or (strict and summary.unreadable) else 0


def _mark_reported(home: Path, summary: ScanSummary) -> None:
    """Last of all: what a scan found is new until somebody was told, whatever ends this process before."""
    from untag.scan import mark_shown
    from untag.store import Store

    finish()
    with Store.open(home, create=False) as store:
        mark_shown(store, summary)


@contextmanager
def _interruptible(cancel: Cancel) -> Iterator[None]:
    """The first signal ends the scan cleanly, what is under way being recorded; a second Ctrl-C ends it at once."""

    def stop(number: int, _: Any) -> None:
        if not cancel.is_set():
            cancel.set()
            say("stopping; press Ctrl-C again to stop at once")
        elif number == signal.SIGINT:
            raise KeyboardInterrupt

    heeded = [name for name in ENDING_SIGNALS if signal.getsignal(name) is not signal.SIG_IGN]
    before = {name: signal.signal(name, stop) for name in (signal.SIGINT, *heeded)}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)


def _as_dict(summary: ScanSummary) -> dict[str, Any]:
    values = asdict(summary)
    for name in ("run", "roots", "still_unreadable"):
        del values[name]
    values["told"] = values.pop("without_file")
    values["away"] = [place.path for place in summary.away]
    values["removed_examples"] = values.pop("removed_paths")[:_EXAMPLES]
    values["unreadable"] = [
        {"path": error.path, "outcome": error.outcome.value, "error": error.error} for error in summary.unreadable
    ]
    return values


def _tell_skipped(skipped: Mapping[str, int]) -> None:
    from untag.sources.kinds import UNSEEN

    for line in skipped_lines({kind: count for kind, count in skipped.items() if kind not in UNSEEN}, {}):
        say(line)


def _tell(
    summary: ScanSummary, *, tell_line: Callable[[str], None], all_scenes: bool, quiet: bool, whole: bool
) -> None:
    """Says what a scan saw: the results by `tell_line`, hints on standard error."""
    from untag.reports.scan_text import counts_lines, news_lines

    nothing = summary.photos == 0 and summary.without_file == 0 and not summary.interrupted
    if not nothing:
        for line in counts_lines(summary):
            (say if quiet else tell_line)(line)
    for line in news_lines(summary, whole=whole):
        tell_line(line)
    if nothing and not summary.away:
        say("there are no photos in what you gave; see which files count with: untag scan --help")
        return
    for names in summary.strangers:
        say(f"an archive is of the account {names[0]}; if that is you: untag enroll {called(names)}")
    if not nothing:
        say(f"see them all with: untag list{' --verdict all' if all_scenes else ''}")
