"""Tools: functions from maps to maps, each with a name, a kind and a parameter model.

A plugin subclasses one of the kinds, sets the class attributes and writes `apply`. The parameter model's
JSON Schema is all that hosts see of it, so `check_tool` refuses what a host could not draw.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from .errors import ParameterError, PluginError, did_you_mean
from .recipe import Recipe
from .schemas import check_conditions, check_parameter, holds
from .texture import MAP_CHANNELS, Maps

if TYPE_CHECKING:
    from .context import Context

__all__ = [
    "Color",
    "Estimator",
    "Field",
    "Filter",
    "Generator",
    "Input",
    "NoParameters",
    "Parameters",
    "Result",
    "SizeParameters",
    "Stylizer",
    "Tool",
    "Trainer",
    "for_each",
    "model_field",
    "visible_if",
]

Color = Annotated[tuple[float, float, float], Field(json_schema_extra={"format": "color"})]
"""An sRGB colour, three floats in [0, 1]; hosts draw a colour field."""


class Parameters(BaseModel):
    """Base of parameter models: frozen and flat; bool, int, float, str, Literal, tuples of floats, Color."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class NoParameters(Parameters):
    """For a tool that has none."""


class SizeParameters(Parameters):
    """Base of the parameters of tools that choose the size of what they make."""

    width_px: int = Field(0, ge=0, le=16384, description="Width of the result in pixels; 0: as the source")
    height_px: int = Field(0, ge=0, le=16384, description="Height of the result in pixels; 0: as the source")

    def size_px(self, subject: Maps) -> tuple[int, int]:
        """(height, width) of the result, taken from the subject where it is 0."""
        source_height, source_width = subject.size_px if subject else (1024, 1024)
        return self.height_px or source_height, self.width_px or source_width


def visible_if(parameter: str, *values: bool | int | str) -> dict[str, Any]:
    """`Field(…, json_schema_extra=visible_if("method", "best"))`: shown only while `parameter` has one of `values`."""
    return {"visible_if": {parameter: list(values)}}


def for_each(input_: str, default: float) -> dict[str, Any]:
    """`weight: tuple[float, ...] = Field((), …, json_schema_extra=for_each("style", 1.0))`: a number for each style.

    A tool is given as many as the input has values: those that the user leaves out have the `default`.
    """
    return {"for_each": input_, "default_of_each": default}


def model_field(description: str = "Name of a model; empty: the first that fits", tool: str = "") -> Any:
    """`model: str = model_field()`: a parameter that names a model, which hosts offer from the library.

    The models are those that the tool itself runs, or those of another `tool`, for a trainer that goes on from one.
    """
    extra: dict[str, Any] = {"format": "model", **({"model_of": tool} if tool else {})}
    return Field("", description=description, json_schema_extra=extra)


def model_parameter(tool: Tool) -> str | None:
    """The parameter that names the model which the tool itself runs; None where it has none."""
    schemas = tool.parameters.model_json_schema().get("properties", {}).items()
    return next(
        (name for name, schema in schemas if schema.get("format") == "model" and "model_of" not in schema), None
    )


@dataclass(frozen=True)
class Input:
    """A named input beside the subject: a style, a mask, a guide. kind: "maps", or "dataset" for training data.

    many: it takes a list, such as styles that are mixed. for_each: another input that takes many; this one takes at
    most one for each of that's, by their order, such as a mask for each style.
    """

    name: str
    description: str
    required: bool = True
    kind: str = "maps"
    many: bool = False
    for_each: str = ""

    @property
    def takes_many(self) -> bool:
        """Whether a tool is given a tuple for it."""
        return self.many or bool(self.for_each)


Tile = tuple[int, int, Maps]
"""(top, left, maps): a part of a result and where it begins, in pixels."""


@dataclass(frozen=True)
class Result:
    """What `run` returns: maps, the files of trained models, measured figures, and the recipe that made it all.

    `paths` are the files that hold the maps, where they were written; `maps` has no pixels if that was tile by tile.
    `notes` is what tools decided by themselves, for the user to read.
    """

    maps: Maps = field(default_factory=Maps)
    models: tuple[Path, ...] = ()
    figures: Mapping[str, float] = field(default_factory=dict)
    recipe: Recipe | None = None
    paths: tuple[Path, ...] = ()
    notes: tuple[str, ...] = ()


class Tool(ABC):
    """A function from maps to maps. Subclass one of the kinds below; import torch inside `apply`, not above.

    name: lower-case words joined by hyphens. needs: the maps that the subject must hold.
    needs_source: it makes nothing from nothing, whatever maps there are. weights: the published ones
    of which one must be installed. is_pointwise: a pixel of the result depends on the same pixel of the subject only,
    and on no chance, so that `apply` may be given tiles. uses_subject: False for a generator to which only the
    subject's size matters: the result is then not called after it, and the recipe does not name it. example: what
    follows the tool's name in the command's help, where the usual example would not do. rank: its place among others
    of its kind, the lowest first: below 50 what artists reach for, from 90 on what is there to teach. task: one of
    `TASKS`, for which hosts take the tool of the lowest rank where the user names none; "" for only by its name.
    preview_px: longer side of the previews that a stylizer makes while one waits; 0 where it is too slow for any.
    """

    kind: ClassVar[str]
    name: ClassVar[str]
    label: ClassVar[str]
    description: ClassVar[str]
    parameters: ClassVar[type[Parameters]] = NoParameters
    inputs: ClassVar[tuple[Input, ...]] = ()
    needs: ClassVar[tuple[str, ...]] = ()
    needs_source: ClassVar[bool] = False
    weights: ClassVar[tuple[str, ...]] = ()
    example: ClassVar[str] = ""
    is_pointwise: ClassVar[bool] = False
    uses_subject: ClassVar[bool] = True
    rank: ClassVar[int] = 50
    task: ClassVar[str] = ""
    preview_px: ClassVar[int] = 0

    @abstractmethod
    def apply(self, subject: Maps, parameters: Any, inputs: Mapping[str, Any], context: Context) -> Maps | Result:
        """The result for `subject`; never changes it in place.

        inputs: maps or a dataset, as each is declared; for one that takes many a tuple, with None where one for each
        value of another is left out.
        """

    def tiles(self, subject: Maps, parameters: Any, inputs: Mapping[str, Any], context: Context) -> Iterator[Tile]:
        """What `apply` makes, in pieces (top, left, maps) with their place in pixels, for results larger than memory.

        A tool that can overrides this; its parameters are `SizeParameters`. The tiles cover the result once, in bands
        from the top; those of a band have one height. Every tile has the same maps and says the `width_m` and
        `height_range_m` of the whole. Models are loaded before the first tile, since the files begin with the recipe.
        """
        raise NotImplementedError


class Generator(Tool):
    """Makes textures, from a source or from nothing."""

    kind = "generator"


class Stylizer(Tool):
    """Repaints its subject in another style."""

    kind = "stylizer"
    task = "stylize"
    needs = ("base_color",)


class Estimator(Tool):
    """Estimates maps that its subject lacks."""

    kind = "estimator"
    task = "maps"
    needs = ("base_color",)


class Filter(Tool):
    """Changes its subject: colour correction, detail, size."""

    kind = "filter"


class Trainer(Tool):
    """Makes a model from data."""

    kind = "trainer"
    task = "train"


KINDS = ("generator", "stylizer", "estimator", "filter", "trainer")
INPUT_KINDS = ("maps", "dataset")
TASKS = ("seamless", "generate", "maps", "stylize", "train", "prepare")
"""What hosts have an action, a button or a panel for, as they know no tool by its name: make a picture seamless; make a
material from a trained model; estimate the maps that a picture lacks; repaint a picture in the style of others; train a
model; turn, cut and scale a source before another tool sees it."""


def validate(tool: Tool, given: Mapping[str, Any]) -> Parameters:
    """The tool's parameters, with defaults. ParameterError names the parameter, its range and the value."""
    try:
        return tool.parameters.model_validate(dict(given))
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(map(str, first["loc"])) or "parameters"
        if first["type"] == "extra_forbidden":
            known = tool.parameters.model_fields
            remedy = f"{did_you_mean(name, known)}its parameters are: {', '.join(known) or 'none'}"
            raise ParameterError(f"{tool.name} has no parameter {name!r}", remedy) from error
        reason = first["msg"][0].lower() + first["msg"][1:]
        message = f"{tool.name}: {name} got {first['input']!r}: {reason}"
        raise ParameterError(message, f"see `impasto tools {tool.name}`") from error


def without_effect(tool: Tool, given: Mapping[str, Any]) -> list[str]:
    """Those of the given parameters that another one's value makes void."""
    chosen = validate(tool, given).model_dump(mode="json")
    properties = tool.parameters.model_json_schema().get("properties", {})
    return [name for name in given if not holds(properties[name], chosen)]


def makes_tiles(tool: Tool) -> bool:
    """Whether the tool can make its result in tiles."""
    return type(tool).tiles is not Tool.tiles


def describe(tool: Tool) -> dict[str, Any]:
    """All that a host may know of a tool, as JSON."""
    return {
        "name": tool.name,
        "kind": tool.kind,
        "label": tool.label,
        "description": tool.description,
        "rank": tool.rank,
        "task": tool.task,
        "preview_px": tool.preview_px,
        "needs": list(tool.needs),
        "needs_source": bool(tool.needs) or tool.needs_source,
        "weights": list(tool.weights),
        "inputs": [vars(item) for item in tool.inputs],
        "makes_tiles": makes_tiles(tool),
        "uses_subject": tool.uses_subject,
        "parameters": tool.parameters.model_json_schema(),
    }


def in_order(tools: Iterable[Tool]) -> list[Tool]:
    """Tools as artists want them listed, by their rank."""
    return sorted(tools, key=lambda tool: (tool.rank, tool.name))


def check_tool(tool: Tool) -> None:
    """Raise PluginError if a host could not list the tool or draw its parameters."""
    for attribute in ("kind", "name", "label", "description"):
        if not isinstance(getattr(tool, attribute, None), str):
            raise PluginError(f"{type(tool).__name__} has no {attribute}", "set it as a class attribute")
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", tool.name):
        raise PluginError(f"the tool name {tool.name!r} is not lower-case words joined by hyphens", "rename it")
    if tool.kind not in KINDS:
        raise PluginError(f"{tool.name} has the kind {tool.kind!r}", f"derive it from one of {', '.join(KINDS)}")
    for item in tool.inputs:
        _check_input(tool, item)
    for attribute in ("rank", "preview_px"):
        if not isinstance(value := getattr(tool, attribute), int):
            raise PluginError(f"{tool.name} has the {attribute} {value!r}", "use a whole number")
    if tool.task and tool.task not in TASKS:
        raise PluginError(f"{tool.name} has the task {tool.task!r}", f"use one of {', '.join(TASKS)}, or none")
    if makes_tiles(tool) and not issubclass(tool.parameters, SizeParameters):
        raise PluginError(f"{tool.name} makes tiles of an unknown size", "derive its parameters from SizeParameters")
    unknown = set(tool.needs) - set(MAP_CHANNELS)
    if unknown:
        raise PluginError(f"{tool.name} needs unknown maps {sorted(unknown)}", f"use {', '.join(MAP_CHANNELS)}")
    properties = tool.parameters.model_json_schema().get("properties", {})
    for name, schema in properties.items():
        check_parameter(f"{tool.name}: parameter {name}", schema)
        check_conditions(f"{tool.name}: parameter {name}", name, properties)
        if "for_each" in schema:
            _check_is_for_many(tool, name, schema["for_each"])


def _check_input(tool: Tool, item: Input) -> None:
    if item.kind not in INPUT_KINDS:
        message = f"{tool.name}'s input {item.name} has the kind {item.kind!r}"
        raise PluginError(message, f"use one of {', '.join(INPUT_KINDS)}")
    if item.takes_many and item.kind != "maps":
        raise PluginError(f"{tool.name}'s input {item.name} takes many, but is no picture", "declare one dataset")
    if item.for_each:
        if item.many or item.required:
            raise PluginError(f"{tool.name}: {item.name} is for each {item.for_each}", "say required=False, many=False")
        _check_is_for_many(tool, item.name, item.for_each)


def _check_is_for_many(tool: Tool, name: str, other: str) -> None:
    """Raise PluginError where the input that another one, or a parameter, is for each value of does not take many."""
    if other not in [item.name for item in tool.inputs if item.many]:
        raise PluginError(f"{tool.name}: {name} is for each {other!r}", "name an input that takes many")
