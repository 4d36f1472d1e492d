"""Uneven light: slow variation of a picture's brightness, relative to all pictures, comes from its lamp."""

from __future__ import annotations

import torch
from torch import Tensor

CELLS = 16
"""Cells along a side for averaging brightness, so that shadows and highlights of the relief cancel out."""
PASSES = 6
OUTLIER = 0.1
"""Cells with this deviation, as a logarithm, have half the weight."""


def uneven_light(intensity: Tensor) -> Tensor:
    """Strength of the light (K, H, W), mean 1, across pictures (K, H, W): a parabola fitted to logarithms of cells."""
    cells = torch.nn.functional.adaptive_avg_pool2d(intensity[:, None], _cells(intensity))[:, 0].clamp_min(1e-4).log()
    relative = (cells - cells.median(0).values).flatten(1)  # (K, cells)
    basis = _parabolas(*cells.shape[1:]).to(intensity).flatten(1)  # (6, cells)
    weight = torch.ones_like(relative)
    for _ in range(PASSES):
        gram = torch.einsum("kn,in,jn->kij", weight, basis, basis) + 1e-6 * torch.eye(len(basis)).to(basis)
        coefficients = torch.linalg.solve(gram, torch.einsum("kn,in->ki", weight * relative, basis))
        weight = 1 / (1 + ((relative - coefficients @ basis) / OUTLIER) ** 2)
    coefficients[:, 0] = 0
    full = _parabolas(*intensity.shape[1:]).to(intensity)
    light = torch.einsum("ki,ihw->khw", coefficients, full).exp_()
    return light / light.mean((1, 2), keepdim=True)


def _cells(intensity: Tensor) -> tuple[int, int]:
    height, width = (min(CELLS, side) for side in intensity.shape[1:])
    return height, width


def _parabolas(height: int, width: int) -> Tensor:
    """1, x, y, x², xy, y² (6, H, W), x and y from −1 to 1 at the picture's borders."""
    y = ((torch.arange(height) + 0.5) / height * 2 - 1)[:, None].expand(height, width)
    x = ((torch.arange(width) + 0.5) / width * 2 - 1)[None].expand(height, width)
    return torch.stack([torch.ones_like(x), x, y, x * x, x * y, y * y])
