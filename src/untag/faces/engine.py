"""Face engines by name. An engine is a finder, alignment and an embedder that belong together: see `composed`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from untag.engine.downloads.pull import DOWNLOAD_SETS
from untag.engine.runtime.models import ModelOptions
from untag.engine.runtime.session import Device
from untag.errors import UsageError
from untag.faces.dlib_engine import DETECTOR_FILE, EMBEDDER_FILE, LANDMARKS_FILE, load_dlib_engine
from untag.faces.yunet_engines import load_yunet_0095, load_yunet_auraface, load_yunet_sface
from untag.types import Face, Frame


class FaceEngine(Protocol):
    """What the rest of untag needs. `id` names the engine and its weights: vectors of two ids are never compared."""

    @property
    def id(self) -> str: ...

    @property
    def device(self) -> Device: ...

    def analyse(self, frames: Sequence[Frame]) -> list[tuple[Face, ...]]:
        """The faces in each frame, with their embeddings, in batches that span the frames."""
        ...


DERIVED_FILES = (DETECTOR_FILE, LANDMARKS_FILE, EMBEDDER_FILE)

_ENGINES: Mapping[str, Callable[[ModelOptions], FaceEngine]] = {
    "yunet+0095": load_yunet_0095,
    "dlib": load_dlib_engine,
    "yunet+auraface": load_yunet_auraface,
    "yunet+sface": load_yunet_sface,
}
"""The order of `auto`, which takes the first whose weights are installed.

Engines whose thresholds were measured come before those whose thresholds are provisional. The weights of dlib are
always there, so `auto` never takes a provisional engine: those are used only when the user names them.
"""

AUTO = "auto"


def load_engine(name: str, options: ModelOptions) -> FaceEngine:
    """The engine of this name, or the best one installed for `auto`.

    Raises UsageError for a name that is none, ModelError and DeviceError as the engine's own loader does.
    """
    chosen = best_installed(options.home) if name == AUTO else name
    if chosen not in _ENGINES:
        raise UsageError(f"there is no engine {name!r}; there are {', '.join(_ENGINES)} and {AUTO}")
    return _ENGINES[chosen](options)


def engine_name(engine_id: str) -> str | None:
    """The name of the engine with this id; None for one that this version does not know."""
    return next((name for name in _ENGINES if engine_id.startswith(f"{name}-")), None)


def engine_names() -> tuple[str, ...]:
    """What there is to choose from, the best first."""
    return tuple(_ENGINES)


def best_installed(home: Path) -> str:
    """The name of the best engine whose weights lie in `home`; dlib's come with untag. No weights are read."""
    return next(name for name in _ENGINES if is_installed(name, home))


def is_installed(name: str, home: Path) -> bool:
    """Whether all the weights of an engine lie in `home`, or come with untag."""
    return all(file.is_installed(home) for file in DOWNLOAD_SETS.get(name, ()))
