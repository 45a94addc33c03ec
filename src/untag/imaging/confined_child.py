"""Run by `confined`, as a program: a raw file on the standard input, half-size RGB on the standard output.

Nothing of untag is imported: this process has its limits before it reads a byte, and needs little memory.
"""

from __future__ import annotations

import os
import sys
from io import BytesIO

UNKNOWN, TOO_LARGE, DAMAGED = 3, 4, 5
_CPU_SECONDS = 90


def main(most_pixels: int, most_bytes: int) -> int:
    """The exit status; the picture is written where that is 0."""
    _confine(most_bytes)
    import rawpy

    try:
        with rawpy.imread(BytesIO(sys.stdin.buffer.read())) as raw:
            if raw.sizes.raw_width * raw.sizes.raw_height > most_pixels:
                return TOO_LARGE
            pixels = raw.postprocess(half_size=True, use_camera_wb=True)
    except (MemoryError, rawpy.LibRawUnsufficientMemoryError, rawpy.LibRawTooBigError):
        return TOO_LARGE
    except (rawpy.LibRawFileUnsupportedError, rawpy.LibRawNotImplementedError, rawpy.NotSupportedError):
        return UNKNOWN
    except Exception:  # LibRaw raises anything at all on damaged input
        return DAMAGED
    height, width = pixels.shape[:2]
    out = sys.stdout.buffer
    out.write(width.to_bytes(4, "little") + height.to_bytes(4, "little"))
    out.write(pixels.tobytes())
    out.flush()
    return 0


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
    sys.exit(main(*map(int, sys.argv[1:])))
