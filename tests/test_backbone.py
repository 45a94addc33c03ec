"""Which form of the scene network runs where."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from untag.config import Settings
from untag.engine.runtime import cuda
from untag.engine.runtime.models import ModelOptions
from untag.engine.runtime.ort import onnx_runtime
from untag.engine.runtime.session import Device
from untag.errors import DeviceError
from untag.library.models import Models
from untag.scenes.backbone import INT8_GRAPH_FILE, REAL_GRAPH_FILE, open_backbone

CPU, CUDA = "CPUExecutionProvider", "CUDAExecutionProvider"


class Cuda:
    """A runtime with a GPU that works, or only says so."""

    def __init__(self, *, works: bool) -> None:
        self._works = works

    def __call__(self, source: bytes, options: Any, providers: list[str], **_: Any) -> Any:
        self.running = providers if self._works else [CPU]
        return self

    def get_providers(self) -> list[str]:
        return self.running


def built_for_cuda(monkeypatch: pytest.MonkeyPatch, *, works: bool) -> None:
    monkeypatch.setattr(onnx_runtime(), "get_available_providers", lambda: [CUDA, CPU])
    monkeypatch.setattr(onnx_runtime(), "preload_dlls", lambda: None, raising=False)
    monkeypatch.setattr(cuda, "problem", lambda _: None)
    monkeypatch.setattr(onnx_runtime(), "InferenceSession", Cuda(works=works))


def prepared(home: Path) -> list[str]:
    return [file.form for file in (INT8_GRAPH_FILE, REAL_GRAPH_FILE) if file.path(home).exists()]


@pytest.mark.parametrize("device", [Device.AUTO, Device.CPU])
def test_a_cpu_computes_in_whole_numbers_and_prepares_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, device: Device
) -> None:
    monkeypatch.setattr(onnx_runtime(), "get_available_providers", lambda: [CPU])
    assert open_backbone(ModelOptions(tmp_path, device, threads=1)).device is Device.CPU
    assert prepared(tmp_path) == [INT8_GRAPH_FILE.form]


@pytest.mark.parametrize("device", [Device.AUTO, Device.CUDA])
def test_what_is_no_cpu_computes_in_floating_point(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, device: Device
) -> None:
    built_for_cuda(monkeypatch, works=True)
    assert open_backbone(ModelOptions(tmp_path, device)).device is Device.CUDA
    assert prepared(tmp_path) == [REAL_GRAPH_FILE.form]


def test_a_gpu_that_does_not_run_leaves_it_to_the_cpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    built_for_cuda(monkeypatch, works=False)
    assert open_backbone(ModelOptions(tmp_path)).device is Device.CPU
    assert INT8_GRAPH_FILE.form in prepared(tmp_path)
    with pytest.raises(DeviceError, match="cuda was asked for"):
        open_backbone(ModelOptions(tmp_path, Device.CUDA))


def test_a_device_that_is_not_built_in_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnx_runtime(), "get_available_providers", lambda: [CPU])
    with pytest.raises(DeviceError, match="cuda is not available"):
        open_backbone(ModelOptions(tmp_path, Device.CUDA))


def test_that_the_model_is_prepared_is_said_once(tmp_path: Path) -> None:
    said: list[str] = []
    assert Models(Settings(tmp_path, device=Device.CPU), said.append).scenes
    prepared = [line for line in said if "efficientnet_lite2" in line]
    assert prepared == ["preparing the model efficientnet_lite2 (once)"]  # of which two graphs are made
