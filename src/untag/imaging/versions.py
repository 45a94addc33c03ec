"""Which software decodes here: what one release refuses, the next may read."""

from __future__ import annotations

from functools import cache
from importlib.metadata import PackageNotFoundError, version

from untag import __version__
from untag.imaging.limits import Limits

_DECODERS = ("pillow", "pi-heif", "pillow-heif", "opencv-python-headless", "opencv-python", "rawpy", "imagecodecs")
_PROCESSES = 2
"""Of what decodes in a process of its own: higher where that reads what it did not. The first one of videos was for
root alone."""


def decoders_key(limits: Limits) -> str:
    """Names the decoders and the limits in force: as long as it is the same, so is what is refused."""
    return f"{_decoders()} {limits.max_pixels} pixels {limits.max_bytes} bytes {limits.video_seconds:g} seconds"


@cache
def _decoders() -> str:
    installed = [f"{name} {found}" for name in _DECODERS if (found := _version(name)) is not None]
    return ", ".join([f"untag {__version__}", f"processes {_PROCESSES}", *installed])


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
