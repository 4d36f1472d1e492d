"""A network that recognises relief in a photograph: slopes, roughness, metal, and how sure it is, per pixel.

A U-Net (Ronneberger et al. 2015) from half to a 32nd of the resolution, periodic at its borders. It learns from random
photographs of measured sets, of their colours on others' relief, and of random materials.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, interpolate, pad, pixel_shuffle, pixel_unshuffle, softplus
from torch.optim import AdamW

from impasto.surface.color_tensors import linear_to_srgb
from impasto.texture import Maps
from impasto.training.base import Training
from impasto_photo_maps.prior import towards

from .photographs import MIDDLE_GREY, lit, random_camera, random_sun, taken, without_margin
from .shares import RELIEF, varied
from .surfaces import Surfaces, at_size, random_material

WIDTHS = (32, 64, 96, 128, 128)
"""Channels at each level, of which the first has half the picture's resolution."""
GROUPS = 8
IN, OUT = 5, 5
"""Channels in: sRGB, and the unit vector to the light or 0. Out: slopes, roughness, metallic, and expected error."""
BATCH, CROP_PX = 8, 128
RATE = 1.5e-3
LARGEST_SCALE = 1.6
"""Most that a surface is shrunk or enlarged, so that texel sizes vary."""
SUNNY, RANDOM_SHARE, SWAPPED_SHARE, RECOLORED_SHARE = 0.6, 0.15, 0.15, 0.3
"""Shares of photographs with sun, of random materials, of one set's colours on another's relief, of changed colours."""
KNOWN_SHARE = 0.4
"""Share of photographs in sun whose azimuth is told."""
BANDS = (2, 4, 4)
"""Factors by which the low-passed slopes are reduced, one after the other, for the bands that are compared."""
LEAST_POWER = 1e-5
"""Power of a band of true slopes below which its shape is not compared."""
DISTANCE, SHAPE, STRENGTH, SURENESS, FINISH = 4.0, 0.15, 0.03, 0.05, 0.5
"""Weights of the losses."""
RANDOM_MATERIALS = 48


class RecognitionNetwork(nn.Module):
    """Pictures (B, IN, H, W), sides multiples of 32, to values (B, OUT, H, W)."""

    def __init__(self) -> None:
        super().__init__()
        self.enter = _convolution(4 * IN, WIDTHS[0])
        self.down = nn.ModuleList([_block(before, width) for before, width in pairwise((WIDTHS[0], *WIDTHS))])
        self.up = nn.ModuleList([_block(width + below, width) for width, below in pairwise(WIDTHS)])
        self.leave = _convolution(WIDTHS[0], 4 * OUT)

    def forward(self, x: Tensor) -> Tensor:
        """Slopes to the right and down, logits of roughness and metallic, and expected error in radians."""
        x = self.enter(pixel_unshuffle(x, 2))
        kept = []
        for level, block in enumerate(self.down):
            x = block(avg_pool2d(x, 2) if level else x)
            kept.append(x)
        for level in reversed(range(len(self.up))):
            x = self.up[level](torch.cat([interpolate(x, scale_factor=2.0), kept[level]], 1))
        values = pixel_shuffle(self.leave(x), 2)
        return torch.cat([values[:, :4], softplus(values[:, 4:]) + 1e-3], 1)


def _convolution(before: int, after: int) -> nn.Conv2d:
    return nn.Conv2d(before, after, 3, padding=1, padding_mode="circular")


def _block(before: int, after: int) -> nn.Sequential:
    """Two convolutions (B, before, h, w) -> (B, after, h, w)."""
    layers = []
    for width in (before, after):
        layers += [_convolution(width, after), nn.GroupNorm(GROUPS, after), nn.SiLU()]
    return nn.Sequential(*layers)


class RecognitionTraining(Training):
    """The network, and the surfaces whose photographs it sees. pictures: linear colours for random materials."""

    averaged = "network"

    def __init__(
        self,
        sets: Sequence[Surfaces],
        pictures: Sequence[Tensor],
        steps: int,
        seed: int = 0,
        precision: str = "float32",
    ) -> None:
        super().__init__(steps, RATE, seed, precision=precision)
        self.sets = sets
        side = 2 * CROP_PX
        self.drawn = [random_material(side, seed + number, pictures) for number in range(RANDOM_MATERIALS)]
        with self.seeded_weights():
            network = RecognitionNetwork()
        self.hold({"network": network}, partial(AdamW, lr=RATE, weight_decay=1e-2))

    def step(self) -> dict[str, Tensor]:
        """One batch of photographs."""
        rng = np.random.default_rng(int(torch.randint(2**31, (), generator=self.random)))
        given, wanted = (torch.stack(parts) for parts in zip(*(self._example(rng) for _ in range(BATCH)), strict=True))
        with self.autocast():
            found = self.networks["network"](given)
        losses = loss_terms(found.float(), wanted)
        self.descend("network", sum(losses.values(), torch.zeros(())))
        self.average(0.999)
        return {name: loss.detach() for name, loss in losses.items()}

    def preview(self) -> Maps:
        """A random photograph."""
        given, _ = self._example(np.random.default_rng(0))
        return Maps.from_arrays({"base_color": (given[:3] + 0.5).permute(1, 2, 0).numpy()})

    def _example(self, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        """A photograph as the network sees it (IN, h, w), and what it shows: slopes, roughness, metallic (4, h, w)."""
        part = self._part(rng)
        toward = torch.zeros(2)
        if rng.random() < SUNNY:
            sun = random_sun(rng)
            picture = taken(lit(part, sun), random_camera(rng), rng)
            if rng.random() < KNOWN_SHARE:
                toward = towards(sun.azimuth)
        else:
            picture = taken(part.color * part.occlusion ** rng.uniform(0, 1.5), random_camera(rng), rng)
        true = torch.cat([part.slopes, part.roughness[None], part.metallic[None]])
        return network_input(without_margin(picture), toward), without_margin(true)

    def _part(self, rng: np.random.Generator) -> Surfaces:
        """A random part of a random surface, with margins for shadows."""
        kind = rng.random()
        if kind < RANDOM_SHARE:
            surface = self.drawn[rng.integers(len(self.drawn))]
        else:
            surface = self.sets[rng.integers(len(self.sets))]
            if kind < RANDOM_SHARE + SWAPPED_SHARE:
                channels = surface.stacked().clone()
                channels[RELIEF] = self.sets[rng.integers(len(self.sets))].stacked()[RELIEF]
                surface = Surfaces.of(channels)
        scale = math.exp(rng.uniform(-1, 1) * math.log(LARGEST_SCALE))
        side = min(round(CROP_PX * scale), *surface.size_px)
        top, left = (int(rng.integers(length)) for length in surface.size_px)
        part = surface.cut(top, left, side).turned(int(rng.integers(4)), bool(rng.integers(2)))
        size = CROP_PX + part.size_px[0] - side
        part = at_size(part, (size, size))
        return varied(part, rng, (0.3, 1.5)) if rng.random() < RECOLORED_SHARE else part


def network_input(picture: Tensor, toward: Tensor) -> Tensor:
    """Input (IN, H, W) of a linear picture (3, H, W), however exposed, and the unit vector (2,) to its light, 0 if
    unknown."""
    exposed = picture * (MIDDLE_GREY / picture.mean().clamp_min(1e-4))
    encoded = linear_to_srgb(exposed.clamp(0, 1)) - 0.5
    return torch.cat([encoded, toward[:, None, None].expand(2, *picture.shape[1:])])


def loss_terms(found: Tensor, wanted: Tensor) -> dict[str, Tensor]:
    """Losses of values (B, OUT, H, W) against slopes, roughness and metallic (B, 4, H, W).

    distance: of normals. shape: 1 - correlation of slopes in each band, whatever their strength. strength: difference
    of the logarithms of each band's power. sureness: of errors as exponentially distributed. finish: of the rest.
    """
    made, true = (_flattened(x[:, :2]) for x in (found, wanted))
    error = (made - true).square().sum(1).add(1e-8).sqrt()
    shape, strength = torch.zeros(()), torch.zeros(())
    for one, other in zip(_bands(made), _bands(true), strict=True):
        own, power = (x.square().mean((1, 2, 3)) for x in (one, other))
        counts = (power > LEAST_POWER).float()
        correlation = (one * other).mean((1, 2, 3)) / (own * power + 1e-12).sqrt()
        shape = shape + (counts * (1 - correlation)).mean()
        strength = strength + (counts * ((own + 1e-6) / (power + 1e-6)).log().abs().clamp(max=3)).mean()
    expected = found[:, 4]
    finish = (found[:, 2:4].sigmoid() - wanted[:, 2:4]).abs().mean()
    return {
        "distance": DISTANCE * error.mean(),
        "shape": SHAPE * shape,
        "strength": STRENGTH * strength,
        "sureness": SURENESS * (error.detach() / expected + expected.log()).mean(),
        "finish": FINISH * finish,
    }


def _flattened(slopes: Tensor) -> Tensor:
    """Horizontal part (B, 2, H, W) of the unit normals of slopes, up to signs."""
    return slopes / (1 + slopes.square().sum(1, keepdim=True)).sqrt()


def _bands(x: Tensor) -> list[Tensor]:
    """Frequency bands of x (B, C, H, W), from fine to coarse, each at its own resolution."""
    found = []
    for factor in BANDS:
        low = avg_pool2d(x, factor)
        found.append(x - interpolate(low, scale_factor=float(factor), mode="bilinear", align_corners=False))
        x = low
    return [*found, x]


@torch.no_grad()
def recognised(network: nn.Module, picture: Tensor, toward: Tensor | None = None) -> Tensor:
    """Values (OUT, H, W) of a linear picture (3, H, W) that wraps around; sides need not be multiples of 32."""
    given = network_input(picture, torch.zeros(2) if toward is None else toward)[None]
    height, width = given.shape[2:]
    more = (-width % 32, -height % 32)
    return network(pad(given, (0, more[0], 0, more[1]), mode="circular"))[0, :, :height, :width]
