"""A cluster of this machine whose workers have the fake models of the tests: `python cluster_with_fakes.py`.

It prints the scheduler's address and the workers' process numbers, and lives until its standard input ends. A photo
with the serial number `KILLS` kills its worker. `UNTAG_TEST_DELAY` is seconds a batch, `UNTAG_TEST_DEATHS` how many
workers may die of a task before Dask gives it up.
"""

from __future__ import annotations

import os
import signal
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

KILLS = 666


def patch(dotted: str, value: object) -> None:
    module, _, name = dotted.rpartition(".")
    setattr(import_module(module), name, value)


def on_analyse(serial: int) -> None:
    if serial == KILLS:
        os.kill(os.getpid(), signal.SIGKILL)


def dask_setup(_: Any) -> None:
    """Called by Dask in each worker that it starts."""
    from fakes import FakeEngine, install

    engine = FakeEngine(on_analyse=on_analyse)
    engine.delay = float(os.environ.get("UNTAG_TEST_DELAY", "0"))
    install(patch, engine)


def main() -> None:
    import dask
    from distributed import LocalCluster

    dask.config.set({"distributed.scheduler.allowed-failures": int(os.environ.get("UNTAG_TEST_DEATHS", "3"))})
    with LocalCluster(  # type: ignore[no-untyped-call]
        n_workers=2,
        threads_per_worker=1,
        processes=True,
        host="127.0.0.1",
        dashboard_address=None,
        memory_limit=0,
        preload=[__file__],
    ) as cluster:
        print(cluster.scheduler_address, flush=True)
        for address, worker in cluster.workers.items():
            print(address, worker.pid, flush=True)
        print("ready", flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
