"""Seamless joins: what fills a hole is shifted by a membrane that takes up the steps at its border and at cuts.

Poisson image editing (Pérez et al. 2003), solved for the correction, by multigrid.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, interpolate, pad

SWEEPS, CYCLES = 2, 4
OMEGA = 0.8
"""Damping of Jacobi's method that removes fine errors fastest."""
COARSEST_PX = 4
COARSEST_SWEEPS = 16


def membrane(inside: Tensor, divergence: Tensor, wraps: tuple[bool, bool], reach_px: float = math.inf) -> Tensor:
    """u (C, h, w) with u / reach_px² - laplacian(u) = divergence (C, h, w) where `inside` (h, w), and 0 elsewhere.

    reach_px: distance over which steps are taken up. wraps: whether the window is periodic (y, x); at the other borders
    of the window, the normal derivative is 0.
    """
    masks = [inside.to(divergence.dtype)[None, None]]
    while min(masks[-1].shape[2:]) > COARSEST_PX:
        masks.append((avg_pool2d(_even(masks[-1]), 2) > 0.99).to(divergence.dtype))
    u = torch.zeros_like(divergence)[None]
    for _ in range(CYCLES):
        u = _cycle(u, divergence[None], masks, _Operator(wraps, 1 / reach_px**2))
    return u[0]


@dataclass(frozen=True)
class _Operator:
    """screen - laplacian on a window."""

    wraps: tuple[bool, bool]
    screen: float

    def coarser(self) -> _Operator:
        """The operator on pixels of twice the width."""
        return replace(self, screen=4 * self.screen)

    def diagonal(self, u: Tensor) -> Tensor:
        """The diagonal (1, 1, h, w): numbers of the neighbours that exist, and the screen."""
        return _neighbours(torch.ones_like(u[:1, :1]), self.wraps).clamp(min=1) + self.screen

    def __call__(self, u: Tensor) -> Tensor:
        return self.diagonal(u) * u - _neighbours(u, self.wraps)

    def smoothed(self, u: Tensor, b: Tensor, mask: Tensor, sweeps: int) -> Tensor:
        """u after sweeps of damped Jacobi iterations."""
        diagonal = self.diagonal(u)
        for _ in range(sweeps):
            u = torch.lerp(u, (b + _neighbours(u, self.wraps)) / diagonal, OMEGA) * mask
        return u


def _cycle(u: Tensor, b: Tensor, masks: list[Tensor], operator: _Operator) -> Tensor:
    """One V-cycle for operator(u) = b on the levels whose masks are given, finest first."""
    mask = masks[0]
    if len(masks) == 1:
        return operator.smoothed(u, b, mask, COARSEST_SWEEPS)
    u = operator.smoothed(u, b, mask, SWEEPS)
    residual = (b - operator(u)) * mask
    coarse = 4 * avg_pool2d(_even(residual), 2) * masks[1]
    error = _cycle(torch.zeros_like(coarse), coarse, masks[1:], operator.coarser())
    error = interpolate(error, size=u.shape[2:], mode="bilinear", align_corners=False) * mask
    energy = (error * operator(error)).sum((0, 2, 3), keepdim=True)
    step = (error * residual).sum((0, 2, 3), keepdim=True) / energy.clamp(min=1e-12)  # the best: it cannot diverge
    return operator.smoothed(u + step * error, b, mask, SWEEPS)


def _neighbours(u: Tensor, wraps: tuple[bool, bool]) -> Tensor:
    """Sums of the four neighbours, of those that exist."""
    total = torch.zeros_like(u)
    for axis, is_periodic in zip((2, 3), wraps, strict=True):
        length = u.shape[axis]
        if is_periodic:
            total += u.roll(1, axis) + u.roll(-1, axis)
        elif length > 1:
            total.narrow(axis, 1, length - 1).add_(u.narrow(axis, 0, length - 1))
            total.narrow(axis, 0, length - 1).add_(u.narrow(axis, 1, length - 1))
    return total


def _even(x: Tensor) -> Tensor:
    """x (B, C, h, w) with even sides, the last row and column repeated."""
    odd = x.shape[3] % 2, x.shape[2] % 2
    return pad(x, (0, odd[0], 0, odd[1]), mode="replicate") if any(odd) else x
