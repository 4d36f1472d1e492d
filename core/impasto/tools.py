"""Tools: functions from maps to maps, each with a name, a kind and a class of parameters.

A plugin subclasses one of the kinds, sets the class attributes and writes `apply`. Hosts, such as Blender, show the
parameters from their JSON Schema; `declarations.check_tool` refuses parameters that a host cannot show.
"""

from __future__ import annotations

import base64
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field, ValidationError

from . import schemas
from .descriptions import GROUPS, EngineDescription, InputDescription, SettingsDescription, ToolDescription
from .errors import Message, ParameterError, choices
from .parameters import (
    UNKNOWN_AZIMUTH,
    Angle,
    Color,
    LightAzimuth,
    NoParameters,
    Parameters,
    Point,
    SizeParameters,
    class_field,
    display_hints,
    for_each,
    model_field,
    properties_of,
    schema_of,
    sliders_field,
    visible_if,
    zero_means,
)
from .recipe import Recipe
from .settings import settings_in
from .system.untrusted import excerpt
from .texture import Maps

if TYPE_CHECKING:
    from .context import Context

__all__ = [
    "UNKNOWN_AZIMUTH",
    "Angle",
    "Color",
    "Estimator",
    "Field",
    "Filter",
    "Generator",
    "Input",
    "LightAzimuth",
    "NoParameters",
    "Parameters",
    "Point",
    "Result",
    "SizeParameters",
    "Stylizer",
    "Tool",
    "Trainer",
    "class_field",
    "display_hints",
    "for_each",
    "model_field",
    "sliders_field",
    "visible_if",
    "zero_means",
]


@cache
def model_parameter(tool: Tool) -> str | None:
    """Name of the parameter that chooses a trained model; None if the tool has no such parameter."""
    return schemas.model_parameter(properties_of(tool.parameters))


@dataclass(frozen=True)
class Input:
    """A named input besides the subject: a style, a mask, a guide. kind: "maps", or "dataset" for training data.

    An input of the kind "mesh", whose name is "mesh" too, is the mesh of the subject, for all steps of a recipe.
    many: the input takes a list, such as styles to mix. for_each: name of another input that takes a list; each value
    in that list may have a value here, in the same order, such as a mask for each style. least: fewest values in the
    list. on_subject: the input has the layout of the subject, such as a mask of it.
    """

    name: str
    description: str
    required: bool = True
    kind: str = "maps"
    many: bool = False
    for_each: str = ""
    least: int = 1
    on_subject: bool = False

    @property
    def takes_many(self) -> bool:
        """Whether the value of the input is a tuple."""
        return self.many or bool(self.for_each)


Inputs = Mapping[str, Any]
"""Values of a tool's inputs by name, see `Tool.apply`."""
Tile = tuple[int, int, Maps]
"""(top, left, maps): position in pixels of a part of a streamed result, and its maps."""


@dataclass(frozen=True)
class Result:
    """Result of a run: maps, files of trained models, measured figures, and the recipe that makes them again.

    paths: files that the maps were written to, if any; the maps of a streamed result have no pixels. notes: decisions
    of tools, for the user to read. reports: files about the training of models. seconds, reused and decided have a
    value for each enabled step: the time to compute it, whether an earlier run had computed it, and its parameters if
    the tool made choices in them. description: description of the installation, if an action asks for it.
    """

    maps: Maps = field(default_factory=Maps)
    models: tuple[Path, ...] = ()
    figures: Mapping[str, float] = field(default_factory=dict)
    recipe: Recipe | None = None
    paths: tuple[Path, ...] = ()
    notes: tuple[str, ...] = ()
    reports: tuple[Path, ...] = ()
    seconds: tuple[float, ...] = ()
    reused: tuple[bool, ...] = ()
    decided: tuple[Parameters | None, ...] = ()
    description: EngineDescription | None = None


class Listing:
    """Attributes by which hosts show a tool. The name, a label and a description must be set."""

    kind: ClassVar[str]
    """Name of the kind, such as "generator". Each of the kinds below sets it."""
    name: ClassVar[str]
    """Lower-case words joined by hyphens, as in recipes and commands."""
    label: ClassVar[str]
    """Name in menus."""
    description: ClassVar[str]
    """One sentence on what the tool does."""
    group: ClassVar[str]
    """One of `descriptions.GROUPS`, under which the tool is listed. Each kind has a default."""
    subgroup: ClassVar[str] = ""
    """Heading within the group, such as Masonry; may be empty."""
    rank: ClassVar[int] = 50
    """Position among the tools of its kind, lowest first: below 50 for everyday work, from 90 for teaching."""
    task: ClassVar[str] = ""
    """One of `TASKS`. Hosts use the tool of lowest rank for a task unless the user names another tool."""
    preview_px: ClassVar[int] = 0
    """Longer side of quick previews of a stylizer; 0 if the stylizer is too slow for previews."""
    example: ClassVar[str] = ""
    """Example of the arguments in the command's help, if the default example does not fit."""

    def thumbnail(self) -> bytes:
        """A small picture (JPEG, at most 20 kB) of a result, for lists in hosts; b"" if there is none."""
        return b""

    def settings(self) -> list[SettingsDescription]:
        """Named settings of the tool, which Blender shows as presets, from `settings.toml` in the plugin's package."""
        return settings_in(type(self).__module__.partition(".")[0]).get(self.name, [])


class Contract:
    """Requirements of a tool, and properties that hosts rely on. Defaults fit a filter without parameters."""

    parameters: ClassVar[type[Parameters]] = NoParameters
    """Class of the parameters."""
    needs: ClassVar[tuple[str, ...]] = ()
    """Maps that the subject must have."""
    needs_source: ClassVar[bool] = False
    """Whether the tool needs a subject, whatever maps the subject has."""
    takes_any_picture: ClassVar[bool] = True
    """False if the tool accepts only subjects of a certain form, such as the six faces of a cube."""
    uses_subject: ClassVar[bool] = True
    """False for a generator that uses only the size of the subject. Names and recipes of results omit the subject."""
    makes_all_maps: ClassVar[bool] = False
    """Whether a generator always makes all maps that an estimator could add."""
    takes_light: ClassVar[bool] = False
    """Whether the tool keeps linear light above 1, as in panoramas."""
    photograph_px: ClassVar[int] = 2**22
    """Pixels of a photograph that are enough for a generator or a stylizer if the size of the result is known.

    Photographs above 16 megapixels are reduced to this number, or to four for each pixel of the result if that is more.
    """
    inputs: ClassVar[tuple[Input, ...]] = ()
    """Inputs besides the subject."""
    weights: ClassVar[tuple[str, ...]] = ()
    """Published weights that the tool can use, the best first."""
    keeps_size: ClassVar[bool] = True
    """False for a filter whose result has another size, such as a crop."""
    is_pointwise: ClassVar[bool] = False
    """Whether each pixel of the result depends only on the same pixel of the subject, and not on random numbers.

    `apply` may then be called for strips of a subject.
    """
    takes_seed: ClassVar[bool] = True
    """False for a tool without random numbers that leaves the seeds of the steps behind it as they are without it."""
    neutral_at_zero: ClassVar[tuple[str, ...]] = ()
    """Parameters that change nothing if all of them are 0: `apply` is then not called."""
    may_use_bfloat16: ClassVar[bool] = False
    """Whether the tool follows `Context.precision`, which is then "bfloat16" on devices where that is faster."""


class Tool(Listing, Contract, ABC):
    """A function from maps to maps. Subclass one of the kinds below; import torch inside `apply`, not above."""

    @abstractmethod
    def apply(self, subject: Maps, parameters: Any, inputs: Inputs, context: Context) -> Maps | Result:
        """The result for a subject. The subject must not be modified in place.

        inputs: maps or a dataset by name, and a tuple for an input that takes a list. In the tuple of a `for_each`
        input, None stands for an omitted value.
        """

    def is_needed_by(self, photograph: Maps) -> bool:
        """Whether a photograph, as it was turned and cropped, should have this tool first, with default parameters."""
        return False

    def tiles(self, subject: Maps, parameters: Any, inputs: Inputs, context: Context) -> Iterator[Tile]:
        """The result of `apply` in parts (top, left, maps), at positions in pixels, for results larger than the memory.

        Only tools with `SizeParameters` can override this. Parts cover the result once, in strips from the top; all
        parts of a strip have the same height. Every part has the same maps, and the `width_m` and `height_range_m` of
        the whole. Load models before the first part: files begin with the recipe, which names the models.
        """
        raise NotImplementedError


class Generator(Tool):
    """Makes textures, from a source or without one."""

    kind = "generator"
    group = "Make"


class Stylizer(Tool):
    """Repaints its subject in another style."""

    kind = "stylizer"
    group = "Style"
    task = "stylize"
    needs = ("base_color",)


class Estimator(Tool):
    """Estimates maps that its subject lacks."""

    kind = "estimator"
    group = "Maps"
    task = "maps"
    needs = ("base_color",)


class Filter(Tool):
    """Changes its subject: its colours, detail or size."""

    kind = "filter"
    group = "Finish"


class Trainer(Tool):
    """Trains a model on data. may_use_ranks: whether steps may spread their batch over several processes (ranks)."""

    may_use_ranks: ClassVar[bool] = False

    kind = "trainer"
    group = "Train"
    task = "train"


TASKS = (
    "seamless",  # make a picture seamless
    "generate",  # make a material with a trained model
    "maps",  # estimate missing maps of a picture
    "stereo",  # measure maps from photographs under several lights, by the parameters lights, clock, light_elevation
    "stylize",  # repaint a picture in the style of others
    "train",  # train a model
    "prepare",  # rotate, crop and scale a source for another tool
    "straighten",  # straighten a plane that was photographed at an angle, by four points
    "scale",  # measure the real-world width of a picture, by two points and the length between them
    "fill",  # fill the input `mask`, in colours of the input `islands`, across borders if the parameter wraps is "yes"
    "landmarks",  # find blemishes and landmarks, as a mask
    "mend",  # repair the seams of a seamless texture
    "extend",  # extend a picture, by the parameters left, right, top and bottom with the unit "pixels"
    "endless",  # make an unpatterned material without repeats, by cell_size, sharpness, layout and pattern
)
"""Tasks with an action, a button or a panel in hosts. Hosts know no tool by its name."""


def validate(tool: Tool, values: Mapping[str, Any]) -> Parameters:
    """Parameters with these values, and defaults for the rest. Raise ParameterError if a name or a value is wrong."""
    try:
        return tool.parameters.model_validate(tool.parameters.of_earlier(dict(values)))
    except ValidationError as error:
        first = error.errors()[0]
        name = _name_at(tool, first["loc"]) or "parameters"
        if first["type"] == "extra_forbidden":
            remedy = choices(name, tool.parameters.model_fields, f"`impasto tools {tool.name}`")
            raise ParameterError("{} has no parameter {}", remedy, tool.name, excerpt(name)) from error
        reason = first["msg"][0].lower() + first["msg"][1:]
        message = Message("{}: {} got {}: {}", tool.name, name, excerpt(first["input"]), reason)
        raise ParameterError(message, "see `impasto tools {}`", tool.name) from error


def _name_at(tool: Tool, place: Sequence[int | str]) -> str:
    """Name of the location of a pydantic error: a parameter, or a component such as `top_left X` or `color red`."""
    if len(place) == 2 and isinstance(index := place[1], int):
        schema = properties_of(tool.parameters)[str(place[0])]
        titles = [component.get("title") for component in schema.get("prefixItems", ())]
        titles = ["red", "green", "blue"] if schema.get("format") == "color" else titles
        if index < len(titles) and titles[index]:
            return f"{place[0]} {titles[index]}"
    return ".".join(map(str, place))


def without_effect(tool: Tool, values: Mapping[str, Any]) -> list[str]:
    """Names of `values` that have no effect, because of the value of another parameter."""
    chosen, properties = validate(tool, values).model_dump(mode="json"), properties_of(tool.parameters)
    return [name for name in values if not schemas.holds(properties[name], chosen)]


def is_neutral(tool: Tool, parameters: Parameters) -> bool:
    """Whether the tool would leave its subject unchanged."""
    return bool(tool.neutral_at_zero) and not any(getattr(parameters, name) for name in tool.neutral_at_zero)


def makes_tiles(tool: Tool) -> bool:
    """Whether the tool can make its result in tiles."""
    return type(tool).tiles is not Tool.tiles


def describe(tool: Tool) -> ToolDescription:
    """Description of a tool, which is all that hosts see of it."""
    about: dict[str, Any] = {name: getattr(tool, name, None) for name in ToolDescription.__annotations__}
    about |= {
        "thumbnail": base64.b64encode(tool.thumbnail()).decode(),
        "needs": list(tool.needs),
        "needs_source": bool(tool.needs) or tool.needs_source,
        "weights": list(tool.weights),
        "inputs": [InputDescription(**vars(item)) for item in tool.inputs],  # type: ignore[typeddict-item]
        "makes_tiles": makes_tiles(tool),
        "parameters": schema_of(tool.parameters),
        "settings": tool.settings(),
    }
    return ToolDescription(**about)  # type: ignore[typeddict-item]


def by_group(tools: Iterable[Tool]) -> dict[str, list[Tool]]:
    """Tools by group, without empty groups: subgroups by their lowest rank, and in each the tools by rank and name."""
    listed = by_rank(tools)
    lowest: dict[tuple[str, str], int] = {}
    for tool in listed:
        lowest.setdefault((tool.group, tool.subgroup), tool.rank)
    listed.sort(key=lambda tool: (lowest[tool.group, tool.subgroup], tool.subgroup))
    found = {group: [tool for tool in listed if tool.group == group] for group in GROUPS}
    return {group: tools for group, tools in found.items() if tools}


def is_procedural(tool: Tool) -> bool:
    """Whether the tool makes a material from its parameters alone, without pictures or models."""
    return tool.kind == "generator" and not (tool.uses_subject or tool.inputs or model_parameter(tool))


def by_rank(tools: Iterable[Tool]) -> list[Tool]:
    """Tools by rank, then by name, as hosts list them."""
    return sorted(tools, key=lambda tool: (tool.rank, tool.name))
