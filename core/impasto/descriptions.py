"""Descriptions of an engine and its tools, the only thing that hosts see of them, and the checks of a tool's.

Declared once for all: the wire and the cache of Blender's panels are checked against them, `--json` prints them, and
the reference of the command is made from them. Standard library only: Blender imports this too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from typing import Annotated, Any, Literal, NotRequired, TypedDict

from .errors import PluginError
from .schemas import check_conditions, check_parameter, model_parameter
from .system.typed_json import Count
from .system.untrusted import excerpt

GROUPS: Mapping[str, str] = {
    "Prepare": "get a photograph ready",
    "Make": "make a material",
    "Repair": "remove what is wrong, and go on beyond the borders",
    "Maps": "estimate, measure and convert maps",
    "Finish": "change colours and detail",
    "Age": "wear, soil and cover a material",
    "Style": "repaint",
    "Shape": "fit textures to shapes and to other programs",
    "Train": "make models",
}
"""The groups, and what each is for. A tool names its own: `group = "Repair"`; each kind of tool has a default."""
Subject = Literal["text", "picture"]
"""Subjects of matchers, for which they find a recipe."""
KINDS = ("generator", "stylizer", "estimator", "filter", "trainer")
INPUT_KINDS = ("maps", "dataset", "mesh")
MESH = "mesh"
DIRECTIONS = "directions"
"""Name of the input with an image of directions on the mesh."""
"""Kind and name of the input that is the surface which the subject lies on. A recipe has one, and no step names it."""
OF_MODEL = ("class", "sliders")
"""Formats of parameters that belong to the chosen model."""
LONGEST_NAME = 48
"""Most bytes of a name: Blender's properties have at most 63, prefixes included."""


class InputDescription(TypedDict):
    """An input of a tool besides its subject."""

    name: Annotated[str, "its name in a recipe's step"]
    description: Annotated[str, "what it is for"]
    required: Annotated[bool, "whether the tool needs it"]
    kind: Annotated[str, "maps, dataset or mesh"]
    many: Annotated[bool, "whether it takes a list"]
    for_each: Annotated[str, "another input: this one takes at most one for each of that's values"]
    least: Annotated[Count, "fewest values of one that takes a list"]
    on_subject: Annotated[bool, "whether it lies on the subject, as a mask does"]


class ParametersDescription(TypedDict):
    """JSON Schema of a tool's parameters."""

    properties: NotRequired[dict[str, dict[str, Any]]]


class SettingsDescription(TypedDict):
    """Values of some of a tool's parameters under a name."""

    name: Annotated[str, "as in `--settings NAME`"]
    about: Annotated[str, "what they are for"]
    values: Annotated[dict[str, Any], "values by parameter"]


class ToolDescription(TypedDict):
    """Everything known about a tool."""

    name: Annotated[str, "as in recipes and options"]
    kind: Annotated[str, "generator, stylizer, estimator, filter or trainer"]
    label: Annotated[str, "as in Blender"]
    description: Annotated[str, "what it does"]
    rank: Annotated[Count, "position among tools of its kind; teaching tools have 90 or more"]
    task: Annotated[str, "action or panel that uses the tool of the lowest rank unless another is chosen"]
    preview_px: Annotated[Count, "longer side of the previews that a stylizer makes in a moment; 0: it is slow"]
    group: Annotated[str, "what it is for: the heading under which it is listed"]
    subgroup: Annotated[str, "heading within the group; may be empty"]
    thumbnail: Annotated[str, "small picture of what it makes: JPEG in base64"]
    needs: Annotated[list[str], "maps that its subject must have"]
    needs_source: Annotated[bool, "whether it needs a source"]
    uses_subject: Annotated[bool, "whether it uses more of its subject than the size"]
    weights: Annotated[list[str], "published weights that it can use"]
    inputs: Annotated[list[InputDescription], "inputs besides the subject"]
    makes_tiles: Annotated[bool, "whether its result may be larger than memory"]
    makes_all_maps: Annotated[bool, "whether no estimator adds a map to its result"]
    parameters: Annotated[ParametersDescription, "JSON Schema of its parameters"]
    settings: Annotated[list[SettingsDescription], "its named settings"]


class MatcherDescription(TypedDict):
    """Everything known about a matcher."""

    name: str
    label: str
    description: str
    subject: Subject
    example: str
    can_edit: bool
    varies: bool
    rank: Count
    suggestions: list[str]


class SliderDescription(TypedDict):
    """A slider of a model, as a host draws it."""

    name: str
    label: str
    description: str
    low: float
    high: float
    default: float


class ModelDescription(TypedDict):
    """A model as hosts list it. report, exemplar: files beside it."""

    name: str
    label: str
    tool: str
    material: str
    classes: list[str]
    maps: list[str]
    sliders: list[SliderDescription]
    shipped: bool
    report: str
    exemplar: str
    bytes: Count
    licence: str
    thumbnail: str


class DamagedDescription(TypedDict):
    """A file in the library that is no model."""

    name: str
    error: str
    remedy: str


class WeightsDescription(TypedDict):
    """Published weights, as `weights list` prints them."""

    name: Annotated[str, "as in `weights download NAME`"]
    label: Annotated[str, "as in Blender"]
    description: Annotated[str, "what they are"]
    licence: Annotated[str, "their licence"]
    page: Annotated[str, "where their authors describe them"]
    bytes: Annotated[Count, "size of the download"]
    downloadable: Annotated[bool, "whether `weights download` can fetch them"]
    installed: Annotated[bool, "whether they are installed here"]
    as_published: Annotated[bool | None, "whether the installed file is the published one; null if unknown"]
    error: Annotated[str, "what is wrong with the installed file"]
    how_to_get: Annotated[str, "how to get them if they are not installed"]


class FormatDescription(TypedDict):
    """A file format that maps can be written in."""

    name: str
    label: str


class PluginDescription(TypedDict):
    """A plugin as it was found."""

    name: Annotated[str, "its entry point"]
    distribution: Annotated[str, "the package"]
    version: Annotated[str, "the package's version"]
    error: Annotated[str, "why it could not be loaded; empty if it works"]
    remedy: Annotated[str, "remedy, such as a command to run"]


class LibraryDescription(TypedDict):
    """The models of a library, and the files in it that are none."""

    models: list[ModelDescription]
    damaged_models: list[DamagedDescription]


class EngineDescription(LibraryDescription):
    """All that an engine offers."""

    version: str
    python: str
    tools: list[ToolDescription]
    matchers: list[MatcherDescription]
    weights: list[WeightsDescription]
    formats: list[FormatDescription]
    plugins: list[PluginDescription]


def check_description(tool: ToolDescription) -> None:
    """Raise PluginError if a host could not list a tool by its description, or draw its inputs and parameters."""
    name, parameters = tool["name"], tool["parameters"].get("properties", {})
    check_name("tool", name)
    if tool["kind"] not in KINDS:
        raise PluginError(f"{name} has the kind {excerpt(tool['kind'])}", f"derive it from one of {', '.join(KINDS)}")
    if tool["group"] not in GROUPS:
        raise PluginError(
            f"{name} has the group {excerpt(tool['group'])}", f"use one of {', '.join(GROUPS)}, or leave it out"
        )
    many = [item["name"] for item in tool["inputs"] if item["many"]]
    for item in tool["inputs"]:
        _check_identifier(name, item["name"])
        _check_input(name, item, many)
    runs_model = model_parameter(parameters) is not None
    for parameter, schema in parameters.items():
        _check_identifier(name, parameter)
        where = f"{name}: parameter {parameter}"
        check_parameter(where, schema)
        check_conditions(where, parameter, parameters)
        if "for_each" in schema:
            _check_is_for_many(name, parameter, schema["for_each"], many)
        if schema.get("format") in OF_MODEL and not runs_model:
            raise PluginError(f"{name}: {parameter} is of a model, and the tool runs none", "add a model_field()")
    _check_text(tool)


def check_name(kind: str, name: str) -> None:
    """Raise PluginError unless the name of a tool or the like can be a command's argument and a host's property."""
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", name) or len(name) > LONGEST_NAME:
        raise PluginError(f"the {kind} name {excerpt(name)} is not lower-case words joined by hyphens", "rename it")


def _check_identifier(tool: str, name: str) -> None:
    """Raise PluginError unless an input or a parameter has a name that hosts can use for a property."""
    if not name.isidentifier() or name.startswith("_") or len(name.encode()) > LONGEST_NAME:
        raise PluginError(
            f"{tool} has a parameter or an input called {excerpt(name)}",
            f"use words joined by _, of at most {LONGEST_NAME} letters",
        )


def _check_input(tool: str, item: InputDescription, many: Collection[str]) -> None:
    name, is_many, needed = item["name"], item["many"], item["required"]
    if item["kind"] not in INPUT_KINDS:
        message = f"{tool}'s input {name} has the kind {excerpt(item['kind'])}"
        raise PluginError(message, f"use one of {', '.join(INPUT_KINDS)}")
    if (item["kind"] == MESH) != (name == MESH):
        message = f"{tool}'s input {name} is of the kind {item['kind']}: a mesh has the name {MESH}, and nothing else"
        raise PluginError(message, 'declare Input("mesh", …, kind="mesh")')
    if (is_many or item["for_each"]) and item["kind"] != "maps":
        raise PluginError(f"{tool}'s input {name} takes many, but is no picture", f"declare one {item['kind']}")
    if item["least"] > 1 and not (is_many and needed):
        raise PluginError(f"{tool}: {name} needs {item['least']} values", "say many=True, required=True")
    if item["for_each"]:
        if is_many or needed:
            raise PluginError(f"{tool}: {name} is for each {item['for_each']}", "say required=False, many=False")
        _check_is_for_many(tool, name, item["for_each"], many)


def _check_is_for_many(tool: str, name: str, other: str, many: Collection[str]) -> None:
    """Raise PluginError unless `other`, for each value of which an input or a parameter is, takes many values."""
    if other not in many:
        raise PluginError(f"{tool}: {name} is for each {excerpt(other)}", "name an input that takes many")


def _check_text(tool: ToolDescription) -> None:
    """Raise PluginError for texts with characters that hosts cannot show: null, and halves of surrogates."""
    text = json.dumps(tool, ensure_ascii=False)
    if r"\u0000" in text or re.search("[\ud800-\udfff]", text):
        raise PluginError(f"{tool['name']} has a null character or half a character in a text", "leave it out")
