"""Graphs as ONNX models: channels first, with open sizes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from impasto.graph import Graph, GraphInput, Node
from impasto.io.extra import import_extra
from impasto.texture import MAP_CHANNELS

if TYPE_CHECKING:
    from onnx import NodeProto, TensorProto

OPSET = 17
IR_VERSION = 8
"""Versions of operators and of the file that ONNX Runtime has read since 2022."""
END = np.iinfo(np.int64).max


def onnx_bytes(graph: Graph) -> bytes:
    """The graph as an ONNX file, the same for the same graph. Raise ParameterError if the extra is not installed."""
    onnx = import_extra("onnx")
    helper = onnx.helper
    nodes: list[NodeProto] = []
    constants: dict[str, np.ndarray] = {}
    for name, node in graph.nodes.items():
        nodes += _nodes(name, node, constants, helper.make_node)
    names = {node: output for output, node in graph.outputs.items()}
    nodes += [helper.make_node("Identity", [node], [output], name=output) for node, output in names.items()]
    graph_proto = helper.make_graph(
        nodes,
        "generator",
        [_value(one, helper) for one in graph.inputs.values()],
        [helper.make_tensor_value_info(name, 1, _shape(MAP_CHANNELS[name], 1)) for name in graph.outputs],
        [_tensor(onnx, name, value) for name, value in constants.items()],
    )
    opsets = [helper.make_opsetid("", OPSET)]
    model = helper.make_model(graph_proto, producer_name="impasto", opset_imports=opsets, ir_version=IR_VERSION)
    onnx.checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString(deterministic=True))


def _tensor(onnx: object, name: str, value: np.ndarray) -> TensorProto:
    return onnx.numpy_helper.from_array(value, name)  # type: ignore[attr-defined,no-any-return]


def _shape(channels: int, pixel: int) -> list[str | int]:
    """The shape, with open sides named after the size of a pixel."""
    return ["pictures", channels, f"height_{pixel}", f"width_{pixel}"]


def _value(described: GraphInput, helper: object) -> object:
    shape = ["pictures", described.channels] if described.is_vector else _shape(described.channels, described.pixel)
    return helper.make_tensor_value_info(described.name, 1, shape)  # type: ignore[attr-defined]


def _nodes(name: str, node: Node, constants: dict[str, np.ndarray], make: object) -> list[NodeProto]:
    """ONNX nodes for one of our nodes; the last one outputs `name`. Their constants are added to `constants`."""
    nodes: list[NodeProto] = []
    inputs, margin = list(node.inputs), int(node.amount)

    def constant(part: str, value: np.ndarray) -> str:
        constants[f"{name}_{part}"] = value
        return f"{name}_{part}"

    def add(operator: str, inputs: list[str], result: str = name, **attributes: object) -> str:
        nodes.append(make(operator, inputs, [result], name=result, **attributes))  # type: ignore[operator]
        return result

    def add_slice(x: str, start: int, end: int, axis: int, part: str) -> str:
        bounds = {"start": start, "end": end, "axis": axis}
        limits = [constant(f"{part}_{key}", np.array([value])) for key, value in bounds.items()]
        return add("Slice", [x, *limits], f"{name}_{part}")

    match node.operation:
        case "convolution" | "dense":
            weight, bias = (constant(part, value) for part, value in zip(("weight", "bias"), node.weights, strict=True))
            if node.operation == "dense":
                add("Gemm", [*inputs, weight, bias], transB=1)
            else:
                add("Conv", [*inputs, weight, bias])
        case "as_map":
            add("Unsqueeze", [*inputs, constant("axes", np.array([2, 3]))])
        case "wrap":
            x = inputs[0]
            for axis, result in ((2, f"{name}_rows"), (3, name)):
                before, after = (
                    add_slice(x, -margin, END, axis, f"end{axis}"),
                    add_slice(x, 0, margin, axis, f"start{axis}"),
                )
                x = add("Concat", [before, x, after], result, axis=axis)
        case "crop":
            starts, ends = np.array([margin] * 2), np.array([-margin] * 2)
            bounds = {"starts": starts, "ends": ends, "axes": np.array([2, 3])}
            add("Slice", [*inputs, *(constant(part, value) for part, value in bounds.items())])
        case "double":
            scales = constant("scales", np.array([1, 1, 2, 2], np.float32))
            add("Resize", [*inputs, "", scales], mode="linear", coordinate_transformation_mode="half_pixel")
        case "halve":
            add("AveragePool", inputs, kernel_shape=[2, 2], strides=[2, 2])
        case "leaky_relu":
            add("LeakyRelu", inputs, alpha=node.amount)
        case "clip":
            limits = [constant(part, np.array(value, np.float32)) for part, value in (("low", 0), ("high", 1))]
            add("Clip", [*inputs, *limits])
        case "join":
            add("Concat", inputs, axis=1)
        case "add" | "multiply":
            add({"add": "Add", "multiply": "Mul"}[node.operation], inputs)
    return nodes
