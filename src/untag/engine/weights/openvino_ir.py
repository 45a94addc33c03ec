"""OpenVINO's intermediate representation (an .xml graph and its .bin weights) -> nodes of an ONNX graph.

Only what the networks that untag takes from the Open Model Zoo use is read: operations of opset1 with their shapes
known and explicit padding (docs.openvino.ai, Operation Sets in OpenVINO). Anything else is refused, never guessed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element, ParseError  # only the types: the parser is defusedxml's

import numpy as np
from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring
from numpy.typing import NDArray

from untag.engine.weights.onnx_graph import GraphBuilder
from untag.errors import ModelError

_ELEMENT_TYPES: Mapping[str, np.dtype[Any]] = {"f16": np.dtype("<f2"), "f32": np.dtype("<f4")}


class _MalformedError(Exception):
    """What is wrong with the files, as the end of a sentence."""


@dataclass(frozen=True, slots=True)
class _Layer:
    """One operation: `inputs` are the ids of the layers that it takes its values from, in the order of its ports."""

    id: str
    kind: str
    attributes: Mapping[str, str]
    inputs: tuple[str, ...]

    def number(self, name: str) -> int:
        numbers = self.numbers(name)
        if len(numbers) != 1:
            raise _MalformedError(f"layer {self.id} ({self.kind}) has {len(numbers)} numbers {name!r}")
        return numbers[0]

    def numbers(self, name: str) -> list[int]:
        try:
            return [int(number) for number in self.attributes[name].split(",")]
        except (KeyError, ValueError):
            raise _MalformedError(f"layer {self.id} ({self.kind}) has no numbers {name!r}") from None

    def require(self, name: str, value: str) -> None:
        if self.attributes.get(name, value).lower() != value:
            raise _MalformedError(f"layer {self.id} ({self.kind}) has {name}={self.attributes[name]!r}, not {value!r}")


def convert_ir(xml: bytes, weights: bytes, graph: GraphBuilder, value: str) -> str:
    """Adds the network in `xml` and `weights` to `graph`, on `value` as its only input; returns its only output's name.

    Weights of 16 bits become float32. The batch is as free as `value`'s, whatever the file says.
    Raises ModelError, with a sentence for the user, for files that are damaged, do not belong together, or hold an
    operation that is not known here.
    """
    try:
        return _Conversion(weights, graph, value).run(_layers(xml))
    except _MalformedError as error:
        raise ModelError(f"a model is not an OpenVINO network that untag can read: {error}") from error


def _layers(xml: bytes) -> list[_Layer]:
    try:
        net = fromstring(xml, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError) as error:
        raise _MalformedError("its .xml is damaged") from error
    if net.tag != "net":
        raise _MalformedError("its .xml is of something else")
    sources: dict[tuple[str, str], str] = {}
    for edge in net.iterfind("edges/edge"):
        target = (_attribute(edge, "to-layer"), _attribute(edge, "to-port"))
        if target in sources:
            raise _MalformedError(f"layer {target[0]} has two values for one input")
        sources[target] = _attribute(edge, "from-layer")
    return [_layer(element, sources) for element in net.iterfind("layers/layer")]


def _layer(element: Element, sources: Mapping[tuple[str, str], str]) -> _Layer:
    number = _attribute(element, "id")
    ports = [_attribute(port, "id") for port in element.iterfind("input/port")]
    if any((number, port) not in sources for port in ports):
        raise _MalformedError(f"layer {number} lacks an input")
    data = element.find("data")
    attributes = {} if data is None else dict(data.attrib)
    return _Layer(number, _attribute(element, "type"), attributes, tuple(sources[number, port] for port in ports))


def _attribute(element: Element, name: str) -> str:
    value = element.get(name)
    if value is None:
        raise _MalformedError(f"a {element.tag} has no {name}")
    return value


class _Conversion:
    """Goes through the layers in the file's order, in which each follows those that it needs."""

    def __init__(self, weights: bytes, graph: GraphBuilder, value: str) -> None:
        self._weights = weights
        self._graph = graph
        self._input = value
        self._constants: dict[str, NDArray[np.float32]] = {}
        self._values: dict[str, str] = {}
        self._results: list[str] = []

    def run(self, layers: list[_Layer]) -> str:
        if [layer.kind for layer in layers].count("Parameter") != 1:
            raise _MalformedError("it does not have one input")
        for layer in layers:
            if layer.id in self._values or layer.id in self._constants:
                raise _MalformedError(f"there are two layers {layer.id}")
            self._add(layer)
        if len(self._results) != 1:
            raise _MalformedError("it does not have one output")
        return self._results[0]

    def _add(self, layer: _Layer) -> None:
        match layer.kind, len(layer.inputs):
            case "Parameter", 0:
                self._values[layer.id] = self._input
            case "Const", 0:
                self._constants[layer.id] = self._constant(layer)
            case "Convert", 1:
                layer.require("destination_type", "f32")
                self._constants[layer.id] = self._weights_of(layer, 0)
            case "Result", 1:
                self._results.append(self._value_of(layer, 0))
            case kind, count if _ARITY.get(kind) == count:
                self._values[layer.id] = _OPERATIONS[kind](self, layer)
            case kind, count:
                raise _MalformedError(f"layer {layer.id} is {kind!r} with {count} inputs, which is not known")

    def _constant(self, layer: _Layer) -> NDArray[np.float32]:
        dtype = _ELEMENT_TYPES.get(layer.attributes.get("element_type", ""))
        shape, offset, size = layer.numbers("shape"), layer.number("offset"), layer.number("size")
        if dtype is None or min(shape) < 1 or math.prod(shape) * dtype.itemsize != size:
            raise _MalformedError(f"the weights of layer {layer.id} are described wrongly")
        if offset < 0 or offset + size > len(self._weights):
            raise _MalformedError(f"the weights of layer {layer.id} lie outside the .bin file")
        values: NDArray[Any] = np.frombuffer(self._weights, dtype, math.prod(shape), offset)
        return values.astype(np.float32).reshape(shape)

    def _value_of(self, layer: _Layer, port: int) -> str:
        """The name of what comes in at a port, computed or constant."""
        source = layer.inputs[port]
        if source in self._values:
            return self._values[source]
        return self._graph.constant(self._weights_of(layer, port))

    def _weights_of(self, layer: _Layer, port: int) -> NDArray[np.float32]:
        source = layer.inputs[port]
        if source not in self._constants:
            raise _MalformedError(f"layer {layer.id} ({layer.kind}) lacks the value of layer {source}")
        return self._constants[source]

    def elementwise(self, layer: _Layer) -> str:
        layer.require("auto_broadcast", "numpy")
        operator = {"Add": "Add", "Multiply": "Mul", "Sigmoid": "Sigmoid"}[layer.kind]
        return self._graph.node(operator, *(self._value_of(layer, port) for port in range(len(layer.inputs))))

    def prelu(self, layer: _Layer) -> str:
        slopes = self._weights_of(layer, 1)
        if slopes.size == 1:
            # The same function, which ONNX Runtime fuses into the convolution before it; PRelu it does not.
            return self._graph.node("LeakyRelu", self._value_of(layer, 0), alpha=float(slopes.item()))
        # A slope for each channel: ONNX would align the vector with the last axis instead.
        per_channel = slopes.reshape(-1, 1, 1) if slopes.ndim == 1 else slopes
        return self._graph.node("PRelu", self._value_of(layer, 0), self._graph.constant(per_channel))

    def convolution(self, layer: _Layer) -> str:
        filters = self._weights_of(layer, 1)
        groups = 1
        if layer.kind == "GroupConvolution":
            if filters.ndim != 5:
                raise _MalformedError(f"layer {layer.id} has no groups of filters")
            groups = filters.shape[0]
            filters = filters.reshape(-1, *filters.shape[2:])
        if filters.ndim != 4:
            raise _MalformedError(f"layer {layer.id} has filters of {filters.ndim} dimensions")
        return self._graph.node(
            "Conv",
            self._value_of(layer, 0),
            self._graph.constant(filters),
            strides=layer.numbers("strides"),
            dilations=layer.numbers("dilations"),
            pads=self._pads(layer),
            group=groups,
        )

    def average(self, layer: _Layer) -> str:
        layer.require("rounding_type", "floor")
        return self._graph.node(
            "AveragePool",
            self._value_of(layer, 0),
            kernel_shape=layer.numbers("kernel"),
            strides=layer.numbers("strides"),
            pads=self._pads(layer),
            count_include_pad=int(layer.attributes.get("exclude-pad", "").lower() != "true"),
        )

    @staticmethod
    def _pads(layer: _Layer) -> list[int]:
        layer.require("auto_pad", "explicit")
        return layer.numbers("pads_begin") + layer.numbers("pads_end")


_OPERATIONS: Mapping[str, Callable[[_Conversion, _Layer], str]] = {
    "Add": _Conversion.elementwise,
    "Multiply": _Conversion.elementwise,
    "Sigmoid": _Conversion.elementwise,
    "PReLU": _Conversion.prelu,
    "Convolution": _Conversion.convolution,
    "GroupConvolution": _Conversion.convolution,
    "AvgPool": _Conversion.average,
}
_ARITY = {"Add": 2, "Multiply": 2, "Sigmoid": 1, "PReLU": 2, "Convolution": 2, "GroupConvolution": 2, "AvgPool": 1}


def build_retail_0095(xml: bytes, weights: bytes) -> bytes:
    """face-reidentification-retail-0095: aligned chips (N, 128, 128, 3) RGB uint8 -> `embeddings` (N, 256) float32.

    The network takes BGR, 0 to 255 (Open Model Zoo, intel/face-reidentification-retail-0095). The graph also flattens.
    Raises ModelError as `convert_ir` does.
    """
    graph = GraphBuilder()
    to_bgr = graph.constant(np.array([2, 1, 0], np.int64))
    bgr = graph.node("Gather", graph.channels_first(graph.float_images()), to_bgr, axis=1)
    graph.node("Flatten", convert_ir(xml, weights, graph, bgr), output="embeddings")
    return graph.serialize("face-reidentification-retail-0095", ["N", 128, 128, 3], {"embeddings": ["N", 256]})
