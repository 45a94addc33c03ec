"""Grows an ONNX graph node by node. onnx itself is imported only to build one, never to run one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

_OPSET = 17
_IR_VERSION = 8
FLOAT = 1
"""onnx.TensorProto.FLOAT"""

Dimensions = Sequence[str | int]


class GraphBuilder:
    """An ONNX graph under way, on one input `images`; each method returns the name of the value it made."""

    def __init__(self) -> None:
        self._nodes: list[Any] = []
        self._constants: dict[str, NDArray[Any]] = {}

    def constant(self, value: NDArray[Any]) -> str:
        """A weight or another constant of the graph."""
        name = f"constant_{len(self._constants)}"
        self._constants[name] = np.ascontiguousarray(value)
        return name

    def scalar(self, value: np.float32 | np.uint8) -> str:
        """A constant without dimensions: only with such scales does ONNX Runtime compute sums in whole numbers."""
        name = self.constant(np.array(value))
        self._constants[name] = np.array(value)
        return name

    def node(self, operator: str, *inputs: str, output: str | None = None, **attributes: Any) -> str:
        """One operator; `output` names its value when it is an output of the graph."""
        from onnx import helper

        output = f"{operator.lower()}_{len(self._nodes)}" if output is None else output
        self._nodes.append(helper.make_node(operator, inputs, [output], name=output, **attributes))
        return output

    def float_images(self) -> str:
        """The input, which is (N, H, W, 3) uint8, as float32; so no float copy of a photo is made outside the graph."""
        return self.node("Cast", "images", to=FLOAT)

    def channels_first(self, value: str) -> str:
        """(N, H, W, C) -> (N, C, H, W)."""
        return self.node("Transpose", value, perm=[0, 3, 1, 2])

    def serialize(
        self, name: str, images: Dimensions, outputs: Mapping[str, Dimensions], *, of_bytes: bool = True
    ) -> bytes:
        """The checked model; the same nodes always give the same bytes. `outputs` maps names to float32 shapes.

        The input is uint8, or float32 where it is not `of_bytes`.
        """
        from onnx import TensorProto, checker, helper, numpy_helper

        graph = helper.make_graph(
            self._nodes,
            name,
            [helper.make_tensor_value_info("images", TensorProto.UINT8 if of_bytes else TensorProto.FLOAT, images)],
            [helper.make_tensor_value_info(output, TensorProto.FLOAT, shape) for output, shape in outputs.items()],
            [numpy_helper.from_array(array, constant) for constant, array in self._constants.items()],
        )
        opset = helper.make_opsetid("", _OPSET)
        model = helper.make_model(graph, producer_name="untag", opset_imports=[opset], ir_version=_IR_VERSION)
        checker.check_model(model)
        return bytes(model.SerializeToString(deterministic=True))
