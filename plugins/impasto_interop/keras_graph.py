"""The layers of a Keras configuration as a graph; it is checked that Keras will finish building it soon.

Keras rebuilds a sequential model with each layer, and builds a functional one by retrying each call of a layer until
its inputs exist. That takes the square of the number of layers, which may be too long to wait for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from impasto.errors import ModelError
from impasto.system.untrusted import excerpt

TENSOR = "__keras_tensor__"
MOST_ATTEMPTS = 20_000
"""Most calls that Keras may try, about two seconds."""
REMEDY = "build it of Keras' own layers, without code of your own, and save it again"


def functional(config: Mapping[str, Any], what: str) -> dict[str, Any]:
    """The configuration as a functional model, converted if it is sequential. Raise ModelError if it is invalid."""
    if config["class_name"] != "Sequential":
        return dict(config)
    chain = config["config"]["layers"]
    if chain[0]["class_name"] != "InputLayer":
        raise ModelError("{} does not state its inputs", "begin it with keras.Input, and save it again", what)
    names = [layer["config"].get("name") for layer in chain]
    layers = [
        {**layer, "name": name, "inbound_nodes": [_call(before)] if before else []}
        for layer, name, before in zip(chain, names, [None, *names[:-1]], strict=True)
    ]
    ends = {"input_layers": [names[0], 0, 0], "output_layers": [names[-1], 0, 0]}
    inner = {"name": config["config"].get("name"), "trainable": True, "layers": layers, **ends}
    about = {"module": "keras.src.models.functional", "class_name": "Functional", "registered_name": "Functional"}
    return {**about, "config": inner}


def _call(layer: str) -> dict[str, Any]:
    """A call with a layer's output; Keras finds the shape itself."""
    tensor = {"shape": [None], "dtype": "float32", "keras_history": [layer, 0, 0]}
    return {"args": [{"class_name": TENSOR, "config": tensor}], "kwargs": {}}


def check_calls(config: Mapping[str, Any], what: str) -> None:
    """Raise ModelError if Keras could not build a functional model, or not soon; this tries it with names only."""
    waiting: dict[str, list[list[tuple[str, int]]]] = {}
    counts: dict[str, int] = {}
    for layer in config["config"]["layers"]:
        name, calls = layer.get("name"), layer.get("inbound_nodes")
        if not isinstance(name, str) or not isinstance(calls, list) or name in counts:
            raise ModelError("{} has a layer without a name or a place of its own ({})", REMEDY, what, excerpt(name))
        waiting[name] = [list(_inputs(call, what)) for call in reversed(calls)]
        counts[name] = int(layer["class_name"] == "InputLayer")
    attempts = 0
    while waiting := {name: calls for name, calls in waiting.items() if calls}:
        before = sum(counts.values())
        for name, calls in waiting.items():
            while calls and all(0 <= index < counts.get(source, 0) for source, index in calls[-1]):
                calls.pop()
                counts[name] += 1
                attempts += 1
            attempts += bool(calls)
        if sum(counts.values()) == before:
            raise ModelError("{}: {} needs an input that no layer gives", REMEDY, what, excerpt(next(iter(waiting))))
        if attempts > MOST_ATTEMPTS:
            message = "{} uses its layers too often, or in an order that is too complex"
            raise ModelError(message, "give each place a layer of its own, and save it again", what)


def _inputs(call: Any, what: str) -> Iterator[tuple[str, int]]:
    """The layers whose outputs a call takes, and the number of the call that produced each."""
    if not isinstance(call, dict):
        raise ModelError("{} is of an old form of Keras", "save it again with Keras 3", what)
    below: list[Any] = [call]
    while below:
        value = below.pop()
        if isinstance(value, dict) and value.get("class_name") == TENSOR:
            about = value.get("config")
            history = about.get("keras_history") if isinstance(about, dict) else None
            if not isinstance(history, list) or [type(part) for part in history] != [str, int, int]:
                raise ModelError("{} has a layer that takes {}, which is not an output", REMEDY, what, excerpt(history))
            yield history[0], history[1]
        elif isinstance(value, dict | list):
            below += value.values() if isinstance(value, dict) else value


def last_layer(config: Mapping[str, Any]) -> Mapping[str, Any]:
    """The layer with a functional model's first output; the last layer if that is not stated."""
    layers, found = config["config"]["layers"], config["config"].get("output_layers")
    while isinstance(found, dict | list) and found:
        found = next(iter(found.values() if isinstance(found, dict) else found))
    return next((layer for layer in layers if layer["name"] == found), layers[-1])
