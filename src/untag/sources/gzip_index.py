"""Reading anywhere in a gzip file after one pass over it: nothing is unpacked to the disk, and memory is bounded.

The idea is that of zran.c (M. Adler, zlib examples): the state of the decompressor is kept every so often, and reading
begins at the last state before the wanted bytes. A state takes about 50 kB.
"""

from __future__ import annotations

import io
import zlib
from bisect import bisect_right
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

_INPUT_BYTES = 16 * 1024
"""What is unpacked at a time: deflate makes at most 1,032 times as much of it, which is 16 MiB."""
_LEAST_BETWEEN, _MOST_STATES = 1024 * 1024, 2000
_GZIP = 16 + zlib.MAX_WBITS
RAW_DEFLATE = -zlib.MAX_WBITS
"""What zip archives hold: deflate without a header."""


@dataclass(frozen=True, slots=True)
class _State:
    unpacked: int
    packed: int
    decompressor: Any


class GzipIndex:
    """The states of one gzip file. Several readers may share it at once: states are copied, never changed.

    With `start` and `RAW_DEFLATE` it is a part of a zip archive; `size` is its length when unpacked, where known.
    """

    def __init__(self, path: Path, *, start: int = 0, wbits: int = _GZIP, size: int | None = None) -> None:
        self.path = path
        self.size = size
        self.continues = wbits == _GZIP
        packed = path.stat().st_size
        self._between = max(_LEAST_BETWEEN, packed // _MOST_STATES)
        self._states = [_State(0, start, zlib.decompressobj(wbits))]

    def note(self, unpacked: int, packed: int, decompressor: Any) -> None:
        """Keeps a state when the last one is far enough before it."""
        if packed >= self._states[-1].packed + self._between:
            self._states.append(_State(unpacked, packed, decompressor.copy()))

    def before(self, position: int) -> _State:
        """The last state at or before a position of the unpacked file."""
        return self._states[bisect_right(self._states, position, key=lambda state: state.unpacked) - 1]

    def open(self) -> GzipReader:
        """A reader of the unpacked file. Raises OSError."""
        return GzipReader(self)


class ReadAnywhere(io.RawIOBase):
    """What all raw readers have that read anywhere in a part of a file, or in what is packed in it.

    `size` is the length of what is read, in bytes; None where that is not known.
    """

    def __init__(self, file: IO[bytes], size: int | None) -> None:
        super().__init__()
        self._file, self._size = file, size
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def close(self) -> None:
        self._file.close()
        super().close()

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """From the end only where the size is known. Raises ValueError before the start."""
        if whence == io.SEEK_CUR:
            offset += self._position
        elif whence == io.SEEK_END:
            if self._size is None:
                raise io.UnsupportedOperation("how long a gzip file is unpacked is not known")
            offset += self._size
        if offset < 0:
            raise ValueError("before the start of the file")
        self._position = offset
        return offset


class GzipReader(ReadAnywhere):
    """The unpacked file. Reading raises OSError, or EOFError and zlib.error for a file that is cut off or damaged."""

    def __init__(self, index: GzipIndex) -> None:
        super().__init__(index.path.open("rb"), index.size)
        self._index = index
        self._restore(index.before(0))

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """As `ReadAnywhere.seek`; unpacking goes on from the last state before, where that is nearer."""
        position = super().seek(offset, whence)
        state = self._index.before(position)
        if position < self._start or state.unpacked > self._start + len(self._buffer):
            self._restore(state)
        return position

    def readinto(self, target: Any) -> int:
        """At most one piece; 0 at the end."""
        while self._position >= self._start + len(self._buffer):
            if not self._go_on():
                return 0
        begin = self._position - self._start
        piece = self._buffer[begin : begin + len(target)]
        target[: len(piece)] = piece
        self._position += len(piece)
        return len(piece)

    def _restore(self, state: _State) -> None:
        self._decompressor = state.decompressor.copy()
        self._file.seek(state.packed)
        self._start, self._buffer = state.unpacked, b""
        self._rest = b""

    def _go_on(self) -> bool:
        """Unpacks the next piece; False at the end."""
        self._start += len(self._buffer)
        self._buffer = b""
        if self._decompressor.eof:
            if not self._index.continues:
                return False
            # Several gzip files one after the other are one; zeros may follow.
            self._rest = (self._decompressor.unused_data or self._file.read(_INPUT_BYTES)).lstrip(b"\0")
            if not self._rest:
                return False
            self._decompressor = zlib.decompressobj(_GZIP)
        data, self._rest = self._rest or self._file.read(_INPUT_BYTES), b""
        if not data:
            raise EOFError("the gzip file is cut off")
        self._buffer = self._decompressor.decompress(data)
        if not self._decompressor.eof:
            self._index.note(self._start + len(self._buffer), self._file.tell(), self._decompressor)
        return True
