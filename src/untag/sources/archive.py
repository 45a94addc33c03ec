"""Zip archives, read where they are: nothing is ever unpacked to the disk, so no name in one can reach a file.

What a hostile or damaged archive may hold is refused member by member, with a sentence, and the rest is read.
"""

from __future__ import annotations

import errno
import lzma
import re
import stat
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO, Protocol

from untag.errors import ReadFailure
from untag.imaging.sniff import SNIFF_BYTES
from untag.sources.content import PIECE, Content
from untag.sources.files import failure
from untag.sources.kinds import Kind, Kinds
from untag.sources.names import is_named_archive, suffix_of, without_archive_suffix
from untag.sources.nested import nested_file
from untag.sources.reader import Files
from untag.sources.tree import passed_over_within
from untag.support.paths import absolute, printable_path
from untag.types import Outcome, ReadError

_MEBIBYTE = 1024 * 1024
_DEVICES = re.compile(r"(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?:\.|$)", re.IGNORECASE)
_DRIVE = re.compile(r"[A-Za-z]:")
_METHODS = frozenset((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA))
_LOCAL_HEADER = 30
_NOT_OPENED = "an archive inside an archive is not opened; unpack the outer one"
_NO_ARCHIVE = "it is not a zip archive, or it is damaged or not complete; download it again"
_NO_ZIP = (zipfile.BadZipFile, ValueError, NotImplementedError, OverflowError, MemoryError, EOFError, zlib.error)
_UTF_8 = 0x800
_ENCRYPTED = 0x1


@dataclass(frozen=True, slots=True)
class ArchiveLimits:
    """A member larger than `from_bytes` may unpack to `ratio` times its packed size, all together to `total` bytes.

    `members` is how many an archive may have. Deflate packs 1,032 to 1 at most, photos about 1 to 1, the JSON of
    exports up to 40 to 1.
    """

    ratio: int = 200
    from_bytes: int = _MEBIBYTE
    total: int = 2**40
    members: int = 2_000_000


DEFAULT_ARCHIVE_LIMITS = ArchiveLimits()


class ArchiveFiles(Files, Protocol):
    """The `Files` of one archive."""

    root: str
    errors: list[ReadError]
    unseen: Counter[Kind]

    def checksum(self, name: str) -> tuple[int, int]:
        """Size in bytes and CRC-32: the same for the same content, whenever it was packed."""
        ...

    def close(self) -> None:
        """Nothing can be read any more."""
        ...


def refused_name(name: str) -> tuple[Outcome, str] | None:
    """Why a file inside an archive is not read, as far as its name says."""
    parts = PurePosixPath(name).parts
    if not parts or name.startswith("/") or _DRIVE.match(name) or ".." in parts or "\0" in name:
        return Outcome.UNSUPPORTED, "its name leads out of the archive; such files are not read"
    if any(_DEVICES.match(part) for part in parts):
        return Outcome.UNSUPPORTED, "it has the name of a device; such files are not read"
    if is_named_archive(name):
        return Outcome.UNSUPPORTED, _NOT_OPENED
    return None


class ZipFiles:
    """`Files` of one zip archive. `errors` are the members that are not given, each with the reason.

    `unseen` counts those that are passed over for their names.
    """

    def __init__(self, path: Path, limits: ArchiveLimits = DEFAULT_ARCHIVE_LIMITS) -> None:
        """Reads the archive's directory. Raises ReadFailure when that cannot be done."""
        self._path = absolute(path)
        self.root = printable_path(self._path)
        self._limits = limits
        self._zip = _open(self._path)
        self._members: dict[str, tuple[zipfile.ZipFile, zipfile.ZipInfo]] = {}
        self._total = 0
        self._inner: list[tuple[zipfile.ZipFile, IO[bytes]]] = []
        self.errors: list[ReadError] = []
        self.unseen: Counter[Kind] = Counter()
        self.kind = Kinds(self._head).of
        self._admit_all(self._zip, "")
        self._names = sorted(self._members)

    @property
    def names(self) -> Sequence[str]:
        return self._names

    def __contains__(self, name: object) -> bool:
        return name in self._members

    def shown(self, name: str) -> str:
        return f"{self.root}/{printable_path(name)}"

    def stat(self, name: str) -> tuple[int, int]:
        _, info = self._members[name]
        try:
            # Zip archives hold local time without a zone; as UTC it is at least the same time every time.
            seconds = datetime(*info.date_time, tzinfo=UTC).timestamp()
        except ValueError:
            seconds = 0.0
        # Times in an archive are of two seconds and may all be the same: the checksum tells changed content apart.
        return info.file_size, int(seconds) * 10**9 + info.CRC % 10**9

    def checksum(self, name: str) -> tuple[int, int]:
        """Size in bytes and CRC-32: the same for the same content, whenever it was packed."""
        _, info = self._members[name]
        return info.file_size, info.CRC

    def read(self, name: str, max_bytes: int) -> bytes:
        member = self._members.get(name)
        if member is None:
            raise ReadFailure(Outcome.MISSING, "it is not in the archive (any more)")
        _, info = member
        if info.file_size > max_bytes:
            raise ReadFailure(Outcome.TOO_LARGE, f"more than {max_bytes / _MEBIBYTE:,.0f} MiB inside an archive")
        data = self._unpacked(name, info.file_size + 1)
        if len(data) != info.file_size:
            raise ReadFailure(Outcome.BROKEN, f"{len(data):,} of its {info.file_size:,} bytes are in the archive")
        if not data:
            raise ReadFailure(Outcome.EMPTY, "the file is empty")
        return data

    def _head(self, name: str) -> bytes:
        return self._unpacked(name, SNIFF_BYTES)

    def content(self, name: str) -> Content:
        """See `Files`."""
        if name not in self._members:
            raise ReadFailure(Outcome.MISSING, "it is not in the archive (any more)")
        return Content(self._members[name][1].file_size, partial(self._all, name))

    def _all(self, name: str) -> Iterator[bytes]:
        """All of a member in pieces. Raises ReadFailure."""
        size = self._members[name][1].file_size
        read = 0
        for piece in self._pieces(name, size + 1, PIECE):
            read += len(piece)
            yield piece
        if read != size:
            raise ReadFailure(Outcome.BROKEN, f"{read:,} of its {size:,} bytes are in the archive")
        if not size:
            raise ReadFailure(Outcome.EMPTY, "the file is empty")

    def _unpacked(self, name: str, size: int) -> bytes:
        """At most the first `size` bytes. Raises ReadFailure."""
        return b"".join(self._pieces(name, size, size))

    def _pieces(self, name: str, size: int, each: int) -> Iterator[bytes]:
        """At most the first `size` bytes, `each` at a time. Raises ReadFailure."""
        archive, info = self._members[name]
        try:
            with archive.open(info) as member:
                while size > 0 and (piece := member.read(min(size, each))):
                    size -= len(piece)
                    yield piece
        except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError) as error:
            raise ReadFailure(Outcome.BROKEN, "it is damaged inside the archive") from error
        except (RuntimeError, NotImplementedError) as error:  # encrypted, or packed by a method that Python lacks
            raise ReadFailure(Outcome.UNSUPPORTED, "it is packed in a way that untag does not read") from error
        except OSError as error:
            raise failure(error) from error
        except (ValueError, OverflowError, MemoryError) as error:  # offsets and sizes that make no sense
            raise ReadFailure(Outcome.BROKEN, "it is damaged inside the archive") from error

    def close(self) -> None:
        """Closes the file; nothing can be read any more."""
        self._zip.close()
        for archive, file in self._inner:
            archive.close()
            file.close()

    def _admit_all(self, archive: zipfile.ZipFile, prefix: str) -> None:
        infos = archive.infolist()
        if not infos and archive.start_dir > 0:
            raise ReadFailure(Outcome.BROKEN, _NO_ARCHIVE)
        if len(infos) + len(self._members) > self._limits.members:
            most = self._limits.members
            raise ReadFailure(Outcome.TOO_LARGE, f"an archive of {len(infos):,} files; the limit is {most:,}")
        overlapping = _overlapping(infos)
        for info in infos:
            if not info.filename or not info.is_dir():  # is_dir fails for an empty name (Python 3.11)
                self._admit(archive, info, prefix, overlaps=info.header_offset in overlapping)

    def _admit_inner(self, info: zipfile.ZipInfo, name: str) -> tuple[Outcome, str] | None:
        """Takes the files of a zip archive that lies in this one, as if it were a folder; says why where it cannot."""
        try:
            file = nested_file(self._path, info)
        except OSError as error:
            reason = failure(error)
            return reason.outcome, str(reason)
        except ValueError:
            return Outcome.UNSUPPORTED, _NOT_OPENED
        try:
            archive = _open(file)
            self._inner.append((archive, file))
            self._admit_all(archive, f"{name}/")
        except ReadFailure as reason:
            return reason.outcome, str(reason)
        return None

    def _admit(self, archive: zipfile.ZipFile, info: zipfile.ZipInfo, prefix: str, *, overlaps: bool) -> None:
        name = prefix + _name(info)
        unseen = passed_over_within(name)
        if unseen is not None:
            self.unseen[unseen] += 1
            return
        inner = not prefix and suffix_of(name) == "zip"
        reason = self._refusal(info, name, inner=inner)
        if reason is None and overlaps:
            reason = Outcome.BROKEN, "it shares its bytes with another file of the archive: it may be a bomb"
        if reason is None and name in self._members:
            reason = Outcome.BROKEN, "the archive holds another file of this name, which was read"
        if reason is None and not inner and self._total + info.file_size > self._limits.total:
            reason = Outcome.TOO_LARGE, "the archive unpacks to more than untag reads of one; it may be a bomb"
        if reason is None and inner:
            reason = self._admit_inner(info, name)
        elif reason is None:
            self._members[name] = (archive, info)
            self._total += info.file_size
        if reason is not None:
            self.errors.append(ReadError(f"{self.root}/{printable_path(name)}", *reason))

    def _refusal(self, info: zipfile.ZipInfo, name: str, *, inner: bool) -> tuple[Outcome, str] | None:
        refused = refused_name(without_archive_suffix(name) if inner else name)
        if refused is not None:
            return refused
        if stat.S_IFMT(info.external_attr >> 16) not in (0, stat.S_IFREG):
            return Outcome.UNSUPPORTED, "it is a link or a device inside an archive; such files are not read"
        if info.flag_bits & _ENCRYPTED:
            return Outcome.UNSUPPORTED, "it is encrypted; unpack the archive with its password and scan the folder"
        if info.compress_type not in _METHODS:
            return Outcome.UNSUPPORTED, "it is packed in a way that untag does not read"
        if info.file_size > self._limits.from_bytes and info.file_size > self._limits.ratio * info.compress_size:
            return (
                Outcome.TOO_LARGE,
                f"{info.compress_size:,} bytes that unpack to {info.file_size:,}: it may be a bomb",
            )
        return None


def _open(place: str | IO[bytes]) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(place)
    except OSError as error:
        raise failure(error) from error
    except _NO_ZIP as error:
        # zipfile says of a disk that fails, too, that this is no zip file. Seeking before the start gives EINVAL.
        cause = error.__context__
        if isinstance(cause, OSError) and cause.errno not in (None, errno.EINVAL):
            raise failure(cause) from error
        raise ReadFailure(Outcome.BROKEN, _NO_ARCHIVE) from error


def _name(info: zipfile.ZipInfo) -> str:
    """The member's name with slashes; where the archive does not say how it is encoded, UTF-8 if it can be."""
    name = info.orig_filename.partition("\0")[0]
    if not info.flag_bits & _UTF_8:
        with suppress(UnicodeError):
            name = name.encode("cp437").decode("utf-8")
    return name.replace("\\", "/")


def _overlapping(infos: Sequence[zipfile.ZipInfo]) -> frozenset[int]:
    """The offsets of members whose bytes are also another's (D. Fifield, A better zip bomb, 2019)."""
    end, last = 0, -1
    found: set[int] = set()
    for info in sorted(infos, key=lambda item: item.header_offset):
        if info.header_offset < end:
            found.update((last, info.header_offset))
        end = max(end, info.header_offset + _LOCAL_HEADER + info.compress_size)
        last = info.header_offset
    return frozenset(found)
