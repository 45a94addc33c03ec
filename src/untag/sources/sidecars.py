"""What the sidecar files in a folder say of the photos beside them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

from untag.errors import ReadFailure
from untag.sources.content import Content
from untag.sources.kinds import Kind
from untag.sources.names import suffix_of
from untag.sources.reader import AbsentPhoto, Files, SidecarReader
from untag.types import Origin, Outcome, ReadError

_MOST_KEPT, _MOST_KEPT_BYTES = 16, 1024 * 1024
"""How many files are kept after sniffing, and how large each may be: four readers sniff at four JSON files at most."""


@dataclass(frozen=True, slots=True)
class Sidecars:
    """By the names of photos: their `origins`, and in `readers` the reader that knew; `skipped` are not photos.

    `absent` are photos that are reported without a file and in which somebody is tagged, with the reader's name.
    """

    origins: Mapping[str, Origin] = field(default_factory=dict)
    readers: Mapping[str, str] = field(default_factory=dict)
    skipped: frozenset[str] = frozenset()
    absent: tuple[tuple[str, AbsentPhoto], ...] = ()
    errors: tuple[ReadError, ...] = ()

    def kind(self, name: str, found: Kind) -> Kind:
        """The kind of a file whose content is of the kind `found`. What a sidecar describes may be a damaged photo.

        What is no photo of its own counts as text.
        """
        if name in self.skipped:
            return Kind.TEXT
        return Kind.PHOTO if found in (Kind.OTHER, Kind.EMPTY) and name in self.origins else found


def sidecar_readers(names: Iterable[str], readers: Sequence[SidecarReader]) -> list[SidecarReader]:
    """Those of `readers` one of whose marks is among `names`: of files, or of folders above."""
    marks: set[str] = set()
    for name in names:
        marks.update((name.lower(), f".{suffix_of(name)}"))
    return [reader for reader in readers if not marks.isdisjoint(reader.marks)]


def read_sidecars(files: Files, readers: Sequence[SidecarReader]) -> Sidecars:
    """What the sidecars in a folder say. Where several describe a photo, the first reader counts; others fill gaps."""
    origins: dict[str, Origin] = {}
    knew: dict[str, str] = {}
    skipped: set[str] = set()
    absent: list[tuple[str, AbsentPhoto]] = []
    errors: list[ReadError] = []
    files = KeptFiles(files)
    for reader in readers:
        if not reader.sniff(files):
            continue
        description = reader.describe(files)
        for photo, origin in description.origins.items():
            origins[photo] = _filled(origins[photo], origin) if photo in origins else origin
            knew.setdefault(photo, reader.name)
        skipped |= description.skipped
        # A tool that saves no pictures reports everything: what has no tag of a person is of no use.
        absent += [(reader.name, photo) for photo in description.absent if photo.origin.people]
        errors += description.errors
    known = {error.path for error in errors}
    errors += [error for error in files.errors if error.path not in known]
    return Sidecars(origins, knew, frozenset(skipped), tuple(absent), tuple(errors))


class KeptFiles:
    """The `Files` of others; a few small ones are kept once they were read, as every reader sniffs at the same.

    `errors` are those that could not be read: a reader that sniffs takes such a file for none of its own.
    """

    def __init__(self, files: Files) -> None:
        self._files = files
        self._kept: dict[str, bytes] = {}
        self._errors: dict[str, ReadError] = {}

    @property
    def errors(self) -> Sequence[ReadError]:
        return tuple(self._errors.values())

    @property
    def names(self) -> Sequence[str]:
        return self._files.names

    def __contains__(self, name: object) -> bool:
        return name in self._files

    def shown(self, name: str) -> str:
        return self._files.shown(name)

    def stat(self, name: str) -> tuple[int, int]:
        return self._files.stat(name)

    def read(self, name: str, max_bytes: int) -> bytes:
        data = self._kept.get(name)
        if data is None or len(data) > max_bytes:
            data = self._read(name, max_bytes)
            if len(self._kept) < _MOST_KEPT and len(data) <= _MOST_KEPT_BYTES:
                self._kept[name] = data
        return data

    def content(self, name: str) -> Content:
        return self._files.content(name)

    def kind(self, name: str) -> Kind:
        return self._files.kind(name)

    def _read(self, name: str, max_bytes: int) -> bytes:
        try:
            return self._files.read(name, max_bytes)
        except ReadFailure as failure:
            if name in self._files and failure.outcome not in (Outcome.EMPTY, Outcome.TOO_LARGE):
                self._errors[name] = ReadError(self.shown(name), failure.outcome, str(failure))
            raise


def _filled(first: Origin, second: Origin) -> Origin:
    gaps: dict[str, Any] = {
        item.name: getattr(second, item.name)
        for item in fields(Origin)
        if item.name != "permalink_confidence" and not getattr(first, item.name)
    }
    if "permalink" in gaps:
        gaps["permalink_confidence"] = second.permalink_confidence
    return replace(first, **gaps)
