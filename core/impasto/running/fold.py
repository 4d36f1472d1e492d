"""The fold over the steps of a recipe: each step gets the whole result of the one before.

Around each tool stand functions of one signature, `Apply -> Apply`, a file each: its result is checked (`steps`), made
smaller for a preview (`preview_size`), kept (`kept`: before its mask and after it, so that a changed mask does not run
the tool again), masked (`masks`), and brought from a mesh's canvas to its texture (`unfolding`). From the step on that
covers a mesh, the steps work across its seams, and on the sheet of all its tiles (`tiled`). The steps of a group are
folded as all others; the step that ends it then blends what they have made with what was there before them.
"""

from __future__ import annotations

from dataclasses import replace

from ..context import Context
from ..texture import Maps
from ..tools import Result
from .kept import KeptSteps, chained, remembered
from .masks import blended
from .preview_size import at_most
from .steps import ReadyStep, checked
from .tiled import on_own_tiles, on_tiles_of_cover, part_of_progress
from .unfolding import Unfolding, takes_mesh


def fold(
    steps: list[ReadyStep],
    subject: Maps,
    context: Context,
    kept: KeptSteps | None = None,
    preview_px: int | None = None,
) -> Result:
    """The result of the steps in turn, each applied to the whole result of the previous one."""
    surface, result, before, below = Unfolding(), Result(subject), None, subject
    members: tuple[ReadyStep, ...] = ()
    whole = remembered(at_most(checked, preview_px), kept)
    masked = remembered(blended(whole), kept)
    covers = [index for index, step in enumerate(steps) if step.tool.kind == "generator" and takes_mesh(step.tool)]
    is_tiled = context.sheet is not None
    for index in range(len(steps)):
        if index in covers and not context.sheet:
            steps, context = on_tiles_of_cover(steps, index, result.maps, context)
        step, others = steps[index], steps[index + 1 :]
        mask_of_all = next((one.mask for one in steps[index:] if not one.in_group), None)
        if mask_of_all and step.in_group and not members:
            below = surface.on_texture(result.maps)
            result = replace(result, maps=below)
        elif members and not step.in_group:
            step = replace(step, members=members, below=below)
        own = replace(context, on_progress=part_of_progress(context.on_progress, index, len(steps)))
        if (not preview_px and not all(map(_fits_any_size, others))) or step.mask or mask_of_all:
            own = replace(own, enough_px=None)  # later steps, or the mask, may have lengths in pixels
        if kept and context.mesh is None:
            step = replace(step, key=chained(before, step, result.maps, own, preview_px))
        if index < max(covers, default=0):  # a later step covers the mesh, and its picture is flat until then
            own = replace(own, mesh=None)
        own.progress(0.0, step.tool.label)
        apply = surface.around(masked if step.mask else whole)
        result = _joined(result, apply(step, result.maps, own))
        before, members = step, (*members, step) if mask_of_all and step.in_group else ()
        own.progress(1.0, step.tool.label)
        if others and result.maps:
            own.preview(result.maps)
    maps = surface.on_texture(result.maps)
    return replace(result, maps=on_own_tiles(maps, context.sheet) if context.sheet and not is_tiled else maps)


def _fits_any_size(step: ReadyStep) -> bool:
    """Whether the step does the same to its subject at a lower resolution."""
    return step.tool.is_pointwise or step.tool.kind == "estimator"


def _joined(before: Result, after: Result) -> Result:
    """The later result, with what both say of their steps."""
    added = {name: getattr(before, name) + getattr(after, name) for name in ("models", "seconds", "reused", "decided")}
    return replace(after, figures={**before.figures, **after.figures}, **added)
