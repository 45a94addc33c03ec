"""Run by `confined`, as a program: a picture file on the standard input, its pixels on the standard output.

Nothing of untag is imported: this process has its limits before it reads a byte, and needs little memory.
"""

from __future__ import annotations

import os
import sys
from io import BytesIO
from typing import Any

UNKNOWN, TOO_LARGE, DAMAGED = 3, 4, 5
_CPU_SECONDS = 90


def main(kind: str, most_pixels: int, most_bytes: int) -> int:
    """The exit status; the picture is written where that is 0."""
    _confine(most_bytes)
    pixels = _sensor(most_pixels) if kind == "raw" else _jpeg_xl()
    if isinstance(pixels, int):
        return pixels
    height, width, channels = pixels.shape
    out = sys.stdout.buffer
    for number in (width, height, channels):
        out.write(number.to_bytes(4, "little"))
    out.write(pixels.tobytes())
    out.flush()
    return 0


def _sensor(most_pixels: int) -> Any:
    """What the sensor saw, half-size, as (height, width, 3) uint8; a status where that fails."""
    import rawpy

    try:
        with rawpy.imread(BytesIO(sys.stdin.buffer.read())) as raw:
            if raw.sizes.raw_width * raw.sizes.raw_height > most_pixels:
                return TOO_LARGE
            return raw.postprocess(half_size=True, use_camera_wb=True)
    except (MemoryError, rawpy.LibRawUnsufficientMemoryError, rawpy.LibRawTooBigError):
        return TOO_LARGE
    except (rawpy.LibRawFileUnsupportedError, rawpy.LibRawNotImplementedError, rawpy.NotSupportedError):
        return UNKNOWN
    except Exception:  # LibRaw raises anything at all on damaged input
        return DAMAGED


def _jpeg_xl() -> Any:
    """The first frame as (height, width, 3 or 4) uint8; a status where that fails."""
    import numpy as np
    from imagecodecs import jpegxl_decode

    try:
        pixels = jpegxl_decode(sys.stdin.buffer.read(), index=0, numthreads=1)
        if pixels.dtype.kind == "f":
            pixels = (np.nan_to_num(pixels).clip(0, 1) * 255).astype(np.uint8)
        elif pixels.dtype != np.uint8:
            pixels = (pixels >> 8).astype(np.uint8)
        if pixels.ndim == 2:
            pixels = pixels[..., None]
        channels = pixels.shape[2]
        if channels < 3:  # grey, perhaps with transparency
            pixels = pixels[..., [0, 0, 0, *range(1, channels)]]
        return np.ascontiguousarray(pixels[..., :4])
    except MemoryError:
        return TOO_LARGE
    except Exception:  # of whatever class the binding has
        return DAMAGED


def _confine(most_bytes: int) -> None:
    """Bound memory and time, and have no file written, where the system can."""
    os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")
    try:
        import resource
    except ImportError:  # Windows
        return
    for what, most in (
        (resource.RLIMIT_AS, most_bytes),
        (resource.RLIMIT_CPU, _CPU_SECONDS),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], *map(int, sys.argv[2:])))
