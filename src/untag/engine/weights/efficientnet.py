"""EfficientNet-Lite2, ImageNet-1k: the published weights -> an ONNX graph.

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

from untag.engine.weights.onnx_graph import Dimensions, GraphBuilder
from untag.engine.weights.torch_weights import read_state_dict
from untag.errors import ModelError

INPUT_SIZE = 320
"""The side of the photos that the scene heads were trained on. The published network was trained with 260; being fully
convolutional it takes any multiple of 32, and sees smaller things in a larger input."""

FEATURES = 1280
DETAILS = 2 * 88 + 2 * 120
CLASSES = 1000

_DETAIL_STAGES = (3, 4)
"""The stages with a stride of 16, whose channels, by mean and maximum over the photo, are the details."""

_WINDOW = 4  # cells of the feature map; of 2, 3 and 6 none found more

_EPSILON = 1e-3  # of every batch normalisation, `batch_norm_epsilon` of the published network


@dataclass(frozen=True, slots=True)
class _Stage:
    """A run of inverted bottlenecks; only the first has the stride and changes the number of channels."""

    repeats: int
    kernel: int
    stride: int
    expand: bool
    channels: int


@dataclass(frozen=True, slots=True)
class Conv:
    """A convolution with its batch normalisation, by their names in the state dict; `inputs` is channels per group."""

    weight: str
    norm: str
    out: int
    inputs: int
    kernel: int = 1
    stride: int = 1
    groups: int = 1

    @property
    def attributes(self) -> dict[str, Any]:
        """Those of the ONNX operator."""
        # TensorFlow's SAME padding: with an even side and a stride of 2 it is one more at the end than at the start.
        before, after = (self.kernel - self.stride) // 2, (self.kernel - self.stride + 1) // 2
        return {
            "kernel_shape": [self.kernel] * 2,
            "strides": [self.stride] * 2,
            "pads": [before, before, after, after],
            "group": self.groups,
        }


_STAGES = (
    _Stage(1, 3, 1, False, 16),
    _Stage(3, 3, 2, True, 24),
    _Stage(3, 5, 2, True, 48),
    _Stage(4, 3, 2, True, 88),
    _Stage(4, 5, 1, True, 120),
    _Stage(5, 5, 2, True, 208),
    _Stage(1, 3, 1, True, 352),
)


def graph_from_weights(weights: bytes) -> bytes:
    """The serialized ONNX graph made from the bytes of the published weights file (`registry.EFFICIENTNET_LITE2`).

    The same bytes always give the same graph. Raises ModelError when they are not a state dict of this network.
    """
    return build_efficientnet_lite2(read_state_dict(weights))


def build_efficientnet_lite2(state: Mapping[str, NDArray[Any]]) -> bytes:
    """Build the network from its state dict, as a serialized ONNX model for any batch size N.

    Input `images`: (N, H, W, 3) uint8 RGB, H and W multiples of 32; the graph itself computes the published
    normalisation (x - 127) / 128.
    Outputs, all float32: `logits` (N, 1000); `features` (N, 1280), the pooled features under the last layer; `details`
    (N, 416), for each of two earlier layers the means and then the maxima: they have not yet forgotten what is small;
    `feature_map` (N, 1280, H / 32, W / 32), what `features` are the means of; `windows` (N * M, 1280), its means in M
    overlapping squares of 128 pixels, 64 apart.
    Batch normalisation is folded into the convolutions.
    Raises ModelError when a tensor is missing or has another shape.
    """
    return build(Network(state))


def window_classes_from_weights(weights: bytes) -> bytes:
    """The serialized graph of the last layer alone: `images` (M, 1280) float32 features -> `logits` (M, 1000).

    The closer look asks for the classes of every window, the first look for none, which would take it 7 % longer.
    Raises ModelError when the bytes are not a state dict of this network.
    """
    network = Network(read_state_dict(weights))
    network.name_classes("images")
    return network.graph.serialize("window_classes", ["M", FEATURES], {"logits": ["M", CLASSES]}, of_bytes=False)


def build(network: Network) -> bytes:
    """Put the layers of `network` together, as `build_efficientnet_lite2` says."""
    value = network.normalise()
    value = network.convolve(value, Conv("_conv_stem", "_bn0", out=32, inputs=3, kernel=3, stride=2))
    channels, index = 32, 0
    for number, stage in enumerate(_STAGES):
        for repeat in range(stage.repeats):
            stride = stage.stride if repeat == 0 else 1
            value = _bottleneck(network, value, f"_blocks.{index}.", stage, channels=channels, stride=stride)
            channels, index = stage.channels, index + 1
        if number in _DETAIL_STAGES:
            network.pool_details(value)
    value = network.convolve(value, Conv("_conv_head", "_bn1", out=FEATURES, inputs=channels))
    network.classify(value)
    outputs: dict[str, Dimensions] = {
        "logits": ["N", CLASSES],
        "features": ["N", FEATURES],
        "details": ["N", DETAILS],
        "feature_map": ["N", FEATURES, "rows", "columns"],
        "windows": ["N * M", FEATURES],
    }
    return network.graph.serialize("efficientnet_lite2", ["N", "H", "W", 3], outputs)


def _bottleneck(network: Network, value: str, prefix: str, stage: _Stage, *, channels: int, stride: int) -> str:
    skip = value
    wide = channels * 6 if stage.expand else channels
    if stage.expand:
        value = network.convolve(value, Conv(f"{prefix}_expand_conv", f"{prefix}_bn0", out=wide, inputs=channels))
    depthwise = Conv(f"{prefix}_depthwise_conv", f"{prefix}_bn1", wide, 1, stage.kernel, stride, groups=wide)
    project = Conv(f"{prefix}_project_conv", f"{prefix}_bn2", out=stage.channels, inputs=wide)
    value = network.convolve(network.convolve(value, depthwise), project, activate=False)
    if stride == 1 and channels == stage.channels:
        value = network.add(skip, value, prefix)
    return value


class Network:
    """The graph of the network under way: its state dict, and the layers that are made from it."""

    def __init__(self, state: Mapping[str, NDArray[Any]]) -> None:
        self._state = state
        self.graph = GraphBuilder()
        self._pooled: list[str] = []
        self._bounds: list[str] = []

    def normalise(self) -> str:
        graph = self.graph
        self._bounds = [graph.constant(np.array(bound, np.float32)) for bound in (0, 6)]
        # Not folded into the stem: its zero padding stands for a pixel of 127, which no bias can express at the border.
        value = graph.node("Sub", graph.float_images(), graph.constant(np.array(127, np.float32)))
        value = graph.node("Mul", value, graph.constant(np.array(1 / 128, np.float32)))
        return graph.channels_first(value)

    def convolve(self, value: str, conv: Conv, *, activate: bool = True) -> str:
        weight, bias = self.folded(conv)
        value = self.graph.node(
            "Conv",
            value,
            self.graph.constant(weight.astype(np.float32)),
            self.graph.constant(bias.astype(np.float32)),
            **conv.attributes,
        )
        # Clip with constant bounds is the form of ReLU6 that ONNX Runtime fuses into the convolution.
        return self.graph.node("Clip", value, *self._bounds) if activate else value

    def add(self, skip: str, value: str, name: str) -> str:
        """The sum at the end of a bottleneck, whose names in the state dict begin with `name`."""
        return self.graph.node("Add", skip, value)

    def folded(self, conv: Conv) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Weight and bias of a convolution with its batch normalisation in them."""
        shape = (conv.out, conv.inputs, conv.kernel, conv.kernel)
        weight = self._tensor(f"{conv.weight}.weight", shape).astype(np.float64)
        gamma, beta, mean, variance = (
            self._tensor(f"{conv.norm}.{part}", (conv.out,)).astype(np.float64)
            for part in ("weight", "bias", "running_mean", "running_var")
        )
        factor = gamma / np.sqrt(variance + _EPSILON)
        return weight * factor[:, None, None, None], beta - mean * factor

    def pool_details(self, value: str) -> None:
        self._pooled += [self.graph.node(operator, value) for operator in ("GlobalAveragePool", "GlobalMaxPool")]

    def classify(self, value: str) -> None:
        self.graph.node("Flatten", self.graph.node("Concat", *self._pooled, axis=1), output="details")
        self.graph.node("Identity", value, output="feature_map")
        self.graph.node("Flatten", self.graph.node("GlobalAveragePool", value), output="features")
        self.name_classes("features")
        means = self.graph.node(
            "AveragePool",
            value,
            kernel_shape=[_WINDOW] * 2,
            strides=[_WINDOW // 2] * 2,
            pads=[1] * 4,
            count_include_pad=0,
        )
        apart = self.graph.node("Transpose", means, perm=[0, 2, 3, 1])
        rows = self.graph.constant(np.array([-1, FEATURES], np.int64))
        self.graph.node("Reshape", apart, rows, output="windows")

    def name_classes(self, features: str) -> None:
        """The last layer: (N, 1280) features -> the output `logits`."""
        weight = self.graph.constant(self._tensor("_fc.weight", (CLASSES, FEATURES)).astype(np.float32))
        bias = self.graph.constant(self._tensor("_fc.bias", (CLASSES,)).astype(np.float32))
        self.graph.node("Gemm", features, weight, bias, output="logits", transB=1)

    def _tensor(self, name: str, shape: tuple[int, ...]) -> NDArray[Any]:
        if name not in self._state:
            raise ModelError(f"The weights are not those of EfficientNet-Lite2: {name} is missing.")
        tensor = self._state[name]
        if tensor.shape != shape:
            raise ModelError(f"The weights are not those of EfficientNet-Lite2: {name} is {tensor.shape}, not {shape}.")
        return tensor
