"""Differentiable augmentation (Karras et al. 2020, ADA): what is real and what was made is shown changed alike.

A discriminator that knows few pictures by heart teaches nothing; changed, they are many. The more often it is right,
the more often pictures are changed.
"""

from __future__ import annotations

import torch
from kornia.augmentation import RandomErasing, RandomHorizontalFlip, RandomVerticalFlip
from torch import Tensor, nn

SURE = 0.6
"""Mean sign of D(x) - D(x̂) above which the discriminator is too sure (the paper's section 3)."""
RATE = 0.002
"""By how much the probability changes in a step."""
ERASED = (0.02, 0.2)
"""Least and largest share of a picture that is blanked."""


class Augmentation(nn.Module):
    """Mirrors and blanks parts of pictures, each with a probability that rises to `most`; it is kept with the weights.

    slopes: the channels that hold slopes along x and y, which change their sign in the mirror; None for none.
    """

    probability: Tensor

    def __init__(self, most: float, slopes: tuple[int, int] | None) -> None:
        super().__init__()
        self.most, self.slopes = most, slopes
        self.register_buffer("probability", torch.zeros(()))

    def forward(self, x: Tensor, random: torch.Generator) -> Tensor:
        """x (B, C, H, W), changed; as it is while the probability is 0."""
        p = float(self.probability)
        if p == 0:
            return x
        with torch.random.fork_rng(devices=[]):  # kornia draws from torch's own generator
            torch.manual_seed(int(torch.randint(2**31, (), generator=random)))
            for axis, flip in enumerate((RandomHorizontalFlip(p=p), RandomVerticalFlip(p=p))):
                mirrored = flip.forward_parameters(x.shape)
                x = self._with_slopes_turned(flip(x, mirrored), axis, mirrored["batch_prob"].to(x))
            erased: Tensor = RandomErasing(p=p, scale=ERASED)(x)
        return erased.to(x.dtype)

    def _with_slopes_turned(self, x: Tensor, axis: int, mirrored: Tensor) -> Tensor:
        if self.slopes is None:
            return x
        signs = x.new_ones(len(x), x.shape[1], 1, 1)
        signs[:, self.slopes[axis], 0, 0] = 1 - 2 * mirrored
        return x * signs

    @torch.no_grad()
    def adapt(self, real_logits: Tensor, fake_logits: Tensor) -> None:
        """Change more often where the discriminator tells real from made too surely, less often where not."""
        sureness = (real_logits - fake_logits).sign().mean()
        self.probability.add_(RATE * (sureness - SURE).sign()).clamp_(0, self.most)
