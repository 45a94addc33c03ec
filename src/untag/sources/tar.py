"""Tar archives, packed with gzip or not (Google's `.tgz`), read where they are.

A tar archive has no directory, so that one pass over all of it is needed to know what it holds; a zip file is faster.
That pass keeps how each file begins, its checksum, and the texts, so that only photos are looked for again.
"""

from __future__ import annotations

import io
import tarfile
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO

from untag.errors import ReadFailure
from untag.imaging.sniff import SNIFF_BYTES
from untag.sources.archive import DEFAULT_ARCHIVE_LIMITS, ArchiveFiles, ArchiveLimits, ZipFiles, refused_name
from untag.sources.content import PIECE, Content
from untag.sources.files import failure
from untag.sources.gzip_index import GzipIndex
from untag.sources.kinds import Kind, Kinds
from untag.sources.names import is_named_photo, suffix_of
from untag.sources.tree import passed_over_within
from untag.support.paths import absolute, printable_path
from untag.types import Outcome, ReadError

_MEBIBYTE = 1024 * 1024
_PIECE = 256 * 1024
_MOST_KEPT, _MOST_KEPT_EACH = 128 * _MEBIBYTE, 4 * _MEBIBYTE
"""The texts that are kept: the JSON of 50,000 photos is about 60 MB."""
_MOST_HEADER = _MEBIBYTE
_GZIP_MAGIC = b"\x1f\x8b"
_DAMAGED = (tarfile.TarError, zlib.error, EOFError, ValueError, OverflowError)


def archive_files(path: Path) -> ArchiveFiles:
    """The files of a zip or tar archive, by its suffix. Raises ReadFailure when it is none."""
    return ZipFiles(path) if suffix_of(path.name) == "zip" else TarFiles(path)


@dataclass(frozen=True, slots=True)
class _Member:
    offset: int
    size: int
    seconds: int
    crc: int
    head: bytes


class TarFiles:
    """`Files` of one tar archive. `errors` and `unseen` are as those of `ZipFiles`."""

    def __init__(self, path: Path, limits: ArchiveLimits = DEFAULT_ARCHIVE_LIMITS) -> None:
        """Goes over all of the archive. Raises ReadFailure when there is nothing to be read in it."""
        self._path = Path(absolute(path))
        self.root = printable_path(str(self._path))
        self._limits = limits
        self._members: dict[str, _Member] = {}
        self._kept: dict[str, bytes] = {}
        self._room = _MOST_KEPT
        self.errors: list[ReadError] = []
        self.unseen: Counter[Kind] = Counter()
        self.kind = Kinds(self._head).of
        try:
            self._index = GzipIndex(self._path) if _is_gzip(self._path) else None
            with closing(self._open()) as unpacked:
                self._read_members(unpacked)
        except OSError as error:
            raise failure(error) from error
        self._names = sorted(self._members)

    @property
    def names(self) -> Sequence[str]:
        return self._names

    def __contains__(self, name: object) -> bool:
        return name in self._members

    def shown(self, name: str) -> str:
        return f"{self.root}/{printable_path(name)}"

    def stat(self, name: str) -> tuple[int, int]:
        member = self._members[name]
        return member.size, member.seconds * 10**9 + member.crc % 10**9

    def checksum(self, name: str) -> tuple[int, int]:
        """Size in bytes and CRC-32, as in a zip archive."""
        member = self._members[name]
        return member.size, member.crc

    def read(self, name: str, max_bytes: int) -> bytes:
        member = self._members.get(name)
        if member is None:
            raise ReadFailure(Outcome.MISSING, "it is not in the archive (any more)")
        if member.size > max_bytes:
            raise ReadFailure(Outcome.TOO_LARGE, f"more than {max_bytes / _MEBIBYTE:,.0f} MiB inside an archive")
        if not member.size:
            raise ReadFailure(Outcome.EMPTY, "the file is empty")
        data = self._kept.get(name)
        return self._unpacked(member) if data is None else data

    def content(self, name: str) -> Content:
        member = self._members.get(name)
        if member is None:
            raise ReadFailure(Outcome.MISSING, "it is not in the archive (any more)")
        return Content(member.size, partial(self._pieces, member))

    def close(self) -> None:
        """Nothing: the file is opened for each photo, so that several can be read at once."""

    def _head(self, name: str) -> bytes:
        return self._members[name].head

    def _open(self) -> IO[bytes]:
        if self._index is None:
            return self._path.open("rb")
        return io.BufferedReader(self._index.open(), _PIECE)

    def _unpacked(self, member: _Member) -> bytes:
        return b"".join(self._pieces(member, member.size))

    def _pieces(self, member: _Member, size: int = PIECE) -> Iterator[bytes]:
        """The bytes of a member, `size` at a time."""
        left, crc = member.size, 0
        try:
            with closing(self._open()) as unpacked:
                unpacked.seek(member.offset)
                while left and (piece := unpacked.read(min(left, size))):
                    left -= len(piece)
                    crc = zlib.crc32(piece, crc)
                    yield piece
        except OSError as error:
            raise failure(error) from error
        except (*_DAMAGED, MemoryError) as error:
            raise ReadFailure(Outcome.BROKEN, "it is damaged inside the archive") from error
        if left or crc != member.crc:
            raise ReadFailure(Outcome.BROKEN, "the archive changed while it was read")
        if not member.size:
            raise ReadFailure(Outcome.EMPTY, "the file is empty")

    def _read_members(self, unpacked: IO[bytes]) -> None:
        """Notes all members; what comes after damage is lost, and that is said."""
        total = 0
        most = min(self._limits.total, self._limits.from_bytes + self._limits.ratio * self._path.stat().st_size)
        try:
            with tarfile.open(fileobj=_Headers(unpacked), mode="r:") as archive:
                for info in _infos(archive):
                    total += max(0, info.size)
                    if total > most or len(self._members) > self._limits.members:
                        said = "the archive unpacks to more than untag reads of one; it may be a bomb"
                        self.errors.append(ReadError(self.root, Outcome.TOO_LARGE, said))
                        return
                    self._admit(info, unpacked)
        except _DAMAGED as error:
            if not self._members:
                said = "it is not a tar archive, or it is damaged or not complete; download it again"
                raise ReadFailure(Outcome.BROKEN, said) from error
            said = "it is damaged or not complete: what comes after that is not read; download it again"
            self.errors.append(ReadError(self.root, Outcome.BROKEN, said))

    def _admit(self, info: tarfile.TarInfo, unpacked: IO[bytes]) -> None:
        name = info.name.replace("\\", "/")
        while name.startswith("./"):
            name = name[2:]
        if info.isdir():
            return
        unseen = passed_over_within(name)
        if unseen is not None:
            self.unseen[unseen] += 1
            return
        reason = refused_name(name)
        if reason is None and (not info.isreg() or info.issparse()):
            reason = Outcome.UNSUPPORTED, "it is a link or a device inside an archive; such files are not read"
        if reason is None and name in self._members:
            reason = Outcome.BROKEN, "the archive holds another file of this name, which was read"
        if reason is not None:
            self.errors.append(ReadError(f"{self.root}/{printable_path(name)}", *reason))
            return
        self._members[name] = self._noted(name, info, unpacked)

    def _noted(self, name: str, info: tarfile.TarInfo, unpacked: IO[bytes]) -> _Member:
        keep = not is_named_photo(name) and info.size <= min(_MOST_KEPT_EACH, self._room)
        unpacked.seek(info.offset_data)
        left, crc, head, pieces = info.size, 0, b"", list[bytes]()
        while left:
            piece = unpacked.read(min(left, _PIECE))
            if not piece:
                raise EOFError("the archive is cut off")
            head = head or piece[:SNIFF_BYTES]
            crc = zlib.crc32(piece, crc)
            left -= len(piece)
            if keep:
                pieces.append(piece)
        if keep:
            self._kept[name] = b"".join(pieces)
            self._room -= info.size
        return _Member(info.offset_data, info.size, max(0, int(info.mtime)), crc, head)


class _Headers(io.RawIOBase):
    """What tarfile reads for itself: headers, of which a hostile one may claim any size."""

    def __init__(self, unpacked: IO[bytes]) -> None:
        super().__init__()
        self._unpacked = unpacked

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= _MOST_HEADER:
            raise tarfile.ReadError("a header that is too large")
        return self._unpacked.read(size)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._unpacked.seek(offset, whence)

    def tell(self) -> int:
        return self._unpacked.tell()


def _infos(archive: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    while (info := archive.next()) is not None:
        archive.members.clear()  # type: ignore[attr-defined]  # tarfile keeps all of them, and typeshed hides it
        yield info


def _is_gzip(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) == _GZIP_MAGIC
