"""Style transfer by nearest neighbours (NNST, Kolkin et al. 2022), coarse to fine.

Where we depart from the paper: cells hold what every pixel says, and the pixels; features' lengths count, not only
their angles, and so do their means and covariances; pieces that fit everywhere are held back; the picture is
recoloured, not centred, to be compared, and is compared to the end.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from math import ceil

import torch
from torch import Tensor
from torch.optim import Adam

from impasto.context import Context
from impasto.device import training_precision
from impasto.texture import Maps

from ..shared.architectures import load_encoder
from ..shared.color.regions import in_mixed_colors
from ..shared.optimise import Descent, Method
from ..shared.progress import Progress
from ..shared.resampling import as_image, resized
from ..shared.task import Task, scales
from . import pyramid
from .cells import ALIGNMENT_PX, TILE_PX, CellEncoder, aligned, unaligned
from .parameters import NeighboursParameters
from .targets import Targets

LEAST_PX, RATIO = 96, 2.0
"""Longer side of the first size, at least, and from one size to the next. From smaller ones forms do not come back."""
JOINT_SHARE = 0.2
"""Of the steps: those with one match for all layers. After them layers have their own ("feature splitting")."""
REFRESH_STEPS, LEAST_MATCHES = 20, 5
"""After so many steps, or this part of all, cells are laid elsewhere and matched anew: no lattice is left to see."""
RATE, LAST_SHARE = 2e-2, 0.02
"""The rate at the first step, and what is left of it at the last: a higher one leaves noise between pixels."""
EPSILON = 5e-2
"""Slopes are about 1 a pixel; what is far below it is rounding, and shall move nothing."""
METHOD = Method(
    partial(Adam, betas=(0.9, 0.99), eps=EPSILON),
    RATE,
    lambda done, count: 1 - (1 - LAST_SHARE) * done / count,
    bound="free",
)
LARGE_PX = 512
"""A picture with a longer side is looked at in tiles."""


def paint(task: Task, parameters: NeighboursParameters, context: Context, tile_px: int = TILE_PX) -> Tensor:
    """The task's picture, repainted: (1, 3, H, W). Large ones are looked at in tiles of `tile_px` a side."""
    name = "" if parameters.backbone == "auto" else parameters.backbone
    encoder = load_encoder(name, context, task.seamless)
    quick = encoder.to(getattr(torch, training_precision(context.device)))
    sizes = scales(task, LEAST_PX, RATIO)
    progress = Progress(context, [parameters.steps * size**2 for size in sizes])
    x = task.start
    for size in sizes:
        progress.begin(f"Painting at {size} px")
        scaled = task.scaled(size)
        x = resized(x, scaled.picture.shape[2:], task.seamless)
        is_first = size == sizes[0] and task.start_px == 0
        # Rounding differs between tiles: only what is one tile is seen in less than full precision.
        is_one = size <= LARGE_PX
        cells = CellEncoder(quick if is_one else encoder, LARGE_PX + 2 * ALIGNMENT_PX if is_one else tile_px)
        x = _paint_at_size(x, scaled, cells, is_first, parameters, progress)
        context.preview(Maps.from_arrays({"base_color": as_image(x)}))
        if context.is_stopped():
            break
    return resized(x, task.picture.shape[2:], task.seamless)


def _paint_at_size(
    x: Tensor, task: Task, encoder: CellEncoder, is_first: bool, parameters: NeighboursParameters, progress: Progress
) -> Tensor:
    """Paint over x (1, 3, H, W): by one match for all layers, then by one for those of each stride.

    Matched is what is painted by then, mixed with the picture: halves of both with the usual preservation.
    """
    usual = parameters.preservation / (parameters.preservation + 1)
    preservation = 1.0 if is_first else usual
    task = _aligned(task)
    targets = Targets(task, encoder, parameters, progress)
    start = in_mixed_colors(aligned(x, task.seamless), task)
    work = max(x.shape[2:]) ** 2

    def watch(loss: float) -> bool:
        progress.advance(work, ", in smaller steps" if descent.falls else "")
        return not progress.context.is_stopped()

    descent = Descent(
        start,
        METHOD,
        parameters.steps,
        watch,
        partial(pyramid.split, seamless=task.seamless),
        partial(pyramid.join, seamless=task.seamless),
    )
    count, is_going_on = min(REFRESH_STEPS, ceil(parameters.steps / LEAST_MATCHES)), True
    while is_going_on:
        is_split = descent.done >= JOINT_SHARE * parameters.steps
        down, right = progress.context.rng.integers(0, ALIGNMENT_PX, 2).tolist()
        targets.match(descent.picture, preservation, (down, right), is_split)
        is_going_on = descent.run(targets, count)
        preservation = usual
    painted = in_mixed_colors(descent.picture.clamp(0, 1), task)
    return unaligned(painted, x.shape[2:], task.seamless)


def _aligned(task: Task) -> Task:
    """The task with sides that are whole cells of the coarsest layer; its start is not needed any more."""
    regions = tuple(
        region if region.mask is None else replace(region, mask=aligned(region.mask, task.seamless))
        for region in task.regions
    )
    picture = aligned(task.picture, task.seamless)
    return replace(task, picture=picture, sources=(picture, *task.sources[1:]), regions=regions)
