"""An evaluation on labelled photos."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from untag.config import Settings
from untag.errors import UsageError
from untag.evaluation.evaluate import (
    Job,
    PeopleOptions,
    Result,
    count_photos,
    evaluate_pairs,
    evaluate_people,
    evaluate_scenes,
)
from untag.library.models import Models
from untag.library.options import EvaluateOptions, path_of
from untag.scenes.installed import load_clip

KINDS = ("pairs", "people", "scenes")


@dataclass(frozen=True, slots=True)
class Measurement:
    """What is measured (one of `KINDS`), and by which table of labels."""

    kind: str
    table: Path
    options: EvaluateOptions

    def job(self, settings: Settings) -> Job:
        """The same for the evaluation. Raises UsageError for a kind that there is not."""
        if self.kind not in KINDS:
            raise UsageError(f"there is no evaluation of {self.kind!r}; there are {', '.join(KINDS)}")
        root = self.table.parent if self.options.root is None else path_of(self.options.root)
        return Job(self.table, root, settings.limits)

    def count(self, settings: Settings) -> int:
        """How many different photos there are."""
        return count_photos(self.job(settings), self.kind)

    def run(self, settings: Settings, models: Models, advance: Callable[[], None]) -> Result:
        """Looks at all of them."""
        job = self.job(settings)
        if self.kind == "pairs":
            return evaluate_pairs(job, models.faces, advance)
        if self.kind == "scenes":
            clip = load_clip(models.options) if self.options.compare else None
            return evaluate_scenes(job, models.scenes, advance, clip)
        chosen = PeopleOptions(
            self.options.references, self.options.seed, settings.me_similarity, settings.maybe_similarity
        )
        return evaluate_people(job, models.faces, chosen, advance)
