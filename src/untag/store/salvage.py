"""Reads what is left in a damaged database, cell by cell, without SQLite: no damage elsewhere hides a sound row.

Every page is tried, reached from a tree or not, since it may be the root that is damaged. Only rows whose values are
all what their columns hold are believed. The files are read and never changed.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO

import numpy as np

from untag.store.columns import REFERENCE
from untag.store.db import Row
from untag.store.decisions import DECISION, Decision
from untag.store.migrations import columns_of
from untag.store.pages import FILE_HEADER, Cell, Layout, layout_of, overflow_chain, record_of, salvaged_cells
from untag.store.records import Reference
from untag.store.request_rows import KINDS, stored_of
from untag.store.requests import Request, RequestEvent, StepAnswer
from untag.store.scrub import log_of
from untag.store.transfer import (
    SENDER_FIELDS,
    Saved,
    SavedEngine,
    SavedName,
    SavedReference,
    SavedSender,
    SavedStranger,
)

_PAGE_SIZE = 4096
"""What SQLite has taken for new files since 3.12; the header says so unless it is what is damaged."""
_FRAME_HEADER, _LOG_HEADER = 24, 32
_HASH_DIGITS = frozenset("0123456789abcdef")
_LEAST_COLUMNS = {
    "reference_faces": 16,
    "decisions": 5,
    "person_names": 2,
    "requests": 14,
    "request_events": 8,
    "step_answers": 11,
}
"""As many as the tables had when they came."""
_REAL_COLUMNS = ("left", "top", "right", "bottom", "score", "quality")

Values = Sequence[object]


def salvage(path: Path) -> list[Saved]:
    """The references, names, decisions and requests that are readable in a database and in its log. Raises OSError."""
    with ExitStack() as files:
        source = _Source(*(files.enter_context(file) for file in _opened(path)))
        rows = list(_believable(source))
    references = {rowid: row for row, rowid in rows if isinstance(row, SavedReference)}
    decisions = {rowid: row for row, rowid in rows if isinstance(row, Decision)}
    names = dict.fromkeys(row for row, _ in rows if isinstance(row, SavedName))
    people = {saved.reference.person for saved in references.values()}
    # Indexes hold pairs of texts as well; those of people begin with the name of somebody enrolled.
    return [
        *(references[rowid] for rowid in sorted(references)),
        *(name for name in names if name.person in people),
        *(decisions[rowid] for rowid in sorted(decisions)),
        *dict.fromkeys(row for row, _ in rows if isinstance(row, Request | RequestEvent | StepAnswer)),
        *sorted({row for row, _ in rows if isinstance(row, SavedStranger)}, key=lambda row: row.name),
        *sorted({row for row, _ in rows if isinstance(row, SavedSender)}, key=lambda row: row.field),
        # One row is written anew each time, so that the one with the highest number counts.
        *(row for row, _ in sorted(_engines(rows), key=lambda found: found[1])[-1:]),
    ]


def _engines(rows: Sequence[tuple[Saved, int]]) -> list[tuple[SavedEngine, int]]:
    return [(row, rowid) for row, rowid in rows if isinstance(row, SavedEngine)]


class _Source:
    """The pages of a database as of its last commit: those that its log has newer are read from there."""

    def __init__(self, database: BinaryIO, log: BinaryIO | None = None) -> None:
        self._database, self._log = database, log
        try:
            layout = layout_of(self._read(database, 0, FILE_HEADER))
        except ValueError:
            layout = Layout(_PAGE_SIZE, _PAGE_SIZE, 0, 0)
        size = os.fstat(database.fileno()).st_size
        self._newer = {} if log is None else _committed(log, layout.page_size)
        pages = max([-(-size // layout.page_size), *self._newer])
        self.layout = Layout(layout.page_size, layout.usable, pages, 0)

    def page(self, number: int) -> bytes:
        """A page as far as the disk gives it. Raises ValueError where it does not."""
        size = self.layout.page_size
        if self._log is not None and number in self._newer:
            return self._read(self._log, self._newer[number], size)
        return self._read(self._database, (number - 1) * size, size)

    def _read(self, file: BinaryIO, start: int, size: int) -> bytes:
        try:
            file.seek(start)
            return file.read(size)
        except OSError as error:
            raise ValueError("the disk does not give this page") from error


def _opened(path: Path) -> Iterator[BinaryIO]:
    yield path.open("rb")
    with suppress(FileNotFoundError):
        yield log_of(path).open("rb")


def _committed(log: BinaryIO, page_size: int) -> dict[int, int]:
    """Where in the log the newest version of each page is that a transaction has committed."""
    places: dict[int, int] = {}
    pending: dict[int, int] = {}
    salts = log.read(_LOG_HEADER)[16:24]
    start = _LOG_HEADER
    while len(header := log.read(_FRAME_HEADER)) == _FRAME_HEADER:
        number, committed = struct.unpack_from(">II", header)
        if header[8:16] != salts or number == 0:
            break
        pending[number] = start + _FRAME_HEADER
        if committed:
            places.update(pending)
            pending = {}
        start += _FRAME_HEADER + page_size
        log.seek(start)
    return places


def _believable(source: _Source) -> Iterator[tuple[Saved, int]]:
    """Every row that is what its columns hold, with its rowid, or 0 in a table without them."""
    for number in range(1, source.layout.pages + 1):
        with suppress(ValueError):
            page = source.page(number)
            for cell in salvaged_cells(page, number, source.layout):
                with suppress(ValueError, TypeError, OverflowError, struct.error):
                    values = record_of(_payload(page, cell, source.page, source.layout))
                    yield _row_of(values, cell.rowid), cell.rowid or 0


def _row_of(values: Values, rowid: int | None) -> Saved:
    if rowid is None and len(values) == 2 and values[0] in SENDER_FIELDS:
        return SavedSender(str(values[0]), _text(values[1]))
    # No number of a row is 0, as an index might have one behind a text.
    if rowid is None and len(values) == 2 and values[1] == 0 and not isinstance(values[1], str):
        return SavedStranger(_text(values[0]))
    if rowid is not None and len(values) == 5 and isinstance(values[0], str):
        _time(values[4])
        return SavedEngine(_text(values[0]), _text(values[1]))
    if rowid is None and _may_be_of("person_names", values):
        return SavedName(_text(values[0]), _text(values[1]))
    if rowid is not None and _may_be_of("decisions", values):
        return _decision_of(_named("decisions", values))
    if rowid is not None and _may_be_of("reference_faces", values):
        return _reference_of(_named("reference_faces", values))
    for table in KINDS:
        if rowid is not None and _may_be_of(table, values):
            return stored_of(table, _named(table, values))
    raise ValueError("a row of another table")


def _may_be_of(table: str, values: Values) -> bool:
    # A row that was written before a column was added has no value for it.
    return _LEAST_COLUMNS[table] <= len(values) <= len(columns_of(table))


def _named(table: str, values: Values) -> Row:
    names = columns_of(table)
    return dict(zip(names, [*values, *[None] * (len(names) - len(values))], strict=True))


def _payload(page: bytes, cell: Cell, read: Callable[[int], bytes], layout: Layout) -> bytes:
    payload = page[cell.at : cell.at + cell.local]
    for number, held in overflow_chain(read, cell, layout):
        payload += read(number)[4 : 4 + held]
    if len(payload) != cell.size:
        raise ValueError("a payload that is cut off")
    return payload


def _decision_of(row: Row) -> Decision:
    _hash(row["sha256"])
    _time(row["decided_at"])
    if row["undone_at"] is not None:
        _time(row["undone_at"])
    return DECISION.read(row)


def _reference_of(row: Row) -> SavedReference:
    if not all(isinstance(row[name], bytes) for name in ("landmarks", "embedding")):
        raise ValueError("not the columns of a reference")
    if not isinstance(row["path"], str | bytes):
        raise ValueError("not a path")
    for name in ("person", "engine", *(() if row["note"] is None else ("note",))):
        _text(row[name])
    _hash(row["sha256"])
    _number(row["used"])
    numbers = {name: _number(row[name]) for name in _REAL_COLUMNS}
    reference = Reference(**REFERENCE.fields(row | numbers))
    embedding, landmarks = reference.face.embedding, reference.face.landmarks
    if embedding is None or not len(embedding) or not np.isfinite(embedding).all() or not np.isfinite(landmarks).all():
        raise ValueError("an embedding that is none")
    return SavedReference(reference, _time(row["added_at"]))


def _text(value: object) -> str:
    if not isinstance(value, str) or not value or "\0" in value:
        raise ValueError("not a text")
    return value


def _hash(value: object) -> str:
    digest = _text(value)
    if len(digest) != 64 or not _HASH_DIGITS.issuperset(digest):
        raise ValueError("not a hash")
    return digest


def _time(value: object) -> str:
    if datetime.fromisoformat(_text(value)).utcoffset() != timedelta(0):
        raise ValueError("not a time of ours: all are in UTC")
    return str(value)


def _number(value: object) -> float:
    # SQLite writes a real number without a fraction as an integer.
    if not isinstance(value, int | float) or not np.isfinite(value):
        raise ValueError("not a number")
    return float(value)
