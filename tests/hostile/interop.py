"""Hostile generators of other frameworks: ONNX and Keras files that lie, run programs, or reach for other files."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import foreign_changes as changes
from foreign import keras_latent, onnx_noise, reconfigured, rezipped

from .corpus import CHANGES, Corpus, Maker, Reader, changed, written
from .weights import list_of_a_million


@cache
def _good(folder: Path) -> bytes:
    """The bytes of a good `.keras` file, made once."""
    path = keras_latent(folder / "good.keras")
    data = path.read_bytes()
    path.unlink()
    return data


def onnx(change: Callable[[Any, Any], None]) -> Maker:
    return lambda path: onnx_noise(path, change=change) and None


def shortened(make: Maker, share: float) -> Maker:
    def made(path: Path) -> None:
        make(path)
        data = path.read_bytes()
        path.write_bytes(data[: int(share * len(data))])

    return made


def keras(path: Path) -> None:
    path.write_bytes(_good(path.parents[2]))


def configured(change: Callable[[Any], None] | Mapping[str, Any]) -> Maker:
    """A maker of the good Keras file with a changed configuration, or other values at these places of it."""

    def edit(config: Any) -> None:
        change(config) if callable(change) else config.update(changed(config, change))

    def made(path: Path) -> None:
        keras(path)
        reconfigured(path, edit)

    return made


def zipped(change: Callable[[dict[str, bytes]], None]) -> Maker:
    """A maker of the good Keras file with changed parts, compressed, so that a bomb is small."""

    def made(path: Path) -> None:
        keras(path)
        rezipped(path, change, zipfile.ZIP_DEFLATED)

    return made


def beside(make: Maker, card: object) -> Maker:
    def made(path: Path) -> None:
        make(path)
        path.with_name(path.name + ".json").write_text(json.dumps(card))

    return made


def nested(onnx_: Any, model: Any) -> None:
    """A graph within a graph within an operator that is allowed."""
    model.graph.node[1].attribute.append(onnx_.helper.make_attribute("body", onnx_.helper.make_graph([], "g", [], [])))


def negative(onnx_: Any, model: Any) -> None:
    model.graph.initializer[0].dims[0] = -4


def circle(onnx_: Any, model: Any) -> None:
    """Each of two operators needs what the other gives."""
    model.graph.node[0].input[0] = "picture"


def absolute(onnx_: Any, model: Any) -> None:
    changes.external(onnx_, model)
    model.graph.initializer[0].external_data[0].value = "/dev/zero"


def deep(config: Any) -> None:
    """A network in a network, two hundred times."""
    inner = config["config"]
    for _ in range(200):
        inner = {"name": "x", "layers": [{"class_name": "Sequential", "config": inner}]}
    config["config"] = inner


ONNX: dict[str, Maker] = {
    "refers to a device": onnx(absolute),
    "a graph in a graph": onnx(nested),
    "a circle": onnx(circle),
    "claims terabytes": onnx(changes.claims_terabytes),
    "grows to terabytes": onnx(changes.grows),
    "negative side": onnx(negative),
    "input without a type": onnx(lambda _onnx, model: model.graph.input[0].type.Clear()),
    "cut off": shortened(lambda path: onnx_noise(path) and None, 0.6),
    "card claims other inputs": beside(
        lambda path: onnx_noise(path) and None, {"inputs": [{"name": "x", "channels": 1}]}
    ),
    "no onnx": written(b"<html>404</html>"),
}
KERAS: dict[str, Maker] = {
    "a program": configured(CHANGES["keras"]["a program"]),
    "huge layer": configured(changes.huge_layer),
    "deep": configured(deep),
    "shape of text": configured(CHANGES["keras"]["shape of text"]),
    "absolute path": zipped(lambda parts: parts.update({"/tmp/evil.txt": b"evil"})),
    "bomb of json": zipped(changes.bomb),
    "weights linked a thousand times": zipped(changes.weights_linked_often),
    "weights of nothing": zipped(changes.weights_of_nothing),
    "bomb of weights": zipped(changes.weights_of_zeros),
    "cut off": shortened(keras, 0.7),
    "no keras": written(b"<html>404</html>"),
    "a list of a million parts": list_of_a_million,
}
INSTALL = Reader("install", ("models", "install", "{file}"), environment={"IMPASTO_MODELS": "{out}"})

CORPORA = [
    Corpus("onnx", ".onnx", ONNX, (INSTALL,)),
    Corpus("keras", ".keras", KERAS, (INSTALL,)),
]
