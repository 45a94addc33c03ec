"""How much a single photo may ask for, how much all of them together, and the sentences for what asks for more."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import ceil

from untag.errors import ReadFailure
from untag.support.memory_budget import MemoryBudget
from untag.types import Outcome

_MEBIBYTE = 1024 * 1024
_LEAST_MEMORY = 750_000_000
_BYTES_A_PIXEL = 4.25
"""What a decoder holds of a picture with transparency, the strips that become RGB included: 8 bits a channel."""

_decoding = MemoryBudget()
"""What all decoders of the process hold: whichever thread they run in, and whatever they decode for."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on one photo: `max_pixels` decoded, the same for all formats, and `max_bytes` of file.

    `video_seconds` are those of work for one video; 0 where none is looked at.
    """

    max_pixels: int = 250_000_000
    max_bytes: int = 512 * _MEBIBYTE
    video_seconds: float = 600.0

    @property
    def memory(self) -> int:
        """How many bytes all decoders of the process may hold at once, their own copies included.

        With the models, and the files under way, a scan stays below 2 GB (`benchmarks/memory.py`).
        """
        return max(_LEAST_MEMORY, int(_BYTES_A_PIXEL * self.max_pixels))

    def check_pixels(self, width: int, height: int, decoded_pixels: int) -> None:
        """Raise ReadFailure(TOO_LARGE) when a `width` x `height` picture needs more than `max_pixels` decoded."""
        if decoded_pixels > self.max_pixels:
            raise ReadFailure(
                Outcome.TOO_LARGE,
                f"{width} x {height} pixels; the limit is {self.max_pixels / 1e6:g} million"
                " (set max_megapixels in the configuration to allow more)",
            )

    @contextmanager
    def decoding(self, width: int, height: int, size: int) -> Iterator[None]:
        """Wait until the decoders of the process have `size` bytes left for a picture, and hold them.

        Raises ReadFailure(TOO_LARGE) when it is more than all of them may have.
        """
        if size > self.memory:
            raise ReadFailure(
                Outcome.TOO_LARGE,
                f"{width} x {height} pixels, which take {size / 1e6:,.0f} MB of memory to decode;"
                f" at most {self.memory / 1e6:,.0f} MB are used"
                f" (set max_megapixels in the configuration to {ceil(size / _BYTES_A_PIXEL / 1e6)} to allow it)",
            )
        with _decoding.hold(size, self.memory):
            yield

    def check_bytes(self, size: int) -> None:
        """Raise ReadFailure(TOO_LARGE) when a file of `size` bytes is above `max_bytes`."""
        if size > self.max_bytes:
            raise ReadFailure(
                Outcome.TOO_LARGE,
                f"{size / _MEBIBYTE:,.0f} MiB; the limit is {self.max_bytes / _MEBIBYTE:,.0f} MiB for one file",
            )


DEFAULT_LIMITS = Limits()
