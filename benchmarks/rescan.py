"""How long it takes to see that nothing changed, against `find` printing size and time of the same files.

python -m benchmarks.rescan [--files 200000] [--others 0] [--repeats 3] [--output FILE.json]

`--others` are files beside them whose names do not say what they are, and which are no photos.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.output import report
from untag.config import Settings
from untag.engine.runtime.models import ModelOptions
from untag.faces.engine import load_engine
from untag.scan import ScanModels, scan
from untag.scan.judge import load_judge
from untag.scenes.installed import load_scene_models
from untag.store import Reference, Store, add_reference
from untag.types import Box, Face

PER_FOLDER = 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=200_000)
    parser.add_argument("--others", type=int, default=0)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        root, home = Path(scratch) / "photos", Path(scratch) / "home"
        root.mkdir()
        first = root / "photo.jpg"
        Image.fromarray(np.zeros((48, 64, 3), np.uint8)).save(first)
        for number in range(options.files - 1):
            folder = root / f"{number // PER_FOLDER:04}"
            folder.mkdir(exist_ok=True)
            (folder / f"IMG_{number:06}.jpg").write_bytes(first.read_bytes())
        for number in range(options.others):
            folder = root / f"{number // PER_FOLDER:04}"
            folder.mkdir(exist_ok=True)
            (folder / f"unknown_{number:06}").write_bytes(b"\x80\x81\x82\0\1\2\3")
        models = ScanModels(load_engine("dlib", ModelOptions(home)), load_scene_models(ModelOptions(home)))
        with Store.open(home) as store:
            face = Face(Box(0, 0, 1, 1), 1.0, np.zeros((5, 2), np.float32), 1.0, np.zeros(128, np.float32))
            add_reference(store, Reference("me", models.faces.id, "0" * 64, "made up", face))
            settings = Settings(home)
            judge = load_judge(store, models.faces.id, settings)
            assert scan(store, [root], models, judge, settings).photos == options.files
            ratios = []
            for _ in range(options.repeats):
                start = time.perf_counter()
                summary = scan(store, [root], models, judge, settings)
                ours = time.perf_counter() - start
                assert summary.unchanged == options.files
                assert summary.skipped.get("other", 0) == options.others
                start = time.perf_counter()
                listing = subprocess.run(
                    ["find", str(root), "-type", "f", "-printf", "%s %T@ %p\n"], capture_output=True, check=True
                )
                ratios.append(ours / (time.perf_counter() - start))
                assert listing.stdout.count(b"\n") == options.files + options.others
    result = {
        "files": options.files,
        "others": options.others,
        "ratios": ratios,
        "median_ratio": statistics.median(ratios),
    }
    report(result, options.output)


if __name__ == "__main__":
    main()
