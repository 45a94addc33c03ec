"""How long a large Takeout takes to list and describe, and whether damaged archives do any harm.

    python -m benchmarks.archives [--photos 50000] [--mutations 10000] [--seed 0] [--output FILE.json]

The Takeout is made up: tiny photos in 5 zip files, a photo's JSON often in another one than the photo. It is surveyed
in a process of its own, whose largest resident set counts, as does how often each member is read. Then miniature
archives of every site and tool are damaged, packed or not, and surveyed: what is raised, and what is written to the
disk, counts.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import shutil
import sys
import tempfile
import time
import traceback
from collections import Counter
from contextlib import ExitStack
from multiprocessing import get_context
from pathlib import Path
from zipfile import ZipFile

from benchmarks.output import report
from untag.imaging.limits import DEFAULT_LIMITS
from untag.sources.archive import ZipFiles
from untag.sources.readers import READERS
from untag.sources.summary import survey

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from miniature_archives import JPEG, MINIATURES, damage, flipped, unpack, watched, zipped

PARTS = 5
PER_FOLDER = 3000
MEBIBYTE = 1024 * 1024


def make_takeout(folder: Path, photos: int, chance: random.Random) -> None:
    """Zip files of a Takeout; about one photo in four has its JSON in another part."""
    with ExitStack() as stack:
        parts = [
            stack.enter_context(ZipFile(folder / f"takeout-20250104T120000Z-{part + 1:03}.zip", "w"))
            for part in range(PARTS)
        ]
        for number in range(photos):
            name = f"Takeout/Google Photos/Photos from {2000 + number // PER_FOLDER}/IMG_{number:06}.jpg"
            value = {
                "title": name.rpartition("/")[2],
                "description": "",
                "imageViews": "3",
                "creationTime": {"timestamp": str(1_500_000_000 + number), "formatted": "made up"},
                "photoTakenTime": {"timestamp": str(1_400_000_000 + number), "formatted": "made up"},
                "geoData": {"latitude": 0.0, "longitude": 0.0, "altitude": 0.0},
                "people": [{"name": f"Person {number % 40}"}],
                "url": f"https://photos.google.com/photo/AF1QipN{number:030}",
            }
            part = number * PARTS // photos
            parts[part].writestr(name, JPEG + number.to_bytes(4, "big"))
            sidecar = chance.randrange(PARTS) if chance.random() < 0.3 else part
            parts[sidecar].writestr(f"{name}.supplemental-metadata.json", json.dumps(value, indent=2))


def survey_takeout(folder: Path) -> dict[str, object]:
    """Time, memory and reads of a survey; called in a process of its own."""
    reads: Counter[str] = Counter()
    read = ZipFiles.read

    def counted(files: ZipFiles, name: str, max_bytes: int) -> bytes:
        reads[name] += 1
        return read(files, name, max_bytes)

    ZipFiles.read = counted  # type: ignore[method-assign, assignment]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    found = survey([folder], DEFAULT_LIMITS, READERS)
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    unit = 1 if sys.platform == "darwin" else 1024
    return {
        "photos": sum(summary.photos for summary in found.summaries),
        "linked": sum(summary.linked.total() for summary in found.summaries),
        "unreadable": len(found.unreadable),
        "seconds": round(seconds, 2),
        "peak_mebibytes": round(peak * unit / MEBIBYTE, 1),
        "before_mebibytes": round(before * unit / MEBIBYTE, 1),
        "members_read": len(reads),
        "most_reads_of_one": max(reads.values(), default=0),
        "read_more_than_once": sum(count > 1 for count in reads.values()),
        "photos_read": sum(name.endswith(".jpg") for name in reads),
    }


def survey_damaged(mutations: int, seed: int, scratch: Path) -> dict[str, object]:
    """Surveys archives with things wrong with them: one in two zipped, half of these with bytes of the zip changed."""
    crashes: list[str] = []
    writes: list[str] = []
    kinds: Counter[str] = Counter()
    unreadable = photos = 0
    for number in range(mutations):
        chance = random.Random(f"{seed}/{number}")
        name = chance.choice(sorted(MINIATURES))
        kinds[name] += 1
        archive = damage(MINIATURES[name], chance)
        place = scratch / "archive"
        if number % 2:
            place = scratch / "archive.zip"
            data = zipped(archive)
            place.write_bytes(flipped(data, chance) if number % 4 == 1 else data)
        else:
            unpack(archive, place)
        try:
            with watched() as written:
                found = survey([place], DEFAULT_LIMITS, READERS)
            unreadable += len(found.unreadable)
            photos += sum(summary.photos for summary in found.summaries)
        except Exception:
            crashes.append(f"{name} {number}: {traceback.format_exc(limit=-3)}")
        writes += [f"{name} {number}: {event}" for event in written]
        if place.is_dir():
            shutil.rmtree(place)
        else:
            place.unlink()
        if left := [path.name for path in scratch.iterdir()]:
            writes.append(f"{name} {number}: {left} beside the archive")
    return {
        "archives": mutations,
        "of": dict(sorted(kinds.items())),
        "photos_listed": photos,
        "errors_told": unreadable,
        "crashes": len(crashes),
        "writes": len(writes),
        "first_of_them": [*crashes[:5], *writes[:5]],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=int, default=50_000)
    parser.add_argument("--mutations", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    results: dict[str, object] = {}
    if options.photos:
        with tempfile.TemporaryDirectory() as scratch:
            make_takeout(Path(scratch), options.photos, random.Random(options.seed))
            with get_context("spawn").Pool(1) as pool:
                results["takeout"] = pool.apply(survey_takeout, (Path(scratch),))
    if options.mutations:
        with tempfile.TemporaryDirectory() as scratch:
            results["damaged"] = survey_damaged(options.mutations, options.seed, Path(scratch))
    report(results, options.output)


if __name__ == "__main__":
    main()
