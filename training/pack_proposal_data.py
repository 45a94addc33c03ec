"""Packs photos, and the faces that the MMOD detector finds in them, into one file for `train_proposals.py`."""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageOps

from untag.config import default_home
from untag.engine.runtime.models import ModelOptions, open_derived
from untag.faces.detect import DEFAULT_MMOD, MmodDetector
from untag.faces.dlib_engine import DETECTOR_FILE

QUALITY = 90
DOUBTFUL = -0.8  # the teacher's score below which there is surely no face


def photos(data: Path) -> Iterator[tuple[Path, int, float, bool]]:
    """Each photo with its longest side in the pack, the teacher's enlargement, and whether it is held out."""
    for index, path in enumerate(sorted((data / "faces").glob("*/*"))):
        yield path, 900, 1.4, index % 5 == 0
    for index, path in enumerate(sorted((data / "lfw").glob("*/*.jpg"))[::4]):
        yield path, 180, 1.4, index % 10 == 0
    for index, path in enumerate(sorted((data / "flickr8k").glob("*.jpg"))[::5]):
        yield path, 224, 2.5, index % 10 == 0
    with (data / "scene_labels.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            if row["path"].startswith("scenes/"):
                yield data / row["path"], 200, 1.6, False


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("output", type=Path)
    arguments = parser.parse_args()
    session = open_derived(DETECTOR_FILE, ModelOptions(default_home()))
    teacher = MmodDetector(session, replace(DEFAULT_MMOD, threshold=DOUBTFUL, enlarge_below=0, max_side=100_000))
    blob: list[bytes] = []
    held: list[bool] = []
    faces: list[list[tuple[float, ...]]] = []
    for path, side, factor, held_out in photos(arguments.data):
        with Image.open(path) as image:
            pixels = np.asarray(ImageOps.exif_transpose(image).convert("RGB"))
        # LFW is warped onto a black canvas: only its middle is a photo.
        if "lfw" in path.parts:
            margin = pixels.shape[0] // 10
            pixels = pixels[margin:-margin, margin:-margin]
        scale = min(1.0, side / max(pixels.shape[:2]))
        height, width = pixels.shape[:2]
        search = min(scale * factor, 1.6)
        enlarged = cv2.resize(pixels, None, fx=search, fy=search, interpolation=cv2.INTER_LINEAR)
        (found,) = teacher.detect([np.ascontiguousarray(enlarged)])
        to_pack = scale / search
        faces.append(
            [
                (
                    (face.box.left + face.box.right) / 2 * to_pack,
                    (face.box.top + face.box.bottom) / 2 * to_pack,
                    face.box.width * to_pack,
                    face.score,
                )
                for face in found
            ]
        )
        packed = cv2.resize(pixels, (round(width * scale), round(height * scale)), interpolation=cv2.INTER_AREA)
        blob.append(cv2.imencode(".jpg", packed[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].tobytes())
        held.append(held_out)
        if len(blob) % 250 == 0:
            print(f"{len(blob)} photos, {sum(map(len, faces))} faces", flush=True)
    np.savez(
        arguments.output,
        photos=np.frombuffer(b"".join(blob), np.uint8),
        ends=np.cumsum([len(item) for item in blob]),
        held_out=np.array(held),
        faces=np.array([face for found in faces for face in found], np.float32).reshape(-1, 4),
        face_ends=np.cumsum([len(found) for found in faces]),
    )
    print(f"{len(blob)} photos, {arguments.output.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
