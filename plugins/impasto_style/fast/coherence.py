"""Coherence from frame to frame: what is painted moves with the picture (as in Gupta et al. 2017, by drawn motion).

Their motion is that of videos. Here a crop is turned, scaled, shifted and lit a little differently at random, which
needs no video and whose motion is known exactly.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import affine_grid, grid_sample

TURN, SCALE, SHIFT = math.radians(8), 0.08, 0.08
"""Largest turn, change of the size, and shift in sides of the picture."""
LIGHT, GRAIN = 0.04, 0.02
"""Largest change of the light, and deviation of the grain that each frame has of its own."""


@dataclass(frozen=True)
class DrawnMotion:
    """From pictures (B, C, H, W) to those a frame later. places (B, H, W, 2): columns and rows before, in [-1, 1]."""

    places: Tensor

    @classmethod
    def drawn(cls, like: Tensor, random: torch.Generator) -> DrawnMotion:
        """Motion of square pictures such as these, another one for each."""
        turn, scale, right, down = (2 * torch.rand(4, len(like), generator=random) - 1) * torch.tensor(
            [[TURN], [SCALE], [2 * SHIFT], [2 * SHIFT]]
        )
        cos, sin = (1 + scale) * turn.cos(), (1 + scale) * turn.sin()
        rows = torch.stack([cos, -sin, right, sin, cos, down], 1).view(-1, 2, 3)
        return cls(affine_grid(rows.to(like.device), list(like.shape), align_corners=False))

    def of(self, pictures: Tensor) -> Tensor:
        """The pictures, moved; beyond their borders mirrored."""
        return grid_sample(pictures, self.places.to(pictures.dtype), "bicubic", "reflection", align_corners=False)

    @property
    def is_seen(self) -> Tensor:
        """Whether a pixel (B, 1, H, W) shows what was in the picture before."""
        return (self.places.abs() <= 1).all(-1)[:, None]


def next_frame(x: Tensor, motion: DrawnMotion, random: torch.Generator) -> Tensor:
    """Pictures (B, C, H, W) a frame later: moved, lit a little differently, with other grain."""
    light = 1 + LIGHT * (2 * torch.rand(len(x), 1, 1, 1, generator=random) - 1)
    grain = GRAIN * torch.randn(x.shape, generator=random)
    return (motion.of(x) * light.to(x.device) + grain.to(x.device)).clamp(0, 1)


def incoherence(before: Tensor, after: Tensor, motion: DrawnMotion) -> Tensor:
    """Mean difference of paintings (B, C, H, W) from those before, moved along, where these were seen."""
    away = (after - motion.of(before)).abs().mean(1, keepdim=True)
    return away[motion.is_seen].mean()
