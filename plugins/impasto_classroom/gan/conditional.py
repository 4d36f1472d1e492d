"""The conditional GAN: the class enters G by conditional batch norm, and D by projection (Miyato & Koyama 2018).

D(x, y) = ψ(φ(x)) + y·V·φ(x): how real the picture is, and how well it fits its class. Hinge loss, spectral norm of D
and sums over φ as in that paper. Departures: convolutions of DCGAN instead of residual blocks, noise for each cell of
a torus instead of one z, and one step of D for each step of G instead of five.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import leaky_relu, relu
from torch.nn.utils.parametrizations import spectral_norm

from impasto.training.layers import SLOPE

from .gan import PlainGenerator
from .shared import TextbookTraining


class ProjectionDiscriminator(nn.Module):
    """Pictures (B, channels, H, W) and classes (B,) -> logits (B,); weights of spectral norm 1."""

    def __init__(self, channels: int, width: int, classes: int) -> None:
        super().__init__()
        widths = [channels, width // 4, width // 2, width]
        self.convolutions = nn.ModuleList(
            spectral_norm(nn.Conv2d(a, b, 4, stride=2, padding=1)) for a, b in pairwise(widths)
        )
        self.last = spectral_norm(nn.Conv2d(width, width, 3, padding=1))  # 38 px are seen together, instead of 22
        self.psi = spectral_norm(nn.Linear(width, 1))
        self.V = spectral_norm(nn.Embedding(classes, width))

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Logits (B,), above 0 for pictures judged to be real and of this class."""
        for convolve in self.convolutions:
            x = leaky_relu(convolve(x), SLOPE)
        x = leaky_relu(self.last(x), SLOPE)
        phi = x.float().sum((2, 3))  # (B, width)
        with torch.autocast(x.device.type, enabled=False):
            return self.psi(phi)[:, 0] + (self.V(y) * phi).sum(1)


class ConditionalTraining(TextbookTraining):
    """max_D  E[min(0, D(x, y) - 1)] + E[min(0, -1 - D(G(z, y), y))],  max_G  E[D(G(z, y), y)]."""

    saturated_below = 0.02
    betas = (0.0, 0.9)
    learns_classes = True

    def networks_of(self, channels: int, width: int) -> dict[str, nn.Module]:
        """G and D."""
        classes = len(self.crops.labels)
        return {
            "generator": PlainGenerator(channels, width, classes),
            "discriminator": ProjectionDiscriminator(channels, width, classes),
        }

    def discriminator_loss(self, x: Tensor, x_hat: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """-min(0, D(x, y) - 1) - min(0, -1 - D(x̂, y))."""
        D = self.networks["discriminator"]
        real_logits = D(x, y)
        return relu(1 - real_logits).mean() + relu(1 + D(x_hat, y)).mean(), real_logits

    def generator_loss(self, x_hat: Tensor, y: Tensor, real_logits: Tensor) -> Tensor:
        """-D(x̂, y)."""
        return -self.networks["discriminator"](x_hat, y).mean()
