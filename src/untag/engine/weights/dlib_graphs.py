"""dlib's face detector and face embedding, rebuilt as ONNX graphs from their weights.

Both take `images`, (batch, height, width, 3) RGB uint8, so that no float copy of a photo is ever made outside the
graph. Affine layers, and the normalisation of the input, are folded into the convolutions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from untag.engine.weights.dlib_weights import Affine, Convolution, FullyConnected, Layer
from untag.engine.weights.onnx_graph import GraphBuilder
from untag.errors import ModelError

MEAN_RGB = (122.782, 117.001, 104.298)
"""Subtracted from every pixel before the division by 256 (dlib/dnn/input.h)."""


def _convolve(graph: GraphBuilder, value: str, layer: Convolution) -> str:
    (sy, sx), (py, px) = layer.stride, layer.padding
    weights, biases = graph.constant(layer.weights), graph.constant(layer.biases)
    return graph.node("Conv", value, weights, biases, strides=[sy, sx], pads=[py, px, py, px])


def _folded(layers: Iterable[Layer], *, normalise: bool = True) -> Iterator[Convolution | FullyConnected]:
    """The layers with each affine folded into the convolution before it, and the normalisation into the first."""
    mean = np.array(MEAN_RGB, np.float64)
    pending: Convolution | None = None
    first = normalise
    for layer in layers:
        if isinstance(layer, Affine):
            if pending is None:
                raise ModelError("the dlib weights have an affine layer that follows no convolution")
            if layer.gamma.size != pending.biases.size:
                raise ModelError("the dlib weights have an affine layer that does not fit its convolution")
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
            if layer.padding != (0, 0) or layer.weights.shape[1] != mean.size:
                raise ModelError("the dlib weights do not begin with a convolution of colours without padding")
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
    graph = GraphBuilder()
    _detect(graph, graph.channels_first(graph.float_images()), _folded(layers))
    return graph.serialize(_DETECTOR_NAME, ["N", "H", "W", 3], _SCORES)


def build_canvas_detector(layers: Iterable[Layer]) -> bytes:
    """The same network on canvases that are normalised already: images (N, 3, H, W) float32 -> `scores` (N, 1, h, w).

    dlib enlarges and reduces what is normalised, in floats, which bytes cannot hold.
    """
    graph = GraphBuilder()
    _detect(graph, "images", _folded(layers, normalise=False))
    return graph.serialize(_DETECTOR_NAME, ["N", 3, "H", "W"], _SCORES, of_bytes=False)


def _detect(graph: GraphBuilder, x: str, layers: Iterable[Convolution | FullyConnected]) -> None:
    convolutions = list(layers)
    if not convolutions or not isinstance(convolutions[-1], Convolution) or len(convolutions[-1].biases) != 1:
        raise ModelError("these dlib weights are not an MMOD detector")
    for index, layer in enumerate(convolutions):
        if not isinstance(layer, Convolution):
            raise ModelError("these dlib weights are not an MMOD detector")
        x = _convolve(graph, x, layer)
        last = index == len(convolutions) - 1
        x = graph.node("Identity", x, output="scores") if last else graph.node("Relu", x)


_DETECTOR_NAME = "mmod_human_face_detector"
_SCORES: dict[str, list[str | int]] = {"scores": ["N", 1, "h", "w"]}

DETECTOR_STRIDE = 8
DETECTOR_OFFSET = 14
"""dlib's con_::map_output_to_input through three 5x5 convolutions of stride 2 and padding 0: 2 + 2 x (2 + 2 x 2)."""


def build_embedder(layers: Iterable[Layer]) -> bytes:
    """The face ResNet: aligned chips (N, 150, 150, 3) uint8 -> `embeddings` (N, 128) float32.

    The topology is dlib's `anet_type` (dlib/examples/dnn_face_recognition_ex.cpp): 14 residual blocks of two 3x3
    convolutions each; a block whose first convolution has stride 2 goes down: its shortcut is averaged 2x2.
    """
    convolutions = list(_folded(layers))
    head = convolutions.pop() if convolutions else None
    if len(convolutions) != 29 or not isinstance(head, FullyConnected):
        raise ModelError("these dlib weights are not the face recognition ResNet")
    graph = GraphBuilder()
    stem, *rest = [layer for layer in convolutions if isinstance(layer, Convolution)]
    x = graph.node("Relu", _convolve(graph, graph.channels_first(graph.float_images()), stem))
    x = graph.node("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2])
    size, channels = 35, stem.weights.shape[0]
    for first, second in zip(rest[::2], rest[1::2], strict=True):
        y = _convolve(graph, graph.node("Relu", _convolve(graph, x, first)), second)
        filters = second.weights.shape[0]
        if first.stride == (2, 2):
            shortcut = graph.node("AveragePool", x, kernel_shape=[2, 2], strides=[2, 2])
            inner, outer = (size - 3) // 2 + 1, size // 2
            y = _pad(graph, y, 0, outer - inner)
            shortcut = _pad(graph, shortcut, filters - channels, 0)
            size = outer
        else:
            shortcut = x
        channels = filters
        x = graph.node("Relu", graph.node("Add", y, shortcut))
    x = graph.node("Flatten", graph.node("GlobalAveragePool", x))
    graph.node("MatMul", x, graph.constant(head.weights), output="embeddings")
    return graph.serialize("dlib_face_recognition_resnet", ["N", 150, 150, 3], {"embeddings": ["N", 128]})


def _pad(graph: GraphBuilder, x: str, channels: int, pixels: int) -> str:
    """dlib adds tensors of unequal shape as if the smaller went on with zeros (dlib/dnn/tensor_tools.h, add)."""
    if channels == pixels == 0:
        return x
    return graph.node("Pad", x, graph.constant(np.array([0, 0, 0, 0, 0, channels, pixels, pixels], np.int64)))
