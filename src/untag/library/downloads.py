"""Models that can be downloaded: which are missing, from where they would come, and getting them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from untag.engine.downloads.addresses import mirrored, parse_origin, shown
from untag.engine.downloads.inventory import RECOMMENDED, State, named, state_of
from untag.engine.downloads.pull import DOWNLOAD_SETS
from untag.engine.downloads.registry import DownloadableWeights


@dataclass(frozen=True, slots=True)
class Download:
    """One file to get, and the mirror or folder to get it from; None is where its makers have it."""

    weights: DownloadableWeights
    origin: str | Path | None

    @property
    def address(self) -> str:
        """Where it comes from, without any password."""
        if isinstance(self.origin, Path):
            return f"{self.origin}"
        return shown(self.weights.url if self.origin is None else mirrored(self.origin, self.weights.file))


@dataclass(frozen=True, slots=True)
class ModelSet:
    """Models that go together, under one name."""

    name: str
    members: tuple[str, ...]
    recommended: bool


def model_sets() -> list[ModelSet]:
    """The sets that can be asked for by name, besides each model by its own."""
    return [
        ModelSet(name, tuple(weights.name for weights in files), name == RECOMMENDED)
        for name, files in DOWNLOAD_SETS.items()
    ]


def plan_downloads(home: Path, names: Iterable[str], origin: str | None) -> list[Download]:
    """The files behind `names` that are not installed and whole; without names, those of the recommended set."""
    source = None if origin is None else parse_origin(origin)
    wanted = named(tuple(names) or (RECOMMENDED,))
    return [Download(weights, source) for weights in wanted if state_of(weights, home) != State.INSTALLED]


def download(home: Path, file: Download, on_progress: Callable[[int, int | None], None]) -> Path:
    """Gets one file, checked against its SHA-256; returns where it is. Raises as `fetch` does."""
    # Only this call needs the network, and nothing else loads what can reach it.
    from untag.engine.downloads.fetch import fetch

    return fetch(file.weights, home / "models", origin=file.origin, on_progress=on_progress)
