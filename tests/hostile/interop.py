"""Hostile generators of other frameworks: ONNX and Keras files that lie, run programs, or reach for other files."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import foreign_changes as changes
from foreign import keras_latent, onnx_noise, reconfigured, rezipped

from .corpus import Corpus, Maker, Reader, written
from .weights import list_of_a_million


@cache
def _good(folder: Path) -> bytes:
    """The bytes of a good `.keras` file, made once."""
    path = keras_latent(folder / "good.keras")
    data = path.read_bytes()
    path.unlink()
    return data


def onnx(change: Callable[[Any, Any], None]) -> Maker:
    """A maker of the good ONNX file, changed."""
    return lambda path: onnx_noise(path, change=change) and None


def shortened(make: Maker, share: float) -> Maker:
    """A maker of the first part of a file."""

    def made(path: Path) -> None:
        make(path)
        data = path.read_bytes()
        path.write_bytes(data[: int(share * len(data))])

    return made


def keras(path: Path) -> None:
    """The good Keras file."""
    path.write_bytes(_good(path.parents[2]))


def configured(change: Callable[[Any], None]) -> Maker:
    """A maker of the good Keras file with a changed configuration."""

    def made(path: Path) -> None:
        keras(path)
        reconfigured(path, change)

    return made


def zipped(change: Callable[[dict[str, bytes]], None]) -> Maker:
    """A maker of the good Keras file with changed parts, compressed, so that a bomb is small."""

    def made(path: Path) -> None:
        keras(path)
        rezipped(path, change, zipfile.ZIP_DEFLATED)

    return made


def beside(make: Maker, card: object) -> Maker:
    """A maker of a file with a card beside it."""

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


def of_no_type(onnx_: Any, model: Any) -> None:
    model.graph.input[0].type.Clear()


def absolute(onnx_: Any, model: Any) -> None:
    changes.external(onnx_, model)
    model.graph.initializer[0].external_data[0].value = "/dev/zero"


def deep(config: Any) -> None:
    """A network in a network, two hundred times."""
    inner = config["config"]
    for _ in range(200):
        inner = {"name": "x", "layers": [{"class_name": "Sequential", "config": inner}]}
    config["config"] = inner


def a_program(config: Any) -> None:
    """An object that names a function of the standard library."""
    config["config"]["layers"][1] = {"class_name": "function", "module": "builtins", "config": "exec"}


def shape_of_text(config: Any) -> None:
    config["config"]["layers"][0]["config"]["batch_shape"] = ["x", {}]


def absolute_part(parts: dict[str, bytes]) -> None:
    parts["/tmp/evil.txt"] = b"evil"


ONNX: dict[str, Maker] = {
    "refers to another file": onnx(changes.external),
    "refers to a device": onnx(absolute),
    "operators of others": onnx(changes.own_domain),
    "a loop": onnx(changes.loop),
    "a graph in a graph": onnx(nested),
    "a circle": onnx(circle),
    "old": onnx(changes.old),
    "claims terabytes": onnx(changes.claims_terabytes),
    "grows to terabytes": onnx(changes.grows),
    "negative side": onnx(negative),
    "doubles": onnx(changes.of_doubles),
    "input without a type": onnx(of_no_type),
    "five channels": onnx(changes.four_channels),
    "cut off": shortened(lambda path: onnx_noise(path) and None, 0.6),
    "card of a list": beside(lambda path: onnx_noise(path) and None, [[]]),
    "card claims other inputs": beside(
        lambda path: onnx_noise(path) and None, {"inputs": [{"name": "x", "channels": 1}]}
    ),
    "no onnx": written(b"<html>404</html>"),
}
KERAS: dict[str, Maker] = {
    "lambda": configured(changes.lambda_layer),
    "hidden lambda": configured(changes.hidden_lambda),
    "own layer": configured(changes.own_layer),
    "own activation": configured(changes.own_activation),
    "a program by its module": configured(changes.by_module),
    "a program": configured(a_program),
    "huge layer": configured(changes.huge_layer),
    "deep": configured(deep),
    "shape of text": configured(shape_of_text),
    "no layers": configured(changes.no_layers),
    "climbs": zipped(changes.climbing),
    "absolute path": zipped(absolute_part),
    "assets": zipped(changes.with_assets),
    "bomb of json": zipped(changes.bomb),
    "other weights": zipped(changes.other_weights),
    "linked weights": zipped(changes.linked_weights),
    "without weights": zipped(changes.without_weights),
    "weights renamed": zipped(changes.renamed_weights),
    "weights transposed": zipped(changes.transposed_weights),
    "weights linked a thousand times": zipped(changes.weights_linked_often),
    "weights of nothing": zipped(changes.weights_of_nothing),
    "bomb of weights": zipped(changes.weights_of_zeros),
    "a class of a list": configured(changes.class_of_a_list),
    "a class within of a list": configured(changes.class_within_of_a_list),
    "an activation of a list": configured(changes.activation_of_a_list),
    "a layer without a name": configured(changes.without_a_name),
    "layers of one name": configured(changes.named_alike),
    "no input": configured(changes.without_an_input),
    "cut off": shortened(keras, 0.7),
    "no keras": written(b"<html>404</html>"),
    "a list of a million parts": list_of_a_million,
}
INSTALL = Reader("install", ("models", "install", "{file}"), environment={"IMPASTO_MODELS": "{out}"})

CORPORA = [
    Corpus("onnx", ".onnx", ONNX, (INSTALL,)),
    Corpus("keras", ".keras", KERAS, (INSTALL,)),
]
