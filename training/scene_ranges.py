"""What each layer of EfficientNet-Lite2 answers to ordinary photos, for the network in whole numbers.

`python training/scene_ranges.py DATA models/scene_ranges.npz` writes the range of every layer, over photos of Flickr8k
at the sizes of the first and of the closer look, and what is to be added to the biases so that rounded weights answer
the same in the mean (Nagel et al. 2019, arXiv 1906.04721, section 4.2, measured layer by layer instead of computed).
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from untag.engine.downloads.registry import EFFICIENTNET_LITE2
from untag.engine.runtime.session import Device, open_session
from untag.engine.weights.efficientnet import Conv, Network, build
from untag.engine.weights.efficientnet_int8 import Int8Network, Ranges
from untag.engine.weights.torch_weights import read_state_dict
from untag.imaging.decode import decode
from untag.scan import SEARCH_SIDE
from untag.scenes.classify import scene_input
from untag.scenes.closer import closer_input
from untag.types import Pixels

PHOTOS = 96
"""For the ranges."""
_FOR_MEANS = 32
"""Of them, for the corrections, which look at them once for every layer."""

STAGES = (range(1), range(1, 4), range(4, 7), range(7, 11), range(11, 15), range(15, 20), range(20, 21))
"""The blocks whose sums are added up one on the other, and so have one range."""


class _Observed(Network):
    """The network in floating point, with the name of each layer's value."""

    def __init__(self, state: Mapping[str, NDArray[Any]]) -> None:
        super().__init__(state)
        self.values: dict[str, str] = {}

    def convolve(self, value: str, conv: Conv, *, activate: bool = True) -> str:
        self.values[conv.weight] = super().convolve(value, conv, activate=activate)
        return self.values[conv.weight]

    def add(self, skip: str, value: str, name: str) -> str:
        self.values[name] = super().add(skip, value, name)
        return self.values[name]


class _ObservedInt8(Int8Network):
    """The network in whole numbers, with the name of each convolution's value in floating point."""

    def __init__(self, state: Mapping[str, NDArray[Any]], ranges: Ranges) -> None:
        super().__init__(state, ranges)
        self.values: dict[str, str] = {}

    def convolve(self, value: str, conv: Conv, *, activate: bool = True) -> str:
        output = super().convolve(value, conv, activate=activate)
        if output in self.scales:
            self.values[conv.weight] = self.real(output)
        return output


def main() -> None:
    """Write the file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("data", type=Path)
    parser.add_argument("output", type=Path)
    arguments = parser.parse_args()
    state = read_state_dict(EFFICIENTNET_LITE2.read())
    ranges = measure(state, list(photos(arguments.data, PHOTOS)))
    np.savez(arguments.output, allow_pickle=False, **packed(ranges))


def photos(data: Path, count: int, *, first: int = 0) -> Iterator[Pixels]:
    """`count` photos of Flickr8k, evenly spread, each as both looks take it in."""
    paths = sorted((data / "flickr8k").glob("*.jpg"))
    for path in paths[first :: len(paths) // count][:count]:
        pixels = decode(path.read_bytes(), max_side=SEARCH_SIDE).pixels
        yield scene_input(pixels)
        yield closer_input(pixels)


def measure(state: Mapping[str, NDArray[Any]], images: Sequence[Pixels]) -> Ranges:
    """The ranges of the network with these weights over `images`, and the corrections of its biases."""
    network = _Observed(state)
    graph = build(network)
    bounds = _bounds(graph, network.values, images)
    ranges = Ranges(bounds, {})
    some = images[: 2 * _FOR_MEANS]
    convolutions = _convolutions(state, ranges)
    wanted = _means(graph, [network.values[name] for name in convolutions], some)
    for name, mean in zip(convolutions, wanted, strict=True):
        rounded = _ObservedInt8(state, ranges)
        (answered,) = _means(build(rounded), [rounded.values[name]], some)
        ranges = Ranges(bounds, {**ranges.corrections, name: (mean - answered).astype(np.float32)})
    return ranges


def _convolutions(state: Mapping[str, NDArray[Any]], ranges: Ranges) -> list[str]:
    network = _ObservedInt8(state, ranges)
    build(network)
    return list(network.values)


def packed(ranges: Ranges) -> dict[str, NDArray[Any]]:
    """The arrays of the file."""
    return {
        "layers": np.array(list(ranges.bounds)),
        "bounds": np.array(list(ranges.bounds.values()), np.float32),
        "convolutions": np.array(list(ranges.corrections)),
        "counts": np.array([len(each) for each in ranges.corrections.values()]),
        "corrections": np.concatenate(list(ranges.corrections.values())),
    }


def _bounds(graph: bytes, values: Mapping[str, str], images: Sequence[Pixels]) -> dict[str, tuple[float, float]]:
    lows, highs = [], []
    for outputs in _observe(graph, list(values.values()), ("ReduceMin", "ReduceMax"), images):
        half = len(values)
        lows.append([float(output.min()) for output in outputs[:half]])
        highs.append([float(output.max()) for output in outputs[half:]])
    bounds = {
        name: (min(0.0, float(low)), max(0.0, float(high)))
        for name, low, high in zip(values, np.min(lows, axis=0), np.max(highs, axis=0), strict=True)
    }
    for together in STAGES:
        names = [name for index in together for name in (f"_blocks.{index}.", f"_blocks.{index}._project_conv")]
        own = [bounds[name] for name in names if name in bounds]
        both = min(low for low, _ in own), max(high for _, high in own)
        bounds |= {name: both for name in names if name in bounds}
    return bounds


def _means(graph: bytes, values: Sequence[str], images: Sequence[Pixels]) -> list[NDArray[np.float64]]:
    """The mean of each channel over all photos, each of which counts the same."""
    rows = list(_observe(graph, values, ("ReduceMean",), images))
    return [np.mean([row[index].ravel() for row in rows], axis=0, dtype=np.float64) for index in range(len(values))]


def _observe(
    graph: bytes, values: Sequence[str], reductions: Sequence[str], images: Sequence[Pixels]
) -> Iterator[list[NDArray[np.float32]]]:
    """Of each image, channel by channel, what is left of the values."""
    model = onnx.load_from_string(graph)
    del model.graph.output[:]
    for reduction in reductions:
        for value in values:
            name = f"{reduction}_{value}"
            node = onnx.helper.make_node(reduction, [value], [name], axes=[0, 2, 3], keepdims=0)
            model.graph.node.append(node)
            model.graph.output.append(onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None))
    session = open_session(model.SerializeToString(), device=Device.CPU, threads=2)
    for image in images:
        yield session.run({"images": image[None]})


if __name__ == "__main__":
    main()
