"""Reports: what was found and how good the models are, in files and figures."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from untag.errors import UsageError
from untag.library.options import (
    EVALUATE,
    EXPORT,
    REPORT,
    AnyPath,
    EvaluateOptions,
    ExportOptions,
    OnProgress,
    ReportOptions,
    counting,
    path_of,
)
from untag.library.photos import Photos
from untag.types import Finding

if TYPE_CHECKING:
    from _typeshed import SupportsWrite

    from untag.evaluation.evaluate import Result
    from untag.findings.filters import FindingFilter
    from untag.library.exporting import Exported
    from untag.reports.html import Written


class Reports(Photos):
    """What others can read of it."""

    def report(
        self,
        output: AnyPath,
        *,
        options: ReportOptions = REPORT,
        on_progress: OnProgress | None = None,
    ) -> Written:
        """Writes the findings to one HTML file that only its owner can read; replaces one that is there.

        Raises UsageError when it cannot be written, and AwayError when fewer photos can be read than it had before.
        """
        from untag.library.reporting import write

        return write(self._opened(), self.settings, path_of(output), options, counting(on_progress))

    def count_pictures(self, options: ReportOptions = REPORT) -> int:
        """How many photos a report shows, copies folded."""
        from untag.library.reporting import IN_REPORT, count_pictures

        return count_pictures(self._opened(), options.limit, options.wanted or IN_REPORT)

    def export_photos(
        self,
        folder: AnyPath,
        wanted: FindingFilter | None = None,
        *,
        options: ExportOptions = EXPORT,
        on_progress: OnProgress | None = None,
    ) -> Exported:
        """Copies the photos of `pictures` into a folder that only its owner can read; nothing there is replaced.

        Raises UsageError where it cannot be written, or lies in the home folder.
        """
        from untag.library.exporting import export_photos

        with self.open_pictures(wanted) as pictures:
            return export_photos(
                self._opened(), self.settings, pictures, path_of(folder), options, counting(on_progress)
            )

    def export_calendar(self, file: AnyPath) -> int:
        """Writes the days on which answers to requests are due as an .ics file; returns how many there are.

        Raises UsageError where another file is there, or it cannot be written.
        """
        from untag.library.acting import tracked_requests
        from untag.library.calendar import write_calendar

        store = self._opened()
        return write_calendar(store, tracked_requests(store), path_of(file))

    def export(self, stream: SupportsWrite[str], style: str = "json", findings: Iterable[Finding] | None = None) -> int:
        """Writes findings as a "json" array or as "csv" with a header; None is those that `findings` gives by itself.

        Returns how many there are. Keys and columns are those of docs/data.md; open a CSV file with newline="".
        """
        from untag.reports import write_csv, write_json

        if style not in ("json", "csv"):
            raise UsageError(f"there is no format {style!r}; there are json, csv")
        return (write_csv if style == "csv" else write_json)(self.findings() if findings is None else findings, stream)

    def evaluate(
        self,
        kind: str,
        table: AnyPath,
        *,
        options: EvaluateOptions = EVALUATE,
        on_progress: OnProgress | None = None,
    ) -> Result:
        """Measures the models on labelled photos: kind is "pairs", "people" or "scenes", the table a CSV file."""
        from untag.library.measuring import Measurement

        return Measurement(kind, path_of(table), options).run(self.settings, self._models, counting(on_progress))

    def count_labelled(self, kind: str, table: AnyPath) -> int:
        """How many different photos a table of `evaluate` names. Raises UsageError for one that is not of that kind."""
        from untag.library.measuring import Measurement

        return Measurement(kind, path_of(table), EVALUATE).count(self.settings)
