"""What is left to fetch: the links of photos that archives report without a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote, urlsplit

from untag.imaging.limits import Limits
from untag.sources.base import walk_all
from untag.sources.links import page
from untag.sources.listing import AbsentRef, Skipped
from untag.sources.reader import Reader
from untag.support.permalinks import is_of_one_photo, link_key
from untag.types import Origin, ReadError

_KEPT = "%/:?#[]@!$&()*+,;=-._~"


@dataclass(frozen=True, slots=True)
class MissingPhoto:
    """A photo, or a post with photos, to fetch: `link` is ASCII, begins with http and has no space or quote in it.

    The rest is what the archives say; `posted_at` is in ISO 8601. Absent is None, never a guess.
    """

    link: str
    platform: str | None
    posted_at: str | None
    poster: str | None
    people: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MissingPhotos:
    """The links in the order in which they were met, each once, and what has none.

    `without_link` photos are reported with neither file nor link; the links of `refused` photos are no web addresses
    that can be handed to a program; of `here` photos there is a copy elsewhere in what was given.
    """

    photos: Sequence[MissingPhoto]
    without_link: int
    refused: int
    here: int
    unreadable: Sequence[ReadError]


def list_missing(paths: Sequence[Path], limits: Limits, readers: Sequence[Reader]) -> MissingPhotos:
    """Lists the photos below `paths` that archives report without a file; reads no photo.

    Raises UsageError for a path that does not exist.
    """
    found: dict[str, MissingPhoto] = {}
    copies: set[str] = set()
    unreadable: list[ReadError] = []
    without = refused = 0
    for listing in walk_all(paths, limits=limits, readers=readers):
        for entry in listing.entries:
            if isinstance(entry, ReadError):
                unreadable.append(entry)
            elif isinstance(entry, Skipped) or (link := entry.origin.permalink) is None:
                without += isinstance(entry, AbsentRef)
            elif not isinstance(entry, AbsentRef):
                if is_of_one_photo(key := link_key(link)):
                    copies.add(key)
            elif (address := web_address(link)) is None:
                refused += 1
            else:
                key = link_key(link)
                found[key] = _completed(found.get(key), address, entry.origin)
    wanted = [photo for key, photo in found.items() if key not in copies]
    return MissingPhotos(wanted, without, refused, len(found) - len(wanted), unreadable)


def web_address(link: str) -> str | None:
    """The link as a line that any program can be given, or None where it is no plain http address.

    Refused are control characters, spaces, user names (`https://facebook.com@elsewhere.org`) and hosts that are not
    ASCII, which may look like others. Other characters that an address does not have are percent-encoded.
    """
    if page(link) is None:
        return None
    host = urlsplit(link).netloc
    if "@" in host or "\\" in link or not host.isascii():
        return None
    return quote(link, safe=_KEPT)


def _completed(known: MissingPhoto | None, link: str, origin: Origin) -> MissingPhoto:
    """One photo from two reports of it: the first holds, the second fills what it lacks."""
    if known is None:
        return MissingPhoto(link, origin.platform, origin.posted_at, origin.poster, origin.people)
    return replace(
        known,
        platform=origin.platform if known.platform is None else known.platform,
        posted_at=origin.posted_at if known.posted_at is None else known.posted_at,
        poster=origin.poster if known.poster is None else known.poster,
        people=tuple(dict.fromkeys((*known.people, *origin.people))),
    )
