"""How long the embedding index takes to search all faces, beside faiss-cpu's IndexFlatL2 and usearch's exact search.

    python benchmarks/index_search.py [--faces 1000000] [--references 20] [--threads 2] [--output FILE.json]

Two tasks: `within`, every face within the distance `maybe` of a reference, and `nearest`, the 10 faces nearest to each
(usearch has no search by distance). The embeddings are made up: 128 dimensions, people as clusters of unit vectors,
each reference one of them. All must give the same faces: where two differ, both distances must be equal, or equal to
the limit, to the precision of float32. Times are medians, with all taking turns, and the ratios are from the same run.
faiss-cpu and usearch are left out when they are not installed.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

DIMENSIONS = 128
LIMIT = 0.6
K = 10
PRECISION = 1e-4
"""What two libraries' squared distances may differ by; the others compute them in float32."""


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
        result = measure(options, Path(folder))
    text = json.dumps(result, indent=1)
    print(text)
    if options.output is not None:
        options.output.write_text(text + "\n")


def measure(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    import numpy as np

    from untag.people.index import load_index
    from untag.people.index_file import Header, create

    random = np.random.default_rng(7)
    people = random.standard_normal((max(1, options.faces // 100), DIMENSIONS), np.float32)
    people /= np.linalg.norm(people, axis=1, keepdims=True)
    vectors = people[random.integers(0, len(people), options.faces)]
    # Two photos of one person are then about 0.5 apart, two people 1.4.
    for start in range(0, options.faces, 100_000):
        part = vectors[start : start + 100_000]
        part += random.standard_normal(part.shape, np.float32) * np.float32(0.5 / np.sqrt(2 * DIMENSIONS))
    references = vectors[random.choice(options.faces, options.references, replace=False)]

    path = folder / "faces-benchmark.idx"
    header = create(path, Header("benchmark", DIMENSIONS, 1), enumerate(vectors))
    index = load_index(path, header)

    def with_limit() -> Any:
        hits = index.within(references, LIMIT)
        return hits.references, hits.faces

    def with_k() -> Any:
        hits = index.nearest(references, K)
        return hits.references, hits.faces

    tasks: dict[str, dict[str, Callable[[], Any]]] = {"within": {"untag": with_limit}, "nearest": {"untag": with_k}}
    rows = np.repeat(np.arange(len(references)), K)
    if find_spec("faiss") is not None:
        import faiss

        faiss.omp_set_num_threads(options.threads)
        flat = faiss.IndexFlatL2(DIMENSIONS)
        flat.add(vectors)

        def faiss_within() -> Any:
            starts, _, faces = flat.range_search(references, LIMIT**2)
            return np.repeat(np.arange(len(references)), np.diff(starts.astype(np.int64))), faces

        tasks["within"]["faiss"] = faiss_within
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
                last = LIMIT**2
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
    versions = {"python": platform.python_version()}
    for package in ("numpy", "faiss-cpu", "usearch"):
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            continue
    task_of = {"faces": options.faces, "references": options.references, "threads": options.threads}
    return {"versions": versions, **task_of, "rounds": options.rounds, "limit": LIMIT, "k": K, "results": results}


if __name__ == "__main__":
    main()
