"""Yarn: a twisted thread's cross-section and its fibres, for woven and knitted fabrics."""

from __future__ import annotations

import math

from torch import Tensor


def thread_contrast(width_px: float) -> float:
    """Contrast, 0.2 to 1, of threads of this width on the texels; thinner threads are mostly averaged."""
    return min(1.0, max(0.2, (width_px - 0.5) / 2))


def roundness(across: Tensor) -> Tensor:
    """Height of a round thread at −1 to 1 across it: 1 in the middle, 0 at its sides and beyond."""
    return (1 - across.square()).clamp_min(0).sqrt()


def twist(along: Tensor, across: Tensor, turns: float, plies: int = 2) -> Tensor:
    """Height of a twisted thread's plies, 0 in the grooves to 1; `along` in widths of the thread."""
    phase = along * turns * plies + 0.5 * across.clamp(-1, 1).asin() / (math.pi / 2) * plies
    return (math.pi * phase).cos().abs()
