"""Facebook's download as HTML: the same tree as the JSON, which is better, since a page says less.

Times are in a time zone that is not said. No page says whose download it is in the same way in every language: the name
is what a line of the page of the profile, or the name of the download, has in common with the titles of posts.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

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
from untag.sources.readers.meta_media import words_only
from untag.sources.readers.meta_messages import WANTED_BY as BY_MESSAGES
from untag.types import LinkConfidence, Origin

WANTED_BY = "your posts and albums"

_MESSAGES = re.compile(r"message_\d+\.html?", re.IGNORECASE)
_PROFILE = re.compile(r"(?:.*/)?profile_information\.html?", re.IGNORECASE | re.DOTALL)
_OWN_PAGES = re.compile(
    r"(?:.*/)?(?:your_posts[^/]*|(?:your_)?uncategori[sz]ed_photos|your_photos|(?:.*/)?album/\d+)\.html?",
    re.IGNORECASE | re.DOTALL,
)
_ARCHIVE = re.compile(r"facebook-([A-Za-z0-9.]{3,60})-\d", re.ASCII | re.IGNORECASE)
_LEAST_OF_TITLES = 0.5


def read_pages(gathering: Gathering, names: Iterable[str]) -> None:
    """Note what pages say of photos; nothing where they mention none."""
    pages = [(name, page) for name in names if (page := page_of(gathering, name)) is not None]
    if not gathering.owner:
        titles = [block.title for name, page in pages if _OWN_PAGES.fullmatch(name) for block in page.blocks]
        owner = _owner(gathering, pages, [title for title in titles if title is not None])
        gathering.owner = () if owner is None else (owner,)
    for name, page in pages:
        _read_page(gathering, name, page)


def _read_page(gathering: Gathering, name: str, page: Page) -> None:
    tagged = [link for link in page.links if item_link(link) is not None] if is_tagged_list(name) else []
    for link in tagged:
        photo = tagged_photo(gathering, name, link)
        gathering.absent.setdefault(photo.key, photo)
    messages = _MESSAGES.fullmatch(name.rpartition("/")[2]) is not None
    for block in page.blocks:
        for picture in block.pictures:
            if messages:
                origin = Origin(PLATFORM, poster=block.title, caption=picture.caption, posted_at=block.posted_at)
                gathering.add(picture.uri, origin, wanted_by=BY_MESSAGES)
            else:
                origin = _origin(page, block, picture, _poster(gathering, name, block))
                gathering.add(picture.uri, origin, wanted_by=WANTED_BY)
    if page.blocks or tagged:
        gathering.understood.add(name)


def _origin(page: Page, block: Block, picture: Picture, poster: str | None) -> Origin:
    link = permalink_of(picture.uri) or _foot_link(block)
    return Origin(
        platform=PLATFORM,
        permalink=link,
        permalink_confidence=LinkConfidence.NONE if link is None else LinkConfidence.PROBABLE,
        poster=poster,
        caption=picture.caption,
        album=page.title if page.title is not None and album_matches(page.title, picture.uri) else None,
        taken_at=picture.taken_at,
        posted_at=block.posted_at,
    )


def _poster(gathering: Gathering, name: str, block: Block) -> str | None:
    """The owner, on pages of what the owner posted and where a title says so."""
    owner = gathering.poster
    own = owner is not None and (_OWN_PAGES.fullmatch(name) is not None or _names(block.title or "", owner))
    return owner if own else None


def _owner(gathering: Gathering, pages: Sequence[tuple[str, Page]], titles: Sequence[str]) -> str | None:
    """The line of the page of the profile that most titles of posts hold, or what they begin with of the name of the
    download; None where neither is so."""
    lines = dict.fromkeys(line for name, page in pages if _PROFILE.fullmatch(name) for line in page.lines)
    held = Counter({line: sum(_names(title, line) for title in titles) for line in lines})
    often = [line for line, count in held.most_common() if count > 0 and count >= _LEAST_OF_TITLES * len(titles)]
    if often:
        return max(often, key=len)
    place = gathering.files.shown(gathering.files.names[0]) if gathering.files.names else ""
    handles = {words_only(match[1]).rstrip("0123456789") for match in _ARCHIVE.finditer(place)}
    starts = {start for title in titles for start in _starts(title) if words_only(start) in handles}
    return starts.pop() if len(starts) == 1 else None


def _starts(title: str) -> Iterator[str]:
    """The first words of a title: one, two and so on."""
    words = title.split()
    yield from (" ".join(words[:count]) for count in range(1, min(len(words), 6) + 1))


def _names(title: str, name: str) -> bool:
    """Whether a name is in a title; one of a single word has to begin it, as labels of a page are words, too."""
    before = r"(?<!\w)" if " " in name else "^"
    # What follows may be a letter: in Japanese no space is between a name and the next word.
    after = r"(?!\w)" if name.isascii() and not name[-1:].isdigit() and title.isascii() else ""
    return re.search(f"{before}{re.escape(name)}{after}", title) is not None


def _foot_link(block: Block) -> str | None:
    """The link below a block of one picture, which opens it; with `&s=` it only leads to the log of one's activity."""
    if len(block.pictures) != 1:
        return None
    links = (page_at(link, "facebook.com") for link in block.links)
    return next((link for link in links if link is not None and "/dyi/l/" in link and "&s=" not in link), None)
