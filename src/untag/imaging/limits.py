"""How much a single photo may ask for, and the sentences for the ones that ask for more."""

from __future__ import annotations

from dataclasses import dataclass

from untag.errors import ReadFailure
from untag.types import Outcome

_MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on one photo: `max_pixels` decoded into memory at once, `max_bytes` of file."""

    max_pixels: int = 250_000_000
    max_bytes: int = 512 * _MEBIBYTE

    def check_pixels(self, width: int, height: int, decoded_pixels: int) -> None:
        """Raise ReadFailure(TOO_LARGE) when a `width` x `height` picture needs more than `max_pixels` decoded."""
        if decoded_pixels > self.max_pixels:
            raise ReadFailure(
                Outcome.TOO_LARGE,
                f"{width} x {height} pixels; the limit is {self.max_pixels / 1e6:g} million"
                " (set max_megapixels in the configuration to allow more)",
            )

    def check_bytes(self, size: int) -> None:
        """Raise ReadFailure(TOO_LARGE) when a file of `size` bytes is above `max_bytes`."""
        if size > self.max_bytes:
            raise ReadFailure(
                Outcome.TOO_LARGE,
                f"{size / _MEBIBYTE:,.0f} MiB; the limit is {self.max_bytes / _MEBIBYTE:,.0f} MiB for one file",
            )


DEFAULT_LIMITS = Limits()
