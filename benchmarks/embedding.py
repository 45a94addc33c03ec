"""How long a batch of face embeddings takes, untag's graph against dlib's own library, on the same chips.

    python -m benchmarks.embedding [--repeats 5] [--threads 0] [--output benchmarks/results/embedding.json]

Needs untag[reference]. Both embed the same 32 made-up chips, in turns, after one unmeasured round whose embeddings are
compared. dlib's prebuilt wheel runs on one thread; `--threads 1` gives untag no more. Each ratio is of two neighbouring
runs, so that a busy moment of the machine hits both; their median is the result.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import dlib
import numpy as np
from numpy.typing import NDArray

from benchmarks.output import report
from untag.engine.downloads import registry
from untag.engine.runtime.session import Device, open_session
from untag.engine.weights.dlib_graphs import build_embedder
from untag.engine.weights.dlib_weights import read_layers
from untag.faces.align import DLIB_TEMPLATE
from untag.faces.composed import Embedder
from untag.types import Pixels

BATCH = 32
LEAST_REPEATS = 5
TOLERANCE = 1e-5
"""Largest difference allowed in any component of an embedding."""


def made_up_chips(count: int) -> Pixels:
    """(count, 150, 150, 3) uint8: what a network computes, and how long it takes, does not depend on the picture."""
    generator = np.random.default_rng(11)
    squares = generator.integers(0, 256, (count, 10, 10, 3), dtype=np.uint8)
    return squares.repeat(15, axis=1).repeat(15, axis=2)


def seconds(run: Callable[[], object]) -> tuple[float, float]:
    """Of the clock, and of all cores together."""
    clock, cores = time.perf_counter(), time.process_time()
    run()
    return time.perf_counter() - clock, time.process_time() - cores


def measure(repeats: int, threads: int) -> dict[str, object]:
    chips = made_up_chips(BATCH)
    graph = build_embedder(read_layers(registry.DLIB_EMBEDDING.read()))
    embedder = Embedder(
        open_session(graph, device=Device.CPU, threads=threads), "images", DLIB_TEMPLATE, 128, batch=BATCH
    )
    reference = dlib.face_recognition_model_v1(str(registry.DLIB_EMBEDDING.locate()))

    def with_untag() -> NDArray[np.float32]:
        return embedder.embed(list(chips))

    def with_dlib() -> NDArray[np.float64]:
        return np.array(reference.compute_face_descriptor(list(chips)))

    difference = float(np.abs(with_untag() - with_dlib()).max())
    if difference > TOLERANCE:
        sys.exit(f"the embeddings differ by {difference:.1e}, more than {TOLERANCE:.0e}; the times mean nothing")
    rounds = [(seconds(with_untag), seconds(with_dlib)) for _ in range(repeats)]
    ratios, cpu_ratios = ([theirs[kind] / ours[kind] for ours, theirs in rounds] for kind in (0, 1))
    return {
        "batch": BATCH,
        "repeats": repeats,
        "threads": threads,
        "cores": os.cpu_count(),
        "load": [round(load, 2) for load in os.getloadavg()] if hasattr(os, "getloadavg") else None,
        "versions": {
            "python": platform.python_version(),
            "dlib": dlib.__version__,
            "onnxruntime": metadata.version("onnxruntime"),
        },
        "milliseconds_per_face": {
            "untag": round(statistics.median(ours[0] for ours, _ in rounds) * 1000 / BATCH, 2),
            "dlib": round(statistics.median(theirs[0] for _, theirs in rounds) * 1000 / BATCH, 2),
        },
        "ratios": [round(ratio, 2) for ratio in ratios],
        "median_ratio": round(statistics.median(ratios), 2),
        "median_cpu_ratio": round(statistics.median(cpu_ratios), 2),
        "largest_difference": difference,
    }


def table(result: dict[str, object]) -> str:
    times, ratios = result["milliseconds_per_face"], result["ratios"]
    assert isinstance(times, dict)
    assert isinstance(ratios, list)
    return "\n".join(
        [
            f"{'':<8}{'ms a face':>12}",
            *(f"{name:<8}{value:>12.2f}" for name, value in times.items()),
            f"dlib / untag: {result['median_ratio']} (median of {len(ratios)}, {min(ratios)} to {max(ratios)})",
            f"in CPU time, of all cores together: {result['median_cpu_ratio']}",
            f"largest difference {result['largest_difference']:.1e}; load of the machine {result['load']}",
        ]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=LEAST_REPEATS)
    parser.add_argument("--threads", type=int, default=0, help="0: as many as there are cores")
    parser.add_argument("--output", type=Path, help="write the result here, as JSON")
    arguments = parser.parse_args()
    if arguments.repeats < LEAST_REPEATS:
        parser.error(f"--repeats is at least {LEAST_REPEATS}")
    result = measure(arguments.repeats, arguments.threads)
    report(result, arguments.output, shown=table(result))


if __name__ == "__main__":
    main()
