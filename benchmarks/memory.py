"""How much memory a scan takes at most, of few photos and of ten times as many.

    python -m benchmarks.memory PHOTOS --me REFERENCE.jpg [--few 1000] [--engine dlib] [--output FILE.json]

The photos below PHOTOS are repeated, each copy with other bytes behind its end so that its content is new, one in ten
enlarged to 12 megapixels. Each scan runs in a process of its own, whose largest resident set counts.
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import tempfile
from itertools import cycle, islice
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageOps

from benchmarks.output import report

MEBIBYTE = 1024 * 1024
MEGAPIXELS = 12


def originals(source: Path) -> list[bytes]:
    """The photos below `source` as files, one in ten of them enlarged."""
    found = sorted(path for path in source.rglob("*") if path.suffix.lower() in (".jpg", ".jpeg"))
    files = [path.read_bytes() for path in found]
    for number in range(0, len(files), 10):
        with Image.open(found[number]) as image:
            pixels = np.asarray(ImageOps.exif_transpose(image).convert("RGB"))
        factor = (MEGAPIXELS * 1e6 / (pixels.shape[0] * pixels.shape[1])) ** 0.5
        large = cv2.resize(pixels, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC)
        _, encoded = cv2.imencode(".jpg", large[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, 85])
        files[number] = encoded.tobytes()
    return files


def scan_once(home: Path, models: Path, folder: Path, me: Path, engine: str) -> tuple[int, int]:
    """Scans `folder` into a new home; the photos analysed, and the process's largest resident set in bytes."""
    from untag.config import Settings
    from untag.engine.runtime.models import ModelOptions
    from untag.faces.engine import load_engine
    from untag.people.enrolment import EnrolmentRequest, enroll_person, look_for_references
    from untag.scan import ScanModels, scan
    from untag.scan.judge import load_judge
    from untag.scenes.installed import load_scene_models
    from untag.store import Store

    options = ModelOptions(models)
    settings = Settings(home)
    loaded = ScanModels(load_engine(engine, options), load_scene_models(options))
    with Store.open(home) as store:
        request = EnrolmentRequest("me", (me,))
        found = look_for_references(store, request, loaded.faces, settings)
        enroll_person(store, request, found, settings)
        summary = scan(store, [folder], loaded, load_judge(store, loaded.faces.id, settings), settings)
    largest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return summary.analysed, largest * (1 if sys.platform == "darwin" else 1024)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", type=Path)
    parser.add_argument("--me", type=Path, required=True)
    parser.add_argument("--few", type=int, default=1000)
    parser.add_argument("--engine", default="dlib")
    parser.add_argument("--home", type=Path, help="where pulled models are; else only those that come with untag")
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    peaks: dict[int, float] = {}
    with tempfile.TemporaryDirectory() as scratch:
        work = Path(scratch)
        files = originals(options.photos)
        for count in (options.few, 10 * options.few):
            folder = work / f"{count}"
            folder.mkdir()
            for number, data in enumerate(islice(cycle(files), count)):
                (folder / f"{number:06}.jpg").write_bytes(data + os.urandom(16))
            # A new process: the largest resident set of this one is of making the photos.
            arguments = (work / f"home-{count}", options.home or work / "models", folder, options.me, options.engine)
            with get_context("spawn").Pool(1) as pool:
                analysed, peak = pool.apply(scan_once, arguments)
            if analysed != count:
                sys.exit(f"{analysed} of {count} photos were analysed")
            peaks[count] = round(peak / MEBIBYTE, 1)
    few, many = peaks.values()
    result = {"engine": options.engine, "peak_mebibytes": peaks, "ratio": round(many / few, 3)}
    report(result, options.output)


if __name__ == "__main__":
    main()
