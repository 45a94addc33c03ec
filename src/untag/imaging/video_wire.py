"""What the process that decodes videos sends: a head of 13 bytes for each message, and what it says.

Whoever reads it trusts nothing of it: a hostile video may have taken over the process that sends.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

_HEAD = struct.Struct("<cdI")
_SIZE = struct.Struct("<II")
MOST_PAYLOAD = 16 * 1024 * 1024
"""A frame of 1600 x 1600 pixels takes 7.7 MB without any compression."""

_MOST_SECONDS = 1e7


class Kind(StrEnum):
    """What a message says. `SIZE` is that of the upright frames, `THIN` that every other frame so far is dropped."""

    SIZE = "S"
    FRAME = "F"
    THIN = "T"
    BEAT = "B"
    END = "E"


class End(StrEnum):
    """How the work ended, as the payload of an `END`."""

    DONE = "done"
    TIME = "time"
    NO_FRAME = "no-frame"
    TOO_LARGE = "too-large"
    MEMORY = "memory"
    FAILED = "failed"


class GarbageError(Exception):
    """What came is no message."""


@dataclass(frozen=True, slots=True)
class Message:
    """`at` is a time in the video, in seconds: that of the frame, or how far the work is."""

    kind: Kind
    at: float
    payload: bytes = b""

    def pack(self) -> bytes:
        """The message as it is sent."""
        return _HEAD.pack(self.kind.encode(), self.at, len(self.payload)) + self.payload

    @property
    def size(self) -> tuple[int, int]:
        """Width and height, of a `SIZE`. Raises GarbageError."""
        if len(self.payload) != _SIZE.size:
            raise GarbageError
        width, height = _SIZE.unpack(self.payload)
        return int(width), int(height)

    @property
    def end(self) -> End:
        """Of an `END`. Raises GarbageError."""
        try:
            return End(self.payload.decode("ascii"))
        except ValueError as error:
            raise GarbageError from error


def size_message(width: int, height: int) -> Message:
    """The `SIZE` of upright frames in pixels."""
    return Message(Kind.SIZE, 0.0, _SIZE.pack(width, height))


def receive(read: Callable[[int], bytes]) -> Message | None:
    """The next message, None at a proper end. `read` gives exactly so many bytes, fewer only where they end.

    Raises GarbageError.
    """
    head = read(_HEAD.size)
    if not head:
        return None
    if len(head) < _HEAD.size:
        raise GarbageError
    letter, at, size = _HEAD.unpack(head)
    if letter not in {kind.encode() for kind in Kind} or size > MOST_PAYLOAD:
        raise GarbageError
    if not math.isfinite(at) or not 0 <= at <= _MOST_SECONDS:
        raise GarbageError
    payload = read(size)
    if len(payload) < size:
        raise GarbageError
    return Message(Kind(letter.decode()), at, payload)
