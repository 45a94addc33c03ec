"""A sample of the photos below some paths: so many at most, each as likely as any other, however many there are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from untag.imaging.limits import Limits
from untag.people.enroll import Photo, read_photo
from untag.sources.base import walk_all
from untag.sources.listing import Listing
from untag.types import PhotoRef, ReadError

_PRUNE_AT = 4
"""Chosen listings are cut down when there are so many times more picks than wanted: memory is bounded by the sample."""


@dataclass(frozen=True, slots=True)
class SampleOptions:
    """At most `photos` are chosen, by `seed`; `search_side` is that of a scan, so that the same faces are found.

    `keep_on` is asked between two folders, and two photos, whether there is still time.
    """

    photos: int
    search_side: int
    limits: Limits
    seed: int = 0
    keep_on: Callable[[], bool] = lambda: True


@dataclass(slots=True)
class Sample:
    """What was chosen, in a random order, of about `of` photos. `whole` is false where the walk had to end early."""

    chosen: list[tuple[Listing, PhotoRef]] = field(default_factory=list)
    of: int = 0
    whole: bool = True
    unreadable: list[ReadError] = field(default_factory=list)


def choose_photos(paths: Sequence[Path], options: SampleOptions) -> Sample:
    """Chooses photos below `paths`; reads none. Raises UsageError for a path that does not exist.

    Every photo gets a random key, and those with the lowest are chosen (reservoir sampling with keys, Efraimidis and
    Spirakis 2006), so that one pass over the folders is enough. A folder with none by its names counts as one: its
    photos may have other names.
    """
    sample = Sample()
    random = np.random.default_rng(options.seed)
    picks: list[tuple[float, Listing]] = []
    limit = 1.0
    for listing in walk_all(paths, limits=options.limits):
        if not options.keep_on():
            sample.whole = False
            break
        sample.of += listing.count
        keys = random.random(max(1, listing.count))
        picks += [(float(key), listing) for key in keys[keys < limit]]
        if len(picks) > _PRUNE_AT * options.photos:
            picks = sorted(picks, key=_key)[: options.photos]
            limit = picks[-1][0]
    _resolve(sample, sorted(picks, key=_key)[: options.photos], random)
    return sample


def _key(pick: tuple[float, Listing]) -> float:
    return pick[0]


def _resolve(sample: Sample, picks: Sequence[tuple[float, Listing]], random: np.random.Generator) -> None:
    """Turns picks of folders into photos in them, in the order of the picks."""
    waiting: dict[int, list[PhotoRef]] = {}
    for _, listing in picks:
        if id(listing) not in waiting:
            entries = listing.photos
            sample.unreadable += [entry for entry in entries if isinstance(entry, ReadError)]
            photos = [entry for entry in entries if isinstance(entry, PhotoRef)]
            waiting[id(listing)] = [photos[index] for index in random.permutation(len(photos))]
        if waiting[id(listing)]:
            sample.chosen.append((listing, waiting[id(listing)].pop()))


def read_sample(sample: Sample, options: SampleOptions) -> Iterator[Photo | ReadError]:
    """Each photo of a sample decoded, or why it cannot be read, while there is time. The same content comes once."""
    seen: set[str] = set()
    for listing, ref in sample.chosen:
        if not options.keep_on():
            return
        item = read_photo(listing.source, ref, options.limits, options.search_side)
        if isinstance(item, ReadError) or item.sha256 not in seen:
            yield item
        if isinstance(item, Photo):
            seen.add(item.sha256)
