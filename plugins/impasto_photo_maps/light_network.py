"""A network that finds the light in one picture: shadows on a surface, and its shading.

The encoder is that of `photo-maps`. At a 16th of the resolution every place is compared with all others (Vaswani et
al. 2017), so that the inside of a large shadow is recognised by the same material in the light. The shadow is a matte
times a depth that varies slowly (Le and Samaras 2019), so that its border is as sharp as the matte.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, pixel_shuffle, pixel_unshuffle, softplus

from .network import FINE, FIRES, KEPT, Convolved, fires, recognised, refining

LIGHT_WIDTHS = (56, 72, 96)
"""Channels of the decoder from a quarter to a 16th of the resolution."""
LIGHT_REACHES = (1, 4)
"""Dilations of the convolutions at a 16th, in its pixels."""
HEADS, COMPARISONS = 4, 2
VALUES = 2
"""Values of each pixel: the logit of the matte, and the logarithm of the shading."""
SUMMARY = 2
"""Values of a whole picture: the logits of a shadow and of a sun."""


class Comparison(nn.Module):
    """Features (B, channels, H, W), each changed by all others that resemble it (Vaswani et al. 2017)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.before, self.after = nn.LayerNorm(channels), nn.LayerNorm(channels)
        self.ask, self.answer = nn.Linear(channels, 3 * channels), nn.Linear(channels, channels)
        last = nn.Linear(2 * channels, channels)
        self.change = nn.Sequential(nn.Linear(channels, 2 * channels), nn.SiLU(), last)
        for layer in (self.answer, last):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(self, x: Tensor) -> Tensor:
        count, channels, height, width = x.shape
        tokens = x.flatten(2).transpose(1, 2)  # (B, H·W, channels)
        asked = self.ask(self.before(tokens)).view(count, -1, 3, HEADS, channels // HEADS)
        query, key, value = asked.permute(2, 0, 3, 1, 4)  # (B, HEADS, H·W, channels / HEADS) each
        alike = (query @ key.transpose(2, 3) * query.shape[3] ** -0.5).softmax(3)
        found = (alike.to(value.dtype) @ value).transpose(1, 2).flatten(2)
        tokens = tokens + self.answer(found)
        tokens = tokens + self.change(self.after(tokens))
        return tokens.transpose(1, 2).reshape(count, channels, height, width)


class LightNetwork(nn.Module):
    """Pictures, sRGB less 0.5 (B, 3, H, W), sides multiples of `STRIDE`, to logits of the matte (B, 1, H, W), depths
    (B, 3, H, W), logarithms of the shading (B, 1, H, W), and the summary (B, SUMMARY)."""

    def __init__(self) -> None:
        super().__init__()
        widths = LIGHT_WIDTHS
        self.first = nn.Conv2d(3, 64, 3, 2, padding=1, padding_mode="circular")
        self.fires = nn.ModuleList([fires(sizes, before) for sizes, before in zip(FIRES, (64, 128, 256), strict=True)])
        self.lateral = nn.ModuleList([nn.Conv2d(have, want, 1) for have, want in zip(KEPT, widths, strict=True)])
        self.around = nn.ModuleList([Convolved(widths[-1], widths[-1], reach) for reach in LIGHT_REACHES])
        self.compared = nn.Sequential(*(Comparison(widths[-1]) for _ in range(COMPARISONS)))
        self.up = nn.ModuleList([refining(width, below) for width, below in pairwise(widths)])
        self.detail = Convolved(3 * FINE**2, widths[0])
        self.finest = Convolved(2 * widths[0], widths[0])
        self.leave = nn.Conv2d(widths[0], VALUES * FINE**2, 1)
        self.deep = nn.Conv2d(widths[-1], 3, 1)
        self.whole = nn.Sequential(nn.Linear(2 * widths[-1], 64), nn.SiLU(), nn.Linear(64, SUMMARY))

    def forward(self, picture: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Logits of the matte, depths, shading and summary."""
        levels = recognised(self.first, self.fires, picture)
        *kept, y = (layer(one) for layer, one in zip(self.lateral, levels, strict=True))
        for layer in self.around:
            y = y + layer(y)
        y = self.compared(y)
        summary = self.whole(torch.cat([y.mean((2, 3)), y.amax((2, 3))], 1).float())
        depth = softplus(self.deep(y).float())
        for layer in reversed(self.up):
            y = layer(torch.cat([interpolate(y, scale_factor=2.0), kept.pop()], 1))
        y = y + self.finest(torch.cat([y, self.detail(pixel_unshuffle(picture, FINE))], 1))
        matte, shading = pixel_shuffle(self.leave(y).float(), FINE).split(1, 1)
        return matte, depth, shading, summary


def shadow_log(matte: Tensor, depth: Tensor) -> Tensor:
    """Logarithm (…, 3, H, W) of what shadows take of the light, from a matte (…, 1, H, W) in [0, 1] and depths."""
    return -torch.log1p(matte * torch.expm1(-depth))
