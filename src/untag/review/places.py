"""Where a photo lies and where it is online, in words and as links that can be followed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import untag
from untag.reports.cards import Link, link_of, platform_of
from untag.reports.summary import places_online


@dataclass(frozen=True, slots=True)
class PlaceShown:
    """One place: what it is, and what is known of it there."""

    path: str
    about: str


def links_of(group: untag.Group) -> list[Link]:
    """The pages on which the photo is online, the one to act on first; only web addresses."""
    return [link for place in places_online(group) if (link := link_of(place.origin)) is not None]


def places_of(group: untag.Group) -> list[PlaceShown]:
    """All files of the photo and of its copies, and the archives that name it without one."""
    return [PlaceShown(place.path, ", ".join(_about(place.origin))) for place in group.places]


def _about(origin: untag.Origin) -> Iterator[str]:
    platform = platform_of(origin)
    if platform is not None:
        yield platform
    if origin.poster is not None:
        yield f"posted by {origin.poster}"
    if origin.posted_at is not None:
        yield origin.posted_at[:10]
    if origin.album is not None:
        yield f"album {origin.album}"
    if origin.audience is not None:
        yield f"seen by: {origin.audience}"
