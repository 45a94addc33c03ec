"""`make bench` runs every benchmark that there is."""

from __future__ import annotations

import argparse
import ast
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks import __main__ as benchmarks
from benchmarks import drop_in, gpu
from numpy.typing import NDArray


def test_every_benchmark_is_on_the_list() -> None:
    runnable = {
        path.stem
        for path in Path(benchmarks.__file__).parent.glob("*.py")
        if any(isinstance(node, ast.FunctionDef) and node.name == "main" for node in ast.parse(path.read_text()).body)
    }
    assert runnable - {"__main__"} == {benchmark.name for benchmark in benchmarks.BENCHMARKS}


def test_a_benchmark_without_its_photos_is_left_out_with_the_reason(tmp_path: Path) -> None:
    away = argparse.Namespace(photos=tmp_path / "away", me=tmp_path / "me.jpg", labels=tmp_path, home=None)
    reasons = {one.name: benchmarks.missing(one, away) for one in benchmarks.BENCHMARKS if not one.competitors}
    assert {name for name in reasons if str(tmp_path) in str(reasons[name])} == {
        "face_detection",
        "memory",
        "output_size",
    }


class SmallCard:
    """A session that has no room for more than four inputs at once; its own `inner`."""

    def __init__(self) -> None:
        self.inner = self

    def run(self, *feeds: Any) -> list[NDArray[np.float32]]:
        images = feeds[-1]["images"]
        if len(images) > 4:
            raise RuntimeError("out of memory")
        return [np.zeros((len(images), 1), np.float32)]


def test_a_batch_that_does_not_fit_ends_the_search_for_one() -> None:
    network = gpu.NETWORKS[2]
    assert network.input(2).shape == (2, 150, 150, 3)
    assert network.input(2).dtype == np.uint8
    session: Any = SmallCard()
    assert set(gpu.throughput(network, session, gpu.Clock(1), 512)) == {"1", "2", "4"}
    assert gpu.throughput(network, session, gpu.Clock(0), 512) == {}


def test_the_smallest_batch_that_is_nearly_the_best_fills_the_card() -> None:
    assert gpu.filling({"1": 100.0, "2": 190.0, "4": 380.0, "8": 390.0, "16": 350.0}) == 4


def test_what_starves_the_card_is_said() -> None:
    faces = {"device_photos_per_second": 300.0}
    assert "would take 10 cores" in gpu.starving({"1": 30.0, "4": 110.0}, faces)
    assert "keeps up" in gpu.starving({"1": 30.0, "16": 400.0}, faces)


def test_a_card_that_answers_otherwise_is_told_apart() -> None:
    network = {
        "device_per_second": {"1": 5.0, "8": 20.0},
        "cpu_per_second": {"1": 2.0},
        "batch_that_fills": 8,
        "times_as_fast": 10.0,
        "agrees": True,
    }
    machine = {"card": "a card", "processor": "one", "cores": 2, "onnxruntime": "1"}
    result: dict[str, Any] = {"machine": machine, "networks": {"embedding": network}}
    assert gpu.agrees(result)
    assert "| embedding | 20.0 | 2.0 | 10.0 | 8 | True |" in list(gpu.table(result))
    assert "| scan | left out: no time left | | | | |" in list(gpu.table(result))
    result["scan"] = {
        "device_photos_per_second": 9,
        "cpu_photos_per_second": 3,
        "times_as_fast": 3,
        "agrees": False,
    }
    assert not gpu.agrees(result)


def test_only_faces_of_one_confidence_may_come_in_another_order() -> None:
    one, other, third = (0, 9, 9, 0), (0, 19, 9, 10), (0, 29, 9, 20)
    expected = drop_in.Answer([one, other, third], [1.0, 0.9004, 0.9], [], 0.0)

    def swapped(*rectangles: tuple[int, int, int, int]) -> int | None:
        return drop_in.ties_swapped(expected, drop_in.Answer(list(rectangles), [1.0, 0.9, 0.9], [], 0.0))

    assert swapped(one, other, third) == 0
    assert swapped(one, third, other) == 1
    assert swapped(other, one, third) is None
    assert swapped(one, other) is None
    assert swapped(one, other, (0, 29, 9, 21)) is None
