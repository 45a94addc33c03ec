"""A scan in two steps: what it needs is checked and loaded, then it runs."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing, nullcontext
from dataclasses import dataclass
from pathlib import Path

from untag.config import Settings
from untag.library.options import OnProgress, ScanOptions, counting
from untag.scan import Move, ScanModels, ScanSummary, count_photos, mark_shown, scan
from untag.scan.judge import Judge
from untag.scan.workplace import Workplace
from untag.sources.reader import Reader
from untag.store import Store


@dataclass(frozen=True, slots=True)
class PreparedScan:
    """A scan that can begin: paths and people were checked, and the models are loaded."""

    store: Store
    settings: Settings
    paths: Sequence[Path]
    options: ScanOptions
    readers: Sequence[Reader]
    models: ScanModels
    judge: Judge
    move: Move
    place: Workplace | None = None
    before_failed: bool = False
    """Whether the command of `ScanOptions.before` failed; what went wrong was said."""

    def count(self) -> int:
        """About how many photos there are to go through. Takes a while."""
        return count_photos(self.paths, self.settings, self.readers)

    def run(self, on_progress: OnProgress | None = None) -> ScanSummary:
        """Scans. Raises LockedError while another scan runs, StoreError when the disk is full, ClusterError."""
        with nullcontext() if self.place is None else closing(self.place):
            summary = scan(
                self.store,
                self.paths,
                self.models,
                self.judge,
                self.settings,
                readers=self.readers,
                on_photo=counting(on_progress),
                cancel=self.options.cancel,
                confirmed_gone=self.options.prune,
                move=self.move,
                place=self.place,
                video_hours=self.options.video_hours,
            )
        if self.options.mark_reported and not summary.interrupted:
            mark_shown(self.store, summary)
        return summary
