"""External ONNX generators: checked before a framework opens them, with the shapes of their outputs."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from impasto.errors import ModelError
from impasto.io.extra import framework_errors, import_extra
from impasto.system.untrusted import excerpt

from .allowed import ALLOWED, MOST_ELEMENTS

MOST_BYTES = 2**30
MOST_NODES = 10_000
OPSETS = range(9, 27)
OPERATORS = ALLOWED["onnx"]["operators"]
REMEDY = "export it again with operators of ONNX alone, all weights within the file"
RANGES = {"Tanh": (-1.0, 1.0), "Sigmoid": (0.0, 1.0), "Clip": (0.0, 1.0)}
"""Range of pictures, by the operator that produces them."""


def read_onnx(data: bytes, what: str) -> Any:
    """The checked model as a protocol buffer. Raise ModelError if something is wrong with it."""
    onnx = import_extra("onnx")
    if len(data) > MOST_BYTES:
        raise ModelError("{} is larger than {:,} bytes", REMEDY, what, MOST_BYTES)
    with framework_errors("{} is damaged, or no ONNX file: {}", "copy or export it again", what):
        model = onnx.load_model_from_string(data)
    _check_structure(onnx, model, what)
    with framework_errors("{} is no valid ONNX model: {}", REMEDY, what):
        onnx.checker.check_model(model, full_check=True)
    return model


def _check_structure(onnx: Any, model: Any, what: str) -> None:
    """Raise ModelError for things that no generator needs: other operators, subgraphs, functions, external data."""
    opsets = {one.domain: one.version for one in model.opset_import}
    version = opsets.get("", opsets.get("ai.onnx", 0))
    if version not in OPSETS:
        message = "{} is of opset {}, not {} to {}"
        raise ModelError(message, "export it again for opset 17", what, version, OPSETS[0], OPSETS[-1])
    if len(model.functions) or len(model.training_info) or len(model.graph.sparse_initializer):
        raise ModelError("{} has functions, training or sparse weights in it", REMEDY, what)
    if not 0 < len(model.graph.node) <= MOST_NODES:
        message = "{} has {:,} operators, and {:,} are the limit"
        raise ModelError(message, REMEDY, what, len(model.graph.node), MOST_NODES)
    for node in model.graph.node:
        if node.domain not in ("", "ai.onnx") or node.op_type not in OPERATORS:
            raise ModelError("{} uses the operator {}, which is not allowed", REMEDY, what, excerpt(node.op_type))
        for attribute in node.attribute:
            if attribute.type in (onnx.AttributeProto.GRAPH, onnx.AttributeProto.GRAPHS):
                raise ModelError("{} has a graph within a graph", REMEDY, what)
    for tensor in _tensors(model):
        if tensor.data_location == onnx.TensorProto.EXTERNAL or len(tensor.external_data):
            raise ModelError("{} refers to data in other files ({})", REMEDY, what, excerpt(tensor.name))
        if tensor.data_type == onnx.TensorProto.STRING or math.prod(tensor.dims) > MOST_ELEMENTS:
            raise ModelError("{} has text or too many numbers in {}", REMEDY, what, excerpt(tensor.name))


def _tensors(model: Any) -> Iterator[Any]:
    """All tensors of numbers in the file."""
    yield from model.graph.initializer
    for node in model.graph.node:
        for attribute in node.attribute:
            yield from (attribute.t, *attribute.tensors)


def onnx_inputs(model: Any, what: str) -> dict[str, list[int | None]]:
    """Shape of each input, None for an open side. Raise ModelError if one is not of float32 numbers."""
    weights = {one.name for one in model.graph.initializer}
    return {one.name: _shape(one, what) for one in model.graph.input if one.name not in weights}


def _shape(value: Any, what: str) -> list[int | None]:
    kind = value.type.tensor_type
    if kind.elem_type != 1:
        raise ModelError("{}: {} is not of float32 numbers", REMEDY, what, excerpt(value.name))
    return [side.dim_value or None for side in kind.shape.dim]


def onnx_outputs(model: Any, inputs: Mapping[str, tuple[int, ...]], what: str) -> dict[str, tuple[int, ...]]:
    """Shape of each output for inputs of these shapes. Raise ModelError if a tensor is too large or unknown."""
    onnx = import_extra("onnx")
    fixed = onnx.ModelProto()
    fixed.CopyFrom(model)
    del fixed.graph.value_info[:]
    for value in fixed.graph.input:
        for side, length in zip(value.type.tensor_type.shape.dim, inputs.get(value.name, ()), strict=False):
            side.Clear()
            side.dim_value = length
    for value in fixed.graph.output:
        value.type.tensor_type.ClearField("shape")
    with framework_errors("{} does not take inputs of these sizes: {}", REMEDY, what):
        inferred = onnx.shape_inference.infer_shapes(fixed, strict_mode=True, data_prop=True).graph
    known = {one.name: one.type.tensor_type.shape for one in (*inferred.value_info, *inferred.output)}
    for name in (name for node in fixed.graph.node for name in node.output if name):
        sides = (
            [side.dim_value if side.HasField("dim_value") else 0 for side in known[name].dim] if name in known else [0]
        )
        if not all(side > 0 for side in sides) or math.prod(sides) > MOST_ELEMENTS:
            message = "{} makes {} of an unknown size, or one that does not fit into memory"
            raise ModelError(message, "export it with fixed sizes, or choose a smaller picture", what, excerpt(name))
    return {one.name: tuple(side.dim_value for side in known[one.name].dim) for one in fixed.graph.output}


def onnx_range(model: Any) -> tuple[float, float] | None:
    """Range of the picture, from the operator of the first output; None if it is unknown."""
    makers = {name: node for node in model.graph.node for name in node.output}
    node = makers.get(model.graph.output[0].name)
    while node is not None and node.op_type in ("Identity", "Transpose"):
        node = makers.get(node.input[0])
    return RANGES.get(node.op_type) if node is not None else None


class OnnxRunner:
    """Runs a checked model in ONNX Runtime, on the processor. Raise ModelError if it does not load or run it."""

    def __init__(self, model: Any, what: str) -> None:
        runtime, self._what = import_extra("onnxruntime"), what
        runtime.disable_telemetry_events()  # Windows has further events, which the environment does not turn off
        with framework_errors("{} cannot be loaded: {}", REMEDY, what):
            self._session = runtime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])

    def __call__(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """Outputs by name."""
        names = [one.name for one in self._session.get_outputs()]
        with framework_errors("{} cannot be run: {}", REMEDY, self._what):
            return dict(zip(names, self._session.run(names, dict(inputs)), strict=True))
