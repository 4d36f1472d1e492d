"""Standardisation: between maps and the values that networks see."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d

from impasto.texture import MAP_CHANNELS
from impasto.training.base import LEAST_DEVIATION

CHROMA = 0.6
"""How far the principal components of colours are whitened (0: not, 1: fully): each is divided by its deviation to this
power. Unwhitened, losses hardly see hue, and results shimmer in rainbows. Set by eye on the sets of the shipped
models."""
LEAST_CHROMA = 0.02
"""Least deviation of a component of colours, relative to the largest: a grey material has no hue to be blown up."""


class Standardisation(nn.Module):
    """Between maps and what networks see: v = matrix (pixels - mean), with mean (C, 1, 1) and matrix (C, C).

    Every channel has deviation 1, but for the smaller principal components of the base colour. A model's card holds
    both, in full precision.
    """

    mean: Tensor
    matrix: Tensor

    def __init__(self, maps: Sequence[str], mean: Tensor, matrix: Tensor) -> None:
        super().__init__()
        self.maps = tuple(maps)
        self.register_buffer("mean", mean, persistent=False)
        self.register_buffer("matrix", matrix, persistent=False)

    def forward(self, pixels: Tensor) -> Tensor:
        """(..., C, H, W) pixels, standardised."""
        return torch.einsum("ij,...jhw->...ihw", self.matrix, pixels - self.mean)

    def inverse(self, values: Tensor) -> Tensor:
        """Pixels (B, C, H, W) of standardised values."""
        return conv2d(values, torch.linalg.inv(self.matrix.cpu()).to(values)[:, :, None, None]) + self.mean

    @property
    def height_channel(self) -> int | None:
        """The channel that holds height, if one does."""
        names = [name for name in self.maps for _ in range(MAP_CHANNELS[name])]
        return names.index("height") if "height" in names else None


def standardisation_of(maps: Sequence[str], pixels: Sequence[tuple[Tensor, Tensor]]) -> Standardisation:
    """That of pictures, each of channels (C, H, W) and which of them are known (C, 1, 1)."""
    count = sum(MAP_CHANNELS[name] for name in maps)
    columns = [
        torch.cat([tensor[channel].flatten() for tensor, known in pixels if known[channel]]) for channel in range(count)
    ]
    mean = torch.tensor([float(values.mean()) for values in columns])
    matrix = torch.diag(torch.tensor([1 / max(float(values.std()), LEAST_DEVIATION) for values in columns]))
    if maps[0] == "base_color":
        variances, axes = torch.linalg.eigh(torch.cov(torch.stack(columns[:3])))
        deviations = variances.clamp(min=1e-8).sqrt()
        deviations[-1] = deviations[-1].clamp(min=LEAST_DEVIATION)
        relative = (deviations / deviations[-1]).clamp(min=LEAST_CHROMA)
        matrix[:3, :3] = torch.diag(1 / (deviations[-1] * relative**CHROMA)) @ axes.T
    return Standardisation(maps, mean[:, None, None], matrix)
