"""Clusters: the way from options to one that is ready for a scan, and working for one."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import copy_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from untag.config import Settings
from untag.errors import UsageError
from untag.library.home import OpenHome
from untag.library.options import ScanOptions

if TYPE_CHECKING:
    from untag.scan import ScanModels
    from untag.scan.cluster.place import Cluster
    from untag.scan.judge import Judge


_KEYS_FOLDER = "cluster"
"""In the home folder, unless the settings name another."""


class Clusters(OpenHome):
    """Machines that look at photos for others."""

    def work(self, address: str, threads: int | None = None) -> None:
        """Looks at photos for the scans of others, by the scheduler at `address`, until that or this process ends.

        With `threads`, so many photos at once; None is one for each core. Raises as `scan` does with `cluster`.
        """
        from untag.scan.cluster.addresses import check_address, keys_in

        keys = check_address(address, keys_in(keys_folder(self.settings)))
        with _dask():
            from untag.scan.cluster.connection import WorkerOptions, work
        with TemporaryDirectory(prefix="untag-worker-") as scratch:
            work(address, keys, WorkerOptions(self.home, Path(scratch), threads or os.cpu_count() or 1))

    def worker_guide(self) -> str:
        """How to make keys and start a scheduler and workers, as commands for a shell."""
        from untag.scan.cluster.guide import guide

        return guide(keys_folder(self.settings).absolute())


@contextmanager
def _dask() -> Iterator[None]:
    try:
        yield
    except ImportError as error:
        raise UsageError(f"a cluster needs Dask ({error}): pip install 'untag[cluster]'") from error


def keys_folder(settings: Settings) -> Path:
    """Where the TLS keys for a cluster are."""
    return Path(settings.cluster_keys).expanduser() if settings.cluster_keys else settings.home / _KEYS_FOLDER


def join_cluster(
    settings: Settings,
    engine: str,
    models: ScanModels,
    judge: Judge,
    options: ScanOptions,
    say: Callable[[str], object],
) -> Cluster:
    """The workers of `options.cluster`, each with this home's models and its order; no photo has travelled yet.

    Raises UsageError for a wrong address or missing keys, or where Dask is not installed, and ClusterError where the
    cluster does not answer or is not the same as this machine.
    """
    from untag.scan.cluster.addresses import check_address, keys_in, shared_folder

    assert options.cluster is not None
    keys = check_address(options.cluster, keys_in(keys_folder(settings)))
    shared = tuple(map(shared_folder, options.shared))
    with _dask():
        from untag.scan.cluster.connection import connect
    from untag.reading.reader import TextWanted
    from untag.scan.cluster.place import Cluster, Gate
    from untag.scan.cluster.task import Order

    def cancelled() -> bool:
        return options.cancel is not None and options.cancel.is_set()

    context = copy_context()

    def tell(message: str) -> None:
        # From the thread that noticed it; how loud to be, the context of the one that scans knows.
        context.copy().run(say, message)

    text = TextWanted(settings.text_words, settings.text_cards)
    connection = connect(options.cluster, keys, say=tell, cancelled=cancelled)
    try:
        connection.hire(Order(engine, models.pipeline, judge.wanted, settings.limits, text))
    except BaseException:
        connection.close()
        raise
    say(f"{connection.staff} at {options.cluster} with the engine {models.faces.id}")
    gate = Gate(lambda: connection.staff, cancelled)
    return Cluster(connection, settings.jobs, shared, gate)
