"""The process that decodes one picture: `python -m untag.imaging.confined_child`.

A picture file comes on the standard input, its pixels go to the standard output. Once the library that decodes is
loaded, the process gives away its rights (`rights`); only then a byte is read.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from io import BytesIO
from typing import Any

import numpy as np

from untag.imaging.rights import give_up_rights

UNKNOWN, TOO_LARGE, DAMAGED = 3, 4, 5
_CPU_SECONDS = 90

_Decode = Callable[[bytes], Any]
"""From a file to its pixels or an exit status."""


def main(kind: str, most_pixels: int, memory: int) -> int:
    """The exit status; the picture is written where that is 0."""
    decode = _loaded(kind, most_pixels)
    give_up_rights(_CPU_SECONDS, memory)
    pixels = decode(sys.stdin.buffer.read())
    if isinstance(pixels, int):
        return pixels
    height, width, channels = pixels.shape
    out = sys.stdout.buffer
    for number in (width, height, channels):
        out.write(number.to_bytes(4, "little"))
    out.write(pixels.tobytes())
    out.flush()
    return 0


def _loaded(kind: str, most_pixels: int) -> _Decode:
    """The decoder of a kind of file, with all that it needs."""
    decode = _libraw(most_pixels) if kind == "raw" else _libjxl()
    # In vain: with the first picture more is loaded, as `multiprocessing` by rawpy.
    decode(bytes(64))
    return decode


def _libraw(most_pixels: int) -> _Decode:
    """Gives what the sensor saw, half-size, as (height, width, 3) uint8; a status where that fails."""
    import rawpy

    def decode(data: bytes) -> Any:
        try:
            with rawpy.imread(BytesIO(data)) as raw:
                if raw.sizes.raw_width * raw.sizes.raw_height > most_pixels:
                    return TOO_LARGE
                return raw.postprocess(half_size=True, use_camera_wb=True)
        except (MemoryError, rawpy.LibRawUnsufficientMemoryError, rawpy.LibRawTooBigError):
            return TOO_LARGE
        except (rawpy.LibRawFileUnsupportedError, rawpy.LibRawNotImplementedError, rawpy.NotSupportedError):
            return UNKNOWN
        except Exception:  # LibRaw raises anything at all on damaged input
            return DAMAGED

    return decode


def _libjxl() -> _Decode:
    """Gives the first frame as (height, width, 3 or 4) uint8; a status where that fails."""
    from imagecodecs import jpegxl_decode

    def decode(data: bytes) -> Any:
        try:
            return _as_rgb(jpegxl_decode(data, index=0, numthreads=1))
        except MemoryError:
            return TOO_LARGE
        except Exception:  # of whatever class the binding has
            return DAMAGED

    return decode


def _as_rgb(pixels: Any) -> Any:
    """Samples of any kind as (height, width, 3 or 4) uint8."""
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


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], *map(int, sys.argv[2:])))
