"""All benchmarks, one after the other, each beside its competitor in the same run; what `make bench` calls.

    python -m benchmarks [--quick] [--only NAME,…] [--photos DIR] [--me FILE] [--labels DIR] [--home DIR]

Writes the JSON of each and `summary.md` into `benchmarks/results/`, which git ignores: times are of the machine that
measured them. A ratio is theirs over ours: more is better. `--quick` does less of everything, to see that all of it
runs; its ratios are rough. What lacks its competitor or its photos is left out, with the reason. `--photos` is scanned
for the person on `--me`, `--labels` holds the photos of `labels/faces.csv`; each has a default.
"""

from __future__ import annotations

import argparse
import csv
import json
import shutil
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from untag.engine.runtime.session import Device, usable_devices

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
LABELLED = ROOT.parent / "shared" / "data" / "faces"
LABELS = ROOT / "benchmarks" / "labels" / "faces.csv"
Ratio = tuple[str, float, float]
"""What is compared, the ratio, and the least that is wanted."""


@dataclass(frozen=True, slots=True)
class Benchmark:
    """`competitors` are modules, `quick` what `--quick` adds; `ratios` reads the JSON that it wrote."""

    name: str
    competitors: tuple[str, ...]
    quick: tuple[str, ...]
    ratios: Callable[[Any], Iterator[Ratio]]


def decode_ratios(result: Any) -> Iterator[Ratio]:
    # untag also reads metadata and resizes to what is asked for; Pillow only decodes.
    times = [one["milliseconds"] for one in result["results"] if one["max_side"]]
    yield "reduced JPEG, Pillow / untag", statistics.median(one["pillow"] / one["untag"] for one in times), 0.8


def embedding_ratios(result: Any) -> Iterator[Ratio]:
    yield "time, dlib / untag", result["median_ratio"], 1.0


def drop_in_ratios(result: Any) -> Iterator[Ratio]:
    yield "locations equal to dlib's CNN / photos", 1 - result["photos_that_differ"] / result["photos"], 1.0
    yield "processor time, dlib / untag", result["seconds_dlib"] / result["seconds"], 1.0


def gpu_ratios(result: Any) -> Iterator[Ratio]:
    for name in ("faces", "scan"):
        if name in result:
            yield f"photos a second, {name}, card / processor", result[name]["times_as_fast"], 1.0


def detection_ratios(result: Any) -> Iterator[Ratio]:
    ours, hog = (result[name]["sizes"]["all"] for name in ("dlib", "hog"))
    yield "faces found, untag / HOG", ours["found"] / hog["found"], 1.0


def index_ratios(result: Any) -> Iterator[Ratio]:
    for kind in ("like_dlib", "without_structure"):
        for task, figures in result[kind].items():
            wanted = 3.0 if kind == "like_dlib" and task != "within_0.6" else 1.0
            for other, ratio in figures["times_as_long"].items():
                if other != "untag":
                    yield f"{kind}, {task}, {other} / untag", ratio, wanted


def rescan_ratios(result: Any) -> Iterator[Ratio]:
    # `find` only lists the files; untag also says that none of them has to be looked at.
    yield "time, find / untag", 1 / result["median_ratio"], 1 / 6


def scale_ratios(result: Any) -> Iterator[Ratio]:
    # With the largest archive. Starting and loading models, which a rescan does whatever it finds, is the smallest's.
    sizes = sorted(result["sizes"], key=int)
    least, most = (result["sizes"][size]["steps"] for size in (sizes[0], sizes[-1]))
    rescan, find = (most[name]["processor"] - least[name]["processor"] for name in ("rescan", "find"))
    yield f"{sizes[-1]} photos, 3 finds / rescan", 3 * find / rescan, 1.0
    for seconds, name in ((0.5, "list the first 50"), (60, "enroll and judge again")):
        yield f"{sizes[-1]} photos, {seconds} s / {name}", seconds / most[name]["processor"], 1.0


def text_ratios(result: Any) -> Iterator[Ratio]:
    for name, found in result["found"]["together"].items():
        hit, _, of = found.partition(" of ")
        yield f"words found / words drawn, {name}", int(hit) / int(of), 0.9 if name == "legible" else 0.0
    without = result["photos_without"]
    if without > 0:
        yield "photos in which no word is found / photos without", 1 - len(result["found_without"]) / without, 0.99


def soak_ratios(result: Any) -> Iterator[Ratio]:
    grown = [step["mebibytes"] for step in result["steps"] if "mebibytes" in step]
    yield "steps without a fault / steps", 1 - len(result["faults"]) / len(result["steps"]), 1.0
    yield "memory in the middle of a scan / at its end", min((early / late for early, late in grown), default=1.0), 0.9


def scan_ratios(result: Any) -> Iterator[Ratio]:
    for name, figures in result.items():
        if "median_ratio" in figures:
            yield f"time, {name}", figures["median_ratio"], 1.0
        else:
            stages = figures["stages_alone_as_share_of_the_scan"]
            yield f"{name}, finding faces / judging scenes", stages["faces"] / stages["scenes"], 1.0
            yield f"{name}, slowest stage alone / all", 1 / figures["scan_over_slowest_stage"], 0.8


def memory_ratios(result: Any) -> Iterator[Ratio]:
    few, many = result["peak_mebibytes"].values()
    yield "peak memory of a scan, one photo / ten", few / many, 0.9
    yield "1,536 MiB / peak memory of a scan", 1536 / many, 1.0


def cluster_ratios(result: Any) -> Iterator[Ratio]:
    # On the same processors it gains nothing: what is left is what it costs.
    yield "time, alone / cluster on the same processors", 1 / result["median_ratio"], 0.5


def archive_ratios(result: Any) -> Iterator[Ratio]:
    takeout, damaged = result["takeout"], result["damaged"]
    yield "30 s / survey of a Takeout", 30 / takeout["seconds"], 1.0
    yield "500 MiB / peak memory of it", 500 / takeout["peak_mebibytes"], 1.0
    yield "1 / reads of one member, at most", 1 / takeout["most_reads_of_one"], 1.0
    harmless = damaged["archives"] - damaged["crashes"] - damaged["writes"]
    yield "damaged archives without harm / all", harmless / damaged["archives"], 1.0


def dark_ratios(result: Any) -> Iterator[Ratio]:
    for engine, figures in result.items():
        made = figures["made"].values()
        found, at_once = (sum(one[key] for one in made) for key in ("found", "found_at_once"))
        yield f"darkened portraits, {engine}: found with the second look / at once", found / at_once, 1.0


def elongated_ratios(result: Any) -> Iterator[Ratio]:
    for engine, figures in result.items():
        found, reduced = (sum(one[key] for one in figures.values()) for key in ("found", "found_reduced"))
        yield f"panoramas, {engine}: found / found in the reduced photo", found / max(1, reduced), 1.0


def size_ratios(result: Any) -> Iterator[Ratio]:
    for one in result["reports"]:
        yield f"40 kB / bytes a photo in a report of {one['photos']}", 40_000 / one["bytes_a_photo"], 1.0


def image_fuzz_ratios(result: Any) -> Iterator[Ratio]:
    yield "2 GB / peak memory on damaged pictures", 2000 / result["peak_megabytes"], 1.0


def raw_fuzz_ratios(result: Any) -> Iterator[Ratio]:
    yield "2 GB / peak memory on damaged raw files", 2000 / max(result["peak_megabytes"]), 1.0


def video_fuzz_ratios(result: Any) -> Iterator[Ratio]:
    yield "2 GB / peak memory on damaged videos", 2000 / max(result["peak_megabytes"]), 1.0


def archive_fuzz_ratios(result: Any) -> Iterator[Ratio]:
    yield "2 GB / peak memory on damaged archives", 2e9 / result["peak_bytes"], 1.0


def kill_ratios(result: Any) -> Iterator[Ratio]:
    yield "kills without a trace / kills", 1 - len(result["wrong"]) / result["kills"], 1.0


def review_ratios(result: Any) -> Iterator[Ratio]:
    for what in ("first_page", "next_photo"):
        yield f"{what.replace('_', ' ')}, static / untag", 1 / result[what]["ratio"], 1 / 1.5
    yield "300 MB / the server's memory", 300 / result["server_mb"], 1.0


def keyboard_ratios(result: Any) -> Iterator[Ratio]:
    yield "ten minutes / minutes for the decisions", 10 / result["minutes"], 1.0
    yield "links in two clicks / links", result["links_in_two_clicks"] / result["links"], 1.0


def review_fuzz_ratios(result: Any) -> Iterator[Ratio]:
    # Each has a kind of answer, "closed" being one; what is wrong ends the benchmark.
    yield "requests with an answer / requests", sum(result["answers"].values()) / result["requests"], 1.0


def arguments_of(name: str, options: argparse.Namespace) -> list[str]:
    home = [] if options.home is None else ["--home", str(options.home)]
    if name == "face_detection":
        return ["--root", str(options.labels), "--engines", "dlib,hog", "--cached-only", *home]
    if name in ("dark", "elongated"):
        return home
    if name == "soak":
        return ["--painted", "--photos", "2000"]  # `make soak` does it with more, and with real models
    if name in ("output_size", "drop_in", "text"):
        return [str(options.photos)]
    if name == "cluster":
        return [str(options.photos), "--me", str(options.me)]
    return [str(options.photos), "--me", str(options.me), *home] if name in ("scan", "memory") else []


BENCHMARKS = (
    Benchmark("decode", (), ("--rounds", "2"), decode_ratios),
    Benchmark("embedding", ("dlib",), ("--repeats", "5"), embedding_ratios),
    Benchmark("drop_in", ("dlib",), ("--limit", "3", "--max-side", "400"), drop_in_ratios),
    Benchmark("face_detection", (), (), detection_ratios),
    Benchmark("index_search", ("faiss", "usearch"), ("--faces", "50000", "--rounds", "3"), index_ratios),
    Benchmark("rescan", (), ("--files", "5000", "--repeats", "2"), rescan_ratios),
    Benchmark("scale", (), ("--sizes", "1000,4000"), scale_ratios),
    Benchmark("soak", (), ("--photos", "60"), soak_ratios),
    Benchmark("text", ("rapidocr",), ("--words", "20", "--others", "10"), text_ratios),
    Benchmark("memory", (), ("--few", "20"), memory_ratios),
    Benchmark("cluster", ("distributed",), ("--rounds", "1"), cluster_ratios),
    Benchmark("archives", (), ("--photos", "2000", "--mutations", "200"), archive_ratios),
    Benchmark("output_size", (), ("--photos", "40", "--copies", "80"), size_ratios),
    Benchmark("dark", (), (), dark_ratios),
    Benchmark("elongated", (), ("--ratios", "2,4", "--places", "2"), elongated_ratios),
    Benchmark("fuzz_images", (), ("--count", "200", "--batch", "100"), image_fuzz_ratios),
    Benchmark("fuzz_raw", ("rawpy",), ("--count", "100"), raw_fuzz_ratios),
    Benchmark("fuzz_videos", (), ("--count", "100"), video_fuzz_ratios),
    Benchmark("fuzz_archives", (), ("--count", "250"), archive_fuzz_ratios),
    Benchmark("gpu", (), ("--count", "32", "--minutes", "4"), gpu_ratios),
    Benchmark("kills", (), ("--kills", "20"), kill_ratios),
    Benchmark("review", ("playwright",), ("--findings", "500", "--repeats", "2"), review_ratios),
    Benchmark("review_keyboard", ("playwright",), ("--findings", "20", "--speed", "100"), keyboard_ratios),
    Benchmark("fuzz_review", (), ("--requests", "500"), review_fuzz_ratios),
    Benchmark("scan", ("dlib",), ("--most", "6", "--repeats", "1", "--against", "hog"), scan_ratios),
)


def missing(benchmark: Benchmark, options: argparse.Namespace) -> str | None:
    """Why a benchmark cannot run here, or None."""
    if lacking := [module for module in benchmark.competitors if find_spec(module) is None]:
        return f"{', '.join(lacking)} not installed; pip install '.[reference,bench]'"
    if benchmark.name == "gpu" and not usable_devices().get(Device.CUDA, False):
        return "no card that CUDA runs on"
    if benchmark.name in ("rescan", "scale", "soak") and sys.platform != "linux":
        return "needs Linux: find -printf, or /proc"
    if "playwright" in benchmark.competitors and shutil.which("chromium") is None:
        return "needs Chromium"
    if benchmark.name in ("output_size", "drop_in", "text") and not options.photos.is_dir():
        return f"{options.photos} is not there"
    if benchmark.name in ("scan", "memory", "cluster") and not (options.photos.is_dir() and options.me.is_file()):
        return f"{options.photos} or {options.me} is not there"
    if benchmark.name == "face_detection":
        with LABELS.open(newline="", encoding="utf-8") as file:
            first = next(csv.DictReader(file))["path"]
        if not (options.labels / first).is_file():
            return f"the labelled photos are not in {options.labels}"
    return None


def run(benchmark: Benchmark, options: argparse.Namespace) -> list[str]:
    """The lines of one benchmark in the table."""
    if (reason := missing(benchmark, options)) is not None:
        return [f"| {benchmark.name} | left out: {reason} | | | |"]
    print(f"{benchmark.name} …", file=sys.stderr, flush=True)
    output = RESULTS / f"{benchmark.name}.json"
    output.unlink(missing_ok=True)
    command = [sys.executable, "-m", f"benchmarks.{benchmark.name}", *arguments_of(benchmark.name, options)]
    command += [*(benchmark.quick if options.quick else ()), "--output", str(output)]
    if status := subprocess.run(command, stdout=subprocess.DEVNULL, check=False).returncode:
        return [f"| {benchmark.name} | failed: exit status {status} | | | no |"]
    return [
        f"| {benchmark.name} | {what} | {ratio:.2f} | {wanted:g} | {'yes' if ratio >= wanted else 'no'} |"
        for what, ratio, wanted in benchmark.ratios(json.loads(output.read_text(encoding="utf-8")))
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    there, sample = LABELLED.is_dir(), ROOT / "sample_photos"
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", default=",".join(benchmark.name for benchmark in BENCHMARKS))
    parser.add_argument("--photos", type=Path, default=LABELLED if there else sample / "archive")
    me = LABELLED / "ageitgey" / "examples__biden.jpg" if there else sample / "me" / "portrait.jpg"
    parser.add_argument("--me", type=Path, default=me, help="a photo of somebody in the photos")
    parser.add_argument("--labels", type=Path, default=LABELLED)
    parser.add_argument("--home", type=Path, help="where built graphs are kept; else made anew")
    options = parser.parse_args()
    names = options.only.split(",")
    if not {benchmark.name for benchmark in BENCHMARKS}.issuperset(names):
        parser.error(f"--only takes some of {parser.get_default('only')}")
    RESULTS.mkdir(exist_ok=True)
    chosen = [benchmark for benchmark in BENCHMARKS if benchmark.name in names]
    lines = ["| benchmark | what | ratio | wanted, at least | met |", "|---|---|---|---|---|"]
    lines += [line for benchmark in chosen for line in run(benchmark, options)]
    (RESULTS / "summary.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(*lines, sep="\n")
    return int(any("| failed: " in line for line in lines))


if __name__ == "__main__":
    sys.exit(main())
