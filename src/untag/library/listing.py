"""Findings as they are asked for, and which photos a caller means."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from enum import StrEnum
from os import PathLike
from pathlib import Path
from typing import TypeVar

from untag.errors import UsageError
from untag.library.options import AnyPath, path_of
from untag.scenes.categories import check_category
from untag.scenes.taught_files import taught_names
from untag.store import Store, findings, known_file, known_photo
from untag.support.paths import absolute, printable_path
from untag.types import Finding, Status, Verdict

Photo = Finding | AnyPath
"""A photo that was scanned: a finding, the path as untag lists it or as the system has it, or a SHA-256."""

SHOWING_YOU = frozenset({Verdict.ME, Verdict.MAYBE})

_HASH = re.compile(r"[0-9a-f]{64}")
_E = TypeVar("_E", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which findings are asked for; `status` None means any, and so does no category."""

    verdicts: frozenset[Verdict] = SHOWING_YOU
    categories: frozenset[str] = frozenset()
    status: frozenset[Status] | None = None
    min_risk: int = 0
    person: str | None = None

    def takes(self, finding: Finding) -> bool:
        """Whether a finding of the right verdict and category is asked for."""
        return (
            finding.risk >= self.min_risk
            and (self.status is None or finding.status in self.status)
            and (self.person is None or finding.person == self.person)
        )


def list_findings(store: Store, wanted: Wanted) -> Iterator[Finding]:
    """The findings as of now, whatever is decided while they are gone through: they have a connection of their own."""
    with closing(store.reader()) as reader:
        yield from filter(wanted.takes, findings(reader, verdicts=wanted.verdicts, categories=wanted.categories))


def several(kind: type[_E], values: str | Iterable[str]) -> frozenset[_E]:
    """One value or several of a StrEnum. Raises UsageError that says which there are."""
    given = [values] if isinstance(values, str) else list(values)
    for value in given:
        if value not in list(kind):
            raise UsageError(f"there is no {kind.__name__.lower()} {value!r}; there are {', '.join(kind)}")
    return frozenset(map(kind, given))


def categories_of(home: Path, names: str | Iterable[str]) -> frozenset[str]:
    """One category or several, untag's own or taught. Raises UsageError for one that there is not."""
    taught = taught_names(home)
    return frozenset(check_category(name, taught) for name in ([names] if isinstance(names, str) else names))


def hashes_of(store: Store, photos: Photo | Iterable[Photo]) -> list[str]:
    """The SHA-256 of each photo. Raises UsageError for one that was not scanned."""
    if isinstance(photos, (Finding, str, PathLike)):
        return [_hash_of(store, photos)]
    return [_hash_of(store, photo) for photo in photos]


def _hash_of(store: Store, photo: Photo) -> str:
    if isinstance(photo, Finding):
        return photo.sha256
    known = known_file(store, printable_path(absolute(path_of(photo))))
    if known is None:
        # As untag list shows it: escaped already, or with slashes inside an archive.
        known = known_file(store, str(photo))
    if known is not None and known.sha256 is not None:
        return known.sha256
    if isinstance(photo, str) and _HASH.fullmatch(photo) and known_photo(store, photo) is not None:
        return photo
    raise UsageError(f"{photo} was not scanned yet; scan it first, or give the path as untag list shows it")
