"""The cluster itself: the only module that knows Dask, and beside the download of models the only one with a network.

Dask sends Python objects that its parties run without a question: whoever holds keys of a cluster may run anything on
its machines. So photos and profiles go to other machines by TLS only, with keys that were made for this.
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Lock
from typing import Any, TypeVar, cast
from uuid import uuid4

import dask
import distributed
from distributed import KilledWorker
from distributed.diagnostics.plugin import WorkerPlugin

from untag.errors import ClusterError
from untag.scan.cluster import task
from untag.scan.cluster.addresses import Keys, is_safe
from untag.support.words import counted

Answer = TypeVar("Answer")

PATIENCE = 60.0
"""Seconds without any worker after which a scan ends."""

_CONNECT = 30
_LOOK_UP = 0.5
_LOOK_AFTER = 2.0
_GATHER = 120
_TRIES = 4
_EXACT = ("untag", "dask", "distributed")
_QUIET = ("distributed", "tornado.application")


class Abandoned(Exception):  # noqa: N818 - what the user wanted
    """The scan was cancelled: nobody waits for the answer."""


class WorkersDied(Exception):  # noqa: N818 - the caller finds out of which photo
    """So many workers died while they had this task that the scheduler gave it up."""


class _Undone(Exception):  # noqa: N818 - the task is given out again
    """The task will not be done: the scheduler was lost, or all the workers that it could go to."""


class _Hired(WorkerPlugin):
    """Makes each worker ready for one scan, those that join later too. Only one that is gets tasks.

    A task asks for a resource of the token's name, which a worker declares once its models are the right ones.
    """

    def __init__(self, token: str, order: task.Order) -> None:
        self.token = token
        self.order = order

    async def setup(self, worker: Any) -> None:
        if not is_safe(worker.contact_address):
            task.refuse(self.token, "what is sent to it would not be encrypted; start it with tls://")
            return
        threads = worker.state.nthreads
        if await asyncio.to_thread(task.prepare, self.token, self.order, threads) is None:
            await worker.set_resources(**{self.token: threads})

    def teardown(self, worker: Any) -> None:
        task.dismiss(self.token)


@dataclass(frozen=True, slots=True)
class Staff:
    """The workers that are ready for a scan."""

    workers: int
    threads: int

    def __str__(self) -> str:
        return f"{counted(self.workers, 'worker')} with {counted(self.threads, 'thread')}"


class Connection:
    """A cluster that is ready for one scan. Its methods may be called by several threads."""

    def __init__(self, client: Any, token: str, say: Callable[[str], object], cancelled: Callable[[], bool]) -> None:
        self._client = client
        self._token = token
        self._say = say
        self._cancelled = cancelled
        self._ready: dict[str, int] = {}
        self._refused: set[str] = set()
        self._looking_after = Lock()
        self._looked_at = self._seen_at = time.monotonic()
        self.staff = Staff(0, 0)

    def hire(self, order: task.Order) -> None:
        """Give every worker its order. Raises ClusterError that names the workers whose models are others."""
        with _explained("the workers could not be given their order"):
            self._client.register_plugin(_Hired(self._token, order), name=self._token)
            present = self._client.nthreads()
            problems = self._problems(list(present))
        wrong = [f"the worker {address}: {problem}" for address, problem in problems.items() if problem is not None]
        if wrong:
            raise ClusterError("; ".join(wrong))
        self._count(present, problems)

    def run(self, call: Callable[..., Answer], *arguments: Any) -> Answer:
        """What a worker answers to `call(token, *arguments)`; a worker that dies is replaced by another.

        Raises WorkersDied, Abandoned once the scan is cancelled, and ClusterError when scheduler or workers are gone.
        """
        for _ in range(_TRIES):
            ready = frozenset(self._ready)
            with _explained("the cluster could not be given work"):
                key = f"untag-{uuid4().hex}"
                future = self._client.submit(
                    call, self._token, *arguments, key=key, pure=False, resources={self._token: 1}, retries=0
                )
            try:
                return cast("Answer", self._answer(future, ready))
            except _Undone:
                self._wait_for_scheduler()
            finally:
                with suppress(Exception):  # the scheduler may be gone
                    future.cancel() if not future.done() else future.release()
        raise WorkersDied

    def close(self) -> None:
        """Take the order back and hang up."""
        with suppress(Exception):  # whatever it is, the scan is over and what it found is on record
            self._client.unregister_worker_plugin(self._token)
        with suppress(Exception):
            self._client.close(timeout=2)

    def _answer(self, future: Any, ready: frozenset[str]) -> Any:
        """The answer to a task that was given out when these workers were ready."""
        done = Event()
        future.add_done_callback(lambda _: done.set())
        while True:
            try:
                if done.wait(_LOOK_UP):
                    return future.result(timeout=_GATHER)
                raise TimeoutError
            except TimeoutError:
                if self._cancelled():
                    raise Abandoned from None
                self._look_after()
                if self._ready and ready.isdisjoint(self._ready):
                    # Dask tries a task anew with a worker that comes, but before that one has declared what it has.
                    raise _Undone from None
            except KilledWorker as error:
                raise WorkersDied from error
            except asyncio.CancelledError as error:
                raise _Undone from error
            except Exception as error:
                if self._client.status != "running":
                    raise ClusterError(_LOST) from error
                return task.Broken(f"the cluster could not do it ({type(error).__name__}: {error})")

    def _wait_for_scheduler(self) -> None:
        """Until Dask has connected anew, which it tries for a while. Raises ClusterError when it has given up."""
        while self._client.status != "running":
            if self._cancelled():
                raise Abandoned
            if self._client.status != "connecting":
                raise ClusterError(_LOST)
            time.sleep(_LOOK_UP)

    def _look_after(self) -> None:
        """Now and then: who is there, who has come, who is gone. Raises ClusterError when nobody is left for long."""
        if not self._looking_after.acquire(blocking=False):
            return
        try:
            if time.monotonic() - self._looked_at >= _LOOK_AFTER:
                self._take_stock()
                self._looked_at = time.monotonic()
        finally:
            self._looking_after.release()

    def _take_stock(self) -> None:
        try:
            present = self._client.nthreads()
            new = [address for address in present if address not in self._ready and address not in self._refused]
            problems = self._problems(new) if new else {}
        except Exception as error:  # a connection that ends says so in a dozen classes
            if self._client.status != "running":
                raise ClusterError(_LOST) from error
            return
        for address, problem in problems.items():
            if problem is not None and problem != task.LOADING:
                self._refused.add(address)
                self._say(f"the worker {address} gets no photos: {problem}")
        before = self.staff
        self._count(present, problems)
        if self.staff != before:
            self._say(f"{self.staff} now" if self.staff.workers else "no worker is left; waiting for one")
        if self.staff.workers:
            self._seen_at = time.monotonic()
        elif time.monotonic() - self._seen_at > PATIENCE:
            raise ClusterError("all workers are gone; what was done is kept: start them and run the same command again")

    def _problems(self, addresses: list[str]) -> dict[str, str | None]:
        answers = self._client.run(task.problem_of, self._token, workers=addresses, on_error="return")
        return {
            address: f"{type(answer).__name__}: {answer}" if isinstance(answer, BaseException) else answer
            for address, answer in answers.items()
        }

    def _count(self, present: Mapping[str, int], problems: Mapping[str, str | None]) -> None:
        ready = {*self._ready, *(address for address, problem in problems.items() if problem is None)}
        self._ready = {address: threads for address, threads in present.items() if address in ready}
        self.staff = Staff(len(self._ready), sum(self._ready.values()))


_LOST = "the connection to the cluster's scheduler was lost; what was done is kept: run the same command again"


def connect(
    address: str, keys: Keys | None, *, say: Callable[[str], object], cancelled: Callable[[], bool]
) -> Connection:
    """A connection to the scheduler at `address`, with its parties checked; no order was given yet.

    Raises ClusterError where nobody answers, no worker is there, or a party has other versions than this machine.
    """
    _be_quiet()
    with _explained(f"no scheduler of Dask answers at {address}"):
        security = None if keys is None else _security(keys)
        client = distributed.Client(
            address, timeout=_CONNECT, security=security, set_as_default=False, direct_to_workers=False, name="untag"
        )
    try:
        with _explained(f"the cluster at {address} does not answer"):
            _require_closed(client.scheduler_info(), address)
            _require_workers(client, address)
            _require_closed(client.scheduler_info(), address)
            versions: Any = client.get_versions(packages=["untag"])
        _require_same(versions)
    except BaseException:
        with suppress(Exception):
            client.close(timeout=2)
        raise
    return Connection(client, f"untag-{uuid4().hex}", say, cancelled)


def _security(keys: Keys) -> Any:
    return distributed.Security(
        require_encryption=True,
        tls_ca_file=str(keys.authority),
        tls_client_cert=str(keys.certificate),
        tls_client_key=str(keys.key),
    )


def _require_closed(known: Mapping[str, Any], address: str) -> None:
    """Raises ClusterError where who is looked for would go to other machines unencrypted, before anything is sent.

    A worker that is asked would know it by then. And a scheduler that listens for other machines without TLS takes as
    a worker whoever comes, now or later.
    """
    listens = str(known.get("address"))
    if not is_safe(listens):
        raise ClusterError(
            f"the scheduler at {address} listens to other machines without TLS (as {listens}), and takes anybody's "
            "workers; start it with --host 127.0.0.1, or with TLS: untag worker --nas"
        )
    for worker in known.get("workers", ()):
        if not is_safe(str(worker)):
            raise ClusterError(f"what is sent to the worker {worker} would not be encrypted; start it with tls://")


def _require_workers(client: Any, address: str) -> None:
    try:
        client.wait_for_workers(1, timeout=_CONNECT)
    except TimeoutError as error:
        raise ClusterError(
            f"the scheduler at {address} has no workers; how to start some: untag worker --nas"
        ) from error


def _require_same(versions: Mapping[str, Any]) -> None:
    """Raises ClusterError for the first party that Python objects cannot be exchanged with."""
    mine = versions["client"]["packages"]
    parties = {"the scheduler": versions["scheduler"], **{f"the worker {w}": v for w, v in versions["workers"].items()}}
    for party, found in parties.items():
        for package, level in (*((name, 9) for name in _EXACT), ("python", 2), ("numpy", 1), ("cloudpickle", 1)):
            here, there = mine.get(package), found["packages"].get(package)
            if _level(here, level) != _level(there, level):
                raise ClusterError(
                    f"{party} has {package} {there or 'not at all'}, this machine {here}; install the same on all"
                )


def _level(version: str | None, level: int) -> tuple[str, ...]:
    return () if version is None else tuple(version.split(".")[:level])


@contextmanager
def _explained(what: str) -> Iterator[None]:
    """Errors of Dask, of which there are dozens of classes, in a sentence."""
    try:
        yield
    except ClusterError:
        raise
    except Exception as error:
        reason = str(error).strip().splitlines()
        raise ClusterError(f"{what}: {reason[0] if reason else type(error).__name__}") from error


def _be_quiet() -> None:
    """Dask logs to standard error, tracebacks among it; what a user has to know, untag says."""
    names = [name for name in logging.root.manager.loggerDict if name.split(".")[0] == "distributed"]
    for name in {*_QUIET, *names}:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    dask.config.set({"distributed.admin.large-graph-warning-threshold": "2GB"})


@dataclass(frozen=True, slots=True)
class WorkerOptions:
    """How to work: `home` is the worker's own home folder, with its models; `scratch` is a folder that Dask needs."""

    home: Path
    scratch: Path
    threads: int


def work(address: str, keys: Keys | None, options: WorkerOptions) -> None:
    """Works for the scheduler at `address`, which may still have to come, until it goes or a signal comes.

    Nothing is written to the disk, and the page that Dask serves about a worker is for this machine alone.
    """
    from distributed.cli.dask_worker import main

    os.environ["UNTAG_HOME"] = str(options.home)  # for the process in which Dask lets the worker run
    memory = {f"distributed.worker.memory.{name}": False for name in ("target", "spill", "pause", "terminate")}
    dask.config.set({**memory, "distributed.comm.require-encryption": keys is not None})
    arguments = [address, "--nthreads", str(options.threads), "--no-dashboard", "--dashboard-address", "127.0.0.1:0"]
    arguments += ["--memory-limit", "0", "--local-directory", str(options.scratch)]
    if keys is not None:
        arguments += ["--tls-ca-file", str(keys.authority), "--tls-cert", str(keys.certificate)]
        arguments += ["--tls-key", str(keys.key)]
    with _explained(f"no worker could be started for {address}"):
        main.main(arguments, prog_name="untag worker", standalone_mode=False)
