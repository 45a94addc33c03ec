"""The HTML report of all findings that show somebody enrolled."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from untag.config import Settings
from untag.findings.counting import HeldPictures, fold
from untag.findings.filters import FindingFilter
from untag.library.options import ReportOptions
from untag.library.stored_pictures import open_pictures
from untag.reports.html import Written, write_report
from untag.reports.pictures import file_thumbnails, thumbnail_size
from untag.store import Store, findings, new_findings, note_written

IN_REPORT = FindingFilter(statuses=None)
"""What a report has unless something else is asked for: what is decided, too."""


def count_pictures(store: Store, limit: int, wanted: FindingFilter = IN_REPORT) -> int:
    """How many photos a report shows, copies folded."""
    with open_pictures(store, wanted) as pictures:
        return min(len(pictures), limit)


def write_new(store: Store, settings: Settings, output: Path, run_id: int) -> Written:
    """Writes what is new to a run as a page in the home folder, copies of it at other places with it."""
    new = new_findings(store, run_id)
    found = [finding for finding in findings(store, IN_REPORT) if finding.sha256 in new]
    with file_thumbnails(settings.limits, thumbnail_size(len(new)), settings.home) as thumbnail:
        made_at = datetime.now().strftime("%Y-%m-%d %H:%M")
        pictures = HeldPictures(fold(found))
        return write_report(
            pictures, output, home=settings.home, thumbnail=thumbnail, made_at=made_at, replace_worse=True
        )


def write(
    store: Store, settings: Settings, output: Path, options: ReportOptions, advance: Callable[[], None]
) -> Written:
    """Writes the report. Raises UsageError when it cannot be written, AwayError when it would lose pictures."""
    # Before it is there: forget had rather name a report that was never finished than miss one.
    note_written(store, output, "report")
    with open_pictures(store, IN_REPORT if options.wanted is None else options.wanted) as pictures:
        size = thumbnail_size(min(len(pictures), options.limit))
        with file_thumbnails(settings.limits, size, settings.home) as thumbnail:
            return write_report(
                pictures,
                output,
                home=settings.home,
                thumbnail=thumbnail,
                made_at=datetime.now().strftime("%Y-%m-%d %H:%M"),
                limit=options.limit,
                replace_worse=options.replace_worse,
                on_progress=advance,
            )
