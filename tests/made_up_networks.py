"""Small networks with the inputs and outputs of real ones, for machines that have no downloaded weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from untag.engine.downloads.registry import DownloadableWeights
from untag.faces.yunet import STRIDES

OUTPUTS = {"cls": 1, "obj": 1, "bbox": 4, "kps": 10}


def detector(seed: int = 0) -> bytes:
    """YuNet's input and twelve outputs, of any size: each an average over a cell, multiplied by random weights."""
    generator = np.random.default_rng(seed)
    nodes, constants, outputs = [], [], []
    for kind, channels in OUTPUTS.items():
        for stride in STRIDES:
            name = f"{kind}_{stride}"
            weights = generator.normal(0, 0.02 if channels == 1 else 0.003, (channels, 3, 1, 1)).astype(np.float32)
            # Of one sign to start with, so that half the scores are high whatever the picture is.
            bias = generator.normal(0, 0.3, channels).astype(np.float32)
            shape = np.array([0, -1, channels], np.int64)
            constants += [
                numpy_helper.from_array(weights, f"w_{name}"),
                numpy_helper.from_array(bias, f"b_{name}"),
                numpy_helper.from_array(shape, f"s_{name}"),
            ]
            last = "flat_" if channels == 1 else ""
            nodes += [
                helper.make_node(
                    "AveragePool", ["input"], [f"p_{name}"], kernel_shape=[stride, stride], strides=[stride, stride]
                ),
                helper.make_node("Conv", [f"p_{name}", f"w_{name}", f"b_{name}"], [f"c_{name}"]),
                helper.make_node("Transpose", [f"c_{name}"], [f"t_{name}"], perm=[0, 2, 3, 1]),
                helper.make_node("Reshape", [f"t_{name}", f"s_{name}"], [f"{last}{name}"]),
            ]
            if last:
                nodes.append(helper.make_node("Sigmoid", [f"flat_{name}"], [name]))
            outputs.append((name, ["N", None, channels]))
    return _model(nodes, ("input", ["N", 3, "H", "W"]), outputs, constants)


def embedder(name: str, output: str, batch: int | str, dimensions: int) -> bytes:
    """The input and output of an embedding network; the vector is the mean of each channel, then zeros."""
    matrix = np.zeros((3, dimensions), np.float32)
    matrix[:, :3] = np.eye(3)
    nodes = [
        helper.make_node("GlobalAveragePool", [name], ["mean"]),
        helper.make_node("Flatten", ["mean"], ["flat"]),
        helper.make_node("MatMul", ["flat", "matrix"], [output]),
    ]
    constants = [numpy_helper.from_array(matrix, "matrix")]
    return _model(nodes, (name, [batch, 3, 112, 112]), [(output, [batch, dimensions])], constants)


def clip_image_encoder(dimensions: int = 512) -> bytes:
    """CLIP's image input and output, and one output more: the vector is the mean of each channel, then zeros."""
    matrix = np.zeros((3, dimensions), np.float32)
    matrix[:, :3] = np.eye(3)
    nodes = [
        helper.make_node("GlobalAveragePool", ["pixel_values"], ["mean"]),
        helper.make_node("Flatten", ["mean"], ["flat"]),
        helper.make_node("MatMul", ["flat", "matrix"], ["image_embeds"]),
        helper.make_node("Identity", ["flat"], ["last_hidden_state"]),
    ]
    made = [("last_hidden_state", ["N", 3]), ("image_embeds", ["N", dimensions])]
    return _model(nodes, ("pixel_values", ["N", "C", "H", "W"]), made, [numpy_helper.from_array(matrix, "matrix")])


def clip_text_encoder(vectors: Mapping[int, Sequence[float]], *, mask: bool = False) -> bytes:
    """CLIP's text input and output: the vector is the sum of those of its tokens, where the mask, if any, is 1."""
    table = np.zeros((1024, 512), np.float32)  # of tokens; CLIP has 49,408, which a made-up vocabulary does not need
    for token, values in vectors.items():
        table[token, : len(values)] = values
    nodes = [helper.make_node("Gather", ["table", "input_ids"], ["tokens"])]
    counted = "tokens"
    if mask:
        nodes += [
            helper.make_node("Cast", ["attention_mask"], ["weights"], to=TensorProto.FLOAT),
            helper.make_node("Unsqueeze", ["weights", "last"], ["column"]),
            helper.make_node("Mul", ["tokens", "column"], ["counted"]),
        ]
        counted = "counted"
    nodes.append(helper.make_node("ReduceSum", [counted, "middle"], ["text_embeds"], keepdims=0))
    constants = [
        numpy_helper.from_array(table, "table"),
        numpy_helper.from_array(np.array([1]), "middle"),
        numpy_helper.from_array(np.array([2]), "last"),
    ]
    names = ["input_ids", "attention_mask"] if mask else ["input_ids"]
    given = [helper.make_tensor_value_info(name, TensorProto.INT64, ["N", "S"]) for name in names]
    made = [helper.make_tensor_value_info("text_embeds", TensorProto.FLOAT, ["N", 512])]
    return _serialize(helper.make_graph(nodes, "made up", given, made, constants))


def nudity_classifier(shape: Sequence[int | str] = ("N", 224, 224, 3), *, softmax: bool = True) -> bytes:
    """nsfwjs's input and output: red speaks for porn, green for neutral, blue for sexy."""
    matrix = np.zeros((3, 5), np.float32)
    matrix[[0, 1, 2], [3, 2, 4]] = 8.0
    places = [axis for axis in (1, 2, 3) if shape[axis] != 3]
    nodes = [
        helper.make_node("ReduceMean", ["input_1"], ["mean"], axes=places, keepdims=0),
        helper.make_node("MatMul", ["mean", "matrix"], ["logits"]),
        helper.make_node("Softmax" if softmax else "Identity", ["logits"], ["prediction"]),
    ]
    constants = [numpy_helper.from_array(matrix, "matrix")]
    return _model(nodes, ("input_1", list(shape)), [("prediction", ["N", 5])], constants)


def _model(
    nodes: list[Any], given: tuple[str, list[Any]], made: Sequence[tuple[str, list[Any]]], constants: Any
) -> bytes:
    graph = helper.make_graph(
        nodes,
        "made up",
        [helper.make_tensor_value_info(given[0], TensorProto.FLOAT, given[1])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in made],
        constants,
    )
    return _serialize(graph)


def _serialize(graph: Any) -> bytes:
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    return bytes(model.SerializeToString())


def put(home: Path, weights: DownloadableWeights, data: bytes) -> DownloadableWeights:
    """Puts a file where `weights` belongs, and returns them with its pin."""
    import hashlib

    path = weights.path(home)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return replace(weights, sha256=hashlib.sha256(data).hexdigest(), size=len(data))
