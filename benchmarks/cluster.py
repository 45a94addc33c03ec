"""What a cluster costs where it gains nothing: workers on the processors of the home, against a scan without.

    python -m benchmarks.cluster PHOTOS --me REFERENCE.jpg [--workers 2] [--rounds 3] [--output FILE.json]

Each round scans the photos into two new homes, once in one process and once through a scheduler and workers on this
machine; both must find the same. A ratio is the cluster's time over the other's; what the workers load, they have
loaded before. On machines of their own the workers would take their share of the time away.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from benchmarks.output import report

BIN = Path(sys.executable).parent
MEBIBYTE = 1024 * 1024


def untag(home: Path, *arguments: object) -> str:
    """What a command prints; ends the benchmark where it fails."""
    command = [str(BIN / "untag"), "--home", str(home), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr)
    return done.stdout


@contextmanager
def running(*command: object) -> Iterator[None]:
    """A program that lives meanwhile."""
    with subprocess.Popen([*map(str, command)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            yield
        finally:
            process.terminate()


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def scan(home: Path, photos: Path, *options: str) -> dict[str, float]:
    """Seconds and peak memory in MiB of a scan in a process of its own, and how many photos it looked at."""
    command = [str(BIN / "untag"), "--home", str(home), "scan", str(photos), "--json", *options]
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    summary = json.loads(process.stdout.read())
    _, _, usage = os.wait4(process.pid, 0)
    peak = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024) / MEBIBYTE
    return {"seconds": time.perf_counter() - began, "mebibytes": peak, "photos": summary["analysed"]}


def found(home: Path) -> list[tuple[Any, ...]]:
    """Each photo of the person with its verdict and categories. Other batches move the last bits of scores."""
    listed = json.loads(untag(home, "list", "--format", "json"))
    return sorted((finding["path"], finding["verdict"], sorted(finding["categories"])) for finding in listed)


def one_round(work: Path, photos: Path, address: str, number: int) -> dict[str, dict[str, float]]:
    """A scan without a cluster and one with it; ends the benchmark where they do not find the same."""
    homes = {name: work / f"{name}-{number}" for name in ("alone", "cluster")}
    for home in homes.values():
        shutil.copytree(work / "home", home)
    figures = {
        "alone": scan(homes["alone"], photos),
        "cluster": scan(homes["cluster"], photos, "--cluster", address),
    }
    if found(homes["alone"]) != found(homes["cluster"]):
        sys.exit("the cluster found something else")
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", type=Path)
    parser.add_argument("--me", type=Path, required=True)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    port = free_port()
    address = f"tcp://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory() as scratch, ExitStack() as programs:
        work = Path(scratch)
        untag(work / "home", "enroll", options.me)
        programs.enter_context(
            running(BIN / "dask", "scheduler", "--host", "127.0.0.1", "--port", port, "--no-dashboard")
        )
        for number in range(options.workers):
            home = work / f"worker-{number}"
            programs.enter_context(running(BIN / "untag", "--home", home, "worker", address, "--threads", "1"))
        one_round(work, options.photos, address, -1)  # the workers load their models
        rounds = [one_round(work, options.photos, address, number) for number in range(options.rounds)]
    result = {
        "photos": rounds[0]["alone"]["photos"],
        "workers": options.workers,
        "ratios": [round(one["cluster"]["seconds"] / one["alone"]["seconds"], 2) for one in rounds],
        "peak_mebibytes": {name: round(max(one[name]["mebibytes"] for one in rounds)) for name in rounds[0]},
    }
    result["median_ratio"] = statistics.median(result["ratios"])
    report(result, options.output)


if __name__ == "__main__":
    main()
