"""Graphs as Keras 3 models: channels last, with open sizes, and only Keras' own layers."""

from __future__ import annotations

from typing import Any

from impasto.graph import Graph, GraphInput, Node
from impasto.io.extra import imported_keras
from impasto.system.transaction import temporary_folder

SUFFIX = ".keras"


def keras_bytes(graph: Graph) -> bytes:
    """The graph as a `.keras` file. Raise PluginError if the extra is not installed."""
    with temporary_folder() as folder:
        path = folder / f"generator{SUFFIX}"
        keras_model(graph).save(path)
        return path.read_bytes()


def keras_model(graph: Graph) -> Any:
    """The graph as a functional model with named inputs and outputs."""
    keras = imported_keras()
    known: dict[str, Any] = {name: _input(keras, one) for name, one in graph.inputs.items()}
    weights: dict[str, list[Any]] = {}
    for name, node in graph.nodes.items():
        known[name] = _apply(keras, node, [known[one] for one in node.inputs], name)
        if node.weight is not None:
            kernel, bias = node.weights
            weights[name] = [kernel.transpose(2, 3, 1, 0) if kernel.ndim == 4 else kernel.T, bias]
    inputs = {name: known[name] for name in graph.inputs}
    model = keras.Model(inputs, {output: known[node] for output, node in graph.outputs.items()}, name="generator")
    for name, values in weights.items():
        model.get_layer(name).set_weights(values)
    return model


def _input(keras: Any, described: GraphInput) -> Any:
    shape = (described.channels,) if described.is_vector else (None, None, described.channels)
    return keras.Input(shape, name=described.name)


def _apply(keras: Any, node: Node, inputs: list[Any], name: str) -> Any:
    layers, margin = keras.layers, int(node.amount)
    x, operands = inputs[0], inputs if len(inputs) > 1 else inputs[0]
    if node.operation == "wrap":
        for axis, whole in ((1, ()), (2, (slice(None),))):
            before, after = (x[(slice(None), *whole, part)] for part in (slice(-margin, None), slice(margin)))
            x = layers.Concatenate(axis, name=f"{name}_{axis}")([before, x, after])
        return x
    match node.operation:
        case "convolution":
            outputs, _, side, _ = node.weights[0].shape
            layer = layers.Conv2D(outputs, side, name=name)
        case "dense":
            layer = layers.Dense(len(node.weights[0]), name=name)
        case "as_map":
            layer = layers.Reshape((1, 1, x.shape[-1]), name=name)
        case "crop":
            layer = layers.Cropping2D(margin, name=name)
        case "double":
            layer = layers.UpSampling2D(2, interpolation="bilinear", name=name)
        case "halve":
            layer = layers.AveragePooling2D(2, name=name)
        case "leaky_relu":
            layer = layers.LeakyReLU(negative_slope=node.amount, name=name)
        case "clip":
            layer = layers.ReLU(max_value=1.0, name=name)
        case "add":
            layer = layers.Add(name=name)
        case "multiply":
            layer = layers.Multiply(name=name)
        case "join":
            layer = layers.Concatenate(-1, name=name)
    return layer(operands)
