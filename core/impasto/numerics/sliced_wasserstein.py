"""Steps of sliced Wasserstein distances of patches (Karras et al. 2018, section 5; Elnekave & Weiss 2022).

A distance takes patches of two pictures, projects both on random directions, and compares the sorted projections. How
patches are drawn and pooled is each measure's own.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor


def patches_at(x: Tensor, top: Tensor, left: Tensor, side_px: int) -> Tensor:
    """Square patches (C, n, side_px²) of x (C, H, W) with corners at top and left (n,), differentiable."""
    width, offset = x.shape[2], torch.arange(side_px)
    places = (top * width + left)[:, None] + (offset[:, None] * width + offset).flatten()  # (n, side_px²)
    return x.flatten(1).index_select(1, places.flatten().to(x.device)).unflatten(1, places.shape)


def sort_rows(values: Tensor) -> Tensor:
    """Each row of values (n, m) sorted, differentiable; on the CPU by NumPy, several times as fast as PyTorch."""
    if values.device.type != "cpu":
        return values.sort(1).values
    order = np.argsort(values.detach().numpy(), axis=1)
    return values.gather(1, torch.from_numpy(order))


def relative_distance(wanted: Tensor, found: Tensor, least: float, correction: int = 1) -> Tensor:
    """Mean difference of sorted projections (n, m), in the deviations of the wanted ones, which are at least `least`.

    correction: of the deviations, as in `torch.std`.
    """
    return ((wanted - found).abs() / wanted.std(1, correction=correction, keepdim=True).clamp(min=least)).mean()
