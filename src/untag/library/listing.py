"""Findings as they are asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from untag.errors import UsageError
from untag.findings.counting import Group
from untag.findings.filters import SHOWING_YOU, TO_DO, FindingFilter, Sort, day_of
from untag.findings.stats import Since, Stats, statistics
from untag.library.naming import Photo
from untag.library.stored_pictures import open_pictures
from untag.scenes.categories import check_category
from untag.scenes.taught_files import taught_names
from untag.store import Store, decided_since, findings, scan_before_last, tallies
from untag.types import Finding, Place, Status, Verdict

_E = TypeVar("_E", bound=StrEnum)
Several = str | Iterable[str]
"""One value, or several of which any will do."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A filter as a caller writes it: see `FindingFilter`. None of `status` is what is still to be done."""

    verdict: Several = tuple(SHOWING_YOU)
    category: Several = ()
    status: Several | None = None
    person: Several = ()
    poster: Several = ()
    platform: Several = ()
    since: str | None = None
    until: str | None = None
    min_risk: int = 0
    due: bool = False
    photos: Iterable[Photo] | None = None
    sort: str = Sort.RISK
    limit: int | None = None
    offset: int = 0


def filter_of(home: Path, asked: Asked, contents: Iterable[str] | None = None) -> FindingFilter:
    """The filter that is meant; `contents` are the SHA-256 of the photos that alone count, None for any.

    Raises UsageError for a verdict, status, category, order or date that there is not.
    """
    since, until = (None if day is None else day_of(day) for day in (asked.since, asked.until))
    if since is not None and until is not None and since > until and not since.startswith(until):
        raise UsageError(f"nothing is since {since} and until {until}; turn the two around")
    if min(asked.offset, 0 if asked.limit is None else asked.limit) < 0:
        raise UsageError("limit and offset are counts, so neither is below 0")
    (sort,) = several(Sort, asked.sort)
    return FindingFilter(
        statuses=TO_DO if asked.status is None else several(Status, asked.status),
        persons=_names(asked.person),
        posters=_names(asked.poster),
        platforms=_names(asked.platform),
        categories=categories_of(home, asked.category),
        verdicts=several(Verdict, asked.verdict),
        since=since,
        until=until,
        min_risk=asked.min_risk,
        due=date.today().isoformat() if asked.due else None,
        contents=None if contents is None else frozenset(contents),
        sort=sort,
        limit=asked.limit,
        offset=asked.offset,
    )


def list_findings(store: Store, wanted: FindingFilter) -> Iterator[Finding]:
    """The findings as of now, whatever is decided while they are gone through: they have a connection of their own."""
    with closing(store.reader()) as reader, reader.snapshot():
        yield from findings(reader, wanted)


def list_pictures(store: Store, wanted: FindingFilter) -> list[Group]:
    """The photos that meet a filter, copies folded, in its order; its limit and offset count photos here."""
    with open_pictures(store, wanted) as pictures:
        return list(pictures)


def statistics_of(store: Store, wanted: FindingFilter) -> Stats:
    """The findings that meet a filter, counted, and what changed since the scan before the last."""
    with closing(store.reader()) as reader, reader.snapshot():
        before = scan_before_last(reader)
        run, moment = (0, None) if before is None else before
        since = Since(moment, run + 1, decided_since(reader, moment or ""))
        return statistics(tallies(reader, wanted), since)


def finding_of(store: Store, sha256: str, said: str) -> Finding:
    """The finding of a content, at the file where it was seen first, with all places of its picture."""
    found = [one for one in findings(store, pictures=[sha256]) if one.sha256 == sha256]
    if not found:
        raise UsageError(f"{said} was scanned, and is no photo of anybody enrolled that untag knows of")
    first = min(found, key=lambda one: one.duplicate_of is not None)
    return first if first.places or first.picture is None else replace(first, places=_places(store, first))


def _places(store: Store, finding: Finding) -> tuple[Place, ...]:
    """All places of a picture, those of the finding first."""
    pictures = [] if finding.picture is None else [finding.picture]
    places = [place for one in findings(store, pictures=pictures) for place in one.places]
    return tuple(sorted(places, key=lambda place: place.path != finding.path))


def several(kind: type[_E], values: Several) -> frozenset[_E]:
    """One value or several of a StrEnum. Raises UsageError that says which there are."""
    given = [values] if isinstance(values, str) else list(values)
    for value in given:
        if value not in list(kind):
            raise UsageError(f"there is no {kind.__name__.lower()} {value!r}; there are {', '.join(kind)}")
    return frozenset(map(kind, given))


def categories_of(home: Path, names: Several) -> frozenset[str]:
    """One category or several, untag's own or taught. Raises UsageError for one that there is not."""
    taught = taught_names(home)
    return frozenset(check_category(name, taught) for name in _names(names))


def _names(names: Several) -> frozenset[str]:
    return frozenset([names] if isinstance(names, str) else names)
