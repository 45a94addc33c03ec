"""Facebook's download as HTML: the same tree as the JSON, which is better, since a page says less.

There is no time and no name of the owner that could be read in every language. Senders of messages, captions, and the
links that the names of files hold are there.
"""

from __future__ import annotations

import re

from untag.sources.links import page as page_at
from untag.sources.readers.facebook_links import (
    PLATFORM,
    album_matches,
    is_tagged_list,
    item_link,
    permalink_of,
    tagged_photo,
)
from untag.sources.readers.meta import Gathering
from untag.sources.readers.meta_html import Block, Page, Picture, page_of
from untag.sources.readers.meta_messages import WANTED_BY as BY_MESSAGES
from untag.types import LinkConfidence, Origin

WANTED_BY = "your posts and albums"

_MESSAGES = re.compile(r"message_\d+\.html?", re.IGNORECASE)


def read_page(gathering: Gathering, name: str) -> None:
    """Note what a page says of photos; nothing when it mentions none."""
    page = page_of(gathering, name)
    if page is None:
        return
    tagged = [link for link in page.links if item_link(link) is not None] if is_tagged_list(name) else []
    for link in tagged:
        photo = tagged_photo(gathering, name, link)
        gathering.absent.setdefault(photo.key, photo)
    messages = _MESSAGES.fullmatch(name.rpartition("/")[2]) is not None
    for block in page.blocks:
        for picture in block.pictures:
            if messages:
                origin = Origin(platform=PLATFORM, poster=block.title, caption=picture.caption)
                gathering.add(picture.uri, origin, wanted_by=BY_MESSAGES)
            else:
                origin = _origin(page, block, picture)
                gathering.add(picture.uri, origin, wanted_by=WANTED_BY)
    if page.blocks or tagged:
        gathering.understood.add(name)


def _origin(page: Page, block: Block, picture: Picture) -> Origin:
    link = permalink_of(picture.uri) or _foot_link(block)
    return Origin(
        platform=PLATFORM,
        permalink=link,
        permalink_confidence=LinkConfidence.NONE if link is None else LinkConfidence.PROBABLE,
        caption=picture.caption,
        album=page.title if page.title is not None and album_matches(page.title, picture.uri) else None,
        taken_at=picture.taken_at,
    )


def _foot_link(block: Block) -> str | None:
    """The link below a block of one picture, which opens it; with `&s=` it only leads to the log of one's activity."""
    if len(block.pictures) != 1:
        return None
    links = (page_at(link, "facebook.com") for link in block.links)
    return next((link for link in links if link is not None and "/dyi/l/" in link and "&s=" not in link), None)
