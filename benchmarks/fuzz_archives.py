"""Damaged and hostile archives: does reading one crash, does it hang, and how much memory does it take?

    python -m benchmarks.fuzz_archives [--count 10000] [--seed 1] [--batch 250] [--output FILE.json]

The miniature archives of the tests, one for each reader, are damaged in ways that real and hostile ones are: files
deleted, renamed, exchanged, cut off, their JSON of another shape, and pieces of their text repeated up to two million
characters. Half of them are zip files, half of these with bytes changed. Everything in them is listed, what they say is
read, and each photo's bytes. A batch has a process of its own. What is raised, and a process that ends by itself, is a
crash; ten seconds of the processor for one archive, or ten minutes for a batch, a hang. Exits with 1 when there is any,
or when the peak is not below 2 GB.
"""

from __future__ import annotations

import argparse
import random
import resource
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path

from benchmarks.output import report

MOST_SECONDS = 10.0
MOST_BATCH_SECONDS = 600.0
MOST_BYTES = 2_000_000_000
MOST_REPEATED = 2_000_000
_PIECES = (
    *(b"<a", b"<!--", b"<div class='_a6-g'>x", b"&", b'"', b"\n"),
    *(b"[", b"[[],", b'{"a":', b'{"media":{"uri":"a/b.jpg"}},'),
)

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))


@dataclass(slots=True)
class Batch:
    """What came of some archives. `longest` is the most time of the processor that one took, `peak` is in bytes."""

    archives: int = 0
    photos: int = 0
    unreadable: Counter[str] = field(default_factory=Counter)
    longest: float = 0.0
    slowest: int = 0
    crashes: list[str] = field(default_factory=list)
    peak: int = 0


def make(seed: int, folder: Path) -> Path:
    """The damaged archive number `seed`, a zip file or a folder below `folder`."""
    from miniature_archives import MINIATURES, damage, flipped, unpack, zipped

    chance = random.Random(seed)
    archive = dict(MINIATURES[chance.choice(sorted(MINIATURES))])
    for _ in range(chance.choice((0, 1, 1, 2, 5))):
        archive = damage(archive, chance)
    if archive and chance.random() < 0.2:
        name = chance.choice(sorted(archive))
        archive[name] = repeated(archive[name], chance)
    if chance.random() < 0.5:
        unpack(archive, folder / f"{seed:06}")
        return folder / f"{seed:06}"
    data = zipped(archive)
    place = folder / f"{seed:06}.zip"
    place.write_bytes(flipped(data, chance) if chance.random() < 0.5 else data)
    return place


def repeated(data: bytes, chance: random.Random) -> bytes:
    """The data with a piece of it, or one that is known to take long, again and again."""
    start = chance.randrange(len(data) + 1)
    piece = data[start : start + chance.choice((1, 10, 100, 1000))] if chance.random() < 0.5 else b""
    piece = piece or chance.choice(_PIECES)
    return data[:start] + piece * (chance.choice((1_000, 100_000, MOST_REPEATED)) // len(piece)) + data[start:]


def read_batch(seeds: range) -> Batch:
    """Reads the archives of `seeds`."""
    done = Batch()
    with tempfile.TemporaryDirectory() as scratch:
        for seed in seeds:
            place = make(seed, Path(scratch))
            start = time.process_time()
            try:
                read_all(place, done)
            except Exception as error:  # whatever it is: that is what this looks for
                done.crashes.append(f"archive {seed}: {type(error).__name__}: {error}")
            taken = time.process_time() - start
            if taken > done.longest:
                done.longest, done.slowest = taken, seed
            done.archives += 1
    largest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    done.peak = largest * (1 if sys.platform == "darwin" else 1024)
    return done


def read_all(place: Path, done: Batch) -> None:
    """Lists what is in an archive, and reads its photos."""
    from untag.errors import ReadFailure
    from untag.sources.base import walk_all
    from untag.types import PhotoRef, ReadError

    for listing in walk_all([place]):
        for entry in listing.entries:
            if isinstance(entry, ReadError):
                done.unreadable[entry.outcome] += 1
            elif isinstance(entry, PhotoRef):
                try:
                    listing.source.read(entry)
                    done.photos += 1
                except ReadFailure as failure:
                    done.unreadable[failure.outcome] += 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--batch", type=int, default=250)
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    total, hangs = Batch(), 0
    end = options.seed + options.count
    for first in range(options.seed, end, options.batch):
        seeds = range(first, min(first + options.batch, end))
        pool = ProcessPoolExecutor(1, mp_context=get_context("spawn"))
        try:
            done = pool.submit(read_batch, seeds).result(timeout=MOST_BATCH_SECONDS)
        except TimeoutError:
            hangs += 1
            print(f"archives {seeds}: no end after {MOST_BATCH_SECONDS:.0f} seconds", file=sys.stderr)
            break  # the process is still at it, and this one waits for it when it ends
        except Exception as error:  # the process ended by itself
            total.crashes.append(f"archives {seeds}: {type(error).__name__}")
            continue
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
        hangs += done.longest > MOST_SECONDS
        total.archives += done.archives
        total.photos += done.photos
        total.unreadable += done.unreadable
        total.crashes += done.crashes
        total.peak = max(total.peak, done.peak)
        if done.longest > total.longest:
            total.longest, total.slowest = done.longest, done.slowest
    result = {
        "archives": total.archives,
        "photos": total.photos,
        "unreadable": dict(total.unreadable),
        "crashes": total.crashes,
        "hangs": hangs,
        "longest_seconds": round(total.longest, 2),
        "slowest": total.slowest,
        "peak_bytes": total.peak,
    }
    report(result, options.output)
    sys.exit(1 if total.crashes or hangs or total.peak >= MOST_BYTES or total.archives < options.count else 0)


if __name__ == "__main__":
    main()
