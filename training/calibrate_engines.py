"""Rewrite an engine's entry in models/calibration.json, from labelled photos.

`python training/calibrate_engines.py LFW [--engine dlib] [--home DIR] [--cache FILE]`, where LFW is a folder with one
folder of photos for each person (Labeled Faces in the Wild, deep-funneled). The principal face of a photo, the one
nearest to its centre, is its person's; photos without a face are left out. Every two photos are a pair.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from untag.engine.runtime.models import ModelOptions
from untag.faces.detect import DEFAULT_MMOD
from untag.faces.engine import FaceEngine, load_engine
from untag.imaging.decode import decode
from untag.people.calibrate import ME_FMR, Calibration, all_pairs, calibrate
from untag.types import Face, Frame

CALIBRATION = Path(__file__).parents[1] / "models" / "calibration.json"
DATA = "Labeled Faces in the Wild, deep-funneled"
BATCH = 16


def principal_face(frame: Frame, faces: tuple[Face, ...]) -> Face | None:
    """The face nearest to the centre of the photo, None when there is none."""

    def off_centre(face: Face) -> float:
        box = face.box
        return abs(box.left + box.right - frame.width) + abs(box.top + box.bottom - frame.height)

    return min(faces, key=off_centre, default=None)


def embed(engine: FaceEngine, photos: list[Path]) -> tuple[NDArray[np.float32], NDArray[np.str_]]:
    """The principal faces' embeddings (N, dimensions), and whose they are (N,)."""
    vectors: list[NDArray[np.float32]] = []
    persons: list[str] = []
    for start in range(0, len(photos), BATCH):
        batch = photos[start : start + BATCH]
        frames = [decode(photo.read_bytes(), max_side=DEFAULT_MMOD.max_side) for photo in batch]
        for photo, frame, faces in zip(batch, frames, engine.analyse(frames), strict=True):
            face = principal_face(frame, faces)
            if face is not None and face.embedding is not None:
                vectors.append(face.embedding)
                persons.append(photo.parent.name)
        print(f"\r{start + len(batch)} of {len(photos)} photos", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return np.stack(vectors), np.array(persons)


def embed_once(engine: FaceEngine, folder: Path, cache: Path | None) -> tuple[NDArray[np.float32], NDArray[np.str_]]:
    """What `embed` makes of a folder with one folder for each person: read from `cache`, or written to it."""
    if cache is not None and cache.is_file():
        with np.load(cache, allow_pickle=False) as cached:
            if str(cached["engine"]) != engine.id:
                raise SystemExit(f"{cache} holds embeddings of {cached['engine']}, not of {engine.id}")
            return cached["vectors"], cached["persons"]
    vectors, persons = embed(engine, sorted(folder.glob("*/*.jpg")))
    if cache is not None:
        np.savez(cache, engine=engine.id, vectors=vectors, persons=persons)
    return vectors, persons


def entry(calibration: Calibration, photos: int, same: NDArray[np.bool_]) -> dict[str, float | str]:
    """What calibration.json says of one engine."""
    alike = int(same.sum())
    return {
        "maybe": round(calibration.maybe, 4),
        "me": round(calibration.me, 4),
        "maybe_shift": round(calibration.maybe_shift, 4),
        "me_shift": round(calibration.me_shift, 4),
        "data": f"{DATA}, {photos} photos: {len(same) - alike} different and {alike} same pairs",
    }


def main() -> None:
    """Embed the photos, calibrate, and rewrite the engine's entry."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--engine", default="dlib")
    parser.add_argument("--home", type=Path, help="where models were pulled to, and derived files are kept")
    parser.add_argument("--cache", type=Path, help="an .npz: read when there, else written, to try something again")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        engine = load_engine(options.engine, ModelOptions(options.home or Path(scratch)))
    vectors, persons = embed_once(engine, options.folder, options.cache)
    calibration = calibrate(vectors, persons)
    distances, same = all_pairs(vectors, persons)
    accepted = float((distances[same] <= calibration.me).mean())
    print(f"{engine.id}: at a false match rate of {ME_FMR:g} it accepts {accepted:.4f} of the same pairs")
    table = json.loads(CALIBRATION.read_text("utf-8"))
    table["engines"][engine.id] = entry(calibration, len(vectors), same)
    table["engines"] = dict(sorted(table["engines"].items()))
    CALIBRATION.write_text(json.dumps(table, indent=2) + "\n", "utf-8")
    print(f'CALIBRATION_SHA256 = "{hashlib.sha256(CALIBRATION.read_bytes()).hexdigest()}"')


if __name__ == "__main__":
    main()
