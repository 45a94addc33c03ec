"""A whole scan, side by side with what people use today: scripts and the command line of `face_recognition`.

    python -m benchmarks.scan PHOTOS --me REFERENCE.jpg [--engines dlib] [--against hog] [--output FILE.json]

Needs untag[reference]. The photos are enlarged to between 2 and 12 megapixels, as phones make them, where they are
smaller. `hog` does what the `face_recognition` command does with each photo: decode, reduce to 1600 px, search with HOG
after doubling, embed every face. `cnn` is a script with `model="cnn"`, on `--cnn-photos` of them since it takes minutes
for each. Models are loaded before the clock starts, on both sides. Both sides then say in which photos they found the
person of the reference; the pair of answers is part of the result. Each ratio is of seconds of the clock, and
`median_cpu_ratio` of seconds of all cores together, which a busy machine changes less.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import cv2
import dlib
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from benchmarks.output import report
from untag.config import Settings
from untag.engine.downloads import registry
from untag.engine.runtime.models import ModelOptions
from untag.faces.engine import load_engine
from untag.imaging.decode import decode
from untag.people.enrolment import EnrolmentRequest, enroll_person, look_for_references
from untag.scan import SEARCH_SIDE, ScanModels, scan
from untag.scan.judge import load_judge
from untag.scenes.installed import load_scene_models
from untag.store import Store, photo_evidence
from untag.types import Verdict

MEGAPIXELS = (2.0, 5.0, 8.0, 12.0)
TOLERANCE = 0.6
"""face_recognition's own distance below which two faces are one person."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Seconds of the clock and of all cores together, faces found, and the names of the photos of the person."""

    seconds: float
    cpu: float
    faces: int
    mine: frozenset[str]


def prepare(source: Path, folder: Path, most: int) -> list[Path]:
    """The `most` largest photos below `source`, each enlarged to 2, 5, 8 or 12 megapixels in turn."""
    photos = sorted((path for path in source.rglob("*") if path.suffix.lower() in (".jpg", ".jpeg", ".png")), key=_area)
    prepared = []
    for number, path in enumerate(photos[::-1][:most]):
        with Image.open(path) as image:
            pixels = np.asarray(ImageOps.exif_transpose(image).convert("RGB"))
        factor = max(1.0, (MEGAPIXELS[number % 4] * 1e6 / (pixels.shape[0] * pixels.shape[1])) ** 0.5)
        enlarged = cv2.resize(pixels, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC)
        prepared.append(folder / f"{number:03}-{path.stem}.jpg")
        Image.fromarray(enlarged).save(prepared[-1], quality=90)
    return prepared


def _area(path: Path) -> int:
    with Image.open(path) as image:
        return image.width * image.height


class Untag:
    """One engine, with a reference enrolled in a home folder of its own for each scan."""

    def __init__(self, name: str, models_home: Path, me: Path, work: Path) -> None:
        self.name, self.me, self.work = name, me, work
        options = ModelOptions(models_home)
        self.models = ScanModels(load_engine(name, options), load_scene_models(options))
        self.runs = 0

    def scan(self, photos: Sequence[Path], *, all_scenes: bool = False) -> Answer:
        self.runs += 1
        home, folder = self.work / f"home-{self.name}-{self.runs}", self.work / f"links-{self.name}-{self.runs}"
        folder.mkdir()
        for photo in photos:
            (folder / photo.name).hardlink_to(photo)
        settings = Settings(home)
        engine = self.models.faces
        with Store.open(home) as store:
            request = EnrolmentRequest("me", (self.me,))
            found = look_for_references(store, request, engine, settings)
            enroll_person(store, request, found, settings)
            judge = load_judge(store, engine.id, settings, all_scenes=all_scenes)
            start, cpu = time.perf_counter(), time.process_time()
            summary = scan(store, [folder], self.models, judge, settings)
            seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
            mine = frozenset(
                Path(evidence.places[0].path).name
                for evidence in photo_evidence(store)
                if any(face.match.verdict is not Verdict.OTHER for face in evidence.faces)
            )
        return Answer(seconds, cpu, summary.faces, mine)

    def whole(self, photos: Sequence[Path], repeats: int) -> dict[str, object]:
        """A scan beside its stages, each alone over all photos; the scenes of all are judged, on both sides.

        `over_all_cores` is against what the stages would take if every core were busy with them all the time: no
        scan can be below 1. Where no stage takes most of the work, `scan_over_slowest_stage` cannot come near 1.
        """
        rounds = [(self.stages(photos), self.scan(photos, all_scenes=True).seconds) for _ in range(repeats)]
        shares = [{stage: seconds / whole for stage, (seconds, _) in alone.items()} for alone, whole in rounds]
        cores = os.cpu_count() or 1
        over = [whole * cores / sum(cpu for _, cpu in alone.values()) for alone, whole in rounds]
        return {
            "stages_alone_as_share_of_the_scan": {
                stage: round(statistics.median(share[stage] for share in shares), 3) for stage in shares[0]
            },
            "scan_over_slowest_stage": round(statistics.median(1 / max(share.values()) for share in shares), 2),
            "over_all_cores": round(statistics.median(over), 2),
        }

    def stages(self, photos: Sequence[Path]) -> dict[str, tuple[float, float]]:
        """Seconds of each stage alone, over all photos: of the clock, and of all cores together."""
        times = [(time.perf_counter(), time.process_time())]
        frames = [decode(photo.read_bytes(), max_side=SEARCH_SIDE) for photo in photos]
        times.append((time.perf_counter(), time.process_time()))
        for first in range(0, len(frames), 8):
            self.models.faces.analyse(frames[first : first + 8])
        times.append((time.perf_counter(), time.process_time()))
        for first in range(0, len(frames), 8):
            batch = slice(first, first + 8)
            self.models.scenes.judge([frame.pixels for frame in frames[batch]])
        times.append((time.perf_counter(), time.process_time()))
        taken = [(end[0] - start[0], end[1] - start[1]) for start, end in pairwise(times)]
        return dict(zip(("decode", "faces", "scenes"), taken, strict=True))


class FaceRecognition:
    """face_recognition's own steps (face_recognition/api.py and its command line), on dlib's prebuilt wheel."""

    def __init__(self, model: str, me: Path) -> None:
        self.model = model
        self.landmarks = dlib.shape_predictor(str(registry.DLIB_LANDMARKS.locate()))
        self.embedder = dlib.face_recognition_model_v1(str(registry.DLIB_EMBEDDING.locate()))
        hog = dlib.get_frontal_face_detector()
        self.detect: Callable[[NDArray[np.uint8]], list[dlib.rectangle]] = lambda image: list(hog(image, 1))
        if model == "cnn":
            cnn = dlib.cnn_face_detection_model_v1(str(registry.DLIB_DETECTOR.locate()))
            self.detect = lambda image: [found.rect for found in cnn(image, 1)]
        self.known = self.embed(self.load(me))[0]

    def load(self, path: Path) -> NDArray[np.uint8]:
        with Image.open(path) as opened:
            image = opened.convert("RGB")
        if max(image.size) > 1600:
            image.thumbnail((1600, 1600), Image.Resampling.LANCZOS)
        return np.array(image)

    def embed(self, image: NDArray[np.uint8]) -> list[NDArray[np.float64]]:
        shapes = [self.landmarks(image, box) for box in self.detect(image)]
        return [np.array(self.embedder.compute_face_descriptor(image, shape)) for shape in shapes]

    def scan(self, photos: Sequence[Path], *, all_scenes: bool = False) -> Answer:
        start, cpu, faces, mine = time.perf_counter(), time.process_time(), 0, set()
        for photo in photos:
            found = self.embed(self.load(photo))
            faces += len(found)
            if any(np.linalg.norm(vector - self.known) <= TOLERANCE for vector in found):
                mine.add(photo.name)
        return Answer(time.perf_counter() - start, time.process_time() - cpu, faces, frozenset(mine))


def compare(ours: Untag, theirs: FaceRecognition, photos: Sequence[Path], repeats: int) -> dict[str, object]:
    """Both sides in turn; the ratio is of neighbouring runs, so that a busy moment of the machine hits both."""
    rounds = [(ours.scan(photos), theirs.scan(photos)) for _ in range(repeats)]
    ours_last, theirs_last = rounds[-1]
    ratios = [their.seconds / our.seconds for our, their in rounds]
    cpu_ratios = [their.cpu / our.cpu for our, their in rounds]
    return {
        "photos": len(photos),
        "ratios": [round(ratio, 2) for ratio in ratios],
        "median_ratio": round(statistics.median(ratios), 2),
        "median_cpu_ratio": round(statistics.median(cpu_ratios), 2),
        "faces": {"untag": ours_last.faces, "face_recognition": theirs_last.faces},
        "photos_of_the_person": {
            "both": len(ours_last.mine & theirs_last.mine),
            "untag_only": len(ours_last.mine - theirs_last.mine),
            "face_recognition_only": len(theirs_last.mine - ours_last.mine),
        },
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", type=Path)
    parser.add_argument("--me", type=Path, required=True, help="a photo of somebody in the photos")
    parser.add_argument("--engines", default="dlib")
    parser.add_argument("--against", default="hog,cnn")
    parser.add_argument("--most", type=int, default=100)
    parser.add_argument("--cnn-photos", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--home", type=Path, help="where pulled models and built graphs are; else made anew")
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    results: dict[str, object] = {}
    with tempfile.TemporaryDirectory() as scratch:
        work = Path(scratch)
        (work / "photos").mkdir()
        photos = prepare(options.photos, work / "photos", options.most)
        for name in options.engines.split(","):
            ours = Untag(name, options.home or work / "models", options.me, work)
            ours.scan(photos[:4])
            for model in options.against.split(","):
                some, repeats = (photos[: options.cnn_photos], 1) if model == "cnn" else (photos, options.repeats)
                results[f"{name} against {model}"] = compare(ours, FaceRecognition(model, options.me), some, repeats)
            results[f"{name}, whole scan"] = ours.whole(photos, options.repeats)
    report(results, options.output)


if __name__ == "__main__":
    main()
