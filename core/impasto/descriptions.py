"""Descriptions of an engine and its tools, which are all that hosts see of them.

The wire and the cache of Blender's panels are checked against these types, `--json` prints them, and the reference of
the command is generated from them. Standard library only: Blender imports this too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, NotRequired, TypedDict

from .system.typed_json import Count

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
"""Groups of tools, and their purposes. A tool names its group, `group = "Repair"`; each kind of tool has a default."""
Subject = Literal["text", "picture"]
"""Subjects for which matchers find a recipe."""
MESH = "mesh"
"""Kind and name of the input with the mesh that the subject lies on. It is for all steps, and no step names it."""
DIRECTIONS = "directions"
"""Name of the input with an image of directions on the mesh."""
PREPARE = "prepare"
"""Task of the tool that prepares a source, as a recipe's first step."""
FROM_PHOTOGRAPHS = ("seamless", "maps")
"""Tasks of tools whose source is most often a photograph."""


class InputDescription(TypedDict):
    """An input of a tool besides its subject."""

    name: Annotated[str, "its name in a recipe's step"]
    description: Annotated[str, "what it is for"]
    required: Annotated[bool, "whether the tool needs it"]
    kind: Annotated[str, "maps, dataset or mesh"]
    many: Annotated[bool, "whether it takes a list"]
    for_each: Annotated[str, "another input that takes a list: this one takes at most one value for each of its values"]
    least: Annotated[Count, "fewest values of an input that takes a list"]
    on_subject: Annotated[bool, "whether it has the layout of the subject, as a mask has"]


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
    kind: Annotated[str, "generator, stylizer, estimator, filter, trainer or group"]
    label: Annotated[str, "as in Blender"]
    description: Annotated[str, "what it does"]
    rank: Annotated[Count, "position among tools of its kind; teaching tools have 90 or more"]
    task: Annotated[str, "action or panel that uses the tool of the lowest rank unless another is chosen"]
    preview_px: Annotated[Count, "longer side of the quick previews of a stylizer; 0: it is too slow for them"]
    group: Annotated[str, "what it is for: the heading under which it is listed"]
    subgroup: Annotated[str, "heading within the group; may be empty"]
    thumbnail: Annotated[str, "small picture of what it makes: JPEG in base64"]
    needs: Annotated[list[str], "maps that its subject must have"]
    needs_source: Annotated[bool, "whether it needs a source"]
    uses_subject: Annotated[bool, "whether it uses more than the size of its subject"]
    weights: Annotated[list[str], "published weights that it can use"]
    inputs: Annotated[list[InputDescription], "inputs besides the subject"]
    makes_tiles: Annotated[bool, "whether its result may exceed the memory"]
    makes_all_maps: Annotated[bool, "whether it makes all maps that an estimator could add"]
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
    """A model as hosts list it. report, exemplar: names of files beside it."""

    name: str
    label: str
    tool: str
    material: str
    classes: list[str]
    maps: list[str]
    sliders: list[SliderDescription]
    bundled: bool
    report: str
    exemplar: str
    bytes: Count
    licence: str
    thumbnail: str


class DamagedDescription(TypedDict):
    """A file in the library that is not a usable model."""

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
    """The models of a library, and its unusable files."""

    models: list[ModelDescription]
    damaged_models: list[DamagedDescription]


class EngineDescription(LibraryDescription):
    """Everything that an engine offers."""

    version: str
    python: str
    tools: list[ToolDescription]
    matchers: list[MatcherDescription]
    weights: list[WeightsDescription]
    formats: list[FormatDescription]
    plugins: list[PluginDescription]
