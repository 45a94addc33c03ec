"""Runs ONNX graphs, and hides ONNX Runtime from everything else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from untag.engine.runtime import cuda
from untag.engine.runtime.ort import onnx_runtime
from untag.errors import DeviceError, ModelError


class Device(StrEnum):
    """Where inference runs. `auto` takes the best one that really runs; the others are taken at their word."""

    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"
    COREML = "coreml"
    DIRECTML = "directml"
    OPENVINO = "openvino"


_PROVIDERS = {
    Device.CPU: "CPUExecutionProvider",
    Device.CUDA: cuda.PROVIDER,
    Device.COREML: "CoreMLExecutionProvider",
    Device.DIRECTML: "DmlExecutionProvider",
    Device.OPENVINO: "OpenVINOExecutionProvider",
}
_INSTALL = {
    Device.CUDA: "install untag[gpu] on a machine with an NVIDIA driver (docs/models.md)",
    Device.COREML: "it needs macOS",
    Device.DIRECTML: "install onnxruntime-directml on Windows",
    Device.OPENVINO: "install onnxruntime-openvino",
}

_BATCH_FACTORS = {Device.CUDA: 8}


def batch_factor(device: Device) -> int:
    """How many times the photos that a CPU looks at together a device does, whose batches are then full."""
    return _BATCH_FACTORS.get(device, 1)


class Session(Protocol):
    """One loaded graph."""

    def run(self, feeds: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
        """The graph's outputs, in its own order, for named inputs."""
        ...


@dataclass(frozen=True, slots=True)
class OrtSession:
    """A Session on ONNX Runtime; `device` is the one that it really runs on. `steady` is the size of all batches."""

    inner: Any
    device: Device
    steady: int | None = None

    def steadied(self, batch: int) -> OrtSession:
        """The session as it is to be used where a size changes with no photo, but the batch does.

        A card plans its work anew for each run of another size than the last: 1.4 ms for each convolution, in which an
        H200 runs the detector on sixty crops. So it is always given `batch` at once, the last one filled up.
        """
        return self if self.device is Device.CPU else replace(self, steady=batch)

    def run(self, feeds: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
        """As `Session.run`. The first dimension of all inputs and outputs is the batch: one that fails is halved."""
        count = min((len(values) for values in feeds.values()), default=0)
        if self.steady is None or count == 0:
            return self._run(feeds)
        starts = range(0, count, self.steady)
        parts = [self._filled_up({name: part[at : at + self.steady] for name, part in feeds.items()}) for at in starts]
        return [np.concatenate(outputs) for outputs in zip(*parts, strict=True)]

    def _filled_up(self, feeds: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
        count = len(next(iter(feeds.values())))
        rows = np.minimum(np.arange(self.steady or count), count - 1)
        return [output[:count] for output in self._run({name: values[rows] for name, values in feeds.items()})]

    def _run(self, feeds: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
        try:
            return list(self.inner.run(None, dict(feeds)))
        except Exception:  # out of memory is a class of its own on every device
            batch = min((len(values) for values in feeds.values()), default=0)
            if batch < 2:
                raise
        halves = (slice(batch // 2), slice(batch // 2, None))
        parts = [self._run({name: values[half] for name, values in feeds.items()}) for half in halves]
        return [np.concatenate(outputs) for outputs in zip(*parts, strict=True)]

    @property
    def inputs(self) -> dict[str, tuple[int | None, ...]]:
        """The shape of each named input; None for a dimension of any size."""
        return {
            value.name: tuple(extent if isinstance(extent, int) and extent > 0 else None for extent in value.shape)
            for value in self.inner.get_inputs()
        }

    @property
    def outputs(self) -> tuple[str, ...]:
        """The names of what `run` returns, in that order."""
        return tuple(value.name for value in self.inner.get_outputs())

    @property
    def metadata(self) -> dict[str, str]:
        """What the graph's maker wrote into it, by name."""
        return dict(self.inner.get_modelmeta().custom_metadata_map)


def open_session(model: Path | bytes, *, device: Device = Device.AUTO, threads: int = 0) -> OrtSession:
    """Loads a graph, from a file or its bytes, on `device` with `threads` threads (0: as many as there are cores).

    Raises DeviceError when the device asked for is not there or does not run this graph, and ModelError when the
    graph cannot be loaded at all.
    """
    ort = onnx_runtime()
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    # Photos differ in size, so a memory pattern would be planned anew for each and never be used again.
    options.enable_mem_pattern = False
    # Threads that wait for work would spin, against the decoders: measured on two busy cores, 1.4 to 1.9 times slower.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 4
    source = model if isinstance(model, bytes) else str(model)
    for candidate in devices_for(device):
        try:
            inner = ort.InferenceSession(source, options, **_providers(candidate))
        except Exception as error:  # ONNX Runtime raises a dozen classes of its own, none documented
            if candidate is Device.CPU:
                raise ModelError(f"a model could not be loaded: {error}") from error
            if device is candidate:
                raise DeviceError(f"{device} does not run here: {error}") from error
            continue
        if inner.get_providers()[0] == _PROVIDERS[candidate]:
            return OrtSession(inner, candidate)
        if device is candidate:
            raise DeviceError(f"{device} was asked for but does not run here: {_remedy(candidate, ort)}")
    raise DeviceError("no device runs the models; reinstall onnxruntime")


def devices_for(device: Device) -> list[Device]:
    """The devices that a graph is tried on, in this order; all are built into this ONNX Runtime.

    Raises DeviceError when the device asked for is not.
    """
    ort = onnx_runtime()
    available = ort.get_available_providers()
    if device is Device.AUTO:
        # CoreML and OpenVINO are slower than the CPU on graphs whose input size changes, so only a GPU is preferred.
        preferred = (Device.CUDA, Device.DIRECTML, Device.CPU)
        found = [candidate for candidate in preferred if _PROVIDERS[candidate] in available]
        return [one for one in found if one is not Device.CUDA or cuda.problem(ort) is None]
    if _PROVIDERS[device] not in available:
        raise DeviceError(f"{device} is not available: {_remedy(device, ort)}")
    if device is Device.CUDA:
        cuda.load_libraries(ort)  # what is missing is the cause, should the session not run
    return [device]


def _providers(device: Device) -> dict[str, Any]:
    """What a session is asked to run on: a device, and the CPU for what it cannot do."""
    names = [_PROVIDERS[device]] if device is Device.CPU else [_PROVIDERS[device], _PROVIDERS[Device.CPU]]
    if device is not Device.CUDA:
        return {"providers": names}
    return {"providers": names, "provider_options": [cuda.OPTIONS, {}]}


def _remedy(device: Device, ort: Any) -> str:
    known = None if device is not Device.CUDA else cuda.problem(ort) or cuda.cause_unknown(ort)
    return known or _INSTALL.get(device, "reinstall onnxruntime")


def why_no_card() -> str | None:
    """Why an NVIDIA card is not used although the software for it is installed, with the remedy; else None."""
    ort = onnx_runtime()
    known, unknown = cuda.problem(ort), cuda.cause_unknown(ort)
    if known is not None or unknown is None:
        return known
    return None if usable_devices()[Device.CUDA] else unknown


def usable_devices() -> dict[Device, bool]:
    """Every device this ONNX Runtime was built for, and whether a small graph really runs on it."""
    ort = onnx_runtime()
    available = ort.get_available_providers()
    probe = _probe_graph()
    return {device: _computes(probe, device) for device, provider in _PROVIDERS.items() if provider in available}


def _computes(probe: bytes, device: Device) -> bool:
    try:
        session = open_session(probe, device=device, threads=1)
        return bool(session.run({"x": np.ones((1, 4), np.float32)})[0].sum() == 8)
    except Exception:  # a class of its own on every device, and of the first sum as well as of the loading
        return False


def _probe_graph() -> bytes:
    from onnx import TensorProto, helper

    value = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", 4]) for name in "xy"]
    graph = helper.make_graph([helper.make_node("Add", ["x", "x"], ["y"])], "probe", value[:1], value[1:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return bytes(model.SerializeToString())
