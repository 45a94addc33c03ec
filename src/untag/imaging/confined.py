"""Decoders that run in a process of their own, which holds them to memory and time.

LibRaw reads the formats of some fifty makers and has been attacked little; libjxl takes memory for whatever channels
and layers a file claims. A file on which one crashes, never ends or takes too much ends the child, and is reported as
what it is; the scan goes on.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec

import numpy as np

from untag.errors import ReadFailure
from untag.imaging.limits import Limits
from untag.types import Outcome, Pixels

COMMAND = (sys.executable, "-P", "-m", "untag.imaging.confined_child")
"""With -P nothing is imported from the current folder: it may be one of downloads."""

_SECONDS = 120
_OWN_MEMORY = 128 * 1024 * 1024
"""What Python, numpy and the decoder take beside what is in proportion to the picture, once they are loaded."""

_SENSOR_BYTES = 8
"""For each pixel of a sensor: what it saw, with its borders and as it is developed, and half-size RGB, twice."""

_UNKNOWN_PIXELS = 60_000_000
"""Counted for a sensor whose size is not known before."""

_JPEG_XL_BYTES = 20
"""For each pixel of a JPEG XL. With losses it takes 9, without up to 25, measured with libjxl 0.11 and one thread."""


@dataclass(frozen=True, slots=True)
class _Decoder:
    """One of the child's: how it is asked for, its name for the user, and what its statuses 3 and 5 mean."""

    kind: str
    name: str
    unknown: str
    damaged: str

    def failure(self, status: int) -> ReadFailure:
        match status:
            case 3:
                return ReadFailure(Outcome.UNSUPPORTED, self.unknown)
            case 4:
                return ReadFailure(Outcome.TOO_LARGE, "it takes more memory to decode than its size lets expect")
            case 5:
                return ReadFailure(Outcome.BROKEN, self.damaged)
            case _:
                return ReadFailure(Outcome.BROKEN, f"{self.name} crashed on it (status {status})")


_LIBRAW = _Decoder("raw", "LibRaw", "LibRaw does not know this camera", "what the sensor saw is damaged")
_LIBJXL = _Decoder("jxl", "libjxl", "an unusual kind of JPEG XL", "the JPEG XL data is damaged")


@cache
def can_read_sensors() -> bool:
    """Whether the extra `raw` is installed."""
    return find_spec("rawpy") is not None


def read_sensor(data: bytes, size: tuple[int, int] | None, limits: Limits) -> Pixels:
    """What the sensor saw, upright, at half its width and height, as (height, width, 3) uint8 RGB.

    `size` is the sensor's where it is known. Raises ReadFailure, and nothing else: UNSUPPORTED where the extra is not
    installed or LibRaw does not know the camera, TOO_LARGE, BROKEN.
    """
    if not can_read_sensors():
        raise ReadFailure(Outcome.UNSUPPORTED, "install untag[raw] to read what the sensor saw")
    width, height = size or (0, 0)
    limits.check_pixels(width, height, width * height)
    pixels = width * height or min(_UNKNOWN_PIXELS, limits.max_pixels)
    needed = pixels * _SENSOR_BYTES + len(data)
    with limits.decoding(width, height, needed):
        return _of_child(_LIBRAW, data, limits, needed)


def read_jpeg_xl(data: bytes, size: tuple[int, int] | None, limits: Limits) -> Pixels:
    """A JPEG XL upright as (height, width, 3 or 4) uint8 RGB or RGBA; `size` is what its header says.

    Raises ReadFailure, and nothing else: UNSUPPORTED, TOO_LARGE, BROKEN.
    """
    if size is None:
        raise ReadFailure(Outcome.BROKEN, _LIBJXL.damaged)
    width, height = size
    limits.check_pixels(width, height, width * height)
    needed = width * height * _JPEG_XL_BYTES + len(data)
    with limits.decoding(width, height, needed):
        return _of_child(_LIBJXL, data, limits, needed)


def _of_child(decoder: _Decoder, data: bytes, limits: Limits, needed: int) -> Pixels:
    most_memory = needed * 3 // 2 + len(data) + _OWN_MEMORY
    # A session of its own: Ctrl-C is for the scan, which lets the photos under way end.
    try:
        done = subprocess.run(  # noqa: S603 - ours
            [*COMMAND, decoder.kind, str(limits.max_pixels), str(most_memory)],
            input=data,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=_SECONDS,
            env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
            start_new_session=True,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise ReadFailure(Outcome.BROKEN, f"{decoder.name} did not end within {_SECONDS} seconds") from error
    except OSError as error:
        raise ReadFailure(Outcome.NOT_ANALYSED, f"{decoder.name} could not be started ({error.strerror})") from error
    if done.returncode != 0:
        raise decoder.failure(done.returncode)
    width, height, channels = (int.from_bytes(done.stdout[at : at + 4], "little") for at in (0, 4, 8))
    pixels = np.frombuffer(done.stdout, np.uint8, offset=min(12, len(done.stdout)))
    if width < 1 or height < 1 or channels not in (3, 4) or pixels.size != width * height * channels:
        raise ReadFailure(Outcome.BROKEN, f"{decoder.name} gave no picture")
    return pixels.reshape(height, width, channels)
