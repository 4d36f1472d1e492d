"""Reads a file that the user installs: its inputs, outputs, sizes and range."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from impasto.errors import Message, ModelError
from impasto.io.cards import check
from impasto.system.untrusted import excerpt, is_there, read_bytes, read_json
from impasto.texture import MAP_CHANNELS

from .card import ImportedCard, InputCard, StatedCard
from .keras_reader import KerasFile, KerasRunner
from .onnx_reader import MOST_BYTES, OnnxRunner, onnx_inputs, onnx_outputs, onnx_range, read_onnx

FILE = "file"
"""Name of the tensor with the file's bytes."""
CARD_SUFFIX = ".json"
PROBES = (4, 8)
"""Sides of the noise for finding the sizes."""

Shapes = Mapping[str, tuple[int, ...]]
Runner = Callable[[Mapping[str, np.ndarray]], dict[str, np.ndarray]]


class ForeignFile:
    """A checked file of either format, with the shapes of its inputs, and of its outputs for given inputs."""

    def __init__(self, data: bytes, form: str, what: str) -> None:
        self.form, self._what = form, what
        if form == "keras":
            self._keras = KerasFile(data, what)
            self.inputs, self.range = self._keras.inputs, self._keras.range()
        else:
            self._onnx = read_onnx(data, what)
            self._data, self.inputs, self.range = data, onnx_inputs(self._onnx, what), onnx_range(self._onnx)

    @property
    def data(self) -> bytes:
        """The bytes to install: the file, or a new one from its checked parts. Check the shapes before calling this."""
        return self._keras.archive if self.form == "keras" else self._data

    def outputs(self, inputs: Shapes) -> dict[str, tuple[int, ...]]:
        """Shapes of the outputs for inputs of these shapes. Raise ModelError if they do not fit, or not into memory."""
        if self.form == "keras":
            return self._keras.outputs(inputs)
        return onnx_outputs(self._onnx, inputs, self._what)

    def runner(self) -> Runner:
        """The file, loaded by its framework for running. First check that its shapes fit into memory."""
        return KerasRunner(self.data, self._what) if self.form == "keras" else OnnxRunner(self._onnx, self._what)


def imported_file(file: Path) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """The file as a tensor of bytes, and its card. Raise ModelError if it is no generator, or lacks information."""
    what, form = file.name, file.suffix.lower().removeprefix(".")
    source = ForeignFile(read_bytes(file, MOST_BYTES), form, what)
    stated = _card_beside(file)
    inputs = _inputs(source, stated, what)
    shaped = _Shaped(source, stated, inputs, what)
    value_range = stated.range or source.range
    if value_range is None:
        raise ModelError("{} does not state the range of its colours", _advice(what), what)
    source.runner()  # so that the installed file can be loaded
    about = {
        "name": _name(stated.name or file.stem),
        "architecture": form,
        "tool": "imported-model",
        "data": [one.model_dump() for one in stated.data],
        "figures": {},
        "inputs": [one.model_dump() for one in shaped.inputs],
        "outputs": list(shaped.outputs.values()),
        "maps": list(shaped.outputs),
        "channels_last": shaped.channels_last,
        "range": list(value_range),
        "step_px": list(shaped.step_px),
        "offset_px": list(shaped.offset_px),
    }
    texts = {key: getattr(stated, key) for key in ("label", "material", "texel_m", "height_range_m")}
    card = {**about, **{key: value for key, value in texts.items() if value}}
    ImportedCard.of(card)
    return {FILE: np.frombuffer(source.data, np.uint8)}, card


def _advice(what: str) -> str:
    return Message("state it in a card beside it, {}.json: range and maps", what)


def _card_beside(file: Path) -> StatedCard:
    """The card next to the file, NAME.onnx.json; an empty one if there is none."""
    beside = file.with_name(file.name + CARD_SUFFIX)
    if not is_there(beside):
        return StatedCard.model_validate({})
    what = Message("the card of {}", excerpt(file))
    return check(StatedCard, read_json(beside, what, kind=ModelError), what, ModelError, "mend it, or remove it")


def _name(text: str) -> str:
    """A valid model name, as close to the text as possible."""
    return re.sub(r"^[^A-Za-z0-9]+|[^A-Za-z0-9_-]+", "-", text).strip("-")[:64] or "imported"


def _inputs(source: ForeignFile, stated: StatedCard, what: str) -> list[InputCard]:
    """The file's inputs from its card, or else noise with the file's shapes."""
    if any(one.kind == "position" for one in stated.inputs):
        message = "{} needs values that depend on the position in a pattern"
        raise ModelError(message, "install the .safetensors file that it was exported from", what)
    if stated.inputs:
        if {one.name for one in stated.inputs} != source.inputs.keys():
            raise ModelError("{} and the card beside it name different inputs", "export both again", what)
        for one in stated.inputs:
            shape = source.inputs[one.name]
            if len(shape) != (4 if one.pixel or one.sides else 2) or _channels(shape, source.form) != one.channels:
                message = "{} does not take inputs for {} as the card beside it says"
                raise ModelError(message, "export both again", what, excerpt(one.name))
        return list(stated.inputs)
    return [_input(name, shape, source.form, what) for name, shape in source.inputs.items()]


def _input(name: str, shape: list[int | None], form: str, what: str) -> InputCard:
    """Noise with a shape from a file: a latent vector or a map, with an open batch or a batch of 1."""
    channels = _channels(shape, form)
    sides = [] if len(shape) != 4 else shape[1:3] if form == "keras" else shape[2:]
    if channels is None or shape[0] not in (None, 1) or (sides and (sides[0] is None) != (sides[1] is None)):
        said = "x".join("?" if side is None else str(side) for side in shape)
        message = "{} takes {} of the shape {}, neither a latent vector nor a map of noise"
        raise ModelError(message, "use a generator that takes one picture's latent or noise", what, excerpt(name), said)
    fixed = [side for side in sides if side is not None]
    about = {"name": name, "channels": channels, "sides": fixed, "pixel": int(bool(sides) and not fixed)}
    return check(InputCard, about, Message("{}, {},", what, excerpt(name)), ModelError, "use a smaller generator")


def _channels(shape: list[int | None], form: str) -> int | None:
    """Channels of an input of this shape; None if it is neither a vector nor a map."""
    return shape[-1 if form == "keras" or len(shape) == 2 else 1] if len(shape) in (2, 4) else None


class _Shaped:
    """Inputs, outputs and sizes of a source, from its output shapes for two sizes of noise."""

    def __init__(self, source: ForeignFile, stated: StatedCard, inputs: list[InputCard], what: str) -> None:
        self.channels_last = source.form == "keras"
        open_inputs = [one for one in inputs if one.pixel]
        if not open_inputs:
            outputs = source.outputs(self._shapes(inputs, (1, 1), 1))
            self.inputs = inputs
            self.outputs, size = self._maps(outputs, stated, what)
            self.step_px, self.offset_px = (0, 0), size
            return
        if stated.cell_px is None and len(open_inputs) > 1:
            message = "{} takes several maps of noise, and no card says of which sizes"
            raise ModelError(message, "export both again", what)
        step = stated.cell_px or 1
        if any(step % one.pixel for one in open_inputs):
            raise ModelError("{}: cells of {} px are no whole pixels of its inputs", "mend its card", what, step)
        first, second = (
            self._maps(source.outputs(self._shapes(inputs, (rows, rows + 1), step)), stated, what) for rows in PROBES
        )
        self.outputs = first[0]
        scales = [(b - a) // (PROBES[1] - PROBES[0]) for a, b in zip(first[1], second[1], strict=True)]
        offsets = [a - scale * (PROBES[0] + axis) for axis, (a, scale) in enumerate(zip(first[1], scales, strict=True))]
        if min(scales) < 1 or (stated.cell_px and (scales != [step, step] or any(offsets))):
            raise ModelError("{} makes pictures of other sizes than its card says", "export both again", what)
        self.step_px, self.offset_px = (scales[0], scales[1]), (offsets[0], offsets[1])
        if stated.cell_px is None:
            inputs = [one.model_copy(update={"pixel": scales[0]}) if one.pixel else one for one in inputs]
        self.inputs = inputs

    def _shapes(self, inputs: list[InputCard], cells: tuple[int, int], step: int) -> dict[str, tuple[int, ...]]:
        found: dict[str, tuple[int, ...]] = {}
        for one in inputs:
            sides = one.sides or ([count * step // one.pixel for count in cells] if one.pixel else [])
            parts = (*sides, one.channels) if self.channels_last and sides else (one.channels, *sides)
            found[one.name] = (1, *parts)
        return found

    def _maps(self, made_shapes: Shapes, stated: StatedCard, what: str) -> tuple[dict[str, str], tuple[int, int]]:
        """The output for each map, and the size of the picture. Raise ModelError if they are not maps of one size."""
        names = stated.maps or [name for name in made_shapes if name in MAP_CHANNELS] or ["base_color"]
        outputs = (
            {name: name for name in names}
            if set(names) <= made_shapes.keys()
            else dict(zip(names, made_shapes, strict=False))
        )
        if len(outputs) < len(names) or any(len(made_shapes[one]) != 4 for one in outputs.values()):
            message = "{} gives no picture"
            raise ModelError(message, "use a generator that gives pictures (batch, height, width, 3)", what)
        shapes = {name: made_shapes[one] for name, one in outputs.items()}
        if self.channels_last is False and all(shape[-1] == MAP_CHANNELS[name] for name, shape in shapes.items()):
            self.channels_last = all(shape[1] != MAP_CHANNELS[name] for name, shape in shapes.items())
        for name, shape in shapes.items():
            channels = shape[-1 if self.channels_last else 1]
            if channels != MAP_CHANNELS[name]:
                message = "{} gives {} channels for {}, not {}"
                raise ModelError(message, _advice(what), what, channels, name, MAP_CHANNELS[name])
        sizes = {shape[1:3] if self.channels_last else shape[2:] for shape in shapes.values()}
        if len(sizes) > 1:
            raise ModelError("{} gives maps of different sizes", "use a generator that gives them of one size", what)
        height, width = sizes.pop()
        return outputs, (height, width)
