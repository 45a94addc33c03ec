"""Looks for what was erased in every byte of the home folder: pieces of vectors, and names."""

from __future__ import annotations

import json
import os
import unicodedata
from base64 import b64encode
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from untag.store.codec import vector
from untag.store.db import Store
from untag.types import Vector, Verdict

Words = NDArray[np.uint64]
"""Eight bytes in a row each, as little-endian integers, ascending."""

_PIECE = 1 << 20
_TABLE_BITS = 24
_SHORTEST_NAME = 4
_PLACES = 4
_MODELS = ("cache", "models")
"""Folders of files made from public weights alone: a name in them is a chance of few letters."""


@dataclass(frozen=True, slots=True)
class Needles:
    """What to look for: names, and words from several places of vectors, as float32, float16, and base64 of these."""

    names: tuple[str, ...] = ()
    words: Words = field(default_factory=lambda: np.empty(0, np.uint64))


@dataclass(frozen=True, slots=True)
class Trace:
    """A file that still holds something: how many words of vectors, and which names."""

    path: Path
    vectors: int
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Searched:
    """What a search came to; `unread` are the files that could not be looked at.

    `too_short` are the names that were not searched for, since their few letters turn up anywhere by chance.
    """

    files: int
    size: int
    traces: tuple[Trace, ...]
    unread: tuple[Path, ...]
    too_short: tuple[str, ...] = ()


def needles_of_person(store: Store, person: str) -> Needles:
    """What forgetting a person is to erase."""
    names = [row["name"] for row in store.rows("SELECT name FROM person_names WHERE person = ?", (person,))]
    vectors = _vectors(
        store,
        """SELECT embedding FROM reference_faces WHERE person = :person
            UNION ALL SELECT embedding FROM faces WHERE person = :person AND embedding IS NOT NULL
            UNION ALL SELECT embedding FROM earlier_faces WHERE person = :person AND embedding IS NOT NULL
            UNION ALL SELECT vector FROM scene_vectors WHERE vector IS NOT NULL AND EXISTS
                (SELECT 1 FROM faces WHERE faces.sha256 = scene_vectors.sha256 AND person = :person)
                AND NOT EXISTS (SELECT 1 FROM faces WHERE faces.sha256 = scene_vectors.sha256
                    AND verdict = :me AND person <> :person)""",
        person=person,
        me=Verdict.ME,
    )
    return Needles((person, *names), words_of(vectors))


def needles_of_bystanders(store: Store) -> Needles:
    """What forgetting the bystanders is to erase."""
    sql = """SELECT embedding FROM faces WHERE verdict <> :me AND embedding IS NOT NULL
        UNION ALL SELECT embedding FROM earlier_faces WHERE verdict <> :me AND embedding IS NOT NULL"""
    return Needles((), words_of(_vectors(store, sql, me=Verdict.ME)))


def needles_of_all(store: Store) -> Needles:
    """All the names and vectors that the store holds: also who was asked for something, and who wrote the letters."""
    names = store.rows(
        """SELECT person AS name FROM reference_faces UNION SELECT name FROM person_names
            UNION SELECT name FROM requests WHERE name IS NOT NULL UNION SELECT value FROM sender"""
    )
    return Needles(tuple(row["name"] for row in names), stored_words(store))


def stored_words(store: Store) -> Words:
    """The words of all the vectors that the store holds."""
    sql = """SELECT embedding FROM reference_faces UNION ALL SELECT embedding FROM faces WHERE embedding IS NOT NULL
        UNION ALL SELECT embedding FROM earlier_faces WHERE embedding IS NOT NULL
        UNION ALL SELECT vector FROM scene_vectors WHERE vector IS NOT NULL"""
    return words_of(_vectors(store, sql))


def without(needles: Needles, kept: Words) -> Needles:
    """The needles but those of vectors that are kept: the same face may be another person's reference."""
    return Needles(needles.names, np.setdiff1d(needles.words, kept))


def words_of(vectors: Iterable[Vector]) -> Words:
    """Words from the beginning, the middle and the end of each vector; those of few different bytes tell nothing."""
    found: list[bytes] = []
    for one in vectors:
        for kind in ("<f4", "<f2"):
            data = one.astype(kind).tobytes()
            found.extend(_words(data))
            found.extend(_words(b64encode(data)))  # as a backup has it
    telling = {word for word in found if len(set(word)) > _PLACES}
    return np.unique(np.frombuffer(b"".join(telling), "<u8"))


def _words(data: bytes) -> Iterator[bytes]:
    places = np.linspace(0, (len(data) - 8) // 8, _PLACES).round().astype(int) * 8
    return (data[place : place + 8] for place in places)


def _vectors(store: Store, sql: str, **parameters: str) -> Iterator[Vector]:
    return (vector(row["embedding"]) for row in store.rows(sql, parameters))


def search(home: Path, needles: Needles) -> Searched:
    """Look for the needles in every file below `home`. Close the store first: reading its files unlocks them."""
    files, size = 0, 0
    traces: list[Trace] = []
    unread: list[Path] = []
    table = _table(needles.words)
    short = tuple(name for name in needles.names if len(name.encode("utf-8", "replace")) < _SHORTEST_NAME)
    searched_for = tuple(name for name in needles.names if name not in short)
    for path in _files(home, unread):
        names = () if path.relative_to(home).parts[0] in _MODELS else searched_for
        try:
            vectors, found, length = _search_file(path, needles.words, table, names)
        except OSError:
            unread.append(path)
            continue
        files, size = files + 1, size + length
        if vectors or found:
            traces.append(Trace(path, vectors, found))
    return Searched(files, size, tuple(traces), tuple(unread), short)


def _files(home: Path, unread: list[Path]) -> Iterator[Path]:
    def note(error: OSError) -> None:
        unread.append(Path(error.filename))

    for folder, _, names in os.walk(home, onerror=note):
        for name in sorted(names):
            path = Path(folder, name)
            if path.is_file() and not path.is_symlink():
                yield path


def _search_file(
    path: Path, words: Words, table: NDArray[np.bool_], names: Sequence[str]
) -> tuple[int, tuple[str, ...], int]:
    spellings = {name: _spellings(name) for name in names}
    overlap = max([8, *(len(form) for forms in spellings.values() for form in forms)]) - 1
    vectors, size, before = 0, 0, b""
    found: set[str] = set()
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            size += len(piece)
            data = before + piece
            # What lies wholly in the overlap was counted with the piece before.
            vectors += _count(data[max(0, len(before) - 7) :], words, table)
            found.update(name for name, forms in spellings.items() if any(form in data for form in forms))
            before = data[-overlap:]
    return vectors, tuple(sorted(found)), size


def _spellings(name: str) -> set[bytes]:
    """The bytes that a name may be written in: composed or not, and as JSON escapes it."""
    forms = {unicodedata.normalize(form, name) for form in ("NFC", "NFD")} | {name}
    return {form.encode("utf-8", "replace") for form in forms} | {json.dumps(form)[1:-1].encode() for form in forms}


def _table(words: Words) -> NDArray[np.bool_]:
    table = np.zeros(1 << _TABLE_BITS, np.bool_)
    table[words & np.uint64((1 << _TABLE_BITS) - 1)] = True
    return table


def _count(data: bytes, words: Words, table: NDArray[np.bool_]) -> int:
    """How many of the words lie in the data, at whatever byte they begin."""
    if len(words) == 0:
        return 0
    count = 0
    for start in range(min(8, max(0, len(data) - 7))):
        rows = np.frombuffer(data, "<u8", (len(data) - start) // 8, start)
        likely = rows[table[rows & np.uint64((1 << _TABLE_BITS) - 1)]]
        count += int(np.isin(likely, words).sum())
    return count
