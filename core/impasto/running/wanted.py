"""Needs of a recipe for its input files: which map, at which size, and whether values above 1."""

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
"""Number of pixels of a photograph that are enough for each pixel of its result: two along each side."""
LONGEST = "longest_px"
"""Parameter of stylizers: the longer side of the result."""


def wanted_by(recipe: Recipe, name: str = SOURCE, *, has_mesh: bool = False) -> Wanted:
    """Part of an input's file that a recipe needs. If the recipe cannot be run: all of it, as colour."""
    known = registry().tools
    steps = recipe.active_steps
    if not steps or any(step.tool not in known for step in steps):
        return ALL
    tools = [known[step.tool] for step in steps]
    try:
        enough = enough_px(steps, tools, [validate(tools[0], steps[0].parameters)], has_mesh)
    except ParameterError:  # reported when the recipe runs
        enough = {}
    alone_as = needed_alone(tools) if name == SOURCE else "base_color"
    return Wanted(alone_as, enough.get(name, 0), all(tool.takes_light for tool in tools))


def enough_px(
    steps: Sequence[Step], tools: Sequence[Tool], parameters: Sequence[Any], has_mesh: bool
) -> Mapping[str, int]:
    """Numbers of pixels that are enough, by input, for photographs whose scale no other input shares."""
    (step, *_), (tool, *_), (values, *_) = steps, tools, parameters
    if begin_on_source(steps) or has_mesh or tool.kind not in ("generator", "stylizer") or not tool.uses_subject:
        return {}
    if isinstance(values, SizeParameters):
        has_others_of_its_scale = any(item.takes_many and step.names_of(item.name) for item in tool.inputs)
        shown_px = 0 if has_others_of_its_scale else values.width_px * values.height_px
    else:
        shown_px = getattr(values, LONGEST, 0) ** 2
    styles = [name for item in tool.inputs if not item.on_subject for name in step.names_of(item.name)]
    found = {name: tool.photograph_px for name in styles if name} if tool.kind == "stylizer" else {}
    return found | ({SOURCE: max(tool.photograph_px, SHOWN * shown_px)} if shown_px else {})


def at_wanted_size(
    inputs: Mapping[str, RecipeInput], steps: Sequence[Step], tools: Sequence[Tool], parameters: Sequence[Any]
) -> dict[str, RecipeInput]:
    """The inputs, with photographs reduced that have more pixels than the result can show."""
    enough = enough_px(steps, tools, parameters, MESH in inputs)
    return {
        name: reduced(value, enough[name]) if name in enough and isinstance(value, Maps) and not value.sheet else value
        for name, value in inputs.items()
    }
