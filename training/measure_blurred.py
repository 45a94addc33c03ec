"""Whether small and blurred faces match others more often than sharp ones, and what a stricter threshold would do.

`python training/measure_blurred.py LFW [--engine dlib] [--home DIR] [--strangers 600]`, where LFW is a folder with one
folder of photos for each person. Three sharp photos enrol everybody who has more; up to four further photos of each and
one of each stranger are spoiled in several ways and searched. A false match is one probe that is `me` for one enrolled
person who is somebody else. The table has the faces of a quality below `DOUBTFUL`: "stricter" asks of them more than of
others to be `me`, up to midway between that threshold and 1 for the worst. The first versions of untag did.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from calibrate_engines import BATCH, principal_face
from untag.config import Settings
from untag.engine.runtime.models import ModelOptions
from untag.faces.engine import FaceEngine, load_engine
from untag.imaging.decode import decode
from untag.people.calibrate import load_calibration
from untag.people.match import Matcher
from untag.people.profile import make_profile
from untag.types import Face, Frame, Pixels

DOUBTFUL = 0.5
_REFERENCES = 3
_PROBES = 4


def _reduced(share: float) -> Callable[[Pixels], Pixels]:
    return lambda pixels: np.asarray(cv2.resize(pixels, None, fx=share, fy=share, interpolation=cv2.INTER_AREA))


def _blurred(sigma: float) -> Callable[[Pixels], Pixels]:
    return lambda pixels: np.asarray(cv2.GaussianBlur(pixels, (0, 0), sigma))


def _moved(length: int) -> Callable[[Pixels], Pixels]:
    kernel = np.full((1, length), 1 / length, np.float32)
    return lambda pixels: np.asarray(cv2.filter2D(pixels, -1, kernel))


def _small_and_packed(pixels: Pixels) -> Pixels:
    _, packed = cv2.imencode(".jpg", _reduced(0.5)(pixels), (cv2.IMWRITE_JPEG_QUALITY, 30))
    return np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR))


SPOILED: dict[str, Callable[[Pixels], Pixels]] = {
    "as it is": lambda pixels: pixels,
    "half the size": _reduced(0.5),
    "three tenths of the size": _reduced(0.3),
    "a fifth of the size": _reduced(0.2),
    "half the size, JPEG of quality 30": _small_and_packed,
    "blurred, sigma 2": _blurred(2),
    "blurred, sigma 4": _blurred(4),
    "moved by 9 pixels": _moved(9),
}


@dataclass(frozen=True, slots=True)
class Probes:
    """N faces: embeddings (N, dimensions), qualities (N,), and whose they are (N,)."""

    embeddings: NDArray[np.float32]
    qualities: NDArray[np.float64]
    persons: NDArray[np.str_]


def analysed(engine: FaceEngine, photos: Sequence[Path], spoil: Callable[[Pixels], Pixels]) -> Probes:
    """The principal faces of `photos`, each spoiled; those without a face are left out."""
    found: list[tuple[Face, str]] = []
    for start in range(0, len(photos), BATCH):
        batch = photos[start : start + BATCH]
        frames = []
        for photo in batch:
            pixels = spoil(decode(photo.read_bytes(), max_side=0).pixels)
            frames.append(Frame(pixels, pixels.shape[1], pixels.shape[0], 1.0))
        for photo, frame, faces in zip(batch, frames, engine.analyse(frames), strict=True):
            face = principal_face(frame, faces)
            if face is not None:
                found.append((face, photo.parent.name))
        print(f"\r{start + len(batch)} of {len(photos)} photos", end="", file=sys.stderr, flush=True)
    vectors = np.stack([face.embedding for face, _ in found if face.embedding is not None])
    return Probes(vectors, np.array([face.quality for face, _ in found]), np.array([name for _, name in found]))


def row(matcher: Matcher, probes: Probes, photos: int) -> str:
    """One line of the table: recall and false matches in 100,000 among the doubtful faces, as it is and stricter."""
    doubtful = probes.qualities < DOUBTFUL
    persons = probes.persons[doubtful]
    same = persons[:, None] == np.array([profile.person for profile in matcher.profiles])[None]
    similar = np.stack(
        [
            Matcher((profile,), matcher.calibration, matcher.me, matcher.maybe).similarities(probes.embeddings)[:, 0]
            for profile in matcher.profiles
        ],
        axis=1,
    )[doubtful]
    doubt = (1 - probes.qualities[doubtful] / DOUBTFUL) / 2
    cells = [f"{len(probes.qualities)}/{photos}", str(len(persons))]
    for threshold in (np.full(len(persons), matcher.me), matcher.me + doubt * (1 - matcher.me)):
        is_me = similar >= threshold[:, None]
        false, pairs = int(is_me[~same].sum()), int((~same).sum())
        recall = f"{is_me[same].mean():.3f} of {int(same.sum())}" if same.any() else "-"
        cells += [recall, f"{1e5 * false / max(1, pairs):.1f} ({false} of {pairs})"]
    return " | ".join(cells)


def main() -> None:
    """Enrol, spoil, search, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--engine", default="dlib")
    parser.add_argument("--home", type=Path, help="where models were pulled to, and derived files are kept")
    parser.add_argument("--strangers", type=int, default=600)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        engine = load_engine(options.engine, ModelOptions(options.home or Path(scratch)))
    by_person: defaultdict[str, list[Path]] = defaultdict(list)
    for photo in sorted(options.folder.glob("*/*.jpg")):
        by_person[photo.parent.name].append(photo)
    known = {name: photos for name, photos in by_person.items() if len(photos) > _REFERENCES}
    enrolled = analysed(engine, [p for photos in known.values() for p in photos[:_REFERENCES]], SPOILED["as it is"])
    calibration = load_calibration(engine.id)
    profiles = tuple(
        make_profile(name, enrolled.embeddings[enrolled.persons == name], calibration)
        for name in np.unique(enrolled.persons).tolist()
    )
    settings = Settings(Path())
    matcher = Matcher(profiles, calibration, settings.me_similarity, settings.maybe_similarity)
    probes = [p for photos in known.values() for p in photos[_REFERENCES : _REFERENCES + _PROBES]]
    probes += [photos[0] for name, photos in by_person.items() if name not in known][: options.strangers]
    print("| spoiled | found | doubtful | recall | false in 100,000 | recall, stricter | false, stricter |")
    print("|---|---|---|---|---|---|---|")
    for name, spoil in SPOILED.items():
        print(f"| {name} | {row(matcher, analysed(engine, probes, spoil), len(probes))} |", flush=True)


if __name__ == "__main__":
    main()
