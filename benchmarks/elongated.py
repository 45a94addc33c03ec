"""Faces in panoramas and scrolling screenshots: found, found twice, and found where none is, by the ratio of the sides.

    python -m benchmarks.elongated [--engines dlib,yunet+0095] [--home DIR] [--face 125] [--short 2000]
        [--places 16] [--ratios 2,4,12] [--output FILE.json]

Made photos of `--short` pixels by 2 to 12 times as many, wide and tall, with the portrait of `sample_photos/me` so
reduced that its face is `--face` pixels wide, at places along the photo, half of them borders of tiles. Beside it:
what the photo reduced to 1600 pixels shows by itself, as for a photo without finer pixels.
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from benchmarks.output import report
from untag.engine.runtime.models import ModelOptions
from untag.faces.engine import FaceEngine, load_engine
from untag.faces.tiles import same_face, tile_spans
from untag.imaging.decode import decode
from untag.scan import SEARCH_SIDE
from untag.types import Box, Frame, Pixels

PORTRAIT = Path(__file__).parents[1] / "sample_photos" / "me" / "portrait.jpg"


@dataclass(frozen=True, slots=True)
class Finer:
    """A `Finer` of pixels that are there already."""

    whole: Pixels

    @property
    def nbytes(self) -> int:
        return self.whole.nbytes

    def pixels(self, max_side: int) -> Pixels:
        return fitted(self.whole, max_side)


def fitted(pixels: Pixels, max_side: int) -> Pixels:
    height, width = pixels.shape[:2]
    scale = min(1.0, max_side / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)


def background(width: int, height: int) -> Pixels:
    """Soft blotches of colour with grain, the same every time."""
    random = np.random.default_rng(0)
    coarse = random.integers(60, 200, (max(2, height // 200), max(2, width // 200), 3), np.uint8)
    pixels = np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)
    grain = random.integers(0, 12, (height, width, 1), np.uint8)
    return np.asarray(cv2.add(pixels, np.repeat(grain, 3, axis=2)), np.uint8)


def portrait(engine: FaceEngine, face: float) -> tuple[Pixels, Box]:
    """The portrait reduced so that its face is `face` pixels wide, and the face's box."""
    pixels = decode(PORTRAIT.read_bytes(), max_side=1000).pixels
    ((found, *_),) = engine.analyse([Frame(pixels, pixels.shape[1], pixels.shape[0], 1.0)])
    scale = face / found.box.width
    return fitted(pixels, round(max(pixels.shape[:2]) * scale)), found.box.scaled(scale)


def starts(long_side: int, size: int, places: int, searched: int) -> list[int]:
    """Where the portrait begins: half of the places evenly, the others with its middle where a tile begins or ends."""
    even = np.linspace(0, long_side - size, places - places // 2)
    borders = sorted({edge for span in tile_spans(searched) for edge in span})
    chosen = np.array(borders)[np.linspace(0, len(borders) - 1, places // 2).round().astype(int)]
    at_borders = np.clip(chosen * long_side / searched - size / 2, 0, long_side - size)
    return [round(start) for start in (*even.tolist(), *at_borders.tolist())]


def measure(engine: FaceEngine, ratio: float, tall: bool, options: argparse.Namespace) -> dict[str, int]:
    """Counts over all places of a photo with this ratio of sides."""
    patch, box = portrait(engine, options.face)
    long_side = round(options.short * ratio)
    size = (options.short, long_side) if tall else (long_side, options.short)
    empty = background(*size)
    counts = {"places": 0, "found": 0, "twice": 0, "elsewhere": 0, "found_reduced": 0}
    searched = round(long_side * min(1.0, 1200 / options.short))
    for index, start in enumerate(starts(long_side, patch.shape[0 if tall else 1], options.places, searched)):
        across = round((options.short - patch.shape[1 if tall else 0]) * (index % 5) / 4)
        top, left = (start, across) if tall else (across, start)
        pixels = empty.copy()
        pixels[top : top + patch.shape[0], left : left + patch.shape[1]] = patch
        frame = Frame(fitted(pixels, SEARCH_SIDE), *size, SEARCH_SIDE / long_side, None, Finer(pixels))
        wanted = Box(box.left + left, box.top + top, box.right + left, box.bottom + top)
        hits = [same_face(face.box, wanted) for face in engine.analyse([frame])[0]]
        reduced = engine.analyse([replace(frame, finer=None)])[0]
        counts["places"] += 1
        counts["found"] += any(hits)
        counts["twice"] += sum(hits) > 1
        counts["elsewhere"] += hits.count(False)
        counts["found_reduced"] += any(same_face(face.box, wanted) for face in reduced)
    return counts


def table(results: dict[str, dict[str, dict[str, Any]]]) -> str:
    lines = ["| engine | sides | places | found | twice | elsewhere | in the reduced photo |", "|---" * 7 + "|"]
    for engine, by_shape in results.items():
        lines += [f"| {engine} | {shape} | {' | '.join(map(str, row.values()))} |" for shape, row in by_shape.items()]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engines", default="dlib")
    parser.add_argument("--home", type=Path, help="where built graphs and pulled models are kept; else made anew")
    parser.add_argument("--face", type=float, default=125.0)
    parser.add_argument("--short", type=int, default=2000)
    parser.add_argument("--places", type=int, default=16)
    parser.add_argument("--ratios", default="2,2.5,3,4,6,8,10,12")
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    results: dict[str, dict[str, dict[str, Any]]] = {}
    with tempfile.TemporaryDirectory() as scratch:
        for name in options.engines.split(","):
            engine = load_engine(name, ModelOptions(options.home or Path(scratch)))
            results[name] = {
                f"{ratio:g} {'tall' if tall else 'wide'}": measure(engine, ratio, tall, options)
                for ratio in map(float, options.ratios.split(","))
                for tall in (False, True)
            }
    report(results, options.output, shown=table(results))


if __name__ == "__main__":
    main()
