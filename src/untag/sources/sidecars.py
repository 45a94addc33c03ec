"""What the sidecar files in a folder say of the photos beside them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

from untag.sources.names import suffix_of
from untag.sources.reader import Files, Reader
from untag.types import Origin, ReadError


@dataclass(frozen=True, slots=True)
class Sidecars:
    """By the names of photos: their `origins`, and in `readers` the reader that knew; `skipped` are not photos."""

    origins: Mapping[str, Origin] = field(default_factory=dict)
    readers: Mapping[str, str] = field(default_factory=dict)
    skipped: frozenset[str] = frozenset()
    errors: tuple[ReadError, ...] = ()


def sidecar_readers(names: Iterable[str], readers: Sequence[Reader]) -> list[Reader]:
    """Those of `readers` that read sidecars and one of whose marks is among `names`: of files, or of folders above."""
    marks: set[str] = set()
    for name in names:
        marks.update((name.lower(), f".{suffix_of(name)}"))
    return [reader for reader in readers if not reader.whole and not marks.isdisjoint(reader.marks)]


def read_sidecars(files: Files, readers: Sequence[Reader]) -> Sidecars:
    """What the sidecars in one folder say. Where several tell of a photo, the first reader counts, others fill gaps."""
    origins: dict[str, Origin] = {}
    knew: dict[str, str] = {}
    skipped: set[str] = set()
    errors: list[ReadError] = []
    for reader in readers:
        if not reader.sniff(files):
            continue
        description = reader.describe(files)
        for photo, origin in description.origins.items():
            origins[photo] = _filled(origins[photo], origin) if photo in origins else origin
            knew.setdefault(photo, reader.name)
        skipped |= description.skipped
        errors += description.errors
    return Sidecars(origins, knew, frozenset(skipped), tuple(errors))


def _filled(first: Origin, second: Origin) -> Origin:
    gaps: dict[str, Any] = {
        item.name: getattr(second, item.name)
        for item in fields(Origin)
        if item.name != "permalink_confidence" and not getattr(first, item.name)
    }
    if "permalink" in gaps:
        gaps["permalink_confidence"] = second.permalink_confidence
    return replace(first, **gaps)
