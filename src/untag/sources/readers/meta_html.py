"""The pages of Facebook's and Instagram's downloads as HTML, read by their structure.

A page is a row of blocks. In each a title comes first, then the content with the pictures, then a foot with the date.
The names of classes were changed before and mean nothing, so only those that mark a block and a caption are looked at.
Dates are words in the user's language: those at the foot of all blocks of a page are read together.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from urllib.parse import unquote

from untag.sources.html_tokens import End, Start, Token, Words, tokens
from untag.sources.readers.meta import Gathering, camera_time
from untag.sources.readers.meta_media import is_media
from untag.sources.worded_dates import WordedDate, parse_worded, worded_times
from untag.types import Outcome, ReadError

MAX_HTML_BYTES = 64 * 1024 * 1024
"""A page. Facebook begins a new one after some thousand messages."""

MOST_TAGS = 2_000_000
"""Tags and texts of a page, twice what a page of that size has. They take seconds."""

MOST_LINES, _LONGEST_LINE = 500, 80

_TAKEN = frozenset(
    (
        *("taken", "date taken", "aufgenommen", "aufnahmedatum", "tomada", "fecha de captura", "prise", "prise le"),
        *("scattata", "data di scatto", "tirada", "data da foto", "genomen", "gemaakt", "zrobione", "data wykonania"),
        *(
            "taget",
            "tatt",
            "tagen",
            "otettu",
            "çekildi",
            "çekilme tarihi",
            "снято",
            "дата съемки",
            "diambil",
            "pořízeno",
        ),
        *(
            "készült",
            "efectuată",
            "撮影日",
            "撮影日時",
            "촬영일",
            "拍摄时间",
            "拍摄日期",
            "拍攝時間",
            "拍攝日期",
            "ngày chụp",
            "ถ่ายเมื่อ",
        ),
    )
)
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
    """A picture on a page: the file as the page calls it, and the words that belong to it alone or to its block.

    `taken_at` is the camera's own date, which is written in digits in every language.
    """

    uri: str
    caption: str | None
    taken_at: str | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """One post, album photo or message."""

    title: str | None
    pictures: tuple[Picture, ...]
    links: tuple[str, ...]
    posted_at: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """What is on a page: its title, its blocks with pictures, pictures outside of blocks, and every web address.

    `lines` are the short texts of a page of `MOST_LINES` at most. `whole` is False where it has more than `MOST_TAGS`
    tags, of which the first were read.
    """

    title: str | None
    blocks: tuple[Block, ...]
    links: tuple[str, ...]
    whole: bool = True
    lines: tuple[str, ...] = ()


def page_of(gathering: Gathering, name: str) -> Page | None:
    """The page in a file; None when it cannot be read. What is wrong with it is one of the errors."""
    data = gathering.read(name, MAX_HTML_BYTES)
    page = None if data is None else parse_page(data)
    if page is not None and not page.whole:
        said = f"only the first {MOST_TAGS:,} tags of the page were read"
        gathering.errors.append(ReadError(gathering.files.shown(name), Outcome.TOO_LARGE, said))
    return page


def parse_page(data: bytes) -> Page:
    """The page in `data`, which may be broken or hostile in any way. Raises nothing."""
    html = data.decode("utf-8-sig", "replace")
    block_class = next((name for name in _BLOCK_CLASSES if name in html), None)
    parser = _Parser(block_class)
    parts = tokens(html)
    for token in islice(parts, MOST_TAGS):
        parser.take(token)
    return parser.page(whole=next(parts, None) is None)


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
    taken: dict[str, str] = field(default_factory=dict)
    posted: WordedDate | None = None
    taken_on: WordedDate | None = None

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
        shared = _lines(common)
        return [Picture(uri, _lines(words) if words else shared, self.taken.get(uri)) for uri, words in own.items()]


class _Parser:
    def __init__(self, block_class: str | None) -> None:
        self._block_class = block_class
        self._stack: list[tuple[str, frozenset[str]]] = []
        self._inside: defaultdict[str, int] = defaultdict(int)
        self._headings = self._quiet = 0
        self._open: list[_Open] = []
        self._blocks: list[Block] = []
        self._posted: list[WordedDate | None] = []
        self._taken: list[WordedDate | None] = []
        self._lines: list[str] = []
        self._before = ""
        self._links: list[str] = []
        self._title: list[str] = []
        self._loose = _Open(-1)
        self._broken = True

    def page(self, *, whole: bool) -> Page:
        """What was read; ends what is still open."""
        while self._open:
            self._close()
        times = worded_times([*self._posted, *self._taken])
        dated = zip(self._blocks, times, times[len(self._blocks) :], strict=False)
        self._blocks = [_dated(block, posted, taken) for block, posted, taken in dated]
        loose = [Block(None, (Picture(uri, None),), ()) for uri in self._loose.pictures]
        blocks = [block for block in (*self._blocks, *loose) if block.pictures]
        return Page(_one_line(self._title), tuple(blocks), tuple(self._links), whole, tuple(self._lines))

    def _close(self) -> None:
        ended = self._open.pop()
        self._blocks.append(ended.block())
        self._posted.append(ended.posted)
        self._taken.append(ended.taken_on)

    def take(self, token: Token) -> None:
        """Reads on."""
        match token:
            case Start(tag, attributes):
                self._start(tag, attributes)
            case End(tag):
                self._end(tag)
            case Words(text):
                self._add_words(text)

    def _start(self, tag: str, values: Mapping[str, str]) -> None:
        classes = frozenset(values.get("class", "").split())
        if self._open and len(self._stack) == self._open[-1].depth:
            self._open[-1].child += 1
        self._note(tag, values)
        self._broken = self._broken or tag not in _INLINE
        if tag in _VOID:
            return
        self._stack.append((tag, classes))
        self._count(tag, classes, 1)
        if self._block_class in classes if self._block_class is not None else tag in _BLOCK_TAGS:
            self._open.append(_Open(len(self._stack)))

    def _end(self, tag: str) -> None:
        if tag in _VOID or not self._inside[tag]:
            return
        self._broken = self._broken or tag not in _INLINE
        ended = ""
        while ended != tag:
            if self._open and self._open[-1].depth == len(self._stack):
                self._close()
            ended, classes = self._stack.pop()
            self._count(ended, classes, -1)

    def _count(self, tag: str, classes: frozenset[str], change: int) -> None:
        """Notes that an element begins or ends."""
        self._inside[tag] += change
        self._headings += change * (tag in _HEADINGS)
        self._quiet += change * (tag in _NO_TEXT)
        for mark in self._marks(classes):
            self._inside[mark] += change

    def _add_words(self, data: str) -> None:
        if self._inside["title"]:
            self._title.append(data)
        if len(self._lines) < MOST_LINES and 0 < len(line := data.strip()) <= _LONGEST_LINE:
            self._lines.append(line)
        if not self._open or self._inside[_COMMENTS_CLASS]:
            return
        if self._may_be_foot() and (posted := parse_worded(data)) is not None:
            # That of the block is the last, at its foot; what comes before may be somebody's words.
            self._open[-1].posted = posted
        if self._inside["table"] and (taken_on := parse_worded(data)) is not None and self._says_taken():
            self._open[-1].taken_on = taken_on
        self._before = data.strip() or self._before
        if (taken := camera_time(data)) is not None and self._open[-1].pictures:
            self._open[-1].taken.setdefault(next(reversed(self._open[-1].pictures)), taken)
            return
        caption = self._inside[_CAPTION_CLASS] > 0
        if self._quiet > (self._inside["a"] if caption else 0):
            return
        block = self._open[-1]
        last = block.words[-1] if block.words else ""
        if not self._broken and isinstance(last, _Words):
            last.text.append(data)
        elif data.strip():
            block.words.append(_Words([data], block.child, self._headings > 0, caption))
            self._broken = False

    def _says_taken(self) -> bool:
        """Whether the words before are the label of when a photo was taken."""
        return self._before.casefold().rstrip(":") in _TAKEN

    def _may_be_foot(self) -> bool:
        beside = self._inside["table"] or self._inside["ul"] or self._inside[_CAPTION_CLASS]
        return bool(self._open[-1].pictures) and not beside

    def _note(self, tag: str, values: Mapping[str, str]) -> None:
        block = self._open[-1] if self._open else self._loose
        target = values.get("src" if tag == "img" else "href", "") if tag in ("img", "a") else ""
        if target.startswith(("https://", "http://")):
            if tag == "a":
                block.links.append(target)
                self._links.append(target)
        elif is_media(target) and ":" not in target and target.lstrip("./").count("/") > 1:
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


def _dated(block: Block, posted: str | None, taken: str | None) -> Block:
    """A block with its times. A camera's date, which is in digits, counts before that in words; several photos have
    each their own table, so that of a block is that of its only one."""
    pictures = block.pictures
    if taken is not None and len(pictures) == 1 and (posted is None or taken[:10] <= posted[:10]):
        pictures = (replace(pictures[0], taken_at=pictures[0].taken_at or taken),)
    return replace(block, pictures=pictures, posted_at=posted)


def _lines(words: list[_Words]) -> str | None:
    return "\n".join(dict.fromkeys(line for item in words if (line := _one_line(item.text)) is not None)) or None


def _one_line(pieces: list[str]) -> str | None:
    return " ".join("".join(pieces).split()) or None
