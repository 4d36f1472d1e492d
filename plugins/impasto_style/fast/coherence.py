"""Coherence from frame to frame: paint moves with the picture, as in Gupta et al. 2017, but with drawn motion.

They train on videos. Here a crop is turned, scaled, shifted and relit slightly at random. This needs no video, and the
motion is known exactly.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import affine_grid, grid_sample

TURN, SCALE, SHIFT = math.radians(8), 0.08, 0.08
"""Largest rotation in radians, relative change of size, and shift in sides of the picture."""
LIGHT, GRAIN = 0.04, 0.02
"""Largest relative change of brightness, and standard deviation of each frame's own grain."""


@dataclass(frozen=True)
class DrawnMotion:
    """Motion to the next frame. places (B, H, W, 2): column and row of each pixel in the frame before, in [-1, 1]."""

    places: Tensor

    @classmethod
    def at_random(cls, like: Tensor, random: torch.Generator) -> DrawnMotion:
        """Random motion for square pictures (B, C, S, S), a different one for each."""
        turn, scale, right, down = (2 * torch.rand(4, len(like), generator=random) - 1) * torch.tensor(
            [[TURN], [SCALE], [2 * SHIFT], [2 * SHIFT]]
        )
        cos, sin = (1 + scale) * turn.cos(), (1 + scale) * turn.sin()
        rows = torch.stack([cos, -sin, right, sin, cos, down], 1).view(-1, 2, 3)
        return cls(affine_grid(rows.to(like.device), list(like.shape), align_corners=False))

    def of(self, pictures: Tensor) -> Tensor:
        """The pictures (B, C, H, W), moved; they are mirrored at their borders."""
        return grid_sample(pictures, self.places.to(pictures.dtype), "bicubic", "reflection", align_corners=False)

    @property
    def is_seen(self) -> Tensor:
        """Whether a pixel (B, 1, H, W) was inside the frame before."""
        return (self.places.abs() <= 1).all(-1)[:, None]


def next_frame(x: Tensor, motion: DrawnMotion, random: torch.Generator) -> Tensor:
    """The next frame of pictures (B, C, H, W): moved, slightly brighter or darker, with new grain."""
    light = 1 + LIGHT * (2 * torch.rand(len(x), 1, 1, 1, generator=random) - 1)
    grain = GRAIN * torch.randn(x.shape, generator=random)
    return (motion.of(x) * light.to(x.device) + grain.to(x.device)).clamp(0, 1)


def incoherence(before: Tensor, after: Tensor, motion: DrawnMotion) -> Tensor:
    """Mean difference between paintings (B, C, H, W) and the moved paintings of the frame before, where both exist."""
    away = (after - motion.of(before)).abs().mean(1, keepdim=True)
    return away[motion.is_seen].mean()
