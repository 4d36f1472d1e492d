"""Standardisation of maps for networks, and its inverse."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d

from ..texture import MAP_CHANNELS, channels_of
from .base import LEAST_DEVIATION

CHROMA = 0.6
"""Degree of whitening of the principal components of colours (0: none, 1: full), so that losses include hue."""
USUAL = {"base_color": 0.5, "height": 0.5, "roughness": 0.5, "metallic": 0.0}
"""Value for a map that no picture of a class has."""
LEAST_CHROMA = 0.02
"""Lower limit of a component's deviation, relative to the largest. It keeps the hue of grey materials small."""


class Standardisation(nn.Module):
    """The affine map v = matrix (pixels - mean), with mean (C, 1, 1) and matrix (C, C), and its inverse.

    Every channel has deviation 1, except for the smaller principal components of the base colour. A model's card holds
    mean and matrix in full precision.
    """

    mean: Tensor
    matrix: Tensor

    def __init__(self, maps: Sequence[str], mean: Tensor, matrix: Tensor) -> None:
        super().__init__()
        self.maps = tuple(maps)
        self.register_buffer("mean", mean, persistent=False)
        self.register_buffer("matrix", matrix, persistent=False)

    def forward(self, pixels: Tensor) -> Tensor:
        """Standardised values of pixels (..., C, H, W)."""
        return torch.einsum("ij,...jhw->...ihw", self.matrix, pixels - self.mean)

    def inverse(self, values: Tensor) -> Tensor:
        """Pixels (B, C, H, W) of standardised values."""
        return conv2d(values, torch.linalg.inv(self.matrix.cpu()).to(values)[:, :, None, None]) + self.mean

    @property
    def height_channel(self) -> int | None:
        """Index of the height channel; None if there is none."""
        names = [name for name in self.maps for _ in range(MAP_CHANNELS[name])]
        return names.index("height") if "height" in names else None


def blend_standardisations(parts: Sequence[Standardisation], weights: Sequence[float]) -> Standardisation:
    """The standardisation whose inverse is the weighted mean of these inverses. The weights add up to 1."""
    used = [(part, weight) for part, weight in zip(parts, weights, strict=True) if weight]
    if len(used) == 1:
        return used[0][0]
    mean = torch.stack([weight * part.mean for part, weight in used]).sum(0)
    inverse = torch.stack([weight * torch.linalg.inv(part.matrix.cpu()) for part, weight in used]).sum(0)
    return Standardisation(parts[0].maps, mean, torch.linalg.inv(inverse).to(mean))


def standardisation_of(maps: Sequence[str], pixels: Sequence[tuple[Tensor, Tensor]]) -> Standardisation:
    """Standardisation of pictures. Each has its channels (C, H, W), and (C, 1, 1) with 1 for known channels.

    Maps that no picture has count as almost constant, at their usual value (`USUAL`).
    """
    usual = [torch.full((2,), USUAL[name]) for name in maps for _ in range(MAP_CHANNELS[name])]
    columns = [
        torch.cat([tensor[channel].flatten() for tensor, known in pixels if known[channel]] or [usual[channel]])
        for channel in range(channels_of(maps))
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
