"""EfficientNet-Lite2 in whole numbers: 8 bits for each weight and each activation, half the time on a CPU.

Activations have one scale for each layer, measured on ordinary photos, and weights one for each channel. ReLU6 needs no
operator, as what lies outside of a range is cut off at its ends. Whatever the processor and however it orders its sums,
the feature map is the same to the bit: all sums are of whole numbers, and none is too large to be exact.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from untag.engine.weights.efficientnet import Conv, Network, build
from untag.engine.weights.onnx_graph import FLOAT
from untag.errors import ModelError

Scale = tuple[float, int]
"""Of a byte: it stands for `scale * (byte - zero)`."""

_PIXELS: Scale = (1 / 128, 127)
"""Of the input, whose bytes are taken as they are: (x - 127) / 128."""

_FINE = ("_conv_stem", "_blocks.0._depthwise_conv", "_blocks.0._project_conv")
"""The first layers, whose errors all others see: they have few weights, and these have more than 8 bits."""

_LEAST_STEP = 1e-20  # of channels that are always zero
_MOST_OF_A_PAIR = 127
_MOST_OF_A_BIAS = 2**30
_MOST_OF_A_SUM = 2**24 - 2**13
"""Below 2**24 every whole number is one of float32; the rest is for what rounding the weights adds."""


@dataclass(frozen=True, slots=True)
class Ranges:
    """What the layers answer to ordinary photos, by their names in the state dict.

    `bounds` are the lowest and highest value of each, and the same for all that is added up; `corrections` (channels,)
    are added to a convolution's bias, as rounding shifts what it answers in the mean.
    """

    bounds: Mapping[str, tuple[float, float]]
    corrections: Mapping[str, NDArray[np.float32]]


def read_ranges(data: bytes) -> Ranges:
    """Ranges from the bytes of an .npz without pickles. Raises ModelError when they are something else."""
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            layers, ends = file["layers"].tolist(), file["bounds"].tolist()
            bounds = {str(name): (float(low), float(high)) for name, (low, high) in zip(layers, ends, strict=True)}
            pieces = np.split(file["corrections"].astype(np.float32), np.cumsum(file["counts"])[:-1])
            corrections = dict(zip(map(str, file["convolutions"].tolist()), pieces, strict=True))
    except (KeyError, TypeError, ValueError, OSError, EOFError, BadZipFile) as error:
        raise ModelError("models/scene_ranges.npz holds no ranges; install untag again") from error
    return Ranges(bounds, corrections)


def build_int8(state: Mapping[str, NDArray[Any]], ranges: Ranges) -> bytes:
    """As `build_efficientnet_lite2`, in whole numbers up to the feature map.

    Raises ModelError when a tensor or a range is missing or has another shape.
    """
    return build(Int8Network(state, ranges))


class Int8Network(Network):
    """The layers in whole numbers; `scales` has that of each value."""

    def __init__(self, state: Mapping[str, NDArray[Any]], ranges: Ranges) -> None:
        super().__init__(state)
        self._ranges = ranges
        self.scales: dict[str, Scale] = {}

    def normalise(self) -> str:
        value = self.graph.channels_first("images")
        self.scales[value] = _PIXELS
        return value

    def convolve(self, value: str, conv: Conv, *, activate: bool = True) -> str:
        layer = self._fine if conv.weight in _FINE else self._coarse
        output = layer(value, conv, self._scale(conv.weight))
        self.scales[output] = self._scale(conv.weight)
        return output

    def add(self, skip: str, value: str, name: str) -> str:
        scale = self._scale(name)
        if not self.scales[skip] == self.scales[value] == scale:
            raise ModelError(f"The ranges are not those of EfficientNet-Lite2: what {name} adds up has several.")
        # With one scale the sum is of whole numbers again. ONNX Runtime makes one operator of all four.
        total = self.graph.node("Add", self.real(skip), self.real(value))
        output = self.graph.node("QuantizeLinear", total, *self._quantisation(scale))
        self.scales[output] = scale
        return output

    def real(self, value: str) -> str:
        """A value in floating point."""
        return self.graph.node("DequantizeLinear", value, *self._quantisation(self.scales[value]))

    def pool_details(self, value: str) -> None:
        super().pool_details(self.real(value))

    def classify(self, value: str) -> None:
        super().classify(self.real(value))

    def _coarse(self, value: str, conv: Conv, target: Scale) -> str:
        weight, bias = self._in_steps_of(value, conv)
        steps, whole = whole_weights(weight, least=np.abs(bias) / _MOST_OF_A_BIAS)
        return self.graph.node(
            "QLinearConv",
            value,
            *self._quantisation(self.scales[value]),
            self.graph.constant(whole),
            self.graph.constant(steps),
            self.graph.constant(np.zeros(conv.out, np.int8)),
            *self._quantisation(target),
            self.graph.constant(np.rint(bias / steps.astype(np.float64)).astype(np.int32)),
            **conv.attributes,
        )

    def _fine(self, value: str, conv: Conv, target: Scale) -> str:
        """In floating point, but of whole numbers whose sums are exact in whatever order they are added up."""
        graph, (scale, zero) = self.graph, self.scales[value]
        weight, bias = self._in_steps_of(value, conv)
        steps = np.maximum(255 * np.abs(weight).sum(axis=(1, 2, 3)) + np.abs(bias), _LEAST_STEP) / _MOST_OF_A_SUM
        number = graph.node("Sub", graph.node("Cast", value, to=FLOAT), graph.scalar(np.float32(zero)))
        whole = graph.constant(np.rint(weight / steps[:, None, None, None]).astype(np.float32))
        total = graph.node(
            "Conv", number, whole, graph.constant(np.rint(bias / steps).astype(np.float32)), **conv.attributes
        )
        # One division for each channel is rounded alike everywhere, too.
        divisors = graph.constant((target[0] / (scale * steps)).astype(np.float32))
        zeros = graph.constant(np.full(conv.out, target[1], np.uint8))
        return graph.node("QuantizeLinear", total, divisors, zeros, axis=1)

    def _in_steps_of(self, value: str, conv: Conv) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The weight, and the corrected bias as a multiple of the scale of the `value` that comes in."""
        weight, bias = self.folded(conv)
        correction = self._ranges.corrections.get(conv.weight)
        if correction is not None and correction.shape != bias.shape:
            raise ModelError(f"The ranges are not those of EfficientNet-Lite2: {conv.weight} has other channels.")
        return weight, (bias if correction is None else bias + correction) / self.scales[value][0]

    def _scale(self, name: str) -> Scale:
        if name not in self._ranges.bounds:
            raise ModelError(f"The ranges are not those of EfficientNet-Lite2: {name} is missing.")
        low, high = self._ranges.bounds[name]
        scale = float(np.float32((high - low) / 255))
        return scale, round(-low / scale)

    def _quantisation(self, scale: Scale) -> tuple[str, str]:
        return self.graph.scalar(np.float32(scale[0])), self.graph.scalar(np.uint8(scale[1]))


def whole_weights(
    weight: NDArray[np.float64], least: NDArray[np.float64]
) -> tuple[NDArray[np.float32], NDArray[np.int8]]:
    """(C, I, 1, 1) or (C, 1, K, K) -> the step of each channel (C,), at `least` so large, and weights in steps.

    Processors without VNNI multiply two neighbouring weights with a byte each and add up both in 16 bits, where more
    than that would be cut off. So no two neighbours have more than 128 together.
    """
    most = np.abs(weight).max(axis=(1, 2, 3))
    if weight.shape[1] > 1:
        pairs = weight.reshape(len(weight), -1, 2)
        most = np.maximum(most, np.abs(pairs.clip(0, None).sum(axis=2)).max(axis=1))
        most = np.maximum(most, np.abs(pairs.clip(None, 0).sum(axis=2)).max(axis=1))
    steps = np.maximum(np.maximum(most / _MOST_OF_A_PAIR, least), _LEAST_STEP).astype(np.float32)
    return steps, np.rint(weight / steps.astype(np.float64)[:, None, None, None]).astype(np.int8)
