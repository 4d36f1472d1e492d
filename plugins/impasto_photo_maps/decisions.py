"""A sentence about what was recognised in a picture, and the decisions from it."""

from __future__ import annotations

import torch
from torch import Tensor

from impasto.errors import Message, series

from .kinds import KINDS
from .parameters import PhotoMapsParameters
from .recognition import Recognition

NAMED = 0.5
"""Smallest probability of a named kind of material."""
UNSURE = 0.6
"""A part with less confidence, relative to the surest one, is named."""
PARTS = (("upper left", "top", "upper right"), ("left", "middle", "right"), ("lower left", "bottom", "lower right"))


def decisions(found: Recognition, parameters: PhotoMapsParameters) -> str:
    """The findings and decisions, joined by semicolons."""
    probability, number = (float(x) for x in found.kinds.max(0))
    degrees = float((found.slopes * parameters.relief).square().sum(0).sqrt().atan().mean().rad2deg())
    parts = [f"looks like {KINDS[int(number)]}" if probability >= NAMED else "the material is none that is known well"]
    parts.append(Message("its relief leans by {:.1f}° on average", degrees))
    if (place := _unsure_part(found.confidence)) is not None:
        parts.append(f"unsure at the {place}")
    return series("; ", parts)


def _unsure_part(confidence: Tensor) -> str | None:
    """The ninth of a picture (H, W) with much less confidence than the surest one, if any."""
    means = torch.nn.functional.adaptive_avg_pool2d(confidence[None, None], 3)[0, 0]
    row, column = divmod(int(means.argmin()), 3)
    return PARTS[row][column] if float(means.min()) < UNSURE * float(means.max()) else None
