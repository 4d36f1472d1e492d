"""Stage II of StackGAN (Zhang et al. 2017, section 3.4): a frozen Stage I picture, refined to four times its size.

It looks at the picture and at the phrase again, with a conditioning augmentation of its own: downsampled features of
the picture and ĉ pass residual blocks and are upsampled to 256x256. Its discriminator is Stage I's, with one more
level. Departures from the paper: as in Stage I; and Stage II adds to the enlarged picture, so that it begins with that
picture and has only detail to learn.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import leaky_relu

from impasto.numerics.resampling import bilinear_resize
from impasto.training.layers import SLOPE, Noise, circular_convolution

from .stage_one import CONDITION, ConditioningAugmentation, Level, repeat

ENLARGED = 4
"""Side of a picture of Stage II, relative to Stage I."""
ENCODER_WIDTHS = (32, 64, 96)
"""Channels of the picture's features at its own size, at a half and at a quarter: 16x16 in the paper's sizes."""
BLOCKS = 2
"""Number of residual blocks; the paper has four, to correct shapes of Stage I."""
DECODER_WIDTHS = (80, 56, 32, 16)
DISCRIMINATOR_WIDTHS = (24, 40, 64, 96, 128)


class Residual(nn.Module):
    """x + F(x), where F has two circular convolutions; the second one starts at 0."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first, self.second = circular_convolution(width, width), circular_convolution(width, width)
        nn.init.kaiming_normal_(self.first.weight, a=SLOPE)
        nn.init.zeros_(self.second.weight)

    def forward(self, x: Tensor) -> Tensor:
        """x (B, width, h, w), refined."""
        return leaky_relu(x + self.second(leaky_relu(self.first(x), SLOPE)), SLOPE)


class StageTwo(nn.Module):
    """A picture s0 of Stage I (B, channels, h, w) and ĉ (B, CONDITION) -> maps (B, channels, 4h, 4w)."""

    def __init__(self, channels: int, width: float) -> None:
        super().__init__()
        encoder = [max(8, round(width * one)) for one in ENCODER_WIDTHS]
        decoder = [max(8, round(width * one)) for one in DECODER_WIDTHS]
        self.augmentation = ConditioningAugmentation()
        self.first = circular_convolution(channels, encoder[0])
        self.downsampling = nn.ModuleList(
            nn.Conv2d(a, b, 4, stride=2, padding=1, padding_mode="circular") for a, b in pairwise(encoder)
        )
        self.joined = circular_convolution(encoder[-1] + CONDITION, encoder[-1])
        self.residuals = nn.ModuleList(Residual(encoder[-1]) for _ in range(BLOCKS))
        self.levels = nn.ModuleList(Level(a, b, channels) for a, b in pairwise([encoder[-1], *decoder]))
        for level in self.levels:
            assert isinstance(level, Level)
            level.add_nothing()

    def forward(self, s_0: Tensor, c_hat: Tensor, noise: Noise) -> Tensor:
        """x̂ = G(s0, ĉ) (section 3.4); s0 has sides that are multiples of four."""
        x = leaky_relu(self.first(s_0), SLOPE)
        for convolve in self.downsampling:
            x = leaky_relu(convolve(x), SLOPE)
        x = leaky_relu(self.joined(torch.cat([x, repeat(c_hat, x)], 1)), SLOPE)
        for residual in self.residuals:
            x = residual(x)
        maps = torch.zeros(len(x), s_0.shape[1], *x.shape[2:], device=x.device)
        for level in self.levels:
            x, maps = level(x, maps, c_hat, noise)
        return bilinear_resize(s_0.float(), (ENLARGED * s_0.shape[2], ENLARGED * s_0.shape[3])) + maps
