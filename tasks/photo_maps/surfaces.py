"""Surfaces with their true maps: random materials and measured sets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from impasto.surface.color import srgb_to_linear
from impasto.surface.heights import STEEPEST_Z, integrate, slopes_from_normal
from impasto.surface.relief import occlusion_from_height
from impasto.texture import Maps

from .mixtures import mixture

RELIEF = [3, 4, 5, 8]
"""Channels of `Surfaces.stacked` that are relief: slopes, height and occlusion."""
STEEPEST = (1 / STEEPEST_Z**2 - 1) ** 0.5


@dataclass(frozen=True)
class Surfaces:
    """Linear colour (3, …), slopes to the right and down the rows (2, …), height in pixels, roughness, metallic, and
    occlusion (…), where … is (H, W) of one or (B, H, W) of several."""

    color: Tensor
    slopes: Tensor
    height_px: Tensor
    roughness: Tensor
    metallic: Tensor
    occlusion: Tensor

    def stacked(self) -> Tensor:
        """All as channels (9, …)."""
        singles = (self.height_px, self.roughness, self.metallic, self.occlusion)
        return torch.cat([self.color, self.slopes, torch.stack(singles)])

    @classmethod
    def of(cls, channels: Tensor) -> Surfaces:
        """The reverse of `stacked`."""
        return cls(channels[:3], channels[3:5], *channels[5:])

    @property
    def size_px(self) -> tuple[int, int]:
        """Height and width."""
        return self.height_px.shape[-2], self.height_px.shape[-1]

    @property
    def normal(self) -> Tensor:
        """Unit normals (3, …), x to the right, y up."""
        return normals(self.slopes)


def normals(slopes: Tensor) -> Tensor:
    """Unit normals (3, …) of slopes (2, …) to the right and down the rows."""
    n = torch.stack([-slopes[0], slopes[1], torch.ones_like(slopes[0])])
    return n / n.square().sum(0).sqrt()


def random_material(side_px: int, seed: int, pictures: Sequence[Tensor]) -> Surfaces:
    """A mixture of procedural materials, (side_px, side_px), periodic."""
    drawn, canvas = mixture(side_px, seed, pictures)
    height_px = (drawn.height_m - drawn.height_m.mean()) / canvas.texel_m
    flat = torch.zeros_like(height_px)
    return Surfaces(
        drawn.color.clamp(0.003, 1).expand(3, *canvas.size_px),
        differences(height_px),
        height_px,
        flat + drawn.roughness,
        flat + drawn.metallic,
        occlusion_from_height(height_px),
    )


def differences(height_px: Tensor) -> Tensor:
    """Circular central differences (2, H, W) of height (H, W): to the right, and down the rows."""
    slopes = [(torch.roll(height_px, -1, axis) - torch.roll(height_px, 1, axis)) / 2 for axis in (1, 0)]
    return torch.stack(slopes).clamp(-STEEPEST, STEEPEST)


def measured(maps: Maps) -> Surfaces:
    """The surface of a PBR set, whose height is integrated from its normals."""
    arrays = maps.arrays()
    slopes = slopes_from_normal(arrays["normal"])
    slopes = slopes - slopes.mean((0, 1))
    height_px = torch.from_numpy(integrate(slopes, (True, True)).astype(np.float32))
    color = torch.from_numpy(np.ascontiguousarray(srgb_to_linear(arrays["base_color"]).transpose(2, 0, 1)))
    plain = torch.zeros_like(height_px)
    single = {name: torch.from_numpy(arrays[name][..., 0]) for name in ("roughness", "metallic") if name in arrays}
    return Surfaces(
        color,
        torch.from_numpy(slopes.transpose(2, 0, 1).astype(np.float32)),
        height_px,
        single.get("roughness", plain + 0.7),
        single.get("metallic", plain),
        occlusion_from_height(height_px),
    )
