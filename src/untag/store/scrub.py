"""Overwrites what SQLite leaves behind in its files: the write-ahead log, and the parts of pages that nothing uses.

`secure_delete` zeroes a row where it lies, but not the copies that were left when rows moved between pages, nor the
log; and blocks that a shortened or deleted file gives back keep what was in them. So the database is never shortened
(no VACUUM), the log is overwritten before SQLite deletes it, and what pages do not use is zeroed in place.
"""

from __future__ import annotations

import os
import sqlite3
import struct
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from sqlite_utils import Database

from untag.store.pages import FILE_HEADER, Layout, cell_of, layout_of, overflow_chain, tree_page
from untag.support.erase import overwrite

_ATTEMPTS = 5
_LOG_HEADER = 32

_connections: Counter[Path] = Counter()
_handles: dict[Path, int] = {}


def opened(path: Path) -> None:
    """Count a connection of this process to a database; `close_emptied` takes it off."""
    _connections[path] += 1


def log_of(path: Path) -> Path:
    """The write-ahead log of a database."""
    return path.with_name(path.name + "-wal")


def empty_log(db: Database, path: Path) -> bool:
    """Bring the log into the database and overwrite it with zeros; False when another connection is in the way."""
    for _ in range(_ATTEMPTS):
        before = _log_header(path)
        if not any(before):
            return True
        # RESTART leaves the file as long as it was; TRUNCATE would give its blocks back as they are.
        if db.execute("PRAGMA wal_checkpoint(RESTART)").fetchone()[0]:
            return False
        db.execute("BEGIN IMMEDIATE")
        try:
            # All is in the database and nobody reads the log or can write to it, unless somebody was faster.
            if _log_header(path) == before:
                _overwrite_log(path)
                return True
        finally:
            db.execute("ROLLBACK")
    return False


def close_emptied(db: Database, path: Path) -> None:
    """Close a connection. When it is the last one, SQLite deletes the log: it is overwritten before."""
    try:
        for pragma in ("busy_timeout = 0", "query_only = OFF"):
            db.execute(f"PRAGMA {pragma}")
        empty_log(db, path)
    except (sqlite3.Error, OSError):
        # Somebody else uses it, or it is damaged; whoever closes it last tries again.
        pass
    finally:
        db.close()
        _connections[path] -= 1
        if _connections[path] <= 0 and path in _handles:
            os.close(_handles.pop(path))


def scrub(db: Database, path: Path, erased: Callable[[], object]) -> bool:
    """Zero all that the database's pages do not use; False when another connection is in the way.

    `db` must be a fresh connection: whatever pages it had read would be written back as they were. `erased` is called
    in the transaction that ends this, and has to change something: other connections then forget what they have read.
    Raises ValueError when the database is damaged.
    """
    for _ in range(_ATTEMPTS):
        if not empty_log(db, path):
            return False
        db.execute("BEGIN IMMEDIATE")
        try:
            # With an empty log nothing can be brought into the file while its pages are looked at.
            if any(_log_header(path)):
                continue
            scrub_file(path, [row[0] for row in db.execute("SELECT rootpage FROM sqlite_master WHERE rootpage > 0")])
            erased()
            db.execute("COMMIT")
            return empty_log(db, path)
        finally:
            if db.conn.in_transaction:
                db.execute("ROLLBACK")
    return False


def scrub_file(path: Path, roots: Iterable[int]) -> None:
    """Zero what no page uses, in place, and flush it. The caller holds the lock for writing. Raises ValueError."""
    handle = _handle(path)
    layout = layout_of(_read(handle, 0, FILE_HEADER))
    size = os.fstat(handle).st_size

    def read(number: int) -> bytes:
        if not 0 < number <= layout.pages:
            raise ValueError("a page lies outside of the file")
        return _read(handle, (number - 1) * layout.page_size, layout.page_size)

    for number, start, end in (*_unused_in_trees(read, layout, [1, *roots]), *_free_pages(read, layout)):
        begin = (number - 1) * layout.page_size
        if any(_read(handle, begin + start, end - start)):
            _write_zeros(handle, begin + start, end - start)
    if size > layout.pages * layout.page_size:
        overwrite(handle, layout.pages * layout.page_size, size)
    os.fsync(handle)


def _unused_in_trees(
    read: Callable[[int], bytes], layout: Layout, roots: Iterable[int]
) -> Iterator[tuple[int, int, int]]:
    """The stretches (page, start, end) of the pages of trees, and of those that hold long payloads, without use."""
    waiting = list(roots)
    seen = bytearray(layout.pages + 1)
    while waiting:
        number = waiting.pop()
        data = read(number)
        if seen[number]:
            raise ValueError("a page is in two trees")
        seen[number] = True
        page = tree_page(data, number, layout)
        yield from ((number, start, end) for start, end in page.unused)
        for at in page.cells:
            cell = cell_of(data, page, at, layout)
            if cell.child:
                waiting.append(cell.child)
            for overflow, held in overflow_chain(read, cell, layout):
                yield overflow, 4 + held, layout.page_size
        if page.last_child:
            waiting.append(page.last_child)


def _free_pages(read: Callable[[int], bytes], layout: Layout) -> Iterator[tuple[int, int, int]]:
    trunk, most = layout.free, layout.pages
    while trunk:
        if most == 0:
            raise ValueError("the list of free pages has no end")
        most -= 1
        data = read(trunk)
        following, count = struct.unpack_from(">II", data)
        if 8 + 4 * count > layout.usable:
            raise ValueError("the list of free pages makes no sense")
        yield trunk, 8 + 4 * count, layout.page_size
        for leaf in struct.unpack_from(f">{count}I", data, 8):
            yield leaf, 0, layout.page_size
        trunk = following


def _log_header(path: Path) -> bytes:
    """The first bytes of the log, in which every new round of it changes something; empty when there is none."""
    try:
        with log_of(path).open("rb") as log:
            return log.read(_LOG_HEADER)
    except FileNotFoundError:
        return b""


def _overwrite_log(path: Path) -> None:
    handle = os.open(log_of(path), os.O_RDWR | getattr(os, "O_BINARY", 0))
    try:
        overwrite(handle, 0, os.fstat(handle).st_size)
    finally:
        os.close(handle)


def _handle(path: Path) -> int:
    """A handle to the database itself. It is closed after the last connection: closing it takes away the locks that
    SQLite has on the file (POSIX)."""
    if path not in _handles:
        _handles[path] = os.open(path, os.O_RDWR | getattr(os, "O_BINARY", 0))
    return _handles[path]


def _read(handle: int, start: int, size: int) -> bytes:
    os.lseek(handle, start, os.SEEK_SET)
    data = b""
    while len(data) < size:
        piece = os.read(handle, size - len(data))
        if not piece:
            raise ValueError("the file is cut off")
        data += piece
    return data


def _write_zeros(handle: int, start: int, size: int) -> None:
    os.lseek(handle, start, os.SEEK_SET)
    while size > 0:
        size -= os.write(handle, bytes(size))
