"""`make soak` in small, and that it sees what it is there to see."""

from __future__ import annotations

from mmap import PAGESIZE, mmap
from pathlib import Path

import pytest
from benchmarks.soak import Life, Look, growth_of, left_over, look, soak

pytestmark = pytest.mark.skipif(not Path("/proc/self/statm").is_file(), reason="needs /proc")


def test_a_life_leaves_nothing(tmp_path: Path) -> None:
    life = Life(tmp_path, painted=True)
    result = soak(life, 40, "second", None)
    assert result["faults"] == []
    assert result["findings"] == 10
    assert [step["step"] for step in life.steps if "mebibytes" in step] == [
        "scan",
        "rescan",
        "scan with another engine",
    ]


def test_what_grows_is_seen() -> None:
    steady = [Look(300 + number % 7, 12) for number in range(100)]
    assert growth_of(steady) is not None
    assert growth_of(steady).faults == []  # type: ignore[union-attr]
    leaking = growth_of([Look(300.0 + 2 * number, 12) for number in range(100)])
    assert leaking is not None
    assert [fault.split(" grew")[0] for fault in leaking.faults] == ["memory"]
    unclosed = growth_of([Look(300.0, 12 + number // 10) for number in range(100)])
    assert unclosed is not None
    assert [fault.split(" grew")[0] for fault in unclosed.faults] == ["open descriptors"]
    # What is loaded before the first photos is no growth, and few looks say nothing.
    assert growth_of([*(Look(100.0, 5),) * 20, *(Look(400.0, 14),) * 80]).faults == []  # type: ignore[union-attr]
    assert growth_of(steady[:10]) is None


def test_a_look_sees_this_process() -> None:
    before = look()
    with Path(__file__).open("rb"):
        assert look().descriptors == before.descriptors + 1
    with mmap(-1, 64 << 20) as held:  # memory that nothing had before, touched page by page
        for page in range(0, len(held), PAGESIZE):
            held[page] = 1
        assert look().mebibytes > before.mebibytes + 40


def test_what_is_left_is_named(tmp_path: Path) -> None:
    for name in ("cache/model.bin", "scan.lock", "CACHEDIR.TAG", "untag.db-wal", "faces-dlib.idx.part"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"" if name == "scan.lock" else b"x")
    assert left_over(tmp_path) == ["faces-dlib.idx.part", "untag.db-wal"]
    (tmp_path / "scan.lock").write_bytes(b"12345")
    assert "scan.lock" in left_over(tmp_path)


def test_a_file_that_a_step_leaves_and_a_failed_step_are_faults(tmp_path: Path) -> None:
    life = Life(tmp_path, painted=True)
    (tmp_path / "temporary" / "left").write_bytes(b"x")
    life.run("list", "list", "--no-such-option")
    assert [fault.split(":")[1] for fault in life.faults] == [" exit status 2", " left left"]
