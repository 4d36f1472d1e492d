"""A network that distinguishes the teacher's paintings from the painter's, patch by patch (Isola et al. 2017).

It also sees the original picture, so that strokes have to suit their subject.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

WIDTHS = (32, 64, 96)
SLOPE = 0.2
MEAN, DEVIATION = 0.5, 0.25
"""Approximate mean and deviation of its input pictures."""


class PaintingDiscriminator(nn.Module):
    """Paintings and pictures, each (B, 3, H, W) and standardised -> logits (B, 1, H / 8, W / 8).

    Each logit judges a patch of 38 pixels: a few strokes. There is no normalisation, which would mix patches.
    """

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for inputs, outputs in zip((6, *WIDTHS[:-1]), WIDTHS, strict=True):
            layers += [nn.Conv2d(inputs, outputs, 4, 2, 1), nn.LeakyReLU(SLOPE)]
        layers += [nn.Conv2d(WIDTHS[-1], WIDTHS[-1], 3, padding=1), nn.LeakyReLU(SLOPE), nn.Conv2d(WIDTHS[-1], 1, 1)]
        self.layers = nn.Sequential(*layers)

    def forward(self, paintings: Tensor, pictures: Tensor) -> Tensor:
        """Logits, large where a painting looks like the teacher's."""
        result: Tensor = self.layers(torch.cat([paintings, pictures], 1))
        return result


def standardise(x: Tensor) -> Tensor:
    """Values in [0, 1] with a mean of about 0 and a deviation of about 1."""
    return (x - MEAN) / DEVIATION
