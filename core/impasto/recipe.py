"""Recipes: the steps and the seed that make maps, as plain data that JSON can hold.

`impasto.run` makes every result from a recipe, and stores it in the files of the result. Standard library only:
Blender builds recipes too.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from itertools import compress
from typing import Annotated, Any, NotRequired, TypedDict, TypeVar

from .errors import Message, ParameterError
from .mask import Mask
from .system.typed_json import Length, Within, as_kind, check_fields
from .system.untrusted import excerpt, parse_json

GROUP = "group"
"""Tool of a step that ends a group: the steps right before it are blended as one with the steps below."""
MAX_SEED = 2**31 - 1
MAX_STEPS = 100
MAX_TEXT = 4096
"""Most characters of a name or a text parameter."""
MAX_FIELDS = 2048
"""Most entries of a mapping in a step or a record: no recipe has so many inputs, and no tool so many parameters."""
MAX_VALUES = 16
"""Most values of one input, such as styles to mix."""
Text = Annotated[str, Within(0, MAX_TEXT)]
Texts = Annotated[Mapping[Text, Text], Within(0, MAX_FIELDS)]
Sliders = Annotated[Mapping[Text, float], Within(0, 64)]
"""Values of a model's sliders, by name."""
Numbers = Annotated[Sequence[float], Within(0, 256)]
"""A colour, or the points of a curve."""
Parameter = float | bool | Text | Numbers | Sliders
Names = Annotated[Sequence[Text], Within(1, MAX_VALUES)]
REMEDY = "see `impasto run --help`"
T = TypeVar("T")
_USUAL: Mapping[str, Any] = {"name": "", "enabled": True, "mask": None, "in_group": False}
"""Fields of a step that its JSON leaves out at these values."""


@dataclass(frozen=True)
class Step:
    """A tool with its parameters; `inputs` maps the names of the tool's inputs to names of inputs of `run`.

    A parameter is a number, true or false, text, a list of numbers, or numbers by name.
    An input that takes a list has a list of names. In an input for each value of another, "" omits a value:
    `{"style": ["night", "wave"], "mask": ["", "sky"]}`. name: the user's name for the step. enabled: False to skip the
    step. mask: where its result replaces its subject; None for everywhere. in_group: whether the step is in a group,
    which ends at the next step whose tool is `GROUP`. That step's mask and `enabled` are for the whole group.
    """

    tool: Text
    parameters: Annotated[Mapping[Text, Parameter], Within(0, MAX_FIELDS)] = field(default_factory=dict)
    inputs: Annotated[Mapping[Text, Text | Names], Within(0, MAX_FIELDS)] = field(default_factory=dict)
    name: Text = ""
    enabled: bool = True
    mask: Mask | None = None
    in_group: bool = False

    def __post_init__(self) -> None:
        check_fields(self, "step", ParameterError, REMEDY)
        _expect(self.tool != GROUP or not self.in_group, "a group must not be in another group", self.tool)

    def names_of(self, input_: str) -> tuple[str, ...]:
        """Names of an input's values, in order, "" for an omitted value; empty if the step does not use the input."""
        names = self.inputs.get(input_, ())
        return (names,) if isinstance(names, str) else tuple(names)

    @property
    def input_names(self) -> set[str]:
        """Names of all inputs of `run` that the step uses, with its mask."""
        own = {name for input_ in self.inputs for name in self.names_of(input_) if name}
        return own | {self.mask.input} if self.mask and self.mask.input else own


class _Input(TypedDict):
    """Record of an input of a recipe's run."""

    name: Text
    sha256: Text
    color_space: NotRequired[Text]
    width_m: NotRequired[Length]
    height_range_m: NotRequired[Length]


class _MadeWith(TypedDict, total=False):
    """Record of a recipe's run, which may have further fields."""

    versions: Texts
    models: Texts
    exemplars: Texts
    weights: Texts
    device: Text
    precision: Text


@dataclass(frozen=True)
class Recipe:
    """Steps and a seed in [0, 2³¹), and a record of their run (filled in by `run`).

    inputs: name, SHA-256, real-world scale and chosen colour space of each input. made_with: versions, device,
    precision, hashes of models and weights, and `stopped` if the run ended early. matched: the matcher that found the
    recipe, its text, or name and SHA-256 of its picture, and its notes. None of these contains paths. A ParameterError
    names the first wrong field.
    """

    steps: Annotated[tuple[Step, ...], Within(1, MAX_STEPS)]
    seed: Annotated[int, Within(0, MAX_SEED)] = 0
    inputs: Mapping[str, Mapping[str, str | float]] = field(default_factory=dict)
    made_with: Mapping[str, Any] = field(default_factory=dict)
    matched: Texts = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_fields(self, "recipe", ParameterError, REMEDY)
        inputs = Annotated[Mapping[Text, _Input], Within(0, MAX_FIELDS)]
        for kind, value, where in ((inputs, self.inputs, "inputs"), (_MadeWith, self.made_with, "made_with")):
            as_kind(kind, value, f"recipe.{where}", ParameterError, REMEDY)
        for step, after in zip(self.steps, (*self.steps[1:], None), strict=True):
            ends = not step.in_group or (after is not None and (after.in_group or after.tool == GROUP))
            if not ends:
                message = "the step {} is in a group that does not end"
                raise ParameterError(message, "end the group by a step whose tool is {}", excerpt(step.tool), GROUP)

    def to_json(self) -> str:
        """The recipe as one line of JSON. Equal recipes give equal lines."""
        return json.dumps(self.to_dict(), ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    def to_dict(self) -> dict[str, Any]:
        """The recipe as dictionaries, lists and scalars, without fields of steps at their usual values."""
        data = json.loads(json.dumps(asdict(self)))
        for step, own in zip(data["steps"], self.steps, strict=True):
            step["mask"] = own.mask and own.mask.to_dict()
            for name, usual in _USUAL.items():
                if step[name] == usual:
                    del step[name]
        return data

    @property
    def active_steps(self) -> tuple[Step, ...]:
        """Steps that run, see `are_active`."""
        return tuple(compress(self.steps, are_active(self.steps)))

    @property
    def spare_inputs(self) -> set[str]:
        """Names of inputs that only disabled steps use."""
        every, used = (set().union(*(one.input_names for one in steps)) for steps in (self.steps, self.active_steps))
        return every - used

    @classmethod
    def from_json(cls, text: str) -> Recipe:
        """A recipe from JSON, of `to_json` or written by hand. Raise ParameterError if it is no recipe."""
        return cls.from_dict(parse_json(text, "the recipe", kind=ParameterError))

    @classmethod
    def from_dict(cls, data: Any) -> Recipe:
        """A recipe from dictionaries. Raise ParameterError for a wrong field."""
        _expect(isinstance(data, dict), "a recipe is an object with steps", data)
        _refuse_unknown(cls, data)
        steps = data.get("steps")
        is_short = isinstance(steps, list) and len(steps) <= MAX_STEPS
        _expect(is_short, Message("steps must be a list of 1 to {} steps", MAX_STEPS), steps)
        return cls(**{**data, "steps": tuple(map(_step, steps))})


def are_active(steps: Sequence[Any]) -> list[bool]:
    """Whether each step or layer runs: if it and its group are enabled, and its group has an enabled step."""
    found, first = [bool(step.enabled) for step in steps], 0
    for place, step in enumerate(steps):
        if step.tool == GROUP and not (found[place] and any(found[first:place])):
            found[first : place + 1] = [False] * (place + 1 - first)
        first = first if step.in_group else place + 1
    return found


def begin_on_source(steps: Sequence[Step]) -> bool:
    """Whether the source is visible below the first step: that step, or its group, has a mask."""
    return bool(steps[0].mask or next((step.mask for step in steps if not step.in_group), None))


def name_inputs(values: Mapping[str, Sequence[T | None]]) -> tuple[dict[str, str | list[str]], dict[str, T]]:
    """Inputs of a step with new names (style, style-2, …), and values by these names for `run`. None omits a value."""
    inputs: dict[str, str | list[str]] = {}
    named: dict[str, T] = {}
    for input_, entries in values.items():
        names = [input_ if index == 0 else f"{input_}-{index + 1}" for index in range(len(entries))]
        named |= {name: value for name, value in zip(names, entries, strict=True) if value is not None}
        names = [name if name in named else "" for name in names]
        inputs |= {input_: names[0] if len(names) == 1 else names} if names else {}
    return inputs, named


def differences(before: Recipe, now: Recipe) -> list[str]:
    """A sentence for each input, version, model or device that differs between two runs."""
    found: list[str] = []
    for name, about in before.inputs.items():
        other = now.inputs.get(name, {})
        if about.get("sha256") != other.get("sha256"):
            message = "input {}: {} is not the {} that was used then"
            found.append(Message(message, name, other.get("name"), about.get("name")))
    words = {"versions": "version", "models": "model", "exemplars": "exemplar", "weights": "weights"}
    for key, word in words.items():
        then, today = before.made_with.get(key, {}), now.made_with.get(key, {})
        found += [
            Message("{} of {}: {} then, {} now", word, name, then.get(name, "absent"), today.get(name, "absent"))
            for name in sorted({*then, *today})
            if then.get(name) != today.get(name)
        ]
    for key in ("device", "precision"):
        if before.made_with.get(key) != now.made_with.get(key):
            found.append(Message("{}: {} then, {} now", key, before.made_with.get(key), now.made_with.get(key)))
    if before.made_with.get("stopped"):
        found.append("it was stopped early then, which a recipe cannot repeat")
    return found


def _step(data: Any) -> Step:
    _expect(isinstance(data, dict) and "tool" in data, "a step needs the name of a tool", data)
    _refuse_unknown(Step, data)
    mask = data.get("mask")
    return Step(**{**data, "mask": None if mask is None else Mask.from_dict(mask)})


def _refuse_unknown(kind: type[Step | Recipe], data: Mapping[str, Any]) -> None:
    known = [one.name for one in fields(kind)]
    unknown = next((name for name in data if name not in known), None)
    _expect(unknown is None, Message("a {} has the fields {}", kind.__name__.lower(), ", ".join(known)), unknown)


def _expect(holds: bool, rule: str, value: Any) -> None:
    if not holds:
        raise ParameterError("{}, got {}", REMEDY, rule, excerpt(value))
