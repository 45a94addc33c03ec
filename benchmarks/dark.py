"""What a second look with the light lifted finds in dark photos, what it costs, and what it takes for a face.

    python -m benchmarks.dark [PHOTOS…] [--engines dlib,yunet+0095] [--home DIR] [--every 1] [--output FILE.json]

First the portraits of `sample_photos/me`, darkened in several ways: in how many the face is found, and how many are at
least `maybe` for somebody who is enrolled with the other three. Then `PHOTOS`, folders of real ones: how many get the
second look, its time as a share of the time for finding and embedding faces, and every new face with its score, and
whether the other engines see a face there as well.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from unittest import mock

import cv2
import numpy as np

from benchmarks.output import report
from untag.engine.runtime.models import ModelOptions
from untag.faces.dark import is_dark, lifted
from untag.faces.engine import FaceEngine, load_engine
from untag.faces.tiles import same_face
from untag.imaging.decode import decode
from untag.people.calibrate import load_calibration
from untag.scan import SEARCH_SIDE
from untag.types import Box, Face, Frame, Pixels

PORTRAITS = Path(__file__).parents[1] / "sample_photos" / "me"
_MAYBE = 0.5
_QUALITY = (cv2.IMWRITE_JPEG_QUALITY, 90)


def frame_of(pixels: Pixels) -> Frame:
    return Frame(pixels, pixels.shape[1], pixels.shape[0], 1.0)


def as_bytes(values: Any) -> Pixels:
    return np.asarray(np.clip(values, 0, 255), np.uint8)


def gamma(exponent: float) -> Callable[[Pixels, Box], Pixels]:
    return lambda pixels, _: as_bytes(255 * (pixels / 255) ** exponent)


def exposed(share: float, noise: float) -> Callable[[Pixels, Box], Pixels]:
    random = np.random.default_rng(0)
    return lambda pixels, _: as_bytes(pixels * share + random.normal(0, noise, pixels.shape))


def backlit(share: float) -> Callable[[Pixels, Box], Pixels]:
    def darken(pixels: Pixels, face: Box) -> Pixels:
        """Head and shoulders in shadow, everything else close to white."""
        mask = np.zeros(pixels.shape[:2], np.float32)
        middle = (round((face.left + face.right) / 2), round((face.top + face.bottom) / 2 + 0.8 * face.width))
        cv2.ellipse(mask, middle, (round(1.6 * face.width), round(2.2 * face.width)), 0, 0, 360, 1.0, -1)
        soft = np.asarray(cv2.GaussianBlur(mask, (0, 0), 0.15 * face.width))[..., None]
        bright = 255 - (255 - pixels.astype(np.float32)) * 0.3
        return as_bytes(bright * (1 - soft) + pixels * share * soft)

    return darken


DARKENED: Mapping[str, Callable[[Pixels, Box], Pixels]] = {
    "gamma 5": gamma(5),
    "gamma 7": gamma(7),
    "a tenth of the light, noise 2": exposed(0.1, 2),
    "a twentieth of the light, noise 2": exposed(0.05, 2),
    "a thirtieth of the light, noise 1": exposed(1 / 30, 1),
    "a fiftieth of the light, noise 1": exposed(0.02, 1),
    "in front of a window, a fifth of the light": backlit(0.2),
    "in front of a window, a tenth": backlit(0.1),
    "in front of a window, a twentieth": backlit(0.05),
}


def analysed(engine: FaceEngine, pixels: Pixels, *, twice: bool) -> tuple[tuple[Face, ...], float]:
    """The faces, and how many seconds it took; without the second look unless `twice`."""
    with mock.patch("untag.faces.composed.is_dark", is_dark if twice else lambda _: False):
        start = time.perf_counter()
        (faces,) = engine.analyse([frame_of(pixels)])
        return faces, time.perf_counter() - start


def made(engine: FaceEngine) -> dict[str, Any]:
    """For each way to darken the portraits: how many are found once, and twice looked at, and how many are known."""
    calibration = load_calibration(engine.id)
    portraits = [decode(path.read_bytes(), max_side=1000).pixels for path in sorted(PORTRAITS.glob("*.jpg"))]
    faces = [max(analysed(engine, pixels, twice=False)[0], key=lambda face: face.box.width) for pixels in portraits]
    result = {}
    for name, darken in DARKENED.items():
        counts = {"photos": len(portraits), "found_at_once": 0, "found": 0, "known": 0, "faces": 0}
        for index, (pixels, own) in enumerate(zip(portraits, faces, strict=True)):
            packed = cv2.imencode(".jpg", darken(pixels, own.box), _QUALITY)[1]
            dark = np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR), np.uint8)
            found, _ = analysed(engine, dark, twice=True)
            others = np.stack([f.embedding for at, f in enumerate(faces) if at != index and f.embedding is not None])
            apart = [np.linalg.norm(others.mean(axis=0) - f.embedding) for f in found if f.embedding is not None]
            similar = calibration.similarity(
                calibration.pair_distance(np.array(apart), np.full(len(apart), len(others)))
            )
            counts["found_at_once"] += bool(analysed(engine, dark, twice=False)[0])
            counts["found"] += any(same_face(face.box, own.box) for face in found)
            counts["known"] += bool((similar >= _MAYBE).any())
            counts["faces"] += len(found)
        result[name] = counts
    return result


def real(engine: FaceEngine, others: list[FaceEngine], paths: list[Path]) -> dict[str, Any]:
    """Counts and times over real photos, and every face that only the second look shows."""
    counts = {"photos": len(paths), "nobody": 0, "dark": 0, "new": 0}
    once = more = 0.0
    new: list[dict[str, Any]] = []
    for path in paths:
        pixels = decode(path.read_bytes(), max_side=SEARCH_SIDE).pixels
        faces, seconds = analysed(engine, pixels, twice=False)
        once += seconds
        counts["nobody"] += not faces
        if faces or not is_dark(pixels):
            continue
        counts["dark"] += 1
        found, again = analysed(engine, pixels, twice=True)
        more += again - min(seconds, analysed(engine, pixels, twice=False)[1])
        counts["new"] += len(found)
        seen = [face.box for other in others for image in (pixels, lifted(pixels)) for face in _of(other, image)]
        for face in found:
            box = [round(edge) for edge in (face.box.left, face.box.top, face.box.right, face.box.bottom)]
            agreed = any(same_face(face.box, other) for other in seen)
            new.append({"path": str(path), "box": box, "score": round(face.score, 2), "seen_by_others": agreed})
    return {**counts, "share_of_time": round(more / once, 4), "faces": new}


def _of(engine: FaceEngine, pixels: Pixels) -> tuple[Face, ...]:
    return analysed(engine, pixels, twice=False)[0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", nargs="*", type=Path)
    parser.add_argument("--engines", default="dlib")
    parser.add_argument("--home", type=Path, help="where built graphs and pulled models are kept; else made anew")
    parser.add_argument("--every", type=int, default=1, help="of the real photos, take one in so many")
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        home = options.home or Path(scratch)
        engines = {name: load_engine(name, ModelOptions(home, threads=1)) for name in options.engines.split(",")}
    results: dict[str, Any] = {}
    for name, engine in engines.items():
        others = [other for other in engines.values() if other is not engine]
        results[name] = {"made": made(engine)} | {
            str(folder): real(engine, others, sorted(folder.rglob("*.jpg"))[:: options.every])
            for folder in options.photos
        }
    report(results, options.output)


if __name__ == "__main__":
    main()
