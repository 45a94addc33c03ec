"""Decoders that run in a process of their own: one of little use to those who attack browsers has been attacked little.

LibRaw reads the formats of some fifty makers. A file on which it crashes, never ends or takes all memory ends the
child, and is reported as what it is; the scan goes on.
"""

from __future__ import annotations

import subprocess
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from untag.errors import ReadFailure
from untag.imaging.limits import Limits
from untag.types import Outcome, Pixels

_CHILD = str(Path(__file__).with_name("confined_child.py"))
_SECONDS = 120
_OWN_MEMORY = 256 * 1024 * 1024
"""What Python, numpy and LibRaw take before they hold anything of a picture."""

_SENSOR_BYTES = 8
"""For each pixel of a sensor: what it saw, with its borders and as it is developed, and half-size RGB, twice."""

_UNKNOWN_PIXELS = 60_000_000
"""Counted for a sensor whose size is not known before."""

_SAID = {
    3: (Outcome.UNSUPPORTED, "LibRaw does not know this camera"),
    4: (Outcome.TOO_LARGE, "it takes more memory to decode than its size lets expect"),
    5: (Outcome.BROKEN, "what the sensor saw is damaged"),
}
"""What the child's statuses mean."""


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
        return _of_child(data, str(limits.max_pixels), str(needed + len(data) + _OWN_MEMORY))


def _of_child(data: bytes, *arguments: str) -> Pixels:
    # A session of its own: Ctrl-C is for the scan, which lets the photos under way end.
    try:
        done = subprocess.run(  # noqa: S603 - ours
            [sys.executable, "-I", _CHILD, *arguments],
            input=data,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=_SECONDS,
            start_new_session=True,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise ReadFailure(Outcome.BROKEN, f"LibRaw did not end within {_SECONDS} seconds") from error
    except OSError as error:
        raise ReadFailure(Outcome.NOT_ANALYSED, f"LibRaw could not be started ({error.strerror})") from error
    if done.returncode != 0:
        known = _SAID.get(done.returncode, (Outcome.BROKEN, f"LibRaw crashed on it (status {done.returncode})"))
        raise ReadFailure(*known)
    width, height = (int.from_bytes(done.stdout[at : at + 4], "little") for at in (0, 4))
    pixels = np.frombuffer(done.stdout, np.uint8, offset=8)
    if width < 1 or height < 1 or pixels.size != width * height * 3:
        raise ReadFailure(Outcome.BROKEN, "LibRaw gave no picture")
    return pixels.reshape(height, width, 3)
