"""The way from options to a cluster that is ready for a scan."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import copy_context
from pathlib import Path
from typing import TYPE_CHECKING

from untag.config import Settings
from untag.errors import UsageError
from untag.library.options import ScanOptions
from untag.scan import ScanModels
from untag.scan.cluster.addresses import KEYS_FOLDER, check_address, keys_in, shared_folder
from untag.scan.judge import Judge

if TYPE_CHECKING:
    from untag.scan.cluster.place import Cluster


def keys_folder(settings: Settings) -> Path:
    """Where the TLS keys for a cluster are."""
    return Path(settings.cluster_keys).expanduser() if settings.cluster_keys else settings.home / KEYS_FOLDER


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
    assert options.cluster is not None
    keys = check_address(options.cluster, keys_in(keys_folder(settings)))
    shared = tuple(map(shared_folder, options.shared))
    try:
        from untag.scan.cluster.connection import connect
    except ImportError as error:
        raise UsageError(f"--cluster needs Dask ({error}): pip install 'untag[cluster]'") from error
    from untag.scan.cluster.place import Cluster, Gate
    from untag.scan.cluster.task import Order

    def cancelled() -> bool:
        return options.cancel is not None and options.cancel.is_set()

    context = copy_context()

    def tell(message: str) -> None:
        # From the thread that noticed it; how loud to be, the context of the one that scans knows.
        context.copy().run(say, message)

    connection = connect(options.cluster, keys, say=tell, cancelled=cancelled)
    try:
        connection.hire(Order(engine, models.pipeline, judge.wanted, settings.limits))
    except BaseException:
        connection.close()
        raise
    say(f"{connection.staff} at {options.cluster} with the engine {models.faces.id}")
    gate = Gate(lambda: connection.staff, cancelled)
    return Cluster(connection, settings.jobs, shared, gate)
