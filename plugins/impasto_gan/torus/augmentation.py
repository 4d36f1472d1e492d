"""Adaptive discriminator augmentation (Karras et al. 2020, ADA), applied to real and generated pictures alike.

A discriminator that has memorised a few pictures teaches nothing. So the more often it is right, the more often
pictures are augmented.
"""

from __future__ import annotations

import torch
from kornia.augmentation import RandomErasing, RandomHorizontalFlip, RandomVerticalFlip
from torch import Tensor, nn

TARGET = 0.6
"""The discriminator overfits if the mean sign of D(x) - D(x̂) is above this (section 3 of the paper)."""
RATE = 0.002
"""Change of the probability per step."""
ERASED = (0.02, 0.2)
"""Smallest and largest fraction of a picture that is blanked."""


class Augmentation(nn.Module):
    """Mirroring and blanking, each with an adaptive probability of at most `most`, which is stored with the weights.

    slopes: channels of the slopes along x and y, whose sign changes when mirrored; None if there are none.
    """

    probability: Tensor

    def __init__(self, most: float, slopes: tuple[int, int] | None) -> None:
        super().__init__()
        self.most, self.slopes = most, slopes
        self.register_buffer("probability", torch.zeros(()))

    def forward(self, x: Tensor, random: torch.Generator) -> Tensor:
        """x (B, C, H, W), augmented; unchanged while the probability is 0."""
        p = float(self.probability)
        if p == 0:
            return x
        with torch.random.fork_rng(devices=[]):  # kornia draws from torch's own generator
            torch.manual_seed(int(torch.randint(2**31, (), generator=random)))
            for axis, flip in enumerate((RandomHorizontalFlip(p=p), RandomVerticalFlip(p=p))):
                mirrored = flip.forward_parameters(x.shape)
                x = self._with_slopes_negated(flip(x, mirrored), axis, mirrored["batch_prob"].to(x))
            erased: Tensor = RandomErasing(p=p, scale=ERASED)(x)
        return erased.to(x.dtype)

    def _with_slopes_negated(self, x: Tensor, axis: int, mirrored: Tensor) -> Tensor:
        if self.slopes is None:
            return x
        signs = x.new_ones(len(x), x.shape[1], 1, 1)
        signs[:, self.slopes[axis], 0, 0] = 1 - 2 * mirrored
        return x * signs

    @torch.no_grad()
    def adapt(self, real_logits: Tensor, fake_logits: Tensor) -> None:
        """Raise the probability if the discriminator overfits, lower it if not."""
        mean_sign = (real_logits - fake_logits).sign().mean()
        self.probability.add_(RATE * (mean_sign - TARGET).sign()).clamp_(0, self.most)
