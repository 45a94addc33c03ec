"""untag scan"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

import untag
from untag.cli.app import INTERRUPTED, Context
from untag.cli.common import (
    MOST_LISTED,
    UNREADABLE,
    called,
    device_option,
    engine_option,
    list_unreadable,
    opened,
    path_argument,
    progress,
    say,
    source_option,
)
from untag.cli.ending import ENDING_SIGNALS
from untag.cli.terminal import finish, tell, tell_json
from untag.cli.voice import voice

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
@click.option(
    "--exclude",
    "exclude",
    multiple=True,
    metavar="GLOB",
    help="Leave out what this pattern fits, as in .gitignore; more than once for several.",
)
@click.option(
    "--cluster",
    metavar="ADDRESS",
    help="Have the workers of a cluster look at the photos: tls://HOST:PORT; see untag worker.",
)
@click.option(
    "--shared",
    multiple=True,
    metavar="DIR[=DIR]",
    help="A folder that these workers see too, there or at another path: they read its photos themselves.",
)
@click.option("--move-all", is_flag=True, help="After untag models use, read all photos again, not only some.")
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
@click.option(
    "--before", metavar="COMMAND", help="Run this command first, without a shell, such as one that fetches photos."
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
    exclude: tuple[str, ...],
    cluster: str | None,
    shared: tuple[str, ...],
    move_all: bool,
    prune: bool,
    strict: bool,
    as_json: bool,
    fail_on_new: bool,
    quiet: bool,
    verbose: bool,
    log_file: Path | None,
    before: str | None,
) -> int:
    """Look through folders and archives for photos that show you, and judge what they show.

    Photos are JPEG, PNG, WebP, HEIC, AVIF, TIFF, BMP, GIF and camera raw files: by their names (.jpg and so on) or,
    whatever they are called, by what they hold. Videos and the like are counted and not read. Zip archives are read
    where they are; what downloads of social networks say of a photo (link, poster, date, who is tagged) is kept with
    it, and photos that they report without a file are listed, too: see untag sources. Only new and changed files are
    read. Stop it at any time with Ctrl-C: the next scan goes on where this one ended.

    What is deleted is forgotten. A place that held photos and is empty or out of reach (an unmounted disk) is away:
    what is on record of it is kept until it is back, or you say --prune.

    Left out is what --exclude, exclude in config.toml and files .untagignore name, and folders with a file .nomedia;
    it is counted, and what was on record of it is no longer listed.

    With --cluster the photos travel to the workers that you have started, and with them who is looked for; this
    machine judges and is the only one that writes. Each scan needs that word of yours: see docs/cluster.md.

    The command of --before gets no input, and its output goes to standard error. Where it fails, that is said, and the
    scan goes on with what is there.

    \b
    Exit status:
      0    done
      1    something could not be read that could be, or was not there, at the last scan, or --before failed
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
      untag scan ~/Pictures --exclude "Screenshots/" --exclude "*.png"
      untag scan /mnt/nas/photos --quiet --log-file ~/untag.log
      untag scan /volume1/photos --cluster tls://nas:8786 --shared /volume1/photos=/mnt/photos
      untag scan ~/gallery-dl --before "gallery-dl --write-metadata --input-file-comment links.txt"
    """
    from untag.reports.plan_text import due_lines
    from untag.reports.scan_text import unreadable_here
    from untag.reports.skipped import skipped_in_scan

    cancel = untag.Cancel()
    options = untag.ScanOptions(
        source,
        all_scenes,
        prune,
        cancel,
        log_file,
        mark_reported=False,
        before=before,
        exclude=exclude,
        move_all=move_all,
        cluster=cluster,
        shared=shared,
    )
    with voice(quiet=quiet, log_file=log_file), opened(context, engine=engine, device=device, jobs=jobs) as home:
        prepared = home.prepare_scan(paths, options)
        with interruptible(cancel), progress("scanning", prepared.count) as advance:
            summary = prepared.run(lambda _: advance())
        due = home.requests(due=True)
        if as_json:
            tell_json({**_as_dict(summary), "due_requests": len(due)})
        _tell(summary, tell_line=say if as_json else tell, all_scenes=all_scenes, quiet=quiet, whole=verbose)
        for line in due_lines(due):
            (say if as_json else tell)(line)
        for line in (*skipped_in_scan(summary.skipped), *summary.notes):
            say(line)
        list_unreadable(unreadable_here(summary), most=None if verbose else MOST_LISTED)
        if summary.interrupted:
            say("interrupted; run the same command again to go on")
            return INTERRUPTED
        _mark_reported(home, summary)
        status = summary.status(fail_on_new=fail_on_new, strict=strict)
        return status or (UNREADABLE if prepared.before_failed else 0)


def _mark_reported(home: untag.Untag, summary: untag.ScanSummary) -> None:
    """Last of all: what a scan found is new until somebody was told, whatever ends this process before."""
    finish()
    home.mark_reported(summary)


@contextmanager
def interruptible(cancel: untag.Cancel) -> Iterator[None]:
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


def _as_dict(summary: untag.ScanSummary) -> dict[str, Any]:
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


def _tell(
    summary: untag.ScanSummary, *, tell_line: Callable[[str], None], all_scenes: bool, quiet: bool, whole: bool
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
        say(
            f"an archive is of the account {names[0]}, so its posts count as yours;"
            f" if that is you: untag enroll {called(names)}; if not: untag enroll --not-{called(names[:1]).lstrip('-')}"
        )
    if not nothing:
        say(f"see them all with: untag list{' --verdict all' if all_scenes else ''}")
