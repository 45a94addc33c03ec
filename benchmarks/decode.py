"""How long a JPEG takes to become RGB pixels, with Pillow, OpenCV and (where installed) simplejpeg, side by side.

    python -m benchmarks.decode [PHOTO.jpg …] [--rounds 9] [--output benchmarks/results/decode.json]

Without arguments a made-up scene is encoded at 2, 5 and 12 megapixels. Every case is decoded at the same DCT scale by
all, in turns, on one thread; the times are medians of CPU time, the ratios come from the same run, and the pixels are
compared. `untag` is the whole of `decode`: its time also holds the metadata and the resizing to `max_side`.
"""

from __future__ import annotations

import argparse
import importlib.util
import platform
import statistics
import sys
import time
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
import PIL
from PIL import Image

from benchmarks.output import report
from untag.imaging.codecs import jpeg_divisor
from untag.imaging.decode import decode
from untag.types import Pixels

ROUNDS = 9
MAX_SIDES = (0, 1280, 640)
SIZES = ((1600, 1200), (2592, 1944), (4000, 3000))
REDUCED = {
    1: cv2.IMREAD_COLOR,
    2: cv2.IMREAD_REDUCED_COLOR_2,
    4: cv2.IMREAD_REDUCED_COLOR_4,
    8: cv2.IMREAD_REDUCED_COLOR_8,
}
TOLERANCE = 1.0
"""Mean absolute difference allowed between two decoders' pixels, of 255."""


def with_pillow(data: bytes, divisor: int) -> Pixels:
    image = Image.open(BytesIO(data))
    if divisor > 1:
        image.draft("RGB", (image.width // divisor, image.height // divisor))
    return np.asarray(image.convert("RGB") if image.mode != "RGB" else image)


def with_opencv(data: bytes, divisor: int) -> Pixels:
    flags = REDUCED[divisor] | cv2.IMREAD_IGNORE_ORIENTATION
    image = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    assert image is not None
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), np.uint8)


def with_simplejpeg(data: bytes, divisor: int) -> Pixels:
    import simplejpeg

    height, width, *_ = simplejpeg.decode_jpeg_header(data)
    least = {"min_width": -(-width // divisor), "min_height": -(-height // divisor)}
    return np.asarray(simplejpeg.decode_jpeg(data, "RGB", min_factor=1, **least))


def made_up_scene(width: int, height: int) -> bytes:
    """A picture with large shapes and fine grain, so that it compresses about as a photo does."""
    rng = np.random.default_rng(7)
    coarse = cv2.resize(rng.random((24, 32, 3), dtype=np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
    grain = rng.normal(0, 0.03, (height, width, 1)).astype(np.float32)
    buffer = BytesIO()
    pixels = ((coarse + grain).clip(0, 1) * 255).astype(np.uint8)
    Image.fromarray(pixels).save(buffer, "JPEG", quality=88)
    return buffer.getvalue()


def medians(runs: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Milliseconds of CPU time for each, in turns, so that a busy moment of the machine hits all alike."""
    times: dict[str, list[float]] = {name: [] for name in runs}
    for round_number in range(rounds + 1):
        for name, run in runs.items():
            start = time.process_time()
            run()
            if round_number > 0:
                times[name].append((time.process_time() - start) * 1000)
    return {name: round(statistics.median(values), 2) for name, values in times.items()}


def measure(name: str, data: bytes, max_side: int, rounds: int) -> dict[str, object]:
    width, height = Image.open(BytesIO(data)).size
    divisor = jpeg_divisor(max(width, height), max_side)
    decoders: dict[str, Callable[[bytes, int], Pixels]] = {"pillow": with_pillow, "opencv": with_opencv}
    if importlib.util.find_spec("simplejpeg") is not None:
        decoders["simplejpeg"] = with_simplejpeg
    reference = with_pillow(data, divisor).astype(np.int16)
    differences = {}
    for other, decoder in decoders.items():
        pixels = decoder(data, divisor)
        if pixels.shape != reference.shape:
            sys.exit(f"{name}: {other} gives {pixels.shape}, Pillow {reference.shape}")
        differences[other] = round(float(np.abs(pixels - reference).mean()), 3)
        if differences[other] > TOLERANCE:
            sys.exit(f"{name}: {other} differs by {differences[other]} of 255 on average")
    runs: dict[str, Callable[[], object]] = {
        decoder: lambda function=function: function(data, divisor)  # type: ignore[misc]
        for decoder, function in decoders.items()
    }
    runs["untag"] = lambda: decode(data, max_side=max_side)
    times = medians(runs, rounds)
    return {
        "photo": name,
        "pixels": [width, height],
        "kilobytes": len(data) // 1000,
        "max_side": max_side,
        "scale": f"1/{divisor}",
        "milliseconds": times,
        "pillow_over": {other: round(times["pillow"] / times[other], 2) for other in decoders if other != "pillow"},
        "mean_difference": differences,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", nargs="*", type=Path)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    cases = [(path.name, path.read_bytes()) for path in options.photos]
    cases = cases or [(f"made-up {width}x{height}", made_up_scene(width, height)) for width, height in SIZES]
    results = [measure(name, data, max_side, options.rounds) for name, data in cases for max_side in MAX_SIDES]
    versions = {"python": platform.python_version(), "pillow": PIL.__version__, "opencv": cv2.__version__}
    report({"versions": versions, "rounds": options.rounds, "results": results}, options.output)


if __name__ == "__main__":
    main()
