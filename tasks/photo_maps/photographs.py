"""Photographs of surfaces, many at once: sun and sky, cast shadows, uneven light, exposure, camera response, noise and
JPEG."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from impasto.surface.color_tensors import linear_to_srgb, srgb_to_linear
from impasto.surface.shading import DIELECTRIC, Shaded, reflect

from .surfaces import Surfaces

SHADOW_STEPS_PX = (1, 2, 3, 4, 6, 8, 11, 15, 20, 26, 32)
"""Distances towards the light at which something may stand before it."""
MIDDLE_GREY = 0.18


@dataclass(frozen=True)
class Random:
    """Random numbers on a device."""

    generator: torch.Generator

    @classmethod
    def seeded(cls, seed: int, device: str) -> Random:
        return cls(torch.Generator(device).manual_seed(seed % 2**63))

    def uniform(self, low: float, high: float, *shape: int) -> Tensor:
        """Numbers from low to high."""
        device = self.generator.device
        return low + (high - low) * torch.rand(shape, generator=self.generator, device=device)

    def normal(self, deviation: float, *shape: int) -> Tensor:
        """Normally distributed numbers with mean 0."""
        return deviation * torch.randn(shape, generator=self.generator, device=self.generator.device)

    def chance(self, probability: float, count: int) -> Tensor:
        """True with a probability, (count,)."""
        return self.uniform(0, 1, count) < probability

    def below(self, end: int, count: int) -> Tensor:
        """Whole numbers from 0 to end - 1, (count,)."""
        return torch.randint(end, (count,), generator=self.generator, device=self.generator.device)


@dataclass(frozen=True)
class Suns:
    """Lights of surfaces, one of each. azimuth, elevation: in radians, (B,). sun, sky: linear colours (3, B). slope:
    change of the light's logarithm across the picture, to the right and down, (2, B). softness_px: of shadows, (B,)."""

    azimuth: Tensor
    elevation: Tensor
    sun: Tensor
    sky: Tensor
    slope: Tensor
    softness_px: Tensor

    @classmethod
    def one(cls, azimuth: float, elevation: float) -> Suns:
        """A white sun at angles in degrees, in a grey sky."""
        white, plain = torch.ones(3, 1), torch.zeros(2, 1)
        angles = (torch.tensor([math.radians(angle)]) for angle in (azimuth, elevation))
        return cls(*angles, 3.0 * white, 0.6 * white, plain, torch.ones(1))

    @classmethod
    def random(cls, random: Random, count: int) -> Suns:
        """Light from anywhere, from a clear sky's to an overcast one's."""
        share = random.uniform(0, 1, count) ** 0.4  # of the sun
        warm = torch.tensor([1.0, 0.0, -1.0], device=share.device)[:, None]
        tint, blue = (random.normal(0.12, count) * warm).exp(), (random.normal(0.15, count).abs() * -warm).exp()
        slope = random.normal(0.35, 2, count) * random.chance(0.5, count)
        angles = random.uniform(0, 2 * math.pi, count), random.uniform(math.radians(20), math.radians(70), count)
        return cls(*angles, 3.5 * share * tint, (1.15 - share) * blue, slope, random.uniform(0.5, 4, count))

    @property
    def toward(self) -> Tensor:
        """Unit vectors (2, B), to the right and up."""
        return torch.stack([self.azimuth.cos(), self.azimuth.sin()])


def lit(surfaces: Surfaces, suns: Suns) -> Tensor:
    """Linear radiance (3, B, H, W) of surfaces (…, B, H, W) seen from above, which wrap around."""
    normal, color, rough = surfaces.normal, surfaces.color, surfaces.roughness
    shaded = Shaded(color, normal, rough, surfaces.metallic, surfaces.occlusion)
    to_sun = torch.cat([suns.elevation.cos() * suns.toward, suns.elevation.sin()[None]])
    to_viewer = normal.new_tensor([0.0, 0.0, 1.0]).view(3, 1, 1, 1)
    direct = reflect(shaded, to_sun[..., None, None], to_viewer) * shadows(surfaces.height_px, suns)
    f0 = DIELECTRIC + (color - DIELECTRIC) * surfaces.metallic
    mirrored = 2 * normal[2] * normal - to_viewer
    glossy = f0 * (0.6 + 0.5 * mirrored[1] + 0.4 * mirrored[2]) * (1 - 0.4 * rough)
    around = color * (1 - surfaces.metallic) * (0.5 + 0.5 * normal[2]) + glossy.clamp_min(0)
    total = direct * suns.sun[..., None, None] + around * surfaces.occlusion * suns.sky[..., None, None]
    down, across = (torch.linspace(-1, 1, side, device=color.device) for side in color.shape[2:])
    right, below = suns.slope[..., None, None]
    return total * (right * across + below * down[:, None]).exp()


def shadows(height_px: Tensor, suns: Suns) -> Tensor:
    """Visibility (B, H, W) of the suns over heights (B, H, W)."""
    rise, (x, y) = suns.elevation.tan(), suns.toward
    above = torch.zeros_like(height_px)
    for distance in SHADOW_STEPS_PX:
        down, right = (-distance * y).round(), (distance * x).round()
        needed = (rise * torch.hypot(down, right))[:, None, None]
        above = torch.maximum(above, _shifted(height_px, down.long(), right.long()) - height_px - needed)
    return 1 / (1 + (above / suns.softness_px[:, None, None]).square() * 4)


def _shifted(x: Tensor, down: Tensor, right: Tensor) -> Tensor:
    """Values of x (B, H, W) at places so far (B,) down and to the right, around the torus."""
    count, height, width = x.shape
    rows = (torch.arange(height, device=x.device) + down[:, None]) % height
    columns = (torch.arange(width, device=x.device) + right[:, None]) % width
    number = torch.arange(count, device=x.device)
    return x[number[:, None, None], rows[:, :, None], columns[:, None, :]]


def taken(radiance: Tensor, random: Random, clean_share: float) -> Tensor:
    """Photographs, linear (3, B, H, W) in [0, 1], of linear radiance, H and W multiples of 16, by random cameras.

    A share of them has no fault but another exposure.
    """
    from kornia.enhance import jpeg_codec_differentiable

    count = radiance.shape[1]
    faulty = ~random.chance(clean_share, count)
    of_each = lambda x: x.view(-1, 1, 1)  # noqa: E731
    sometimes = lambda x: of_each(x * (faulty & random.chance(0.5, count)))  # noqa: E731
    exposure = random.normal(0.2, count).exp() * (random.normal(0.3, count) * faulty).exp()
    level = MIDDLE_GREY * exposure / radiance.mean((0, 2, 3)).clamp_min(1e-4)
    encoded = linear_to_srgb((radiance * of_each(level)).clamp(0, 4))
    encoded = encoded ** of_each((random.normal(0.1, count) * faulty).exp())
    encoded = torch.where(encoded > 0.7, 0.7 + 0.3 * ((encoded - 0.7) / 0.3).tanh(), encoded)
    smooth = encoded.clamp(0, 1)
    encoded = encoded + sometimes(random.uniform(0, 0.5, count)) * (smooth * smooth * (3 - 2 * smooth) - smooth)
    near = sum((encoded.roll(shift, axis) for axis in (2, 3) for shift in (1, -1)), torch.zeros_like(encoded)) / 4
    encoded = encoded + 0.6 * sometimes(random.uniform(-0.5, 0.9, count)) * (near - encoded)
    encoded = encoded + sometimes(random.uniform(0, 0.02, count)) * random.normal(1, *encoded.shape)
    encoded = (encoded.clamp(0, 1) * 255).round() / 255
    stored, quality = torch.nonzero(faulty & random.chance(0.5, count))[:, 0], random.uniform(40, 97, count)
    if len(stored):
        pictures = encoded[:, stored].transpose(0, 1)
        encoded[:, stored] = jpeg_codec_differentiable(pictures, quality[stored]).transpose(0, 1).clamp(0, 1)
    return srgb_to_linear(encoded)
