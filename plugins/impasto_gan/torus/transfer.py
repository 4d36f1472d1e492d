"""Texture transfer (Efros & Freeman 2001, section 4) on a torus: a quilt of one picture's pieces that follows another.

Pieces fit their neighbours along the cuts, and resemble the other picture from afar. Details smaller than a fraction of
a piece come from the source alone.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import interpolate

from impasto.patterns.features import Projection, with_detail, with_ranks_of
from impasto.patterns.session import Example, Laid, Pieces, Report, Session, ignore

LARGEST_PIECE, SMALLEST_PIECE, SMALLEST_PIECE_PX = 0.5, 0.125, 32
"""Side of a piece without strictness, and with all of it, relative to the source's shorter side, and the least.

Smaller ones follow the picture more closely, and their cuts show.
"""
OVERLAP = 0.3
COMPARED = 12
"""Number of compared pixels along the side of a piece, which sets the scale of the followed shapes."""
STRICTNESS = 4.0
"""Cost, at full strictness, of a difference as large as the source's variation; that of cuts is about 1."""
VARIETY = 0.5
BLEND_PX = 12.0
"""Distance over which a step at a cut is spread, as of `quilt`."""


def transfer(
    source: Mapping[str, Tensor],
    picture: Mapping[str, Tensor],
    strictness: float,
    rng: np.random.Generator,
    report: Report = ignore,
) -> Laid:
    """A torus of (H, W) texels, covered with pieces of the maps `source` (c, h, w) that resemble `picture` (c, H, W).

    strictness: from 0, which ignores the picture, to 1. Raise ParameterError if there would be too many pieces.
    """
    example = Example(source)
    wanted = Projection.of(source)(picture)
    piece = LARGEST_PIECE ** (1 - strictness) * SMALLEST_PIECE**strictness
    piece_px = max(SMALLEST_PIECE_PX, round(piece * min(example.size_px)))
    guide = _guide(example.features, wanted, piece_px / COMPARED, STRICTNESS * strictness) if strictness else None
    pieces = Pieces(piece_px, OVERLAP, VARIETY, spends_landmarks=True)
    return Session(example, rng, report).quilt((wanted.shape[1], wanted.shape[2]), pieces, guide)


def _guide(features: Tensor, wanted: Tensor, scale: float, weight: float) -> tuple[Tensor, Tensor]:
    """Channels of the source (C, h, w) and of the torus (C, H, W) that should agree, without what is below `scale` px.

    Each channel of the torus is matched to the source's distribution, so that blurred parts look for sharp ones.
    """
    broad = [_reduce(channels, scale) for channels in (features, wanted)]
    matched = torch.stack([with_ranks_of(values, known) for values, known in zip(broad[1], broad[0], strict=True)])
    variance = broad[0].var((1, 2)).sum().clamp(min=1e-12)
    factor = (weight / variance).sqrt()
    sizes = features.shape[1:], wanted.shape[1:]
    lead, follow = (
        interpolate(channels[None] * factor, size=size, mode="bilinear", align_corners=False)[0]
        for channels, size in zip((broad[0], matched), sizes, strict=True)
    )
    return lead, follow


def _reduce(channels: Tensor, scale: float) -> Tensor:
    """Channels (C, h, w), and one of detail, `scale` times smaller."""
    size = [max(2, round(side / scale)) for side in channels.shape[1:]]
    return interpolate(with_detail(channels)[None], size=size, mode="area")[0]
