"""How many faces each detector finds, and how many of its faces are none, by size, on labelled photos.

    python -m benchmarks.face_detection --root PHOTOS [--engines dlib,hog,cnn,yunet@320+1280] [--output FILE.json]

An engine is one of
- an engine of untag (`dlib`, `yunet+sface` ...), on photos decoded as in a scan; its models are looked for in `--home`;
- `yunet@SIDES`: YuNet alone at these working sizes, joined by +, with the weights of `--yunet FILE.onnx`;
- `hog` and `cnn`: face_recognition's detectors, run with dlib (untag[reference]) as its command line does, on photos of
  at most 1,600 pixels; HOG looks at the photo doubled, the CNN as it is (`cnn@1`: doubled, minutes for each photo).

What the reference detectors found is kept in `labels/reference_detections.csv`; they run only on photos that are not in
it, or with `--cached-only` not at all: then each engine is measured on the photos that all have. `--record` adds to it.
"""

from __future__ import annotations

import argparse
import csv
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import cv2

from benchmarks.face_labels import (
    SIZES,
    Found,
    LabelledPhoto,
    Matching,
    match,
    read_box,
    read_labels,
    size_class,
    size_of,
)
from benchmarks.output import report
from untag.imaging.decode import decode
from untag.types import Box, Pixels

LABELS = Path(__file__).parent / "labels"
REFERENCE_SIDE = 1600
Detector = Callable[[Path], list[Found]]


def engine_detector(name: str, home: Path, threads: int) -> Detector:
    from untag.engine.runtime.models import ModelOptions
    from untag.faces.engine import load_engine
    from untag.scan import SEARCH_SIDE

    engine = load_engine(name, ModelOptions(home, threads=threads))

    def detect(path: Path) -> list[Found]:
        (faces,) = engine.analyse([decode(path.read_bytes(), max_side=SEARCH_SIDE)])
        return [Found(face.box, face.score) for face in faces]

    return detect


def yunet_detector(weights: Path, sides: tuple[int, ...], threads: int) -> Detector:
    from untag.engine.runtime.session import Device, open_session
    from untag.faces.yunet import YunetFinder, YunetOptions

    session = open_session(weights.read_bytes(), device=Device.AUTO, threads=threads)
    finder = YunetFinder(session, YunetOptions(sides=sides))

    def detect(path: Path) -> list[Found]:
        (seen,) = finder.find([decode(path.read_bytes(), max_side=0).pixels])
        return [Found(face.box, face.score) for face in seen.faces]

    return detect


def reference_detector(name: str, times: int) -> Detector:
    import dlib

    from untag.engine.downloads import registry

    def hog(pixels: Pixels) -> Iterable[tuple[Any, float]]:
        boxes, scores, _ = hog_model.run(pixels, times, 0.0)
        return zip(boxes, scores, strict=True)

    def cnn(pixels: Pixels) -> Iterable[tuple[Any, float]]:
        return ((face.rect, face.confidence) for face in cnn_model(pixels, times))

    if name == "hog":
        hog_model = dlib.get_frontal_face_detector()
    else:
        cnn_model = dlib.cnn_face_detection_model_v1(str(registry.DLIB_DETECTOR.locate()))
    run = hog if name == "hog" else cnn

    def detect(path: Path) -> list[Found]:
        frame = decode(path.read_bytes(), max_side=REFERENCE_SIDE)
        return [
            Found(Box(r.left(), r.top(), r.right() + 1, r.bottom() + 1).scaled(1 / frame.scale), round(float(score), 4))
            for r, score in run(frame.pixels)
        ]

    return detect


class Reference:
    """Detections that are kept as rows of a table: detector, photo (by its hash), box and score."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.known: dict[tuple[str, str], list[Found]] = {}
        if path.exists():
            with path.open(newline="", encoding="utf-8") as file:
                for row in csv.DictReader(file):
                    found = self.known.setdefault((row["detector"], row["sha256"]), [])
                    if row["left"]:
                        found.append(Found(read_box(row), float(row["score"])))

    def write(self, photos: list[LabelledPhoto]) -> None:
        paths = {photo.sha256: photo.path for photo in photos}
        with self._path.open("w", newline="", encoding="utf-8") as file:
            table = csv.writer(file, lineterminator="\n")
            table.writerow(("detector", "path", "sha256", "left", "top", "right", "bottom", "score"))
            for (detector, sha256), found in sorted(self.known.items()):
                for one in found:
                    sides = (one.box.left, one.box.top, one.box.right, one.box.bottom)
                    table.writerow((detector, paths[sha256], sha256, *(f"{side:g}" for side in sides), one.score))
                if not found:
                    table.writerow((detector, paths[sha256], sha256, "", "", "", "", ""))


def summary(matchings: dict[str, Matching], seconds: float) -> dict[str, Any]:
    """Counts, recall and precision by size: that of the labelled face for hits and misses, else of the detection."""
    sizes: dict[str, dict[str, Any]] = {}
    for name in (*(name for name, _ in SIZES), "all"):
        hits, misses, alarms = (
            sum(name in ("all", size_class(box)) for boxes in kind for box in boxes)
            for kind in (
                [matching.hits for matching in matchings.values()],
                [matching.misses for matching in matchings.values()],
                [[found.box for found in matching.false_alarms] for matching in matchings.values()],
            )
        )
        sizes[name] = {
            "faces": hits + misses,
            "found": hits,
            "false_alarms": alarms,
            "recall": round(hits / (hits + misses), 4) if hits + misses else None,
            "precision": round(hits / (hits + alarms), 4) if hits + alarms else None,
        }
    missed = [(path, box, None) for path, matching in matchings.items() for box in matching.misses]
    alarms_of = [(path, f.box, f.score) for path, matching in matchings.items() for f in matching.false_alarms]
    return {
        "photos": len(matchings),
        "seconds": round(seconds, 1),
        "sizes": sizes,
        "missed": [_line(*one) for one in missed],
        "false_alarms": [_line(*one) for one in alarms_of],
    }


def _line(path: str, box: Box, score: float | None) -> dict[str, Any]:
    sides = [round(side) for side in (box.left, box.top, box.right, box.bottom)]
    line: dict[str, Any] = {"path": path, "box": sides, "size": round(size_of(box))}
    return line if score is None else line | {"score": round(score, 3)}


def table(results: dict[str, dict[str, Any]]) -> str:
    lines = ["| engine | " + " | ".join(f"{name} px" for name, _ in SIZES) + " | all | precision | false alarms |"]
    lines.append("|---" * (len(SIZES) + 4) + "|")
    for engine, result in results.items():
        cells = [
            "-" if size["recall"] is None else f"{size['recall']:.3f} ({size['found']}/{size['faces']})"
            for size in result["sizes"].values()
        ]
        every = result["sizes"]["all"]
        lines.append(f"| {engine} | {' | '.join(cells)} | {every['precision']} | {every['false_alarms']} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--engines", default="dlib,hog,cnn")
    parser.add_argument("--home", type=Path, help="where built graphs and pulled models are kept; else made anew")
    parser.add_argument("--yunet", type=Path, help="weights for the engines yunet@SIDES")
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--cached-only", action="store_true", help="never run the reference detectors")
    parser.add_argument("--record", action="store_true", help="keep what the reference detectors find")
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    photos = read_labels(LABELS / "faces.csv", options.root)
    engines: list[str] = options.engines.split(",")
    reference = Reference(LABELS / "reference_detections.csv")
    references = {name: reference_name(name) for name in engines if name.partition("@")[0] in ("hog", "cnn")}
    measured = photos
    if options.cached_only:
        measured = [p for p in photos if all((name, p.sha256) in reference.known for name in references.values())]
    cv2.setNumThreads(options.threads or cv2.getNumberOfCPUs())
    results: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory() as scratch:
        for name in engines:
            kept = references.get(name)
            detect: Detector | None = None
            matchings, seconds = {}, 0.0
            for photo in measured:
                found = None if kept is None else reference.known.get((kept, photo.sha256))
                if found is None:
                    detect = detect or load(name, options, options.home or Path(scratch))
                    start = time.perf_counter()
                    found = detect(options.root / photo.path)
                    seconds += time.perf_counter() - start
                    if kept is not None:
                        reference.known[kept, photo.sha256] = found
                matchings[photo.path] = match(photo.faces, found)
            results[name] = summary(matchings, seconds)
    if options.record:
        reference.write(photos)
    report(results, options.output, shown=f"{len(measured)} photos\n\n{table(results)}")


def reference_name(engine: str) -> str:
    """The engine with how often it doubles the photo: `hog` is `hog@1`, `cnn` is `cnn@0`."""
    return engine if "@" in engine else {"hog": "hog@1", "cnn": "cnn@0"}[engine]


def load(engine: str, options: argparse.Namespace, home: Path) -> Detector:
    kind, _, how = engine.partition("@")
    if kind in ("hog", "cnn"):
        return reference_detector(kind, int(reference_name(engine).partition("@")[2]))
    if kind == "yunet" and how:
        if options.yunet is None:
            raise SystemExit(f"{engine} needs --yunet FILE.onnx")
        return yunet_detector(options.yunet, tuple(int(side) for side in how.split("+")), options.threads)
    return engine_detector(engine, home, options.threads)


if __name__ == "__main__":
    main()
