"""Damaged raw files, decoded: does anything crash or hang, and how much memory does it take?

    python -m benchmarks.fuzz_raw [--count 500] [--seed 1] [--output FILE.json]

Half of them are DNGs whose sensor has to be read, each by LibRaw in a process of its own (`untag[raw]`); the other
half have a preview. They are made from the sample portrait and damaged as `benchmarks.fuzz_images` damages pictures.
A crash of LibRaw is counted and does no harm; any exception but ReadFailure is a crash of untag and exits with 1, as
does a peak of 2 GB, here or in one of the processes for LibRaw.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.fuzz_images import ME, damage
from benchmarks.fuzzing import outcome_of, told
from benchmarks.made_up_raw import dng, jpeg
from untag.imaging.decode import decode

_DIRECTORIES = 600
"""Bytes at the end of a made-up DNG, in which its directories are."""


def originals() -> tuple[bytes, bytes]:
    """A DNG whose sensor has to be read, and one with a preview."""
    with Image.open(next(path for path in sorted(ME.iterdir()) if path.suffix == ".jpg")) as image:
        photo = image.convert("RGB")
    seen = np.asarray(photo.resize((320, 320)))
    return dng(seen), dng(seen, jpeg(np.asarray(photo.resize((1024, 1024)))))


def changed(data: bytes, chance: random.Random, *, in_place: bool) -> bytearray:
    """A damaged copy; `in_place`, of the same length and among its directories, so that LibRaw gets further."""
    kept = len(data) - _DIRECTORIES if in_place else 0
    while True:
        part = bytearray(data[kept:])
        damage(part, chance)
        if not in_place or len(part) == _DIRECTORIES:
            return bytearray(data[:kept]) + part


def looked_at(data: bytes) -> str:
    """What comes of a file."""
    return outcome_of(lambda: decode(data, max_side=1600, partial=True), whole="frame", partly="part")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    sound, outcomes, longest = originals(), Counter[str](), 0.0
    for seed in range(options.seed, options.seed + options.count):
        chance = random.Random(seed)
        data = changed(sound[seed % 2], chance, in_place=seed % 4 < 2)
        start = time.perf_counter()
        outcomes[looked_at(bytes(data))] += 1
        longest = max(longest, time.perf_counter() - start)
    return told(outcomes, longest, options.output)


if __name__ == "__main__":
    sys.exit(main())
