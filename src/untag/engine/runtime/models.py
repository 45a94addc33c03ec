"""Opens models by their weights: from the cache, or built first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from untag.engine.runtime.cache import DerivedFile, derived
from untag.engine.runtime.session import Device, OrtSession, open_session


@dataclass(frozen=True, slots=True)
class ModelOptions:
    """Where derived files are kept and how models run: `threads` 0 means as many as there are cores.

    `on_build` gets a sentence before work that takes seconds.
    """

    home: Path
    device: Device = Device.AUTO
    threads: int = 0
    on_build: Callable[[str], None] = lambda _: None

    @property
    def for_any_size(self) -> ModelOptions:
        """For a graph whose input has another size with each photo: a CPU is quicker, see `OrtSession.steadied`."""
        return replace(self, device=Device.CPU)


def open_derived(file: DerivedFile, options: ModelOptions) -> OrtSession:
    """A session on a graph that is derived from weights.

    Raises ModelError when the weights are missing or damaged, DeviceError when the device does not really run.
    """
    return open_session(derived(file, options.home, options.on_build), device=options.device, threads=options.threads)
