"""What each command costs with ten thousand, a hundred thousand or a million photos: processor time and memory.

    python -m benchmarks.scale [--sizes 10000,100000] [--only STEP,…] [--work DIR] [--keep-bystanders]
                               [--output FILE.json] [--plot FILE.svg]

Each archive is made up (benchmarks/made_up.py) and takes about 5 kB a photo on the disk, with its home folder 7 kB; it
is deleted before the next one is made. Every step is a command of its own, in a process of its own, whose processor
time counts: what else the machine does matters less to it than to the time that passes, which is given, too. `slope` is
the exponent of the size that the processor time grows with, from the last size but one to the last, less what the
smallest takes (which is start-up and models): 1 is linear.

With `--keep-bystanders` the embeddings of all faces are kept, and judging again goes by the index of them.
"""

from __future__ import annotations

import argparse
import http.cookiejar
import math
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

from benchmarks.output import report
from benchmarks.scale_plot import draw

ROOT = Path(__file__).parents[1]
PORTRAITS = ROOT / "sample_photos" / "me"
MEBIBYTE = 1024 * 1024
ENGINE = "dlib"
_KIB = 1 if sys.platform == "darwin" else 1024
_LEAST_FREE = 8 * 1024 * MEBIBYTE


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds of processor time and of time passed, and the largest resident set in mebibytes."""

    processor: float
    passed: float
    mebibytes: float


@dataclass(frozen=True, slots=True)
class Place:
    """Where one archive and its home folder are."""

    root: Path

    @property
    def archive(self) -> Path:
        return self.root / "archive"

    @property
    def home(self) -> Path:
        return self.root / "home"

    def untag(self, *arguments: str | Path) -> list[str]:
        """A command line of untag."""
        return [sys.executable, "-m", "untag", "--home", str(self.home), *map(str, arguments)]


def cost_of(command: list[str], *, fails: bool = False) -> Cost:
    """Runs a command to its end; what it prints goes nowhere. Raises RuntimeError where its exit status is not 0."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
    assert process.stderr is not None
    said = process.stderr.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0 and not fails:
        raise RuntimeError(f"{' '.join(command)}: {process.returncode}\n{said.decode()[-2000:]}")
    return Cost(used.ru_utime + used.ru_stime, time.perf_counter() - start, used.ru_maxrss * _KIB / MEBIBYTE)


def python(place: Place, function: str, *arguments: object) -> list[str]:
    """A command that calls a function of benchmarks/made_up.py.

    Nothing of it is imported here: the largest resident set of a process is at least that of the one which began it.
    """
    return [sys.executable, "-m", "benchmarks.made_up", function, str(place.root), *map(str, arguments)]


def review(place: Place) -> Cost:
    """The review page's server, from its start until the first page was sent; the time passed is that of the page."""
    command = place.untag("review", "--no-browser")
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    address = process.stdout.readline().strip()
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
    start = time.perf_counter()
    entry = browser.open(address, timeout=600).read().decode()
    page = browser.open(urljoin(address, entry.partition("url=")[2].partition('"')[0]), timeout=600).read()
    passed = time.perf_counter() - start
    if b"<img" not in page:
        raise RuntimeError("the page shows no photo")
    process.terminate()
    _, _, used = os.wait4(process.pid, 0)
    process.returncode = 0
    return Cost(used.ru_utime + used.ru_stime, passed, used.ru_maxrss * _KIB / MEBIBYTE)


def one_more(place: Place) -> Cost:
    """A rescan with one new photo, in a folder of hundreds."""
    cost_of(python(place, "add_one"))
    return cost_of(place.untag("scan", place.archive))


def commands(*arguments: str | Path) -> Callable[[Place], Cost]:
    """A step that is one command; `ARCHIVE` and `ROOT/…` stand for places."""

    def run(place: Place) -> Cost:
        put = {"ARCHIVE": str(place.archive)}
        given = (put.get(str(one), str(one)).replace("ROOT", str(place.root)) for one in arguments)
        return cost_of(place.untag(*given))

    return run


STEPS: dict[str, Callable[[Place], Cost]] = {
    "find": lambda place: cost_of(["find", str(place.archive), "-type", "f", "-printf", "%s %T@ %p\n"]),
    "sources": commands("sources", "ARCHIVE"),
    "scan comparing all": commands("scan", "ARCHIVE"),
    "rescan": commands("scan", "ARCHIVE"),
    "rescan with a new photo": one_more,
    "list the first 50": commands("list", "--limit", "50"),
    "list as JSON": commands("list", "--format", "json"),
    "list as a table": commands("list"),
    "stats": commands("stats"),
    "report": commands("report", "--output", "ROOT/report.html"),
    "review page": review,
    "decide one": commands("decide", "IMG_20050101_00000000.jpg", "--status", "keep"),
    "decide as suggested": commands("decide", "--suggested", "--yes"),
    "export links": commands("export", "--to-folder", "ROOT/exported", "--link", "--status", "all"),
    "backup": commands("backup", "ROOT/backup.jsonl"),
    "doctor": lambda place: cost_of(place.untag("doctor"), fails=True),
    "enroll and judge again": commands("enroll", PORTRAITS / "library.jpg", "--person", "Ana"),
    "rescan after that": commands("scan", "ARCHIVE"),
    "forget bystanders": commands("forget", "--bystanders"),
    "forget all": commands("forget", "--all", "--yes"),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="10000,100000")
    parser.add_argument("--only", help="some of the steps, by their names; what they need is theirs to see to")
    parser.add_argument("--work", type=Path, help="where archives are made; one that is there is used as it is")
    parser.add_argument("--keep-bystanders", action="store_true")
    parser.add_argument("--output", type=Path)
    parser.add_argument("--plot", type=Path)
    options = parser.parse_args()
    steps = list(STEPS) if options.only is None else options.only.split(",")
    if not STEPS.keys() >= set(steps):
        parser.error(f"--only takes some of: {','.join(STEPS)}")
    sizes: dict[str, Any] = {}
    for size in map(int, options.sizes.split(",")):
        with made(options.work, size, keep_bystanders=options.keep_bystanders) as (place, about):
            sizes[str(size)] = about | {"steps": measure(place, steps)}
    result = {"processor": processor(), "keep_bystanders": options.keep_bystanders, "sizes": sizes}
    report(result, options.output, shown=table(result))
    if options.plot is not None:
        options.plot.write_text(draw({int(size): one["steps"] for size, one in sizes.items()}), encoding="utf-8")


@contextmanager
def made(work: Path | None, size: int, *, keep_bystanders: bool) -> Iterator[tuple[Place, dict[str, Any]]]:
    """An archive of so many photos with its home folder; both are deleted at the end unless `work` is given."""
    place = Place(Path(tempfile.mkdtemp()) if work is None else work / str(size))
    about: dict[str, Any] = {}
    try:
        if not place.home.is_dir():
            about = make_place(place, size, keep_bystanders=keep_bystanders)
        yield place, about
    finally:
        if work is None:
            shutil.rmtree(place.root)


def make_place(place: Place, size: int, *, keep_bystanders: bool) -> dict[str, Any]:
    """Makes the archive and the home folder; what that took."""
    place.root.mkdir(parents=True, exist_ok=True)
    if shutil.disk_usage(place.root).free < _LEAST_FREE + size * 8 * 1024:
        raise RuntimeError(f"too little room for {size} photos")
    cost_of(python(place, "make_archive", size))
    place.home.mkdir(mode=0o700)
    kept = str(keep_bystanders).lower()
    (place.home / "config.toml").write_text(f'engine = "{ENGINE}"\nkeep_bystanders = {kept}\n')
    cost_of(place.untag("enroll", PORTRAITS / "portrait.jpg", "--person", "Ana"))
    recorded = cost_of(python(place, "record_archive"))
    sizes = {"archive_bytes": disk_use(place.archive), "home_bytes": disk_use(place.home)}
    return sizes | {"recording": asdict(recorded)}


def measure(place: Place, steps: list[str]) -> dict[str, Any]:
    """The cost of each step, in their order."""
    costs = {}
    for name in steps:
        cost = STEPS[name](place)
        costs[name] = {what: round(value, 3) for what, value in asdict(cost).items()}
        print(f"{place.archive}: {name}: {costs[name]}", file=sys.stderr, flush=True)
    return costs


def table(result: dict[str, Any]) -> str:
    """The processor time and the memory of each step at each size, as Markdown."""
    sizes = {int(size): one["steps"] for size, one in result["sizes"].items()}
    head = ["step", *(f"{size:,}" for size in sizes), "slope", *(f"MiB at {size:,}" for size in sizes)]
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    for name in next(iter(sizes.values())):
        each = [steps.get(name) for steps in sizes.values()]
        if None in each:
            continue
        seconds = [f"{one['processor']:.1f} s" for one in each]
        memory = [f"{one['mebibytes']:.0f}" for one in each]
        grown = slope({size: steps[name]["processor"] for size, steps in sizes.items()})
        lines.append(f"| {' | '.join([name, *seconds, '' if grown is None else f'{grown:.2f}', *memory])} |")
    return "\n".join(lines)


def slope(seconds: dict[int, float]) -> float | None:
    """The exponent with which the time grows, beyond what the smallest size takes; None where that cannot be told."""
    if len(seconds) < 3:
        return None
    smallest, *_, before, last = sorted(seconds)
    grown = [seconds[size] - seconds[smallest] for size in (before, last)]
    if min(grown) <= 0.05 * seconds[smallest]:
        return None
    return math.log(grown[1] / grown[0]) / math.log((last - smallest) / (before - smallest))


def disk_use(folder: Path) -> int:
    """Bytes that a folder takes on the disk."""
    return sum(os.lstat(Path(where) / name).st_blocks * 512 for where, _, names in os.walk(folder) for name in names)


def processor() -> str:
    """The name of the processor, and how many of it there are."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    name = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")
    return f"{name}, {os.cpu_count()} cores"


if __name__ == "__main__":
    main()
