"""Photos read and looked at in this process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from untag.config import Settings
from untag.engine.runtime.session import batch_factor
from untag.scan.items import Decoded, Loaded, Task
from untag.scan.judge import Wanted
from untag.scan.looking import Looker
from untag.scan.pipeline import Stage
from untag.scan.stages import ScanModels
from untag.scan.workplace import each, of_kind, read

_ANALYSE_BATCH = 8


@dataclass(frozen=True, slots=True)
class Here:
    """This process: `settings.jobs` threads read, as many decode, and one runs the models."""

    models: ScanModels
    wanted: Wanted
    settings: Settings

    @property
    def factor(self) -> int:
        """As for the device, which takes larger batches where it is fast."""
        return batch_factor(self.models.faces.device)

    def reading(self) -> Stage[Any, Any]:
        return Stage("read", of_kind(Task, each(read)), workers=max(1, self.settings.jobs))

    def looking(self) -> Sequence[Stage[Any, Any]]:
        looker = Looker(self.models, self.wanted, self.settings.limits)
        return (
            Stage("decode", of_kind(Loaded, each(looker.decode)), workers=max(1, self.settings.jobs)),
            Stage("analyse", of_kind(Decoded, looker.analyse), batch=_ANALYSE_BATCH * self.factor),
        )

    def close(self) -> None:
        """Nothing is open."""
