"""`make bench` runs every benchmark that there is."""

from __future__ import annotations

import argparse
import ast
from pathlib import Path

from benchmarks import __main__ as benchmarks


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
