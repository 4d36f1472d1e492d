"""Crumpled sheets: facets between sharp folds, as of paper and foil."""

from __future__ import annotations

from torch import Tensor

from .canvas import Canvas

LEVELS = 4
"""Sizes of folds, each half as large as the one before."""


def crumple(canvas: Canvas, name: str, size_m: float) -> tuple[Tensor, Tensor]:
    """Height (H, W) of a crumpled sheet, in sizes of its facets, with mean 0; and closeness to a fold, 0 to 1.

    Each facet is a pyramid, up or down, so that facets meet at folds; pyramids of several sizes add up.
    """
    height = near = canvas.x_m.new_zeros(canvas.size_px)
    for level in range(LEVELS):
        size = size_m / 2**level
        warp = canvas.sway(f"{name} bend {level}", 0.12 * size, size, 2)
        facets = canvas.cells(f"{name} {level}", size, jitter=0.75, warp=warp)
        side = 3.2 * (canvas.of_each(f"{name} side {level}", facets.number) - 0.5)
        height = height + 0.7**level * side * canvas.blur(facets.to_border_m, 0.03 * size) / size_m
        fold = (1 - facets.to_border_m / (0.05 * size)).clamp_min(0)
        near = near.maximum(0.8**level * fold)
    return height - height.mean(), near
