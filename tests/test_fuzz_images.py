"""A small part of `benchmarks.fuzz_images`: damaged pictures of every format, decoded."""

from __future__ import annotations

import sys
from pathlib import Path

from untag.errors import ReadFailure
from untag.imaging.decode import decode

sys.path.insert(0, str(Path(__file__).parents[1]))
from benchmarks.fuzz_images import damaged, originals


def test_every_original_is_sound() -> None:
    for name, data in originals().items():
        assert decode(data, max_side=0).fault is None, name


def test_damaged_pictures_are_frames_or_failures_and_never_anything_else() -> None:
    outcomes = set()
    for seed in range(400):
        _, data = damaged(seed)
        try:
            frame = decode(data, max_side=1600, partial=True)
        except ReadFailure as failure:
            outcomes.add(str(failure.outcome))
        else:
            outcomes.add("frame" if frame.fault is None else "part")
            assert frame.pixels.shape[2] == 3
    assert {"frame", "part", "broken"} <= outcomes
