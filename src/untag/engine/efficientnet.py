"""EfficientNet-Lite0, ImageNet-1k: the published weights -> an ONNX graph.

Architecture: Tan & Le 2019 (arXiv 1905.11946) in the Lite variant of tensorflow/tpu
`models/official/efficientnet/lite`: no squeeze-and-excitation, ReLU6 for swish. The weights are a conversion of its
TensorFlow checkpoint.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from untag.engine.torch_weights import read_state_dict
from untag.errors import ModelError

INPUT_SIZE = 224
FEATURES = 1280
CLASSES = 1000

_EPSILON = 1e-3  # of every batch normalisation, `batch_norm_epsilon` of the published network
_OPSET = 13
_IR_VERSION = 8


@dataclass(frozen=True, slots=True)
class _Stage:
    """A run of inverted bottlenecks; only the first has the stride and changes the number of channels."""

    repeats: int
    kernel: int
    stride: int
    expand: bool
    channels: int


@dataclass(frozen=True, slots=True)
class _Conv:
    """A convolution with its batch normalisation, by their names in the state dict; `inputs` is channels per group."""

    weight: str
    norm: str
    out: int
    inputs: int
    kernel: int = 1
    stride: int = 1
    groups: int = 1


_STAGES = (
    _Stage(1, 3, 1, False, 16),
    _Stage(2, 3, 2, True, 24),
    _Stage(2, 5, 2, True, 40),
    _Stage(3, 3, 2, True, 80),
    _Stage(3, 5, 1, True, 112),
    _Stage(4, 5, 2, True, 192),
    _Stage(1, 3, 1, True, 320),
)


def graph_from_weights(weights: bytes) -> bytes:
    """The serialized ONNX graph made from the bytes of the published weights file (`registry.EFFICIENTNET_LITE0`).

    The same bytes always give the same graph. Raises ModelError when they are not a state dict of this network.
    """
    return build_efficientnet_lite0(read_state_dict(weights))


def build_efficientnet_lite0(state: Mapping[str, NDArray[Any]]) -> bytes:
    """Build the network from its state dict, as a serialized ONNX model (opset 13) for any batch size N.

    Input `images`: (N, 224, 224, 3) uint8 RGB; the graph itself computes the published normalisation (x - 127) / 128.
    Outputs: `logits` (N, 1000) float32 and `features` (N, 1280) float32, the pooled features under the last layer.
    Batch normalisation is folded into the convolutions.
    Raises ModelError when a tensor is missing or has another shape.
    """
    graph = _Graph(state)
    value = graph.normalise("images")
    value = graph.convolve(value, _Conv("_conv_stem", "_bn0", out=32, inputs=3, kernel=3, stride=2))
    channels, index = 32, 0
    for stage in _STAGES:
        for repeat in range(stage.repeats):
            stride = stage.stride if repeat == 0 else 1
            value = _bottleneck(graph, value, f"_blocks.{index}.", stage, channels=channels, stride=stride)
            channels, index = stage.channels, index + 1
    value = graph.convolve(value, _Conv("_conv_head", "_bn1", out=FEATURES, inputs=channels))
    graph.classify(value)
    return graph.serialize()


def _bottleneck(graph: _Graph, value: str, prefix: str, stage: _Stage, *, channels: int, stride: int) -> str:
    skip = value
    wide = channels * 6 if stage.expand else channels
    if stage.expand:
        value = graph.convolve(value, _Conv(f"{prefix}_expand_conv", f"{prefix}_bn0", out=wide, inputs=channels))
    depthwise = _Conv(f"{prefix}_depthwise_conv", f"{prefix}_bn1", wide, 1, stage.kernel, stride, groups=wide)
    project = _Conv(f"{prefix}_project_conv", f"{prefix}_bn2", out=stage.channels, inputs=wide)
    value = graph.convolve(graph.convolve(value, depthwise), project, activate=False)
    if stride == 1 and channels == stage.channels:
        value = graph.add(skip, value)
    return value


class _Graph:
    """An ONNX graph that grows node by node; each method returns the name of the value it made."""

    def __init__(self, state: Mapping[str, NDArray[Any]]) -> None:
        self._state = state
        self._nodes: list[Any] = []
        self._constants: dict[str, NDArray[Any]] = {"zero": np.array(0, np.float32), "six": np.array(6, np.float32)}

    def normalise(self, images: str) -> str:
        self._constants |= {"mean": np.array(127, np.float32), "scale": np.array(1 / 128, np.float32)}
        # Not folded into the stem: its zero padding stands for a pixel of 127, which no bias can express at the border.
        value = self._node("Cast", [images], to=1)
        value = self._node("Sub", [value, "mean"])
        value = self._node("Mul", [value, "scale"])
        return self._node("Transpose", [value], perm=[0, 3, 1, 2])

    def convolve(self, value: str, conv: _Conv, *, activate: bool = True) -> str:
        shape = (conv.out, conv.inputs, conv.kernel, conv.kernel)
        weight = self._tensor(f"{conv.weight}.weight", shape).astype(np.float64)
        gamma, beta, mean, variance = (
            self._tensor(f"{conv.norm}.{part}", (conv.out,)).astype(np.float64)
            for part in ("weight", "bias", "running_mean", "running_var")
        )
        factor = gamma / np.sqrt(variance + _EPSILON)
        inputs = [value, f"{conv.weight}.weight", f"{conv.weight}.bias"]
        self._constants[inputs[1]] = (weight * factor[:, None, None, None]).astype(np.float32)
        self._constants[inputs[2]] = (beta - mean * factor).astype(np.float32)
        # TensorFlow's SAME padding: with an even side and a stride of 2 it is one more at the end than at the start.
        before, after = (conv.kernel - conv.stride) // 2, (conv.kernel - conv.stride + 1) // 2
        value = self._node(
            "Conv",
            inputs,
            kernel_shape=[conv.kernel] * 2,
            strides=[conv.stride] * 2,
            pads=[before, before, after, after],
            group=conv.groups,
        )
        # Clip with constant bounds is the form of ReLU6 that ONNX Runtime fuses into the convolution.
        return self._node("Clip", [value, "zero", "six"]) if activate else value

    def add(self, left: str, right: str) -> str:
        return self._node("Add", [left, right])

    def classify(self, value: str) -> None:
        self._constants["_fc.weight"] = self._tensor("_fc.weight", (CLASSES, FEATURES)).astype(np.float32)
        self._constants["_fc.bias"] = self._tensor("_fc.bias", (CLASSES,)).astype(np.float32)
        value = self._node("GlobalAveragePool", [value])
        self._node("Flatten", [value], output="features")
        self._node("Gemm", ["features", "_fc.weight", "_fc.bias"], output="logits", transB=1)

    def serialize(self) -> bytes:
        from onnx import TensorProto, checker, helper, numpy_helper

        graph = helper.make_graph(
            self._nodes,
            "efficientnet_lite0",
            [helper.make_tensor_value_info("images", TensorProto.UINT8, ["N", INPUT_SIZE, INPUT_SIZE, 3])],
            [
                helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["N", CLASSES]),
                helper.make_tensor_value_info("features", TensorProto.FLOAT, ["N", FEATURES]),
            ],
            [numpy_helper.from_array(array, name) for name, array in self._constants.items()],
        )
        opset = helper.make_opsetid("", _OPSET)
        model = helper.make_model(graph, producer_name="untag", opset_imports=[opset], ir_version=_IR_VERSION)
        checker.check_model(model)
        return bytes(model.SerializeToString(deterministic=True))

    def _node(self, operator: str, inputs: list[str], output: str | None = None, **attributes: Any) -> str:
        from onnx import helper

        output = f"{operator.lower()}_{len(self._nodes)}" if output is None else output
        self._nodes.append(helper.make_node(operator, inputs, [output], name=output, **attributes))
        return output

    def _tensor(self, name: str, shape: tuple[int, ...]) -> NDArray[Any]:
        if name not in self._state:
            raise ModelError(f"The weights are not those of EfficientNet-Lite0: {name} is missing.")
        tensor = self._state[name]
        if tensor.shape != shape:
            raise ModelError(f"The weights are not those of EfficientNet-Lite0: {name} is {tensor.shape}, not {shape}.")
        return tensor
