"""What Instaloader's JSON says of a post: Instagram's own answer, in one of the shapes that it had over the years.

The fields are those that instaloader 4.16 reads (structures.py). JSON of version 3 has the post itself at the top.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Any

from untag.sources.links import instagram_post
from untag.sources.text import iso_time, items, member, text
from untag.types import LinkConfidence, Origin

PLATFORM = "instagram"

_Names = tuple[str, ...] | None
"""Who is tagged; None where nothing says whether anybody is."""


@dataclass(frozen=True, slots=True)
class MediaNode:
    """What one JSON file describes. `kind` is Instaloader's: Post, StoryItem, Profile or another.

    `people` are tagged somewhere in the post, `slides` in each of its photos. `is_video` alone has no photo but its
    still.
    """

    kind: str
    origin: Origin
    code: str | None = None
    people: _Names = None
    slides: Sequence[_Names] = ()
    is_video: bool = False

    def of_photo(self, number: int | None, otherwise: tuple[str, ...] = ()) -> Origin:
        """The origin of a photo by its number from 1, or of all; `otherwise` are tagged where nothing says who is."""
        people = self.people
        if number is None:
            people = _merged(people, *self.slides)
        elif number <= len(self.slides) and any(names is not None for names in self.slides):
            # Instagram leaves the field out where no one is tagged.
            people = self.slides[number - 1] or ()
        return replace(self.origin, people=otherwise if people is None else people)


def media_node(value: Any) -> MediaNode | None:
    """What a JSON value of Instaloader's describes; None for any other value."""
    node, kind = member(value, "node"), text(member(value, "instaloader", "node_type"))
    if isinstance(node, dict) and kind is not None:
        return _media_node(node, kind)
    if text(member(value, "shortcode")) is not None and isinstance(member(value, "owner"), dict):
        return _media_node(value, "Post")
    return None


def _media_node(node: dict[str, Any], kind: str) -> MediaNode:
    if kind == "Profile":
        return MediaNode(kind, Origin(PLATFORM, poster=text(node.get("username"))))
    phone = node.get("iphone_struct")
    code = _first(text(found) for found in (node.get("shortcode"), node.get("code"), member(phone, "code")))
    # A story has a code too, but no page that stays.
    link = instagram_post(code) if kind == "Post" else None
    owners = (member(node, "owner"), member(phone, "user"), member(node, "user"))
    times = (node.get("taken_at_timestamp"), node.get("date"), node.get("taken_at"), member(phone, "taken_at"))
    captions = (
        member(node, "edge_media_to_caption", "edges", 0, "node", "text"),
        node.get("caption"),
        member(node, "caption", "text"),
        member(phone, "caption", "text"),
    )
    return MediaNode(
        kind,
        Origin(
            platform=PLATFORM,
            permalink=link,
            permalink_confidence=LinkConfidence.NONE if link is None else LinkConfidence.CERTAIN,
            poster=_first(text(member(owner, "username")) for owner in owners),
            caption=_first(map(text, captions)),
            posted_at=_first(map(iso_time, times)),
        ),
        code=code,
        people=_merged(_tagged(node), _tagged(phone)),
        slides=tuple(_slides(node, phone)),
        is_video=node.get("__typename") == "GraphVideo" or node.get("is_video") is True,
    )


def _slides(node: Any, phone: Any) -> Iterator[_Names]:
    """For each photo of a post with several, from the answers to the web page and to the app."""
    edges = member(node, "edge_sidecar_to_children", "edges")
    children = [member(edge, "node") for edge in edges] if isinstance(edges, list) else []
    carousels = (member(source, "carousel_media") for source in (node, phone))
    lists = (children, *(carousel if isinstance(carousel, list) else [] for carousel in carousels))
    for slide in zip_longest(*lists):
        yield _merged(*map(_tagged, slide))


def _tagged(node: Any) -> _Names:
    web, phone = member(node, "edge_media_to_tagged_user", "edges"), member(node, "usertags", "in")
    if not isinstance(web, list) and not isinstance(phone, list):
        return None
    users = [member(edge, "node", "user") for edge in items(web)] + [member(tag, "user") for tag in items(phone)]
    names = (text(member(user, "username")) for user in users)
    return tuple(name for name in names if name is not None)


def _merged(*several: _Names) -> _Names:
    known = [names for names in several if names is not None]
    return tuple(dict.fromkeys(name for names in known for name in names)) if known else None


def _first(values: Iterator[str | None] | map[str | None]) -> str | None:
    return next((value for value in values if value is not None), None)
