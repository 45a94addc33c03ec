"""The pages of Facebook's and Instagram's downloads as HTML, read by their structure.

A page is a row of blocks. In each a title comes first, then the content with the pictures, then a foot with the date.
The names of classes were changed before and mean nothing, so only those that mark a block and a caption are looked at.
Dates are words in the user's language and are not read.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import unquote

from untag.sources.meta import is_picture

MAX_HTML_BYTES = 64 * 1024 * 1024
"""A page. Facebook begins a new one after some thousand messages."""

_BLOCK_CLASSES = ("_a6-g", "uiBoxWhite")
_BLOCK_TAGS = frozenset(("section", "article"))
_CAPTION_CLASS = "_3-95"
_COMMENTS_CLASS = "uiBoxGray"
_VOID = frozenset(
    ("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr")
)
_INLINE = frozenset(("a", "b", "bdi", "em", "font", "i", "span", "strong", "u"))
_HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
_NO_TEXT = frozenset(("a", "footer", "head", "script", "style", "table", "title", "ul"))
"""Where the words of a block are not about its pictures. Reactions are lists."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture on a page: the file as the page calls it, and the words that belong to it alone or to its block."""

    uri: str
    caption: str | None


@dataclass(frozen=True, slots=True)
class Block:
    """One post, album photo or message."""

    title: str | None
    pictures: tuple[Picture, ...]
    links: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """What is on a page: its title, its blocks with pictures, pictures outside of blocks, and every web address."""

    title: str | None
    blocks: tuple[Block, ...]
    links: tuple[str, ...]


def parse_page(data: bytes) -> Page:
    """The page in `data`, which may be broken or hostile in any way. Raises nothing."""
    html = data.decode("utf-8-sig", "replace")
    block_class = next((name for name in _BLOCK_CLASSES if name in html), None)
    parser = _Parser(block_class)
    try:
        parser.feed(html)
        parser.close()
    except AssertionError:  # html.parser asserts what a declaration may hold; what came before it stands
        pass
    return parser.page()


@dataclass(slots=True)
class _Words:
    """A line of text, in pieces where elements that do not break it begin and end."""

    text: list[str]
    child: int
    heading: bool
    caption: bool


@dataclass(slots=True)
class _Open:
    """A block that is being read: at which depth it began, which of its children is open, and what it held so far."""

    depth: int
    child: int = 0
    words: list[_Words | str] = field(default_factory=list)
    pictures: dict[str, int] = field(default_factory=dict)
    links: list[str] = field(default_factory=list)

    def block(self) -> Block:
        contents = set(self.pictures.values())
        words = [item for item in self.words if isinstance(item, _Words)]
        title = [item for item in words if item.heading]
        first = min(contents, default=0)
        title = title or [item for item in words if item.child < first]
        inside = [item for item in words if item.child in contents and not item.heading]
        marked = [item for item in inside if item.caption]
        # Without a mark, words beside a picture may as well be a place or a comment, unless they are all there is.
        used = marked or (inside if len(inside) == 1 else [])
        return Block(_lines(title), tuple(self._captioned(used)), tuple(self.links))

    def _captioned(self, used: list[_Words]) -> list[Picture]:
        common: list[_Words] = []
        own: dict[str, list[_Words]] = {uri: [] for uri in self.pictures}
        current = common
        wanted = {id(item) for item in used}
        for item in self.words:
            if isinstance(item, str):
                current = own[item]
            elif id(item) in wanted:
                current.append(item)
        return [Picture(uri, _lines(words or common)) for uri, words in own.items()]


class _Parser(HTMLParser):
    def __init__(self, block_class: str | None) -> None:
        super().__init__(convert_charrefs=True)
        self._block_class = block_class
        self._stack: list[tuple[str, frozenset[str]]] = []
        self._inside: Counter[str] = Counter()
        self._open: list[_Open] = []
        self._blocks: list[Block] = []
        self._links: list[str] = []
        self._title: list[str] = []
        self._loose = _Open(-1)
        self._broken = True

    def page(self) -> Page:
        """What was read; ends what is still open."""
        while self._open:
            self._blocks.append(self._open.pop().block())
        loose = [Block(None, (Picture(uri, None),), ()) for uri in self._loose.pictures]
        blocks = [block for block in (*self._blocks, *loose) if block.pictures]
        return Page(_one_line(self._title), tuple(blocks), tuple(self._links))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value for name, value in attrs if value is not None}
        classes = frozenset(values.get("class", "").split())
        if self._open and len(self._stack) == self._open[-1].depth:
            self._open[-1].child += 1
        self._note(tag, values)
        self._broken = self._broken or tag not in _INLINE
        if tag in _VOID:
            return
        self._stack.append((tag, classes))
        self._inside.update((tag, *self._marks(classes)))
        if self._block_class in classes if self._block_class is not None else tag in _BLOCK_TAGS:
            self._open.append(_Open(len(self._stack)))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag in _VOID or not self._inside[tag]:
            return
        self._broken = self._broken or tag not in _INLINE
        ended = ""
        while ended != tag:
            if self._open and self._open[-1].depth == len(self._stack):
                self._blocks.append(self._open.pop().block())
            ended, classes = self._stack.pop()
            self._inside.subtract((ended, *self._marks(classes)))

    def handle_data(self, data: str) -> None:
        if self._inside["title"]:
            self._title.append(data)
        if not self._open or self._inside[_COMMENTS_CLASS]:
            return
        caption = self._inside[_CAPTION_CLASS] > 0
        silent = _NO_TEXT - {"a"} if caption else _NO_TEXT
        if any(self._inside[tag] for tag in silent):
            return
        block = self._open[-1]
        last = block.words[-1] if block.words else ""
        if not self._broken and isinstance(last, _Words):
            last.text.append(data)
        elif data.strip():
            heading = any(self._inside[tag] for tag in _HEADINGS)
            block.words.append(_Words([data], block.child, heading, caption))
            self._broken = False

    def _note(self, tag: str, values: dict[str, str]) -> None:
        block = self._open[-1] if self._open else self._loose
        target = values.get("src" if tag == "img" else "href", "") if tag in ("img", "a") else ""
        if target.startswith(("https://", "http://")):
            if tag == "a":
                block.links.append(target)
                self._links.append(target)
        elif is_picture(target) and ":" not in target and target.lstrip("./").count("/") > 1:
            # What lies in a folder at the top is no photo but a logo.
            uri = unquote(target)
            if uri not in block.pictures:
                block.pictures[uri] = block.child
                block.words.append(uri)

    def _marks(self, classes: frozenset[str]) -> tuple[str, ...]:
        """The classes that say something of the text below: alone on an element that is a caption, others on boxes."""
        if classes == {_CAPTION_CLASS}:
            return (_CAPTION_CLASS,)
        return (_COMMENTS_CLASS,) if _COMMENTS_CLASS in classes else ()


def _lines(words: list[_Words]) -> str | None:
    return "\n".join(dict.fromkeys(line for item in words if (line := _one_line(item.text)) is not None)) or None


def _one_line(pieces: list[str]) -> str | None:
    return " ".join("".join(pieces).split()) or None
