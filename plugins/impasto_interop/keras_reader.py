"""External Keras generators: checked before Keras opens them, with the shapes of their outputs.

A `.keras` file is a zip of JSON and HDF5. Its layers are checked against a list, and its weights are read as plain
arrays. Keras then gets a new archive of the checked parts, in safe mode, so that both read the same.
"""

from __future__ import annotations

import copy
import io
import json
import math
import zipfile
import zlib
from collections.abc import Collection, Iterator, Mapping
from functools import cached_property
from typing import Any

from impasto.errors import Message, ModelError
from impasto.io.extra import framework_errors, imported_keras
from impasto.io.hdf5 import MOST_PACKED, SMALL_BYTES, count_hdf5, hdf5_bytes, read_hdf5
from impasto.system.transaction import temporary_folder
from impasto.system.untrusted import archive_members, excerpt, parse_json

from .allowed import ALLOWED, MOST_ELEMENTS
from .keras_graph import REMEDY, TENSOR, check_calls, functional, last_layer

CONFIG, WEIGHTS, METADATA = "config.json", "model.weights.h5", "metadata.json"
MOST_BYTES = {CONFIG: 2**24, WEIGHTS: 2**30, METADATA: 2**16}
MOST_LAYERS = 5000
LARGEST = 2**20
"""Largest whole number in a configuration."""
NETWORKS = ("Functional", "Sequential")
CLASSES: Mapping[str, Collection[str]] = {
    "keras": (*NETWORKS, "DTypePolicy"),
    "keras.models": NETWORKS,
    "keras.src.models.functional": ("Functional",),
    "keras.src.models.sequential": ("Sequential",),
    "keras.layers": ALLOWED["keras"]["layers"],
    "keras.initializers": ALLOWED["keras"]["initializers"],
    "keras.src.ops.numpy": ALLOWED["keras"]["operations"],
}
"""Names of allowed objects, by module."""
PLAIN = frozenset((TENSOR, "__slice__", "__tuple__", "__ellipsis__"))
"""Values that are not objects."""
ACTIVATIONS = ALLOWED["keras"]["activations"]
RANGES = {"tanh": (-1.0, 1.0), "sigmoid": (0.0, 1.0)}


class KerasFile:
    """A checked `.keras` file: its configuration and number of weights, which are only read for `archive`."""

    def __init__(self, data: bytes, what: str) -> None:
        self._what = what
        parts = _members(data, what)
        self.config = parse_json(parts[CONFIG], Message("the configuration in {}", what), kind=ModelError)
        if not isinstance(self.config, dict) or self.config.get("class_name") not in NETWORKS:
            raise ModelError("{} is neither a functional nor a sequential model", REMEDY, what)
        self.config = {key: value for key, value in self.config.items() if "compile" not in key}
        _check(self.config, what)
        self.config = functional(self.config, what)
        check_calls(self.config, what)
        self._parts = parts
        self._elements = count_hdf5(io.BytesIO(parts[WEIGHTS]), Message("the weights in {}", what))

    @cached_property
    def archive(self) -> bytes:
        """A new file of the checked parts. Raise ModelError if a weight cannot be read."""
        arrays = read_hdf5(io.BytesIO(self._parts[WEIGHTS]), Message("the weights in {}", self._what))
        config, metadata = json.dumps(self.config).encode(), self._parts.get(METADATA, b"{}")
        return _zip({CONFIG: config, METADATA: metadata, WEIGHTS: hdf5_bytes(arrays)})

    @property
    def inputs(self) -> dict[str, list[int | None]]:
        """Shape of each input, None for an open side."""
        layers = [one["config"] for one in self.config["config"]["layers"] if one["class_name"] == "InputLayer"]
        found = {str(one.get("name")): one.get("batch_shape") for one in layers}
        for name, shape in found.items():
            if not isinstance(shape, list) or not all(side is None or isinstance(side, int) for side in shape):
                raise ModelError("{}: the input {} has no shape", REMEDY, self._what, excerpt(name))
        return {name: list(shape) for name, shape in found.items() if shape}

    def outputs(self, inputs: Mapping[str, tuple[int, ...]]) -> dict[str, tuple[int, ...]]:
        """Shape of each output for inputs of these shapes, by a model without memory.

        Raise ModelError if a tensor on the way is too large, or the weights are not those of the layers.
        """
        config = copy.deepcopy(self.config)
        for layer in config["config"]["layers"]:
            if layer["class_name"] == "InputLayer":
                layer["config"]["batch_shape"] = list(inputs[layer["config"]["name"]])
            layer.pop("build_config", None)
        config.pop("build_config", None)
        keras = imported_keras()
        with framework_errors("{} cannot be built: {}", REMEDY, self._what), keras.device("meta"):
            model = keras.saving.deserialize_keras_object(config, safe_mode=True)
            shapes = [tuple(one.shape) for layer in model.operations for one in _output_tensors(layer)]
            found = {name: tuple(one.shape) for name, one in _outputs_by_name(model.output).items()}
            counts = [sum(math.prod(one.shape) for one in kind) for kind in (model.weights, model.variables)]
        if any(math.prod(side or 0 for side in shape) > MOST_ELEMENTS for shape in shapes):
            raise ModelError("{} makes tensors that do not fit into memory", "choose a smaller picture", self._what)
        if self._elements not in counts:  # some versions store the random state of dropout
            message = "{} has {:,} weights, and its layers {:,}"
            raise ModelError(message, "save it again, or copy it again", self._what, self._elements, counts[0])
        return found

    def range(self) -> tuple[float, float] | None:
        """Range of the picture, from the last layer; None if it is unknown."""
        last = last_layer(self.config)
        about = last["config"]
        if last["class_name"] == "ReLU" and about.get("max_value") == 1.0:
            return (0.0, 1.0)
        return RANGES.get(str(about.get("activation")))


def _members(data: bytes, what: str) -> dict[str, bytes]:
    """The parts of the archive, by name. Raise ModelError for other names, parts that are too large, or damage."""
    try:
        members = archive_members(io.BytesIO(data))
        names = [one.filename for one in members]
        if wrong := [name for name in names if name not in MOST_BYTES]:
            raise ModelError("{} contains {}, which no generator needs", REMEDY, what, excerpt(wrong[0]))
        if len(set(names)) < len(names) or not {CONFIG, WEIGHTS} <= set(names):
            raise ModelError("{} lacks {} or {}, or has one twice", REMEDY, what, CONFIG, WEIGHTS)
        for one in members:
            _check_claim(one, what)
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return {name: archive.read(name) for name in names}
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError) as error:
        raise ModelError("{} is damaged, or no .keras file: {}", "copy or save it again", what, error) from error


def _check_claim(member: zipfile.ZipInfo, what: str) -> None:
    """Raise ModelError for a part that is too large, before unpacking; none unpacks to more than it claims."""
    most = MOST_BYTES[member.filename]
    if member.filename == WEIGHTS:
        most = min(most, max(SMALL_BYTES, MOST_PACKED * member.compress_size))
    if member.file_size > most:
        raise ModelError("{}: {} unpacks to more than {:,} bytes", REMEDY, what, member.filename, most)


def _zip(parts: Mapping[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, data in sorted(parts.items()):
            archive.writestr(zipfile.ZipInfo(name), data)
    return stream.getvalue()


def _check(config: Mapping[str, Any], what: str) -> None:
    """Raise ModelError for the first object that is not on the lists, or number that is too large."""
    inner = config.get("config")
    layers = inner.get("layers") if isinstance(inner, dict) else None
    if not isinstance(layers, list) or not 0 < len(layers) <= MOST_LAYERS:
        raise ModelError("{} has no list of layers", REMEDY, what)
    for layer in layers:
        about = layer.get("config") if isinstance(layer, dict) else None
        if not isinstance(about, dict) or not isinstance(about.get("name"), str) or "class_name" not in layer:
            raise ModelError("{} has an invalid layer", REMEDY, what)
        if layer["class_name"] in NETWORKS:
            raise ModelError("{} has a model within a model", REMEDY, what)
    for value in _values(config):
        if isinstance(value, dict) and ("class_name" in value or "registered_name" in value):
            _check_object(value, what)
        if isinstance(value, dict) and "activation" in value:
            _check_activation(value["activation"], what)
        if isinstance(value, int) and not -LARGEST <= value <= LARGEST:
            raise ModelError("{} has the number {}, which is too large", REMEDY, what, excerpt(value))


def _values(value: Any) -> Iterator[Any]:
    """A JSON value and all values inside it, without identifiers of shared objects, which may be large."""
    yield value
    if isinstance(value, dict):
        for key, inner in value.items():
            if key != "shared_object_id":
                yield from _values(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _values(inner)


def _check_object(value: Mapping[str, Any], what: str) -> None:
    name, module = value.get("class_name"), value.get("module")
    if name == "Lambda" or name == "__lambda__":
        raise ModelError("{} has a Lambda layer, which is a program; it was not opened", REMEDY, what)
    if not isinstance(name, str) or not isinstance(module, str | None):
        raise ModelError("{} uses {} of {}, which are not names", REMEDY, what, excerpt(name), excerpt(module))
    if name in PLAIN:
        return
    known = name in CLASSES.get(module or "", ())
    if not known or value.get("registered_name") not in (None, name):
        raise ModelError("{} uses {} of {}, which is not allowed", REMEDY, what, excerpt(name), excerpt(module))


def _check_activation(value: Any, what: str) -> None:
    if value is not None and not isinstance(value, dict) and not (isinstance(value, str) and value in ACTIVATIONS):
        raise ModelError("{} uses the activation {}, which is not allowed", REMEDY, what, excerpt(value))


def _output_tensors(layer: Any) -> list[Any]:
    return [tensor for node in layer._inbound_nodes for tensor in node.outputs]


def _outputs_by_name(outputs: Any) -> dict[str, Any]:
    """A model's outputs by name."""
    if isinstance(outputs, dict):
        return outputs
    listed = outputs if isinstance(outputs, list | tuple) else [outputs]
    return {f"output_{index}": one for index, one in enumerate(listed)}


class KerasRunner:
    """Runs a checked file in Keras. Raise ModelError if Keras does not load or run it."""

    def __init__(self, archive: bytes, what: str) -> None:
        self._keras, self._what = imported_keras(), what
        with temporary_folder() as folder:
            path = folder / "generator.keras"
            path.write_bytes(archive)
            with framework_errors("{} cannot be loaded: {}", REMEDY, what):
                self._model = self._keras.saving.load_model(path, compile=False, safe_mode=True)

    def __call__(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """Outputs by name."""
        import torch

        names = [one.name for one in self._model.inputs]
        arrays = [inputs[name] for name in names]
        by_name = isinstance(getattr(self._model, "_inputs_struct", None), dict)
        arguments = dict(zip(names, arrays, strict=True)) if by_name else arrays[0] if len(arrays) == 1 else arrays
        with framework_errors("{} cannot be run: {}", REMEDY, self._what), torch.inference_mode():
            outputs = self._model(arguments)
        return {name: self._keras.ops.convert_to_numpy(one) for name, one in _outputs_by_name(outputs).items()}
