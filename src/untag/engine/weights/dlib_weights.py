"""Reads dlib's `.dat` files: the parameters of its networks and its shape predictor, as numpy arrays.

dlib writes an integer as one control byte (low 7 bits: how many bytes follow, top bit: negative) and that many bytes,
little endian; a float outside a tensor as two integers, mantissa and exponent (dlib/serialize.h, dlib/float_details.h).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from untag.errors import ModelError

Array = NDArray[np.float32]

_TREE_SPLITS = 15
_LARGEST_FLOAT = float(np.finfo(np.float32).max)
_LARGEST_FIELD = 1 << 15
"""More than any size, stride or padding of a network, and any index of a landmark model, can be."""


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
        mantissa, exponent = self.integer(), self.integer()
        try:
            value = math.ldexp(mantissa, exponent)
        except OverflowError:
            value = math.inf
        if abs(value) > _LARGEST_FLOAT:
            raise ModelError("the dlib weights hold a number that is out of range; reinstall face_recognition_models")
        return value

    def expect(self, value: int, what: str) -> None:
        found = self.integer()
        if found != value:
            raise ModelError(f"the dlib weights are not what was expected: {what} is {found}, not {value}")

    def tensor(self) -> Array:
        self.expect(2, "a tensor's version")
        shape = tuple(self.integer() for _ in range(4))
        count = math.prod(shape)
        end = self.at + 4 * count
        if min(shape) <= 0:
            raise ModelError("the dlib weights hold a tensor of a size that cannot be")
        if end > len(self.data):
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

    def points(self) -> Array:
        """A matrix of x and y in turn, (points, 2)."""
        values = self.matrix()
        if values.size % 2:
            raise ModelError("the landmark weights hold a point with one coordinate")
        return values.reshape(-1, 2)


def _convolution(reader: _Reader) -> Convolution:
    parameters = reader.tensor().ravel()
    fields = [reader.integer() for _ in range(7)]
    filters, rows, columns, stride_y, stride_x, padding_y, padding_x = fields
    weights = parameters.size - filters
    if (
        not all(0 < field <= _LARGEST_FIELD for field in fields[:5])
        or not all(0 <= field <= _LARGEST_FIELD for field in fields[5:])
        or weights <= 0
        or weights % (filters * rows * columns)
    ):
        raise ModelError("the dlib weights hold a convolution whose sizes do not fit together")
    return Convolution(
        parameters[:weights].reshape(filters, -1, rows, columns),
        parameters[weights:],
        (stride_y, stride_x),
        (padding_y, padding_x),
    )


def _affine(reader: _Reader) -> Affine:
    parameters = reader.tensor().ravel()
    if parameters.size % 2:
        raise ModelError("the dlib weights hold an affine layer whose sizes do not fit together")
    gamma, beta = np.split(parameters, 2)
    return Affine(gamma, beta)


def _batch_norm(reader: _Reader) -> Affine:
    """With the statistics of the training, as dlib's own affine_ makes of it, not those of its last batch."""
    affine = _affine(reader)
    gamma, beta = affine.gamma.astype(np.float64), affine.beta.astype(np.float64)
    reader.skip_alias()
    reader.skip_alias()
    reader.tensor()  # the mean and the inverse deviation of the last batch
    reader.tensor()
    means, variances = reader.tensor().ravel(), reader.tensor().ravel()
    if not means.size == variances.size == gamma.size:
        raise ModelError("the dlib weights hold a batch normalisation whose sizes do not fit together")
    reader.integer()  # how many updates there were, and over how many the statistics are gathered
    reader.integer()
    *_rates, epsilon = (reader.real() for _ in range(5))
    spread = variances.astype(np.float64) + epsilon
    if not (spread > 0).all():
        raise ModelError("the dlib weights hold a batch normalisation without variance")
    scale = gamma / np.sqrt(spread)
    return Affine(scale.astype(np.float32), (beta - means * scale).astype(np.float32))


_LAYERS: dict[bytes, Callable[[_Reader], Layer]] = {
    b"con_4": _convolution,
    b"affine_": _affine,
    b"bn_con2": _batch_norm,
}


def read_layers(data: bytes) -> Iterator[Layer]:
    """The layers that have parameters, the innermost (nearest to the image) first.

    Between them lie the bookkeeping of training and the tags of layers without parameters, which are passed over.
    Tensors are skipped as a whole, so that no tag is ever found inside one.
    Raises ModelError when the file is cut off, damaged, or of another version of the format.
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

    Raises ModelError when the file is cut off, damaged, longer than its content, or of another version.
    """
    reader = _Reader(data)
    reader.expect(1, "the shape predictor's version")
    mean_shape = reader.points()
    cascades = reader.integer()
    splits: list[tuple[int, int, float]] = []
    leaves: list[Array] = []
    trees: set[int] = set()
    for _ in range(cascades):
        count = reader.integer()
        trees.add(count)
        for _ in range(count):
            reader.expect(_TREE_SPLITS, "the number of a tree's splits")
            splits.extend((reader.integer(), reader.integer(), reader.real()) for _ in range(_TREE_SPLITS))
            reader.expect(_TREE_SPLITS + 1, "the number of a tree's leaves")
            leaves.extend(reader.points() for _ in range(_TREE_SPLITS + 1))
    anchors = [[reader.integer() for _ in range(reader.integer())] for _ in range(reader.integer())]
    deltas = [[(reader.real(), reader.real()) for _ in range(reader.integer())] for _ in range(reader.integer())]
    if reader.at != len(data):
        raise ModelError("the landmark weights do not end where they should; reinstall face_recognition_models")
    pixels = {len(row) for rows in (anchors, deltas) for row in rows}
    if (
        not splits
        or len(trees) != 1
        or any(leaf.shape != mean_shape.shape for leaf in leaves)
        or not len(anchors) == len(deltas) == cascades
        or len(pixels) != 1
    ):
        raise ModelError("the landmark weights have parts that do not fit together; reinstall face_recognition_models")
    split_a, split_b, thresholds = zip(*splits, strict=True)
    shape, per_face = (cascades, trees.pop(), _TREE_SPLITS), pixels.pop()
    return ShapePredictor(
        mean_shape,
        _indices(split_a, per_face).reshape(shape),
        _indices(split_b, per_face).reshape(shape),
        np.array(thresholds, np.float32).reshape(shape),
        np.array(leaves, np.float32).reshape(*shape[:2], -1, *mean_shape.shape),
        _indices([anchor for row in anchors for anchor in row], len(mean_shape)).reshape(cascades, -1),
        np.array(deltas, np.float32),
    )


def _indices(values: Sequence[int], end: int) -> NDArray[np.int16]:
    if not 0 <= min(values, default=-1) <= max(values, default=-1) < min(end, _LARGEST_FIELD):
        raise ModelError("the landmark weights refer to a point or pixel that is not there")
    return np.array(values, np.int16)
