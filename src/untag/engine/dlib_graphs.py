"""dlib's face detector and face embedding, rebuilt as ONNX graphs from their weights.

Both take `images`, (batch, height, width, 3) RGB uint8, so that no float copy of a photo is ever made outside the
graph. Affine layers, and the normalisation of the input, are folded into the convolutions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from untag.engine.dlib_weights import Affine, Convolution, FullyConnected, Layer
from untag.errors import ModelError

MEAN_RGB = (122.782, 117.001, 104.298)
"""Subtracted from every pixel before the division by 256 (dlib/dnn/input.h)."""

_OPSET = 17
_IR_VERSION = 8


class _Graph:
    """Collects nodes and weights; every method returns the name of its output."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []

    def constant(self, value: NDArray[np.float32] | NDArray[np.int64]) -> str:
        name = f"w{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def op(self, kind: str, *inputs: str, **attributes: object) -> str:
        name = f"n{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def images(self) -> str:
        return self.op("Transpose", self.op("Cast", "images", to=TensorProto.FLOAT), perm=[0, 3, 1, 2])

    def conv(self, x: str, layer: Convolution) -> str:
        (sy, sx), (py, px) = layer.stride, layer.padding
        weights = (self.constant(layer.weights), self.constant(layer.biases))
        return self.op("Conv", x, *weights, strides=[sy, sx], pads=[py, px, py, px])

    def build(self, name: str, output: str, input_shape: Sequence[object], output_shape: Sequence[object]) -> bytes:
        self.nodes[-1].output[0] = output
        graph = helper.make_graph(
            self.nodes,
            name,
            [helper.make_tensor_value_info("images", TensorProto.UINT8, input_shape)],
            [helper.make_tensor_value_info(output, TensorProto.FLOAT, output_shape)],
            self.weights,
        )
        model = helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=_IR_VERSION, producer_name="untag"
        )
        onnx.checker.check_model(model)
        return bytes(model.SerializeToString())


def _folded(layers: Iterable[Layer]) -> Iterator[Convolution | FullyConnected]:
    """The layers with each affine folded into the convolution before it, and the normalisation into the first."""
    mean = np.array(MEAN_RGB, np.float64)
    pending: Convolution | None = None
    first = True
    for layer in layers:
        if isinstance(layer, Affine):
            if pending is None:
                raise ModelError("the dlib weights have an affine layer that follows no convolution")
            gamma = layer.gamma.astype(np.float64)
            weights = pending.weights * gamma[:, None, None, None]
            biases = pending.biases * gamma + layer.beta
            pending = Convolution(
                weights.astype(np.float32), biases.astype(np.float32), pending.stride, pending.padding
            )
            continue
        if pending is not None:
            yield pending
            pending = None
        if isinstance(layer, FullyConnected):
            yield layer
            continue
        pending = layer
        if first:
            # Exact only because dlib's first convolutions have no padding: a padded zero would become the mean.
            if layer.padding != (0, 0):
                raise ModelError("the dlib weights pad their first convolution, which was not expected")
            weights = layer.weights.astype(np.float64) / 256.0
            biases = layer.biases - (weights * mean[None, :, None, None]).sum(axis=(1, 2, 3))
            pending = Convolution(weights.astype(np.float32), biases.astype(np.float32), layer.stride, layer.padding)
            first = False
    if pending is not None:
        yield pending


def build_detector(layers: Iterable[Layer]) -> bytes:
    """The MMOD network: images (N, H, W, 3) uint8 -> `scores` (N, 1, h, w), one for each position of the window.

    One pyramid level, or several photos' levels of one size, is one run. A face scores above 0. The score at (y, x)
    belongs to the window centred at pixel (8 x + 14, 8 y + 14): `DETECTOR_STRIDE` and `DETECTOR_OFFSET`.
    """
    convolutions = list(_folded(layers))
    graph = _Graph()
    x = graph.images()
    for index, layer in enumerate(convolutions):
        if not isinstance(layer, Convolution):
            raise ModelError("these dlib weights are not an MMOD detector")
        x = graph.conv(x, layer)
        if index < len(convolutions) - 1:
            x = graph.op("Relu", x)
    return graph.build("mmod_human_face_detector", "scores", ["N", "H", "W", 3], ["N", 1, "h", "w"])


DETECTOR_STRIDE = 8
DETECTOR_OFFSET = 14
"""dlib's con_::map_output_to_input through three 5x5 convolutions of stride 2 and padding 0: 2 + 2 x (2 + 2 x 2)."""


def build_embedder(layers: Iterable[Layer]) -> bytes:
    """The face ResNet: aligned chips (N, 150, 150, 3) uint8 -> `embeddings` (N, 128) float32.

    The topology is dlib's `anet_type` (dlib/examples/dnn_face_recognition_ex.cpp): 14 residual blocks of two 3x3
    convolutions each; a block whose first convolution has stride 2 goes down: its shortcut is averaged 2x2.
    """
    *convolutions, head = _folded(layers)
    if len(convolutions) != 29 or not isinstance(head, FullyConnected):
        raise ModelError("these dlib weights are not the face recognition ResNet")
    graph = _Graph()
    stem, *rest = [layer for layer in convolutions if isinstance(layer, Convolution)]
    x = graph.op("Relu", graph.conv(graph.images(), stem))
    x = graph.op("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2])
    size, channels = 35, stem.weights.shape[0]
    for first, second in zip(rest[::2], rest[1::2], strict=True):
        y = graph.conv(graph.op("Relu", graph.conv(x, first)), second)
        filters = second.weights.shape[0]
        if first.stride == (2, 2):
            shortcut = graph.op("AveragePool", x, kernel_shape=[2, 2], strides=[2, 2])
            inner, outer = (size - 3) // 2 + 1, size // 2
            y = _pad(graph, y, 0, outer - inner)
            shortcut = _pad(graph, shortcut, filters - channels, 0)
            size = outer
        else:
            shortcut = x
        channels = filters
        x = graph.op("Relu", graph.op("Add", y, shortcut))
    x = graph.op("Flatten", graph.op("GlobalAveragePool", x))
    graph.op("MatMul", x, graph.constant(head.weights))
    return graph.build("dlib_face_recognition_resnet", "embeddings", ["N", 150, 150, 3], ["N", 128])


def _pad(graph: _Graph, x: str, channels: int, pixels: int) -> str:
    """dlib adds two tensors of unequal shape as if the smaller were continued with zeros (dlib::add, tensor_tools.h)."""
    if channels == pixels == 0:
        return x
    return graph.op("Pad", x, graph.constant(np.array([0, 0, 0, 0, 0, channels, pixels, pixels], np.int64)))
