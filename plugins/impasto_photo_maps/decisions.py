"""A sentence about what was recognised in a picture, and what was made of it."""

from __future__ import annotations

import torch
from torch import Tensor

from .kinds import KINDS
from .parameters import PhotoMapsParameters
from .recognition import Recognition

NAMED = 0.5
"""Least probability of a kind of material that is named."""
UNSURE = 0.6
"""Confidence of a part, relative to that of the surest, below which it is named."""
PARTS = (("upper left", "top", "upper right"), ("left", "middle", "right"), ("lower left", "bottom", "lower right"))


def decisions(found: Recognition, parameters: PhotoMapsParameters) -> str:
    """The findings and decisions, in parts that are joined by semicolons."""
    probability, number = (float(x) for x in found.kinds.max(0))
    degrees = float((found.slopes * parameters.relief).square().sum(0).sqrt().atan().mean().rad2deg())
    parts = [f"looks like {KINDS[int(number)]}" if probability >= NAMED else "the material is none that is known well"]
    parts.append(f"its relief leans by {degrees:.1f}° on average")
    if (place := _unsure_part(found.confidence)) is not None:
        parts.append(f"unsure at the {place}")
    return "; ".join(parts)


def _unsure_part(confidence: Tensor) -> str | None:
    """The ninth of a picture (H, W) that is much less sure than the surest, if there is one."""
    means = torch.nn.functional.adaptive_avg_pool2d(confidence[None, None], 3)[0, 0]
    row, column = divmod(int(means.argmin()), 3)
    return PARTS[row][column] if float(means.min()) < UNSURE * float(means.max()) else None
