"""The original GAN (Goodfellow et al. 2014) with the networks of DCGAN (Radford et al. 2016), on a torus.

Two players: D tells pictures x of the data from pictures x̂ = G(z), and G tries to make D err. Kept as in the papers,
as a reference and to learn from: it may collapse, which newer losses prevent.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import leaky_relu, relu, softplus

from impasto.training.layers import SLOPE, Noise, circular_convolution, halved_sizes, resized

from .shared import TextbookTraining

LATENT = 32
"""Channels of z for each cell of the coarsest grid; a cell is 8 px wide."""
LEVELS = 4
"""Number of resolutions of the generator."""


class Generator(nn.Module):
    """z (B, 32, H/8, W/8) -> standardised pictures (B, channels, H, W); no tanh as in DCGAN, which would bound them."""

    def __init__(self, channels: int, width: int, classes: int = 0) -> None:
        super().__init__()
        widths = [max(8, width // 2**level) for level in range(LEVELS)]
        self.embedding = nn.Embedding(classes, LATENT) if classes else None
        inputs = LATENT * (2 if classes else 1)
        self.convolutions = nn.ModuleList(circular_convolution(a, b) for a, b in pairwise([inputs, *widths]))
        self.norms = nn.ModuleList(nn.BatchNorm2d(width) for width in widths)
        self.head = circular_convolution(widths[-1], channels)

    def forward(
        self, noise: Noise, batch: int, size_px: tuple[int, int], classes: Tensor | None = None, variation: float = 1.0
    ) -> Tensor:
        """Pictures of `size_px` from random z, scaled by `variation`; classes (B,) are indices."""
        sizes = halved_sizes(size_px, LEVELS)
        x = variation * noise(batch, LATENT, *sizes[0])
        if self.embedding is not None and classes is not None:
            y = self.embedding(classes)[:, :, None, None].expand(-1, -1, *sizes[0])  # (B, 32, H/8, W/8)
            x = torch.cat([x, y], 1)
        for convolve, normalise, size in zip(self.convolutions, self.norms, sizes, strict=True):
            x = relu(normalise(convolve(resized(x, size))))  # (B, width, h, w)
        return self.head(x)


class Discriminator(nn.Module):
    """Pictures (B, channels, H, W) -> logits (B, 1, H/8 - 3, W/8 - 3), each of a patch of 46 px; one for 32 px."""

    def __init__(self, channels: int, width: int, is_normalised: bool = True) -> None:
        super().__init__()
        widths = [width // 4, width // 2, width]
        norm = nn.BatchNorm2d if is_normalised else nn.Identity
        self.convolutions = nn.ModuleList(
            nn.Conv2d(a, b, 4, stride=2, padding=1) for a, b in pairwise([channels, *widths])
        )
        self.norms = nn.ModuleList([nn.Identity(), *(norm(width) for width in widths[1:])])
        self.head = nn.Conv2d(width, 1, 4)

    def forward(self, x: Tensor) -> Tensor:
        """Logits, above 0 for patches judged to be real."""
        for convolve, normalise in zip(self.convolutions, self.norms, strict=True):
            x = leaky_relu(normalise(convolve(x)), SLOPE)
        return self.head(x).float()


class GanTraining(TextbookTraining):
    """min_G max_D  E[log D(x)] + E[log(1 - D(G(z)))]; G maximises log D(G(z)) instead (section 3 of the paper)."""

    saturated_below = 0.02
    betas = (0.5, 0.999)

    def networks_of(self, channels: int, width: int) -> dict[str, nn.Module]:
        """G and D."""
        return {"generator": Generator(channels, width), "discriminator": Discriminator(channels, width)}

    def rate(self) -> float:
        """Constant learning rate."""
        return self.learning_rate * self.rate_factor

    def discriminator_loss(self, x: Tensor, x_hat: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """-log D(x) - log(1 - D(x̂))."""
        D = self.networks["discriminator"]
        real_logits = D(x)
        return softplus(-real_logits).mean() + softplus(D(x_hat)).mean(), real_logits

    def generator_loss(self, x_hat: Tensor, y: Tensor, real_logits: Tensor) -> Tensor:
        """-log D(x̂)."""
        return softplus(-self.networks["discriminator"](x_hat)).mean()
