"""Sessions say the truth about the device that they run on; the hardware is faked."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from untag.engine.runtime import cuda
from untag.engine.runtime.ort import onnx_runtime
from untag.engine.runtime.session import (
    _PROVIDERS,
    Device,
    OrtSession,
    _probe_graph,
    batch_factor,
    open_session,
    usable_devices,
    why_no_card,
)
from untag.errors import DeviceError, ModelError

onnxruntime = onnx_runtime()

CUDA = "CUDAExecutionProvider"
CPU = "CPUExecutionProvider"


@dataclass
class FakeInference:
    """onnxruntime.InferenceSession, which runs on what `works` holds, or falls back to the CPU without a word."""

    works: set[str]
    raises: bool = False
    broken: frozenset[str] = frozenset()
    asked: list[list[str]] = field(default_factory=list)
    told: list[list[dict[str, str]] | None] = field(default_factory=list)

    def __call__(
        self, source: Any, options: Any, providers: list[str], provider_options: list[dict[str, str]] | None = None
    ) -> FakeInference:
        self.asked.append(providers)
        self.told.append(provider_options)
        if self.raises and providers[0] not in self.works:
            raise RuntimeError("libcublas.so is missing")
        self.running = [provider for provider in providers if provider in self.works]
        return self

    def get_providers(self) -> list[str]:
        return self.running

    def run(self, _: None, feeds: dict[str, NDArray[np.float32]]) -> list[NDArray[np.float32]]:
        if self.running[0] in self.broken:
            raise RuntimeError("no kernel image is available for execution on the device")
        return [feeds["x"] * 2]


def install(monkeypatch: pytest.MonkeyPatch, fake: FakeInference, *available: str) -> FakeInference:
    monkeypatch.setattr(onnxruntime, "InferenceSession", fake)
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: list(available))
    monkeypatch.setattr(cuda, "_has_driver", lambda: True)
    monkeypatch.setattr(onnxruntime, "preload_dlls", lambda: None, raising=False)
    return fake


def without(monkeypatch: pytest.MonkeyPatch, *libraries: str) -> None:
    """ONNX Runtime finds none of these; it tries a path of pip's and then the bare name, and prints each failure."""

    def preload() -> None:
        print("Failed to load /site-packages/nvidia/lib/libcurand.so.10: it is tried again by its name, and found")
        for name in libraries:
            print(f"Failed to load {name}: {name}: cannot open shared object file: No such file or directory")

    monkeypatch.setattr(onnxruntime, "preload_dlls", preload, raising=False)


def installed(monkeypatch: pytest.MonkeyPatch, *packages: str) -> None:
    monkeypatch.setattr(cuda, "_is_installed", lambda package: package in packages)


def test_a_graph_runs_on_the_cpu_from_bytes_and_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "probe.onnx"
    path.write_bytes(_probe_graph())
    for model in (_probe_graph(), path):
        session = open_session(model, device=Device.CPU, threads=1)
        assert session.device is Device.CPU
        (doubled,) = session.run({"x": np.full((2, 4), 3, np.float32)})
        np.testing.assert_array_equal(doubled, np.full((2, 4), 6))


@pytest.mark.parametrize("data", [b"", b"no model", _probe_graph()[:-20]], ids=["empty", "text", "cut off"])
def test_what_is_no_graph_is_a_model_error(data: bytes) -> None:
    with pytest.raises(ModelError, match="could not be loaded"):
        open_session(data, device=Device.CPU)


@pytest.mark.parametrize(
    ("device", "remedy"),
    [
        (Device.CUDA, r"untag\[gpu\]"),
        (Device.COREML, "macOS"),
        (Device.DIRECTML, "Windows"),
        (Device.OPENVINO, "openvino"),
    ],
)
def test_a_device_that_is_not_there_is_an_error_with_the_remedy(
    monkeypatch: pytest.MonkeyPatch, device: Device, remedy: str
) -> None:
    fake = install(monkeypatch, FakeInference({CPU}), CPU)
    with pytest.raises(DeviceError, match=remedy) as caught:
        open_session(b"", device=device)
    assert str(device) in str(caught.value)
    assert fake.asked == []


def test_asking_for_a_gpu_and_getting_a_cpu_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, FakeInference({CPU}), CUDA, CPU)
    with pytest.raises(DeviceError, match="cuda was asked for but does not run here"):
        open_session(b"", device=Device.CUDA)


def test_a_gpu_that_fails_to_load_is_an_error_with_the_cause(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, FakeInference({CPU}, raises=True), CUDA, CPU)
    with pytest.raises(DeviceError, match="libcublas"):
        open_session(b"", device=Device.CUDA)


@pytest.mark.parametrize("raises", [False, True])
def test_auto_takes_the_cpu_and_says_so_when_the_gpu_does_not_run(
    monkeypatch: pytest.MonkeyPatch, raises: bool
) -> None:
    fake = install(monkeypatch, FakeInference({CPU}, raises=raises), CUDA, CPU)
    assert open_session(b"").device is Device.CPU
    assert fake.asked[0][0] == CUDA


def test_a_card_without_its_libraries_is_an_error_that_names_them(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    install(monkeypatch, FakeInference({CPU}), CUDA, CPU)
    without(monkeypatch, "libcublasLt.so.13", "libcudart.so.13")
    with pytest.raises(DeviceError, match=r"libcublasLt\.so\.13, libcudart\.so\.13 not found.*cudnn\]'") as caught:
        open_session(b"", device=Device.CUDA)
    assert "curand" not in str(caught.value)
    assert capfd.readouterr().out == ""  # results are printed there


def test_a_card_whose_build_lies_below_the_other_is_an_error_with_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, FakeInference({CPU}), CPU)
    installed(monkeypatch, "onnxruntime", cuda.BUILD)
    with pytest.raises(DeviceError, match="force-reinstall --no-deps onnxruntime-gpu"):
        open_session(b"", device=Device.CUDA)
    assert cuda.PUT_ON_TOP in str(why_no_card())


def test_a_card_that_an_old_driver_keeps_from_running(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, FakeInference({CPU}), CUDA, CPU)
    assert "driver is older" in str(why_no_card())
    with pytest.raises(DeviceError, match="driver is older"):
        open_session(b"", device=Device.CUDA)


def test_a_card_that_fails_at_the_first_sum_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, FakeInference({CPU, CUDA}, broken=frozenset({CUDA})), CUDA, CPU)
    assert usable_devices() == {Device.CPU: True, Device.CUDA: False}
    assert "too old" in str(why_no_card())


def test_nothing_is_said_of_a_card_where_none_is_meant_to_be_used(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, FakeInference({CPU}), CPU)
    installed(monkeypatch, "onnxruntime")
    assert why_no_card() is None


def test_auto_asks_no_card_for_anything_that_cannot_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """ONNX Runtime writes four lines of its own to stderr for each session that it is asked for in vain."""
    fake = install(monkeypatch, FakeInference({CPU}), CUDA, CPU)
    monkeypatch.setattr(cuda, "_has_driver", lambda: False)
    assert open_session(b"").device is Device.CPU
    assert fake.asked == [[CPU]]
    assert why_no_card() == "there is no NVIDIA driver"


def test_a_card_computes_as_a_cpu_does(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = install(monkeypatch, FakeInference({CUDA, CPU}), CUDA, CPU)
    open_session(b"")
    ((options, rest),) = [told for told in fake.told if told is not None]
    assert options["use_tf32"] == "0"
    assert rest == {}


def test_auto_prefers_a_gpu_that_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, FakeInference({CUDA, CPU}), CUDA, CPU)
    assert open_session(b"").device is Device.CUDA


def test_auto_passes_over_what_is_slower_than_a_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    others = [_PROVIDERS[Device.COREML], _PROVIDERS[Device.OPENVINO]]
    install(monkeypatch, FakeInference({CPU, *others}), *others, CPU)
    assert open_session(b"").device is Device.CPU


def test_no_device_at_all_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, FakeInference(set()))
    with pytest.raises(DeviceError, match="reinstall"):
        open_session(b"")


def test_usable_devices_are_those_that_really_compute() -> None:
    assert usable_devices()[Device.CPU] is True


def test_a_device_that_is_built_in_but_does_not_run_is_listed_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    real = onnxruntime.InferenceSession

    def only_cpu(source: Any, options: Any, providers: list[str], **_: Any) -> Any:
        return real(source, options, providers=[CPU])

    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: [CUDA, CPU])
    monkeypatch.setattr(onnxruntime, "InferenceSession", only_cpu)
    assert usable_devices() == {Device.CPU: True, Device.CUDA: False}


def test_every_device_but_auto_has_a_provider() -> None:
    assert set(_PROVIDERS) == set(Device) - {Device.AUTO}


@dataclass
class Narrow:
    """A runtime that doubles its input, a batch of at most `fits` at a time; `runs` are those that it was asked for."""

    fits: int
    runs: list[int] = field(default_factory=list)

    def run(self, _: None, feeds: dict[str, NDArray[np.float32]]) -> list[NDArray[np.float32]]:
        (values,) = feeds.values()
        self.runs.append(len(values))
        if len(values) > self.fits:
            raise MemoryError
        return [values * 2, values[:, :1]]


@pytest.mark.parametrize(("fits", "runs"), [(9, [5]), (3, [5, 2, 3]), (1, [5, 2, 1, 1, 3, 1, 2, 1, 1])])
def test_a_batch_that_does_not_fit_is_halved(fits: int, runs: list[int]) -> None:
    inner = Narrow(fits)
    values = np.arange(10, dtype=np.float32).reshape(5, 2)
    doubled, first = OrtSession(inner, Device.CUDA).run({"x": values})
    np.testing.assert_array_equal(doubled, values * 2)
    np.testing.assert_array_equal(first, values[:, :1])
    assert inner.runs == runs


@pytest.mark.parametrize(("rows", "runs"), [(1, [4]), (4, [4]), (5, [4, 4]), (0, [0])])
def test_a_card_is_always_given_batches_of_one_size(rows: int, runs: list[int]) -> None:
    inner = Narrow(9)
    values = np.arange(2 * rows, dtype=np.float32).reshape(rows, 2)
    doubled, first = OrtSession(inner, Device.CUDA).steadied(4).run({"x": values})
    np.testing.assert_array_equal(doubled, values * 2)
    np.testing.assert_array_equal(first, values[:, :1])
    assert inner.runs == runs


def test_a_steady_batch_that_does_not_fit_is_halved_too() -> None:
    inner = Narrow(3)
    doubled, _ = OrtSession(inner, Device.CUDA).steadied(4).run({"x": np.ones((3, 2), np.float32)})
    assert doubled.shape == (3, 2)
    assert inner.runs == [4, 2, 2]


def test_a_cpu_is_given_what_there_is() -> None:
    inner = Narrow(9)
    OrtSession(inner, Device.CPU).steadied(4).run({"x": np.ones((5, 2), np.float32)})
    assert inner.runs == [5]


def test_what_does_not_fit_alone_is_an_error() -> None:
    with pytest.raises(MemoryError):
        OrtSession(Narrow(0), Device.CUDA).run({"x": np.ones((3, 2), np.float32)})


def test_a_gpu_is_given_more_at_once() -> None:
    assert batch_factor(Device.CUDA) > batch_factor(Device.CPU) == 1
