"""The parts of its inputs' files that a recipe takes: the map, the size that its result shows, values above 1."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..descriptions import MESH
from ..errors import ParameterError
from ..io.reduction import ALL, Wanted, reduced
from ..plugins.registry import registry
from ..recipe import Recipe, Step, begin_on_source
from ..texture import Maps
from ..tools import SizeParameters, Tool, validate
from .inputs import SOURCE, RecipeInput, needed_alone

SHOWN = 4
"""Pixels of a photograph for each pixel of its result: twice as many along each side."""
LONGEST = "longest_px"
"""Parameter of stylizers, with the longer side of the result."""


def wanted_by(recipe: Recipe, name: str = SOURCE, *, has_mesh: bool = False) -> Wanted:
    """The parts of an input's file that a recipe takes; all as colour, if the recipe cannot be run."""
    known = registry().tools
    steps = recipe.active_steps
    if not steps or any(step.tool not in known for step in steps):
        return ALL
    tools = [known[step.tool] for step in steps]
    try:
        enough = enough_px(steps, tools, [validate(tools[0], steps[0].parameters)], has_mesh)
    except ParameterError:  # told when it is run
        enough = {}
    alone_as = needed_alone(tools) if name == SOURCE else "base_color"
    return Wanted(alone_as, enough.get(name, 0), all(tool.takes_light for tool in tools))


def enough_px(
    steps: Sequence[Step], tools: Sequence[Tool], parameters: Sequence[Any], has_mesh: bool
) -> Mapping[str, int]:
    """Numbers of pixels that are enough of photographs, by the names of inputs whose scale is not that of others."""
    (step, *_), (tool, *_), (values, *_) = steps, tools, parameters
    if begin_on_source(steps) or has_mesh or tool.kind not in ("generator", "stylizer") or not tool.uses_subject:
        return {}
    if isinstance(values, SizeParameters):
        shown_px = values.width_px * values.height_px
        if any(item.takes_many and step.names_of(item.name) for item in tool.inputs):
            shown_px = 0  # others have its scale
    else:
        shown_px = getattr(values, LONGEST, 0) ** 2
    styles = [name for item in tool.inputs if not item.on_subject for name in step.names_of(item.name)]
    found = {name: tool.photograph_px for name in styles if name} if tool.kind == "stylizer" else {}
    return found | ({SOURCE: max(tool.photograph_px, SHOWN * shown_px)} if shown_px else {})


def at_wanted_size(
    inputs: Mapping[str, RecipeInput], steps: Sequence[Step], tools: Sequence[Tool], parameters: Sequence[Any]
) -> dict[str, RecipeInput]:
    """The inputs, of which photographs that were given larger than the result shows are reduced."""
    enough = enough_px(steps, tools, parameters, MESH in inputs)
    return {
        name: reduced(given, enough[name]) if name in enough and isinstance(given, Maps) and not given.sheet else given
        for name, given in inputs.items()
    }
