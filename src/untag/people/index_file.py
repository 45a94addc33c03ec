"""The file of the embedding index: what is written where, and how a half-written file is recognised.

A header of 4096 bytes, the basis of the heads (`index_head.py`), (dimensions, head) float64, filled up with zeros to
4096 bytes, then chunks. A chunk has room for `CHUNK` faces: their ids (CHUNK,) int64, their heads (CHUNK, head + 2) and
their rows (CHUNK, dimensions + 2) float32, an embedding x or its head followed by half its square and 1 (see `index.py`
for why). All is little-endian. The header is written last: rows behind its count do not exist, and a generation of
`UNFINISHED` means that rows within the count were being erased. There is no pointer and no pickle in it; a file that
does not fit, or of an older version, is not an index.
"""

from __future__ import annotations

import hashlib
import os
import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from untag.people.index_head import ENOUGH, Basis, choose_basis, project
from untag.support.erase import destroy, shorten
from untag.support.erase import replace as replace_file
from untag.types import Vector

CHUNK = 4096
"""Faces in a chunk: 2 MB with 128 dimensions, the size at which products are fastest (L2 caches of 1 MB)."""
UNFINISHED = -1
ERASED = -1
"""The id of an erased face."""
_FAR = np.float32(1e38)
"""|x|²/2 of an erased face: it is near to nothing."""
_MAGIC = b"UNTAGIDX"
_VERSION = 2
_HEADER_BYTES = 4096
_HEADER = struct.Struct("<8sIII32sqqq")

Chunks = NDArray[Any]
"""(chunks,) of the structured type of `chunk_type`: `ids`, `heads` and `rows`."""


@dataclass(frozen=True, slots=True)
class Header:
    """`count` rows of `dimensions`, `erased` of them erased, as the store was at `generation`; 0 `head` is no heads."""

    engine: str
    dimensions: int
    generation: int = UNFINISHED
    count: int = 0
    erased: int = 0
    head: int = 0

    @property
    def first_chunk(self) -> int:
        """Where the chunks begin."""
        return _HEADER_BYTES - (-self.dimensions * self.head * 8 // _HEADER_BYTES) * _HEADER_BYTES

    @property
    def kind(self) -> np.dtype[Any]:
        """The type of one chunk."""
        return chunk_type(self.dimensions, self.head)

    @property
    def chunks(self) -> int:
        return -(-self.count // CHUNK)

    @property
    def file_bytes(self) -> int:
        """The least size of the file."""
        return self.first_chunk + self.chunks * self.kind.itemsize


def chunk_type(dimensions: int, head: int = 0) -> np.dtype[Any]:
    """The structured type of one chunk."""
    heads = ("heads", "<f4", (CHUNK, head + 2 if head else 0))
    return np.dtype([("ids", "<i8", (CHUNK,)), heads, ("rows", "<f4", (CHUNK, dimensions + 2))])


def read_header(path: Path, engine: str) -> Header | None:
    """The header of a whole index of `engine`; None for anything else, a missing file among it."""
    try:
        with path.open("rb") as file:
            data = file.read(_HEADER_BYTES)
            size = os.fstat(file.fileno()).st_size
    except FileNotFoundError:
        return None
    if len(data) < _HEADER_BYTES or zlib.crc32(data[:-4]) != int.from_bytes(data[-4:], "little"):
        return None
    magic, version, dimensions, head, digest, generation, count, erased = _HEADER.unpack_from(data)
    header = Header(engine, dimensions, generation, count, erased, head)
    known = (magic, version, digest) == (_MAGIC, _VERSION, _digest(engine)) and generation != UNFINISHED
    return header if known and size >= header.file_bytes else None


def map_chunks(path: Path, header: Header) -> Chunks:
    """The chunks of the file, read from it as they are used."""
    if header.chunks == 0:
        return np.empty(0, header.kind)
    return np.memmap(path, header.kind, "r", header.first_chunk, (header.chunks,)).view(np.ndarray)


def read_basis(path: Path, header: Header) -> Basis:
    """The basis of the heads, (dimensions, head) float64."""
    with path.open("rb") as file:
        return _read_basis(file, header)


def create(path: Path, header: Header, faces: Iterable[tuple[int, Vector]]) -> Header:
    """Write the index anew beside `path`, flush it, check it, and put it in its place. Returns what it has become.

    The first faces choose the basis of the heads when they are `ENOUGH`.
    """
    faces = iter(faces)
    first = list(islice(faces, CHUNK))
    basis = np.empty((header.dimensions, 0))
    if len(first) >= ENOUGH:
        basis = choose_basis(np.stack([embedding for _, embedding in first]))
    header = replace(header, count=0, erased=0, head=basis.shape[1])
    aside = path.with_name(path.name + ".new")
    destroy(aside)
    with os.fdopen(os.open(aside, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "r+b") as file:
        _write_header(file, replace(header, generation=UNFINISHED))
        file.write(basis.astype("<f8").tobytes().ljust(header.first_chunk - _HEADER_BYTES, b"\0"))
    written = change(aside, header, np.empty(0, np.int64), chain(first, faces))
    if read_header(aside, header.engine) != written:
        raise OSError(f"{aside} was not written as it should be")
    replace_file(aside, path)
    return written


def change(path: Path, header: Header, erase: NDArray[np.int64], faces: Iterable[tuple[int, Vector]]) -> Header:
    """Erase the rows at the positions `erase` (M,), append `faces`, then write the header, in this order.

    `header` is the file's own, but with the generation it shall have. Returns the new header.
    """
    with path.open("r+b") as file:
        if len(erase):
            # Rows that count are about to change: should this be interrupted, the file must not be believed.
            _write_header(file, replace(header, generation=UNFINISHED))
        for number in np.unique(erase // CHUNK):
            chunk = _read_chunk(file, header, int(number))
            slots = erase[erase // CHUNK == number] % CHUNK
            chunk["ids"][slots] = ERASED
            for part in ("heads", "rows") if header.head else ("rows",):
                chunk[part][slots] = 0
                chunk[part][slots, -2] = _FAR
            _write_chunk(file, header, int(number), chunk)
        _erase_tail(file, header)
        count = _append(file, header, iter(faces))
        changed = replace(header, count=count, erased=header.erased + len(erase))
        os.fsync(file.fileno())
        _write_header(file, changed)
    return changed


def _erase_tail(file: BinaryIO, header: Header) -> None:
    """Erase what an interrupted append has left behind the rows that count."""
    number, end = divmod(header.count, CHUNK)
    if end:
        chunk = _read_chunk(file, header, number)
        for part in ("ids", "heads", "rows"):
            chunk[part][end:] = 0
        _write_chunk(file, header, number, chunk)
    file.flush()
    shorten(file.fileno(), header.file_bytes)


def _append(file: BinaryIO, header: Header, faces: Iterator[tuple[int, Vector]]) -> int:
    count = header.count
    basis = _read_basis(file, header)
    while batch := list(islice(faces, CHUNK - count % CHUNK)):
        number, start = divmod(count, CHUNK)
        chunk = _read_chunk(file, header, number) if start else np.zeros((), header.kind)
        vectors = np.stack([vector for _, vector in batch])
        end = start + len(batch)
        chunk["ids"][start:end] = [face_id for face_id, _ in batch]
        _fill(chunk["rows"][start:end], vectors)
        if header.head:
            _fill(chunk["heads"][start:end], project(vectors, basis))
        # What is written over here are the same bytes; a torn write leaves the rows that count as they were.
        _write_chunk(file, header, number, chunk)
        count += len(batch)
    return count


def _fill(rows: NDArray[np.float32], vectors: NDArray[np.float32]) -> None:
    rows[:, :-2] = vectors
    rows[:, -2] = np.square(vectors.astype(np.float64)).sum(axis=1) / 2
    rows[:, -1] = 1


def _read_basis(file: BinaryIO, header: Header) -> Basis:
    file.seek(_HEADER_BYTES)
    shape = header.dimensions, header.head
    return np.frombuffer(file.read(header.dimensions * header.head * 8), "<f8").reshape(shape)


def _read_chunk(file: BinaryIO, header: Header, number: int) -> NDArray[Any]:
    file.seek(header.first_chunk + number * header.kind.itemsize)
    return np.frombuffer(bytearray(file.read(header.kind.itemsize)), header.kind).reshape(())


def _write_chunk(file: BinaryIO, header: Header, number: int, chunk: NDArray[Any]) -> None:
    file.seek(header.first_chunk + number * chunk.itemsize)
    file.write(chunk.tobytes())
    file.flush()


def _write_header(file: BinaryIO, header: Header) -> None:
    fields = (header.dimensions, header.head, _digest(header.engine), header.generation, header.count, header.erased)
    data = _HEADER.pack(_MAGIC, _VERSION, *fields).ljust(_HEADER_BYTES - 4, b"\0")
    file.seek(0)
    file.write(data + zlib.crc32(data).to_bytes(4, "little"))
    file.flush()
    os.fsync(file.fileno())


def _digest(engine: str) -> bytes:
    return hashlib.sha256(engine.encode()).digest()
