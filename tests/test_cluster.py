"""A scan on a cluster of two workers of this machine: the same rows as without, whatever befalls the workers."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from cluster_with_fakes import KILLS
from fakes import MAYBE, ME, NEAR, STRANGER, FakeEngine, Square, Untag, install, paint
from made_up_videos import EXACT, video
from untag.errors import ClusterError
from untag.scan.items import Failed, Loaded, Seen
from untag.types import Face, Match, Outcome, PhotoRef

pytest.importorskip("distributed", reason="the extra cluster is not installed")

from untag.scan.cluster.connection import Connection, Staff, _require_closed
from untag.scan.cluster.place import Cluster, Gate
from untag.scan.cluster.task import difference

PHOTOS = 60
ANALYSED = PHOTOS + 2
"""One that was cut off, and a video."""
SCHEDULERS: list[int] = []
SCRIPT = Path(__file__).parent / "cluster_with_fakes.py"


@contextmanager
def started(tmp_path: Path, **environment: str) -> Iterator[tuple[str, list[int]]]:
    """A cluster of two workers: its address, and their process numbers."""
    process = subprocess.Popen(
        [sys.executable, str(SCRIPT)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=tmp_path,
        env={
            **os.environ,
            "UNTAG_HOME": str(tmp_path / "worker"),
            "DASK_TEMPORARY_DIRECTORY": str(tmp_path),
            **environment,
        },
    )
    assert process.stdin is not None and process.stdout is not None
    try:
        address = process.stdout.readline().strip()
        workers = []
        while (line := process.stdout.readline().strip()) not in ("ready", ""):
            workers.append(int(line.split()[1]))
        SCHEDULERS.append(process.pid)
        assert address.startswith("tcp://127.0.0.1:") and len(workers) == 2
        yield address, workers
    finally:
        process.stdout.close()
        process.stdin.close()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with started(tmp_path_factory.mktemp("cluster"), UNTAG_TEST_DELAY="0.02") as (address, _):
        yield address


def kill(*processes: int) -> None:
    for process in processes:
        os.kill(process, signal.SIGKILL)


def fill(untag: Untag, photos: int = PHOTOS) -> None:
    untag.enroll()
    kinds: Sequence[Sequence[Square]] = ([ME], [MAYBE], [STRANGER], [NEAR, STRANGER], [ME, STRANGER], [])
    for number in range(1, photos + 1):
        squares = kinds[number % len(kinds)]
        untag.add(f"{number % 5}/{number:03}.png", paint(*squares, serial=number, alcohol=number % 3 / 2.5))
    untag.add("copy.png", paint(ME, serial=6 * 3 + 6, alcohol=0.0))
    untag.add("copy-of-copy.png", paint(ME, serial=6 * 3 + 6, alcohol=0.0))
    untag.add("cut.png", paint(ME, serial=901)[:-200])
    untag.add("film.mkv", video([paint(STRANGER, serial=902), paint(ME, serial=903, alcohol=0.9)], EXACT))
    untag.add("empty.png", b"")
    untag.add("wrong.jpg", b"no photo at all")


TABLES = ("files", "photos", "faces", "scenes", "scene_vectors", "findings", "near_duplicates")
TIMES = {"id", "run_id", "seen_at", "analysed_at", "judged_at", "seen_run", "first_seen", "created_at", "updated_at"}


def rows(home: Path) -> dict[str, list[tuple[object, ...]]]:
    """All that a scan wrote, without numbers of runs and moments."""
    found = {}
    with closing(sqlite3.connect(home / "untag.db")) as db:
        for table in TABLES:
            columns = [row[1] for row in db.execute(f"PRAGMA table_info({table})")]
            kept = ", ".join(f'"{name}"' for name in columns if name not in TIMES)
            found[table] = sorted(db.execute(f"SELECT {kept} FROM {table}").fetchall(), key=repr)
    return found


def both_ways(untag: Untag, *options: str) -> tuple[dict[str, object], dict[str, list[tuple[object, ...]]]]:
    """What a scan on the cluster says, and the rows of one without, of the same photos."""
    home = untag.home.with_name("without")
    shutil.copytree(untag.home, home)
    run_alone = untag.invoke(["--home", str(home), "scan", str(untag.photos), "--json"])
    assert run_alone.status == 1, run_alone.err
    said = untag.run("scan", untag.photos, "--json", *options)
    assert said.status == 1, said.err
    return json.loads(said.out), rows(home)


def test_the_same_rows_as_without(untag: Untag, cluster: str) -> None:
    fill(untag)
    untag.engine.analysed.clear()
    summary, alone = both_ways(untag, "--cluster", cluster)
    assert rows(untag.home) == alone
    assert len(alone["photos"]) == ANALYSED and len(alone["findings"]) > 30
    assert summary["analysed"] == ANALYSED and summary["copies"] == 2
    # All of it once here, by the scan without; what the cluster did was done elsewhere.
    assert set(untag.engine.analysed.values()) == {1}
    again = untag.run("scan", untag.photos, "--json", "--cluster", cluster)
    assert json.loads(again.out)["analysed"] == 0
    assert rows(untag.home) == alone


def after(monkeypatch: pytest.MonkeyPatch, answers: int, act: Callable[[], object]) -> None:
    """Do something once so many answers of workers have come, in the middle of the scan."""
    run = Connection.run
    numbers = count(1)

    def counting(self: Connection, *arguments: Any) -> Any:
        answer = run(self, *arguments)
        if next(numbers) == answers:
            act()
        return answer

    monkeypatch.setattr(Connection, "run", counting)


def test_a_worker_that_is_killed_costs_nothing(untag: Untag, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(untag)
    with started(tmp_path, UNTAG_TEST_DELAY="0.1") as (address, workers):
        after(monkeypatch, 4, lambda: kill(workers[0]))
        summary, alone = both_ways(untag, "--cluster", address)
        with pytest.raises(ProcessLookupError):
            os.kill(workers[0], 0)
    assert rows(untag.home) == alone
    assert summary["analysed"] == ANALYSED


def test_a_photo_that_kills_workers_is_named_and_left_out(untag: Untag, tmp_path: Path) -> None:
    untag.enroll()
    for number in range(1, 21):
        untag.add(f"{number:02}.png", paint(ME, serial=number))
    bad = untag.add("00.png", paint(ME, serial=KILLS))
    with started(tmp_path, UNTAG_TEST_DEATHS="0") as (address, _):
        result = untag.run("scan", untag.photos, "--json", "--cluster", address)
    assert result.status == 1
    (unreadable,) = json.loads(result.out)["unreadable"]
    assert (unreadable["path"], unreadable["outcome"]) == (str(bad), "not-analysed")
    assert "died" in unreadable["error"]
    assert untag.found() == {f"{number:02}.png": "me" for number in range(1, 21)}


def test_ctrl_c_keeps_what_was_done(untag: Untag, cluster: str, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(untag)
    with monkeypatch.context() as patch:
        after(patch, 5, lambda: os.kill(os.getpid(), signal.SIGINT))
        result = untag.run("scan", untag.photos, "--cluster", cluster)
    assert result.status == 130, result.err
    assert "interrupted" in result.err and "Traceback" not in result.err
    done = len(rows(untag.home)["photos"])
    assert 0 < done < PHOTOS
    summary, alone = both_ways(untag, "--cluster", cluster)
    assert summary["analysed"] == ANALYSED - done
    assert rows(untag.home) == alone


@dataclass
class Liar:
    """A worker that answers about what it was not asked."""

    answers: Sequence[str]
    staff: Staff = field(default_factory=lambda: Staff(1, 1))

    def run(self, call: Callable[..., Any], *arguments: Any) -> Any:
        ref = PhotoRef("", "", 0, 0)
        return [Failed(ref, sha256, Outcome.BROKEN, "made up") for sha256 in self.answers]

    def close(self) -> None: ...


@pytest.mark.parametrize("answers", [["s1"], ["s1", "s3"], ["s1", "s2", "s3"], ["s1", "s1"], []])
def test_an_answer_about_other_photos_is_none(answers: Sequence[str]) -> None:
    """No photo is lost, and none gets what was said of another."""
    workers = Liar(answers)
    place = Cluster(workers, 1, (), Gate(lambda: workers.staff, lambda: False))
    photos = [Loaded(PhotoRef(f"/{name}.jpg", "folder", 1, 1), name, b"") for name in ("s1", "s2")]
    seen = place._look(photos)
    assert [(one.ref.path, one.sha256) for one in seen] == [("/s1.jpg", "s1"), ("/s2.jpg", "s2")]
    first, second = (one.outcome if isinstance(one, Failed) else None for one in seen)
    assert (first, second) == (Outcome.BROKEN if answers == ["s1"] else Outcome.NOT_ANALYSED, Outcome.NOT_ANALYSED)


def test_other_models_are_refused_before_a_photo_travels(
    untag: Untag, cluster: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(monkeypatch.setattr, FakeEngine(id="fake-2"))
    untag.enroll()
    untag.add("a.png", paint(ME, serial=1))
    given: list[object] = []
    monkeypatch.setattr(Connection, "run", lambda *arguments: given.append(arguments))
    result = untag.run("scan", untag.photos, "--cluster", cluster)
    assert result.status == 2
    assert result.err.count("the worker tcp://127.0.0.1:") == 2
    assert "it has fake-1, here is fake-2" in result.err
    assert not given


def test_the_vectors_of_bystanders_stay_on_the_workers(
    untag: Untag, cluster: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    untag.enroll()
    untag.add("a.png", paint(ME, STRANGER, serial=1))
    untag.add("b.png", paint(NEAR, Square(person=9), serial=2))
    answers: list[Seen] = []
    run = Connection.run

    def recording(self: Connection, *arguments: Any) -> Any:
        answer = run(self, *arguments)
        answers.extend(answer)
        return answer

    monkeypatch.setattr(Connection, "run", recording)
    assert untag.run("scan", untag.photos, "--cluster", cluster).status == 0
    assert {(match.verdict, face.embedding is not None) for face, match in looked_at(answers)} == {
        ("me", True),
        ("other", True),  # near the edge of maybe
        ("other", False),
    }
    shown = [one.scenes for one in answers if one.scenes is not None]
    assert {scenes.vector is not None for scenes in shown} == {True, False}
    answers.clear()
    untag.add("c.png", paint(NEAR, Square(person=9), serial=3))
    (untag.home / "config.toml").write_text("keep_bystanders = true\n")
    assert untag.run("scan", untag.photos, "--cluster", cluster).status == 0
    assert len(looked_at(answers)) == 2
    assert all(face.embedding is not None for face, _ in looked_at(answers))


def looked_at(answers: list[Seen]) -> list[tuple[Face, Match]]:
    return [pair for one in answers for pair in zip(one.faces, one.matches, strict=True)]


def test_names_and_paths_stay_at_home(untag: Untag, cluster: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is sent of a photo: its bytes, their hash, and whether it matters whatever it shows."""
    untag.enroll()
    untag.add("my secret party.png", paint(ME, serial=1))
    sent: list[bytes] = []
    run = Connection.run

    def recording(self: Connection, *arguments: Any) -> Any:
        sent.append(pickle.dumps(arguments))
        return run(self, *arguments)

    monkeypatch.setattr(Connection, "run", recording)
    assert untag.run("scan", untag.photos, "--cluster", cluster).status == 0
    assert sent
    for name in (b"secret", str(untag.photos).encode(), str(untag.home).encode()):
        assert not any(name in message for message in sent)


@pytest.mark.parametrize("renamed", [False, True])
def test_shared_folders_are_read_by_the_workers(
    untag: Untag, cluster: str, reads: list[str], tmp_path: Path, renamed: bool
) -> None:
    fill(untag)
    there = tmp_path / "as the workers see it"
    there.symlink_to(untag.photos)
    shared = f"{untag.photos}={there}" if renamed else str(untag.photos)
    reads.clear()
    _, alone = both_ways(untag, "--cluster", cluster, "--shared", shared)
    # Once by the scan without a cluster; here again only what no worker could read.
    assert sorted(name for name in set(reads) if reads.count(name) > 1) == ["empty.png"]
    assert rows(untag.home) == alone


def test_what_the_workers_do_not_see_is_sent(untag: Untag, cluster: str, tmp_path: Path) -> None:
    fill(untag)
    _, alone = both_ways(untag, "--cluster", cluster, "--shared", f"{untag.photos}={tmp_path / 'nowhere'}")
    assert rows(untag.home) == alone


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("tcp://nas:8786", "unencrypted"),
        ("tcp://192.168.1.9:8786", "unencrypted"),
        ("tls://127.0.0.1:8786", "ca.pem"),
        ("127.0.0.1:8786", "is no address"),
        ("ws://127.0.0.1:8786", "is no address"),
        ("tcp://127.0.0.1", "is no address"),
        ("tcp://127.0.0.1:99999", "is no address"),
        ("tcp://[::1", "is no address"),
        ("inproc://x", "is no address"),
        ("tcp://127.0.0.1:1", "no scheduler of Dask answers"),
    ],
)
def test_addresses_that_lead_nowhere(untag: Untag, monkeypatch: pytest.MonkeyPatch, address: str, why: str) -> None:
    monkeypatch.setattr("untag.scan.cluster.connection._CONNECT", 0.5)
    untag.enroll()
    untag.add("a.png", paint(ME, serial=1))
    result = untag.run("scan", untag.photos, "--cluster", address)
    assert result.status == 2
    assert why in result.err and "Traceback" not in result.err
    assert result.err.count("\n") == 1
    assert untag.found() == {}


def test_a_cluster_that_ends_is_an_error_and_keeps_what_was_done(
    untag: Untag, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(untag)
    monkeypatch.setattr("untag.scan.cluster.connection._CONNECT", 2)
    with started(tmp_path, UNTAG_TEST_DELAY="0.1") as (address, workers):
        after(monkeypatch, 6, lambda: kill(SCHEDULERS[-1], *workers))
        result = untag.run("scan", untag.photos, "--cluster", address)
    assert result.status == 2, result.err
    assert "what was done is kept" in result.err and "Traceback" not in result.err
    done = len(rows(untag.home)["photos"])
    assert 0 < done < PHOTOS
    result = untag.run("scan", untag.photos, "--json")
    assert json.loads(result.out)["analysed"] == ANALYSED - done


@pytest.mark.parametrize(
    ("mine", "wanted", "names"),
    [
        ("dlib-1/a+b/1600/6", "dlib-2/a+b/1600/6", ("it has dlib-1, here is dlib-2",)),
        ("dlib-1/a+b/1600/6", "dlib-1/a+b+taught-9/1600/6", ("it has fewer, here is taught-9",)),
        ("dlib-1/a+b/1600/6", "dlib-1/a+b/1600/7", ("it has 6, here is 7",)),
        ("dlib-1/a+b/1600/6", "dlib-1/a+b/1600/6/text:5", ("here is text:5",)),
        ("dlib-1/a/1600/6/text:5", "dlib-1/a/1600/6", ("it has text:5, here is less",)),
    ],
)
def test_a_difference_of_models_is_named(mine: str, wanted: str, names: tuple[str, ...]) -> None:
    assert difference(mine, mine) is None
    said = difference(mine, wanted)
    assert said is not None
    assert all(name in said for name in names)


@pytest.mark.parametrize(
    ("listens", "workers", "why"),
    [
        ("tcp://192.168.1.9:8786", [], "--host 127.0.0.1"),
        ("tcp://192.168.1.9:8786", ["tcp://127.0.0.1:9"], "--host 127.0.0.1"),
        ("tcp://127.0.0.1:8786", ["tcp://127.0.0.1:9", "tcp://192.168.1.9:9"], "tcp://192.168.1.9:9"),
        ("tls://192.168.1.9:8786", ["tcp://192.168.1.9:9"], "tcp://192.168.1.9:9"),
    ],
)
def test_nothing_is_sent_where_others_could_listen(listens: str, workers: list[str], why: str) -> None:
    with pytest.raises(ClusterError, match=why):
        _require_closed({"address": listens, "workers": dict.fromkeys(workers)}, "tcp://127.0.0.1:8786")
    _require_closed({"address": "tls://192.168.1.9:1", "workers": {"tls://192.168.1.9:9": {}}}, "tls://nas:8786")


def test_a_scheduler_that_takes_anybody_s_workers_is_told_nothing(
    untag: Untag, cluster: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hire(*_: object) -> None:
        raise AssertionError("who is looked for was sent")

    monkeypatch.setattr(Connection, "hire", hire)
    monkeypatch.setattr("untag.scan.cluster.connection.is_safe", lambda address: address != cluster)
    untag.enroll()
    untag.add("a.png", paint(ME, serial=1))
    result = untag.run("scan", untag.photos, "--cluster", cluster)
    assert result.status == 2
    assert "takes anybody's workers" in result.err
