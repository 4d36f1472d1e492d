"""The networks of the plain GAN with the loss of R3GAN (Huang et al. 2024), which keeps `torus` from collapsing.

D judges pairs, so that no mode of the data is ignored for long, and penalties on its gradient at x and at x̂ make the
game converge. Only the loss, Adam's β and the missing batch norm of D differ from `gan`.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from impasto.training.losses import SIGMA, relativistic_loss, zero_centred_penalty

from .gan import MARGIN_PX, Discriminator, GanTraining, Generator
from .shared import cut

BETAS = (0.0, 0.99)
GAMMA = 0.5


class RelativisticTraining(GanTraining):
    """L_D = softplus(D(x̂) - D(x)) + γ (|∇D(x)|² + |∇D(x̂)|²) / 2,  L_G = softplus(D(x) - D(x̂))."""

    def networks_of(self, channels: int, width: int) -> dict[str, nn.Module]:
        """G as in `gan`; D without batch norm, which would mix the pictures of a batch."""
        discriminator = Discriminator(channels, width, is_normalised=False)
        return {"generator": Generator(channels, width), "discriminator": discriminator}

    def optimizer(self, weights) -> torch.optim.Optimizer:
        """Adam without momentum."""
        return torch.optim.Adam(weights, betas=BETAS, fused=True)

    def step(self) -> dict[str, Tensor]:
        """One step of D, then one of G."""
        G, D = self.networks["generator"], self.networks["discriminator"]
        x, _ = self.crops.draw(self.batch, self.crop_px, self.random)  # (B, C, crop_px, crop_px)
        side = self.crop_px + MARGIN_PX
        with self.autocast():
            x_hat = cut(G(self.noise, self.batch, (side, side)), self.crop_px, self.random)
            pair = torch.cat([x, x_hat.detach()])
            logits, near = D(torch.cat([pair, pair + SIGMA * self.noise(*pair.shape)])).chunk(2)  # (2B, 1, 1, 1) each
        real_logits, fake_logits = logits.chunk(2)
        relativistic_logits = real_logits - fake_logits
        loss_D = relativistic_loss(relativistic_logits) + GAMMA * zero_centred_penalty(logits, near)
        self.descend("discriminator", loss_D)
        with self.autocast():
            relativistic_logits = D(x_hat) - real_logits.detach()
            loss_G = relativistic_loss(relativistic_logits)
        self.descend("generator", loss_G)
        self.average()
        return {"loss_discriminator": loss_D, "loss_generator": loss_G}
