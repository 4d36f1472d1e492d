"""The fold over the steps of a recipe: each step gets the whole result of the one before.

Functions with one signature, `Apply -> Apply`, surround each tool, one in each file. They check its result (`steps`),
shrink it for a preview (`preview_size`), cache it (`cache`: before and after its mask, so that a changed mask does not
run the tool again), mask it (`masks`), and move it from a mesh's canvas to its texture (`unfolding`). After a step that
covers a mesh, steps work across its seams, and on the sheet of all its UDIM tiles (`tiled`). The steps of a group are
folded like all others. The step that ends the group then blends their result with the subject from before the group.
"""

from __future__ import annotations

from dataclasses import replace

from ..context import Context
from ..texture import Maps
from ..tools import Result
from .cache import StepCache, remembered, step_key
from .masks import blended
from .preview_size import at_most
from .steps import ReadyStep, checked, part_of_progress
from .tiled import on_own_tiles, on_tiles_of_cover
from .unfolding import Unfolding, takes_mesh


def fold(
    steps: list[ReadyStep],
    subject: Maps,
    context: Context,
    cache: StepCache | None = None,
    preview_px: int | None = None,
) -> Result:
    """The result of the steps, each applied to the whole result of the previous one."""
    surface, result, before, below = Unfolding(), Result(subject), None, subject
    members: tuple[ReadyStep, ...] = ()
    whole = remembered(at_most(checked, preview_px), cache)
    masked = remembered(blended(whole, preview_px), cache)
    covers = [index for index, step in enumerate(steps) if step.tool.kind == "generator" and takes_mesh(step.tool)]
    is_tiled = context.sheet is not None
    for index in range(len(steps)):
        if index in covers and not context.sheet:
            steps, context = on_tiles_of_cover(steps, index, result.maps, context)
        step, others = steps[index], steps[index + 1 :]
        group_mask = next((one.mask for one in steps[index:] if not one.in_group), None)
        if group_mask and step.in_group and not members:
            below = surface.on_texture(result.maps)
            result = replace(result, maps=below)
        elif members and not step.in_group:
            step = replace(step, members=members, below=below)
        own = replace(context, on_progress=part_of_progress(context.on_progress, index, len(steps)))
        if (not preview_px and not all(map(_fits_any_size, others))) or step.mask or group_mask:
            own = replace(own, enough_px=None)  # later steps, or the mask, may measure in pixels
        if cache and context.mesh is None:
            step = replace(step, key=step_key(before, step, result.maps, own, preview_px))
        if index < max(covers, default=0):  # the picture is flat until the step that covers the mesh
            own = replace(own, mesh=None)
        own.progress(0.0, step.tool.label)
        apply = surface.around(masked if step.mask else whole)
        result = _joined(result, apply(step, result.maps, own))
        before, members = step, (*members, step) if group_mask and step.in_group else ()
        own.progress(1.0, step.tool.label)
        if others and result.maps:
            own.preview(result.maps)
    maps = surface.on_texture(result.maps)
    return replace(result, maps=on_own_tiles(maps, context.sheet) if context.sheet and not is_tiled else maps)


def _fits_any_size(step: ReadyStep) -> bool:
    """Whether the step does the same to its subject at any resolution."""
    return step.tool.is_pointwise or step.tool.kind == "estimator"


def _joined(before: Result, after: Result) -> Result:
    """The later result, with the models, figures, times and decisions of both."""
    added = {name: getattr(before, name) + getattr(after, name) for name in ("models", "seconds", "reused", "decided")}
    return replace(after, figures={**before.figures, **after.figures}, **added)
