"""What several trainers are trained by: a relativistic loss and its penalty, octaves, sorting that keeps gradients."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, interpolate, softplus

SIGMA = 0.1
"""Length of the finite difference that stands for the gradient: half the cost of differentiating twice."""


def relativistic(real: Tensor, fake: Tensor) -> Tensor:
    """softplus(-(D(x) - D(x̂))), for each patch: the discriminator's loss (Huang et al. 2024, eq. 2).

    With the arguments exchanged it is the generator's.
    """
    return softplus(fake - real).mean()


def zero_centred_penalty(logits: Tensor, near: Tensor) -> Tensor:
    """|∇D|² (Huang et al. 2024, section 2.2): the expected square of (D(x + σn) - D(x)) / σ over normal n."""
    return ((near - logits) / SIGMA).square().mean()


def split_octave(x: Tensor) -> tuple[Tensor, Tensor]:
    """x (B, C, H, W) -> its finest octave, as large as x, and what is left below, half as large.

    One level of a Laplacian pyramid (Burt & Adelson 1983).
    """
    smaller = avg_pool2d(x, 2)
    return x - interpolate(smaller, size=x.shape[2:], mode="bilinear", align_corners=False), smaller


def ordered(values: Tensor) -> Tensor:
    """Each row of values (n, m) sorted; on the CPU by NumPy, which is several times as fast as PyTorch at this."""
    if values.device.type != "cpu":
        return values.sort(1).values
    order = np.argsort(values.detach().numpy(), axis=1)
    return values.gather(1, torch.from_numpy(order))
