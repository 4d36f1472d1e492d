"""Recipes: the steps and the seed that make maps, as plain data that JSON can hold.

Every result is made by a recipe, which `impasto.run` carries out, and which is stored in its files. Standard library
only: Blender builds recipes too.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import compress
from typing import Any, TypeVar

from .errors import ParameterError
from .mask import Mask
from .system.untrusted import excerpt, is_unicode, parse_json

Scalar = bool | int | float | str
GROUP = "group"
"""The tool of a step that blends the steps of its group, right before it, as one with what is below them."""
MAX_SEED = 2**31 - 1
MAX_STEPS = 100
MAX_TEXT = 4096
"""Limit of characters in a name or a text parameter."""
MAX_NUMBERS = 256
"""Limit of numbers in a parameter that is a list: a colour, or the points of a curve."""
MAX_NAMED = 64
"""Limit of numbers in a parameter that is an object: the sliders of a model."""
MAX_FIELDS = 2048
"""Limit of entries of an object of a step or a record: a recipe has fewer inputs, and no tool so many parameters."""
MAX_VALUES = 16
"""Limit of values of one input, such as styles that are mixed."""
T = TypeVar("T")
_USUAL: Mapping[str, Any] = {"name": "", "enabled": True, "mask": None, "in_group": False}
"""Fields of a step that its JSON leaves out at these values."""


@dataclass(frozen=True)
class Step:
    """A tool with its parameters; `inputs` maps the names of the tool's inputs to names of inputs of `run`.

    An input that takes many values has a list of names. In an input for each value of another, "" leaves one out:
    `{"style": ["night", "wave"], "mask": ["", "sky"]}`. name: the user's own for it. enabled: False to leave it out.
    mask: where its result takes the place of its subject; None: everywhere. in_group: whether it is in the group of the
    next step whose tool is `GROUP`, which has a mask for all of them, and is disabled with them.
    """

    tool: str
    parameters: Mapping[str, Scalar | Sequence[float] | Mapping[str, float]] = field(default_factory=dict)
    inputs: Mapping[str, str | Sequence[str]] = field(default_factory=dict)
    name: str = ""
    enabled: bool = True
    mask: Mask | None = None
    in_group: bool = False

    def __post_init__(self) -> None:
        _expect(_is_text(self.tool), "a step needs the name of a tool", self.tool)
        _expect_object(self.parameters, "parameters")
        for name, value in self.parameters.items():
            _expect(_is_text(name), "a parameter's name must be text", name)
            _expect(_is_parameter(value), f"the parameter {name} must be a number, text, or numbers", value)
        _expect_object(self.inputs, "inputs")
        for name, names in self.inputs.items():
            _expect(_is_text(name), "an input's name must be text", name)
            rule = f"the input {name} must be a name, or a list of 1 to {MAX_VALUES} names"
            _expect(_is_text(names) or _is_names(names), rule, names)
        _expect(_is_text(self.name), "the name of a step must be text", self.name)
        _expect(isinstance(self.enabled, bool), "enabled must be true or false", self.enabled)
        _expect(isinstance(self.in_group, bool), "in_group must be true or false", self.in_group)
        _expect(self.tool != GROUP or not self.in_group, "a group must not be in another group", self.name)
        _expect(self.mask is None or isinstance(self.mask, Mask), "the mask of a step must be a mask", self.mask)

    def names_of(self, input_: str) -> tuple[str, ...]:
        """Names of an input's values in order, "" for one that is left out; empty if the input is not given."""
        names = self.inputs.get(input_, ())
        return (names,) if isinstance(names, str) else tuple(names)

    @property
    def input_names(self) -> set[str]:
        """Names of all inputs of `run` that the step uses."""
        own = {name for input_ in self.inputs for name in self.names_of(input_) if name}
        return own | {self.mask.input} if self.mask and self.mask.input else own


@dataclass(frozen=True)
class Recipe:
    """Steps and a seed in [0, 2³¹), and a record of their run (filled in by `run`).

    inputs: name, SHA-256, real-world scale and given colour space of every input. made_with: versions, device,
    precision, hashes of models and weights, and `stopped` if the run ended early. matched: the matcher that found the
    recipe, its text, or name and SHA-256 of its picture, and its notes. None contains paths. ParameterError with the
    first field that is wrong.
    """

    steps: tuple[Step, ...]
    seed: int = 0
    inputs: Mapping[str, Mapping[str, str | float]] = field(default_factory=dict)
    made_with: Mapping[str, Any] = field(default_factory=dict)
    matched: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        steps, seed = self.steps, self.seed
        _expect(isinstance(steps, tuple) and len(steps) > 0, "steps must be a list with at least one step", steps)
        _expect(len(steps) <= MAX_STEPS, f"a recipe has at most {MAX_STEPS} steps", len(steps))
        _expect(all(isinstance(step, Step) for step in steps), "steps must be a list of steps", steps)
        for step, after in zip(steps, (*steps[1:], None), strict=True):
            ends = not step.in_group or (after is not None and (after.in_group or after.tool == GROUP))
            _expect(ends, f"steps in a group must be followed by a step {GROUP}", step.tool)
        _expect(isinstance(seed, int) and not isinstance(seed, bool), "seed must be a whole number", seed)
        _expect(0 <= seed <= MAX_SEED, f"seed must be between 0 and {MAX_SEED}", seed)
        _check_recorded_inputs(self.inputs)
        _check_made_with(self.made_with)
        _expect_texts(self.matched, "matched")

    def to_json(self) -> str:
        """The recipe as one line of JSON, equal for equal recipes."""
        return json.dumps(self.to_dict(), ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    def to_dict(self) -> dict[str, Any]:
        """The recipe as dictionaries, lists and scalars; steps say name, mask and that they are disabled, if so."""
        data = json.loads(json.dumps(asdict(self)))
        for step, own in zip(data["steps"], self.steps, strict=True):
            step["mask"] = own.mask and own.mask.to_dict()
            for name, usual in _USUAL.items():
                if step[name] == usual:
                    del step[name]
        return data

    @property
    def active_steps(self) -> tuple[Step, ...]:
        """Steps that are run: see `are_active`."""
        return tuple(compress(self.steps, are_active(self.steps)))

    @property
    def spare_inputs(self) -> set[str]:
        """Names of inputs that only disabled steps use."""
        every, used = (set().union(*(one.input_names for one in steps)) for steps in (self.steps, self.active_steps))
        return every - used

    @classmethod
    def from_json(cls, text: str) -> Recipe:
        """A recipe from the JSON of `to_json`, or from hand-written JSON. ParameterError if it is not one."""
        return cls.from_dict(parse_json(text, "the recipe", kind=ParameterError))

    @classmethod
    def from_dict(cls, data: Any) -> Recipe:
        """A recipe from dictionaries. ParameterError with the first field that is wrong."""
        _expect(isinstance(data, dict), "a recipe is an object with steps", data)
        _refuse_unknown("recipe", data, {"steps", "seed", "inputs", "made_with", "matched"})
        steps = data.get("steps")
        _expect(isinstance(steps, list), "steps must be a list with at least one step", steps)
        _expect(len(steps) <= MAX_STEPS, f"a recipe has at most {MAX_STEPS} steps", len(steps))
        about = {name: data[name] for name in ("inputs", "made_with", "matched") if name in data}
        return cls(tuple(map(_step, steps)), data.get("seed", 0), **about)


def are_active(steps: Sequence[Any]) -> list[bool]:
    """Whether each step, or layer, is run: if it and its group are enabled; a group only with such steps."""
    found, first = [bool(step.enabled) for step in steps], 0
    for place, step in enumerate(steps):
        if step.tool == GROUP and not (found[place] and any(found[first:place])):
            found[first : place + 1] = [False] * (place + 1 - first)
        first = first if step.in_group else place + 1
    return found


def begin_on_source(steps: Sequence[Step]) -> bool:
    """Whether a source is seen below the first step: it, or the group that it is in, has a mask."""
    return bool(steps[0].mask or next((step.mask for step in steps if not step.in_group), None))


def name_inputs(values: Mapping[str, Sequence[T | None]]) -> tuple[dict[str, str | list[str]], dict[str, T]]:
    """Inputs of a step and, by the names in them (style, style-2, …), inputs of `run`; None leaves a value out."""
    inputs: dict[str, str | list[str]] = {}
    named: dict[str, T] = {}
    for input_, given in values.items():
        names = [input_ if index == 0 else f"{input_}-{index + 1}" for index in range(len(given))]
        named |= {name: value for name, value in zip(names, given, strict=True) if value is not None}
        names = [name if name in named else "" for name in names]
        inputs |= {input_: names[0] if len(names) == 1 else names} if names else {}
    return inputs, named


def differences(before: Recipe, now: Recipe) -> list[str]:
    """One sentence for each input, version, model or device that differs from that of the earlier run."""
    found = []
    for name, about in before.inputs.items():
        other = now.inputs.get(name, {})
        if about.get("sha256") != other.get("sha256"):
            found.append(f"input {name}: {other.get('name')} is not the {about.get('name')} that was used then")
    words = {"versions": "version", "models": "model", "exemplars": "exemplar", "weights": "weights"}
    for key, word in words.items():
        then, today = before.made_with.get(key, {}), now.made_with.get(key, {})
        found += [
            f"{word} of {name}: {then.get(name, 'absent')} then, {today.get(name, 'absent')} now"
            for name in sorted({*then, *today})
            if then.get(name) != today.get(name)
        ]
    for key in ("device", "precision"):
        if before.made_with.get(key) != now.made_with.get(key):
            found.append(f"{key}: {before.made_with.get(key)} then, {now.made_with.get(key)} now")
    if before.made_with.get("stopped"):
        found.append("it was stopped early then, which a recipe cannot repeat")
    return found


def _step(data: Any) -> Step:
    _expect(isinstance(data, dict) and "tool" in data, "a step needs the name of a tool", data)
    _refuse_unknown("step", data, {"tool", "parameters", "inputs", *_USUAL})
    more = {name: data[name] for name in _USUAL if name in data}
    if more.get("mask") is not None:
        more["mask"] = Mask.from_dict(more["mask"])
    return Step(data["tool"], data.get("parameters", {}), data.get("inputs", {}), **more)


def _check_recorded_inputs(inputs: Any) -> None:
    _expect_object(inputs, "inputs")
    for name, about in inputs.items():
        _expect(_is_text(name) and isinstance(about, Mapping), "inputs must be objects by name", {name: about})
        for key in ("name", "sha256"):
            _expect(_is_text(about.get(key)), f"the {key} of the input {excerpt(name)} must be text", about.get(key))
        _expect(
            _is_text(about.get("color_space", "")), f"the color_space of the input {excerpt(name)} must be text", about
        )
        for key in ("width_m", "height_range_m"):
            value = about.get(key, 1.0)
            _expect(_is_number(value) and value >= 0, f"the {key} of the input {excerpt(name)} must be a length", value)


def _check_made_with(made_with: Any) -> None:
    _expect_object(made_with, "made_with")
    for key in ("versions", "models", "exemplars", "weights"):
        _expect_texts(made_with.get(key, {}), key)
    for key in ("device", "precision"):
        _expect(_is_text(made_with.get(key, "")), f"{key} must be text", made_with.get(key))


def _refuse_unknown(what: str, data: Mapping[str, Any], known: set[str]) -> None:
    unknown = sorted(set(data) - known)[:1]
    fields = ", ".join(sorted(known))
    _expect(not unknown, f"a {what} has no field {excerpt(unknown[0]) if unknown else ''}; it has {fields}", unknown)


def _expect_object(value: Any, what: str) -> None:
    _expect(isinstance(value, Mapping), f"{what} must be an object", value)
    _expect(len(value) <= MAX_FIELDS, f"{what} must have at most {MAX_FIELDS} entries", len(value))


def _expect_texts(value: Any, what: str) -> None:
    _expect_object(value, what)
    for name, text in value.items():
        _expect(_is_text(name) and _is_text(text), f"{what} must be text by name", {name: text})


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= MAX_TEXT and is_unicode(value)


def _is_names(value: Any) -> bool:
    return isinstance(value, list | tuple) and 1 <= len(value) <= MAX_VALUES and all(map(_is_text, value))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_parameter(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return len(value) <= MAX_NUMBERS and all(map(_is_number, value))
    if isinstance(value, Mapping):
        return len(value) <= MAX_NAMED and all(map(_is_text, value)) and all(map(_is_number, value.values()))
    return isinstance(value, bool) or _is_number(value) or _is_text(value)


def _expect(holds: bool, rule: str, value: Any) -> None:
    if not holds:
        raise ParameterError(f"{rule}, got {excerpt(value)}", "see `impasto run --help`")
