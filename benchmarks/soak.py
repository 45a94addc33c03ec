"""Scan, rescan, change the engine, forget: memory and open files must not grow, and no file may be left.

    python -m benchmarks.soak [--photos 20000] [--engine yunet+0095 --from DIR] [--painted] [--output FILE.json]

The photos are variations of those in sample_photos/: cut, brighter or darker, with noise, 480 px long, so that all
models run. Every step is a process of its own. A scan looks at itself as photos pass: its resident set and the
descriptors that it has open (Linux). Growth is what the last fifth of the photos see more than the second quarter, at
the median: before that buffers fill. `--engine` is the one to change to and `--from` a folder with its files; without
`--engine` that step is left out, and the result says so. `--painted` takes the pictures and models of the tests, which
see coloured squares: quick, and all but inference is the same. Ends with 1 when anything is wrong.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import astuple, dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.output import report

ROOT = Path(__file__).parents[1]
MEBIBYTE = 1024 * 1024
PER_FOLDER = 250
SIDE = 480
_PAINTED, _SCAN = "--with-painted-models", "--scan-and-look"
_LOOKS = 200
"""At one scan; fewer where there are fewer photos."""
_ENOUGH = 20
"""Looks from which growth can be told."""
_MOST_GROWTH = 1.1
_MOST_MEBIBYTES = 24.0
_MOST_DESCRIPTORS = 4
_STAYS = ("cache", "models")
"""Folders of a home that hold files made from public weights alone."""
_MARKS = frozenset({".deja-dup-ignore", ".nobackup", "CACHEDIR.TAG"})


@dataclass(frozen=True, slots=True)
class Look:
    """One look at a process: its resident set in mebibytes, and how many descriptors it has open."""

    mebibytes: float
    descriptors: int


@dataclass(frozen=True, slots=True)
class Growth:
    """Medians of the second quarter and of the last fifth of all looks."""

    early: Look
    late: Look

    @property
    def faults(self) -> list[str]:
        """What grew."""
        found = []
        if self.late.mebibytes > self.early.mebibytes * _MOST_GROWTH + _MOST_MEBIBYTES:
            found.append(f"memory grew from {self.early.mebibytes:.0f} to {self.late.mebibytes:.0f} MiB")
        if self.late.descriptors > self.early.descriptors + _MOST_DESCRIPTORS:
            found.append(f"open descriptors grew from {self.early.descriptors} to {self.late.descriptors}")
        return found


def growth_of(looks: Sequence[Look]) -> Growth | None:
    """None where there were too few looks to tell."""
    count = len(looks)
    if count < _ENOUGH:
        return None
    return Growth(_median(looks[count // 4 : count // 2]), _median(looks[-(count // 5) :]))


def _median(looks: Sequence[Look]) -> Look:
    return Look(
        statistics.median(one.mebibytes for one in looks),
        round(statistics.median(one.descriptors for one in looks)),
    )


def look() -> Look:
    """A look at this process."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    # One of them is that of the folder itself.
    return Look(pages * os.sysconf("SC_PAGE_SIZE") / MEBIBYTE, sum(1 for _ in Path("/proc/self/fd").iterdir()) - 1)


def scan_and_look(home: str, photos: str, count: str) -> int:
    """Scans, and prints what it counted with all looks as JSON; returns the exit status."""
    import untag

    looks: list[Look] = []
    every = max(1, int(count) // _LOOKS)

    def after(done: int) -> None:
        if done % every == 0:
            looks.append(look())

    with untag.open(home) as opened:
        told = opened.scan(photos, options=untag.ScanOptions(move_all=True), on_progress=after)
    counts = {"photos": told.photos, "analysed": told.analysed, "unchanged": told.unchanged}
    unread = [error.path for error in told.unreadable]
    print(json.dumps({"counts": counts, "unreadable": unread, "looks": [[*astuple(one)] for one in looks]}))
    return told.status(fail_on_new=False)


@dataclass
class Life:
    """A home folder and its photos in a scratch folder, and what became of each step."""

    root: Path
    painted: bool = False
    steps: list[dict[str, Any]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        for name in ("photos", "me", "temporary"):
            (self.root / name).mkdir()

    @property
    def home(self) -> Path:
        return self.root / "home"

    def run(self, name: str, *arguments: str | Path) -> str:
        """Runs a command of untag as the step `name`, and notes what is wrong; returns what it printed."""
        return self._run(name, "untag", "--home", str(self.home), *map(str, arguments))

    def scan(self, name: str, **wanted: int) -> None:
        """Scans the photos, compares its counts with those `wanted`, and looks whether it grew."""
        asked = (str(self.home), str(self.root / "photos"), str(wanted["photos"]))
        try:
            told = json.loads(self._run(name, "benchmarks.soak", _SCAN, *asked))
        except ValueError:
            self.faults.append(f"{name}: no result")
            return
        got = {what: told["counts"][what] for what in wanted}
        if got != wanted or told["unreadable"]:
            self.faults.append(f"{name}: {got} instead of {wanted}, unreadable: {told['unreadable'][:3]}")
        if (growth := growth_of([Look(*one) for one in told["looks"]])) is not None:
            self.steps[-1]["mebibytes"] = [round(one.mebibytes, 1) for one in (growth.early, growth.late)]
            self.steps[-1]["descriptors"] = [growth.early.descriptors, growth.late.descriptors]
            self.faults += [f"{name}: {fault}" for fault in growth.faults]

    def _run(self, name: str, module: str, *arguments: str) -> str:
        program = ("benchmarks.soak", _PAINTED) if self.painted else (module,)
        path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
        environment = {**os.environ, "TMPDIR": str(self.root / "temporary"), "PYTHONPATH": path}
        start = time.monotonic()
        command = [sys.executable, "-m", *program, *arguments]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        self.steps.append({"step": name, "seconds": round(time.monotonic() - start, 1)})
        print(self.steps[-1], file=sys.stderr, flush=True)
        if done.returncode != 0:
            self.faults.append(f"{name}: exit status {done.returncode}: {done.stderr[-500:]}")
        self.faults += [f"{name}: left {left}" for left in files_below(self.root / "temporary")]
        return done.stdout

    def listed(self) -> int:
        """How many findings there are."""
        return len(json.loads(self.run("list", "list", "--format", "json", "--status", "all") or "[]"))


def files_below(folder: Path) -> list[str]:
    """The files in a folder and below, by their paths in it."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir())


def soak(life: Life, photos: int, engine: str | None, models: Path | None) -> dict[str, Any]:
    """Lives; says what was measured, and what is wrong in `faults`."""
    (make_painted if life.painted else make_photos)(life, photos)
    before = files_below(life.root / "photos")
    life.run("enroll", "enroll", life.root / "me")
    life.scan("scan", photos=photos, analysed=photos)
    kept = files_below(life.home)
    life.scan("rescan", photos=photos, unchanged=photos, analysed=0)
    if files_below(life.home) != kept:
        life.faults.append(f"the rescan left {sorted(set(files_below(life.home)) - set(kept))}")
    found = life.listed()
    if found == 0:
        life.faults.append("nobody was found, so that little was stored")
    if engine is not None:
        if models is not None:
            life.run("pull", "models", "pull", engine, "--from", models, "--yes")
        life.run("models use", "models", "use", engine)
        life.scan("scan with another engine", photos=photos, analysed=photos)
    life.run("forget", "forget", "--all", "--yes")
    life.faults += [f"forget left {left}" for left in left_over(life.home)]
    if files_below(life.root / "photos") != before:
        life.faults.append("the photos are not those that there were")
    return {
        "photos": photos,
        "findings": found,
        "engine_changed_to": engine,
        "steps": life.steps,
        "faults": life.faults,
    }


def left_over(home: Path) -> list[str]:
    """What is in a home folder and says anything of the user or of photos."""
    files = [path for path in files_below(home) if path not in _MARKS and not path.startswith(_STAYS)]
    # The file of the lock stays, and is empty while nobody holds it.
    return [path for path in files if path != "scan.lock" or (home / path).stat().st_size]


def make_painted(life: Life, count: int) -> None:
    """Pictures of coloured squares, one in four of the person who is enrolled."""
    from fakes import ME, STRANGER, Square, paint

    faces = ((ME,), (STRANGER,), (), (Square(person=9), STRANGER))
    for number in range(count):
        _place(life, number, "png").write_bytes(paint(*faces[number % 4], serial=number, alcohol=number % 10 / 10))
    for number, off in enumerate((0.0, 0.01)):
        (life.root / "me" / f"{number}.png").write_bytes(paint(Square(off=off), serial=900_000 + number))


def make_photos(life: Life, count: int) -> None:
    """Variations of the sample photos, each another content."""
    import cv2
    import numpy as np

    found = sorted((ROOT / "sample_photos").rglob("*.jpg"))
    originals = [picture for path in found if (picture := cv2.imread(str(path))) is not None]
    for path in sorted((ROOT / "sample_photos" / "me").glob("*.jpg")):
        (life.root / "me" / path.name).write_bytes(path.read_bytes())
    for number in range(count):
        luck = np.random.default_rng(number)
        picture = originals[number % len(originals)]
        height, width = picture.shape[:2]
        top, left = (int(luck.integers(0, max(1, size // 12))) for size in (height, width))
        cut = picture[top : height - top // 2, left : width - left // 2]
        scale = SIDE / max(cut.shape[:2])
        small = cv2.resize(cut, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA).astype(np.int16)
        noise = luck.integers(-6, 7, small.shape, np.int16)
        varied = np.clip(small * luck.uniform(0.8, 1.2) + noise, 0, 255).astype(np.uint8)
        _, encoded = cv2.imencode(".jpg", varied, [cv2.IMWRITE_JPEG_QUALITY, 80])
        _place(life, number, "jpg").write_bytes(encoded.tobytes())


def _place(life: Life, number: int, suffix: str) -> Path:
    folder = life.root / "photos" / f"{number // PER_FOLDER:04}"
    folder.mkdir(exist_ok=True)
    return folder / f"IMG_{number:06}.{suffix}"


def paint_models() -> None:
    """From here on this process has the models that see coloured squares, under the names dlib and second."""
    import importlib

    from fakes import FakeEngine, install

    def patch(name: str, value: object) -> None:
        module, _, attribute = name.rpartition(".")
        setattr(importlib.import_module(module), attribute, value)

    first = FakeEngine()
    install(patch, first, fake=first, second=FakeEngine(id="second-1-1", turned=40))


def run_as_step(arguments: list[str]) -> int:
    """What a step is: a command of untag, or a scan that looks at itself."""
    if arguments[:1] == [_PAINTED]:
        paint_models()
        arguments = arguments[1:]
    if arguments[:1] == [_SCAN]:
        return scan_and_look(*arguments[1:])
    from untag.cli import app

    return app._run(arguments)


def main() -> int:
    sys.path.insert(0, str(ROOT / "tests"))
    if sys.argv[1:2] in ([_PAINTED], [_SCAN]):
        return run_as_step(sys.argv[1:])
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=int, default=20_000)
    parser.add_argument("--engine", help="the engine to change to")
    parser.add_argument("--from", dest="models", type=Path, help="where its files are")
    parser.add_argument("--painted", action="store_true")
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    engine = options.engine or ("second" if options.painted else None)
    with tempfile.TemporaryDirectory() as scratch:
        result = soak(Life(Path(scratch), options.painted), options.photos, engine, options.models)
    report(result, options.output)
    return int(bool(result["faults"]))


if __name__ == "__main__":
    sys.exit(main())
