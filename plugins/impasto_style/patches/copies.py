"""Connected copies: areas of patches that continue each other and so repeat a part of a style unchanged."""

from __future__ import annotations

import torch
from torch import Tensor

from impasto.patterns.library import PatchLibrary
from impasto.patterns.votes import PatchGrid


def copy_areas(patches: Tensor, library: PatchLibrary, grid: PatchGrid) -> Tensor:
    """Number of patches in the connected copy to which each position (Q,) belongs."""
    labels = copies(patches, library, grid).flatten()
    return torch.bincount(labels, minlength=len(labels))[labels]


def copies(patches: Tensor, library: PatchLibrary, grid: PatchGrid) -> Tensor:
    """Labels (rows, columns) of connected copies: the number of the first position in each."""
    view, row, column = (x.view(grid.shape) for x in library.place(patches))
    rows, columns = (torch.arange(count, device=patches.device) for count in grid.shape)
    return connect(torch.stack([view, row - rows[:, None], column - columns]))


def connect(values: Tensor) -> Tensor:
    """Labels (H, W) of the connected areas in which values (C, H, W) are equal: the smallest index in each."""
    labels = torch.arange(values[0].numel(), device=values.device).view(values.shape[1:])
    is_same = [(values.diff(dim=axis) == 0).all(0) for axis in (1, 2)]
    while True:
        before, labels = labels, labels.clone()
        for axis, same in enumerate(is_same):
            first, second = labels.narrow(axis, 0, same.shape[axis]), labels.narrow(axis, 1, same.shape[axis])
            least = torch.minimum(first, second)
            first.copy_(torch.where(same, least, first))
            second.copy_(torch.where(same, torch.minimum(first, second), second))
        labels = labels.flatten()[labels]
        if (labels == before).all():
            return labels
