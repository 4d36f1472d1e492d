"""Super-resolution from a picture's own scales: filters learned from its half size to its size, then applied to it.

The local gradient's direction, strength and coherence choose a filter (RAISR, Romano et al. 2016), but all are learned
from the picture alone, since patches recur across its scales (Glasner et al. 2009).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, interpolate, pixel_shuffle, pixel_unshuffle

from impasto.numerics.borders import with_margin
from impasto.numerics.filters import angle, central_differences, eigenvalues

REACH_PX = 3
"""Radius of the filters."""
DIRECTIONS = 8
STRENGTHS = 3
COHERENT = 0.4
PRIOR = 200.0
"""Weight of the common filter in that of each kind of gradient, in average samples."""
RIDGE = 0.003
SAMPLES = 2**18
"""Most patches to learn from, or to filter at a time."""
SMALLEST_PX = 16
"""Smaller pictures have nothing to learn from."""


@dataclass(frozen=True)
class Filters:
    """Filters (kinds, side², 4) to the four pixels inside one, and the limits (2,) between strengths of gradients."""

    weights: Tensor
    limits: Tensor


def enlarge(x: Tensor, guide: Tensor, times: int, wraps: tuple[bool, bool], check: Callable[[], None]) -> Tensor:
    """x (C, H, W), `times` (2, 4, …) as large; guide: lightness (1, H, W), whose gradients choose the filters.

    What filters add shrinks with each doubling by the factor that fits best from a quarter to half the size. check:
    called often.
    """
    if min(x.shape[1:]) < SMALLEST_PX:
        while times > 1:
            x, times = double(x, wraps), times // 2
        return x
    half, half_guide = (avg_pool2d(_with_even_sides(y), 2) for y in (x, guide))
    filters = learn(x, guide, wraps, check)
    added = _residual(half, half_guide, learn(half, half_guide, wraps, check), wraps, check)
    missed = _with_even_sides(x) - double(half, wraps)
    gain = ((added * missed).sum() / added.square().sum().clamp_min(1e-12)).clamp(0, 1)
    share = gain
    while times > 1:
        x, guide, added = double(x, wraps), double(guide, wraps), _residual(x, guide, filters, wraps, check)
        x, share, times = x + share * added, share * gain, times // 2
    return x


def _with_even_sides(x: Tensor) -> Tensor:
    """x (C, H, W) without the last row or column if their number is odd."""
    return x[:, : x.shape[1] // 2 * 2, : x.shape[2] // 2 * 2]


def double(x: Tensor, wraps: tuple[bool, bool]) -> Tensor:
    """x (C, H, W), twice as large by bicubic interpolation."""
    around = with_margin(x, 3, wraps)[None]
    return interpolate(around, scale_factor=2, mode="bicubic", align_corners=False)[0, :, 6:-6, 6:-6]


def learn(x: Tensor, guide: Tensor, wraps: tuple[bool, bool], check: Callable[[], None]) -> Filters:
    """Filters from x (C, H, W) at half its size to the detail that bicubic interpolation misses."""
    x, guide = _with_even_sides(x), _with_even_sides(guide)
    small, small_guide = avg_pool2d(x, 2), avg_pool2d(guide, 2)
    limits = _gradients(small_guide, wraps)[1].quantile(torch.tensor([1 / 3, 2 / 3], device=x.device))
    kinds = _kinds(small_guide, limits, wraps).flatten()
    missed = pixel_unshuffle(x - double(small, wraps), 2).unflatten(0, (len(x), 4))  # (C, 4, h, w)
    missed = missed.movedim(1, 3).flatten(1, 2)  # (C, N, 4)
    count, side = DIRECTIONS * STRENGTHS * 2, (2 * REACH_PX + 1) ** 2
    A, B, step = x.new_zeros(count, side, side), x.new_zeros(count, side, 4), max(1, kinds.numel() // SAMPLES)
    for kind in range(count):
        check()
        chosen = (kinds == kind).nonzero()[::step, 0]
        P, M = _patches(small, wraps, chosen).flatten(0, 1), missed[:, chosen].flatten(0, 1)
        A[kind], B[kind] = P.T @ P, P.T @ M
    return Filters(_solve(A, B, len(x) * kinds.numel() // step), limits)


def _solve(A: Tensor, B: Tensor, samples: int) -> Tensor:
    """Least squares (kinds, side², 4) with a prior: the solution for all kinds together."""
    energy = A.sum(0).diagonal().mean() / samples
    I = torch.eye(A.shape[1], device=A.device)  # noqa: E741
    ridge = (RIDGE * samples * energy + 1e-9) * I
    whole = torch.linalg.solve(A.sum(0) + ridge, B.sum(0))
    return whole + torch.linalg.solve(A + (PRIOR * energy + 1e-9) * I, B - A @ whole)


def _residual(
    x: Tensor, guide: Tensor, filters: Filters, wraps: tuple[bool, bool], check: Callable[[], None]
) -> Tensor:
    """Detail (C, 2H, 2W) that bicubic interpolation misses of the double size of x (C, H, W)."""
    kinds = _kinds(guide, filters.limits, wraps).flatten()
    residual = x.new_zeros(len(x), kinds.numel(), 4)
    for kind, weights in enumerate(filters.weights):
        for chosen in (kinds == kind).nonzero()[:, 0].split(SAMPLES):
            check()
            residual[:, chosen] = _patches(x, wraps, chosen) @ weights
    return pixel_shuffle(residual.movedim(2, 1).unflatten(2, x.shape[1:]).flatten(0, 1), 2)


def _patches(x: Tensor, wraps: tuple[bool, bool], chosen: Tensor) -> Tensor:
    """Patches (C, N, side²) around the pixels of x (C, H, W) with these indices, less their centres."""
    side = 2 * REACH_PX + 1
    around = with_margin(x, REACH_PX, wraps)
    every = around.unfold(1, side, 1).unfold(2, side, 1)  # a view
    rows, columns = chosen // x.shape[2], chosen % x.shape[2]
    found = every[:, rows, columns].flatten(2)
    return found - found[..., side * side // 2, None]


def _gradients(guide: Tensor, wraps: tuple[bool, bool]) -> tuple[Tensor, Tensor, Tensor]:
    """Angle, in [0, π), strength and coherence, each (H, W), of the structure tensor of a guide (1, H, W)."""
    y, x = central_differences(with_margin(guide, 3, wraps)[0])
    tensor = avg_pool2d(torch.stack([x * x, y * y, x * y]), 5, 1)
    most, least = (value.clamp_min(0).sqrt() for value in eigenvalues(*tensor))
    return angle(*tensor).remainder(torch.pi), most, (most - least) / (most + least + 1e-6)


def _kinds(guide: Tensor, limits: Tensor, wraps: tuple[bool, bool]) -> Tensor:
    """Number (H, W) of the kind of gradient at each pixel of a guide (1, H, W)."""
    turned, strength, coherence = _gradients(guide, wraps)
    direction = (turned * DIRECTIONS / torch.pi).round().long() % DIRECTIONS
    return (direction * STRENGTHS + torch.bucketize(strength, limits)) * 2 + (coherence > COHERENT)
