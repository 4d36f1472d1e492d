"""Surfaces with their true maps: cut from random materials, from measured sets, and from photographs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import interpolate

from impasto.surface.color import srgb_to_linear
from impasto.surface.heights import STEEPEST_Z, integrate, slopes_from_normal
from impasto.surface.relief import occlusion_from_height
from impasto.texture import Maps
from impasto_procedural.mixtures import mixture

MARGIN_PX = 32
"""Surroundings of a crop, from which shadows fall into it."""
RELIEF = [3, 4, 5, 8]
"""Channels of `Surfaces.stacked` that are relief: slopes, height and occlusion."""
STEEPEST = (1 / STEEPEST_Z**2 - 1) ** 0.5


@dataclass(frozen=True)
class Surfaces:
    """Linear colour (3, …), slopes to the right and down the rows (2, …), height in pixels, roughness, metallic, and
    occlusion (…), where … is (H, W)."""

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

    def turned(self, quarters: int, mirrored: bool) -> Surfaces:
        """A surface turned anticlockwise by quarters, after it was mirrored from left to right."""
        x = self.stacked()
        if mirrored:
            x = x.flip(-1)
            x[3] = -x[3]
        for _ in range(quarters):
            x = x.rot90(1, (-2, -1))
            x[3:5] = torch.stack([x[4], -x[3]])
        return Surfaces.of(x)

    def cut(self, top: int, left: int, side_px: int, margin_px: int = MARGIN_PX) -> Surfaces:
        """A square with margins of a surface that is continued around its borders."""
        x = self.stacked()
        reach = torch.arange(-margin_px, side_px + margin_px)
        rows, columns = (start + reach for start in (top, left))
        return Surfaces.of(x[:, rows % x.shape[1]][:, :, columns % x.shape[2]])

    @property
    def size_px(self) -> tuple[int, int]:
        """Height and width."""
        return self.height_px.shape[-2], self.height_px.shape[-1]

    @property
    def normal(self) -> Tensor:
        """Unit normals (3, …), x to the right, y up."""
        return normals(self.slopes)


def varied(surface: Surfaces, rng: np.random.Generator, factors: tuple[float, float]) -> Surfaces:
    """A surface in other colours, whose variation is multiplied by a random factor."""
    logs = surface.color.clamp_min(0.003).log()
    means = logs.mean((1, 2), keepdim=True)
    level = torch.from_numpy(rng.normal(0, 0.3, (3, 1, 1)).astype(np.float32))
    return replace(surface, color=(means + level + rng.uniform(*factors) * (logs - means)).exp().clamp(0.003, 1))


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


def at_size(surface: Surfaces, size_px: tuple[int, int]) -> Surfaces:
    """A surface at another size, by averages or bilinearly; slopes stay as they are, and height in pixels scales."""
    x = surface.stacked()[None]
    is_larger = size_px > surface.size_px
    x = (
        interpolate(x, size_px, mode="bilinear", align_corners=False)
        if is_larger
        else interpolate(x, size_px, mode="area")
    )
    x[0, 5] *= size_px[1] / surface.size_px[1]
    return Surfaces.of(x[0])
