"""The networks of the plain GAN with the loss of R3GAN (Huang et al. 2024), which keeps `torus` from collapsing.

D judges pairs, so that no mode of the data is ignored for long, and penalties on its gradient at x and at x̂ make the
game converge. Only the loss, Adam's β and the missing batch norm of D differ from `gan`.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from impasto.training.losses import SIGMA, relativistic_loss, zero_centred_penalty

from .gan import GanTraining, PlainDiscriminator, PlainGenerator

GAMMA = 0.5


class RelativisticTraining(GanTraining):
    """L_D = softplus(D(x̂) - D(x)) + γ (|∇D(x)|² + |∇D(x̂)|²) / 2,  L_G = softplus(D(x) - D(x̂))."""

    betas = (0.0, 0.99)

    def networks_of(self, channels: int, width: int) -> dict[str, nn.Module]:
        """G as in `gan`; D without batch norm, which would mix the pictures of a batch."""
        discriminator = PlainDiscriminator(channels, width, is_normalised=False)
        return {"generator": PlainGenerator(channels, width), "discriminator": discriminator}

    def discriminator_loss(self, x: Tensor, x_hat: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """softplus(D(x̂) - D(x)), and the penalties."""
        pair = torch.cat([x, x_hat])
        noisy = pair + SIGMA * self.noise(*pair.shape)
        logits, near = self.networks["discriminator"](torch.cat([pair, noisy])).chunk(2)  # (2B, 1, 1, 1) each
        real_logits, fake_logits = logits.chunk(2)
        relativistic_logits = real_logits - fake_logits
        return relativistic_loss(relativistic_logits) + GAMMA * zero_centred_penalty(logits, near), real_logits

    def generator_loss(self, x_hat: Tensor, y: Tensor, real_logits: Tensor) -> Tensor:
        """softplus(D(x) - D(x̂))."""
        relativistic_logits = self.networks["discriminator"](x_hat) - real_logits
        return relativistic_loss(relativistic_logits)
