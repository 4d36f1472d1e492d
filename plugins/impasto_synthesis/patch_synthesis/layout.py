"""The first layout, on the coarsest level: a quilt of small pieces, whose cuts the finer levels then move."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from ..layout import Pattern, plan
from ..quilting import Quilter
from .level import Level

OVERLAP = 0.3
LEAST_VARIETY = 0.05
"""Least variety of a quilt, which also keeps it away from what is left out."""
USED_UP = 1e3
"""Number of uses that a pixel counts as if it is left out."""


def first_layout(
    level: Level,
    size: tuple[int, int],
    piece: float,
    variety: float,
    pattern: Pattern,
    rng: np.random.Generator,
) -> Tensor:
    """Positions (2, H, W) on the level that each pixel of the result shows.

    piece: side of a piece, relative to the source's. variety: as of `quilt`.
    """
    height, width = level.size
    features = level.channels / level.channels.square().mean((1, 2)).sum().sqrt().clamp(min=1)
    layout = plan((height, width), size, max(4, round(min(height, width) * piece)), OVERLAP)
    in_pixels = Pattern(np.asarray(pattern.wave_vectors) * level.scale, pattern.sublattice)
    quilter = Quilter(features, layout, in_pixels, max(variety, LEAST_VARIETY), rng)
    left_out = level.left_out.view(1, height, width).float()
    quilter.history.uses += USED_UP * avg_pool2d(left_out, layout.scale)[0].cpu().numpy()
    for _ in quilter.cover():
        pass
    index = quilter.torus.origin
    return torch.stack([index // width, index % width])


def enlarged(field: Tensor, size: tuple[int, int]) -> Tensor:
    """Positions (2, H, W) on a level twice as large: the four pixels of a parent show the four that its own covers."""
    positions = positions_of(size, field.device)
    parents = positions // 2
    return 2 * field[:, parents[0], parents[1]] + positions - 2 * parents


def positions_of(size: tuple[int, int], device: torch.device) -> Tensor:
    """The positions (2, H, W) of pixels."""
    return torch.stack(torch.meshgrid(*(torch.arange(length, device=device) for length in size), indexing="ij"))
