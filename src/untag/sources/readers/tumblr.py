"""Tumblr's export of a blog: `posts/posts.xml`, and the media called by the number of their post, `media/17_0.jpg`.

The shape is that of Tumblr's first API (tumblr.com/docs/en/api/v1) and was read in public parsers; no export was seen.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from io import BytesIO
from zipfile import BadZipFile, ZipFile
from zlib import error

from untag.errors import ReadFailure
from untag.sources.html_tokens import End, Start, Words, tokens
from untag.sources.links import page
from untag.sources.reader import Description, Files, photos_of
from untag.sources.text import iso_time, read_error, text, wrong_shape
from untag.support.permalinks import number
from untag.types import LinkConfidence, Origin, Outcome

PLATFORM = "tumblr"
FILE, PACKED = "posts/posts.xml", "posts.zip"

MAX_XML_BYTES = 256 * 1024 * 1024
"""All posts of a blog with their words: some megabytes for ten thousand."""

_SNIFFED_CHARACTERS = 64 * 1024
_MEDIA = re.compile(r"(?:media(?:\.zip)?/){1,2}(\d{1,25})(?:_\d+)?\.\w+", re.ASCII)
_CAPTIONS = frozenset(("photo-caption", "regular-body"))


class Tumblr:
    """The export of one blog."""

    name = "tumblr"
    platform = PLATFORM
    top_names = frozenset(("posts", PACKED))

    def sniff(self, files: Files) -> bool:
        """Whether the list of posts is Tumblr's. Raises nothing."""
        try:
            found = _posts(files)
        except ReadFailure:
            return False
        return found is not None and b"<tumblr" in found[1][:_SNIFFED_CHARACTERS]

    def describe(self, files: Files) -> Description:
        """The photos of posts: their links, who posted them first, words and times. Raises nothing."""
        try:
            file, data = _posts(files) or (FILE, b"")
        except ReadFailure as failure:
            return Description(errors=(read_error(files, PACKED if PACKED in files else FILE, failure),))
        blog = _Blog()
        blog.read(data.decode("utf-8-sig", "replace"))
        if not blog.found:
            return Description(errors=(wrong_shape(files, file, "the posts of a blog"),))
        origins = {}
        for name in photos_of(files):
            match = _MEDIA.fullmatch(name)
            if match is not None:
                origins[name] = blog.posts.get(match[1], Origin(PLATFORM))
        owner = () if blog.name is None else (blog.name,)
        return Description(origins=origins, understood=frozenset((file,)), owner=owner)


def _posts(files: Files) -> tuple[str, bytes] | None:
    """The list of posts, with the file that it is in: a zip file may be packed still, or have been opened as a folder.

    Raises ReadFailure.
    """
    for name in (FILE, f"{PACKED}/{FILE}", f"{PACKED}/posts.xml"):
        if name in files:
            return name, files.read(name, MAX_XML_BYTES)
    if PACKED not in files:
        return None
    try:
        with ZipFile(BytesIO(files.read(PACKED, MAX_XML_BYTES))) as packed:
            info = next((one for one in packed.infolist() if one.filename in (FILE, "posts.xml")), None)
            if info is None:
                return None
            if info.file_size > MAX_XML_BYTES:
                raise ReadFailure(Outcome.TOO_LARGE, f"more than {MAX_XML_BYTES >> 20} MiB of posts")
            with packed.open(info) as member:
                return PACKED, member.read(MAX_XML_BYTES)
    except (BadZipFile, error, EOFError, NotImplementedError, RuntimeError, ValueError) as reason:
        raise ReadFailure(Outcome.BROKEN, "it is not a zip archive, or it is damaged; download it again") from reason


@dataclass(slots=True)
class _Blog:
    """The posts by their numbers, and the name of the blog, which is in front of them."""

    found: bool = False
    name: str | None = None
    posts: dict[str, Origin] = field(default_factory=dict)

    def read(self, xml: str) -> None:
        post: str | None = None
        words: list[str] | None = None
        for token in tokens(xml):
            match token:
                case Start("tumblr"):
                    self.found = True
                case Start("tumblelog", attributes) if self.name is None:
                    self.name = text(attributes.get("name"))
                case Start("post", attributes):
                    post = self.begin(attributes)
                case End("post"):
                    post = None
                case Start(tag) if tag in _CAPTIONS:
                    words = []
                case Words(said) if words is not None:
                    words.append(said)
                case End(tag) if tag in _CAPTIONS and words is not None:
                    if post is not None:
                        self.posts[post] = replace(self.posts[post], caption=_without_tags("".join(words)))
                    words = None
                case _:
                    pass

    def begin(self, attributes: Mapping[str, str]) -> str | None:
        """Notes a post; its number."""
        found = number(attributes.get("id"))
        if found is not None:
            self.posts[found] = _origin(attributes, self.name)
        return found


READER = Tumblr()


def _origin(attributes: Mapping[str, str], blog: str | None) -> Origin:
    """What was reblogged is another's photo: its first poster and page, where they are said."""
    reblogged = any(name.startswith("reblogged-") for name in attributes)
    link = page(attributes.get("reblogged-root-url")) or page(attributes.get("url"))
    return Origin(
        platform=PLATFORM,
        permalink=link,
        permalink_confidence=LinkConfidence.NONE if link is None else LinkConfidence.CERTAIN,
        poster=text(attributes.get("reblogged-root-name")) if reblogged else blog,
        posted_at=iso_time(attributes.get("unix-timestamp")),
    )


def _without_tags(html: str) -> str | None:
    """The words of a caption, which is HTML inside of XML."""
    return text("".join(token.text if isinstance(token, Words) else "\n" * _is_break(token) for token in tokens(html)))


def _is_break(token: Start | End) -> bool:
    return isinstance(token, Start) and token.tag in ("p", "br")
