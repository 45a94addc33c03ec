"""untag scan"""

from __future__ import annotations

import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from untag.cli.app import INTERRUPTED, Context
from untag.cli.common import (
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
from untag.cli.terminal import finish, tell_json
from untag.words import counted

if TYPE_CHECKING:
    from untag.pipeline import Cancel
    from untag.scan import ScanSummary

NEW_FINDINGS = 3


@click.command("scan")
@path_argument()
@source_option
@engine_option
@device_option
@click.option("--jobs", type=click.IntRange(min=0), metavar="N", help="Decoder threads; 0 does one thing at a time.")
@click.option("--all-scenes", is_flag=True, help="Keep findings about scenes in which you are not seen, too.")
@click.option("--json", "as_json", is_flag=True, help="Print a summary as JSON.")
@click.option("--fail-on-new", is_flag=True, help="Exit with 3 when there are new findings (for scheduled scans).")
@click.pass_obj
def command(
    context: Context,
    paths: tuple[Path, ...],
    source: str | None,
    engine: str | None,
    device: str | None,
    jobs: int | None,
    all_scenes: bool,
    as_json: bool,
    fail_on_new: bool,
) -> int:
    """Look through folders and archives for photos that show you, and judge what they show.

    Photos are JPEG, PNG, WebP, HEIC, AVIF, TIFF, BMP and GIF files: by their names (.jpg and so on) or, whatever they
    are called, by what they hold. Videos, raw files and the like are counted and not read. Zip archives are read where
    they are; what downloads of social networks say of a photo (link, poster, date, who is tagged) is kept with it, and
    photos that they report without a file are listed, too: see untag sources. Only new and changed files are read.
    Stop it at any time with Ctrl-C: the next scan goes on where this one ended.

    \b
    Examples:
      untag scan ~/Downloads/facebook-export
      untag scan ~/Pictures /mnt/nas/photos --jobs 4
      untag scan ~/Pictures --json --fail-on-new
    """
    from untag.judge import load_judge
    from untag.pipeline import Cancel
    from untag.scan import ScanModels, count_photos, require_enrolled, scan
    from untag.sources.base import readers_named, walk_all
    from untag.store import Store

    settings = settings_of(context, engine=engine, device=device, jobs=jobs)
    readers = readers_named(source)
    walk_all(paths)  # a path that does not exist is reported before models are loaded
    with Store.open(settings.home) as store:
        require_enrolled(store)
        models = ScanModels(load_faces(settings), load_scenes(settings))
        judge = load_judge(store, models.faces.id, settings, all_scenes=all_scenes)
        say(f"scanning on {models.faces.device} with the engine {models.faces.id}")
        cancel = Cancel()
        with (
            _interruptible(cancel),
            progress("scanning", lambda: count_photos(paths, settings, readers)) as advance,
        ):
            summary = scan(store, paths, models, judge, settings, readers=readers, on_photo=advance, cancel=cancel)
    if as_json:
        tell_json(_as_dict(summary))
    _tell(summary, all_scenes=all_scenes)
    _tell_skipped(summary.skipped)
    status = list_unreadable(summary.unreadable)
    if summary.interrupted:
        say("interrupted; run the same command again to go on")
        return INTERRUPTED
    _mark_reported(settings.home, summary)
    return NEW_FINDINGS if fail_on_new and summary.new_findings else status


def _mark_reported(home: Path, summary: ScanSummary) -> None:
    """Last of all: what a scan found is new until somebody was told, whatever ends this process before."""
    from untag.store import Store, mark_reported

    finish()
    with Store.open(home, create=False) as store:
        mark_reported(store, summary.run)


@contextmanager
def _interruptible(cancel: Cancel) -> Iterator[None]:
    """The first Ctrl-C ends the scan cleanly, what is under way being recorded; a second one ends it at once."""

    def stop(*_: Any) -> None:
        if cancel.is_set():
            raise KeyboardInterrupt
        cancel.set()
        say("stopping; press Ctrl-C again to stop at once")

    before = {name: signal.signal(name, stop) for name in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)


def _as_dict(summary: ScanSummary) -> dict[str, Any]:
    values = asdict(summary)
    del values["run"]
    values["unreadable"] = [
        {"path": error.path, "outcome": error.outcome.value, "error": error.error} for error in summary.unreadable
    ]
    return values


def _tell_skipped(skipped: Mapping[str, int]) -> None:
    from untag.sources.kinds import UNSEEN

    for line in skipped_lines({kind: count for kind, count in skipped.items() if kind not in UNSEEN}, {}):
        say(line)


def _tell(summary: ScanSummary, *, all_scenes: bool) -> None:
    from untag.findings.counting import in_words

    if summary.photos == 0 and summary.told == 0 and not summary.interrupted:
        say("there are no photos in what you gave; see which files count with: untag scan --help")
        return
    told = f"; {counted(summary.told, 'more photo')} reported without a file" if summary.told else ""
    say(
        f"{counted(summary.photos, 'photo file')}: {summary.analysed} analysed, {summary.unchanged} unchanged,"
        f" {counted(summary.copies, 'identical copy', 'identical copies')};"
        f" {counted(summary.faces, 'face')} found{told}"
    )
    say(in_words(summary.findings))
    for names in summary.strangers:
        say(f"an archive is of the account {names[0]}; if that is you: untag enroll {called(names)}")
    listing = "untag list --verdict all" if all_scenes else "untag list"
    say(f"{counted(summary.new_findings, 'new photo')}; see them all with: {listing}")
