"""The pages of an SQLite file and the cells in them, as https://sqlite.org/fileformat2.html describes them.

Nothing here believes what it reads: a page that makes no sense raises ValueError.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import IntEnum

MAGIC = b"SQLite format 3\0"
FILE_HEADER = 100
_MOST_CELLS = 65536 // 4

Reader = Callable[[int], bytes]
"""The bytes of a page by its number, from 1."""


class Kind(IntEnum):
    """The first byte of a page of a tree."""

    INDEX_INTERIOR = 2
    TABLE_INTERIOR = 5
    INDEX_LEAF = 10
    TABLE_LEAF = 13


_INTERIOR = (Kind.INDEX_INTERIOR, Kind.TABLE_INTERIOR)


@dataclass(frozen=True, slots=True)
class Layout:
    """`page_size` bytes a page, of which the first `usable` are used; `pages` of them; the first of the free ones."""

    page_size: int
    usable: int
    pages: int
    free: int


@dataclass(frozen=True, slots=True)
class TreePage:
    """A page of a tree: where its cells begin, its last child (0 in a leaf), and the stretches that nothing uses."""

    kind: Kind
    cells: tuple[int, ...]
    last_child: int
    unused: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell: its child or 0, its rowid in a leaf of a table, and its payload of `size` bytes.

    The first `local` of them are in the page, at `at`; the others in a chain of pages that begins with `overflow`.
    """

    child: int
    rowid: int | None
    size: int
    at: int
    local: int
    overflow: int


def layout_of(header: bytes) -> Layout:
    """The layout that the first 100 bytes of a file tell of. Raises ValueError."""
    if len(header) < FILE_HEADER or not header.startswith(MAGIC):
        raise ValueError("not an SQLite file")
    (size,) = struct.unpack_from(">H", header, 16)
    page_size = 65536 if size == 1 else size
    usable = page_size - header[20]
    pages, free = struct.unpack_from(">II", header, 28)
    if page_size < 512 or page_size & (page_size - 1) or usable < 480:
        raise ValueError("no such page size")
    return Layout(page_size, usable, pages, free)


def tree_page(data: bytes, number: int, layout: Layout) -> TreePage:
    """A page as one of a tree. Raises ValueError when it is none."""
    start = FILE_HEADER if number == 1 else 0
    kind = Kind(data[start])
    first_block, count, content = struct.unpack_from(">HHH", data, start + 1)
    content = content or 65536
    interior = kind in _INTERIOR
    array = start + (12 if interior else 8)
    end = array + 2 * count
    if count > _MOST_CELLS or not end <= content <= layout.usable:
        raise ValueError("a page's header makes no sense")
    cells = struct.unpack_from(f">{count}H", data, array)
    if any(not content <= cell < layout.usable for cell in cells):
        raise ValueError("a cell lies outside of its page")
    last = struct.unpack_from(">I", data, start + 8)[0] if interior else 0
    blocks = _free_blocks(data, first_block, layout.usable)
    return TreePage(kind, cells, last, ((end, content), *blocks))


def _free_blocks(data: bytes, block: int, usable: int) -> list[tuple[int, int]]:
    blocks = []
    while block:
        if block + 4 > usable:
            raise ValueError("a free block lies outside of its page")
        following, size = struct.unpack_from(">HH", data, block)
        # Blocks ascend, so that the list has an end.
        if size < 4 or block + size > usable or (following and following <= block):
            raise ValueError("a free block makes no sense")
        blocks.append((block + 4, block + size))
        block = following
    return blocks


def cell_of(data: bytes, page: TreePage, at: int, layout: Layout) -> Cell:
    """The cell at `at` in a page. Raises ValueError."""
    child = 0
    rowid = None
    if page.last_child:
        (child,) = struct.unpack_from(">I", data, at)
        at += 4
    if page.kind is Kind.TABLE_INTERIOR:
        return Cell(child, None, 0, at, 0, 0)
    size, at = varint(data, at)
    if page.kind is Kind.TABLE_LEAF:
        number, at = varint(data, at)
        rowid = number - (1 << 64) if number >> 63 else number
    local = _local(size, layout.usable, leaf_of_table=page.kind is Kind.TABLE_LEAF)
    overflow = 0
    if at + local + (4 if local < size else 0) > layout.usable:
        raise ValueError("a cell is longer than its page")
    if local < size:
        (overflow,) = struct.unpack_from(">I", data, at + local)
    return Cell(child, rowid, size, at, local, overflow)


def _local(size: int, usable: int, *, leaf_of_table: bool) -> int:
    most = usable - 35 if leaf_of_table else (usable - 12) * 64 // 255 - 23
    if size <= most:
        return size
    least = (usable - 12) * 32 // 255 - 23
    kept = least + (size - least) % (usable - 4)
    return kept if kept <= most else least


def varint(data: bytes, at: int) -> tuple[int, int]:
    """An integer of one to nine bytes, unsigned, and where it ends. Raises ValueError."""
    value = 0
    for number in range(9):
        if at + number >= len(data):
            raise ValueError("a number is cut off")
        byte = data[at + number]
        if number == 8:
            return value << 8 | byte, at + 9
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at + number + 1
    raise AssertionError("unreachable")


def overflow_chain(read: Reader, cell: Cell, layout: Layout) -> Iterator[tuple[int, int]]:
    """The pages that hold the rest of a payload, each with how many bytes of it. Raises ValueError."""
    left, page = cell.size - cell.local, cell.overflow
    while left > 0:
        if not 0 < page <= layout.pages:
            raise ValueError("a chain leads out of the file")
        held = min(left, layout.usable - 4)
        yield page, held
        left -= held
        (page,) = struct.unpack_from(">I", read(page))


def salvaged_cells(data: bytes, number: int, layout: Layout) -> Iterator[Cell]:
    """The cells of a page that make sense one by one, whatever else in the page does not; never raises.

    A page whose kind is not to be read is tried as each of the two kinds that hold rows.
    """
    start = FILE_HEADER if number == 1 else 0
    if len(data) < start + 12:
        return
    kinds = [Kind(data[start])] if data[start] in list(Kind) else [Kind.TABLE_LEAF, Kind.INDEX_LEAF]
    for kind in kinds:
        page = TreePage(kind, (), int(kind in _INTERIOR), ())
        for at in _salvaged_places(data, start, 12 if kind in _INTERIOR else 8, layout.usable):
            try:
                yield cell_of(data, page, at, layout)
            except (ValueError, struct.error):
                continue


def _salvaged_places(data: bytes, start: int, header: int, usable: int) -> Iterator[int]:
    """Where cells may begin, by the array of their places; what it says of their number is believed if it can be."""
    count, content = struct.unpack_from(">HH", data, start + 3)
    array, limit = start + header, min(usable, len(data))
    if array + 2 * count > min(content or 65536, limit):
        count = (limit - array) // 2
    for at in range(array, array + 2 * count, 2):
        # The array ends where the first of the cells begins, at the latest.
        if at + 2 > limit:
            return
        (place,) = struct.unpack_from(">H", data, at)
        if at + 2 <= place < usable:
            limit = min(limit, place)
            yield place


def record_of(payload: bytes) -> list[object]:
    """The values of a row: None, int, float, bytes or str each. Raises ValueError."""
    size, at = varint(payload, 0)
    body = size
    if not at <= size <= len(payload):
        raise ValueError("a record's header is longer than the record")
    values: list[object] = []
    while at < size:
        kind, at = varint(payload, at)
        length = _length(kind)
        if body + length > len(payload):
            raise ValueError("a value is longer than its record")
        values.append(_value(kind, payload[body : body + length]))
        body += length
    if at != size or body != len(payload):
        raise ValueError("a record's header and its values do not fill it")
    return values


def _length(kind: int) -> int:
    if kind >= 12:
        return (kind - 12) // 2
    return (0, 1, 2, 3, 4, 6, 8, 8, 0, 0, 0, 0)[kind]


def _value(kind: int, data: bytes) -> object:
    if kind in (0, 10, 11):
        return None
    if kind == 7:
        return struct.unpack(">d", data)[0]
    if kind < 12:
        return kind - 8 if kind >= 8 else int.from_bytes(data, "big", signed=True)
    return data if kind % 2 == 0 else data.decode("utf-8")
