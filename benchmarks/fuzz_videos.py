"""Damaged videos, looked through: does anything crash or hang, and how much memory does it take?

    python -m benchmarks.fuzz_videos [--count 300] [--seed 1] [--output FILE.json]

They are made from noise by OpenCV's writer, in several containers, and damaged as `benchmarks.fuzz_images` damages
pictures. A crash of the process that decodes does no harm; any exception but ReadFailure is a crash of untag and exits
with 1, as does a peak of 2 GB, here or in one of these processes.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import cv2
import numpy as np

from benchmarks.fuzz_images import damage
from benchmarks.fuzzing import outcome_of, told
from untag.imaging.limits import Limits
from untag.imaging.video import VideoPart, look_through_video

LIMITS = Limits(video_seconds=20)
_CODECS = (("mp4v", "mp4"), ("FFV1", "mkv"), ("MJPG", "avi"), ("VP80", "webm"), ("WMV2", "wmv"), ("mpg2", "ts"))


def originals(folder: Path) -> list[bytes]:
    """Two seconds of noise in each of the containers."""
    noise = np.random.default_rng(0)
    frames = [noise.integers(0, 255, (48, 64, 3), np.uint8) for _ in range(4)]
    found = []
    for codec, suffix in _CODECS:
        path = folder / f"a.{suffix}"
        writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*codec), 10, (64, 48))
        for frame in frames:
            for _ in range(5):
                writer.write(frame)
        writer.release()
        found.append(path.read_bytes())
    return found


def looked_through(path: Path) -> str:
    """What comes of a file."""
    with path.open("rb") as file:
        part = VideoPart(file)
        return outcome_of(
            lambda: look_through_video(part, max_side=1600, limits=LIMITS), whole="frames", partly="some frames"
        )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    outcomes, longest = Counter[str](), 0.0
    with tempfile.TemporaryDirectory() as folder:
        sound = originals(Path(folder))
        path = Path(folder, "damaged")
        for seed in range(options.seed, options.seed + options.count):
            data = bytearray(sound[seed % len(sound)])
            damage(data, random.Random(seed))
            path.write_bytes(data)
            start = time.perf_counter()
            outcomes[looked_through(path)] += 1
            longest = max(longest, time.perf_counter() - start)
    return told(outcomes, longest, options.output)


if __name__ == "__main__":
    sys.exit(main())
