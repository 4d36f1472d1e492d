"""Multi-scale patch synthesis on a torus: a field of positions in the source, corrected from coarse to fine.

After parallel controllable texture synthesis (Lefebvre & Hoppe 2005), in appearance space. The first field is a quilt
of small pieces on the coarsest level.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from impasto.patches.correction import PASSES
from impasto.patches.field import Field, PixelGrid

from .alignment import align
from .atlas import Atlas
from .correction import AppearanceCorrection
from .guidance import Guidance
from .layout import first_layout
from .level import levels_of
from .phases import AtlasPhases

LARGEST_PIECE, SMALLEST_PIECE = 0.35, 0.15
"""Side of pieces, relative to the source's, without variation and with all of it."""
GUIDED_PIECE = 0.1
"""Side of pieces under guidance."""
VARIETY, FINE_VARIETY = 12.0, 2.0
"""Costs of a part that is used twice as often as the mean, in mean distances, with all variation.

That on the coarsest level, halved from level to level, and the least. Coarse levels decide where parts come from; fine
ones fit the cuts.
"""
LAYOUT_VARIETY = 4.0
"""Variety of the quilt that is the first layout, with all variation."""


def source_indices(field: Field, width: int) -> Tensor:
    """Flat indices (H', W') into a source of this width, in the middle of what the pixels of a level cover."""
    (y, x), scale = field.positions(), field.source.scale
    return ((y * scale + scale // 2) * width + x * scale + scale // 2).view(field.grid.size)


def synthesise(
    atlas: Atlas,
    features: Tensor,
    size_px: tuple[int, int],
    guidance: Guidance | None,
    variation: float,
    quality: str,
    rng: np.random.Generator,
) -> Iterator[tuple[float, Field]]:
    """Synthesise a torus of `size_px` from an atlas with features (C, h, w).

    Yields the fraction done and the field of a level so far; the last one is the whole field.
    """
    generator = torch.Generator().manual_seed(int(rng.integers(1 << 62)))
    piece = GUIDED_PIECE if guidance else LARGEST_PIECE + (SMALLEST_PIECE - LARGEST_PIECE) * variation
    passes = PASSES[quality]
    field: Field | None = None
    done = 0.0
    for number, level in enumerate(levels_of(features, size_px, atlas.left_out)):
        size = -(-size_px[0] // level.scale), -(-size_px[1] // level.scale)
        grid = PixelGrid(size, (True, True), features.device)
        phases = AtlasPhases(atlas.patterns, level.scale, features.device)
        guide = guidance.reduced(level, grid) if guidance else None
        if field is None:
            field = first_layout(
                level, grid, piece * atlas.side_px, LAYOUT_VARIETY * variation, atlas.patterns, rng, guide
            )
        else:
            field = field.enlarged(grid, level, grid.inside)
        phases.keep(field)
        align(field, phases, generator)
        variety = max(VARIETY / 2**number, FINE_VARIETY) * variation
        correction = AppearanceCorrection(field, level, phases, variety, generator, guide)
        share = 0.75 / level.scale**2
        for fraction in correction.passes(passes[min(number, len(passes) - 1)]):
            yield done + fraction * share, field
        done += share
        wrong = field.pixels[level.left_out[field.place[field.pixels]]]
        field.show(wrong, level.anywhere(wrong, generator))
