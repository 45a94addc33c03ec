"""Reads dlib's `.dat` files: the parameters of its networks and its shape predictor, as numpy arrays.

dlib writes an integer as one control byte (low 7 bits: how many bytes follow, top bit: negative) and that many bytes,
little endian; a float outside a tensor as two integers, mantissa and exponent (dlib/serialize.h, dlib/float_details.h).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from untag.errors import ModelError

Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Convolution:
    """`con_`: weights (filters, channels, rows, columns), biases (filters,), float32; stride and padding are (y, x)."""

    weights: Array
    biases: Array
    stride: tuple[int, int]
    padding: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Affine:
    """`affine_`, or a `bn_con` folded to one: y = gamma * x + beta, both (channels,) float32."""

    gamma: Array
    beta: Array


@dataclass(frozen=True, slots=True)
class FullyConnected:
    """`fc_` without bias: y = x @ weights, weights (inputs, outputs) float32."""

    weights: Array


Layer = Convolution | Affine | FullyConnected


@dataclass(frozen=True, slots=True)
class ShapePredictor:
    """An ensemble of regression trees (Kazemi & Sullivan 2014), for C cascades of T trees of depth 4 and P pixels.

    mean_shape (L, 2); split_a, split_b (C, T, 15) int16 indices into the P pixels; thresholds (C, T, 15);
    leaves (C, T, 16, L, 2); anchors (C, P) int16, the landmark each pixel hangs on; deltas (C, P, 2). Floats are
    float32 in the unit square of the face box.
    """

    mean_shape: Array
    split_a: NDArray[np.int16]
    split_b: NDArray[np.int16]
    thresholds: Array
    leaves: Array
    anchors: NDArray[np.int16]
    deltas: Array


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def integer(self) -> int:
        data, at = self.data, self.at
        try:
            control = data[at]
        except IndexError:
            raise ModelError("the dlib weights end too early; reinstall face_recognition_models") from None
        size = control & 0x7F
        self.at = at + 1 + size
        value = int.from_bytes(data[at + 1 : self.at], "little")
        return -value if control & 0x80 else value

    def real(self) -> float:
        mantissa = self.integer()
        return math.ldexp(mantissa, self.integer())

    def expect(self, value: int, what: str) -> None:
        found = self.integer()
        if found != value:
            raise ModelError(f"the dlib weights are not what was expected: {what} is {found}, not {value}")

    def tensor(self) -> Array:
        self.expect(2, "a tensor's version")
        shape = tuple(self.integer() for _ in range(4))
        count = math.prod(shape)
        end = self.at + 4 * count
        if min(shape) < 0 or end > len(self.data):
            raise ModelError("the dlib weights end inside a tensor; reinstall face_recognition_models")
        values = np.frombuffer(self.data, "<f4", count, self.at).astype(np.float32)
        self.at = end
        return values.reshape(shape)

    def skip_alias(self) -> None:
        self.expect(1, "an alias tensor's version")
        for _ in range(4):
            self.integer()

    def matrix(self) -> Array:
        rows, columns = -self.integer(), -self.integer()
        if rows <= 0 or columns <= 0:
            raise ModelError("the dlib weights hold a matrix of a size that cannot be")
        return np.array([self.real() for _ in range(rows * columns)], dtype=np.float32).reshape(rows, columns)


def _convolution(reader: _Reader) -> Convolution:
    parameters = reader.tensor().ravel()
    filters, rows, columns, *geometry = (reader.integer() for _ in range(7))
    weights, biases = parameters[:-filters], parameters[-filters:]
    return Convolution(
        weights.reshape(filters, -1, rows, columns), biases, (geometry[0], geometry[1]), (geometry[2], geometry[3])
    )


def _affine(reader: _Reader) -> Affine:
    gamma, beta = np.split(reader.tensor().ravel(), 2)
    return Affine(gamma, beta)


def _batch_norm(reader: _Reader) -> Affine:
    gamma, beta = np.split(reader.tensor().ravel(), 2)
    reader.skip_alias()
    reader.skip_alias()
    means, inverse_stddevs = reader.tensor().ravel(), reader.tensor().ravel()
    scale = gamma * inverse_stddevs
    return Affine(scale, beta - means * scale)


_LAYERS: dict[bytes, Callable[[_Reader], Layer]] = {
    b"con_4": _convolution,
    b"affine_": _affine,
    b"bn_con2": _batch_norm,
}


def read_layers(data: bytes) -> Iterator[Layer]:
    """The layers that have parameters, the innermost (nearest to the image) first.

    Between them lie the bookkeeping of training and the tags of layers without parameters, which are passed over.
    Tensors are skipped as a whole, so that no tag is ever found inside one.
    Raises ModelError when the file is cut off or is of another version of the format.
    """
    reader = _Reader(data)
    tags = {bytes([1, len(name)]) + name: read for name, read in _LAYERS.items()}
    fully_connected = b"\x01\x04fc_2"
    while True:
        found = [(at, tag) for tag in (*tags, fully_connected) if (at := data.find(tag, reader.at)) >= 0]
        if not found:
            return
        at, tag = min(found)
        reader.at = at + len(tag)
        if tag == fully_connected:
            reader.integer()  # number of outputs, and of inputs: the tensor says both
            reader.integer()
            yield FullyConnected(reader.tensor()[:, :, 0, 0])
        else:
            yield tags[tag](reader)


def read_shape_predictor(data: bytes) -> ShapePredictor:
    """The 5-point landmark model; takes a second or two, so its arrays are worth caching.

    Raises ModelError when the file is cut off, longer than its content, or of another version.
    """
    reader = _Reader(data)
    reader.expect(1, "the shape predictor's version")
    mean_shape = reader.matrix().reshape(-1, 2)
    cascades = reader.integer()
    splits: list[tuple[int, int, float]] = []
    leaves: list[Array] = []
    trees = 0
    for _ in range(cascades):
        trees = reader.integer()
        for _ in range(trees):
            for _ in range(reader.integer()):
                splits.append((reader.integer(), reader.integer(), reader.real()))
            leaves.extend(reader.matrix() for _ in range(reader.integer()))
    shape = (cascades, trees, -1)
    anchors = [[reader.integer() for _ in range(reader.integer())] for _ in range(reader.integer())]
    deltas = [[(reader.real(), reader.real()) for _ in range(reader.integer())] for _ in range(reader.integer())]
    if reader.at != len(data):
        raise ModelError("the landmark weights do not end where they should; reinstall face_recognition_models")
    try:
        split_a, split_b, thresholds = zip(*splits, strict=True)
        return ShapePredictor(
            mean_shape,
            np.array(split_a, np.int16).reshape(shape),
            np.array(split_b, np.int16).reshape(shape),
            np.array(thresholds, np.float32).reshape(shape),
            np.array(leaves, np.float32).reshape(cascades, trees, -1, *mean_shape.shape),
            np.array(anchors, np.int16),
            np.array(deltas, np.float32),
        )
    except ValueError:
        raise ModelError("the landmark weights have trees of unequal shape") from None
