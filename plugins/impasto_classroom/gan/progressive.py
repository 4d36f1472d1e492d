"""The progressive GAN (Karras et al. 2018): G and D grow by resolution, and each new resolution fades in.

With the paper's equalised learning rate in every layer, pixel norm, minibatch deviation and WGAN-GP loss. Departures:
G starts from noise for each cell of a torus instead of one latent, and grows from 8 px instead of 4, bilinearly
instead of by nearest neighbours; D has one convolution for each resolution instead of two; the learning rate falls in
the second half, and the average of G's weights has a decay of 0.995 instead of 0.999, for trainings of minutes.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, conv2d, leaky_relu, linear, pad

from impasto.errors import ParameterError
from impasto.numerics.resampling import bilinear_resize
from impasto.training.layers import SLOPE, Noise, halved_sizes
from impasto.training.pictures import random_crop

from .shared import TextbookTraining

LATENT = 32
FIRST_PX = 8
"""Size of crops at the first resolution; the coarsest grid has as many cells."""
MARGIN_CELLS = 1
GROWING = 0.6
"""Fraction of the training until the last level has faded in; that level trains longest, as in the paper."""
LAMBDA = 10.0
DRIFT = 1e-3


class EqualisedConvolution(nn.Module):
    """A convolution with equalised learning rate: normal weights, scaled at run time (section 4.1)."""

    def __init__(self, inputs: int, outputs: int, kernel: int, gain: float = math.sqrt(2), wraps: bool = False) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs, kernel, kernel))
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.scale = gain / math.sqrt(inputs * kernel**2)
        self.margin, self.mode = kernel // 2, "circular" if wraps else "constant"

    def forward(self, x: Tensor) -> Tensor:
        """x (B, inputs, H, W) -> (B, outputs, H, W)."""
        x = pad(x, (self.margin,) * 4, mode=self.mode) if self.margin else x
        return conv2d(x, self.weight * self.scale, self.bias)


class Dense(nn.Module):
    """A fully connected layer with equalised learning rate; gain 1 in the paper's last layer."""

    def __init__(self, inputs: int, outputs: int, gain: float = math.sqrt(2)) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs))
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.scale = gain / math.sqrt(inputs)

    def forward(self, x: Tensor) -> Tensor:
        """x (B, inputs) -> (B, outputs)."""
        return linear(x, self.weight * self.scale, self.bias)


def pixel_norm(x: Tensor) -> Tensor:
    """Features of each pixel, normalised to a mean square of 1 over the channels (section 4.2)."""
    return x * torch.rsqrt(x.square().mean(1, keepdim=True) + 1e-8)


def minibatch_deviation(x: Tensor) -> Tensor:
    """x (B, C, H, W) with the batch's standard deviation as one more channel, so that D sees a collapse (section 3)."""
    deviation = torch.sqrt(x.float().var(0, correction=0) + 1e-8).mean()
    return torch.cat([x, deviation.to(x.dtype).expand(len(x), 1, *x.shape[2:])], 1)


def widths_of(width: int, levels: int) -> list[int]:
    """Channels of each level, coarsest first; halved at each level from the third on, as pixels become more."""
    return [max(8, width >> max(0, level - 1)) for level in range(levels)]


class ProgressiveGenerator(nn.Module):
    """z (B, 32, cells) -> standardised pictures (B, channels, H, W).

    growth: the level reached; a fraction is the weight of the next level, which is fading in.
    """

    growth: Tensor

    def __init__(self, channels: int, width: int, levels: int) -> None:
        super().__init__()
        widths = widths_of(width, levels)
        before = [LATENT, *widths]
        self.first = nn.ModuleList(
            EqualisedConvolution(a, b, 3, wraps=True) for a, b in zip(before, widths, strict=False)
        )
        self.second = nn.ModuleList(EqualisedConvolution(b, b, 3, wraps=True) for b in widths)
        self.heads = nn.ModuleList(EqualisedConvolution(b, channels, 1, gain=1.0) for b in widths)
        self.register_buffer("growth", torch.zeros(()))

    def forward(
        self, noise: Noise, batch: int, size_px: tuple[int, int], classes: Tensor | None = None, variation: float = 1.0
    ) -> Tensor:
        """Pictures of `size_px`, enlarged if G has not grown to that size; classes are not used.

        variation: factor of the deviation from the data's mean, 0. z cannot be scaled, since pixel norm undoes it, and
        coarse features half as far from their mean (truncation, Karras et al. 2019) made more contrast, not less.
        """
        sizes = halved_sizes(size_px, len(self.heads))
        x = variation * self.pictures(noise(batch, LATENT, *sizes[0]), sizes)
        for size in sizes[sizes.index((x.shape[2], x.shape[3])) :]:
            x = bilinear_resize(x, size)
        return x

    def pictures(self, z: Tensor, sizes: list[tuple[int, int]]) -> Tensor:
        """Pictures of the resolution that G has grown to, blended with the next one (section 2, figure 2)."""
        growth = float(self.growth)
        x, picture = pixel_norm(z), None
        for level in range(math.ceil(growth) + 1):
            x = bilinear_resize(x, sizes[level])
            for convolve in (self.first[level], self.second[level]):
                x = pixel_norm(leaky_relu(convolve(x), SLOPE))
            if level >= growth - 1:
                new = self.heads[level](x)
                coarser = new if picture is None else bilinear_resize(picture, sizes[level])
                picture = new if picture is None else torch.lerp(coarser, new, growth % 1 or 1.0)
        assert picture is not None
        return picture


class ProgressiveDiscriminator(nn.Module):
    """Pictures (B, channels, 8·2^level, 8·2^level) -> unbounded scores (B,); grows like G."""

    def __init__(self, channels: int, width: int, levels: int) -> None:
        super().__init__()
        widths = widths_of(width, levels)
        self.stems = nn.ModuleList(EqualisedConvolution(channels, b, 1) for b in widths)
        self.blocks = nn.ModuleList(EqualisedConvolution(b, a, 3) for a, b in pairwise(widths))
        self.last = EqualisedConvolution(widths[0] + 1, width, 3)
        self.dense = Dense(width * FIRST_PX**2, width)
        self.score = Dense(width, 1, gain=1.0)

    def forward(self, x: Tensor, growth: float) -> Tensor:
        """Scores of pictures at the resolution of `growth`, rounded up; higher for more realistic ones."""
        level = math.ceil(growth)
        features = leaky_relu(self.stems[level](x), SLOPE)
        for below in range(level - 1, -1, -1):
            features = avg_pool2d(leaky_relu(self.blocks[below](features), SLOPE), 2)
            if below == level - 1 and growth % 1:
                old = leaky_relu(self.stems[below](avg_pool2d(x, 2)), SLOPE)
                features = torch.lerp(old, features, growth % 1)
        features = leaky_relu(self.last(minibatch_deviation(features)), SLOPE)  # (B, width, 8, 8)
        with torch.autocast(x.device.type, enabled=False):  # scores are unbounded: bfloat16 would round away their sum
            return self.score(leaky_relu(self.dense(features.flatten(1).float()), SLOPE))[:, 0]


class ProgressiveTraining(TextbookTraining):
    """L_D = D(x̂) - D(x) + λ (|∇D(x̃)| - 1)² + ε D(x)², x̃ between x and x̂; L_G = -D(x̂) (appendix A.1)."""

    betas = (0.0, 0.99)

    def networks_of(self, channels: int, width: int) -> dict[str, nn.Module]:
        """G and D."""
        levels = levels_of(self.crop_px)
        return {
            "generator": ProgressiveGenerator(channels, width, levels),
            "discriminator": ProgressiveDiscriminator(channels, width, levels),
        }

    def card(self) -> dict[str, Any]:
        """The card's fields, with the number of levels."""
        return {**super().card(), "levels": levels_of(self.crop_px)}

    def growth(self) -> float:
        """Level at this step: the first one for one phase of growing; each further one fades in, then settles."""
        levels = levels_of(self.crop_px)
        phase = max(0.0, self.done / (GROWING * self.steps) * (2 * levels - 2) - 1)
        return min(phase // 2 + min(phase % 2, 1.0), levels - 1.0)

    def probe(self) -> tuple[Tensor, Tensor] | None:
        """None until G has grown: coarse pictures are no failure, and their figures are not comparable."""
        return super().probe() if self.growth() == levels_of(self.crop_px) - 1 else None

    def step(self) -> dict[str, Tensor]:
        """Take one step of D, then one of G, both at the current resolution."""
        G, D = self.networks["generator"], self.networks["discriminator"]
        growth = self.growth()
        G.growth.fill_(growth)  # type: ignore[operator]
        growth = float(G.growth)  # type: ignore[arg-type]  # as the buffer rounds it
        level, levels = math.ceil(growth), levels_of(self.crop_px)
        cells = FIRST_PX + MARGIN_CELLS
        x, _ = self.crops.draw(self.batch, cells << (levels - 1), self.random)
        x = inside(level_view(x, levels - 1 - level, growth % 1), FIRST_PX << level)  # (B, C, 8·2^level, 8·2^level)
        sizes = halved_sizes((cells << (levels - 1),) * 2, levels)
        with self.autocast():
            x_hat = G.pictures(self.noise(self.batch, LATENT, cells, cells), sizes)  # type: ignore[operator]
            x_hat = random_crop(x_hat, x.shape[2], self.random)
            real, fake = D(x, growth), D(x_hat.detach(), growth)
        penalty = self._penalty(x, x_hat.detach().float(), growth)
        loss_D = (fake - real).mean() + LAMBDA * penalty + DRIFT * real.square().mean()
        self.descend("discriminator", loss_D)
        with self.autocast():
            loss_G = -D(x_hat, growth).mean()
        self.descend("generator", loss_G)
        self.average()
        return {"loss_discriminator": loss_D, "loss_generator": loss_G, "distance": (real - fake).mean()}

    def _penalty(self, x: Tensor, x_hat: Tensor, growth: float) -> Tensor:
        """(|∇D(x̃)| - 1)², in float32, since it is differentiated twice."""
        epsilon = torch.rand(len(x), 1, 1, 1, generator=self.random).to(self.device)
        x_tilde = torch.lerp(x, x_hat, epsilon).requires_grad_()
        score = self.networks["discriminator"](x_tilde, growth).sum()
        (gradient,) = torch.autograd.grad(score, x_tilde, create_graph=True)
        return (gradient.flatten(1).norm(dim=1) - 1).square().mean()


def level_view(x: Tensor, halvings: int, fade: float) -> Tensor:
    """Crops for D: halved `halvings` times, with the detail of a new level as faint as in G's pictures."""
    for _ in range(halvings):
        x = avg_pool2d(x, 2)
    if not fade:
        return x
    coarse = bilinear_resize(avg_pool2d(x, 2), (x.shape[2], x.shape[3]))
    return torch.lerp(coarse, x, fade)


def inside(x: Tensor, size_px: int) -> Tensor:
    """The middle (B, C, size_px, size_px) of x, without the border, which fading blends with the opposite one."""
    top, left = ((side - size_px) // 2 for side in x.shape[2:])
    return x[:, :, top : top + size_px, left : left + size_px]


def levels_of(crop_px: int) -> int:
    """Number of resolutions from 8 px to `crop_px`. Raise ParameterError if doubling does not lead there."""
    levels = int(math.log2(crop_px / FIRST_PX)) + 1
    if FIRST_PX << (levels - 1) != crop_px:
        raise ParameterError("crop_px must be 32, 64 or 128 to grow by doubling, got {}", "use 64", crop_px)
    return levels
