"""What archives hold, before any scan: how many photos, whose, of when, and what is missing or not understood."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from untag.imaging.limits import Limits
from untag.sources.base import walk_all
from untag.sources.exclusions import Exclusions
from untag.sources.folder import FolderSource
from untag.sources.kinds import Kind
from untag.sources.listing import AbsentRef, Entry, Listing, Skipped
from untag.sources.reader import Reader
from untag.sources.site import PLAIN, SiteSource
from untag.types import LinkConfidence, ReadError

MOST_NAMED = 5


@dataclass(slots=True)
class ArchiveSummary:
    """One archive, or the photos of one kind below a folder that was asked for: `root`, as shown.

    Photos with sidecars are of one kind and in one of the folders directly in the one that was asked for, so that two
    downloads that lie beside each other are two.

    `videos` are those that a scan looks through. `absent` photos are reported without a file. `linked` counts those
    with a permalink by how certain it is. `first` and `last` are ISO 8601 dates, of when photos were taken or else
    posted, as far as the archive says. `unknown` are files of an archive that name photos of which nothing is known;
    `notes` are sentences on how it is read. `owner` are the names of whose account it is, where it says so. `skipped`
    counts by kind what was not read, or not even opened because of its name; `named` are some of the former.
    """

    source: str
    root: str
    photos: int = 0
    videos: int = 0
    absent: int = 0
    linked: Counter[LinkConfidence] = field(default_factory=Counter)
    posters: Counter[str] = field(default_factory=Counter)
    people: Counter[str] = field(default_factory=Counter)
    first: str | None = None
    last: str | None = None
    owner: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    skipped: Counter[Kind] = field(default_factory=Counter)
    named: dict[Kind, list[str]] = field(default_factory=dict)

    def add(self, entry: Entry) -> None:
        """Counts a photo or a video, or what is none."""
        if isinstance(entry, ReadError):
            return
        if isinstance(entry, Skipped):
            self.skipped[entry.kind] += 1
            if self.skipped[entry.kind] <= MOST_NAMED:
                self.named.setdefault(entry.kind, []).append(entry.path)
            return
        if isinstance(entry, AbsentRef):
            self.absent += 1
        elif entry.video:
            self.videos += 1
        else:
            self.photos += 1
        origin = entry.origin
        if origin.permalink is not None:
            self.linked[origin.permalink_confidence] += 1
        if origin.poster is not None:
            self.posters[origin.poster] += 1
        self.people.update(origin.people)
        moment = origin.taken_at or origin.posted_at
        if moment is not None:
            day = moment[:10]
            self.first = day if self.first is None else min(self.first, day)
            self.last = day if self.last is None else max(self.last, day)


@dataclass(frozen=True, slots=True)
class Survey:
    """The summaries in the order in which they were met, and everything that could not be read."""

    summaries: Sequence[ArchiveSummary]
    unreadable: Sequence[ReadError]


def survey(
    paths: Sequence[Path],
    limits: Limits,
    readers: Sequence[Reader],
    exclude: Exclusions | None = None,
    *,
    videos: bool = False,
) -> Survey:
    """Lists everything below `paths`; reads what archives say of photos, and no photo.

    With `videos` these are looked through, else they are not read. Raises UsageError for a path that does not exist.
    """
    found: dict[tuple[str, str], ArchiveSummary] = {}
    unreadable: list[ReadError] = []
    for listing in walk_all(paths, limits=limits, readers=readers, exclude=exclude):
        for listed in listing.entries:
            entry = _looked_through(listed) if videos else listed
            if isinstance(entry, ReadError):
                unreadable.append(entry)
            else:
                kind = listing.source.name if isinstance(entry, Skipped) else entry.source
                key = (_root_of(listing, kind), kind)
                found.setdefault(key, ArchiveSummary(kind, key[0])).add(entry)
        if listing.unseen:
            key = (listing.source.root, listing.source.name)
            found.setdefault(key, ArchiveSummary(key[1], key[0])).skipped.update(listing.unseen)
        if listing.notes:
            root = listing.source.root
            key = next((known for known in found if known[0] == root), (root, listing.source.name))
            found.setdefault(key, ArchiveSummary(key[1], key[0])).notes = listing.notes
        if isinstance(listing.source, SiteSource) and listing.source.name != PLAIN:
            key = (listing.source.root, listing.source.name)
            summary = found.setdefault(key, ArchiveSummary(key[1], key[0]))
            summary.owner = listing.source.description.owner
            summary.missing = listing.source.description.missing
            summary.unknown = tuple(listing.source.unknown())
    return Survey(list(found.values()), unreadable)


def _looked_through(entry: Entry) -> Entry:
    return entry.video if isinstance(entry, Skipped) and entry.video is not None else entry


def _root_of(listing: Listing, kind: str) -> str:
    root = listing.source.root
    if kind == PLAIN or not isinstance(listing.source, FolderSource):
        return root
    start = root.rstrip(os.sep) + os.sep
    first = listing.folder.removeprefix(start).partition(os.sep)[0] if listing.folder.startswith(start) else ""
    return start + first if first else root
