"""Multi-scale patch synthesis on a torus: a field of positions in the source, corrected from coarse to fine.

Parallel controllable texture synthesis (Lefebvre & Hoppe 2005) in appearance space (2006), with occurrence costs
(Kaspar et al. 2015). The first field is a quilt of small pieces on the coarsest level.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from .alignment import aligned
from .atlas import Atlas
from .correction import Correction
from .guidance import Guidance
from .layout import enlarged, first_layout
from .level import levels_of
from .phases import AtlasPhases

PASSES = {"quick": (3, 2, 1), "usual": (6, 3, 2), "best": (12, 8, 5)}
"""Corrections of the coarsest level, the next, and all finer ones."""
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


@dataclass(frozen=True)
class Step:
    """A step of the synthesis: the fraction done, and the field (2, H', W') of positions on a level so far."""

    fraction: float
    field: Tensor
    scale: int
    source: tuple[int, int]

    def origin(self) -> Tensor:
        """Flat indices (H', W') into the source (h, w), in the middle of what the level's pixels cover."""
        y, x = self.field * self.scale + self.scale // 2
        return y * self.source[1] + x


def synthesise(
    atlas: Atlas,
    features: Tensor,
    size_px: tuple[int, int],
    guidance: Guidance | None,
    variation: float,
    quality: str,
    rng: np.random.Generator,
) -> Iterator[Step]:
    """Synthesise a torus of `size_px` from an atlas with features (C, h, w); the last step has its whole field."""
    generator = torch.Generator().manual_seed(int(rng.integers(1 << 62)))
    piece = GUIDED_PIECE if guidance else LARGEST_PIECE + (SMALLEST_PIECE - LARGEST_PIECE) * variation
    passes = PASSES[quality]
    field: Tensor | None = None
    done = 0.0
    for number, level in enumerate(levels_of(features, size_px, atlas.left_out)):
        size = -(-size_px[0] // level.scale), -(-size_px[1] // level.scale)
        phases = AtlasPhases(atlas.patterns, level.scale, features.device)
        guide = guidance.reduced(level.scale, level.size, size) if guidance else None
        if field is None:
            field = first_layout(
                level, size, piece * atlas.side_px, LAYOUT_VARIETY * variation, atlas.patterns, rng, guide
            )
        else:
            field = enlarged(field, size)
        field = aligned(phases.kept(field, level.size), level, phases, generator)
        variety = max(VARIETY / 2**number, FINE_VARIETY) * variation
        correction = Correction(level, phases, field, variety, generator, guide)
        share = 0.75 / level.scale**2
        for fraction in correction.passes(passes[min(number, len(passes) - 1)]):
            yield Step(done + fraction * share, field, level.scale, (features.shape[1], features.shape[2]))
        done += share
        field.copy_(level.without_left_out(field, generator))
