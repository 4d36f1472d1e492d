"""Small generators of other frameworks, as their users would save them: none is made by our own exporters."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from impasto.io.extra import imported_keras


def keras_latent(path: Path) -> Path:
    """A DCGAN: a latent vector -> 16x16 px in [-1, 1]."""
    keras = imported_keras()
    layers = keras.layers
    keras.Sequential(
        [
            keras.Input((8,)),
            layers.Dense(4 * 4 * 6),
            layers.Reshape((4, 4, 6)),
            layers.BatchNormalization(),
            layers.Conv2DTranspose(5, 4, strides=2, padding="same"),
            layers.Dropout(0.1),
            layers.LeakyReLU(),
            layers.Conv2DTranspose(3, 4, strides=2, padding="same", activation="tanh"),
        ]
    ).save(path)
    return path


def keras_noise(path: Path, outputs: int = 3) -> Path:
    """A spatial generator: a map of noise of any size -> four times as large, less a border, in [0, 1]."""
    keras = imported_keras()
    layers = keras.layers
    noise = keras.Input((None, None, 4), name="noise")
    x = layers.UpSampling2D(4)(layers.Conv2D(6, 3, padding="same", activation="relu")(noise))
    keras.Model(noise, layers.Conv2D(outputs, 3, activation="sigmoid")(x)).save(path)
    return path


def onnx_noise(path: Path, operators: tuple[str, str] = ("ConvTranspose", "Tanh"), change: Any = None) -> Path:
    """The same as ONNX, channels first, in [-1, 1]; `change` is applied to the model before it is written."""
    import onnx
    from onnx import helper, numpy_helper

    weight = np.random.default_rng(1).normal(size=(4, 3, 4, 4)).astype("f")
    nodes = [
        helper.make_node(operators[0], ["noise", "weight"], ["x"], strides=[4, 4], kernel_shape=[4, 4]),
        helper.make_node(operators[1], ["x"], ["picture"]),
    ]
    ends = (("noise", ["n", 4, "h", "w"]), ("picture", ["n", 3, "height", "width"]))
    values = [helper.make_tensor_value_info(name, 1, shape) for name, shape in ends]
    graph = helper.make_graph(nodes, "g", values[:1], values[1:], [numpy_helper.from_array(weight, "weight")])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    if change:
        change(onnx, model)
    path.write_bytes(model.SerializeToString())
    return path


def rezipped(path: Path, change: Callable[[dict[str, bytes]], None], method: int = zipfile.ZIP_STORED) -> Path:
    """A `.keras` file whose parts were changed."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    change(parts)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    path.write_bytes(stream.getvalue())
    return path


def reconfigured(path: Path, change: Callable[[Any], None]) -> Path:
    """A `.keras` file whose configuration was changed."""

    def edit(parts: dict[str, bytes]) -> None:
        config = json.loads(parts["config.json"])
        change(config)
        parts["config.json"] = json.dumps(config).encode()

    return rezipped(path, edit)
