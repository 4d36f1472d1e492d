"""Fine detail of a mosaic of patches: detail lost where patches disagree is restored, and calm places stay calm."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from impasto.numerics.filters import LEAST_ENERGY, amplify_detail, detail_energy, gaussian_blur
from impasto.patterns.library import PatchPixels, pixels_of
from impasto.patterns.votes import PatchGrid

DETAIL_PX, NEAR_PX = 1.2, 4.0
"""Widths, in pixels of the matching size, of the blurs that separate detail and that average its energy."""
MOST_REFINED, CALM_PX = 1.5, 3.0
"""A refinement is applied in full up to this energy of detail, relative to the mosaic's; and the width of the blur that
separates this detail. With more detail, flat prints look embossed."""


def detail_energies(styles: Sequence[Tensor], factor: int = 1) -> Tensor:
    """Energy of fine detail at all pixels of styles (1, 3, h, w), one after the other: (N, 1)."""
    details = (style - gaussian_blur(style, DETAIL_PX * factor) for style in styles)
    return pixels_of([detail.square().sum(1, keepdim=True) for detail in details])


def restore_detail(x: Tensor, pieces: PatchPixels, grid: PatchGrid, energies: Tensor, seamless: bool) -> Tensor:
    """x (1, 3, H, W), a blend of pieces, with its fine detail amplified to that of the pieces, their `energies`."""
    detail_px, near_px = DETAIL_PX * grid.factor, NEAR_PX * grid.factor
    wanted = energies.index_select(0, pieces.place(grid.side // 2, grid.side // 2))
    matching = PatchGrid(grid.height // grid.factor, grid.width // grid.factor, seamless)
    scattered = gaussian_blur(matching.from_centres(torch.cat([wanted, torch.ones_like(wanted)], 1)), NEAR_PX, seamless)
    wanted = scattered[:, :1] / scattered[:, 1:]
    return amplify_detail(x, wanted, detail_px, near_px, seamless)


def limit_detail(x: Tensor, refined: Tensor, seamless: bool) -> Tensor:
    """A mix of a mosaic x (1, 3, H, W) and `refined` that keeps calm places calm: white paper stays white."""
    before, after = (detail_energy(one, CALM_PX, NEAR_PX, seamless) + LEAST_ENERGY for one in (x, refined))
    return x + (MOST_REFINED * before / after).clamp_max(1) * (refined - x)
