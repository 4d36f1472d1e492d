"""Samples of textures at any positions, values beyond the borders of islands, and normals rotated with a chart."""

from __future__ import annotations

import numpy as np
import torch
from scipy.ndimage import distance_transform_edt
from torch.nn.functional import avg_pool2d, grid_sample

from ..numerics.borders import with_margin
from .charts import linear_map
from .raster import NONE

MOST_HALVINGS = 8
BORDER_PX = 2
"""Pixels beyond the border that a bicubic sample reaches."""


def at_size(values: np.ndarray, size_px: tuple[int, ...]) -> np.ndarray:
    """Values (H, W, …) in another size, by nearest neighbours."""
    if values.shape[:2] == tuple(size_px):
        return values
    picked = [np.arange(side) * before // side for side, before in zip(size_px, values.shape[:2], strict=True)]
    return values[np.ix_(*picked)]


def nearest_values(values: np.ndarray, texels: np.ndarray) -> np.ndarray:
    """Values (H, W, …); where `texels` is `NONE`, the value of the nearest other texel."""
    nearest = distance_transform_edt(texels == NONE, return_distances=False, return_indices=True)
    return values[tuple(nearest)]


def samples(pixels: np.ndarray, places: np.ndarray, finer: np.ndarray | float = 1.0) -> np.ndarray:
    """Bicubic samples (H, W, C) of repeating pixels at positions (H, W, 2), x and y from 0 to 1 across the picture.

    finer: number of pixels between two samples, (H, W) or one number; above 1, pixels are averaged first.
    """
    x = torch.from_numpy(np.ascontiguousarray(pixels.transpose(2, 0, 1)))[None]
    halvings = np.broadcast_to(np.round(np.log2(np.maximum(finer, 1))).clip(max=MOST_HALVINGS), places.shape[:2])
    inside = torch.from_numpy(places % 1).float()[None]
    values = torch.zeros(1, x.shape[1], *places.shape[:2])
    for number in range(int(halvings.max()) + 1):
        if number and min(x.shape[2:]) > 1:
            x = avg_pool2d(x, 2)
        is_here = torch.from_numpy(halvings == number)
        if is_here.any():
            sides = torch.tensor([x.shape[3], x.shape[2]])
            where = (inside * sides + BORDER_PX) / (sides + 2 * BORDER_PX) * 2 - 1
            wide = with_margin(x, BORDER_PX, True)
            values = torch.where(is_here, grid_sample(wide, where, "bicubic", "border", align_corners=False), values)
    return values[0].permute(1, 2, 0).clamp(0, 1).numpy()


def in_frame(normals: np.ndarray, turns: np.ndarray) -> np.ndarray:
    """Encoded normals (H, W, 3), y up, rotated by matrices (H, W, 2, 2) that are for vectors with y down."""
    flat = (normals[..., :2] * 2 - 1) * (1, -1)
    flat = linear_map(flat, turns) * (1, -1)
    return np.concatenate([flat * 0.5 + 0.5, normals[..., 2:]], -1).astype(np.float32)
