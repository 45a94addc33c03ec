"""EfficientNet-Lite2 in whole numbers: 8 bits for each weight and each activation.

It takes half the time of the network in floating point on a CPU with instructions for that (VNNI, or dot products on
ARM). Activations have one scale for each layer, measured on ordinary photos; weights have one for each channel.
ReLU6 needs no operator, as what lies outside of a range is cut off at its ends.
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

_MOST_OF_A_PAIR = 127
_MOST_OF_A_BIAS = 2**30
_MOST_OF_A_SUM = 2**24 - 2**13
"""Below 2**24 every whole number is one of float32; the rest is for what rounding the weights adds."""

_PIXELS = (1 / 128, 127)
"""Scale and zero of the input, whose bytes are taken as they are: (x - 127) / 128."""

_FINE = ("_conv_stem", "_blocks.0._depthwise_conv", "_blocks.0._project_conv")
"""The first layers, whose errors all others see: they have few weights, and these have more than 8 bits."""


@dataclass(frozen=True, slots=True)
class Ranges:
    """What the layers answer to ordinary photos, by their names in the state dict.

    `bounds` are the lowest and highest value of each; `corrections` (channels,) are added to a convolution's bias, as
    rounding its weights shifts what it answers in the mean.
    """

    bounds: Mapping[str, tuple[float, float]]
    corrections: Mapping[str, NDArray[np.float32]]


def build_int8(state: Mapping[str, NDArray[Any]], ranges: Ranges) -> bytes:
    """As `build_efficientnet_lite2`, in whole numbers up to the feature map. Raises ModelError as it does."""
    return build(Int8Network(state, ranges))


class Int8Network(Network):
    """The layers in whole numbers, each value with its scale and its zero."""

    def __init__(self, state: Mapping[str, NDArray[Any]], ranges: Ranges) -> None:
        super().__init__(state)
        self._ranges = ranges
        self.scales: dict[str, tuple[float, int]] = {}

    def normalise(self) -> str:
        value = self.graph.channels_first("images")
        self.scales[value] = _PIXELS
        return value

    def convolve(self, value: str, conv: Conv, *, activate: bool = True) -> str:
        weight, bias = self.folded(conv)
        bias = (bias + self._ranges.corrections.get(conv.weight, np.zeros(conv.out, np.float32))) / self.scales[value][0]
        made = self._fine if conv.weight in _FINE else self._coarse
        target = self._scale(conv.weight)
        output = made(value, weight, bias, target, conv)
        self.scales[output] = target
        return output

    def add(self, skip: str, value: str, name: str) -> str:
        # All three have one scale, so the sum is of whole numbers, whatever is rounded on the way.
        target = self._scale(name)
        if not self.scales[skip] == self.scales[value] == target:
            raise ModelError(f"The ranges are not those of EfficientNet-Lite2: what {name} adds up has several scales.")
        total = self.graph.node("Add", self.real(skip), self.real(value))
        output = self.graph.node("QuantizeLinear", total, *self._quantisation(target))
        self.scales[output] = target
        return output

    def _coarse(
        self, value: str, weight: NDArray[np.float64], bias: NDArray[np.float64], target: tuple[float, int], conv: Conv
    ) -> str:
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

    def _fine(
        self, value: str, weight: NDArray[np.float64], bias: NDArray[np.float64], target: tuple[float, int], conv: Conv
    ) -> str:
        """In floating point, but of whole numbers whose sums are exact in whatever order a processor adds them up."""
        scale, zero = self.scales[value]
        most = 255 * np.abs(weight).sum(axis=(1, 2, 3)) + np.abs(bias)
        steps = most / _MOST_OF_A_SUM
        number = self.graph.node("Cast", value, to=FLOAT)
        if zero:
            number = self.graph.node("Sub", number, self.graph.constant(np.array(zero, np.float32)))
        total = self.graph.node(
            "Conv",
            number,
            self.graph.constant(np.rint(weight / steps[:, None, None, None]).astype(np.float32)),
            self.graph.constant(np.rint(bias / steps).astype(np.float32)),
            **conv.attributes,
        )
        per_channel = self.graph.constant((target[0] / (scale * steps)).astype(np.float32))
        zeros = self.graph.constant(np.full(conv.out, target[1], np.uint8))
        return self.graph.node("QuantizeLinear", total, per_channel, zeros, axis=1)

    def real(self, value: str) -> str:
        """A value in floating point."""
        return self.graph.node("DequantizeLinear", value, *self._quantisation(self.scales[value]))

    def pool_details(self, value: str) -> None:
        super().pool_details(self.real(value))

    def classify(self, value: str) -> None:
        super().classify(self.real(value))

    def _scale(self, name: str) -> tuple[float, int]:
        if name not in self._ranges.bounds:
            raise ModelError(f"The ranges are not those of EfficientNet-Lite2: {name} is missing.")
        low, high = self._ranges.bounds[name]
        scale = float(np.float32((high - low) / 255))
        return scale, round(-low / scale)

    def _quantisation(self, scale: tuple[float, int]) -> tuple[str, str]:
        step, zero = scale
        return self.graph.scalar(np.float32(step)), self.graph.scalar(np.uint8(zero))


def whole_weights(weight: NDArray[np.float64], least: NDArray[np.float64]) -> tuple[NDArray[np.float32], NDArray[np.int8]]:
    """(C, I, K, K) -> the scale of each channel (C,), and the weights as multiples of it, -127 to 127.

    Processors without VNNI multiply two neighbouring weights with two bytes and add up in 16 bits, where more than
    that would be cut off. So no two neighbours have more than 128 together, whatever their order: all answer alike.
    """
    most = np.abs(weight).max(axis=(1, 2, 3))
    if weight.shape[1] > 1:
        most = np.maximum(most, _largest_pair(weight))
    steps = np.maximum(most / _MOST_OF_A_PAIR, least).astype(np.float32)
    return steps, np.rint(weight / steps.astype(np.float64)[:, None, None, None]).astype(np.int8)


def _largest_pair(weight: NDArray[np.float64]) -> NDArray[np.float64]:
    channels = len(weight)
    if weight.shape[2] == 1:
        pairs = weight.reshape(channels, -1, 2)
        return np.asarray(np.maximum(np.maximum(pairs, 0).sum(axis=2), np.maximum(-pairs, 0).sum(axis=2)).max(axis=1))
    # Which are neighbours depends on the order of rows, columns and channels in memory: any two.
    ordered = np.sort(weight.reshape(channels, -1), axis=1)
    return np.maximum(ordered[:, -2:].sum(axis=1), -ordered[:, :2].sum(axis=1))


def read_ranges(data: bytes) -> Ranges:
    """Ranges from the bytes of an .npz without pickles. Raises ModelError when they are something else."""
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            bounds = {str(name): (float(low), float(high)) for name, (low, high) in zip(file["layers"], file["bounds"])}
            pieces = np.split(file["corrections"], np.cumsum(file["counts"])[:-1])
            corrections = {str(name): piece for name, piece in zip(file["convolutions"], pieces, strict=True)}
    except (KeyError, TypeError, ValueError, OSError, EOFError, BadZipFile) as error:
        raise ModelError("models/scene_ranges.npz holds no ranges; install untag again") from error
    return Ranges(bounds, corrections)
