"""A cluster as `untag worker --nas` says to start it: keys, TLS, a scheduler, a worker, and the real models."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np
import pytest

import untag
from test_cluster import rows

pytest.importorskip("distributed", reason="the extra cluster is not installed")

SAMPLES = Path(__file__).parents[1] / "sample_photos"
BIN = Path(sys.executable).parent
pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="there is no openssl to make keys with")


def steps(guide: str) -> dict[str, str]:
    """The commands of the guide, by the number of their step."""
    found: dict[str, str] = {}
    step = ""
    for line in guide.splitlines():
        if line.startswith("# ") and line[2:3].isdigit():
            step = line[2]
        elif not line.startswith("#"):
            found[step] = found.get(step, "") + line + "\n"
    return found


def keys_of(home: Path, tmp_path: Path) -> Path:
    """Keys as the guide makes them for a home folder, and the folder that has them."""
    guide = untag.open(home, tend=False).worker_guide()
    subprocess.run(["sh", "-e", "-c", steps(guide)["1"]], check=True, capture_output=True, cwd=tmp_path)
    return home / "cluster"


@contextmanager
def running(command: str, folder: Path, log: Path) -> Iterator[None]:
    """A program that lives meanwhile; `log` gets what it says."""
    folder.mkdir(exist_ok=True)
    with log.open("w") as said:
        environment = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
        process = subprocess.Popen(f"exec {command}", shell=True, cwd=folder, stderr=said, stdout=said, env=environment)
        try:
            yield
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def alike(one: tuple[object, ...], other: tuple[object, ...]) -> bool:
    """Whether two rows say the same. The models see photos in other batches, which moves the last bits of numbers."""
    return all(map(_alike, one, other))


def _alike(one: object, other: object) -> bool:
    if isinstance(one, bytes) and isinstance(other, bytes) and len(one) == len(other) and len(one) % 4 == 0:
        return bool(np.allclose(np.frombuffer(one, np.float32), np.frombuffer(other, np.float32), atol=1e-4))
    if isinstance(one, float) and isinstance(other, float):
        return one == pytest.approx(other, abs=1e-4)
    return one == other or (isinstance(one, str) and isinstance(other, str) and _rounded(one) == _rounded(other))


def _rounded(text: str) -> str:
    """JSON with its numbers rounded."""
    return re.sub(r"\d+\.\d+", lambda number: f"{float(number[0]):.3f}", text)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def test_as_the_guide_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home, desktop = tmp_path / "home", tmp_path / "desktop"
    with untag.open(home) as alone:
        alone.enroll("me", [SAMPLES / "me"])
    keys = keys_of(home, tmp_path)
    assert {path.name: path.stat().st_mode & 0o777 for path in keys.iterdir()} == dict.fromkeys(
        ("ca.pem", "cert.pem", "key.pem"), 0o600
    )
    other = tmp_path / "other"
    keys_of(other, tmp_path)
    shutil.copytree(home, tmp_path / "without")
    shutil.copytree(keys, desktop / "cluster")
    port = str(free_port())
    told = {number: step.replace("8786", port) for number, step in steps(alone.worker_guide()).items()}
    worker = told["4"].replace("HOST", "127.0.0.1").replace("untag ", f"untag --home {desktop} ")
    with ExitStack() as cluster:
        cluster.enter_context(running(told["3"], keys, tmp_path / "scheduler.log"))
        cluster.enter_context(running(worker, tmp_path / "work", tmp_path / "worker.log"))
        said: list[str] = []
        with untag.open(home, on_message=said.append) as u:
            options = untag.ScanOptions(cluster=f"tls://127.0.0.1:{port}")
            summary = u.scan(SAMPLES / "archive", options=options)
        monkeypatch.setattr("untag.scan.cluster.connection._CONNECT", 3)
        for address, folder in ((f"tls://127.0.0.1:{port}", other / "cluster"), (f"tcp://127.0.0.1:{port}", keys)):
            with (
                untag.open(home, cluster_keys=str(folder)) as u,
                pytest.raises(untag.ClusterError, match="no scheduler"),
            ):
                u.scan(SAMPLES / "archive", options=untag.ScanOptions(cluster=address))
    assert any("1 worker with" in line for line in said)
    with untag.open(tmp_path / "without") as u:
        expected = u.scan(SAMPLES / "archive")
    assert (summary.analysed, summary.faces, summary.me) == (expected.analysed, expected.faces, expected.me)
    assert summary.me > 3
    here, there = rows(home), rows(tmp_path / "without")
    assert {table: len(found) for table, found in here.items()} == {table: len(found) for table, found in there.items()}
    for table, found in here.items():
        assert all(map(alike, found, there[table])), table
    # Nothing of a photo was written by the worker, and its folder is gone.
    assert not list((tmp_path / "work").iterdir())
