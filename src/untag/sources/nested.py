"""A zip archive that lies in another one, as a file that can be read anywhere: nothing is unpacked to the disk.

One that was only stored is a part of the outer file. One that was packed again is unpacked once, up to its directory at
the end, and then from kept states of the decompressor.
"""

from __future__ import annotations

import io
import struct
import zipfile
from pathlib import Path
from typing import IO, Any

from untag.sources.gzip_index import RAW_DEFLATE, GzipIndex, ReadAnywhere

_LOCAL_HEADER = 30
_LENGTHS = struct.Struct("<HH")
_LENGTHS_AT = 26
_PIECE = 256 * 1024


def nested_file(path: str, info: zipfile.ZipInfo) -> IO[bytes]:
    """The bytes of a member of the zip archive at `path`, seekable, with a handle of its own.

    Raises OSError, and ValueError for a member that is packed in another way than zip archives are.
    """
    start = _start_of_data(path, info)
    if info.compress_type == zipfile.ZIP_STORED:
        return io.BufferedReader(_Window(path, start, info.file_size), _PIECE)
    if info.compress_type == zipfile.ZIP_DEFLATED:
        index = GzipIndex(Path(path), start=start, wbits=RAW_DEFLATE, size=info.file_size)
        return io.BufferedReader(index.open(), _PIECE)
    raise ValueError("packed by a method that cannot be read from the middle")


def _start_of_data(path: str, info: zipfile.ZipInfo) -> int:
    """Behind the local header, whose name and extra field may be longer than those in the directory."""
    with Path(path).open("rb") as file:
        file.seek(info.header_offset)
        header = file.read(_LOCAL_HEADER)
    if len(header) < _LOCAL_HEADER:
        raise ValueError("the archive is cut off")
    name, extra = _LENGTHS.unpack_from(header, _LENGTHS_AT)
    return info.header_offset + _LOCAL_HEADER + int(name) + int(extra)


class _Window(ReadAnywhere):
    """A part of a file."""

    def __init__(self, path: str, start: int, size: int) -> None:
        super().__init__(Path(path).open("rb", buffering=0), size)  # noqa: SIM115 - closed with the window
        self._start, self._end = start, size

    def readinto(self, target: Any) -> int:
        wanted = min(len(target), max(0, self._end - self._position))
        self._file.seek(self._start + self._position)
        data = self._file.read(wanted) or b""
        target[: len(data)] = data
        self._position += len(data)
        return len(data)
