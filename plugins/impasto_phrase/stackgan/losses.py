"""Losses of both stages: the paper's, and relativistic ones. Both use pairs of a picture and a wrong caption.

Without such pairs, D could judge pictures alone and ignore the phrase (GAN-CLS, Reed et al. 2016, as in the paper).
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import Tensor
from torch.nn.functional import softplus

from impasto.training.losses import SIGMA, relativistic_loss, zero_centred_penalty

from .stage_one import Discriminator

PENALTY_EVERY = 4
"""Steps between penalties, whose weight is multiplied by it (lazy regularisation: Karras et al. 2020, section 3.1)."""


class Losses(ABC):
    """Losses of D and G for maps x with captions φ, generated x̂ for the same captions, and wrong captions φ_wrong."""

    betas: tuple[float, float]
    """Adam's betas."""
    saturated_below: float | None = None
    """Below this loss, D has won."""
    patches = 0.0
    """Weight of the distance of patches between x̂ and x of the same caption: colours and grain, before D knows them."""

    @abstractmethod
    def discriminator(
        self, D: Discriminator, x: Tensor, x_hat: Tensor, phi: Tensor, phi_wrong: Tensor, noise: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        """L_D, and the logits of x. noise (2B, channels, H, W): standard normal, in steps with the penalty."""

    @abstractmethod
    def generator(self, D: Discriminator, x_hat: Tensor, phi: Tensor, real_logits: Tensor) -> Tensor:
        """L_G without the conditioning augmentation's term. real_logits: of x, before the step of D."""


class Textbook(Losses):
    """L_D = -log D(x, φ) - ½ (log(1 - D(x̂, φ)) + log(1 - D(x, φ_wrong))), L_G = -log D(x̂, φ).

    Equations 3 and 5, negated; half of the false pairs have wrong captions. G maximises log D instead of minimising
    log(1 - D) as in equations 4 and 6 (Goodfellow et al. 2014, section 3).
    """

    betas = (0.5, 0.999)
    saturated_below = 0.02

    def discriminator(
        self, D: Discriminator, x: Tensor, x_hat: Tensor, phi: Tensor, phi_wrong: Tensor, noise: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        """-log D(x, φ) - ½ (log(1 - D(x̂, φ)) + log(1 - D(x, φ_wrong)))."""
        features = D.features(x)
        real_logits, wrong_logits = D.logits_of(features, phi), D.logits_of(features, phi_wrong)
        fake_logits = D(x_hat, phi)
        false = 0.5 * (softplus(fake_logits).mean() + softplus(wrong_logits).mean())
        return softplus(-real_logits).mean() + false, real_logits.detach()

    def generator(self, D: Discriminator, x_hat: Tensor, phi: Tensor, real_logits: Tensor) -> Tensor:
        """-log D(x̂, φ)."""
        return softplus(-D(x_hat, phi)).mean()


class Relativistic(Losses):
    """L_D = s(D(x, φ) - D(x̂, φ)) + s(D(x, φ) - D(x, φ_wrong)) + γ (|∇D(x)|² + |∇D(x̂)|²) / 2 with s(t) = softplus(-t).

    The loss of R3GAN (Huang et al. 2024, eq. 2), with wrong captions as a second pair; L_G = s(D(x̂, φ) - D(x, φ)).
    """

    betas = (0.0, 0.95)
    patches = 4.0

    def __init__(self, gamma: float) -> None:
        self.gamma = gamma

    def discriminator(
        self, D: Discriminator, x: Tensor, x_hat: Tensor, phi: Tensor, phi_wrong: Tensor, noise: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        """s(D(x, φ) - D(x̂, φ)) + s(D(x, φ) - D(x, φ_wrong)), and the penalties."""
        pair, captions = torch.cat([x, x_hat]), torch.cat([phi, phi])
        features = D.features(pair)
        logits = D.logits_of(features, captions)
        real_logits, fake_logits = logits.chunk(2)
        wrong_logits = D.logits_of(features[: len(x)], phi_wrong)
        loss = relativistic_loss(real_logits - fake_logits) + relativistic_loss(real_logits - wrong_logits)
        if noise is not None:
            near = D(pair + SIGMA * noise, captions)
            loss = loss + PENALTY_EVERY * self.gamma * zero_centred_penalty(logits, near)
        return loss, real_logits.detach()

    def generator(self, D: Discriminator, x_hat: Tensor, phi: Tensor, real_logits: Tensor) -> Tensor:
        """s(D(x̂, φ) - D(x, φ))."""
        return relativistic_loss(D(x_hat, phi) - real_logits)


def losses_of(name: str, gamma: float) -> Losses:
    """The losses of a training, by their name in its parameters."""
    return Textbook() if name == "textbook" else Relativistic(gamma)
