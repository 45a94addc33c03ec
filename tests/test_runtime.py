"""The telemetry of ONNX Runtime is off before it is imported, or somebody is told."""

from __future__ import annotations

import os
import subprocess
import sys

ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "ORT_DISABLE_TELEMETRY"}

FAKE = """
import os, sys, types
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == "onnxruntime":
            from importlib.machinery import ModuleSpec
            return ModuleSpec(name, self)
    def create_module(self, spec):
        print("imported with", os.environ.get("ORT_DISABLE_TELEMETRY"))
        module = types.ModuleType("onnxruntime")
        if "old" not in sys.argv:
            module.disable_telemetry_events = lambda: print("told to stop")
        return module
    def exec_module(self, module): pass
sys.meta_path.insert(0, Finder())
"""


def run(program: str, *arguments: str, **environment: str) -> tuple[str, str]:
    done = subprocess.run(
        [sys.executable, "-c", FAKE + program, *arguments],
        env={**ENVIRONMENT, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout, done.stderr


OURS = "from untag.engine.runtime.ort import onnx_runtime\nonnx_runtime()\n"


def test_the_switch_is_set_before_the_import_and_the_function_called_after_it() -> None:
    assert run(OURS) == ("imported with 1\ntold to stop\n", "")


def test_a_version_without_the_function() -> None:
    assert run(OURS, "old") == ("imported with 1\n", "")


def test_a_value_that_leaves_it_on_is_replaced() -> None:
    assert run(OURS, ORT_DISABLE_TELEMETRY="0") == ("imported with 1\ntold to stop\n", "")


def test_who_imported_it_before_is_told_once() -> None:
    out, err = run("import onnxruntime\n" + OURS + OURS)
    assert out == "imported with None\n" + 2 * "told to stop\n"
    assert err.count("TelemetryWarning: onnxruntime was imported before untag") == 1
    assert "Set ORT_DISABLE_TELEMETRY=1" in err


def test_who_imported_it_before_with_the_switch_is_left_in_peace() -> None:
    assert run("import onnxruntime\n" + OURS, ORT_DISABLE_TELEMETRY="1") == ("imported with 1\ntold to stop\n", "")
