"""A recipe at the size of a preview: smaller inputs, and parameters in pixels that are scaled with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ..context import Context
from ..parameters import Parameters, properties_of
from ..surface.resizing import maps_at_most
from ..texture import Maps
from ..tools import Result, SizeParameters, Tool, is_procedural
from .cache import StepCache, shrunk
from .inputs import RecipeInput, subject_of
from .steps import Apply, ReadyStep

LEAST_PX = 64
"""Shorter side to which inputs are shrunk at most. Smaller ones would not be recognisable."""
PIXELS = "_px"
"""Ending of the names of parameters that are lengths in pixels."""


def at_preview_size(
    tools: Sequence[Tool],
    parameters: Sequence[Parameters],
    inputs: Mapping[str, RecipeInput],
    longest_px: int,
    cache: StepCache | None = None,
) -> tuple[list[Parameters], dict[str, RecipeInput]]:
    """Parameters and inputs for a result whose longer side is about longest_px, or unchanged if it is smaller.

    A generator that makes pictures from a model alone keeps its size, since another size would be another picture. It
    follows `Context.enough_px` instead.
    """
    subject = subject_of(inputs)
    if not subject and isinstance(first := parameters[0], SizeParameters):  # what 0 stands for is not scaled
        height_px, width_px = first.size_from(None)
        said = first.model_copy(update={"height_px": height_px, "width_px": width_px})
        parameters = [said, *parameters[1:]]
    sizes = [one.size_px(subject) for one in parameters if isinstance(one, SizeParameters)]
    sizes = sizes or [subject.size_px if subject else (1, 1)]
    scale = min(1.0, longest_px / max(map(max, sizes)))
    small = {
        name: shrunk(input_, min(1.0, max(scale, LEAST_PX / min(input_.size_px))), cache)
        if isinstance(input_, Maps)
        else input_
        for name, input_ in inputs.items()
    }
    keep = [tool.kind == "generator" and not tool.uses_subject and not is_procedural(tool) for tool in tools]
    return [one if keeps else _scaled(one, scale) for keeps, one in zip(keep, parameters, strict=True)], small


def at_most(apply: Apply, longest_px: int | None) -> Apply:
    """A step whose result is shrunk to a longer side of at most longest_px; unchanged if that is None."""
    if longest_px is None:
        return apply

    def apply_small(step: ReadyStep, subject: Maps, context: Context) -> Result:
        result = apply(step, subject, context)
        if not result.maps:
            return result
        return replace(result, maps=maps_at_most(result.maps, longest_px))

    return apply_small


def _scaled(parameters: Parameters, scale: float) -> Parameters:
    """The parameters, with lengths in pixels scaled within their limits. 0 stays: it stands for another size."""
    changed: dict[str, Any] = {}
    for name, schema in properties_of(type(parameters)).items():
        value = getattr(parameters, name)
        if name.endswith(PIXELS) and isinstance(value, int | float) and value > 0 and scale < 1:
            scaled = max(value * scale, schema.get("minimum", 0))
            changed[name] = max(1, round(scaled)) if schema["type"] == "integer" else scaled
    return parameters.model_copy(update=changed)
