"""The proposal network: a small network of this project's own that proposes where in a photo faces may be.

Trained by training/train_proposals.py with the MMOD detector as its teacher; models/face_proposals.npz has its
parameters.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from untag.engine.weights.onnx_graph import GraphBuilder
from untag.errors import ModelError

STRIDE = 8
SMALLEST, LARGEST = 17.0, 42.0
"""The faces, in pixels of its input, that the proposal network was trained to propose."""

_STRIDES = (2, 2, 2, 1, 1, 1, 1)
_MEAN, _DEVIATION = 127.0, 64.0


def build_proposal_network(parameters: bytes) -> bytes:
    """images (N, H, W, 3) uint8 -> `cells` (N, 4, H / 8, W / 8) float32; H and W are multiples of 8.

    For each cell: the logit of a face being centred near it, log2 of the face's size over the geometric mean of
    `SMALLEST` and `LARGEST`, and how far its centre lies from the cell's, x and y in cells.
    Raises ModelError when the parameters are not those of the proposal network.
    """
    try:
        with np.load(io.BytesIO(parameters), allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        return _build(arrays)
    except (KeyError, ValueError, OSError, EOFError, BadZipFile) as error:
        raise ModelError("models/face_proposals.npz is damaged; install untag again") from error


def _build(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    graph = GraphBuilder()

    def convolve(value: str, index: int) -> str:
        weights = graph.constant(arrays[f"weights_{index}"])
        biases = graph.constant(arrays[f"biases_{index}"])
        stride = _STRIDES[index]
        value = graph.node("Conv", value, weights, biases, strides=[stride, stride], pads=[1, 1, 1, 1])
        return graph.node("Relu", value)

    x = graph.node("Sub", graph.float_images(), graph.constant(np.array(_MEAN, np.float32)))
    x = graph.node("Mul", x, graph.constant(np.array(1 / _DEVIATION, np.float32)))
    x = graph.channels_first(x)
    for index in range(3):
        x = convolve(x, index)
    for index in (3, 5):
        x = graph.node("Add", x, convolve(convolve(x, index), index + 1))
    head = graph.constant(arrays["head_weights"]), graph.constant(arrays["head_biases"])
    graph.node("Conv", x, *head, output="cells")
    return graph.serialize("face_proposals", ["N", "H", "W", 3], {"cells": ["N", 4, "h", "w"]})
