"""How long the embedding index takes to search all faces, beside faiss-cpu's IndexFlatL2 and usearch's exact search.

    python -m benchmarks.index_search [--faces 1000000] [--references 20] [--threads 2] [--output FILE.json]

Three tasks: every face within the distance `me` of a reference, every face within 0.6, the limit that dlib's authors
propose, and the 10 faces nearest to each (usearch has no search by distance). The embeddings are made up, of two kinds.
`like_dlib` has the spread of real ones, person from person and photo from photo, measured along each principal axis;
`without_structure` spreads alike in all directions, which no face recogniser does: the worst case, where nothing can be
told from a part of an embedding. Each reference is one of the faces. All libraries must give the same faces: where two
differ, both distances must be equal, or equal to the limit, to the precision of float32. Times are medians, with all
taking turns, and the ratios are from the same run. faiss-cpu and usearch are left out when they are not installed.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from benchmarks.output import report

DIMENSIONS = 128
ME = 0.4748
"""The distance at a false match rate of 1 in 10,000, as in models/calibration.json."""
LIMIT = 0.6
K = 10
PRECISION = 1e-4
"""What two libraries' squared distances may differ by; the others compute them in float32."""

_BETWEEN = """
3305, 2120, 1577, 1373, 1171, 1064, 845, 694, 692, 641, 625, 582, 553, 499, 479, 430, 411, 365, 357,
349, 314, 298, 302, 248, 248, 226, 228, 213, 190, 197, 192, 176, 165, 161, 168, 159, 141, 148, 141,
137, 123, 123, 128, 110, 119, 107, 99, 93, 91, 92, 78, 86, 86, 74, 76, 72, 58, 63, 61, 63, 51, 48,
50, 42, 49, 47, 39, 35, 34, 31, 33, 29, 26, 23, 18, 16, 6
"""
_WITHIN = """
131, 222, 210, 190, 205, 198, 214, 207, 198, 213, 206, 183, 193, 190, 176, 177, 178, 184, 169, 165,
189, 178, 157, 170, 158, 171, 163, 159, 167, 140, 143, 152, 146, 145, 125, 124, 141, 126, 121, 120,
124, 120, 110, 123, 108, 112, 111, 114, 108, 101, 105, 95, 92, 98, 91, 82, 93, 84, 82, 76, 84, 77,
72, 74, 61, 57, 60, 62, 61, 62, 55, 52, 47, 40, 29, 27, 13
"""
"""Variances in 1/100,000 of dlib's embeddings along their principal axes: of people from the mean of all, and of photos
from their person's mean. From 3,838 photos of 1,569 people in Labeled Faces in the Wild; along the other 51 axes there
is nothing (below 0.00001)."""
_LENGTH = 1.3
"""How far the mean of all those embeddings is from zero."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--faces", type=int, default=1_000_000)
    parser.add_argument("--references", type=int, default=20)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    # Read by the libraries when they are loaded, so numpy is imported only now.
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = str(options.threads)
    with tempfile.TemporaryDirectory() as folder:
        result = about(options)
        for kind in ("like_dlib", "without_structure"):
            result[kind] = measure(options, kind, Path(folder))
    report(result, options.output)


def made_up(kind: str, faces: int) -> Any:
    """Embeddings (faces, DIMENSIONS) float32, about 100 to a person."""
    import numpy as np

    random = np.random.default_rng(7)

    def normal(count: int) -> Any:
        return random.standard_normal((count, DIMENSIONS), np.float32)

    people = normal(max(1, faces // 100))
    if kind == "like_dlib":
        between, within = (np.zeros(DIMENSIONS, np.float32) for _ in range(2))
        for spread, text in ((between, _BETWEEN), (within, _WITHIN)):
            numbers = [float(number) for number in text.replace("\n", " ").split(",") if number.strip()]
            spread[: len(numbers)] = np.sqrt(np.array(numbers) / 100_000)
        people = people * between + np.float32(_LENGTH / np.sqrt(DIMENSIONS))
        axes = np.linalg.qr(normal(DIMENSIONS))[0]
    else:
        # Two photos of one person are then about 0.5 apart, two people 1.4.
        people /= np.linalg.norm(people, axis=1, keepdims=True)
        within = np.full(DIMENSIONS, 0.5 / np.sqrt(2 * DIMENSIONS), np.float32)
        axes = np.eye(DIMENSIONS, dtype=np.float32)
    vectors = people[random.integers(0, len(people), faces)]
    for start in range(0, faces, 100_000):
        part = vectors[start : start + 100_000]
        part[:] = (part + normal(len(part)) * within) @ axes
    return vectors


def measure(options: argparse.Namespace, kind: str, folder: Path) -> dict[str, Any]:
    """What `tasks` took with embeddings of one kind."""
    import numpy as np

    from untag.people.index import load_index
    from untag.people.index_file import Header, create

    vectors = made_up(kind, options.faces)
    chosen = np.random.default_rng(8).choice(options.faces, options.references, replace=False)
    references = vectors[chosen]

    path = folder / "faces-benchmark.idx"
    header = create(path, Header("benchmark", DIMENSIONS, 1), enumerate(vectors))
    index = load_index(path, header)

    limits = {"within_me": ME, "within_0.6": LIMIT}
    tasks: dict[str, dict[str, Callable[[], Any]]] = {name: {} for name in (*limits, "nearest")}

    def with_limit(limit: float) -> Any:
        hits = index.within(references, limit)
        return hits.references, hits.faces

    def with_k() -> Any:
        hits = index.nearest(references, K)
        return hits.references, hits.faces

    for name, limit in limits.items():
        tasks[name]["untag"] = partial(with_limit, limit)
    tasks["nearest"]["untag"] = with_k
    rows = np.repeat(np.arange(len(references)), K)
    if find_spec("faiss") is not None:
        import faiss

        faiss.omp_set_num_threads(options.threads)
        flat = faiss.IndexFlatL2(DIMENSIONS)
        flat.add(vectors)

        def faiss_within(limit: float) -> Any:
            starts, _, faces = flat.range_search(references, limit**2)
            return np.repeat(np.arange(len(references)), np.diff(starts.astype(np.int64))), faces

        for name, limit in limits.items():
            tasks[name]["faiss"] = partial(faiss_within, limit)
        tasks["nearest"]["faiss"] = lambda: (rows, flat.search(references, K)[1].ravel())
    if find_spec("usearch") is not None:
        from usearch.index import MetricKind, search

        tasks["nearest"]["usearch"] = lambda: (
            rows,
            search(vectors, references, K, MetricKind.L2sq, exact=True, threads=options.threads).keys.ravel(),
        )

    def check(task: str, answers: dict[str, Any]) -> int:
        """How many pairs `untag` gives; ends the program when another library gives others."""
        pairs = {name: {(int(r), int(f)) for r, f in zip(*found, strict=True)} for name, found in answers.items()}
        for name, other in pairs.items():
            for reference, face in pairs["untag"] ^ other:
                difference = vectors[face].astype(np.float64) - references[reference]
                squared = float(difference @ difference)
                last = limits.get(task, 0.0) ** 2
                if task == "nearest":
                    mine = [f for r, f in pairs["untag"] if r == reference]
                    last = float(np.square(vectors[mine].astype(np.float64) - references[reference]).sum(1).max())
                if abs(squared - last) > PRECISION:
                    sys.exit(f"{task}: {name} and untag differ in face {face}, reference {reference}")
        return len(pairs["untag"])

    found = {task: check(task, {name: run() for name, run in runs.items()}) for task, runs in tasks.items()}
    results: dict[str, Any] = {}
    for task, runs in tasks.items():
        times: dict[str, list[float]] = {name: [] for name in runs}
        for _ in range(options.rounds):
            for name, run in runs.items():
                start = time.perf_counter()
                run()
                times[name].append((time.perf_counter() - start) * 1000)
        medians = {name: statistics.median(values) for name, values in times.items()}
        results[task] = {
            "pairs": found[task],
            "milliseconds": {name: round(value, 1) for name, value in medians.items()},
            "least_milliseconds": {name: round(min(values), 1) for name, values in times.items()},
            "times_as_long": {name: round(value / medians["untag"], 2) for name, value in medians.items()},
        }
    return results


def about(options: argparse.Namespace) -> dict[str, Any]:
    """What was measured, with which versions."""
    versions = {"python": platform.python_version()}
    for package in ("numpy", "faiss-cpu", "usearch"):
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            continue
    names = ("faces", "references", "threads", "rounds")
    return {"versions": versions, **{name: getattr(options, name) for name in names}, "k": K}


if __name__ == "__main__":
    main()
