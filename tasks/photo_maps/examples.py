"""Examples of the training: random photographs of surfaces, made many at once on any device, and what they show."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image, ImageDraw
from torch import Tensor
from torch.nn.functional import avg_pool2d, grid_sample, interpolate

from impasto.numerics.borders import Plane
from impasto_photo_maps.network import network_input
from impasto_photo_maps.prior import Brightness

from .kinds import UNKNOWN
from .photographs import Random, Suns, lit, taken
from .surfaces import RELIEF, Surfaces

CROP_PX, MARGIN_PX = 192, 32
"""Side of the photographs, and the surroundings that shadows fall from."""
BORDER_PX = 8
"""Border in which nothing is learned, as photographs do not wrap around."""
SCALES = (0.5, 1.2)
"""Sizes of sets relative to their own, so that texel sizes vary."""
SUNNY, RANDOM_SHARE, PAINTED_SHARE, SWAPPED_SHARE, RECOLORED_SHARE = 0.5, 0.2, 0.12, 0.3, 0.3
"""Shares of photographs with sun, of random materials, of paint on a flat surface, of one set's colours on another's
relief among those with sun, and of changed colours."""
UPRIGHT_SHARE, KNOWN_SHARE, CLEAN_SHARE = 0.5, 0.45, 0.5
"""Shares of photographs that are turned by quarters only, of those in sun whose azimuth is told, and of those without
the faults of a camera."""
SUPERSAMPLING = 2
PAINTINGS = 256
DARKEST = 0.003
THUMBNAIL_PX = 144
"""Size that parts of thumbnails are enlarged to."""
TARGETS = {"slopes": 2, "inside": 1}
"""Channels by name of what is wanted: as in `OUTPUTS`, and where something is learned."""


@dataclass(frozen=True)
class Material:
    """A surface, the number of its kind or `UNKNOWN`, and whether its roughness is known."""

    surface: Surfaces
    kind: int = UNKNOWN
    is_known: bool = True


@dataclass(frozen=True)
class Batch:
    """Inputs (B, IN, h, w); slopes that they suggest (B, FIELDS, 2, h, w); what is wanted, as in `TARGETS`
    (B, …, h, w); and kinds (B,)."""

    given: Tensor
    suggested: Tensor
    wanted: Tensor
    kinds: Tensor


class Examples:
    """Surfaces of one size on a device, of which photographs are taken.

    sets: measured ones. drawn: random ones.
    """

    def __init__(self, sets: Sequence[Material], drawn: Sequence[Material], crop_px: int, device: str) -> None:
        every = [*sets, *drawn]
        self.set_count, self.drawn_count, self.crop_px, self.device = len(sets), len(drawn), crop_px, device
        self.surfaces = torch.stack([one.surface.stacked().half() for one in every]).to(device)  # (N, 9, H, W)
        self.kinds = torch.tensor([one.kind for one in every], device=device)
        self.known = torch.tensor([one.is_known for one in every], device=device)
        self.paintings = torch.from_numpy(_paintings(crop_px)).to(device)
        self.plane = Plane((crop_px, crop_px), ((MARGIN_PX, MARGIN_PX), (MARGIN_PX, MARGIN_PX)))

    def batch(self, count: int, random: Random) -> Batch:
        """Random photographs."""
        sunny, chance = random.chance(SUNNY, count), random.uniform(0, 1, count)
        painted = chance < PAINTED_SHARE
        is_drawn = ~painted & (chance < PAINTED_SHARE + RANDOM_SHARE) & (self.drawn_count > 0)
        number, other = random.below(self.set_count, count), random.below(self.set_count, count)
        if self.drawn_count:
            number = torch.where(is_drawn, self.set_count + random.below(self.drawn_count, count), number)
        swapped = sunny & ~painted & ~is_drawn & random.chance(SWAPPED_SHARE, count)
        surfaces = self.cut(number, torch.where(swapped, other, number), random)
        surfaces[:3] = recolored(surfaces[:3], random)
        surfaces[:, painted] = self._painted(int(painted.sum()), random)
        kinds = torch.where(painted | swapped, UNKNOWN, self.kinds[number])
        return self._photographed(Surfaces.of(surfaces), sunny, kinds, random)

    def _photographed(self, surfaces: Surfaces, sunny: Tensor, kinds: Tensor, random: Random) -> Batch:
        count = len(sunny)
        suns = Suns.random(random, count)
        told = suns.toward * (sunny & random.chance(KNOWN_SHARE, count))
        radiance = unlit(surfaces, random)
        radiance = torch.where(sunny.view(-1, 1, 1), lit(surfaces, suns), radiance)
        slopes = self.plane.crop(surfaces.slopes)
        inside = torch.zeros_like(slopes[:1])
        inside[..., BORDER_PX:-BORDER_PX, BORDER_PX:-BORDER_PX] = 1
        wanted = torch.cat([slopes, inside])
        picture = taken(radiance, random, CLEAN_SHARE)
        suggested = Brightness.of(picture, self.plane).suggestions(told)
        given = network_input(self.plane.crop(picture), told)
        return Batch(given.transpose(0, 1), suggested.permute(2, 0, 1, 3, 4), wanted.transpose(0, 1), kinds)

    def cut(self, number: Tensor, relief: Tensor, random: Random) -> Tensor:
        """Random parts (9, B, side, side) of surfaces with others' relief, by their numbers, at random angles and
        scales."""
        count, device = len(number), self.device
        side = self.crop_px + 2 * MARGIN_PX
        step = random.uniform(*(-math.log(scale) for scale in SCALES), count).exp().view(-1, 1, 1)
        quarter = random.below(4, count) * (math.pi / 2)
        angle = torch.where(random.chance(UPRIGHT_SHARE, count), quarter, random.uniform(0, 2 * math.pi, count))
        cos, sin = angle.cos().view(-1, 1, 1), angle.sin().view(-1, 1, 1)
        mirror = 1 - 2 * random.below(2, count).view(-1, 1, 1)
        axis = (torch.arange(SUPERSAMPLING * side, device=device) + 0.5) / SUPERSAMPLING - side / 2
        u, v = mirror * step * axis, step * axis[:, None]
        x = self.surfaces[number]
        x[:, RELIEF] = self.surfaces[relief][:, RELIEF]
        height, width = x.shape[2:]
        wide = torch.nn.functional.pad(x.float(), (0, 1, 0, 1), mode="circular")
        right = (cos * u - sin * v + random.uniform(0, width, count, 1, 1)) % width
        down = (sin * u + cos * v + random.uniform(0, height, count, 1, 1)) % height
        places = torch.stack([2 * right / width - 1, 2 * down / height - 1], -1)
        x = avg_pool2d(grid_sample(wide, places, align_corners=True), SUPERSAMPLING).transpose(0, 1)
        across, along = x[3].clone(), x[4].clone()
        x[3], x[4] = mirror * (cos * across + sin * along), cos * along - sin * across
        x[5] /= step
        return x

    def _painted(self, count: int, random: Random) -> Tensor:
        """Strokes and shapes in one or two colours and grain on flat surfaces (9, B, side, side)."""
        masks = self.paintings[random.below(len(self.paintings), count)].float() / 255
        paint = torch.nn.functional.pad(masks[None], (MARGIN_PX,) * 4, mode="circular")[0]
        one, other = random.uniform(0.02, 0.9, 2, 3, count, 1, 1)
        shades = one * random.uniform(0.05, 0.8, count, 1, 1)
        other = torch.where(random.chance(2 / 3, count).view(-1, 1, 1), other, shades)
        grain = random.normal(1, *paint.shape) * random.uniform(0, 0.1, count, 1, 1)
        color = ((one + (other - one) * paint) * grain.exp()).clamp(DARKEST, 1)
        flat = torch.zeros_like(paint)[None]
        rough = flat + random.uniform(0.2, 0.9, count, 1, 1)
        return torch.cat([color, flat, flat, flat, rough, flat, flat + 1])


def unlit(surfaces: Surfaces, random: Random) -> Tensor:
    """Linear colours (3, B, h, w) of surfaces (…, B, h, w), some with dark crevices."""
    count = surfaces.color.shape[1]
    crevices = random.uniform(0, 1.2, count) * random.chance(0.5, count)
    return surfaces.color * surfaces.occlusion ** crevices.view(-1, 1, 1)


def recolored(color: Tensor, random: Random) -> Tensor:
    """Some of the colours (3, B, h, w) changed, and their variation multiplied by a factor."""
    count = color.shape[1]
    logs = color.clamp_min(DARKEST).log()
    means = logs.mean((2, 3), keepdim=True)
    changed = (
        means + random.normal(0.3, 3, count, 1, 1) + random.uniform(0.5, 1.4, count, 1, 1) * (logs - means)
    ).exp()
    return torch.where(random.chance(RECOLORED_SHARE, count).view(-1, 1, 1), changed, color).clamp(DARKEST, 1)


def altered(pictures: Tensor, random: Random) -> Tensor:
    """sRGB pictures (B, 3, h, w), less 0.5, turned, mirrored, enlarged and in another light."""
    count = len(pictures)
    cut = round(pictures.shape[2] * float(random.uniform(0.6, 1, 1)))
    down, right, quarters, mirrored = (
        int(random.below(end, 1)) for end in (pictures.shape[2], pictures.shape[3], 4, 2)
    )
    pictures = pictures.roll((down, right), (2, 3)).rot90(quarters, (2, 3))
    pictures = pictures.flip(3) if mirrored else pictures
    large = interpolate(pictures[:, :, :cut, :cut], (THUMBNAIL_PX,) * 2, mode="bilinear", align_corners=False)
    gains = (random.normal(0.25, count, 1, 1, 1) + random.normal(0.05, count, 3, 1, 1)).exp()
    return (large * gains).clamp(0, 1) - 0.5


def _paintings(side_px: int) -> np.ndarray:
    """Random strokes and shapes (PAINTINGS, side_px, side_px), 8 bits, some of them empty."""
    rng = np.random.default_rng(0)
    found = []
    for _ in range(PAINTINGS):
        picture = Image.new("L", (side_px, side_px), 0)
        draw = ImageDraw.Draw(picture)
        for _ in range(int(rng.integers(0, 16))):
            x, y, right, down = (int(value) for value in rng.integers(0, side_px, 4))
            box, fill, width = (min(x, right), min(y, down), max(x, right), max(y, down)), 255, int(rng.integers(2, 22))
            kind = rng.integers(5)
            if kind < 2:
                draw.line((x, y, right, down), fill, width)
            elif kind == 2:
                draw.arc(box, int(rng.integers(360)), int(rng.integers(360)), fill, width)
            elif kind == 3:
                draw.rectangle(box, fill if rng.integers(2) else None, fill, width)
            else:
                draw.ellipse(box, fill if rng.integers(3) == 0 else None, fill, width)
        found.append(np.roll(np.asarray(picture), rng.integers(side_px, size=2), (0, 1)))
    return np.stack(found)
