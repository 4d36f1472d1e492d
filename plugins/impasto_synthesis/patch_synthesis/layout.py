"""The first layout, on the coarsest level: a quilt of small pieces, whose cuts the finer levels then move."""

from __future__ import annotations

import numpy as np
from torch.nn.functional import avg_pool2d

from impasto.patches.field import Field, PixelGrid
from impasto.patches.layout import plan
from impasto.patches.quilting import Quilter

from .atlas import Patterns
from .guidance import LevelGuidance
from .level import ExemplarLevel

OVERLAP = 0.3
LEAST_VARIETY = 0.05
"""Least variety of a quilt, which also keeps it away from what is left out."""
USED_UP = 1e3
"""Number of uses that a pixel counts as if it is left out."""


def first_layout(
    level: ExemplarLevel,
    grid: PixelGrid,
    piece_px: float,
    variety: float,
    patterns: Patterns,
    rng: np.random.Generator,
    guidance: LevelGuidance | None = None,
) -> Field:
    """The field of a quilt on the level.

    piece_px: side of a piece, in pixels of the source. variety: as of `quilt`.
    """
    height, width = level.grid.size
    channels = level.grid.image(level.channels).permute(2, 0, 1).contiguous()
    features = channels / channels.square().mean((1, 2)).sum().sqrt().clamp(min=1)
    layout = plan((height, width), grid.size, max(4, round(piece_px / level.scale)), OVERLAP)
    guide = (guidance.given, guidance.wanted) if guidance else None
    quilter = Quilter(features, layout, patterns.reduced(level.scale), max(variety, LEAST_VARIETY), rng, guide)
    left_out = level.grid.image(level.left_out)[None].float()
    quilter.history.uses += USED_UP * avg_pool2d(left_out, layout.scale)[0].cpu().numpy()
    for _ in quilter.cover():
        pass
    return Field(grid, level, grid.padded(level.grid.inside[quilter.torus.origin]), grid.inside)
