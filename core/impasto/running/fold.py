"""The fold over the steps of a recipe: each maps the whole result of the previous one to the next.

From the step on that covers a mesh, the steps work across its seams, and on the sheet of all its tiles.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ..atlas.mesh import Mesh
from ..context import Context
from ..descriptions import MESH
from ..texture import Maps
from ..tools import Result, SizeParameters
from .kept import Making
from .steps import ReadyStep
from .tiled import mesh_on, on_own_tiles, sheet_of_cover
from .unfolding import Unfolding, takes_mesh


def fold(steps: list[ReadyStep], subject: Maps, context: Context, making: Making | None = None) -> Result:
    """The result of the steps in turn, each applied to the whole result of the previous one."""
    result, making = Result(subject), making or Making()
    covers = [index for index, step in enumerate(steps) if step.tool.kind == "generator" and takes_mesh(step.tool)]
    surface: Unfolding | None = None
    is_tiled = context.sheet is not None
    for index in range(len(steps)):
        if index in covers and not context.sheet:
            steps, context = _on_tiles(steps, index, result.maps, context)
        step = steps[index]
        step_context = replace(context, on_progress=part_of_progress(context.on_progress, index, len(steps)))
        others = steps[index + 1 :]
        if (not making.preview_px and not all(map(_fits_any_size, others))) or step.mask:
            step_context = replace(step_context, enough_px=None)  # others may have parameters in pixels
        step_context.progress(0.0, step.tool.label)
        if context.mesh and index >= max(covers, default=0):  # what comes before is made to cover the mesh
            surface = surface or Unfolding(context.mesh, result.maps)
            result = replace(result, maps=surface.subject(step.tool, result.maps, step_context, step.mask is not None))
            image = step.image and surface.lying(step.image)
            step = replace(step, inputs=surface.inputs(step.tool, step.inputs), image=image)
            step_context = surface.context(step_context)
        result = _join(result, making.result(step, result.maps, step_context))
        step_context.progress(1.0, step.tool.label)
        if index < len(steps) - 1 and result.maps:
            step_context.preview(result.maps)
    result = replace(result, seconds=tuple(making.seconds), reused=tuple(making.reused))
    maps = surface.on_texture(result.maps) if surface else result.maps
    return replace(result, maps=on_own_tiles(maps, context.sheet) if context.sheet and not is_tiled else maps)


def _fits_any_size(step: ReadyStep) -> bool:
    """Whether the step does the same to its subject at a lower resolution."""
    return step.tool.is_pointwise or step.tool.kind == "estimator"


def _on_tiles(steps: list[ReadyStep], index: int, subject: Maps, context: Context) -> tuple[list[ReadyStep], Context]:
    """Steps and context of which those from a cover on are for the sheet of its tiles, if the mesh lies on several."""
    cover, mesh = steps[index], steps[index].inputs[MESH]
    assert isinstance(mesh, Mesh)
    if not isinstance(cover.parameters, SizeParameters):
        return steps, context
    sheet = sheet_of_cover(mesh, cover.parameters.size_px(subject))
    if sheet is None:
        return steps, context
    placed, (height, width) = mesh_on(sheet, mesh), sheet.size_px
    sized = cover.parameters.model_copy(update={"width_px": width, "height_px": height})
    others = [replace(step, inputs={**step.inputs, MESH: placed}) if MESH in step.inputs else step for step in steps]
    others[index] = replace(others[index], parameters=sized)
    context.note(f"its UVs lie on several tiles, each of which has a texture: {', '.join(map(str, sheet.numbers))}")
    return others, replace(context, mesh=placed if len(placed.seams[0]) else None, sheet=sheet)


def _join(before: Result, after: Result) -> Result:
    """The later result, with the models and figures of both."""
    return replace(after, models=before.models + after.models, figures={**before.figures, **after.figures})


def part_of_progress(on_progress: Callable[[float, str], None], index: int, count: int) -> Callable[[float, str], None]:
    """Progress of one of `count` equal parts of a run, told as the progress of the whole."""
    return lambda fraction, message: on_progress((index + fraction) / count, message)
