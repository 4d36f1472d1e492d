"""The conditional GAN: the class enters G as an embedding, and D by projection (Miyato & Koyama 2018).

D(x, y) = ψ(φ(x)) + y·V·φ(x): how real the picture is, and how well it fits its class. Hinge loss and spectral
normalisation as in that paper, but one step of D for each step of G instead of five.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import leaky_relu, relu
from torch.nn.utils.parametrizations import spectral_norm

from impasto.training.layers import SLOPE

from .gan import MARGIN_PX, Generator
from .shared import TextbookTraining, cut

BETAS = (0.0, 0.9)


class ProjectionDiscriminator(nn.Module):
    """Pictures (B, channels, H, W) and classes (B,) -> logits (B,); weights of spectral norm 1."""

    def __init__(self, channels: int, width: int, classes: int) -> None:
        super().__init__()
        widths = [channels, width // 4, width // 2, width]
        self.convolutions = nn.ModuleList(
            spectral_norm(nn.Conv2d(a, b, 4, stride=2, padding=1)) for a, b in pairwise(widths)
        )
        self.psi = spectral_norm(nn.Linear(width, 1))
        self.V = spectral_norm(nn.Embedding(classes, width))

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Logits (B,), above 0 for pictures judged to be real and of this class."""
        for convolve in self.convolutions:
            x = leaky_relu(convolve(x), SLOPE)
        phi = x.float().sum((2, 3))  # (B, width)
        return self.psi(phi)[:, 0].float() + (self.V(y) * phi).sum(1)


class ConditionalTraining(TextbookTraining):
    """max_D  E[min(0, D(x, y) - 1)] + E[min(0, -1 - D(G(z, y), y))],  max_G  E[D(G(z, y), y)]."""

    saturated_below = 0.02
    learns_classes = True

    def networks_of(self, channels: int, width: int) -> dict[str, nn.Module]:
        """G and D."""
        classes = len(self.crops.labels)
        return {
            "generator": Generator(channels, width, classes),
            "discriminator": ProjectionDiscriminator(channels, width, classes),
        }

    def optimizer(self, weights) -> torch.optim.Optimizer:
        """Adam as in the paper."""
        return torch.optim.Adam(weights, betas=BETAS, fused=True)

    def step(self) -> dict[str, Tensor]:
        """One step of D, then one of G."""
        G, D = self.networks["generator"], self.networks["discriminator"]
        x, y = self.crops.draw(self.batch, self.crop_px, self.random)  # (B, C, crop_px, crop_px), (B,)
        side = self.crop_px + MARGIN_PX
        with self.autocast():
            x_hat = cut(G(self.noise, self.batch, (side, side), y), self.crop_px, self.random)
            loss_D = relu(1 - D(x, y)).mean() + relu(1 + D(x_hat.detach(), y)).mean()
        self.descend("discriminator", loss_D)
        with self.autocast():
            loss_G = -D(x_hat, y).mean()
        self.descend("generator", loss_G)
        self.average()
        return {"loss_discriminator": loss_D, "loss_generator": loss_G}
