"""One picture of the HTML report as the template shows it: words, percentages and checked links."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from untag.findings.counting import Group
from untag.findings.times import faces_shown
from untag.imaging.thumbnail import Thumbnail
from untag.reports.summary import places_online, posted_at
from untag.types import Action, Box, Finding, LinkConfidence, Origin, Status, Verdict

_HIGH, _MEDIUM = 60, 30

_WHO: Mapping[Verdict, str] = {Verdict.ME: "You", Verdict.MAYBE: "Perhaps you", Verdict.OTHER: "Not you"}

_ADVICE: Mapping[Action, str] = {
    Action.UNTAG: "Untag yourself",
    Action.REQUEST_REMOVAL: "Ask for removal",
    Action.REVIEW: "Look at it yourself",
    Action.KEEP: "Nothing to do",
}

_DECISIONS: Mapping[Status, str] = {
    Status.OPEN: "",
    Status.KEEP: "Kept",
    Status.UNTAG: "To untag",
    Status.REQUEST_REMOVAL: "To request removal",
    Status.DONE: "Done",
    Status.NOT_ME: "Not you",
    Status.IS_ME: "You",
}

_PLATFORMS: Mapping[str, str] = {
    "facebook": "Facebook",
    "instagram": "Instagram",
    "google_photos": "Google Photos",
    "google-photos": "Google Photos",
    "google_takeout": "Google Photos",
    "flickr": "Flickr",
    "twitter": "Twitter",
    "x": "X",
    "telegram": "Telegram",
    "whatsapp": "WhatsApp",
    "snapchat": "Snapchat",
    "linkedin": "LinkedIn",
    "tiktok": "TikTok",
    "icloud": "iCloud",
    "reddit": "Reddit",
    "tumblr": "Tumblr",
    "vk": "VK",
}

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True)
class Link:
    """Where to act: a web address that was checked, what the button says, and who posted it there."""

    url: str
    words: str
    poster: str | None = None


@dataclass(frozen=True, slots=True)
class Picture:
    """The thumbnail as a data URI with its size; `frames` are drawn in the pixels of the upright original."""

    uri: str
    width: int
    height: int
    original_width: int
    original_height: int
    frames: tuple[Box, ...]


@dataclass(frozen=True, slots=True)
class Card:
    """Everything that the template shows of one picture, not yet escaped; the first of `links` is the one to act on."""

    id: str
    risk: int
    level: str
    verdict: str
    who: str
    alike: str | None
    day: str | None
    moment: str | None
    name: str
    alt: str
    path: str
    platform: str | None
    poster: str | None
    caption: str | None
    categories: tuple[tuple[str, int], ...]
    category_names: tuple[str, ...]
    reasons: tuple[str, ...]
    advice: str
    decision: str
    links: tuple[Link, ...]
    copies: tuple[str, ...]
    picture: Picture | None
    absent: bool


def card_of(group: Group, thumbnail: Thumbnail | None, *, named: bool) -> Card:
    """The card of a picture; with `named` it says which of several enrolled people it shows."""
    finding = group.finding
    origin = finding.origin
    name = PurePosixPath(finding.path).name
    posted = posted_at(group)
    return Card(
        id=finding.id,
        risk=finding.risk,
        level="high" if finding.risk >= _HIGH else "medium" if finding.risk >= _MEDIUM else "low",
        verdict=str(finding.verdict),
        who=finding.person if named and finding.person is not None else _WHO[finding.verdict],
        # Whom only a tag names is not alike.
        alike=f"{_percent(finding.similarity)} % alike" if finding.similarity > 0 else None,
        day=_day(finding.taken_at, posted),
        moment=posted if finding.taken_at is None else finding.taken_at,
        name=name,
        alt=_alt(finding, name),
        path=finding.path,
        platform=platform_of(origin),
        poster=origin.poster,
        caption=origin.caption,
        categories=tuple((category, _percent(score)) for category, score in finding.categories.items()),
        category_names=tuple(finding.categories),
        reasons=finding.reasons,
        advice=_ADVICE[finding.action],
        decision=_DECISIONS[finding.status],
        links=tuple(link for place in places_online(group) if (link := link_of(place.origin)) is not None),
        copies=tuple(copy.path for copy in group.copies),
        picture=None if thumbnail is None else _picture(thumbnail, faces_shown(finding)),
        absent=finding.absent,
    )


def link_of(origin: Origin) -> Link | None:
    """The permalink if it is a web address; anything else, such as `javascript:`, is hostile or broken."""
    url = origin.permalink
    if url is None or not url.isprintable():
        return None
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return None
    if origin.permalink_confidence is LinkConfidence.PROBABLE:
        return Link(url.strip(), "Open likely link", origin.poster)
    platform = platform_of(origin)
    return Link(url.strip(), "Open online" if platform is None else f"Open on {platform}", origin.poster)


def day_words(moment: str) -> str:
    """The day of an ISO 8601 date or time, such as "14 Jul 2019"; other text as it is."""
    try:
        day = date.fromisoformat(moment[:10])
    except ValueError:
        return moment
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def _day(taken: str | None, posted: str | None) -> str | None:
    if taken is not None:
        return day_words(taken)
    return None if posted is None else f"posted {day_words(posted)}"


def platform_of(origin: Origin) -> str | None:
    """The name of the site for people, such as "Google Photos"."""
    return None if origin.platform is None else _PLATFORMS.get(origin.platform.casefold(), origin.platform)


def _alt(finding: Finding, name: str) -> str:
    shows = ", ".join(finding.categories) if finding.categories else "nothing flagged"
    return f"Photo {name}: {shows}{'; your face is framed' if finding.faces else ''}"


def _picture(thumbnail: Thumbnail, faces: tuple[Box, ...]) -> Picture:
    return Picture(
        uri=f"data:image/jpeg;base64,{b64encode(thumbnail.data).decode('ascii')}",
        width=thumbnail.width,
        height=thumbnail.height,
        original_width=thumbnail.original_width,
        original_height=thumbnail.original_height,
        frames=faces,
    )


def _percent(share: float) -> int:
    return round(100 * share)
