"""How exactly `untag.face_recognition` answers what face_recognition's model="cnn" answers, and in what time.

    python -m benchmarks.drop_in [PHOTOS] [--upsample N]… [--max-side N] [--limit N] [--kept FOLDER] [--output FILE]

For each photo of the folder, reduced to `--max-side` where it is larger: are the locations equal to the pixel, how far
are confidences apart, and encodings without given locations (once enlarged). Faces whose confidences are within 1e-3 of
each other may come in another order; how many do is counted. The reference is dlib itself, with face_recognition's
models; `pip install untag[reference]`. Times are seconds of processor. Exit status: 1 where answers differ.
"""

from __future__ import annotations

import argparse
import functools
import hashlib
import itertools
import json
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

import untag.face_recognition as face_recognition
from benchmarks.output import report
from untag.engine.downloads import registry
from untag.faces.dlib_detector import DlibDetection, DlibDetector
from untag.types import Pixels

PHOTOS = Path(__file__).parents[2] / "shared" / "data" / "faces"


TIE = 1e-3
"""Confidences nearer than that are one: such faces may come in another order."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Rectangles as dlib has them: (top, right, bottom, left), not clipped; encodings are (128,) float64."""

    rectangles: list[tuple[int, int, int, int]]
    confidences: list[float]
    encodings: list[Any]
    seconds: float


@dataclass(frozen=True, slots=True)
class Compared:
    """One photo; `distance` is the largest between an encoding and dlib's of the same rectangle.

    `equal`: the same rectangles, in the same order but for ties, and `face_locations` gives them, clipped.
    """

    photo: str
    upsample: int
    faces: int
    equal: bool
    ties_swapped: int
    confidence_apart: float
    distance: float
    seconds: float
    seconds_dlib: float


class Original:
    """What face_recognition does with model="cnn", told in its three calls of dlib; kept in a folder if asked."""

    def __init__(self, kept: Path | None) -> None:
        self._kept = kept

    def answer(self, image: Pixels, upsample: int) -> Answer:
        name = f"{hashlib.sha256(image.tobytes()).hexdigest()[:32]}-{upsample}.json"
        file = None if self._kept is None else self._kept / name
        if file is not None and file.exists():
            return _read(json.loads(file.read_text()))
        answer = self._ask(image, upsample)
        if file is not None:
            encodings = [[float(value) for value in one] for one in answer.encodings]
            file.write_text(json.dumps(asdict(replace(answer, encodings=encodings))))
        return answer

    def _ask(self, image: Pixels, upsample: int) -> Answer:
        detect, predict, embed = _models()
        started = time.process_time()
        found = detect(image, upsample)
        rectangles = [(one.rect.top(), one.rect.right(), one.rect.bottom(), one.rect.left()) for one in found]
        encodings = [np.array(embed.compute_face_descriptor(image, predict(image, one.rect), 1)) for one in found]
        confidences = [float(one.confidence) for one in found]
        return Answer(rectangles, confidences, encodings, time.process_time() - started)


def _read(kept: dict[str, Any]) -> Answer:
    rectangles = [(top, right, bottom, left) for top, right, bottom, left in kept["rectangles"]]
    return Answer(rectangles, kept["confidences"], [np.array(one) for one in kept["encodings"]], kept["seconds"])


@functools.cache
def _models() -> tuple[Any, Any, Any]:
    import dlib

    detect = dlib.cnn_face_detection_model_v1(str(registry.DLIB_DETECTOR.locate()))
    predict = dlib.shape_predictor(str(registry.DLIB_LANDMARKS.locate()))
    return detect, predict, dlib.face_recognition_model_v1(str(registry.DLIB_EMBEDDING.locate()))


class Remembering:
    """A detector that is asked the same twice in a row, by the functions that are compared, and works once."""

    def __init__(self, detector: DlibDetector) -> None:
        self._detector = detector
        self._last: tuple[bytes, int, list[list[DlibDetection]]] | None = None

    def detect(self, images: Sequence[Pixels], doublings: int = 0) -> list[list[DlibDetection]]:
        content = b"".join(image.tobytes() for image in images)
        if self._last is None or self._last[:2] != (content, doublings):
            self._last = content, doublings, self._detector.detect(images, doublings)
        return self._last[2]


def ours(image: Pixels, upsample: int) -> tuple[Answer, list[tuple[int, int, int, int]]]:
    """The same of untag, and what `face_locations` says; where it enlarges once, encodings without given locations."""
    started = time.process_time()
    (found,) = face_recognition._detector().detect([image], upsample)
    edges = [(one.box.top, one.box.right, one.box.bottom, one.box.left) for one in found]
    rectangles = [(int(top), int(right), int(bottom), int(left)) for top, right, bottom, left in edges]
    locations = face_recognition.face_locations(image, upsample, model="cnn")
    encodings = face_recognition.face_encodings(image) if upsample == 1 else []
    seconds = time.process_time() - started
    return Answer(rectangles, [one.confidence for one in found], encodings, seconds), locations


def ties_swapped(expected: Answer, answered: Answer) -> int | None:
    """How many pairs of faces are in another order; None where their confidences are no tie, or rectangles differ."""
    if sorted(expected.rectangles) != sorted(answered.rectangles):
        return None
    place = {rectangle: number for number, rectangle in enumerate(answered.rectangles)}
    order = [(place[rectangle], expected.confidences[number]) for number, rectangle in enumerate(expected.rectangles)]
    apart = [one[1] - other[1] for one, other in itertools.combinations(order, 2) if one[0] > other[0]]
    return None if any(abs(difference) > TIE for difference in apart) else len(apart)


def compare(photo: Path, upsample: int, max_side: int, original: Original) -> Compared:
    """Both answers to one photo."""
    with Image.open(photo) as opened:
        reduced = opened.convert("RGB")
        reduced.thumbnail((max_side, max_side))
        image = np.array(reduced)
    expected = original.answer(image, upsample)
    answered, locations = ours(image, upsample)
    swapped = ties_swapped(expected, answered)
    clipped = [_clipped(rectangle, image) for rectangle in expected.rectangles]
    pairs = [
        (number, answered.rectangles.index(rectangle))
        for number, rectangle in enumerate(expected.rectangles)
        if rectangle in answered.rectangles
    ]
    apart = [abs(expected.confidences[one] - answered.confidences[other]) for one, other in pairs]
    encoded = pairs if answered.encodings else []
    distances = [float(np.linalg.norm(expected.encodings[one] - answered.encodings[other])) for one, other in encoded]
    return Compared(
        photo=f"{photo.parent.name}/{photo.name}",
        upsample=upsample,
        faces=len(expected.rectangles),
        equal=swapped is not None and sorted(clipped) == sorted(locations),
        ties_swapped=swapped or 0,
        confidence_apart=max(apart, default=0.0),
        distance=max(distances, default=0.0),
        seconds=answered.seconds,
        seconds_dlib=expected.seconds,
    )


def _clipped(rectangle: tuple[int, int, int, int], image: Pixels) -> tuple[int, int, int, int]:
    """As face_recognition/api.py has it (`_trim_css_to_bounds`)."""
    top, right, bottom, left = rectangle
    return max(top, 0), min(right, image.shape[1]), min(bottom, image.shape[0]), max(left, 0)


def summary(compared: list[Compared]) -> dict[str, Any]:
    """The figures over all photos."""
    distances = sorted(one.distance for one in compared if one.distance > 0) or [0.0]
    return {
        "photos": len({one.photo for one in compared}),
        "answers": len(compared),
        "faces": sum(one.faces for one in compared),
        "answers_that_differ": sum(not one.equal for one in compared),
        "ties_swapped": sum(one.ties_swapped for one in compared),
        "largest_confidence_apart": max((one.confidence_apart for one in compared), default=0.0),
        "largest_encoding_distance": distances[-1],
        "median_encoding_distance": distances[len(distances) // 2],
        "seconds": sum(one.seconds for one in compared),
        "seconds_dlib": sum(one.seconds_dlib for one in compared),
    }


def run(options: argparse.Namespace) -> Iterator[Compared]:
    """Compares every photo at every enlargement, saying how far it is on standard error."""
    original = Original(options.kept)
    detector: Any = Remembering(face_recognition._detector())
    face_recognition._detector = lambda: detector  # type: ignore[assignment]
    photos = sorted(path for path in options.photos.rglob("*") if path.suffix.lower() in {".jpg", ".jpeg", ".png"})
    for upsample in options.upsample or [0, 1]:
        for photo in photos[: options.limit]:
            one = compare(photo, upsample, options.max_side, original)
            print(f"{one.photo} x{2**upsample}: {'equal' if one.equal else 'DIFFERS'}", file=sys.stderr)
            yield one


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", nargs="?", type=Path, default=PHOTOS)
    parser.add_argument("--upsample", type=int, action="append")
    parser.add_argument("--max-side", type=int, default=1600)
    parser.add_argument("--limit", type=int)
    parser.add_argument("--kept", type=Path, help="a folder for dlib's answers, which take an hour for 147 photos")
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    compared = list(run(options))
    figures = summary(compared)
    report({**figures, "results": [asdict(one) for one in compared]}, options.output, shown=str(figures))
    return int(figures["answers_that_differ"] > 0 or figures["largest_confidence_apart"] > TIE)


if __name__ == "__main__":
    sys.exit(main())
