"""The first layout, on the coarsest level: a quilt of small pieces, whose cuts the finer levels then move."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from impasto.patches.layout import plan
from impasto.patches.quilting import Quilter

from .atlas import Patterns
from .guidance import LevelGuidance
from .level import Level

OVERLAP = 0.3
LEAST_VARIETY = 0.05
"""Least variety of a quilt, which also keeps it away from what is left out."""
USED_UP = 1e3
"""Number of uses that a pixel counts as if it is left out."""


def first_layout(
    level: Level,
    size: tuple[int, int],
    piece_px: float,
    variety: float,
    patterns: Patterns,
    rng: np.random.Generator,
    guidance: LevelGuidance | None = None,
) -> Tensor:
    """Positions (2, H, W) on the level that each pixel of the result shows.

    piece_px: side of a piece, in pixels of the source. variety: as of `quilt`.
    """
    height, width = level.size
    features = level.channels / level.channels.square().mean((1, 2)).sum().sqrt().clamp(min=1)
    layout = plan((height, width), size, max(4, round(piece_px / level.scale)), OVERLAP)
    guide = (guidance.given, guidance.wanted) if guidance else None
    quilter = Quilter(features, layout, patterns.reduced(level.scale), max(variety, LEAST_VARIETY), rng, guide)
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


def is_inside(places: Tensor, size: tuple[int, int]) -> Tensor:
    """Whether places (2, N) lie in a picture of this size."""
    y, x = places
    return (y >= 0) & (y < size[0]) & (x >= 0) & (x < size[1])
