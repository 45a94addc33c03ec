"""How exactly `untag.face_recognition` answers what face_recognition's model="cnn" answers, and in what time.

    python -m benchmarks.drop_in [PHOTOS] [--upsample N]… [--max-side N] [--limit N] [--output FILE]

For each photo of the folder, reduced to `--max-side` where it is larger: are the locations equal to the pixel, how far
are confidences apart, and encodings of faces that were searched for (once enlarged). The reference is dlib itself, with
face_recognition's models; `pip install untag[reference]`. Times are seconds of processor.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

import untag.face_recognition as face_recognition
from benchmarks.output import report
from untag.engine.downloads import registry
from untag.types import Pixels

PHOTOS = Path(__file__).parents[2] / "shared" / "data" / "faces"


@dataclass(frozen=True, slots=True)
class Answer:
    """Rectangles as dlib has them: (top, right, bottom, left), not clipped; encodings are (128,) float64."""

    rectangles: list[tuple[int, int, int, int]]
    confidences: list[float]
    encodings: list[Any]


@dataclass(frozen=True, slots=True)
class Compared:
    """One photo; `distance` is the largest between an encoding and dlib's."""

    photo: str
    upsample: int
    faces: int
    equal: bool
    confidence_apart: float
    distance: float
    seconds: float
    seconds_dlib: float


def original() -> Callable[[Pixels, int], Answer]:
    """What face_recognition does with model="cnn", told in its three calls of dlib."""
    import dlib

    detect = dlib.cnn_face_detection_model_v1(str(registry.DLIB_DETECTOR.locate()))
    predict = dlib.shape_predictor(str(registry.DLIB_LANDMARKS.locate()))
    embed = dlib.face_recognition_model_v1(str(registry.DLIB_EMBEDDING.locate()))

    def answer(image: Pixels, upsample: int) -> Answer:
        found = detect(image, upsample)
        rectangles = [(one.rect.top(), one.rect.right(), one.rect.bottom(), one.rect.left()) for one in found]
        encodings = [np.array(embed.compute_face_descriptor(image, predict(image, one.rect), 1)) for one in found]
        return Answer(rectangles, [one.confidence for one in found], encodings if upsample == 1 else [])

    return answer


def ours(image: Pixels, upsample: int) -> Answer:
    """The same of untag: its detector's confidences, and its public functions for the rest."""
    (found,) = face_recognition._detector().detect([image], upsample)
    edges = [(one.box.top, one.box.right, one.box.bottom, one.box.left) for one in found]
    rectangles = [(int(top), int(right), int(bottom), int(left)) for top, right, bottom, left in edges]
    encodings = face_recognition.face_encodings(image, rectangles) if upsample == 1 else []
    return Answer(rectangles, [one.confidence for one in found], encodings)


def compare(photo: Path, upsample: int, max_side: int, theirs: Callable[[Pixels, int], Answer]) -> Compared:
    """Both answers to one photo."""
    with Image.open(photo) as opened:
        reduced = opened.convert("RGB")
        reduced.thumbnail((max_side, max_side))
        image = np.array(reduced)
    started = time.process_time()
    expected = theirs(image, upsample)
    between = time.process_time()
    answered = ours(image, upsample)
    ended = time.process_time()
    same = answered.rectangles == expected.rectangles
    apart = zip(answered.confidences, expected.confidences, strict=same)
    distances = (np.linalg.norm(one - other) for one, other in zip(answered.encodings, expected.encodings, strict=same))
    return Compared(
        photo=photo.name,
        upsample=upsample,
        faces=len(expected.rectangles),
        equal=same,
        confidence_apart=max((abs(one - other) for one, other in apart), default=0.0),
        distance=float(max(distances, default=0.0)),
        seconds=ended - between,
        seconds_dlib=between - started,
    )


def summary(compared: list[Compared]) -> dict[str, Any]:
    """The figures over all photos."""
    return {
        "photos": len(compared),
        "faces": sum(one.faces for one in compared),
        "photos_that_differ": sum(not one.equal for one in compared),
        "largest_confidence_apart": max((one.confidence_apart for one in compared), default=0.0),
        "largest_encoding_distance": max((one.distance for one in compared), default=0.0),
        "seconds": sum(one.seconds for one in compared),
        "seconds_dlib": sum(one.seconds_dlib for one in compared),
    }


def run(options: argparse.Namespace) -> Iterator[Compared]:
    """Compares every photo at every enlargement, saying how far it is on standard error."""
    theirs = original()
    photos = sorted(path for path in options.photos.rglob("*") if path.suffix.lower() in {".jpg", ".jpeg", ".png"})
    for upsample in options.upsample or [0, 1]:
        for photo in photos[: options.limit]:
            one = compare(photo, upsample, options.max_side, theirs)
            print(f"{one.photo} x{2**upsample}: {'equal' if one.equal else 'DIFFERS'}", file=sys.stderr)
            yield one


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", nargs="?", type=Path, default=PHOTOS)
    parser.add_argument("--upsample", type=int, action="append")
    parser.add_argument("--max-side", type=int, default=1600)
    parser.add_argument("--limit", type=int)
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    compared = list(run(options))
    figures = summary(compared)
    report({**figures, "results": [asdict(one) for one in compared]}, options.output, shown=str(figures))
    return int(figures["photos_that_differ"] > 0 or figures["largest_confidence_apart"] > 1e-3)


if __name__ == "__main__":
    sys.exit(main())
