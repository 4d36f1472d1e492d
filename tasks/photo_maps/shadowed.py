"""Examples for the network that finds light: pictures with and without sun and shadows, and paint that is neither."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d, interpolate

from impasto.surface.color_tensors import linear_to_srgb, luminance
from impasto.surface.shading import DIELECTRIC, Shaded, reflect

from .examples import recolored
from .obstacles import KINDS, PAINTED_KINDS, Obstacles
from .photographs import MIDDLE_GREY, Random, Suns, shadows
from .surfaces import Surfaces

CROP_PX, LARGEST_STEP = 160, 4.0
SUNNY, PLAIN = 0.375, 0.375
"""Shares of pictures in the sun, and without any light; the others are surfaces in even light with a shadow."""
SWAPPED, SHADOWED, GRADED, PICTURES, GREY = 0.3, 0.75, 0.4, 0.4, 0.2
JOINED, PAINTED = 0.4, 0.3
"""Shares of pictures with two materials next to each other, and with paint."""
DARKEST, DEEPEST = 0.003, 3.0
SHAPES, PATTERNS = 420, 420
PART_PX = (100, 320)
"""Sides of the parts of pictures that repeat."""
DARKER = 0.15
"""Logarithm from which on another material is dark enough to be taken for shadow."""


@dataclass(frozen=True)
class Lighting:
    """given: pictures, sRGB less 0.5 (B, 3, h, w). depth: logarithm of what shadows take, (B, 3, h, w). matte: share of
    the sun that they take; shading: logarithm of the brightness of the surface's sides; dark: share of a material that
    is dark and no shadow, (B, 1, h, w). is_sunny: whether the relief is lit by a sun, (B,)."""

    given: Tensor
    depth: Tensor
    matte: Tensor
    shading: Tensor
    dark: Tensor
    is_sunny: Tensor


class LitExamples:
    """surfaces: stacked channels (9, H, W) in half precision, of one size. pictures: linear colours (3, H, W) without
    relief."""

    def __init__(
        self,
        surfaces: list[Tensor],
        pictures: list[Tensor],
        crop_px: int = CROP_PX,
        seed: int = 0,
        shapes: int = SHAPES,
    ) -> None:
        self.surfaces, self.pictures, self.crop_px = surfaces, pictures, crop_px
        self.obstacles = Obstacles(shapes, seed)
        self.patterns = Obstacles(PATTERNS, seed + 1, (*PAINTED_KINDS, *KINDS))

    def batch(self, count: int, random: Random) -> Lighting:
        """Random pictures."""
        sunny = torch.arange(count) < round(SUNNY * count)
        plain = ~sunny & random.chance(PLAIN / (1 - SUNNY), count)
        swapped = random.chance(SWAPPED, count)
        number = random.below(len(self.surfaces), count)
        parts = [self._part(int(number[i]), random) for i in range(count)]
        channels = torch.stack(parts, 1)
        relief = channels[:, torch.randperm(count, generator=random.generator)]
        channels[3:] = torch.where(swapped.view(-1, 1, 1), relief[3:], channels[3:])
        for i in torch.nonzero(random.chance(PICTURES, count))[:, 0].tolist():
            channels[:3, i] = self._picture(random)
            channels[8, i] = channels[8, i] if sunny[i] else 1.0
        channels[:3] = recolored(channels[:3], random)
        painted, dark = self._painted(channels, random)
        return self._lit(Surfaces.of(painted), dark, sunny, plain, random)

    def _picture(self, random: Random) -> Tensor:
        """A random part (3, side, side) of a picture, turned, mirrored and scaled; a small one repeats."""
        x = self.pictures[int(random.below(len(self.pictures), 1))].float()
        low, high = (math.log(side) for side in PART_PX)
        wide = round(math.exp(float(random.uniform(low, high, 1))))
        rows, columns = (
            (torch.arange(wide) + random.below(length, 1)) % length
            if length < max(PART_PX)
            else torch.arange(min(wide, length)) + random.below(length - min(wide, length) + 1, 1)
            for length in x.shape[1:]
        )
        x = interpolate(
            x[:, rows][:, :, columns][None], (self.crop_px,) * 2, mode="bilinear", antialias=True, align_corners=False
        )[0].rot90(int(random.below(4, 1)), (1, 2))
        return x.flip(2) if random.below(2, 1) else x

    def _part(self, number: int, random: Random) -> Tensor:
        """A random part of a surface (9, side, side), turned, mirrored and reduced."""
        x, side = self.surfaces[number], self.crop_px
        most = min(LARGEST_STEP, x.shape[1] / side)
        step = float(random.uniform(0, torch.tensor(most).log().item(), 1).exp())
        wide = min(round(side * step), x.shape[1])
        top, left = (int(random.below(length - wide + 1, 1)) for length in x.shape[1:])
        x = x[:, top : top + wide, left : left + wide].float()
        x = adaptive_avg_pool2d(x, side)
        x[5] *= side / wide
        if random.below(2, 1):
            x = x.flip(2)
            x[3] = -x[3]
        if random.below(2, 1):
            x = x.flip(1)
            x[4] = -x[4]
        if random.below(2, 1):
            x = x.transpose(1, 2)[[0, 1, 2, 4, 3, 5, 6, 7, 8]]
        return x

    def _painted(self, channels: Tensor, random: Random) -> tuple[Tensor, Tensor]:
        """Channels (9, B, side, side), some with patches of other materials or of paint that have the shapes of
        shadows, and the share (B, side, side) that these cover where they are darker."""
        count, side, of_each = channels.shape[1], self.crop_px, lambda x: x.view(-1, 1, 1)
        cover = 1 - self.patterns.visibility(count, side, random)
        chance = random.uniform(0, 1, count)
        joined = of_each(chance < JOINED)
        cover = cover * of_each((chance < JOINED + PAINTED) * torch.where(joined.flatten(), 1.0, 0.5 + 0.5 * chance))
        second = channels.roll(1 + int(random.below(max(count - 1, 1), 1)), 1)
        own, other = (x[:3].clamp_min(DARKEST).log() for x in (channels, second))
        means = other.mean((2, 3), keepdim=True)
        level = own.mean((0, 2, 3), keepdim=True) + random.uniform(-3.2, -0.1, count, 1, 1) - means.mean(0)
        contrast = random.uniform(math.log(0.4), math.log(2.5), count, 1, 1).exp()
        material = torch.where(of_each(random.chance(0.7, count)), level, 0.0) + means + contrast * (other - means)
        paint = random.uniform(-4, -0.2, count, 1, 1) + random.normal(0.4, 3, count, 1, 1)
        grain = (other - means) * torch.where(
            of_each(random.chance(0.5, count)), 1.0, 0.3 * random.uniform(0, 1, count, 1, 1)
        )
        stain = own + random.uniform(-1.2, 0.3, count, 1, 1) + random.normal(0.35, 3, count, 1, 1)
        paint = torch.where(of_each(random.chance(0.25, count)), stain, paint + grain)
        patch = torch.where(joined, material, paint)
        made = torch.where(joined, channels + cover * (second - channels), channels)
        made[:3] = (own + cover * (patch - own)).exp().clamp(DARKEST, 1)
        return made, cover * ((patch - own).mean((0, 2, 3)).view(-1, 1, 1) < -DARKER)

    def _lit(self, surfaces: Surfaces, dark: Tensor, sunny: Tensor, plain: Tensor, random: Random) -> Lighting:
        count, of_each, lit = len(sunny), lambda x: x.view(-1, 1, 1), int(sunny.sum())
        suns = Suns.random(random, lit)
        in_sun = Surfaces.of(surfaces.stacked()[:, :lit])
        crevices = of_each(random.uniform(0, 1, count) * random.chance(0.4, count))
        linear = surfaces.color * surfaces.occlusion**crevices
        visible = self.obstacles.visibility(count, self.crop_px, random)
        shadowed = (random.chance(SHADOWED, count) | ~sunny) & ~plain
        visible = torch.where(of_each(shadowed), visible, 1.0)
        visible[:lit] *= shadows(in_sun.height_px, suns)
        deep = random.uniform(0.1, 2.3, count) * (
            1 + torch.tensor([1.0, 0.3, -1.0])[:, None] * random.uniform(-0.02, 0.15, count)
        )
        share = 1 - (1 - visible) * (1 - (-deep).exp()[..., None, None])
        direct, around = _sun_and_sky(in_sun, suns)
        linear[:, :lit] = direct + around
        share[:, :lit] = (direct * visible[:lit] + around) / linear[:, :lit].clamp_min(1e-5)
        depth = -share.clamp(1e-3, 1).log()
        down, across = torch.linspace(-1, 1, self.crop_px)[:, None], torch.linspace(-1, 1, self.crop_px)
        tilt = random.normal(0.35, 3, count, 1, 1) * of_each(random.chance(GRADED, count) & ~plain)
        shading = tilt[0] * across + tilt[1] * down - tilt[2].abs() * (across**2 + down**2)
        grey = of_each(random.chance(GREY, count))
        plainly, seen = linear * shading.exp(), linear * shading.exp() * share
        lightness = luminance(seen) / luminance(plainly).clamp_min(1e-5)
        depth = torch.where(grey, -lightness.clamp(1e-3, 1).log(), depth)
        linear = torch.where(grey, luminance(seen), seen)
        shading[:lit] += _shading(in_sun, suns)
        gamma = of_each((random.normal(0.1, count) * random.chance(0.5, count)).exp())
        level = MIDDLE_GREY * random.normal(0.25, count).exp() / linear.mean((0, 2, 3)).clamp_min(1e-4)
        encoded = linear_to_srgb((linear * of_each(level)).clamp(1e-5, 4)) ** gamma
        encoded = self._camera(encoded, random)
        shading = (shading - shading.flatten(1).median(1).values.view(-1, 1, 1)) * gamma
        matte = torch.where(of_each(plain), 0.0, 1 - visible)
        return Lighting(
            encoded.transpose(0, 1) - 0.5,
            (depth * gamma).transpose(0, 1).clamp(0, DEEPEST),
            matte[:, None],
            shading[:, None].clamp(-1.5, 1.5),
            (dark * (1 - matte))[:, None],
            sunny,
        )

    def _camera(self, encoded: Tensor, random: Random) -> Tensor:
        count = encoded.shape[1]
        sometimes = lambda x: (x * random.chance(0.4, count)).view(-1, 1, 1)  # noqa: E731
        encoded = torch.where(encoded > 0.9, 0.9 + 0.1 * ((encoded - 0.9) / 0.1).tanh(), encoded)
        near = sum((encoded.roll(shift, axis) for axis in (2, 3) for shift in (1, -1)), torch.zeros_like(encoded)) / 4
        encoded = encoded + 0.6 * sometimes(random.uniform(-0.5, 0.9, count)) * (near - encoded)
        encoded = encoded + sometimes(random.uniform(0, 0.02, count)) * random.normal(1, *encoded.shape)
        chroma = encoded.mean(0) + interpolate(
            adaptive_avg_pool2d(encoded - encoded.mean(0), self.crop_px // 2), scale_factor=2.0
        )
        encoded = torch.where(random.chance(0.3, count).view(-1, 1, 1), chroma, encoded)  # as JPEG stores it
        return (encoded.clamp(0, 1) * 255).round() / 255


def _shading(surfaces: Surfaces, suns: Suns) -> Tensor:
    """Logarithm (B, h, w) of the brightness of the surfaces if they were matt and of one colour."""
    to_sun = torch.cat([suns.elevation.cos() * suns.toward, suns.elevation.sin()[None]])[..., None, None]
    direct = (surfaces.normal * to_sun).sum(0).clamp_min(0) * luminance(suns.sun)[..., None, None]
    around = (0.5 + 0.5 * surfaces.normal[2]) * surfaces.occlusion * luminance(suns.sky)[..., None, None]
    return (direct + around).clamp_min(1e-2).log()


def _sun_and_sky(surfaces: Surfaces, suns: Suns) -> tuple[Tensor, Tensor]:
    """Linear radiance (3, B, h, w) from the sun, whatever stands before it, and from the sky."""
    normal, color, rough = surfaces.normal, surfaces.color, surfaces.roughness
    shaded = Shaded(color, normal, rough, surfaces.metallic, surfaces.occlusion)
    to_sun = torch.cat([suns.elevation.cos() * suns.toward, suns.elevation.sin()[None]])
    to_viewer = normal.new_tensor([0.0, 0.0, 1.0]).view(3, 1, 1, 1)
    direct = reflect(shaded, to_sun[..., None, None], to_viewer) * suns.sun[..., None, None]
    f0 = DIELECTRIC + (color - DIELECTRIC) * surfaces.metallic
    glossy = f0 * (0.6 + 0.4 * normal[2]) * (1 - 0.4 * rough)
    around = color * (1 - surfaces.metallic) * (0.5 + 0.5 * normal[2]) + glossy.clamp_min(0)
    return direct, around * surfaces.occlusion * suns.sky[..., None, None]
